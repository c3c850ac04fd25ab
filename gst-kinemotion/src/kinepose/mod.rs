//! `kinepose`: finds people in video and attaches their body landmarks.
//!
//! # Example
//! ```text
//! gst-launch-1.0 filesrc location=jump.mp4 ! decodebin3 ! videoconvert ! kinepose quality=balanced ! kinejson ! fdsink
//! ```
//! [`EXAMPLE`] is a line that needs no file; the tests run it.
//!
//! # What it does
//! Each frame is read where it lies (I420, NV12, RGBx, BGRx, RGB; RGBA and BGRA with alpha ignored), measured by the
//! process-wide inference engine, and passed on untouched with a [`PoseMeta`](crate::PoseMeta) and, for other
//! languages, a [`KinemotionMeta`](crate::meta::custom). The frame is never converted or copied. A frame in which
//! nobody is seen carries an empty `PoseMeta`; a frame without a PTS carries none and raises one warning.
//!
//! A change of picture size in mid-stream keeps the ids of people who stay where they are.
//!
//! Landmarks are square pixels: stored columns are multiplied by the pixel aspect ratio.
//!
//! Each frame also tells how far the background has moved since the stream began, so that a camera that is not on a tripod
//! is noticed and a small pan taken out of the movement.
//!
//! # Properties
//! | name | range (default) | when |
//! |---|---|---|
//! | `quality` | fast, balanced, accurate (balanced) | playing |
//! | `max-persons` | 1–16 people (1) | playing |
//! | `person` | largest, nearest-centre, most-moving, id=N (largest) | playing |
//! | `smooth` | true, false (false) | playing |
//! | `detection-threshold` | 0–1 (0.5) | playing |
//! | `presence-threshold` | 0–1 (0.5) | playing |
//! | `pose-rate` | 0–1000 per second of media time, 0 = every frame (0) | playing |
//! | `pose-rate-limit` | 0–1000 per second of media time, 0 = no limit (0) | playing |
//! | `quality-limit` | fast, balanced, accurate (accurate) | playing |
//! | `capture-fps` | 0–10000 frames/s, 0 = as stamped (0) | ready |
//! | `skip-late` | true, false (true) | playing |
//! | `latency` | 0–5000 ms (30) | playing |
//! | `workers`, `threads` | 0–256, 0 = automatic (0) | ready |
//! | `providers` | list of cpu, cuda, tensorrt, openvino, coreml; or stub (cpu) | ready |
//! | `batch-delay` | 0–1000 ms (0) | ready |
//! | `nice` | -20–19 (0) | ready |
//! | `live-on-workers` | true, false (false) | ready |
//! | `runtime`, `models` | path (unset = search) | ready |
//! | `stats` | structure, read only | – |
//!
//! With `capture-fps` people are followed at the speed of their movement instead of that of the playback; poses keep their
//! media time. Give `kinephase` the same.
//!
//! `qos` is the base class's: it drops whole frames when a sink is late. Leave it off; `skip-late` only saves inference.
//!
//! `stats` holds `frames`, `with-pose`, `predicted`, `skipped-late`, `without-timestamp`, `unreadable`,
//! `detector-runs`, `landmarker-runs`, `not-finite`, `given-up` (guint64) and `inference-seconds`, `overhead-seconds` (gdouble).
//!
//! `pose-rate-limit` and `quality-limit` are for whoever shares a machine out: they take away from `pose-rate` and `quality`
//! without changing what is asked for. While they do, and whenever a frame is not measured for lack of time, poses are marked
//! as degraded (`quality.degraded` in events), and so is every repetition that was under way.
//!
//! # Inference
//! All elements with the same settings from `workers` to `models` share one engine. `providers` says what runs the networks, in
//! the order of preference: `cuda,cpu` takes the graphics processor if the ONNX Runtime in use has CUDA and it opens the
//! networks, else the processor. Whatever is passed over, and parts of a network that a provider leaves to the CPU, are told in a
//! warning message when the element starts; without `cpu` in the list a machine on which nothing of it works is an error.
//! `stub` is for load tests: everybody always stands in the middle of the picture, and a warning says that no number is real.
//!
//! Where a provider takes several frames at once (`cuda`, `tensorrt`), the frames of different streams that wait for a worker are
//! run together, those with the least time left first. `batch-delay` lets frames wait for others for so long, though never longer
//! than half of what `latency` permits.
//!
//! With `live-on-workers` and a `nice` value above 0 decoding comes before inference when there are too few cores for both.
//!
//! # Tuning window
//! Start with `quality=balanced`. For jumps use at least 60 frames per second and `pose-rate=0`: timing precision is the
//! frame interval. On a slow machine lower `quality` before `pose-rate`. `latency` should exceed the time of one
//! inference, which `stats` tells; it is added to the pipeline's latency once, and a backlog larger than it makes
//! frames be predicted.
//!
//! # Symptoms
//! - *No pose at all*: the person is smaller than about a sixth of the picture: lower `detection-threshold`, move closer.
//! - *Poses jump between people*: set `max-persons` to the number of people and choose with `person`.
//! - *Many predicted poses*: `skipped-late` in `stats` grows: lower `quality`, or raise `latency`.
//! - *Warning "passed over"*: the provider is not part of the ONNX Runtime in use, or its driver is missing: `kinemotion doctor`.
//! - *Error "ONNX Runtime"* or *"model"*: the message says what to install; `kinemotion doctor` checks everything.
//! - *Skeleton mirrored or lying*: put `videoflip` before this element, not behind it.
//!
//! # Related
//! [`kinephase`](crate::kinephase), [`kineoverlay`](crate::kineoverlay), [`kinejson`](crate::kinejson)
//!
//! Since: 0.1

mod identity;
mod imp;
mod pacing;
mod settings;
mod stream;

use gst::glib;
use gst::prelude::*;

pub use settings::PoseQuality;

/// A runnable pipeline: thirty frames of test video.
pub const EXAMPLE: &str = "videotestsrc num-buffers=30 ! video/x-raw,width=320,height=240,framerate=30/1 \
     ! kinepose quality=fast ! fakesink";

glib::wrapper! {
    /// The `kinepose` element.
    pub struct KinePose(ObjectSubclass<imp::KinePose>)
        @extends gst_base::BaseTransform, gst::Element, gst::Object;
}

pub(crate) fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    PoseQuality::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    gst::Element::register(Some(plugin), "kinepose", gst::Rank::NONE, KinePose::static_type())
}
