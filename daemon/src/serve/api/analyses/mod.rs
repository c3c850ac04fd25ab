//! Making, listing, looking at, changing and ending analyses.

mod view;

pub use view::{AnalysisList, AnalysisSummary, AnalysisView};

use super::links::Links;
use super::model::{ChangeAnalysis, CreateAnalysis, movement};
use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::extract::{Json, Query};
use crate::serve::problem::Problem;
use crate::serve::sessions::states;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Make an analysis
///
/// With `"input": {"streaming": true}` it waits for a publisher at `whip_url`; the other inputs start at once.
#[utoipa::path(
    post, path = "/api/v1/analyses", tag = "analyses", request_body = CreateAnalysis,
    responses(
        (status = 201, description = "Made; `Location` is its address", body = AnalysisView),
        (status = 503, description = "All places are taken; `Retry-After` says when to try again", body = Problem,
         content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    headers: HeaderMap,
    Json(request): Json<CreateAnalysis>,
) -> Result<Response, Problem> {
    principal.may(Scope::WriteAnalyses)?;
    let analysis = app.sessions.create(request, &principal).await?;
    let location = format!("/api/v1/analyses/{}", analysis.id);
    let view = view(analysis, headers).await?;
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        axum::Json(view),
    )
        .into_response())
}

/// What of the list is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only analyses in this state.
    #[param(example = "live")]
    state: Option<String>,
    /// At most so many, 1 to 1000.
    #[serde(default = "hundred")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: usize,
}

fn hundred() -> usize {
    100
}

/// List analyses
///
/// Running and ended ones, the youngest first.
#[utoipa::path(
    get, path = "/api/v1/analyses", tag = "analyses", params(ListQuery),
    responses((status = 200, description = "The list", body = AnalysisList))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<AnalysisList>, Problem> {
    principal.may(Scope::ReadAnalyses)?;
    if !(1..=1000).contains(&query.limit) {
        return Err(Problem::invalid("give 1 to 1000").field("limit"));
    }
    let wanted = query
        .state
        .map(|name| states::named(&name).ok_or_else(|| Problem::invalid("no such state").field("state")))
        .transpose()?;
    let analyses = app.sessions.all().into_iter();
    let analyses = analyses.filter(|analysis| principal.sees(&analysis.order.tenant));
    let listed = analyses.filter(|analysis| wanted.is_none_or(|state| analysis.state() == state));
    Ok(axum::Json(AnalysisList {
        analyses: listed
            .take(query.limit)
            .map(|analysis| AnalysisSummary::of(&analysis))
            .collect(),
    }))
}

/// Look at an analysis
///
/// State, source, counts, latency and every repetition so far.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}", tag = "analyses", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The analysis", body = AnalysisView))
)]
pub async fn show(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<axum::Json<AnalysisView>, Problem> {
    view(
        app.sessions.find(&id, &principal, Scope::ReadAnalyses).await?,
        headers,
    )
    .await
    .map(axum::Json)
}

/// Change a running analysis
///
/// Look for another movement from now on, or draw on the video that leaves, or not.
#[utoipa::path(
    patch, path = "/api/v1/analyses/{id}", tag = "analyses", params(("id" = String, Path, description = "`analysis_id`")),
    request_body = ChangeAnalysis, responses((status = 200, description = "Changed", body = AnalysisView))
)]
pub async fn change(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(change): Json<ChangeAnalysis>,
) -> Result<axum::Json<AnalysisView>, Problem> {
    let analysis = app.sessions.find(&id, &principal, Scope::WriteAnalyses).await?;
    let choice = change.sport_type.as_deref().map(movement).transpose()?;
    let overlay = change.overlay;
    app.sessions
        .with_live(&analysis, move |live| {
            choice
                .into_iter()
                .for_each(|movement| live.set_movement(movement));
            overlay.into_iter().for_each(|on| live.set_overlay(on));
            Ok(())
        })
        .await?;
    if let Some(sport_type) = change.sport_type {
        analysis.set_sport_type(sport_type);
    }
    view(analysis, headers).await.map(axum::Json)
}

/// End an analysis
///
/// A running one completes what is under way and keeps its results. One that has ended is removed with its files.
#[utoipa::path(
    delete, path = "/api/v1/analyses/{id}", tag = "analyses", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 204, description = "Asked to end, or removed"))
)]
pub async fn end(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let analysis = app.sessions.find(&id, &principal, Scope::WriteAnalyses).await?;
    app.sessions.end(&analysis, "ended by DELETE").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The analysis as it is now; asks its session, which may take a moment.
async fn view(
    analysis: Arc<crate::serve::sessions::Analysis>,
    headers: HeaderMap,
) -> Result<AnalysisView, Problem> {
    let looked = spawn_blocking(move || {
        let links = Links::new(&analysis.id, &analysis.order, &headers);
        AnalysisView::of(&analysis, links)
    });
    looked
        .await
        .map_err(|_| Problem::internal("looking at the analysis panicked"))
}
