//! `kinephase`: turns poses into phases, repetitions and metrics.
//!
//! # Example
//! ```text
//! gst-launch-1.0 -m filesrc location=jump.mp4 ! decodebin3 ! videoconvert ! kinepose \
//!   ! kinephase movement=cmj athlete-height=1.80 ! fakesink
//! ```
//! `-m` prints the bus messages. [`EXAMPLE`] is a line that needs no file; the tests run it.
//!
//! # What it does
//! It reads the [`PoseMeta`](crate::PoseMeta) of each buffer, whatever the buffer's caps and memory, and drives one
//! `motion::Analyzer` per person. Results leave in three ways:
//!
//! - [`MotionMeta`](crate::MotionMeta) on every buffer with a pose meta: live numbers, and the events this frame made known.
//! - Element messages named `kinemotion` on the bus for phases, repetitions and warnings.
//! - A custom downstream event named `kinemotion` for each completed repetition, ahead of its buffer.
//!
//! Messages and events share their fields: `type` (string: `phase`, `repetition`, `warning`), `person` (guint),
//! `timestamp-ms` (gdouble), `data` (string, JSON). The downstream event also has `late` (gboolean): at the end of the
//! stream every remaining event, of whatever type, is sent with `late` true because no buffer will carry it.
//!
//! When the stream ends, what is under way is completed before EOS travels on, so a jump that lands in the last frames
//! is not lost. A seek forgets what was under way. A new picture size in mid-stream is transparent to the analysis.
//!
//! # Time
//! Times are media time in seconds. With `capture-fps` they are real time: media time × caps framerate / `capture-fps`.
//!
//! # Properties
//! | name | range, unit (default) | when |
//! |---|---|---|
//! | `movement` | a movement's name or auto (auto) | playing |
//! | `athlete-height` | 0–2.72 m, 0 = unknown (0) | playing |
//! | `athlete-mass` | 0–635 kg, 0 = unknown (0) | playing |
//! | `camera-roll`, `camera-yaw` | −45–45 degrees, 360 = estimate (360) | playing |
//! | `camera-pitch` | −45–45 degrees downwards, 360 = level (360) | playing |
//! | `box-height` | 0–2 m, 0 = measure (0) | playing |
//! | `capture-fps` | 0–10000 frames/s, 0 = as stamped (0) | ready |
//! | `analyse` | selected, all (selected) | playing |
//!
//! A change of any but `analyse` while playing completes what is under way and starts afresh.
//!
//! # Tuning window
//! Name the movement when you know it: `auto` has to wait for more evidence. Give `athlete-height` within 2 cm when you
//! want lengths and speeds that do not follow from flight time. A phone's slow motion at 240 frames/s that plays back at
//! 30 needs `capture-fps=240`.
//!
//! # Symptoms
//! - *Jump height far too large, about 64 times*: 8× slow motion without `capture-fps`.
//! - *No metres*: `athlete-height` is 0 and the movement has no flight to calibrate from.
//! - *Warning "no pose meta"*: `kinepose` is missing upstream, or an element between drops metas.
//! - *Repetitions of the wrong person*: see `person` of [`kinepose`](crate::kinepose), or `analyse=all`.
//!
//! # Related
//! [`kinepose`](crate::kinepose), [`kineoverlay`](crate::kineoverlay), [`kinejson`](crate::kinejson)
//!
//! Since: 0.1

pub(crate) mod announce;
mod crowd;
mod imp;
mod late;
mod settings;

use gst::glib;
use gst::prelude::*;

pub use late::late_event;
pub use settings::Analyse;

/// A runnable pipeline: thirty frames of test video.
pub const EXAMPLE: &str = "videotestsrc num-buffers=30 ! video/x-raw,width=320,height=240,framerate=30/1 \
     ! kinepose quality=fast ! kinephase movement=cmj athlete-height=1.80 ! fakesink";

glib::wrapper! {
    /// The `kinephase` element.
    pub struct KinePhase(ObjectSubclass<imp::KinePhase>)
        @extends gst_base::BaseTransform, gst::Element, gst::Object;
}

pub(crate) fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    Analyse::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    gst::Element::register(
        Some(plugin),
        "kinephase",
        gst::Rank::NONE,
        KinePhase::static_type(),
    )
}
