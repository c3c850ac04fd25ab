//! Lines as they are written.

use super::*;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Keeps what would be written.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(String, String)>>>);

impl<S: Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = Line::of(event, SystemTime::UNIX_EPOCH);
        let both = (line.json(), line.text(false));
        self.0.lock().expect("no test panics within").push(both);
    }
}

/// What is written of what this does: JSON, and the text for people.
fn heard(act: impl FnOnce()) -> Vec<(Value, String)> {
    let heard = Heard::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(heard.clone()), act);
    let lines = heard.0.lock().expect("no test panics within");
    lines
        .iter()
        .map(|(line, text)| (serde_json::from_str(line).expect("JSON"), text.clone()))
        .collect()
}

#[test]
fn a_line_has_every_member_and_what_else_is_known_by_name() {
    let lines = heard(|| {
        tracing::info!(
            event = "analysis_ended",
            sport = "cmj",
            user_id = "club",
            latency_ms = 12.5,
            analysis = "a",
            repetitions = 3,
            "analysis ended"
        );
        tracing::warn!(target: "elsewhere", "a library says something");
    });
    let known = json!({
        "timestamp": "1970-01-01T00:00:00.000000Z", "level": "INFO", "message": "analysis ended",
        "event": "analysis_ended", "sport": "cmj", "user_id": "club", "latency_ms": 12.5,
        "target": module_path!(), "analysis": "a", "repetitions": 3
    });
    assert_eq!(lines[0].0, known);
    assert_eq!(
        lines[0].1,
        "1970-01-01T00:00:00.000000Z  INFO analysis ended sport=cmj user_id=club latency_ms=12.5 analysis=a repetitions=3"
    );
    let other = json!({
        "timestamp": "1970-01-01T00:00:00.000000Z", "level": "WARN", "message": "a library says something",
        "event": null, "sport": null, "user_id": null, "latency_ms": null, "target": "elsewhere"
    });
    assert_eq!(lines[1].0, other);
}

#[test]
fn members_are_in_the_order_of_the_documentation() {
    let heard = Heard::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(heard.clone()), || {
        tracing::info!(zeal = 1, event = "ready", "ready");
    });
    let lines = heard.0.lock().expect("no test panics within");
    let names = [
        "timestamp",
        "level",
        "message",
        "event",
        "sport",
        "user_id",
        "latency_ms",
        "target",
        "zeal",
    ];
    let places = names.map(|name| lines[0].0.find(&format!("\"{name}\":")).expect(name));
    assert!(places.is_sorted(), "{}", lines[0].0);
}

#[test]
fn secrets_of_any_field_are_left_out() {
    let url = "rtsp://user:hush@camera/stream?token=hush";
    let lines = heard(|| {
        tracing::error!(event = "x", url, error = %format!("cannot open {url}"), "at {url}");
        tracing::error!(event = "x", header = ?"Bearer hush", key = "km_hush", "it failed");
    });
    for (json, text) in lines {
        assert!(
            !json.to_string().contains("hush") && !text.contains("hush"),
            "{json} {text}"
        );
    }
}

/// Calls that write, with what stands between their brackets and where.
fn calls() -> Vec<(String, String)> {
    let mut calls = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/serve"
    ))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.ends_with("log/tests.rs") {
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("text");
            for level in ["error", "warn", "info", "debug"] {
                for (at, opening) in source.match_indices(&format!("tracing::{level}!(")) {
                    let rest = &source[at + opening.len()..];
                    let call = &rest[..rest.find(')').expect("it ends")];
                    calls.push((path.display().to_string(), call.to_owned()));
                }
            }
        }
    }
    calls
}

#[test]
fn everything_that_is_written_has_a_name_and_the_documentation_lists_it() {
    let documentation = include_str!("../../../../docs/operations/logs.md");
    let listed = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    let table = documentation.split("## Events").nth(1).expect("the table");
    let listed: std::collections::BTreeSet<String> = table.lines().filter_map(listed).collect();
    let mut written = std::collections::BTreeSet::new();
    for (path, call) in calls() {
        let named = call
            .split("event = \"")
            .nth(1)
            .and_then(|rest| rest.split_once('"'));
        let (name, _) = named.unwrap_or_else(|| panic!("{path}: no event = \"…\" in {call}"));
        assert!(
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{name}"
        );
        written.insert(name.to_owned());
    }
    assert_eq!(written, listed);
}
