//! `kinejson`: poses, phases, repetitions and warnings as newline-delimited JSON.
//!
//! # Example
//! ```text
//! gst-launch-1.0 -q filesrc location=jump.mp4 ! decodebin3 ! videoconvert ! kinepose ! kinephase ! kinejson poses=false \
//!   ! filesink location=jump.ndjson
//! ```
//! [`EXAMPLE`] is a line that needs no file; the tests run it. To keep the picture as well, branch with `tee` and put a
//! `queue` into each branch; live readers connect to `kinejson ! tcpserversink port=5000`.
//!
//! # What it does
//! Buffers with [`PoseMeta`](crate::PoseMeta) or [`MotionMeta`](crate::MotionMeta) come in, whatever their caps and
//! memory; `application/x-ndjson` comes out, one line and one buffer per event, each with the PTS of its frame:
//!
//! `{"type":"pose","timestamp_ms":33.333,"sequence":1,"data":{…}}`
//!
//! | type | when | data |
//! |---|---|---|
//! | `pose` | every frame with a pose meta, if `poses` | `width`, `height`, `persons`: `id`, `selected`, `predicted`, `score`, `bounds` [left, top, right, bottom], `landmarks` 33 × [x, y, z, visibility]; `quality`: `degraded` when less is measured than asked for, as the machine is busy |
//! | `phase`, `metric_update`, `repetition`, `warning` | when `kinephase` knows it | as the motion core defines it |
//! | `analysis_complete` | at the end of the stream | `frames`, `frames_with_pose`, `frames_predicted`, `repetitions`, `duration_s` |
//!
//! Lengths are fractions: `x` and `z` of the picture's width, `y` of its height. `sequence` counts from 0 without gaps
//! and goes on through a seek. `analysis_id` is present when the property is set.
//!
//! # Properties
//! | name | range (default) | when |
//! |---|---|---|
//! | `poses` | write a line for each frame's poses (true) | playing |
//! | `analysis-id` | text for `analysis_id` (unset) | ready |
//!
//! # Tuning window
//! With `poses=true` expect about 1.5 kB per person and frame; `poses=false` leaves a few lines per repetition.
//!
//! # Symptoms
//! - *Only `analysis_complete`*: no `kinepose` upstream, or the metas were lost in an element between.
//! - *Poses but no repetitions*: no `kinephase` between `kinepose` and here.
//! - *A pipeline with `tee` stands still*: a branch lacks its `queue`.
//!
//! # Related
//! [`kinepose`](crate::kinepose), [`kinephase`](crate::kinephase)
//!
//! Since: 0.1

mod imp;
mod lines;

use gst::glib;
use gst::prelude::*;

/// A runnable pipeline: thirty frames of test video.
pub const EXAMPLE: &str = "videotestsrc num-buffers=30 ! video/x-raw,width=320,height=240,framerate=30/1 \
     ! kinepose quality=fast ! kinephase ! kinejson ! fakesink";

glib::wrapper! {
    /// The `kinejson` element.
    pub struct KineJson(ObjectSubclass<imp::KineJson>) @extends gst::Element, gst::Object;
}

pub(crate) fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    gst::Element::register(Some(plugin), "kinejson", gst::Rank::NONE, KineJson::static_type())
}
