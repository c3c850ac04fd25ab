//! Several files at once.

use crate::clips;
use crate::program::{DONE, Ended, NOTHING_FOUND, UNREADABLE, listing, program};
use std::path::Path;

fn analyze_all(files: &[&Path], more: &[&str]) -> Ended {
    let mut command = program();
    command
        .arg("analyze")
        .args(files)
        .args(["--quality", "fast", "--jobs", "2"])
        .args(more);
    command.output().expect("the program starts").into()
}

#[test]
fn a_bad_file_does_not_end_the_batch_and_the_order_is_that_of_the_arguments() {
    let bad = Path::new("/nonexistent/bad.mp4");
    let (jump, still) = (&clips::jump().path, &clips::still().path);
    let ended = analyze_all(&[bad, jump, still], &["--format", "json"]).expect(UNREADABLE);

    let json = ended.json();
    let documents = json.as_array().expect("several files give an array");
    assert_eq!(documents.len(), 3);
    assert_eq!(documents[0]["schema"], "kinemotion.error/1");
    assert_eq!(documents[0]["error"]["code"], "unreadable");
    for (document, path) in documents.iter().zip([bad, jump, still]) {
        assert_eq!(document["source"]["path"], path.to_string_lossy().as_ref());
    }
    assert_eq!(documents[1]["repetitions"].as_array().map(Vec::len), Some(1));
    assert_eq!(documents[2]["repetitions"].as_array().map(Vec::len), Some(0));
    assert!(ended.stderr.contains("bad.mp4"), "{}", ended.stderr);
}

#[test]
fn a_folder_gets_one_file_per_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("results");
    let overlays = folder.path().join("videos");
    let (jump, still) = (&clips::jump().path, &clips::still().path);
    let ended = analyze_all(
        &[jump, still],
        &[
            "-o",
            &out.to_string_lossy(),
            "--overlay",
            &overlays.to_string_lossy(),
        ],
    )
    .expect(DONE);
    assert_eq!(listing(&out), ["jump.json", "still.json"]);
    assert_eq!(listing(&overlays), ["jump-overlay.mp4", "still-overlay.mp4"]);
    assert!(
        ended.stdout.contains("Jump height"),
        "the table is still printed: {}",
        ended.stdout
    );
}

#[test]
fn a_batch_of_csv_has_one_header_and_names_each_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("all.csv");
    let jump = &clips::jump().path;
    analyze_all(&[jump, jump], &["-o", &out.to_string_lossy()]).expect(DONE);
    let text = std::fs::read_to_string(&out).expect("written");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("file,movement,person,repetition,"), "{text}");
    assert!(
        lines[1..]
            .iter()
            .all(|line| line.starts_with(&*jump.to_string_lossy())),
        "{text}"
    );
}

#[test]
fn event_streams_of_a_batch_name_their_analysis() {
    let (jump, still) = (&clips::jump().path, &clips::still().path);
    let ended = analyze_all(&[jump, still], &["--format", "ndjson"]).expect(DONE);
    let ids: Vec<String> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["analysis_id"].to_string())
        .collect();
    let mut streams = ids.clone();
    streams.dedup();
    assert_eq!(streams.len(), 2, "one stream after the other");
    assert!(
        streams[0].contains("jump") && streams[1].contains("still"),
        "{streams:?}"
    );
}

#[test]
fn only_a_batch_without_any_repetition_found_nothing() {
    let (jump, still) = (&clips::jump().path, &clips::still().path);
    analyze_all(&[still, jump], &[]).expect(DONE);
    analyze_all(&[still, still], &[]).expect(NOTHING_FOUND);
}
