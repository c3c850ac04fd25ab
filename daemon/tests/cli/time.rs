//! Time comes from timestamps, rotation from metadata, and both count once.

use crate::clips;
use crate::media;
use crate::program::analyze_json;
use serde_json::Value;

fn flight_time_ms(document: &Value) -> f64 {
    let repetitions = document["repetitions"].as_array().expect("repetitions");
    assert_eq!(repetitions.len(), 1, "{document}");
    repetitions[0]["metrics"]["flight_time_ms"]
        .as_f64()
        .expect("a flight time")
}

/// Two frames at 60 frames/s: the accuracy itself is the business of the end-to-end tests.
const TOLERANCE_MS: f64 = 34.0;

#[test]
fn rotation_metadata_is_applied_once() {
    let upright = analyze_json(&clips::jump().path, &[]);
    let turned = analyze_json(&clips::turned_jump().path, &[]);
    assert_eq!(upright["source"]["rotation_deg"], 0);
    assert_eq!(turned["source"]["rotation_deg"], 90);
    for side in ["width", "height"] {
        assert_eq!(
            turned["source"][side], upright["source"][side],
            "{side} is that of the upright picture"
        );
    }
    let difference = (flight_time_ms(&upright) - flight_time_ms(&turned)).abs();
    assert!(difference < TOLERANCE_MS, "{difference} ms");
}

#[test]
fn a_variable_frame_rate_is_read_from_the_timestamps() {
    let sample = clips::uneven_jump();
    let document = analyze_json(&sample.path, &[]);
    assert_eq!(document["source"]["variable_frame_rate"], true);
    let average = document["source"]["average_fps"].as_f64().expect("a rate");
    assert!((average - 60.0).abs() < 1.0, "{average}");
    let truth = sample.truth.repetitions[0]
        .metric("flight_time_ms")
        .expect("a flight time");
    assert!(
        (flight_time_ms(&document) - truth).abs() < TOLERANCE_MS,
        "{} instead of {truth}",
        flight_time_ms(&document)
    );
}

#[test]
fn slow_motion_is_measured_in_the_time_of_the_movement() {
    const FACTOR: u32 = 2;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("slow.mp4");
    let mut data = std::fs::read(&clips::jump().path).expect("the clip");
    media::slow_down(&mut data, FACTOR);
    std::fs::write(&path, data).expect("written");

    let original = analyze_json(&clips::jump().path, &[]);
    let slow = analyze_json(&path, &["--capture-fps", "60"]);
    let nominal = slow["source"]["nominal_fps"].as_f64().expect("a rate");
    assert!(
        (nominal - 60.0 / f64::from(FACTOR)).abs() < 0.01,
        "the file plays slower: {nominal}"
    );
    assert_eq!(slow["source"]["capture_fps"], 60.0);
    let difference = (flight_time_ms(&original) - flight_time_ms(&slow)).abs();
    assert!(difference < TOLERANCE_MS, "{difference} ms");
}
