//! What is known about how an analysis goes, for whoever has to find out why something went wrong.

use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::problem::Problem;
use crate::serve::sessions::{Diagnostics, states};
use axum::extract::{Extension, Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Media type of graphs in Graphviz's language.
const GRAPHVIZ: &str = "text/vnd.graphviz";

/// How an analysis goes, or went.
#[derive(Serialize, ToSchema)]
pub struct DiagnosticsView {
    /// The analysis.
    #[schema(example = "0199d4c0-7f00-7000-8000-000000000001")]
    analysis_id: String,
    /// `waiting`, `connecting`, `live`, `stalled`, `finishing`, `done` or `failed`.
    #[schema(example = "failed")]
    state: &'static str,
    /// Why it is in this state, where there is something to say.
    reason: Option<String>,
    /// Whether a graph of the pipeline was taken, because it failed.
    graph: bool,
    #[serde(flatten)]
    diagnostics: Diagnostics,
}

/// Find out why something went wrong
///
/// Figures and the recent messages, warnings and changes of state of its pipeline. Kept until the analysis is removed.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/diagnostics", tag = "analyses", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The diagnostics", body = DiagnosticsView))
)]
pub async fn diagnostics(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<axum::Json<DiagnosticsView>, Problem> {
    let analysis = app.sessions.find(&id, &principal, Scope::ReadAnalyses).await?;
    let kept = app.sessions.diagnostics(&analysis).await?;
    let record = analysis.record();
    Ok(axum::Json(DiagnosticsView {
        analysis_id: id,
        state: states::name(record.state),
        reason: record.reason,
        graph: kept.graph.is_some(),
        diagnostics: kept.diagnostics,
    }))
}

/// The graph of the pipeline
///
/// In Graphviz's language: that of the failure, or of this moment while it runs. Addresses, names and keys are left out.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/diagnostics/pipeline.dot", tag = "analyses",
    params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The graph", body = String, content_type = "text/vnd.graphviz"))
)]
pub async fn graph(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let analysis = app.sessions.find(&id, &principal, Scope::ReadAnalyses).await?;
    let graph = app.sessions.graph(&analysis).await?;
    let headers = [
        (header::CONTENT_TYPE, GRAPHVIZ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, graph).into_response())
}
