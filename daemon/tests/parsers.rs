//! Parsers of what strangers send: the examples of fuzz/seeds, and examples that were spoilt at random, are read or refused.

use kinemotion::parsers::{PARSERS, Parser};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::path::{Path, PathBuf};

/// Spoilt examples for each parser.
const CASES: u32 = 2000;

fn seeds(parser: &Parser) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/seeds")
        .join(parser.name)
}

fn examples(parser: &Parser) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(seeds(parser)).expect("a folder of examples");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    assert!(paths.len() > 1, "{} has too few examples", parser.name);
    let read = |path: PathBuf| std::fs::read(path).expect("readable");
    paths.into_iter().map(read).collect()
}

#[test]
fn every_example_is_read_or_refused() {
    for parser in &PARSERS {
        examples(parser).iter().for_each(|example| (parser.read)(example));
    }
}

#[test]
fn every_folder_of_examples_has_a_parser() {
    let folders = seeds(&PARSERS[0]).join("..");
    for entry in std::fs::read_dir(folders).expect("readable") {
        let name = entry.expect("readable").file_name();
        assert!(PARSERS.iter().any(|parser| *parser.name == *name), "{name:?}");
    }
}

#[test]
fn what_was_spoilt_is_read_or_refused() {
    for parser in &PARSERS {
        let examples = examples(parser);
        let spoilt = (
            0..examples.len(),
            0..examples.len(),
            any::<[prop::sample::Index; 3]>(),
            any::<[u8; 2]>(),
        );
        let mut runner = TestRunner::new(Config {
            cases: CASES,
            failure_persistence: None,
            ..Config::default()
        });
        let read = |(one, other, places, bytes): (usize, usize, [prop::sample::Index; 3], [u8; 2])| {
            (parser.read)(&spoil(&examples[one], &examples[other], places, bytes));
            Ok(())
        };
        runner
            .run(&spoilt, read)
            .unwrap_or_else(|error| panic!("{}: {error}", parser.name));
    }
}

/// The beginning of one and the end of another, with a byte put in and one changed.
fn spoil(one: &[u8], other: &[u8], places: [prop::sample::Index; 3], bytes: [u8; 2]) -> Vec<u8> {
    let [end, begin, place] = places;
    let mut spoilt = one[..end.index(one.len() + 1)].to_vec();
    spoilt.push(bytes[0]);
    spoilt.extend_from_slice(&other[begin.index(other.len() + 1)..]);
    let place = place.index(spoilt.len());
    spoilt[place] = bytes[1];
    spoilt
}
