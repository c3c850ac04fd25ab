//! `kinejson` writes lines that any reader can follow.

// A test panics to fail.
#![allow(clippy::unwrap_used)]

mod support;

use gst::prelude::*;
use gstkinemotion::PoseMeta;
use serde_json::Value;
use support::{init, jumps, launch, play, seconds, standing, true_poses};

/// Text that came out so far, as (PTS, line).
fn pull(harness: &mut gst_check::Harness) -> Vec<(Option<gst::ClockTime>, Value)> {
    std::iter::from_fn(|| harness.try_pull())
        .map(|buffer| {
            let text = String::from_utf8(buffer.map_readable().unwrap().to_vec()).unwrap();
            assert!(
                text.ends_with('\n') && text.matches('\n').count() == 1,
                "one line per buffer: {text:?}"
            );
            (buffer.pts(), serde_json::from_str(&text).unwrap())
        })
        .collect()
}

fn frame(time: f64, poses: Option<gstkinemotion::Poses>) -> gst::Buffer {
    let mut buffer = gst::Buffer::with_size(64).unwrap();
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(gst::ClockTime::from_nseconds((time * 1e9) as u64));
    fields.set_duration(gst::ClockTime::from_mseconds(10));
    if let Some(poses) = poses {
        PoseMeta::add(fields, poses);
    }
    buffer
}

fn harness(line: &str) -> gst_check::Harness {
    init();
    let mut harness = gst_check::Harness::new_parse(line);
    harness.set_src_caps_str("video/x-raw,format=GRAY8,width=8,height=8,framerate=60/1");
    harness
}

fn assert_gapless(lines: &[(Option<gst::ClockTime>, Value)]) {
    let numbers: Vec<u64> = lines
        .iter()
        .map(|(_, line)| line["sequence"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..lines.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_jump_becomes_lines_in_one_gapless_sequence() {
    let footage = jumps(1);
    let mut harness = harness("kinephase movement=cmj ! kinejson analysis-id=a1");
    for n in 0..footage.frame_count() {
        let time = footage.time(n);
        assert!(
            harness
                .push(frame(time, Some(true_poses(&footage, time))))
                .is_ok()
        );
    }
    harness.push_event(gst::event::Eos::new());
    let lines = pull(&mut harness);
    assert_gapless(&lines);
    let count = |kind: &str| lines.iter().filter(|(_, line)| line["type"] == kind).count();
    assert_eq!(count("pose"), footage.frame_count());
    assert_eq!(count("repetition"), 1);
    assert!(count("phase") >= 4);
    let (_, last) = lines.last().unwrap();
    assert_eq!(last["type"], "analysis_complete");
    assert_eq!(last["data"]["repetitions"], 1);
    assert_eq!(last["data"]["frames"], footage.frame_count());
    for (_, line) in &lines {
        assert_eq!(line["analysis_id"], "a1");
        assert!(line["timestamp_ms"].is_number());
    }
    let (_, repetition) = lines
        .iter()
        .find(|(_, line)| line["type"] == "repetition")
        .unwrap();
    assert!(repetition["data"]["metrics"]["jump_height_m"].is_number());
    assert_eq!(repetition["data"]["person"], 1);
}

#[test]
fn a_repetition_that_only_the_end_brings_out_is_written_before_the_summary() {
    let footage = jumps(1);
    let landing = footage.truth().repetitions[0].event("landing_s").unwrap();
    let mut harness = harness("kinephase movement=cmj ! kinejson poses=false");
    // The athlete has landed, the analysis still waits for more.
    for n in (0..footage.frame_count()).take_while(|n| footage.time(*n) < landing + 0.25) {
        let time = footage.time(n);
        assert!(
            harness
                .push(frame(time, Some(true_poses(&footage, time))))
                .is_ok()
        );
    }
    harness.push_event(gst::event::Eos::new());
    let lines = pull(&mut harness);
    assert_gapless(&lines);
    let repetitions = lines
        .iter()
        .filter(|(_, line)| line["type"] == "repetition")
        .count();
    assert_eq!(repetitions, 1, "{lines:?}");
    assert_eq!(lines.last().unwrap().1["type"], "analysis_complete");
    assert_eq!(lines.last().unwrap().1["data"]["repetitions"], 1);
}

#[test]
fn lines_carry_the_time_of_their_frame() {
    let mut harness = harness("kinejson");
    harness.push(frame(1.25, Some(standing(320, 240, 1.25)))).unwrap();
    harness.push(frame(1.5, Some(standing(320, 240, 1.5)))).unwrap();
    let lines = pull(&mut harness);
    assert_eq!(lines[0].0, Some(gst::ClockTime::from_mseconds(1250)));
    assert_eq!(lines[0].1["timestamp_ms"], 1250.0);
    assert_eq!(lines[1].0, Some(gst::ClockTime::from_mseconds(1500)));
    // Where the last frame ends the file may end, and a sink throws away what begins there.
    harness.push_event(gst::event::Eos::new());
    let lines = pull(&mut harness);
    assert_eq!(lines[0].0, Some(gst::ClockTime::from_mseconds(1500)));
    assert_eq!(lines[0].1["type"], "analysis_complete");
}

#[test]
fn caps_and_segment_come_before_the_first_line() {
    let mut harness = harness("kinejson");
    harness.push(frame(0.0, Some(standing(320, 240, 0.0)))).unwrap();
    let kinds: Vec<_> = std::iter::from_fn(|| harness.try_pull_event())
        .map(|event| event.type_())
        .collect();
    assert_eq!(
        kinds,
        [
            gst::EventType::StreamStart,
            gst::EventType::Caps,
            gst::EventType::Segment
        ]
    );
    assert_eq!(
        harness.sinkpad().unwrap().current_caps().unwrap().to_string(),
        "application/x-ndjson"
    );
}

#[test]
fn poses_can_be_switched_off_while_playing() {
    let mut harness = harness("kinejson");
    harness.push(frame(0.0, Some(standing(320, 240, 0.0)))).unwrap();
    support::inner(&harness, "kinejson").set_property("poses", false);
    harness.push(frame(0.1, Some(standing(320, 240, 0.1)))).unwrap();
    support::inner(&harness, "kinejson").set_property("poses", true);
    harness.push(frame(0.2, Some(standing(320, 240, 0.2)))).unwrap();
    let lines = pull(&mut harness);
    assert_gapless(&lines);
    assert_eq!(lines.len(), 2);
}

#[test]
fn the_sequence_goes_on_through_a_flush() {
    let mut harness = harness("kinejson");
    harness.push(frame(0.0, Some(standing(320, 240, 0.0)))).unwrap();
    let mut lines = pull(&mut harness);
    harness.push_event(gst::event::FlushStart::new());
    harness.push_event(gst::event::FlushStop::new(true));
    let segment = gst::FormattedSegment::<gst::ClockTime>::new();
    harness.push_event(gst::event::Segment::new(&segment));
    harness.push(frame(5.0, Some(standing(320, 240, 5.0)))).unwrap();
    lines.extend(pull(&mut harness));
    assert_eq!(lines.len(), 2);
    assert_gapless(&lines);
}

#[test]
fn a_stream_without_a_single_frame_still_says_that_it_is_over() {
    let mut harness = harness("kinejson");
    harness.push_event(gst::event::Eos::new());
    let lines = pull(&mut harness);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].1["type"], "analysis_complete");
    assert_eq!(lines[0].1["data"]["frames"], 0);
}

#[test]
fn frames_without_poses_preroll_and_end_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.ndjson");
    let line = format!(
        "videotestsrc num-buffers=3 ! kinejson ! filesink location={}",
        path.display()
    );
    play(&launch(&line));
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn a_file_holds_every_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.ndjson");
    let pipeline = launch(&format!(
        "videotestsrc num-buffers=10 ! video/x-raw,framerate=30/1 ! identity name=here ! kinejson ! filesink location={}",
        path.display()
    ));
    let here = pipeline.by_name("here").unwrap().static_pad("src").unwrap();
    support::inject(&here, |buffer| Some(standing(320, 240, seconds(buffer))));
    play(&pipeline);
    let text = std::fs::read_to_string(path).unwrap();
    let kinds: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].clone())
        .collect();
    assert_eq!(kinds.len(), 11);
    assert_eq!(kinds[10], "analysis_complete");
}

#[test]
fn a_reader_on_a_socket_gets_the_lines() {
    use std::io::BufRead;
    let pipeline = launch(
        "videotestsrc num-buffers=40 is-live=true ! video/x-raw,framerate=30/1 ! identity name=here ! kinejson \
         ! tcpserversink name=server host=127.0.0.1 port=0 sync-method=1 recover-policy=1",
    );
    let here = pipeline.by_name("here").unwrap().static_pad("src").unwrap();
    support::inject(&here, |buffer| Some(standing(320, 240, seconds(buffer))));
    pipeline.set_state(gst::State::Paused).unwrap();
    let port = pipeline
        .by_name("server")
        .unwrap()
        .property::<i32>("current-port");
    let stream = std::net::TcpStream::connect(("127.0.0.1", port as u16)).unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut line = String::new();
    std::io::BufReader::new(stream).read_line(&mut line).unwrap();
    pipeline.set_state(gst::State::Null).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["type"], "pose");
}
