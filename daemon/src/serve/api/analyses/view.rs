//! Analyses as clients see them.

use crate::serve::api::links::Links;
use crate::serve::api::model::{AthleteInfo, Camera, Quality};
use crate::serve::sessions::{Analysis, Counts, FILE, Latency, OutputState, ServiceView, Source, states};
use crate::serve::store::Listed;
use kinemotion_pipelines::live::SessionState;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// An analysis, running or ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnalysisView {
    #[serde(flatten)]
    summary: AnalysisSummary,
    /// Landmark model.
    quality: Quality,
    /// What is known about the athlete.
    athlete: AthleteInfo,
    /// How the camera stands.
    camera: Camera,
    /// Height of the box of drop jumps, metres.
    box_height_m: Option<f64>,
    /// What comes in.
    source: Source,
    /// Address or device of the source, without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// Frames and what became of them.
    counts: Counts,
    /// How late events are.
    latency: Latency,
    /// What it gets of the machine; absent when it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<ServiceView>,
    /// Who watches by WHEP.
    viewers: usize,
    /// Where the video is sent.
    outputs: Vec<OutputState>,
    /// Number the next event gets.
    next_sequence: u64,
    /// Repetitions so far, each like the `data` of its `repetition` event.
    #[schema(value_type = Vec<Object>)]
    results: Vec<Box<RawValue>>,
    /// Name of the webhook that was ordered with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_id: Option<String>,
    /// What signs what that webhook is told; only in the answer to the order. See standardwebhooks.com for how signatures are checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    pub webhook_secret: Option<String>,
    #[serde(flatten)]
    links: Links,
}

/// The most important about an analysis.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnalysisSummary {
    /// Its name.
    #[schema(example = "0199d4c0-7f00-7000-8000-000000000001")]
    analysis_id: String,
    /// `queued`, `running`, `completed` or `failed`.
    #[schema(example = "running")]
    status: &'static str,
    /// `waiting`, `connecting`, `live`, `stalled`, `finishing`, `done` or `failed`.
    #[schema(example = "live")]
    state: &'static str,
    /// Why it is in this state, where there is something to say.
    reason: Option<String>,
    /// Of a file, how much is done, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1, example = 0.42)]
    progress: Option<f64>,
    /// Movement looked for, or `auto`.
    #[schema(example = "cmj")]
    sport_type: String,
    /// When it was made, RFC 3339.
    #[schema(example = "2026-11-25T18:00:00.000Z")]
    created_at: String,
    /// Repetitions so far.
    repetitions: usize,
}

/// Analyses, the youngest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnalysisList {
    /// The analyses.
    pub analyses: Vec<AnalysisSummary>,
    /// `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl AnalysisSummary {
    /// As it is now.
    pub fn of(analysis: &Analysis) -> Self {
        let record = analysis.record();
        Self {
            analysis_id: analysis.id.clone(),
            status: status(record.state),
            state: states::name(record.state),
            repetitions: record.count(),
            progress: analysis.progress(),
            reason: record.reason,
            sport_type: record.sport_type,
            created_at: analysis.order.created_at.clone(),
        }
    }

    /// As it was stored; `None` when its state is one of another version.
    pub fn stored(listed: Listed) -> Option<Self> {
        let state = states::named(&listed.state)?;
        Some(Self {
            analysis_id: listed.id,
            status: status(state),
            state: states::name(state),
            reason: listed.reason,
            // Nobody is at one that is not in memory.
            progress: (listed.kind == FILE).then_some(if state == SessionState::Done { 1.0 } else { 0.0 }),
            sport_type: listed.sport,
            created_at: listed.created_at,
            repetitions: usize::try_from(listed.repetitions).unwrap_or_default(),
        })
    }
}

impl AnalysisView {
    /// As it is now.
    pub fn of(analysis: &Analysis, links: Links) -> Self {
        let doing = analysis.doing();
        let order = &analysis.order;
        Self {
            summary: AnalysisSummary::of(analysis),
            quality: order.quality,
            athlete: order.athlete,
            camera: order.camera,
            box_height_m: order.box_height_m,
            source: doing.source,
            address: order.address.clone(),
            counts: doing.counts,
            latency: doing.latency,
            service: doing.service,
            viewers: doing.viewers,
            outputs: doing.outputs,
            next_sequence: analysis.hub.next_sequence(),
            results: analysis.record().results(),
            webhook_id: order.webhook.as_ref().map(|webhook| webhook.id.clone()),
            webhook_secret: None,
            links,
        }
    }
}

/// The state in the words for analyses of every kind.
pub fn status(state: SessionState) -> &'static str {
    match state {
        SessionState::Waiting => "queued",
        SessionState::Connecting | SessionState::Live | SessionState::Stalled | SessionState::Finishing => {
            "running"
        }
        SessionState::Done => "completed",
        SessionState::Failed => "failed",
    }
}
