//! Training sessions: repetitions that belong together because they were done together.

use super::athletes::find as find_athlete;
use super::history::instant;
use super::moment;
use super::page::{self, hundred, split};
use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::extract::{Json, Query};
use crate::serve::history::Cursor;
use crate::serve::problem::Problem;
use crate::serve::store::{TrainingSession, now_ms};
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest name.
const NAME_BYTES: usize = 200;

/// What is known about a training session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Tuesday, jumps", "athlete": "roster-17", "at": "2026-11-24T17:00:00Z" }))]
pub struct TrainingSessionData {
    /// For people.
    #[schema(example = "Tuesday, jumps", max_length = 200)]
    name: String,
    /// `athlete_id` or `external_id` of the athlete who trains; absent for a team.
    #[schema(example = "roster-17")]
    athlete: Option<String>,
    /// When it is, RFC 3339; now when absent.
    #[schema(example = "2026-11-24T17:00:00Z")]
    at: Option<String>,
}

/// A training session.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrainingSessionView {
    /// Its name in addresses, and as `training_session_id` of analyses.
    #[schema(example = "0199d4c0-7f00-7000-8000-000000000002")]
    training_session_id: String,
    /// For people.
    #[schema(example = "Tuesday, jumps")]
    name: String,
    /// The athlete who trains.
    athlete_id: Option<String>,
    /// When it is, RFC 3339.
    #[schema(example = "2026-11-24T17:00:00.000Z")]
    at: String,
}

/// A page of training sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrainingSessionList {
    /// The sessions, the youngest first.
    training_sessions: Vec<TrainingSessionView>,
    /// `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Which training sessions are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrainingSessionQuery {
    /// Only of this athlete: `athlete_id` or `external_id`.
    #[param(example = "roster-17")]
    athlete: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// At most so many, 1 to 1000.
    #[serde(default = "hundred")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u32,
}

/// Enter a training session
///
/// Analyses that name it as `training_session_id` belong to it, with their repetitions.
#[utoipa::path(
    post, path = "/api/v1/training-sessions", tag = "history", operation_id = "create_training_session",
    request_body = TrainingSessionData,
    responses((status = 201, description = "Entered", body = TrainingSessionView))
)]
pub async fn create(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(data): Json<TrainingSessionData>,
) -> Result<(StatusCode, axum::Json<TrainingSessionView>), Problem> {
    principal.may(Scope::WriteHistory)?;
    let id = uuid::Uuid::now_v7().to_string();
    let session = data.session(&app, &principal, id, now_ms()).await?;
    app.sessions.store().training_sessions().add(&session).await?;
    Ok((StatusCode::CREATED, axum::Json(TrainingSessionView::of(session))))
}

/// List training sessions
#[utoipa::path(
    get, path = "/api/v1/training-sessions", tag = "history", operation_id = "list_training_sessions",
    params(TrainingSessionQuery),
    responses((status = 200, description = "A page of training sessions", body = TrainingSessionList))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<TrainingSessionQuery>,
) -> Result<axum::Json<TrainingSessionList>, Problem> {
    principal.may(Scope::ReadHistory)?;
    let (behind, limit) = page::read(query.cursor.as_deref(), query.limit)?;
    let athlete = whose(&app, &principal, query.athlete.as_deref()).await?;
    let sessions = app.sessions.store().training_sessions();
    let found = sessions
        .list(&principal.tenant, athlete.as_deref(), behind.as_ref(), limit + 1)
        .await;
    let (found, next_cursor) = split(found?, limit, |last| Cursor {
        at: last.at,
        id: last.id.clone(),
    });
    Ok(axum::Json(TrainingSessionList {
        training_sessions: found.into_iter().map(TrainingSessionView::of).collect(),
        next_cursor,
    }))
}

/// Look at a training session
#[utoipa::path(
    get, path = "/api/v1/training-sessions/{id}", tag = "history", operation_id = "show_training_session",
    params(("id" = String, Path, description = "`training_session_id`")),
    responses((status = 200, description = "The training session", body = TrainingSessionView))
)]
pub async fn show(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<axum::Json<TrainingSessionView>, Problem> {
    principal.may(Scope::ReadHistory)?;
    find(&app, &principal, &id)
        .await
        .map(TrainingSessionView::of)
        .map(axum::Json)
}

/// Change a training session
///
/// What was measured in it stays whose it is. Without `at` it is when it was.
#[utoipa::path(
    put, path = "/api/v1/training-sessions/{id}", tag = "history", operation_id = "change_training_session",
    params(("id" = String, Path, description = "`training_session_id`")),
    request_body = TrainingSessionData,
    responses((status = 200, description = "Changed", body = TrainingSessionView))
)]
pub async fn change(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Json(data): Json<TrainingSessionData>,
) -> Result<axum::Json<TrainingSessionView>, Problem> {
    principal.may(Scope::WriteHistory)?;
    let before = find(&app, &principal, &id).await?;
    let session = data.session(&app, &principal, before.id, before.at).await?;
    if !app.sessions.store().training_sessions().change(&session).await? {
        return Err(none());
    }
    Ok(axum::Json(TrainingSessionView::of(session)))
}

/// Remove a training session
///
/// What was measured in it stays, and belongs to none.
#[utoipa::path(
    delete, path = "/api/v1/training-sessions/{id}", tag = "history", operation_id = "remove_training_session",
    params(("id" = String, Path, description = "`training_session_id`")),
    responses((status = 204, description = "Removed"))
)]
pub async fn remove(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    principal.may(Scope::WriteHistory)?;
    if app
        .sessions
        .store()
        .training_sessions()
        .remove(&principal.tenant, &id)
        .await?
    {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(none())
}

/// The training session of this name.
///
/// # Errors
/// There is none.
pub async fn find(app: &App, principal: &Principal, id: &str) -> Result<TrainingSession, Problem> {
    let found = app
        .sessions
        .store()
        .training_sessions()
        .find(&principal.tenant, id)
        .await;
    found?.ok_or_else(none)
}

/// The `athlete_id` of a name of an athlete.
async fn whose(app: &App, principal: &Principal, name: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(name) = name else { return Ok(None) };
    let found = find_athlete(app, principal, name).await;
    found
        .map(|athlete| Some(athlete.id))
        .map_err(|problem| problem.field("athlete"))
}

impl TrainingSessionData {
    async fn session(
        self,
        app: &App,
        principal: &Principal,
        id: String,
        at: i64,
    ) -> Result<TrainingSession, Problem> {
        if self.name.trim().is_empty() || self.name.len() > NAME_BYTES {
            return Err(Problem::invalid(format!("give 1 to {NAME_BYTES} bytes")).field("name"));
        }
        let at = self.at.as_deref().map_or(Ok(at), |text| instant("at", text))?;
        Ok(TrainingSession {
            id,
            tenant: principal.tenant.clone(),
            athlete_id: whose(app, principal, self.athlete.as_deref()).await?,
            name: self.name,
            at,
        })
    }
}

impl TrainingSessionView {
    /// As it is stored.
    pub fn of(session: TrainingSession) -> Self {
        Self {
            training_session_id: session.id,
            name: session.name,
            athlete_id: session.athlete_id,
            at: moment(session.at),
        }
    }
}

fn none() -> Problem {
    Problem::not_found("there is no training session of this name")
}
