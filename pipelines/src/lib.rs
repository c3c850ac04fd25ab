//! Typed specifications that become running GStreamer pipelines.
//!
//! ```text
//! source ─► decode ─► analysis (kinepose ! kinephase) ─┬─► overlay video
//!                                                      └─► event stream
//! ```
//!
//! | module | job |
//! |---|---|
//! | `spec` | what to do, as data |
//! | `source` | where frames come from |
//! | `decode`, `upright` | upright frames in system memory, whatever the file holds |
//! | `measuring`, `analysis` | the pose and movement elements, and collecting what they find |
//! | [`live`] | sessions that are on now: WebRTC, cameras, network streams |
//! | `output` | overlay video, event stream, files that appear whole or not at all |
//! | `run`, `watch` | one analysis from start to result |
//! | `report`, `results` | what it found |
//! | `key_frames` | single pictures out of a file |
//! | `elements` | the elements that are needed, and the packages they come in |
//! | `stopping`, `sync`, `usage` | an end on every way out, locks, processor time |
//! | `error` | why there is no result |
//! | `failure` | GStreamer's errors as errors a person can act on |
//!
//! Every queue is bounded and waits when it is full: a file loses nothing and memory does not grow with its length. The
//! decoder, the analysis and each output run on threads of their own.

mod analysis;
mod decode;
pub mod elements;
mod error;
mod failure;
mod key_frames;
pub mod live;
mod measuring;
mod output;
mod report;
mod results;
mod run;
mod source;
mod spec;
mod stopping;
mod sync;
mod upright;
mod usage;
mod watch;

pub use error::AnalysisError;
pub use key_frames::{Crop, KeyFrame, key_frames};
pub use output::{AtomicFile, EventLines};
pub use results::{Analysis, FramePoses, ModelFile, ModelInfo, QualityReport, SCHEMA, SourceInfo, Timing};
pub use run::{analyze_file, analyze_file_with_events};
pub use spec::{AnalysisSpec, Cancellation, People, Progress};
