//! Stacks as a file of `pprof`: gzip around the message of `profile.proto`
//! (<https://github.com/google/pprof/blob/main/proto/profile.proto>).

use super::cpu::{Frame, Stacks};
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use std::collections::HashMap;
use std::hash::Hash;
use std::io::{self, Write};
use std::time::UNIX_EPOCH;

/// What was measured, and how texts, calls and functions are numbered in it.
#[derive(Clone, PartialEq, Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, tag = "9")]
    time_nanos: i64,
    #[prost(int64, tag = "10")]
    duration_nanos: i64,
    #[prost(message, optional, tag = "11")]
    period_type: Option<ValueType>,
    #[prost(int64, tag = "12")]
    period: i64,
}

/// Texts by their number.
#[derive(Clone, Copy, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    /// The innermost first.
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
    #[prost(message, repeated, tag = "3")]
    label: Vec<Label>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Label {
    #[prost(int64, tag = "1")]
    key: i64,
    #[prost(int64, tag = "2")]
    text: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}

/// Writes it.
///
/// # Errors
/// None but those of memory, which has no disk to be full.
pub fn write(stacks: &Stacks) -> io::Result<Vec<u8>> {
    let mut file = GzEncoder::new(Vec::new(), Compression::default());
    file.write_all(&profile(stacks).encode_to_vec())?;
    file.finish()
}

fn profile(stacks: &Stacks) -> Profile {
    let mut tables = Tables::default();
    // The first text is the empty one.
    tables.text("");
    let types = [("samples", "count"), ("cpu", "nanoseconds")].map(|(kind, unit)| ValueType {
        kind: tables.text(kind),
        unit: tables.text(unit),
    });
    let thread = tables.text("thread");
    let sample = |stack: &super::cpu::Stack, tables: &mut Tables| Sample {
        location_id: stack.frames.iter().map(|frame| tables.location(frame)).collect(),
        value: vec![stack.seen, stack.seen.saturating_mul(stacks.period_ns)],
        label: vec![Label {
            key: thread,
            text: tables.text(&stack.thread),
        }],
    };
    let samples = stacks
        .stacks
        .iter()
        .map(|stack| sample(stack, &mut tables))
        .collect();
    Profile {
        period_type: Some(types[1]),
        period: stacks.period_ns,
        sample_type: types.to_vec(),
        sample: samples,
        time_nanos: nanoseconds(stacks.began.duration_since(UNIX_EPOCH).unwrap_or_default()),
        duration_nanos: nanoseconds(stacks.lasted),
        location: tables.locations.items,
        function: tables.functions.items,
        string_table: tables.texts.items,
    }
}

fn nanoseconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Things that are said once and named by their place.
struct Table<K, T> {
    places: HashMap<K, usize>,
    items: Vec<T>,
}

impl<K, T> Default for Table<K, T> {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            items: Vec::new(),
        }
    }
}

impl<K: Eq + Hash, T> Table<K, T> {
    fn place(&self, key: &K) -> Option<usize> {
        self.places.get(key).copied()
    }

    fn add(&mut self, key: K, item: T) -> usize {
        self.items.push(item);
        self.places.insert(key, self.items.len() - 1);
        self.items.len() - 1
    }
}

#[derive(Default)]
struct Tables {
    texts: Table<String, String>,
    locations: Table<Frame, Location>,
    functions: Table<(String, String), Function>,
}

impl Tables {
    fn text(&mut self, text: &str) -> i64 {
        let known = self.texts.place(&text.to_owned());
        let place = known.unwrap_or_else(|| self.texts.add(text.to_owned(), text.to_owned()));
        number(place)
    }

    /// Calls and functions are numbered from 1.
    fn location(&mut self, frame: &Frame) -> u64 {
        if let Some(place) = self.locations.place(frame) {
            return place as u64 + 1;
        }
        let line = Line {
            function_id: self.function(frame),
            line: frame.line,
        };
        let location = Location {
            id: self.locations.items.len() as u64 + 1,
            line: vec![line],
        };
        self.locations.add(frame.clone(), location) as u64 + 1
    }

    fn function(&mut self, frame: &Frame) -> u64 {
        let key = (frame.name.clone(), frame.file.clone());
        if let Some(place) = self.functions.place(&key) {
            return place as u64 + 1;
        }
        let name = self.text(&frame.name);
        let function = Function {
            id: self.functions.items.len() as u64 + 1,
            name,
            system_name: name,
            filename: self.text(&frame.file),
        };
        self.functions.add(key, function) as u64 + 1
    }
}

fn number(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::cpu::Stack;
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;
    use std::time::{Duration, SystemTime};

    /// Two stacks that share their outer call.
    fn stacks() -> Stacks {
        let frame = |name: &str, line| Frame {
            name: name.into(),
            file: "src/main.rs".into(),
            line,
        };
        let stack = |inner, seen| Stack {
            thread: "serve".into(),
            frames: vec![frame(inner, 7), frame("main", 1)],
            seen,
        };
        Stacks {
            began: SystemTime::UNIX_EPOCH + Duration::from_secs(5),
            lasted: Duration::from_secs(2),
            period_ns: 10_000_000,
            stacks: vec![stack("decode", 3), stack("infer", 1)],
        }
    }

    #[test]
    fn a_file_says_every_stack_with_its_names_and_times() {
        let mut bytes = Vec::new();
        let file = write(&stacks()).expect("written");
        GzDecoder::new(file.as_slice())
            .read_to_end(&mut bytes)
            .expect("gzip");
        let profile = Profile::decode(bytes.as_slice()).expect("protobuf");
        let text = |number: i64| profile.string_table[number as usize].as_str();
        assert_eq!(text(0), "");
        let types = profile
            .sample_type
            .iter()
            .map(|kind| (text(kind.kind), text(kind.unit)));
        assert_eq!(
            types.collect::<Vec<_>>(),
            [("samples", "count"), ("cpu", "nanoseconds")]
        );
        let name = |id: &u64| {
            let location = &profile.location[*id as usize - 1];
            assert_eq!(location.id, *id);
            let function = &profile.function[location.line[0].function_id as usize - 1];
            (
                text(function.name),
                text(function.filename),
                location.line[0].line,
            )
        };
        let first = &profile.sample[0];
        let called: Vec<_> = first.location_id.iter().map(name).collect();
        assert_eq!(called, [("decode", "src/main.rs", 7), ("main", "src/main.rs", 1)]);
        assert_eq!(first.value, [3, 30_000_000]);
        assert_eq!(
            (text(first.label[0].key), text(first.label[0].text)),
            ("thread", "serve")
        );
        assert_eq!(profile.location.len(), 3, "the outer call is said once");
        assert_eq!(
            (profile.time_nanos, profile.duration_nanos),
            (5_000_000_000, 2_000_000_000)
        );
    }
}
