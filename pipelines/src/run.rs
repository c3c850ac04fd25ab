//! Runs one analysis from start to result.

use crate::analysis::AnalysisChain;
use crate::decode::Decode;
use crate::output::{Branch, EventBranch, EventLines, OverlayFile, link_branches};
use crate::results::{Analysis, SCHEMA};
use crate::stopping::Stopping;
use crate::usage::Moment;
use crate::watch::Watch;
use crate::{AnalysisError, AnalysisSpec, Progress, elements, report};
use gst::prelude::*;

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
    Watch::new(&run).play(progress)?;
    run.complete(&start)
}

/// A built pipeline. Dropping it stops it.
pub(crate) struct Run<'a> {
    pub spec: &'a AnalysisSpec,
    pipeline: Stopping,
    pub decode: Decode,
    pub chain: AnalysisChain,
    pub overlay: Option<OverlayFile>,
    pub events: Option<EventBranch>,
}

impl<'a> Run<'a> {
    fn build(spec: &'a AnalysisSpec, lines: Option<EventLines>) -> Result<Self, AnalysisError> {
        let pipeline = Stopping(gst::Pipeline::new());
        let decode = Decode::build(&pipeline.0, spec)?;
        let chain = AnalysisChain::build(&pipeline.0, decode.last(), spec)?;
        let overlay = spec
            .overlay
            .as_ref()
            .map(|target| OverlayFile::build(&pipeline.0, target, spec.overlay_numbers))
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

    /// The pipeline.
    pub fn pipeline(&self) -> &gst::Pipeline {
        &self.pipeline.0
    }

    /// Length by the header, seconds.
    pub fn duration_s(&self) -> Option<f64> {
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
        let timing = report::timing(start, &stats, collected.frames);
        Ok(Analysis {
            schema: SCHEMA,
            source: report::source_info(spec, facts, &collected, duration_s),
            model: report::model_info(spec),
            quality: report::quality_report(&mut collected),
            timing,
            repetitions: collected.repetitions,
            poses: collected.poses,
        })
    }
}
