//! `kinephase` turns poses into events, whatever the stream does.

// A test panics to fail.
#![allow(clippy::unwrap_used)]

mod support;

use gst::prelude::*;
use gstkinemotion::{MotionMeta, Poses};
use kinemotion_motion::{EventKind, Repetition};
use std::sync::{Arc, Mutex};
use support::{init, jumps, play, seconds, tracked, true_pose, true_poses, warnings};
use synthetic_athlete::Footage;

const FPS: u64 = 60;
/// How well a height must fit here. Accuracy is the motion core's business; a wrong clock would be off by metres.
const NEAR_M: f64 = 0.05;

/// A harness around `kinephase` with a bus to read messages from.
struct Bench {
    harness: gst_check::Harness,
    bus: gst::Bus,
}

impl Bench {
    fn new(line: &str) -> Self {
        Self::with_caps(line, "video/x-raw,format=GRAY8,width=8,height=8,framerate=60/1")
    }

    fn with_caps(line: &str, caps: &str) -> Self {
        init();
        let mut harness = gst_check::Harness::new_parse(line);
        let bus = gst::Bus::new();
        harness.element().unwrap().set_bus(Some(&bus));
        harness.set_src_caps_str(caps);
        Self { harness, bus }
    }

    fn push(&mut self, pts: gst::ClockTime, poses: Option<Poses>) -> gst::Buffer {
        let mut buffer = gst::Buffer::with_size(64).unwrap();
        let fields = buffer.get_mut().unwrap();
        fields.set_pts(pts);
        if let Some(poses) = poses {
            gstkinemotion::PoseMeta::add(fields, poses);
        }
        self.harness.push_and_pull(buffer).unwrap()
    }

    /// Plays true poses of footage from `from` on until `until` seconds.
    fn play(&mut self, footage: &Footage, from: f64, until: f64) -> Vec<gst::Buffer> {
        let first = (from * FPS as f64).round() as u64;
        let last = (until * FPS as f64).round() as u64;
        (first..last)
            .map(|n| {
                let pts = gst::ClockTime::SECOND.mul_div_floor(n, FPS).unwrap();
                let time = n as f64 / FPS as f64;
                self.push(pts, Some(true_poses(footage, time)))
            })
            .collect()
    }

    /// Types of the `kinemotion` messages posted so far.
    fn messages(&self) -> Vec<gst::Structure> {
        std::iter::from_fn(|| self.bus.pop())
            .filter_map(|message| message.structure().map(ToOwned::to_owned))
            .filter(|structure| structure.name() == "kinemotion")
            .collect()
    }

    /// Custom events that have left downstream, as (type, late).
    fn custom_events(&mut self) -> Vec<(String, bool)> {
        let mut found = Vec::new();
        while let Some(event) = self.harness.try_pull_event() {
            if let gst::EventView::CustomDownstream(custom) = event.view() {
                let structure = custom.structure().unwrap();
                found.push((structure.get("type").unwrap(), structure.get("late").unwrap()));
            }
        }
        found
    }
}

fn repetitions(buffers: &[gst::Buffer]) -> Vec<Arc<Repetition>> {
    buffers
        .iter()
        .flat_map(|buffer| MotionMeta::get(buffer).expect("a motion meta").events.to_vec())
        .filter_map(|event| match event.kind {
            EventKind::Repetition(repetition) => Some(repetition),
            _ => None,
        })
        .collect()
}

fn of_type<'a>(messages: &'a [gst::Structure], wanted: &str) -> Vec<&'a gst::Structure> {
    messages
        .iter()
        .filter(|m| m.get::<&str>("type") == Ok(wanted))
        .collect()
}

fn length(footage: &Footage) -> f64 {
    footage.time(footage.frame_count())
}

#[test]
fn a_jump_leaves_as_meta_message_and_event() {
    let footage = jumps(1);
    let mut bench = Bench::new("kinephase movement=cmj");
    let buffers = bench.play(&footage, 0.0, length(&footage));
    let found = repetitions(&buffers);
    assert_eq!(found.len(), 1);
    let height = found[0].metric("jump_height_m").unwrap();
    assert!((height - 0.35).abs() < NEAR_M, "{height} m");

    let messages = bench.messages();
    let announced = of_type(&messages, "repetition");
    assert_eq!(announced.len(), 1);
    assert_eq!(announced[0].get::<u32>("person"), Ok(1));
    assert!(announced[0].get::<f64>("timestamp-ms").unwrap() > 1000.0);
    let data: serde_json::Value = serde_json::from_str(announced[0].get("data").unwrap()).unwrap();
    assert_eq!(data["movement"], "cmj");
    assert!(of_type(&messages, "phase").len() >= 4);
    assert_eq!(bench.custom_events(), [("repetition".to_owned(), false)]);
}

#[test]
fn the_stream_end_brings_out_a_repetition_under_way_before_eos() {
    let footage = jumps(1);
    let landing = footage.truth().repetitions[0].event("landing_s").unwrap();
    // Find the last frame at which nothing has come out yet although the athlete has landed.
    let mut bench = Bench::new("kinephase movement=cmj");
    let buffers = bench.play(&footage, 0.0, length(&footage));
    let known_at = buffers
        .iter()
        .position(|buffer| {
            MotionMeta::get(buffer)
                .unwrap()
                .events
                .iter()
                .any(|e| e.kind.type_name() == "repetition")
        })
        .unwrap() as f64
        / FPS as f64;
    assert!(known_at > landing);

    let mut bench = Bench::new("kinephase movement=cmj");
    let buffers = bench.play(&footage, 0.0, known_at);
    assert!(repetitions(&buffers).is_empty());
    assert!(bench.harness.push_event(gst::event::Eos::new()));
    let mut order = Vec::new();
    while let Some(event) = bench.harness.try_pull_event() {
        match event.view() {
            gst::EventView::CustomDownstream(custom) => {
                assert_eq!(custom.structure().unwrap().get("late"), Ok(true));
                order.push(custom.structure().unwrap().get::<String>("type").unwrap());
            }
            gst::EventView::Eos(_) => order.push("eos".to_owned()),
            _ => {}
        }
    }
    assert!(order.contains(&"repetition".to_owned()), "{order:?}");
    assert_eq!(order.last().map(String::as_str), Some("eos"));
    assert_eq!(of_type(&bench.messages(), "repetition").len(), 1);
}

#[test]
fn a_flush_forgets_what_was_under_way() {
    let footage = jumps(1);
    let takeoff = footage.truth().repetitions[0].event("takeoff_s").unwrap();
    let mut bench = Bench::new("kinephase movement=cmj");
    bench.play(&footage, 0.0, takeoff + 0.1);
    bench.harness.push_event(gst::event::FlushStart::new());
    bench.harness.push_event(gst::event::FlushStop::new(true));
    let segment = gst::FormattedSegment::<gst::ClockTime>::new();
    bench.harness.push_event(gst::event::Segment::new(&segment));
    bench.messages();
    bench.harness.push_event(gst::event::Eos::new());
    assert!(of_type(&bench.messages(), "repetition").is_empty());
}

#[test]
fn the_same_clip_again_after_time_went_back_is_measured_again() {
    let footage = jumps(1);
    let mut bench = Bench::new("kinephase movement=cmj");
    let mut buffers = bench.play(&footage, 0.0, length(&footage));
    buffers.extend(bench.play(&footage, 0.0, length(&footage)));
    let found = repetitions(&buffers);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].event("takeoff_s"), found[1].event("takeoff_s"));
}

#[test]
fn a_jump_is_not_measured_across_a_jump_of_media_time() {
    let footage = jumps(1);
    let apex = footage.truth().repetitions[0].event("apex_s").unwrap();
    let measured = |leap_s: u64| {
        let mut bench = Bench::new("kinephase movement=cmj");
        let mut buffers = Vec::new();
        for n in 0..(length(&footage) * FPS as f64) as u64 {
            let time = n as f64 / FPS as f64;
            let late = if time > apex { leap_s } else { 0 };
            let mut poses = true_poses(&footage, time);
            poses.time = time + late as f64;
            let pts = gst::ClockTime::SECOND.mul_div_floor(n, FPS).unwrap();
            buffers.push(bench.push(pts + gst::ClockTime::from_seconds(late), Some(poses)));
        }
        repetitions(&buffers).len()
    };
    assert_eq!(measured(0), 1);
    assert_eq!(measured(4), 0, "seconds are missing in mid-air");
}

#[test]
fn another_picture_size_in_the_middle_of_a_jump_changes_nothing() {
    let footage = jumps(1);
    let run = |resize_at: f64| {
        let mut bench = Bench::new("kinephase movement=cmj athlete-height=1.78");
        let mut buffers = Vec::new();
        for n in 0..(length(&footage) * FPS as f64) as u64 {
            let time = n as f64 / FPS as f64;
            let mut poses = true_poses(&footage, time);
            if time > resize_at {
                poses.frame.width = poses.frame.width * 3 / 4;
                poses.frame.height = poses.frame.height * 3 / 4;
                for landmark in Arc::make_mut(&mut poses.persons)
                    .iter_mut()
                    .flat_map(|p| &mut p.pose.landmarks)
                {
                    (landmark.x, landmark.y, landmark.z) =
                        (landmark.x * 0.75, landmark.y * 0.75, landmark.z * 0.75);
                }
            }
            buffers.push(bench.push(gst::ClockTime::SECOND.mul_div_floor(n, FPS).unwrap(), Some(poses)));
        }
        repetitions(&buffers)
    };
    let (plain, resized) = (
        run(f64::MAX),
        run(footage.truth().repetitions[0].event("apex_s").unwrap()),
    );
    assert_eq!((plain.len(), resized.len()), (1, 1));
    for key in ["jump_height_m", "countermovement_depth_m"] {
        let (a, b) = (plain[0].metric(key).unwrap(), resized[0].metric(key).unwrap());
        assert!((a - b).abs() < 1e-3, "{key}: {a} and {b}");
    }
}

#[test]
fn slow_motion_is_measured_in_real_time() {
    // Filmed at 240, stamped at 60: everything takes four times as long in the file.
    let clip = synthetic_athlete::Clip {
        fps: 240.into(),
        ..Default::default()
    };
    let footage = clip.build().unwrap();
    let mut bench = Bench::new("kinephase movement=cmj capture-fps=240");
    let buffers: Vec<_> = (0..footage.frame_count() as u64)
        .map(|n| {
            let mut poses = true_poses(&footage, n as f64 / 240.0);
            poses.time = n as f64 / 60.0;
            bench.push(gst::ClockTime::SECOND.mul_div_floor(n, 60).unwrap(), Some(poses))
        })
        .collect();
    let found = repetitions(&buffers);
    assert_eq!(found.len(), 1);
    let height = found[0].metric("jump_height_m").unwrap();
    assert!((height - 0.35).abs() < NEAR_M, "{height} m");
}

#[test]
fn only_the_selected_person_is_analysed_unless_everybody_is_wanted() {
    let footage = jumps(1);
    let run = |line: &str| {
        let mut bench = Bench::new(line);
        let buffers: Vec<_> = (0..(length(&footage) * FPS as f64) as u64)
            .map(|n| {
                let time = n as f64 / FPS as f64;
                let mut poses = true_poses(&footage, time);
                let other = tracked(2, false, true_pose(&footage, time));
                poses.persons = Arc::from([poses.persons[0].clone(), other]);
                bench.push(gst::ClockTime::SECOND.mul_div_floor(n, FPS).unwrap(), Some(poses))
            })
            .collect();
        let mut who: Vec<u32> = repetitions(&buffers)
            .iter()
            .map(|repetition| repetition.person)
            .collect();
        who.sort_unstable();
        who
    };
    assert_eq!(run("kinephase movement=cmj"), [1]);
    assert_eq!(run("kinephase movement=cmj analyse=all"), [1, 2]);
}

#[test]
fn any_caps_and_memory_pass_and_the_memory_stays_the_same() {
    for caps in [
        "video/x-raw(memory:GLMemory),format=RGBA,width=8,height=8",
        "video/x-h264,stream-format=avc",
        "application/x-other",
    ] {
        let mut bench = Bench::with_caps("kinephase", caps);
        let buffer = bench.push(gst::ClockTime::ZERO, Some(support::standing(8, 8, 0.0)));
        assert!(MotionMeta::get(&buffer).is_some(), "{caps}");
    }
    let mut bench = Bench::new("kinephase");
    let mut buffer = gst::Buffer::with_size(64).unwrap();
    buffer.get_mut().unwrap().set_pts(gst::ClockTime::ZERO);
    gstkinemotion::PoseMeta::add(buffer.get_mut().unwrap(), support::standing(8, 8, 0.0));
    // Somebody else still holds the frame, as decoders do.
    let held = buffer.clone();
    let out = bench.harness.push_and_pull(buffer).unwrap();
    assert_eq!(out.peek_memory(0).as_ptr(), held.peek_memory(0).as_ptr());
}

#[test]
fn a_movement_nobody_registered_stops_the_pipeline_with_the_list_of_known_ones() {
    let pipeline = support::launch("videotestsrc num-buffers=1 ! kinephase movement=flying ! fakesink");
    let (_, error) = support::play_to_the_end(&pipeline);
    let error = error.expect("must fail");
    assert!(error.contains("flying") && error.contains("cmj"), "{error}");
}

#[test]
fn a_wrong_movement_while_playing_warns_and_changes_nothing() {
    let footage = jumps(1);
    let mut bench = Bench::new("kinephase movement=cmj");
    let half = length(&footage) / 2.0;
    let mut buffers = bench.play(&footage, 0.0, half);
    support::inner(&bench.harness, "kinephase").set_property("movement", "flying");
    buffers.extend(bench.play(&footage, half, length(&footage)));
    assert_eq!(repetitions(&buffers).len(), 1);
}

#[test]
fn movement_and_height_can_change_while_playing() {
    let footage = jumps(2);
    let between = footage.truth().repetitions[1].start_s;
    let mut bench = Bench::new("kinephase");
    let mut buffers = bench.play(&footage, 0.0, between);
    let element = support::inner(&bench.harness, "kinephase");
    element.set_property("movement", "cmj");
    element.set_property("athlete-height", 1.78f64);
    buffers.extend(bench.play(&footage, between, length(&footage)));
    assert_eq!(repetitions(&buffers).len(), 2);
}

#[test]
fn missing_poses_are_explained_once() {
    let pipeline = support::launch("videotestsrc num-buffers=5 ! kinephase ! fakesink");
    let texts = warnings(&play(&pipeline));
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("kinepose"));
}

#[test]
fn poses_of_frames_that_come_out_of_nowhere_do_no_harm() {
    let mut bench = Bench::new("kinephase analyse=all");
    let times = [0.0, f64::NAN, -1.0, 1e12, f64::INFINITY, 0.5, 0.5, 0.4];
    for (n, time) in times.into_iter().enumerate() {
        let mut poses = support::standing(64, 64, time);
        let many = (0..40).map(|id| tracked(id, id == 3, poses.persons[0].pose.clone()));
        poses.persons = many.collect();
        bench.push(gst::ClockTime::from_mseconds(n as u64), Some(poses));
    }
}

#[test]
fn the_public_meta_learns_movement_and_count() {
    let footage = jumps(1);
    init();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut bench = Bench::new("kinephase movement=cmj");
    for n in 0..60u64 {
        let time = n as f64 / FPS as f64;
        let mut buffer = gst::Buffer::with_size(64).unwrap();
        let fields = buffer.get_mut().unwrap();
        fields.set_pts(gst::ClockTime::SECOND.mul_div_floor(n, FPS).unwrap());
        gst::meta::CustomMeta::add(fields, gstkinemotion::meta::custom::NAME).unwrap();
        gstkinemotion::PoseMeta::add(fields, true_poses(&footage, time));
        let out = bench.harness.push_and_pull(buffer).unwrap();
        let meta = gst::meta::CustomMeta::from_buffer(&out, gstkinemotion::meta::custom::NAME).unwrap();
        assert_eq!(meta.structure().get::<u32>("repetitions"), Ok(0));
        seen.lock()
            .unwrap()
            .push((seconds(&out), meta.structure().get::<String>("movement").ok()));
    }
    assert_eq!(seen.lock().unwrap().last().unwrap().1.as_deref(), Some("cmj"));
}
