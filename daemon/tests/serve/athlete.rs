//! A publisher with an athlete in front of the camera.

use crate::peer::Offerer;
use gst::prelude::*;
use synthetic_athlete::{Camera, Clip, Cmj, Colorimetry, Footage, Movement, Rate};

/// Frames per second.
const FPS: u32 = 30;

/// As OBS sends video: H.264, High profile.
const ENCODER: &str = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 dct8x8=true \
     ! video/x-h264,profile=high ! rtph264pay pt=96 config-interval=-1 aggregate-mode=zero-latency";

/// Countermovement jumps, one after the other.
fn jumps() -> Footage {
    let camera = Camera {
        width: 426,
        height: 240,
        view_m: 2.7,
        ..Camera::default()
    };
    let clip = Clip {
        camera,
        fps: Rate::from(FPS),
        ..Clip::of(Movement::Cmj(Cmj::default()))
    };
    clip.build().expect("the clip is possible")
}

/// The height of each of its jumps, metres.
pub fn jump_height_m() -> f64 {
    let truth = jumps().truth();
    truth.repetitions[0]
        .metric("jump_height_m")
        .expect("jumps have a height")
}

/// Publishes endless jumps, drawn as time goes by.
pub fn jumping() -> Offerer {
    let footage = jumps();
    let caps = format!(
        "video/x-raw,format=I420,width={},height={},framerate={FPS}/1,colorimetry=bt709",
        footage.width(),
        footage.height()
    );
    let video = format!("appsrc name=athlete is-live=true format=time caps=\"{caps}\" ! queue ! {ENCODER}");
    Offerer::publisher_fed(&video, move |pipeline| {
        // From here on there is a clock to draw by.
        pipeline
            .state(gst::ClockTime::from_seconds(60))
            .0
            .expect("it plays");
        let source = pipeline.by_name("athlete").and_downcast::<gst_app::AppSrc>();
        draw(&source.expect("an appsrc"), footage);
    })
}

/// Has the source draw each frame when it is due.
fn draw(source: &gst_app::AppSrc, footage: Footage) {
    let mut next = 0;
    let mut give_one = move |source: &gst_app::AppSrc, _| {
        let (Some(clock), Some(base)) = (source.clock(), source.base_time()) else {
            return;
        };
        // A slow machine leaves frames out, as a camera does.
        let now = clock.time().saturating_sub(base).nseconds();
        next = u64::max(next, (now * u64::from(FPS)).div_ceil(1_000_000_000));
        let pts = gst::ClockTime::from_nseconds(next * 1_000_000_000 / u64::from(FPS));
        let mut picture = Vec::new();
        let frame = next as usize % footage.frame_count();
        footage.render_i420(frame, Colorimetry::Bt709, &mut picture);
        let mut buffer = gst::Buffer::from_slice(picture);
        buffer.get_mut().expect("it is new").set_pts(pts);
        // Comes back early when the pipeline ends.
        let _ = clock.new_single_shot_id(base + pts).wait();
        next += 1;
        // Fails when the pipeline ends.
        let _ = source.push_buffer(buffer);
    };
    // The source has asked before anybody listened, so the first frame comes unasked.
    give_one(source, 0);
    source.set_callbacks(gst_app::AppSrcCallbacks::builder().need_data(give_one).build());
}
