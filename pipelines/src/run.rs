//! Runs one analysis from start to result.

use crate::analysis::{AnalysisChain, Collected, PoseStats};
use crate::decode::{Decode, NO_VIDEO_MESSAGE, StreamFacts};
use crate::failure::{self, Culprit};
use crate::output::{Branch, EventBranch, EventLines, OverlayFile, link_branches};
use crate::results::{Analysis, ModelFile, ModelInfo, QualityReport, SCHEMA, SourceInfo, Timing};
use crate::usage::Moment;
use crate::{AnalysisError, AnalysisSpec, Progress, elements};
use gst::prelude::*;
use kinemotion_models::store::{Lock, Network};
use std::time::{Duration, Instant};

/// How often progress is reported and a request to stop is noticed while nothing else happens.
const LOOK_AROUND: gst::ClockTime = gst::ClockTime::from_mseconds(100);
/// A file that gives no frame for this long never will.
const LONGEST_SILENCE: Duration = Duration::from_secs(120);

/// Analyses a file. Blocks until the result is there; `progress` is called about ten times a second.
pub fn analyze_file(
    spec: &AnalysisSpec,
    progress: &mut dyn FnMut(Progress),
) -> Result<Analysis, AnalysisError> {
    analyze(spec, None, progress)
}

/// Like [`analyze_file`], and hands the event stream to `lines` while the analysis runs.
pub fn analyze_file_with_events(
    spec: &AnalysisSpec,
    lines: EventLines,
    progress: &mut dyn FnMut(Progress),
) -> Result<Analysis, AnalysisError> {
    analyze(spec, Some(lines), progress)
}

fn analyze(
    spec: &AnalysisSpec,
    lines: Option<EventLines>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Analysis, AnalysisError> {
    let start = Moment::now();
    elements::init()?;
    crate::source::check(&spec.input)?;
    let run = Run::build(spec, lines)?;
    run.play(progress)?;
    run.complete(&start)
}

/// A built pipeline. Dropping it stops it.
struct Run<'a> {
    spec: &'a AnalysisSpec,
    pipeline: Stopping,
    decode: Decode,
    chain: AnalysisChain,
    overlay: Option<OverlayFile>,
    events: Option<EventBranch>,
}

/// Stops the pipeline on every way out.
struct Stopping(gst::Pipeline);

impl Drop for Stopping {
    fn drop(&mut self) {
        // Going to NULL cannot fail in a way that anybody could act on.
        let _ = self.0.set_state(gst::State::Null);
    }
}

impl<'a> Run<'a> {
    fn build(spec: &'a AnalysisSpec, lines: Option<EventLines>) -> Result<Self, AnalysisError> {
        let pipeline = Stopping(gst::Pipeline::new());
        let decode = Decode::build(&pipeline.0, spec)?;
        let chain = AnalysisChain::build(&pipeline.0, decode.last(), spec)?;
        let overlay = spec
            .overlay
            .as_ref()
            .map(|target| OverlayFile::build(&pipeline.0, target))
            .transpose()?;
        let events = lines
            .map(|lines| EventBranch::build(&pipeline.0, spec.analysis_id.as_deref(), lines))
            .transpose()?;
        let branches: Vec<&Branch> = overlay
            .iter()
            .map(|o| &o.branch)
            .chain(events.iter().map(|e| &e.branch))
            .collect();
        link_branches(&pipeline.0, &chain.phase, &branches)?;
        Ok(Self {
            spec,
            pipeline,
            decode,
            chain,
            overlay,
            events,
        })
    }

    /// Plays to the end, or to the first failure that leaves nothing to analyse.
    fn play(&self, progress: &mut dyn FnMut(Progress)) -> Result<(), AnalysisError> {
        let pipeline = &self.pipeline.0;
        let bus = pipeline.bus().expect("a pipeline has a bus");
        // A failed start is explained by an error message, which the loop reads.
        let started = pipeline.set_state(gst::State::Playing).is_ok();
        let mut missing_codecs = Vec::new();
        let mut salvaging = false;
        let mut last_frame = (0, Instant::now());
        loop {
            if self.spec.cancellation.is_cancelled() {
                return Err(AnalysisError::Cancelled);
            }
            let message = bus.timed_pop(if started {
                LOOK_AROUND
            } else {
                gst::ClockTime::ZERO
            });
            let Some(message) = message else {
                if !started {
                    return Err(AnalysisError::Pipeline {
                        element: "pipeline".into(),
                        reason: "it does not start".into(),
                    });
                }
                self.report(progress);
                self.check_alive(&mut last_frame)?;
                continue;
            };
            match message.view() {
                gst::MessageView::Eos(_) => break,
                gst::MessageView::Error(error) if !salvaging => {
                    let failure = self.explain(error, &missing_codecs);
                    if !self.is_salvageable(&failure) {
                        return Err(failure);
                    }
                    self.chain
                        .collected()
                        .warn(format!("{failure}; analysed what could be read before that"));
                    salvaging = true;
                    self.decode.end_stream();
                }
                gst::MessageView::Warning(warning) => {
                    self.chain.collected().warn(warning.error().message().to_owned());
                }
                gst::MessageView::Application(application)
                    if application
                        .structure()
                        .is_some_and(|s| s.name() == NO_VIDEO_MESSAGE) =>
                {
                    return Err(failure::without_video(&self.spec.input, &missing_codecs));
                }
                gst::MessageView::Element(element) => {
                    missing_codecs.extend(failure::missing_codec(element));
                }
                _ => {}
            }
        }
        self.report(progress);
        Ok(())
    }

    /// Whether frames were analysed before the input broke.
    fn is_salvageable(&self, failure: &AnalysisError) -> bool {
        failure.is_input() && self.chain.collected().frames > 0
    }

    fn check_alive(&self, last_frame: &mut (u64, Instant)) -> Result<(), AnalysisError> {
        let collected = self.chain.collected();
        if collected.frames != last_frame.0 || collected.ended {
            *last_frame = (collected.frames, Instant::now());
        }
        if last_frame.1.elapsed() < LONGEST_SILENCE {
            return Ok(());
        }
        Err(AnalysisError::Stalled {
            path: self.spec.input.clone(),
            position_s: collected.last_s,
        })
    }

    fn explain(
        &self,
        error: &gst::message::Error,
        missing_codecs: &[failure::MissingCodec],
    ) -> AnalysisError {
        if let Some(failure) = self.events.as_ref().and_then(|events| events.failure.take()) {
            return AnalysisError::EventStream {
                kind: failure.kind(),
                reason: failure.to_string(),
            };
        }
        let culprit = match (error.src(), &self.overlay) {
            (Some(source), _) if self.chain.contains(source) => Culprit::Analysis,
            (Some(source), Some(overlay)) if overlay.branch.contains(source) => {
                Culprit::Output(overlay.target())
            }
            _ => Culprit::Input(&self.spec.input),
        };
        failure::explain(&culprit, error, missing_codecs)
    }

    fn report(&self, progress: &mut dyn FnMut(Progress)) {
        let (position_s, frames) = {
            let collected = self.chain.collected();
            (collected.last_s, collected.frames)
        };
        progress(Progress {
            position_s,
            duration_s: self.duration_s(),
            frames,
        });
    }

    fn duration_s(&self) -> Option<f64> {
        let duration = self.pipeline.0.query_duration::<gst::ClockTime>()?;
        Some(duration.nseconds() as f64 / gst::ClockTime::SECOND.nseconds() as f64)
    }

    /// Stops the pipeline, gives files their names and makes the result.
    fn complete(self, start: &Moment) -> Result<Analysis, AnalysisError> {
        let duration_s = self.duration_s();
        let stats = self.chain.pose_stats();
        let facts = self.decode.facts();
        let Self {
            spec,
            pipeline,
            chain,
            overlay,
            ..
        } = self;
        drop(pipeline);
        let mut collected = std::mem::take(&mut *chain.collected());
        if collected.frames == 0 {
            let reason = "it has a video stream but not one readable frame".into();
            return Err(AnalysisError::Damaged {
                path: spec.input.clone(),
                reason,
            });
        }
        if let Some(overlay) = overlay {
            overlay.commit()?;
        }
        collected.judge(duration_s);
        let timing = timing(start, &stats, collected.frames);
        Ok(Analysis {
            schema: SCHEMA,
            source: source_info(spec, facts, &collected, duration_s),
            model: model_info(spec),
            quality: quality_report(&mut collected),
            timing,
            repetitions: collected.repetitions,
            poses: collected.poses,
        })
    }
}

fn source_info(
    spec: &AnalysisSpec,
    facts: StreamFacts,
    collected: &Collected,
    duration_s: Option<f64>,
) -> SourceInfo {
    SourceInfo {
        path: spec.input.clone(),
        container: facts.container,
        codec: facts.codec.as_ref().map(failure::codec_name),
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

fn quality_report(collected: &mut Collected) -> QualityReport {
    QualityReport {
        frames_with_pose: collected.measured,
        pose_share: collected.measured as f64 / collected.frames.max(1) as f64,
        mean_visibility: collected.mean_visibility(),
        frames_predicted: collected.predicted,
        frames_damaged: collected.damaged,
        persons_selected: collected.persons.len(),
        warnings: std::mem::take(&mut collected.warnings),
    }
}

fn timing(start: &Moment, stats: &PoseStats, frames: u64) -> Timing {
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

fn model_info(spec: &AnalysisSpec) -> ModelInfo {
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
