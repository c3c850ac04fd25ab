//! JSON as a MAT-file of version 5, which MATLAB and Octave read (MathWorks, "MAT-File Format", 2022, chapter 1).
//!
//! | JSON | there |
//! |---|---|
//! | members of the document | variables |
//! | number, `null` | 1 × 1 double; NaN |
//! | truth value | 1 × 1 logical |
//! | text | char row, UTF-16 |
//! | object | 1 × 1 struct |
//! | list of numbers | double row |
//! | list of objects | 1 × n struct; a member that one does not have is empty there |
//! | other lists | cell row; 0 × 0 double without elements |
//!
//! Contract: pure; little-endian, not compressed.

use serde_json::Value;

/// Length of the header.
const HEADER_BYTES: usize = 128;
/// Length of its text.
const TEXT_BYTES: usize = 116;
/// Longest name of a variable or member, and the place every name of a member takes.
const NAME_CHARS: usize = 63;

/// Types of data.
mod data {
    pub const INT8: u32 = 1;
    pub const UINT8: u32 = 2;
    pub const INT32: u32 = 5;
    pub const UINT32: u32 = 6;
    pub const DOUBLE: u32 = 9;
    pub const MATRIX: u32 = 14;
    pub const UTF16: u32 = 17;
}

/// Classes of arrays, with the flag of truth values.
mod class {
    pub const CELL: u32 = 1;
    pub const STRUCT: u32 = 2;
    pub const CHAR: u32 = 4;
    pub const DOUBLE: u32 = 6;
    pub const LOGICAL: u32 = 9 | 0x0200;
}

/// The bytes of a file whose variables are the members of a document.
pub fn encode(document: &Value) -> Vec<u8> {
    let mut out = header();
    for (name, value) in document.as_object().into_iter().flatten() {
        matrix(&mut out, &identifier(name), value);
    }
    out
}

fn header() -> Vec<u8> {
    let text = concat!(
        "MATLAB 5.0 MAT-file, written by kinemotion ",
        env!("CARGO_PKG_VERSION")
    );
    let mut header = text.as_bytes().to_vec();
    header.resize(TEXT_BYTES, b' ');
    // No data of subsystems.
    header.resize(HEADER_BYTES - 4, 0);
    header.extend_from_slice(&0x0100_u16.to_le_bytes());
    header.extend_from_slice(b"IM");
    header
}

/// A name that MATLAB takes: a letter, then letters, digits and underscores.
fn identifier(name: &str) -> String {
    let known = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let mut identifier: String = name.chars().map(known).collect();
    if !identifier.starts_with(|c: char| c.is_ascii_alphabetic()) {
        identifier.insert_str(0, "x_");
    }
    identifier.truncate(NAME_CHARS);
    identifier
}

/// Adds a value as an array of this name.
fn matrix(out: &mut Vec<u8>, name: &str, value: &Value) {
    let mut content = Vec::new();
    let mut begin = |class, rows: usize, columns: usize| {
        element(&mut content, data::UINT32, &words(&[class, 0]));
        element(
            &mut content,
            data::INT32,
            &words(&[length(rows), length(columns)]),
        );
        element(&mut content, data::INT8, name.as_bytes());
    };
    match value {
        Value::Bool(yes) => {
            begin(class::LOGICAL, 1, 1);
            element(&mut content, data::UINT8, &[u8::from(*yes)]);
        }
        Value::String(text) => {
            let units: Vec<u16> = text.encode_utf16().collect();
            begin(class::CHAR, usize::from(!units.is_empty()), units.len());
            let bytes: Vec<u8> = units.into_iter().flat_map(u16::to_le_bytes).collect();
            element(&mut content, data::UTF16, &bytes);
        }
        Value::Object(_) => {
            begin(class::STRUCT, 1, 1);
            members(&mut content, std::slice::from_ref(value));
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object) => {
            begin(class::STRUCT, 1, items.len());
            members(&mut content, items);
        }
        Value::Array(items) if items.iter().all(is_number) => {
            begin(class::DOUBLE, usize::from(!items.is_empty()), items.len());
            element(&mut content, data::DOUBLE, &doubles(items));
        }
        Value::Array(items) => {
            begin(class::CELL, 1, items.len());
            items.iter().for_each(|item| matrix(&mut content, "", item));
        }
        Value::Null | Value::Number(_) => {
            begin(class::DOUBLE, 1, 1);
            element(&mut content, data::DOUBLE, &doubles(std::slice::from_ref(value)));
        }
    }
    out.extend_from_slice(&words(&[data::MATRIX, length(content.len())]));
    out.extend_from_slice(&content);
}

/// Adds names and values of the members of objects: all values of the first object, then those of the next.
fn members(out: &mut Vec<u8>, objects: &[Value]) {
    let mut names: Vec<&String> = Vec::new();
    for name in objects
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|object| object.keys())
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let place = NAME_CHARS + 1;
    element(out, data::INT32, &words(&[length(place)]));
    let mut text = Vec::with_capacity(place * names.len());
    for name in &names {
        text.extend_from_slice(identifier(name).as_bytes());
        text.resize(text.len().next_multiple_of(place), 0);
    }
    element(out, data::INT8, &text);
    let absent = Value::Array(Vec::new());
    for object in objects {
        for name in &names {
            matrix(out, "", object.get(name.as_str()).unwrap_or(&absent));
        }
    }
}

fn is_number(value: &Value) -> bool {
    value.is_number() || value.is_null()
}

fn doubles(values: &[Value]) -> Vec<u8> {
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    values
        .iter()
        .flat_map(|value| number(value).to_le_bytes())
        .collect()
}

/// Adds data of a type, in the short form where it fits: Octave expects the length of names in it.
fn element(out: &mut Vec<u8>, kind: u32, bytes: &[u8]) {
    let length = length(bytes.len());
    if (1..=4).contains(&bytes.len()) {
        out.extend_from_slice(&words(&[(length << 16) | kind]));
    } else {
        out.extend_from_slice(&words(&[kind, length]));
    }
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(8), 0);
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn length(length: usize) -> u32 {
    u32::try_from(length).expect("results of an analysis have less than 4 GB")
}

#[cfg(test)]
#[path = "mat_tests.rs"]
mod tests;
