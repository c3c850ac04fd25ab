//! `kineoverlay`: draws skeleton, joint angles, phase and numbers, as broadcast graphics.
//!
//! # Example
//! ```text
//! gst-launch-1.0 filesrc location=jump.mp4 ! decodebin3 ! videoconvert ! kinepose ! kinephase movement=cmj \
//!   ! kineoverlay ! videoconvert ! x264enc ! mp4mux ! filesink location=jump-overlay.mp4
//! ```
//! Key and fill for a mixer, picture and graphics apart:
//! ```text
//! … ! kinepose ! kinephase ! tee name=t  t. ! queue ! videoconvert ! fill.sink_0 \
//!   t. ! queue ! kineoverlay mode=key ! fill.sink_1  compositor name=fill ! videoconvert ! autovideosink
//! ```
//! [`EXAMPLE`], [`EXAMPLE_KEY`] and [`EXAMPLE_FILL_AND_MATTE`] are lines that need no file; the tests run them.
//!
//! # What it does
//! It reads [`PoseMeta`](crate::PoseMeta) and [`MotionMeta`](crate::MotionMeta) and draws
//!
//! - the skeleton: left cyan, right orange, trunk white; fainter where the model is unsure or the pose predicted; other
//!   people grey; nothing on the face;
//! - knee and hip flexion of the leg seen better;
//! - a banner with movement, phase and count; live numbers; the last repetition with grade and 95 % errors.
//!
//! Panels stand on the side away from the athlete, move there only after having been in the way for a while, and fade
//! rather than cover a face. Numbers are held long enough to be read.
//!
//! `mode=draw` draws in place on I420, NV12, RGBx, BGRx, RGB, RGBA or BGRA. `mode=key` gives a transparent RGBA picture
//! of the same size with straight alpha instead. Where nothing carries alpha, `mode=fill` gives the graphics on black and
//! `mode=matte` their opacity as grey, both opaque RGBA: the two pictures a linear keyer asks for. The fill is
//! premultiplied, so picture × (1 − matte) + fill is what `mode=draw` shows. With `enabled=false`, or everything switched off,
//! frames pass through untouched (the other modes: an empty picture).
//!
//! # Properties
//! | name | range (default) | when |
//! |---|---|---|
//! | `enabled` | draw at all (true) | playing |
//! | `mode` | draw, key, fill, matte (draw) | ready |
//! | `skeleton`, `angles`, `banner`, `metrics` | each part (true) | playing |
//!
//! # Tuning window
//! Graphics scale with the shorter side of the picture and are made for 360p to 4K; below 120 rows panels are left out.
//! Scale before this element, not behind it: small text survives no scaling.
//!
//! # Symptoms
//! - *Nothing is drawn*: no `kinepose` upstream, or metas were lost between; see the warning of `kinephase`.
//! - *Skeleton but no panels*: no `kinephase` upstream, or the picture is smaller than 120 rows.
//! - *A copy per frame in the profile*: the decoder keeps its frames; drawing must copy them. Use `mode=key`, or accept
//!   0.2 ms at 720p.
//!
//! # Related
//! [`kinephase`](crate::kinephase); `compositor` blends a key picture, and drops metas: put `kinejson` before it.
//!
//! Since: 0.1

mod imp;

use gst::glib;
use gst::prelude::*;

pub use imp::OverlayMode;

/// A runnable pipeline: thirty frames of test video, drawn on.
pub const EXAMPLE: &str = "videotestsrc num-buffers=30 ! video/x-raw,width=640,height=360,framerate=30/1 \
     ! kinepose quality=fast ! kinephase movement=cmj ! kineoverlay ! fakesink";

/// A runnable pipeline: the graphics alone, for a mixer.
pub const EXAMPLE_KEY: &str = "videotestsrc num-buffers=30 ! video/x-raw,width=640,height=360,framerate=30/1 \
     ! kinepose quality=fast ! kinephase movement=cmj ! kineoverlay mode=key ! video/x-raw,format=RGBA ! fakesink";

/// A runnable pipeline: the graphics as the two pictures of a keyer.
pub const EXAMPLE_FILL_AND_MATTE: &str = "videotestsrc num-buffers=30 ! video/x-raw,width=640,height=360,framerate=30/1 \
     ! kinepose quality=fast ! kinephase movement=cmj ! tee name=t \
     t. ! queue ! kineoverlay mode=fill ! fakesink t. ! queue ! kineoverlay mode=matte ! fakesink";

glib::wrapper! {
    /// The `kineoverlay` element.
    pub struct KineOverlay(ObjectSubclass<imp::KineOverlay>)
        @extends gst_base::BaseTransform, gst::Element, gst::Object;
}

pub(crate) fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    OverlayMode::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    gst::Element::register(
        Some(plugin),
        "kineoverlay",
        gst::Rank::NONE,
        KineOverlay::static_type(),
    )
}
