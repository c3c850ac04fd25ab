//! The video that leaves a session: viewers, pushes, recording, snapshot.

mod support;

use gst::prelude::*;
use kinemotion_pipelines::live::{LiveError, LiveSpec, Push, PushState, SessionState};
use std::time::Instant;
use support::peer::Offerer;
use support::{PATIENCE, Started, demo, start};

const H264: &str = "application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,payload=102,packetization-mode=(string)1,\
     profile-level-id=(string)42e01f";

fn running(spec: LiveSpec) -> Started {
    let started = start(spec);
    started.wait_for_frame();
    started
}

/// Waits, frame by frame, until something about the session is true.
fn wait_until(started: &Started, what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_true() {
        assert!(Instant::now() < deadline, "{what}: {:?}", started.session.info());
        started.wait_for_frame();
    }
}

/// Pictures of a file, as a player decodes them.
fn pictures_in(path: &std::path::Path) -> u32 {
    let description =
        "filesrc name=file ! qtdemux ! h264parse ! avdec_h264 ! fakesink name=screen sync=false";
    let pipeline = gst::parse::launch(description).expect("a player");
    let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
    pipeline
        .by_name("file")
        .expect("the source")
        .set_property("location", path);
    let seen = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counter = seen.clone();
    let screen = pipeline.by_name("screen").expect("the screen");
    screen
        .static_pad("sink")
        .expect("its pad")
        .add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            gst::PadProbeReturn::Ok
        });
    pipeline.set_state(gst::State::Playing).expect("it plays");
    let ends = [gst::MessageType::Eos, gst::MessageType::Error];
    let bus = pipeline.bus().expect("a bus");
    let message = bus.timed_pop_filtered(gst::ClockTime::from_seconds(30), &ends);
    pipeline.set_state(gst::State::Null).expect("it stops");
    assert_eq!(
        message.map(|message| message.type_()),
        Some(gst::MessageType::Eos)
    );
    seen.load(std::sync::atomic::Ordering::Relaxed)
}

#[test]
fn a_viewer_sees_the_picture_and_nothing_is_encoded_for_nobody() {
    let started = running(demo());
    let viewer = Offerer::viewer(H264);
    let (id, answer) = started.session.watch(&viewer.offer()).expect("an answer");
    viewer.accept(&answer);
    let caps = viewer.pictures.recv_timeout(PATIENCE).expect("a picture");
    let picture = gst_video::VideoInfo::from_caps(&caps).expect("video");
    assert_eq!((picture.width(), picture.height()), (640, 360));
    assert_eq!(started.session.info().viewers, 1);
    started.session.unwatch(&id);
    assert_eq!(started.session.info().viewers, 0);
    // Whatever was on its way has been shown; then nothing follows.
    while viewer
        .pictures
        .recv_timeout(std::time::Duration::from_secs(2))
        .is_ok()
    {}
    started.wait_for_frame();
    assert_eq!(started.session.info().state, SessionState::Live);
}

#[test]
fn a_viewer_who_cannot_take_the_codec_is_told_so() {
    let started = start(demo());
    let viewer = Offerer::viewer(&H264.replace("H264", "VP8").replace(
        ",packetization-mode=(string)1,     profile-level-id=(string)42e01f",
        "",
    ));
    let refused = started.session.watch(&viewer.offer());
    assert!(
        matches!(&refused, Err(LiveError::Offer { reason }) if reason.contains("H264")),
        "{refused:?}"
    );
    assert_eq!(started.session.info().viewers, 0);
}

#[test]
fn a_snapshot_is_a_jpeg_once_a_frame_has_come() {
    let started = start(demo());
    started.wait_for_frame();
    let jpeg = started.session.snapshot().expect("a picture");
    assert_eq!(&jpeg[..2], [0xff, 0xd8]);
    assert!(jpeg.len() > 1000);
}

#[test]
fn a_recording_plays_when_the_session_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("recording.mp4");
    let started = running(LiveSpec {
        recording: Some(path.clone()),
        ..demo()
    });
    wait_until(&started, "the recording takes pictures", || {
        started.session.info().pushes[0].sent >= 5
    });
    started.session.finish();
    started.wait_for_state(SessionState::Done);
    let info = started.session.info();
    assert_eq!(info.pushes[0].state, PushState::Done, "{info:?}");
    assert_eq!(u64::from(pictures_in(&path)), info.pushes[0].sent);
}

#[test]
fn hls_writes_a_playlist_of_whole_segments() {
    let folder = tempfile::tempdir().expect("a folder");
    let started = running(demo());
    started
        .session
        .push(Push::Hls(folder.path().join("hls")))
        .expect("a push");
    // Three key frames: two whole segments and a beginning.
    let running = || started.session.info().pushes[0].sent >= 130;
    wait_until(&started, "HLS takes pictures", running);
    started.session.finish();
    started.wait_for_state(SessionState::Done);
    let playlist = std::fs::read_to_string(folder.path().join("hls/index.m3u8")).expect("a playlist");
    assert!(playlist.contains("segment00000.ts"), "{playlist}");
    let seconds: Vec<f64> = playlist
        .lines()
        .filter_map(|line| line.strip_prefix("#EXTINF:")?.split(',').next()?.parse().ok())
        .collect();
    let (_, whole) = seconds.split_last().expect("segments");
    assert!(
        !whole.is_empty() && whole.iter().all(|length| *length > 1.0),
        "{playlist}"
    );
}

#[test]
fn a_push_nobody_takes_is_tried_again_and_the_session_does_not_notice() {
    let started = running(demo());
    // A port that was free a moment ago has nobody behind it.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let push = started
        .session
        .push(Push::Rtmp(format!("rtmp://127.0.0.1:{port}/live/key")))
        .expect("a push");
    wait_until(&started, "the push is tried again", || {
        started.session.info().pushes[0].state == PushState::Retrying
    });
    let info = started.session.info();
    assert_eq!(info.state, SessionState::Live);
    assert!(
        info.pushes[0].reason.is_some() && !info.pushes[0].target.contains("key"),
        "{info:?}"
    );
    started.session.unpush(push);
    assert!(started.session.info().pushes.is_empty());
    started.wait_for_frame();
}
