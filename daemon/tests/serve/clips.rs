//! Rendered clips, made once per test run.

use gst::prelude::*;
use std::path::Path;
use std::sync::OnceLock;
use synthetic_athlete::video::{EncodeOptions, write};
use synthetic_athlete::{Camera, Clip, Cmj, Movement};

/// One countermovement jump at 60 frames/s: an MP4 file.
pub fn jump() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| rendered("serve-jump.mp4", 0.5))
}

/// The same, and ten seconds of standing: long enough for something to happen while it is analysed, however quick the machine.
pub fn long_jump() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| rendered("serve-long-jump.mp4", 10.0))
}

/// A moment of a test picture of 8K: eight frames of 50 MB, which a decoder holds at once.
pub fn vast() -> Vec<u8> {
    gst::init().expect("GStreamer");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("serve-vast.mp4");
    let description = format!(
        "videotestsrc num-buffers=8 ! video/x-raw,format=I420,width=7680,height=4320,framerate=30/1 \
         ! x264enc speed-preset=ultrafast ! mp4mux ! filesink location={}",
        path.display()
    );
    let pipeline = gst::parse::launch(&description).expect("elements");
    pipeline.set_state(gst::State::Playing).expect("it plays");
    let bus = pipeline.bus().expect("a bus");
    let end = bus.timed_pop_filtered(None, &[gst::MessageType::Eos, gst::MessageType::Error]);
    let end = end.expect("an end");
    assert_eq!(end.type_(), gst::MessageType::Eos, "{end:?}");
    pipeline.set_state(gst::State::Null).expect("it ends");
    std::fs::read(path).expect("the clip")
}

/// A jump with so many seconds of standing behind it.
fn rendered(name: &str, tail_s: f64) -> Vec<u8> {
    let jump = Cmj {
        lead_s: 0.5,
        tail_s,
        ..Cmj::default()
    };
    // Small enough to be quick, large enough for the pose models.
    let camera = Camera {
        width: 426,
        height: 240,
        view_m: 2.7,
        ..Camera::default()
    };
    let clip = Clip {
        camera,
        ..Clip::of(Movement::Cmj(jump))
    };
    let footage = clip.build().expect("the clip is possible");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    write(&footage, &path, &EncodeOptions::default(), |_, _| {}).expect("the clip can be encoded");
    std::fs::read(path).expect("the clip")
}
