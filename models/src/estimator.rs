//! One stream's pose estimation.

use crate::{Engine, EngineError, FrameView, Quality};
use kinemotion_motion::Pose;
use std::sync::Arc;

/// Which of the tracked people the numbers are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PersonSelection {
    /// The tallest box, with hysteresis.
    #[default]
    Largest,
    /// Nearest to the picture's centre, with hysteresis.
    NearestCentre,
    /// The one that moves most over the last seconds.
    MostMoving,
    /// This track id.
    Id(u32),
}

/// Settings of a [`PoseEstimator`].
#[derive(Clone, Debug, PartialEq)]
pub struct EstimatorConfig {
    /// Landmark model.
    pub quality: Quality,
    /// People followed at once, 1..=16.
    pub max_persons: usize,
    /// Whose numbers count.
    pub person: PersonSelection,
    /// MediaPipe's landmark smoothing, for display only: it lags and damps fast movement.
    pub smooth: bool,
    /// Detections below this score are ignored.
    pub detection_threshold: f32,
    /// A pose below this presence is none and loses the track.
    pub presence_threshold: f32,
}

impl Default for EstimatorConfig {
    fn default() -> Self {
        Self {
            quality: Quality::Balanced,
            max_persons: 1,
            person: PersonSelection::Largest,
            smooth: false,
            detection_threshold: 0.5,
            presence_threshold: 0.5,
        }
    }
}

/// One person in one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackedPose {
    /// Stable while the person is tracked; never reused within a stream.
    pub id: u32,
    /// The one `PersonSelection` chose.
    pub selected: bool,
    /// Left, top, right, bottom of the visible landmarks, pixels.
    pub bounds: [f32; 4],
    /// Landmarks.
    pub pose: Pose,
}

/// Counters since the stream began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EstimatorStats {
    /// Frames given.
    pub frames: u64,
    /// Frames with at least one measured pose.
    pub with_pose: u64,
    /// Frames predicted instead of measured.
    pub predicted: u64,
    /// Detector runs.
    pub detector_runs: u64,
    /// Landmarker runs.
    pub landmarker_runs: u64,
    /// Results thrown away because a tensor held a value that is not finite.
    pub not_finite: u64,
    /// Seconds spent in inference, waiting included.
    pub inference_s: f64,
    /// Seconds spent in everything else.
    pub overhead_s: f64,
}

/// Why a frame was not analysed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EstimatorError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Follows the people of one stream. Not shared between threads; the [`Engine`] is.
pub struct PoseEstimator {
    _engine: Arc<Engine>,
    _config: EstimatorConfig,
}

impl PoseEstimator {
    /// A fresh estimator. Loads nothing by itself; the engine loads a model on its first use.
    pub fn new(engine: Arc<Engine>, config: EstimatorConfig) -> Self {
        Self { _engine: engine, _config: config }
    }

    /// Measures the people in a frame at media time `t` seconds. Blocks until inference is done.
    pub fn process(&mut self, _frame: &FrameView<'_>, _t: f64) -> Result<&[TrackedPose], EstimatorError> {
        Ok(&[])
    }

    /// Extrapolates to media time `t` without looking at a frame; the poses are marked as predicted.
    pub fn predict(&mut self, _t: f64) -> &[TrackedPose] {
        &[]
    }

    /// Changes settings between frames. A new quality takes effect on the next frame; tracks survive.
    pub fn configure(&mut self, _config: EstimatorConfig) {}

    /// Forgets every track, as after a seek. Ids are not reused.
    pub fn reset(&mut self) {}

    /// Counters since the stream began.
    pub fn stats(&self) -> EstimatorStats {
        EstimatorStats::default()
    }
}
