//! What is kept of an analysis for whoever has to find out why something went wrong.

use super::Sessions;
use super::analysis::Analysis;
use super::doing::{Counts, Doing, Latency, Source};
use crate::serve::problem::Problem;
use kinemotion_pipelines::live::{EngineInfo, LiveDiagnostics, LiveSession, NoteKind, SessionState};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

/// What is known about how an analysis goes, or went.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Diagnostics {
    /// What comes in.
    source: Source,
    /// Frames and what became of them.
    counts: Counts,
    /// How late events are.
    latency: Latency,
    /// What pose estimation did.
    engine: Engine,
    /// The youngest messages, warnings and changes of state, at most 200, the oldest of them first.
    notes: Vec<Note>,
    /// Notes before them that are gone.
    forgotten: u64,
}

/// What pose estimation did.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Engine {
    /// Looks of the detector, which finds people.
    detector_runs: u64,
    /// Looks of the landmark model, one per person and frame.
    landmarker_runs: u64,
    /// Frames whose pose was predicted because they were late.
    skipped_late: u64,
    /// Seconds in models.
    inference_s: f64,
    /// Seconds beside them.
    overhead_s: f64,
}

/// One thing that happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Note {
    /// When, RFC 3339.
    #[schema(example = "2026-11-25T18:00:00.000Z")]
    at: String,
    /// `state`, `warning`, `error` or `message`.
    #[schema(value_type = String, example = "state")]
    kind: NoteKind,
    /// The element it is about, or `session`.
    from: String,
    /// What is said, without credentials.
    text: String,
}

/// Diagnostics and the graph that goes with them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// What is known.
    pub diagnostics: Diagnostics,
    /// The pipeline when the analysis failed, in Graphviz's language.
    pub graph: Option<String>,
}

impl Diagnostics {
    fn new(doing: Doing, kept: &LiveDiagnostics) -> Self {
        let notes = kept.notes.iter().map(|note| Note {
            at: humantime::format_rfc3339_millis(note.at).to_string(),
            kind: note.kind,
            from: note.from.clone(),
            text: note.text.clone(),
        });
        Self {
            source: doing.source,
            counts: doing.counts,
            latency: doing.latency,
            engine: kept.engine.into(),
            notes: notes.collect(),
            forgotten: kept.forgotten,
        }
    }
}

impl From<EngineInfo> for Engine {
    fn from(engine: EngineInfo) -> Self {
        Self {
            detector_runs: engine.detector_runs,
            landmarker_runs: engine.landmarker_runs,
            skipped_late: engine.skipped_late,
            inference_s: engine.inference_s,
            overhead_s: engine.overhead_s,
        }
    }
}

impl Kept {
    /// Of a session that is still there; waits a moment for the graph of a failure. An analysis can have failed without its
    /// session: then the graph is that of this moment.
    fn of(live: &LiveSession, failed: bool) -> Self {
        let kept = live.diagnostics();
        Self {
            diagnostics: Diagnostics::new(Doing::of(&live.info()), &kept),
            graph: kept.graph.or_else(|| failed.then(|| live.graph())),
        }
    }
}

impl Sessions {
    /// What is known about how an analysis goes, or went.
    ///
    /// # Errors
    /// What was kept cannot be read.
    pub async fn diagnostics(&self, analysis: &Arc<Analysis>) -> Result<Kept, Problem> {
        if let Some(present) = of_live(analysis.clone()).await? {
            return Ok(present);
        }
        let stored = self.0.store.diagnostics(&analysis.id).await?;
        // Nothing was kept of one that the daemon did not survive.
        Ok(stored.unwrap_or_else(|| Kept {
            diagnostics: Diagnostics::new(analysis.doing(), &LiveDiagnostics::default()),
            graph: None,
        }))
    }

    /// The graph of the pipeline: of a failure, or of this moment while it runs.
    ///
    /// # Errors
    /// There is none.
    pub async fn graph(&self, analysis: &Arc<Analysis>) -> Result<String, Problem> {
        let own = analysis.clone();
        let drawn = spawn_blocking(move || own.live().map(|live| live.graph())).await;
        match drawn.map_err(|_| Problem::internal("drawing the graph panicked"))? {
            Some(graph) => Ok(graph),
            None => {
                let kept = self.diagnostics(analysis).await?.graph;
                kept.ok_or_else(|| Problem::not_found("a graph is kept of analyses that failed only"))
            }
        }
    }

    /// Keeps what is known about an analysis that has ended, while its session is still there.
    pub(super) async fn keep_diagnostics(&self, analysis: &Arc<Analysis>) {
        let kept = match of_live(analysis.clone()).await {
            Ok(Some(kept)) => kept,
            Ok(None) => return,
            Err(problem) => {
                tracing::error!(
                    event = "diagnostics_not_kept",
                    analysis = analysis.id,
                    problem = problem.detail,
                    "no diagnostics are kept"
                );
                return;
            }
        };
        if let Err(error) = self.0.store.keep_diagnostics(&analysis.id, &kept).await {
            tracing::error!(event = "diagnostics_not_kept", analysis = analysis.id, %error, "diagnostics cannot be stored");
        }
    }
}

/// Of a session that is still there. It asks the session, which blocks.
async fn of_live(analysis: Arc<Analysis>) -> Result<Option<Kept>, Problem> {
    let failed = analysis.state() == SessionState::Failed;
    let looked = spawn_blocking(move || analysis.live().map(|live| Kept::of(&live, failed)));
    looked
        .await
        .map_err(|_| Problem::internal("looking at the session panicked"))
}
