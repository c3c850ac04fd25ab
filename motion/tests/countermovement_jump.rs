//! Countermovement jumps with perfect landmarks are found, timed and measured.

mod support;

use kinemotion_motion::{Event, EventKind, PoseSource};
use support::{
    assert_well_formed, cmj, config, events, footage, recording, repetitions, the_repetition, truth_of,
};
use synthetic_athlete::{Clip, Cmj, Facing, Landing, Rate};

/// Flight times from joint centres are a little long, because the height at contact is calibrated on what a pose model
/// sees of the feet: by this at most, in milliseconds, for every jump of 15 cm and more.
const FLIGHT_TIME_MS: f64 = 32.0;

fn clips() -> Vec<Clip> {
    let mut clips = Vec::new();
    for (i, height_m) in [0.15, 0.25, 0.35, 0.45, 0.60].into_iter().enumerate() {
        for (k, fps) in [24, 30, 60, 120, 240].into_iter().enumerate() {
            let mut clip = cmj(height_m);
            clip.fps = Rate::from(fps);
            clip.facing = if (i + k) % 2 == 0 {
                Facing::Left
            } else {
                Facing::Right
            };
            clip.stature_m = [1.55, 1.78, 1.95][(i + k) % 3];
            clip.camera.yaw_deg = [0.0, 20.0, -30.0][(i + 2 * k) % 3];
            clip.sampling_phase = 0.37;
            clips.push(clip);
        }
    }
    clips
}

#[test]
fn one_jump_is_one_repetition_at_any_height_and_frame_rate() {
    for clip in clips() {
        let footage = footage(&clip);
        let repetition = the_repetition(&recording(&footage), config(Some(clip.stature_m)));
        assert_well_formed(&repetition);
        let truth = &truth_of(&footage)[0];
        let error = repetition.metric("flight_time_ms").expect("measured")
            - truth.metric("flight_time_ms").expect("known");
        assert!(
            error.abs() < FLIGHT_TIME_MS,
            "flight time off by {error} ms: {clip:?}"
        );
        for (event, tolerance) in [
            ("lowest_s", 0.02),
            ("takeoff_s", 0.022),
            ("apex_s", 0.006),
            ("landing_s", 0.022),
        ] {
            let error = repetition.event(event).expect("measured") - truth.event(event).expect("known");
            assert!(error.abs() < tolerance, "{event} off by {error} s: {clip:?}");
        }
        let depth = repetition.metric("countermovement_depth_m").expect("measured");
        assert!((depth - 0.30).abs() < 0.04, "depth {depth}: {clip:?}");
    }
}

#[test]
fn several_jumps_are_several_repetitions() {
    let mut clip = Clip::of(Cmj {
        repetitions: 5,
        lead_s: 0.3,
        height_change_m: 0.04,
        ..Cmj::default()
    });
    clip.fps = Rate::from(60);
    let footage = footage(&clip);
    let found = repetitions(&events(&recording(&footage), config(None)));
    let truth = truth_of(&footage);
    assert_eq!(found.len(), truth.len());
    for (repetition, truth) in found.iter().zip(&truth) {
        assert_well_formed(repetition);
        assert!(
            (repetition.event("apex_s").expect("timed") - truth.event("apex_s").expect("known")).abs() < 0.01
        );
    }
}

#[test]
fn a_repetition_is_final_within_300_ms_of_its_landing() {
    for fps in [24, 30, 60, 240] {
        let mut clip = cmj(0.35);
        clip.fps = Rate::from(fps);
        let footage = footage(&clip);
        let landing = truth_of(&footage)[0].event("landing_s").expect("known");
        let events = events(&recording(&footage), config(None));
        let emitted = events
            .iter()
            .find(|e| matches!(e.kind, EventKind::Repetition(_)))
            .expect("found");
        assert!(
            emitted.t - landing < 0.305,
            "{} s after the landing at {fps} fps",
            emitted.t - landing
        );
    }
}

#[test]
fn a_soft_landing_lengthens_the_flight_and_leaves_the_ascent() {
    let stiff = cmj(0.35);
    let soft = Clip::of(Cmj {
        landing: Landing {
            flexion_deg: 35.0,
            depth_m: 0.25,
        },
        ..Cmj::default()
    });
    let [stiff, soft] = [stiff, soft].map(|c| the_repetition(&recording(&footage(&c)), config(None)));
    let difference = |key| soft.metric(key).expect("measured") - stiff.metric(key).expect("measured");
    assert!(difference("flight_time_ms") > 8.0);
    assert!(difference("jump_height_ascent_m").abs() < 0.01);
}

#[test]
fn phases_come_live_and_in_order() {
    let events = events(&recording(&footage(&cmj(0.35))), config(None));
    let phases: Vec<_> = events
        .iter()
        .filter_map(|e| match e.kind {
            EventKind::Phase { phase, .. } => Some(phase),
            _ => None,
        })
        .collect();
    assert_eq!(
        phases,
        [
            "standing",
            "eccentric",
            "concentric",
            "flight",
            "landing",
            "standing"
        ]
    );
}

#[test]
fn a_clip_that_ends_soon_after_the_landing_still_counts() {
    let footage = footage(&cmj(0.35));
    let landing = truth_of(&footage)[0].event("landing_s").expect("known");
    let mut recording = recording(&footage);
    recording.retain(|(t, _)| *t < landing + 0.12);
    let found = repetitions(&events(&recording, config(None)));
    assert_eq!(found.len(), 1);
    assert_well_formed(&found[0]);
}

#[test]
fn predicted_poses_are_not_measured() {
    let footage = footage(&cmj(0.35));
    let truth = &truth_of(&footage)[0];
    let mut recording = recording(&footage);
    for (i, (_, pose)) in recording.iter_mut().enumerate() {
        if i % 3 == 1
            && let Some(pose) = pose
        {
            pose.source = PoseSource::Predicted;
            for landmark in &mut pose.landmarks {
                landmark.y -= 40.0;
            }
        }
    }
    let repetition = the_repetition(&recording, config(None));
    let error = repetition.metric("flight_time_ms").expect("measured")
        - truth.metric("flight_time_ms").expect("known");
    assert!(error.abs() < FLIGHT_TIME_MS, "{error}");
}

#[test]
fn dropped_and_late_frames_do_not_matter() {
    let mut clip = cmj(0.35);
    clip.frame_jitter = 0.5;
    let footage = footage(&clip);
    let mut recording = recording(&footage);
    let mut i = 0;
    recording.retain(|_| {
        i += 1;
        i % 7 != 0 && i % 11 != 3
    });
    for (i, (_, pose)) in recording.iter_mut().enumerate() {
        if i % 13 == 5 {
            *pose = None;
        }
    }
    let repetition = the_repetition(&recording, config(None));
    let truth = &truth_of(&footage)[0];
    let error = repetition.metric("flight_time_ms").expect("measured")
        - truth.metric("flight_time_ms").expect("known");
    assert!(error.abs() < FLIGHT_TIME_MS, "{error}");
}

#[test]
fn draining_late_gives_the_same_events_as_draining_at_once() {
    let recording = recording(&footage(&cmj(0.35)));
    let at_once = events(&recording, config(Some(1.78)));
    let mut analyzer = kinemotion_motion::Analyzer::new(config(Some(1.78)));
    for (t, pose) in &recording {
        analyzer.push(*t, pose.as_ref());
    }
    analyzer.finish();
    let late: Vec<Event> = std::iter::from_fn(|| analyzer.poll_event()).collect();
    assert_eq!(at_once, late);
}
