//! Files as live sources: they play at the speed of life and lose nothing.

mod support;

use kinemotion_models::Quality;
use kinemotion_motion::{EventKind, MovementChoice};
use kinemotion_pipelines::live::{
    LiveError, LiveEvent, LiveSession, LiveSource, LiveSpec, SessionState, UriAccess,
};
use kinemotion_pipelines::{AnalysisSpec, analyze_file};
use std::path::Path;
use std::sync::Arc;
use support::start;
use synthetic_athlete::video::{EncodeOptions, write};
use synthetic_athlete::{Clip, Cmj, Rate};

/// A jump in a file, and what may be read of it.
fn jump(folder: &Path) -> LiveSpec {
    let clip = Clip {
        fps: Rate::from(30),
        ..Clip::of(Cmj::default())
    };
    let path = folder.join("jump.mp4");
    let footage = clip.build().expect("footage");
    write(&footage, &path, &EncodeOptions::default(), |_, _| {}).expect("a clip");
    LiveSpec {
        movement: MovementChoice::Named("cmj"),
        quality: Quality::Fast,
        access: UriAccess {
            folders: vec![folder.to_owned()],
            ..UriAccess::default()
        },
        ..LiveSpec::new("file", LiveSource::Uri(format!("file://{}", path.display())))
    }
}

#[test]
fn a_jump_in_a_file_is_measured_as_without_haste_and_the_session_is_done_at_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = jump(folder.path());
    let file = AnalysisSpec {
        movement: spec.movement,
        quality: spec.quality,
        people: spec.people,
        max_persons: spec.max_persons,
        ..AnalysisSpec::new(folder.path().join("jump.mp4"))
    };
    let analysis = analyze_file(&file, &mut |_| {}).expect("an analysis");
    let started = start(spec);
    let jump = started.wait_for(|event| match event {
        LiveEvent::Motion(event) => match &event.kind {
            EventKind::Repetition(repetition) => Some(repetition.clone()),
            _ => None,
        },
        _ => None,
    });
    started.wait_for(|event| match event {
        LiveEvent::Frame(times) => {
            assert_eq!(times.latency, None, "a file is not late: {times:?}");
            None
        }
        LiveEvent::State { state, .. } => (*state == SessionState::Done).then_some(()),
        _ => None,
    });
    let info = started.session.info();
    assert_eq!(info.dropped, 0, "{info:?}");
    assert!(info.source.codec.is_some_and(|codec| codec.contains("H.264")));
    assert!(info.source.decoder.is_some());
    assert_eq!(analysis.repetitions, [jump], "live equals file");
}

#[test]
fn an_address_that_is_not_permitted_is_refused_before_anything_is_opened() {
    for uri in [
        "file:///etc/hostname",
        "http://127.0.0.1:1/a.mp4",
        "rtsp://169.254.169.254/x",
        "nothing",
    ] {
        let spec = LiveSpec::new("refused", LiveSource::Uri(uri.into()));
        let refused = LiveSession::start(spec, Arc::new(|_| {})).err();
        assert!(matches!(refused, Some(LiveError::Refused { .. })), "{refused:?}");
    }
}

#[test]
fn a_file_that_is_no_video_fails_and_names_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "not a video at all ".repeat(200)).expect("a file");
    let mut spec = jump(folder.path());
    spec.source = LiveSource::Uri(format!("file://{}", path.display()));
    let started = start(spec);
    let error = started.wait_for(|event| match event {
        LiveEvent::Error(error) => Some(error.to_string()),
        _ => None,
    });
    assert!(error.contains("notes.txt"), "{error}");
}
