//! `kinemotion`: pose estimation, movement analysis and overlay in one bin.
//!
//! # Example
//! ```text
//! gst-launch-1.0 filesrc location=jump.mp4 ! decodebin3 ! videoconvert ! kinemotion movement=cmj ! videoconvert \
//!   ! autovideosink
//! ```
//! [`EXAMPLE`] is a line that needs no file; the tests run it.
//!
//! # What it does
//! It is `kinepose ! kinephase ! kineoverlay` behind two ghost pads. The elements are named `pose`, `phase` and
//! `overlay`; a program reaches their other properties through them, `gst-launch-1.0` through `pose::max-persons=2`.
//!
//! # Properties
//! | name | range, unit (default) | of | when |
//! |---|---|---|---|
//! | `movement` | a movement's name or auto (auto) | `kinephase` | playing |
//! | `quality` | fast, balanced, accurate (balanced) | `kinepose` | playing |
//! | `athlete-height` | 0–2.72 m, 0 = unknown (0) | `kinephase` | playing |
//! | `person` | largest, nearest-centre, most-moving, id=N (largest) | `kinepose` | playing |
//! | `overlay` | draw on the picture (true) | `kineoverlay` | playing |
//!
//! # Tuning window and symptoms
//! See the pages of the elements: [`kinepose`](crate::kinepose), [`kinephase`](crate::kinephase),
//! [`kineoverlay`](crate::kineoverlay).
//!
//! Since: 0.1

mod imp;

use gst::glib;
use gst::prelude::*;

/// A runnable pipeline: thirty frames of test video.
pub const EXAMPLE: &str = "videotestsrc num-buffers=30 ! video/x-raw,width=320,height=240,framerate=30/1 \
     ! kinemotion movement=cmj quality=fast pose::max-persons=2 ! fakesink";

glib::wrapper! {
    /// The `kinemotion` bin.
    pub struct KinemotionBin(ObjectSubclass<imp::KinemotionBin>)
        @extends gst::Bin, gst::Element, gst::Object,
        @implements gst::ChildProxy;
}

pub(crate) fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    gst::Element::register(
        Some(plugin),
        "kinemotion",
        gst::Rank::NONE,
        KinemotionBin::static_type(),
    )
}
