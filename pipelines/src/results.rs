//! The result of an analysis, which serialises to the public JSON document.

use kinemotion_models::TrackedPose;
use kinemotion_motion::{Picture, Repetition};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;

/// Name and version of the JSON document.
pub const SCHEMA: &str = "kinemotion.analysis/1";

/// Everything an analysis found. Serialises to the JSON document named by [`SCHEMA`].
#[derive(Clone, Debug, Serialize)]
pub struct Analysis {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// The file.
    pub source: SourceInfo,
    /// What looked at it.
    pub model: ModelInfo,
    /// Completed repetitions in order of completion.
    pub repetitions: Vec<Arc<Repetition>>,
    /// How far the numbers can be trusted.
    pub quality: QualityReport,
    /// What it cost.
    pub timing: Timing,
    /// Poses of every frame, if the specification asked for them. Not part of the document.
    #[serde(skip)]
    pub poses: Vec<FramePoses>,
}

/// The analysed file, as it was found to be rather than as its header says where the two can differ.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SourceInfo {
    /// Path as given.
    pub path: PathBuf,
    /// Container format, e.g. `ISO MP4/M4A`.
    pub container: Option<String>,
    /// Video codec with its profile, e.g. `H.264 (High Profile)`.
    pub codec: Option<String>,
    /// Decoder element that was used.
    pub decoder: Option<String>,
    /// Width in pixels, after rotation.
    pub width: u32,
    /// Height in pixels, after rotation.
    pub height: u32,
    /// Clockwise degrees by which the file asks to turn the stored picture; already applied.
    pub rotation_deg: u32,
    /// Frames per second of the header.
    pub nominal_fps: Option<f64>,
    /// Frames per second by the timestamps.
    pub average_fps: Option<f64>,
    /// Whether the distance between frames changes by more than half.
    pub variable_frame_rate: bool,
    /// Frames per second the camera recorded, if declared; results are in the time of the movement.
    pub capture_fps: Option<f64>,
    /// Length by the header in seconds of media time.
    pub duration_s: Option<f64>,
    /// Frames analysed.
    pub frames: u64,
}

impl SourceInfo {
    /// Where an instant of the movement lies in the file, both in seconds: slow motion plays longer than it took.
    pub fn position_s(&self, time_s: f64) -> f64 {
        match (self.capture_fps, self.nominal_fps) {
            (Some(capture), Some(nominal)) => time_s * capture / nominal,
            _ => time_s,
        }
    }
}

/// What turned frames into poses.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ModelInfo {
    /// Preset: `fast`, `balanced` or `accurate`.
    pub quality: &'static str,
    /// Person detector.
    pub detector: ModelFile,
    /// Landmark model.
    pub landmarker: ModelFile,
}

/// One model file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ModelFile {
    /// Name, e.g. `pose_landmark_full`.
    pub name: String,
    /// SHA-256 of the file as pinned by `models.lock`.
    pub sha256: String,
}

/// How far the numbers can be trusted.
#[derive(Clone, Debug, Default, Serialize)]
pub struct QualityReport {
    /// Frames with a measured pose of somebody whose movement counts.
    pub frames_with_pose: u64,
    /// The same as a share of all frames, 0..1.
    pub pose_share: f64,
    /// Mean visibility of hips, knees, ankles, heels and toes over those frames, 0..1.
    pub mean_visibility: Option<f64>,
    /// Frames whose pose was extrapolated instead of measured.
    pub frames_predicted: u64,
    /// Frames the decoder marked as damaged.
    pub frames_damaged: u64,
    /// Different people whose movement counted in the course of the clip.
    pub persons: usize,
    /// What a reader should know, one sentence each.
    pub warnings: Vec<String>,
}

/// What the analysis cost.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Timing {
    /// Wall time from start to result, seconds.
    pub wall_s: f64,
    /// Processor time of the whole process in that span, seconds; includes other analyses that ran beside this one.
    pub process_cpu_s: f64,
    /// Seconds in inference, waiting for a free worker included.
    pub inference_s: f64,
    /// Seconds of the pose stage outside inference: crop, colour, tracking.
    pub pose_overhead_s: f64,
    /// Runs of the person detector.
    pub detector_runs: u64,
    /// Runs of the landmark model.
    pub landmarker_runs: u64,
    /// Frames analysed per second of wall time.
    pub frames_per_s: f64,
}

/// The people in one frame.
#[derive(Clone, Debug)]
pub struct FramePoses {
    /// Media time of the frame, seconds.
    pub time_s: f64,
    /// Tracked people.
    pub persons: Arc<[TrackedPose]>,
    /// Size of the picture and where the camera looked.
    pub picture: Picture,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_motion_lies_later_in_the_file_than_it_happened() {
        let slow = SourceInfo {
            capture_fps: Some(240.0),
            nominal_fps: Some(30.0),
            ..SourceInfo::default()
        };
        assert!((slow.position_s(0.5) - 4.0).abs() < 1e-12);
        assert_eq!(SourceInfo::default().position_s(0.5), 0.5);
    }
}
