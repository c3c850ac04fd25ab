//! A session with the demo source, from start to end.

mod support;

use kinemotion_pipelines::live::{Demo, LiveEvent, LiveSource, LiveSpec, SessionState};
use std::time::Duration;
use support::{demo, start};

#[test]
fn the_demo_athlete_is_seen_and_the_session_ends_as_asked() {
    let started = start(demo());
    let mut states = Vec::new();
    started.wait_for(|event| {
        match event {
            LiveEvent::State { state, .. } => states.push(*state),
            LiveEvent::Pose(pose) if !pose.poses.persons.is_empty() => return Some(()),
            LiveEvent::Pose(_) | LiveEvent::Motion(_) | LiveEvent::Frame(_) | LiveEvent::Dropped(_) => {}
            other => panic!("{other:?}"),
        }
        None
    });
    assert_eq!(states, [SessionState::Connecting, SessionState::Live]);
    let info = started.session.info();
    assert!(info.poses >= 1 && info.source.width == 640, "{info:?}");
    started.session.finish();
    started.wait_for_state(SessionState::Done);
}

#[test]
fn a_frame_that_is_not_decoded_says_how_old_it_is_and_what_its_pose_and_meaning_took() {
    let started = start(demo());
    let times = started.wait_for(|event| match event {
        LiveEvent::Frame(times) if times.inference.is_some() => Some(*times),
        _ => None,
    });
    assert_eq!(times.decode, None, "it is drawn");
    assert!(times.latency.is_some() && times.analysis.is_some(), "{times:?}");
}

#[test]
fn a_demo_with_a_length_ends_by_itself() {
    let source = LiveSource::Demo(Demo {
        duration: Some(Duration::from_millis(300)),
    });
    let started = start(LiveSpec { source, ..demo() });
    started.wait_for_state(SessionState::Done);
}

#[test]
fn a_picture_larger_than_the_limit_ends_the_session_with_its_size() {
    let mut spec = demo();
    spec.limits.pixels = 320 * 240;
    let started = start(spec);
    let error = started.wait_for(|event| match event {
        LiveEvent::Error(error) => Some(error.to_string()),
        _ => None,
    });
    assert!(error.contains("640x360") && error.contains("76800"), "{error}");
}
