//! Pose models: what they are, where they come from, and how they turn a frame into poses.
//!
//! - [`store`]: `models.lock`, pinned downloads, conversion from TFLite to ONNX, the cache directory.
//! - [`FrameView`]: a borrowed picture in the layout the decoder made.
//! - [`Engine`]: the process-wide pool of inference workers, each owning its ONNX Runtime sessions.
//! - [`PoseEstimator`]: one per stream; detector → region → landmarker → tracking, one or several people.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod background;
pub mod convert;
mod crop;
mod detector;
mod engine;
mod estimator;
mod frame;
mod landmarks;
mod one_euro;
mod region;
mod shirt;
pub mod store;
mod tracking;

pub use detector::Detection;
pub use engine::{
    BareLoop, Engine, EngineConfig, EngineError, EngineStats, ExecutionProvider, NetworkStats, Outputs,
    Provider, Runner, bare_loop,
};
pub use estimator::{
    EstimatorConfig, EstimatorError, EstimatorStats, PersonSelection, PoseEstimator, TrackedPose,
};
pub use frame::{ColorMatrix, ColorRange, FrameError, FrameView, PixelFormat, Plane};
pub use landmarks::LandmarkTensors;
pub use region::Region;

use serde::{Deserialize, Serialize};

/// Quality preset: which landmark model runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// BlazePose lite.
    Fast,
    /// BlazePose full.
    #[default]
    Balanced,
    /// BlazePose heavy.
    Accurate,
}

impl Quality {
    /// From the lightest to the most exact.
    pub const ALL: [Self; 3] = [Self::Fast, Self::Balanced, Self::Accurate];

    /// The name used in the CLI, properties and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Quality::Fast => "fast",
            Quality::Balanced => "balanced",
            Quality::Accurate => "accurate",
        }
    }
}
