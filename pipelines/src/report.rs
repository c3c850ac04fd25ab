//! Makes the parts of the result from what was seen on the way.

use crate::AnalysisSpec;
use crate::analysis::{Collected, PoseStats};
use crate::decode::StreamFacts;
use crate::failure::codec_name;
use crate::results::{ModelFile, ModelInfo, QualityReport, SourceInfo, Timing};
use crate::usage::Moment;
use kinemotion_models::store::{Lock, Network};

pub(crate) fn source_info(
    spec: &AnalysisSpec,
    facts: StreamFacts,
    collected: &Collected,
    duration_s: Option<f64>,
) -> SourceInfo {
    SourceInfo {
        path: spec.input.clone(),
        container: facts.container,
        codec: facts.codec.as_ref().map(codec_name),
        decoder: facts.decoder,
        width: collected.width,
        height: collected.height,
        rotation_deg: facts.rotation_deg,
        nominal_fps: facts.nominal_fps,
        average_fps: collected.average_fps(),
        variable_frame_rate: collected.variable_frame_rate(),
        capture_fps: spec.capture_fps,
        duration_s,
        frames: collected.frames,
    }
}

pub(crate) fn quality_report(collected: &mut Collected) -> QualityReport {
    QualityReport {
        frames_with_pose: collected.measured,
        pose_share: collected.measured as f64 / collected.frames.max(1) as f64,
        mean_visibility: collected.mean_visibility(),
        frames_predicted: collected.predicted,
        frames_damaged: collected.damaged,
        persons: collected.persons.len(),
        warnings: std::mem::take(&mut collected.warnings),
    }
}

pub(crate) fn timing(start: &Moment, stats: &PoseStats, frames: u64) -> Timing {
    let wall_s = start.wall_s();
    Timing {
        wall_s,
        process_cpu_s: start.process_cpu_s(),
        inference_s: stats.inference_s,
        pose_overhead_s: stats.overhead_s,
        detector_runs: stats.detector_runs,
        landmarker_runs: stats.landmarker_runs,
        frames_per_s: if wall_s > 0.0 { frames as f64 / wall_s } else { 0.0 },
    }
}

pub(crate) fn model_info(spec: &AnalysisSpec) -> ModelInfo {
    let file = |network: Network| {
        let pinned = Lock::embedded().network(network);
        let name = pinned.onnx.strip_suffix(".onnx").unwrap_or(&pinned.onnx);
        ModelFile {
            name: name.to_owned(),
            sha256: pinned.onnx_sha256.to_string(),
        }
    };
    ModelInfo {
        quality: spec.quality.name(),
        detector: file(Network::Detector),
        landmarker: file(Network::Landmarker(spec.quality)),
    }
}
