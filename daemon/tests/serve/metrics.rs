//! What operators see in `/metrics` of analyses that run here.

use crate::batch::{ended, name, send};
use crate::client::is;
use crate::clips;
use crate::daemon::Daemon;
use serde_json::json;
use std::collections::BTreeMap;

/// The sum of all series of a family whose labels contain this text.
fn sum(numbers: &BTreeMap<String, f64>, family: &str, labels: &str) -> f64 {
    let of_family = numbers.iter().filter(|(name, _)| {
        let (own, rest) = name.split_once('{').unwrap_or((name, ""));
        own == family && rest.contains(labels)
    });
    of_family.map(|(_, value)| value).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_a_live_analysis_are_told_by_stages_poses_and_grades() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let count = |numbers: &BTreeMap<String, f64>, stage: &str| {
        let labels = format!("stage=\"{stage}\"");
        sum(numbers, "kinemotion_frame_latency_seconds_count", &labels)
    };
    let before = daemon.numbers().await;
    assert_eq!(before["kinemotion_ready"], 1.0);
    assert_eq!(
        before["kinemotion_frames_dropped_total{reason=\"replaced\"}"],
        0.0
    );
    assert!(before["kinemotion_memory_limit_bytes"] > before["process_resident_memory_bytes"]);
    for stage in ["end_to_end", "decode", "inference", "analysis", "delivery"] {
        assert_eq!(count(&before, stage), 0.0, "{stage}");
    }
    let id = daemon.make_demo().await;
    let stream = format!("/api/v1/analyses/{id}/stream");
    daemon.public.lines(&stream).await.until(is("repetition")).await;
    let numbers = daemon.numbers().await;
    for stage in ["end_to_end", "inference", "analysis", "delivery"] {
        assert!(count(&numbers, stage) > 0.0, "{stage}");
    }
    assert_eq!(count(&numbers, "decode"), 0.0, "the demo is drawn");
    let measured = sum(&numbers, "kinemotion_poses_total", "movement=\"cmj\"");
    assert!(measured > 0.0, "{numbers:?}");
    let repetitions = numbers["kinemotion_repetitions_total{movement=\"cmj\"}"];
    assert!(repetitions >= 1.0);
    let grades = sum(&numbers, "kinemotion_repetition_grades_total", "movement=\"cmj\"");
    assert_eq!(grades, repetitions);
    assert_eq!(numbers["kinemotion_inference_provider{provider=\"cpu\"}"], 1.0);
    assert_eq!(
        sum(&numbers, "kinemotion_build_info", env!("CARGO_PKG_VERSION")),
        1.0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_says_is_counted_as_what_a_camera_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let order = json!({ "sport_type": "cmj", "quality": "fast", "overlay": false });
    let id = name(&send(&daemon, &order, clips::jump(), &[]).await);
    let view = ended(&daemon, &id).await;
    assert_eq!(view["status"], "completed", "{view}");
    let numbers = daemon.numbers().await;
    let found = view["results"].as_array().expect("a list").len() as f64;
    assert!(found >= 1.0, "{view}");
    assert_eq!(numbers["kinemotion_repetitions_total{movement=\"cmj\"}"], found);
    assert_eq!(
        numbers["kinemotion_events_total{type=\"analysis_complete\"}"],
        1.0
    );
    assert!(numbers["kinemotion_poses_total{kind=\"measured\",movement=\"cmj\"}"] > 0.0);
    // Frames of files are not late, and nobody measures how late.
    assert_eq!(sum(&numbers, "kinemotion_frame_latency_seconds_count", ""), 0.0);
}
