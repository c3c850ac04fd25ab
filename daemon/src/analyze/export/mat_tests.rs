//! What is written is read back by a reader that follows the format's description, not the writer.

use super::*;
use serde_json::json;

/// An array as a reader sees it.
#[derive(Debug, PartialEq)]
enum Read {
    Numbers(Vec<f64>),
    Truth(bool),
    Text(String),
    Cell(Vec<Read>),
    /// Names, then the values of one object after the other.
    Struct(Vec<String>, Vec<Read>),
}

/// Takes elements off the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn word(bytes: &[u8]) -> u32 {
        u32::from_le_bytes(bytes[..4].try_into().expect("four bytes"))
    }

    /// Type and data of the next element.
    fn element(&mut self) -> (u32, &'a [u8]) {
        let first = Self::word(self.0);
        let (kind, from, length) = if first >> 16 == 0 {
            (first, 8, Self::word(&self.0[4..]) as usize)
        } else {
            (first & 0xffff, 4, (first >> 16) as usize)
        };
        let data = &self.0[from..from + length];
        let end = if from == 4 {
            8
        } else {
            8 + length.next_multiple_of(8)
        };
        self.0 = &self.0[end..];
        (kind, data)
    }

    fn data(&mut self, wanted: u32) -> &'a [u8] {
        let (kind, data) = self.element();
        assert_eq!(kind, wanted);
        data
    }

    fn words(&mut self, kind: u32) -> Vec<u32> {
        self.data(kind).chunks(4).map(Self::word).collect()
    }

    /// Name and content of the next array.
    fn array(&mut self) -> (String, Read) {
        let mut inner = Reader(self.data(data::MATRIX));
        let flags = inner.words(data::UINT32)[0];
        let size = inner.words(data::INT32);
        let count = (size[0] * size[1]) as usize;
        let name = String::from_utf8(inner.data(data::INT8).to_vec()).expect("text");
        let content = match flags {
            class::DOUBLE => {
                let numbers = inner.data(data::DOUBLE).chunks(8);
                let numbers: Vec<f64> = numbers
                    .map(|bytes| f64::from_le_bytes(bytes.try_into().expect("eight bytes")))
                    .collect();
                assert_eq!(numbers.len(), count);
                Read::Numbers(numbers)
            }
            class::LOGICAL => Read::Truth(inner.data(data::UINT8) == [1]),
            class::CHAR => {
                let units = inner.data(data::UTF16).chunks(2);
                let units: Vec<u16> = units.map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
                assert_eq!(units.len(), count);
                Read::Text(String::from_utf16(&units).expect("text"))
            }
            class::CELL => Read::Cell((0..count).map(|_| inner.array().1).collect()),
            class::STRUCT => {
                let place = inner.words(data::INT32)[0] as usize;
                let names: Vec<String> = inner.data(data::INT8).chunks(place).map(name_of).collect();
                let values = (0..count * names.len()).map(|_| inner.array().1).collect();
                Read::Struct(names, values)
            }
            other => panic!("there is no class {other}"),
        };
        assert!(inner.0.is_empty(), "{name} is longer than it is");
        (name, content)
    }
}

/// A name that ends with a zero.
fn name_of(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).expect("an end");
    String::from_utf8(bytes[..end].to_vec()).expect("text")
}

fn read(document: &Value) -> Vec<(String, Read)> {
    let bytes = encode(document);
    assert_eq!(&bytes[..10], b"MATLAB 5.0");
    assert_eq!(&bytes[124..128], [0, 1, b'I', b'M']);
    let mut reader = Reader(&bytes[HEADER_BYTES..]);
    let mut variables = Vec::new();
    while !reader.0.is_empty() {
        variables.push(reader.array());
    }
    variables
}

/// The one variable of a document.
fn one(value: &Value) -> Read {
    let mut variables = read(&json!({ "v": value }));
    let (name, content) = variables.pop().expect("one");
    assert_eq!((name.as_str(), variables.len()), ("v", 0));
    content
}

#[test]
fn numbers_texts_and_truth_are_read_back() {
    assert_eq!(one(&json!(0.25)), Read::Numbers(vec![0.25]));
    assert!(matches!(one(&json!(null)), Read::Numbers(numbers) if numbers[0].is_nan()));
    assert_eq!(one(&json!([1, 2, 3])), Read::Numbers(vec![1.0, 2.0, 3.0]));
    assert_eq!(one(&json!([])), Read::Numbers(vec![]));
    assert_eq!(one(&json!(true)), Read::Truth(true));
    for text in ["", "A", "cmj", "take-off", "90° ± 2"] {
        assert_eq!(one(&json!(text)), Read::Text(text.into()), "{text}");
    }
}

#[test]
fn objects_are_structs_and_what_one_lacks_is_empty() {
    let read = one(&json!([{ "name": "flight", "start_s": 1.5 }, { "name": "landing" }]));
    let Read::Struct(names, values) = read else {
        panic!("{read:?}");
    };
    assert_eq!(names, ["name", "start_s"]);
    let text = |text: &str| Read::Text(text.into());
    let numbers = Read::Numbers;
    assert_eq!(
        values,
        [
            text("flight"),
            numbers(vec![1.5]),
            text("landing"),
            numbers(vec![])
        ]
    );
}

#[test]
fn lists_of_texts_or_of_this_and_that_are_cells() {
    let texts = one(&json!(["a", "bc"]));
    assert_eq!(
        texts,
        Read::Cell(vec![Read::Text("a".into()), Read::Text("bc".into())])
    );
    let nested = one(&json!([[1.0], "x"]));
    assert_eq!(
        nested,
        Read::Cell(vec![Read::Numbers(vec![1.0]), Read::Text("x".into())])
    );
}

#[test]
fn members_of_the_document_are_variables_with_names_that_can_be_typed() {
    let names: Vec<String> = read(&json!({ "schema": "x", "2nd-try": 1, "_": 2, ("a".repeat(80)): 3 }))
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["x_2nd_try", "x__", &"a".repeat(63), "schema"]);
}
