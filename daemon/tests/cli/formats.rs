//! What comes out.

use crate::clips;
use crate::program::{DONE, NOTHING_FOUND, analyze, analyze_json, program};
use serde_json::Value;
use std::process::Stdio;

fn keys(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn a_jump_is_measured_and_shown_as_a_table() {
    let ended = analyze(&clips::jump().path, &[]).expect(DONE);
    for expected in [
        "426x240",
        "60 frames/s",
        "cmj 1",
        "Jump height (m)",
        " ± ",
        "with a pose",
    ] {
        assert!(ended.stdout.contains(expected), "{expected}: {}", ended.stdout);
    }
    assert!(
        ended.stderr.is_empty(),
        "nothing is drawn where there is no terminal: {}",
        ended.stderr
    );
}

#[test]
fn a_clip_without_a_jump_gives_a_document_without_repetitions() {
    let ended = analyze(&clips::still().path, &["--format", "json"]).expect(NOTHING_FOUND);
    assert_eq!(ended.json()["repetitions"], Value::Array(vec![]));
}

#[test]
fn the_json_document_has_the_published_shape() {
    let json = analyze_json(&clips::jump().path, &["--athlete-height", "1.78"]);
    assert_eq!(json["schema"], "kinemotion.analysis/1");
    let mut blocks = keys(&json);
    blocks.sort_unstable();
    assert_eq!(
        blocks,
        ["model", "quality", "repetitions", "schema", "source", "timing"]
    );

    let repetition = &json["repetitions"][0];
    assert_eq!(repetition["movement"], "cmj");
    assert!(repetition["person"].is_u64());
    let (start, end) = (repetition["start_s"].as_f64(), repetition["end_s"].as_f64());
    assert!(start < end, "{repetition}");
    let phases = repetition["phases"].as_array().expect("phases");
    assert!(
        phases.iter().any(|phase| phase["name"] == "flight"),
        "{repetition}"
    );
    assert_eq!(phases.first().map(|phase| phase["start_s"].as_f64()), Some(start));
    assert_eq!(phases.last().map(|phase| phase["end_s"].as_f64()), Some(end));
    for event in ["takeoff_s", "landing_s"] {
        assert!(repetition["events"][event].is_f64(), "{event}: {repetition}");
    }
    assert_eq!(keys(&repetition["metrics"]), keys(&repetition["uncertainty"]));
    assert_eq!(keys(&repetition["metrics"]), keys(&repetition["methods"]));
    for metric in ["jump_height_m", "flight_time_ms"] {
        assert!(
            repetition["metrics"][metric].is_f64() && repetition["uncertainty"][metric].is_f64(),
            "{metric}"
        );
    }
    assert!(repetition["warnings"].is_array() && repetition["quality"]["grade"].is_string());

    let truth = &clips::jump().truth;
    assert_eq!(json["source"]["frames"], truth.frames);
    assert_eq!(json["source"]["decoder"], "avdec_h264");
    assert!(
        json["source"]["codec"]
            .as_str()
            .is_some_and(|codec| codec.starts_with("H.264")),
        "{json}"
    );
    assert_eq!(json["model"]["quality"], "fast");
    assert_eq!(
        json["model"]["landmarker"]["sha256"].as_str().map(str::len),
        Some(64)
    );
    assert!(
        json["quality"]["pose_share"]
            .as_f64()
            .is_some_and(|share| share > 0.95),
        "{json}"
    );
    assert!(
        json["timing"]["inference_s"]
            .as_f64()
            .is_some_and(|seconds| seconds > 0.0),
        "{json}"
    );
}

#[test]
fn one_run_prints_the_table_and_writes_the_document() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("jump.json");
    let ended = analyze(&clips::jump().path, &["-o", &out.to_string_lossy()]).expect(DONE);
    assert!(ended.stdout.contains("Jump height"), "{}", ended.stdout);
    let document: Value = serde_json::from_slice(&std::fs::read(&out).expect("written")).expect("JSON");
    assert_eq!(document["repetitions"].as_array().map(Vec::len), Some(1));

    let quiet = analyze(
        &clips::jump().path,
        &["-o", &out.to_string_lossy(), "--format", "json"],
    )
    .expect(DONE);
    assert!(quiet.stdout.is_empty(), "{}", quiet.stdout);
}

#[test]
fn a_csv_line_has_the_value_of_the_document() {
    let ended = analyze(&clips::jump().path, &["--format", "csv"]).expect(DONE);
    let mut lines = ended
        .stdout
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let (header, row) = (
        lines.next().expect("a header"),
        lines.next().expect("a repetition"),
    );
    let column = header
        .iter()
        .position(|name| *name == "flight_time_ms")
        .expect("the metric");
    assert_eq!(header[column + 1], "flight_time_ms_uncertainty");
    let flight_time: f64 = row[column].parse().expect("a number");
    let document = analyze_json(&clips::jump().path, &[]);
    assert_eq!(
        document["repetitions"][0]["metrics"]["flight_time_ms"].as_f64(),
        Some(flight_time)
    );
}

#[test]
fn the_layout_of_the_python_tool_has_its_blocks_keys_and_units() {
    let arguments = ["--format", "python-compat", "--age", "27", "--sex", "female"];
    let compat = analyze(&clips::jump().path, &arguments).expect(DONE).json();
    let mut blocks = keys(&compat);
    blocks.sort_unstable();
    assert_eq!(
        blocks,
        ["data", "demographics", "metadata", "repetitions", "validation"]
    );
    let document = analyze_json(&clips::jump().path, &[]);
    let metrics = &document["repetitions"][0]["metrics"];
    for key in ["flight_time_ms", "jump_height_m", "concentric_duration_ms"] {
        let (ours, theirs) = (metrics[key].as_f64(), compat["data"][key].as_f64());
        let difference = ours.zip(theirs).map(|(a, b)| (a - b).abs());
        assert!(
            difference.is_some_and(|d| d < 0.006),
            "{key}: {ours:?} {theirs:?}"
        );
    }
    let takeoff_s = document["repetitions"][0]["events"]["takeoff_s"].as_f64();
    let frame = compat["data"]["takeoff_frame"].as_f64();
    let apart = takeoff_s.zip(frame).map(|(t, frame)| (t * 60.0 - frame).abs());
    assert!(
        apart.is_some_and(|frames| frames <= 0.51),
        "{takeoff_s:?} {frame:?}"
    );
    assert_eq!(compat["demographics"]["age"], 27);
    assert_eq!(compat["demographics"]["sex"], "female");
    assert_eq!(compat["metadata"]["video"]["resolution"]["width"], 426);
    assert!(compat["validation"]["status"].is_string(), "{compat}");
}

#[test]
fn a_clip_without_a_jump_has_the_layout_of_the_python_tool_without_data() {
    let ended = analyze(&clips::still().path, &["--format", "python-compat"]).expect(NOTHING_FOUND);
    assert!(ended.json()["data"].is_null(), "{}", ended.stdout);
}

#[test]
fn the_event_stream_is_numbered_without_gaps_and_ends_with_its_summary() {
    let ended = analyze(&clips::jump().path, &["--format", "ndjson"]).expect(DONE);
    let events: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], number);
        assert!(
            event["timestamp_ms"].is_f64() && event["data"].is_object(),
            "{event}"
        );
    }
    let of_type = |name: &str| events.iter().filter(|event| event["type"] == name).count();
    assert_eq!(of_type("pose"), clips::jump().truth.frames);
    assert_eq!(of_type("repetition"), 1);
    assert_eq!(
        events.last().map(|event| &event["type"]),
        Some(&Value::from("analysis_complete"))
    );
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    for format in ["json", "ndjson", "csv", "table"] {
        let mut child = program()
            .arg("analyze")
            .arg(&clips::jump().path)
            .args(["--quality", "fast", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        let ended = child.wait_with_output().expect("the program ends");
        assert_eq!(ended.status.code(), Some(DONE), "{format}");
        assert!(
            ended.stderr.is_empty(),
            "{format}: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
    }
}
