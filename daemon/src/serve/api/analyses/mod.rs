//! Making, listing, looking at, changing and ending analyses.

mod making;
mod view;

pub use making::{IDEMPOTENCY_KEY, OrderWithFile};
pub use view::{AnalysisList, AnalysisSummary, AnalysisView};

use super::history::instant;
use super::links::Links;
use super::model::{ChangeAnalysis, CreateAnalysis, movement};
use super::page::{self, hundred, split};
use super::{athletes, moment};
use crate::serve::App;
use crate::serve::auth::{Actor, Principal, Scope};
use crate::serve::extract::{Json, Query};
use crate::serve::history::Cursor;
use crate::serve::problem::Problem;
use crate::serve::sessions::{Analysis, Ordered, states};
use crate::serve::store::{Before, Listed, Once, WantedAnalyses};
use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use making::Asked;
use serde::Deserialize;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Make an analysis
///
/// With `"input": {"streaming": true}` it waits for a publisher at `whip_url`; the other live inputs start at once. A file, which is
/// `"input": {"video_path": "https://…"}`, `"input": {"upload": "…"}` or the part `video` of a multipart request, waits in a queue:
/// `status` is `queued`, then `running` with `progress`, then `completed` or `failed`. If its worker is lost it is queued again, and
/// what was said so far is taken back. An order that is sent again with the same `Idempotency-Key` within a day, or as long as the
/// configuration says, is answered with the analysis there is.
#[utoipa::path(
    post, path = "/api/v1/analyses", tag = "analyses",
    params(("Idempotency-Key" = Option<String>, Header, description = "What the order is known by when it is sent again")),
    request_body(content((CreateAnalysis = "application/json"), (OrderWithFile = "multipart/form-data"))),
    responses(
        (status = 201, description = "Made; `Location` is its address", body = AnalysisView),
        (status = 202, description = "A file is in the queue; `Location` is the address of its analysis", body = AnalysisView),
        (status = 422, description = "A value is not allowed, or the key was sent with another order", body = Problem,
         content_type = "application/problem+json"),
        (status = 429, description = "The tenant has used up what its tier says; `reason` names the limit", body = Problem,
         content_type = "application/problem+json"),
        (status = 503, description = "All places are taken; `Retry-After` says when to try again", body = Problem,
         content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    request: Request,
) -> Result<Response, Response> {
    let headers = request.headers().clone();
    let key = principal
        .may(Scope::WriteAnalyses)
        .and_then(|()| making::key(&headers));
    let key = key.map_err(IntoResponse::into_response)?;
    if making::carries_file(&headers) {
        let expected = may_come(&app, &principal, key.as_deref()).await;
        expected.map_err(IntoResponse::into_response)?;
    }
    let asked = making::read(&app, request).await?;
    let once = key.map(|key| Once {
        key,
        fingerprint: asked.fingerprint,
    });
    if asked.request.webhook_url.is_some() {
        // It is told what the analysis says.
        let may = principal.may(Scope::ReadAnalyses);
        may.map_err(|problem| problem.field("webhook_url").into_response())?;
    }
    match make(&app, &principal, asked, once).await {
        Ok(made) => answer(&app, made, headers)
            .await
            .map_err(IntoResponse::into_response),
        Err(problem) => Err(problem.into_response()),
    }
}

/// Whether a file may come that somebody is about to send. With a key that is known, what that has led to is answered whatever there is
/// no more of.
async fn may_come(app: &App, principal: &Principal, key: Option<&str>) -> Result<(), Problem> {
    if let Some(key) = key {
        let orders = app.sessions.store().orders();
        if orders.is_known(&principal.tenant, key).await? {
            return Ok(());
        }
    }
    app.sessions.would_take_file(principal).await
}

/// What an order has led to.
struct Made {
    analysis: Arc<Analysis>,
    /// Whether it was there before.
    again: bool,
}

/// Carries an order out, unless it was before.
async fn make(app: &App, principal: &Principal, asked: Asked, once: Option<Once>) -> Result<Made, Problem> {
    let orders = app.sessions.store().orders();
    if let Some(once) = &once
        && let Some(before) = orders.before(&principal.tenant, once).await?
    {
        return again(app, principal, before).await;
    }
    let new = |analysis| Made {
        analysis,
        again: false,
    };
    if let Some(file) = making::file(&asked.request.input, asked.video)? {
        return match app
            .sessions
            .order_file(asked.request, principal, file, once)
            .await?
        {
            Ordered::New(analysis) => Ok(new(analysis)),
            Ordered::Before(before) => again(app, principal, before).await,
        };
    }
    let analysis = app.sessions.create(asked.request, principal).await?;
    let Some(once) = once else {
        return Ok(new(analysis));
    };
    match orders.note(&principal.tenant, &once, &analysis.id).await {
        Ok(None) => Ok(new(analysis)),
        Ok(Some(before)) => {
            // The same order came at the same moment.
            app.sessions.forget(&analysis).await;
            again(app, principal, before).await
        }
        Err(error) => {
            app.sessions.forget(&analysis).await;
            Err(error.into())
        }
    }
}

/// The analysis an order has led to before.
async fn again(app: &App, principal: &Principal, before: Before) -> Result<Made, Problem> {
    if !before.same {
        return Err(Problem::invalid("this key was sent with another order").field("Idempotency-Key"));
    }
    let analysis = app
        .sessions
        .find(&before.analysis_id, principal, Scope::WriteAnalyses)
        .await?;
    Ok(Made {
        analysis,
        again: true,
    })
}

async fn answer(app: &App, made: Made, headers: HeaderMap) -> Result<Response, Problem> {
    let status = if made.analysis.order.is_file() {
        StatusCode::ACCEPTED
    } else {
        StatusCode::CREATED
    };
    let location = format!("/api/v1/analyses/{}", made.analysis.id);
    let secret = webhook_secret(app, &made.analysis).await?;
    let mut view = view(app, made.analysis, headers).await?;
    view.webhook_secret = secret;
    let mut response = (status, [(header::LOCATION, location)], axum::Json(view)).into_response();
    if made.again {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// What signs what the webhook of an order is told. An order that is sent again is answered with it again: its first answer may
/// have been lost.
async fn webhook_secret(app: &App, analysis: &Analysis) -> Result<Option<String>, Problem> {
    let Some(own) = &analysis.order.webhook else {
        return Ok(None);
    };
    let found = app
        .sessions
        .store()
        .webhooks()
        .find(&analysis.order.tenant, &own.id)
        .await;
    // One that was removed meanwhile signs nothing.
    Ok(found?.map(|webhook| webhook.secret))
}

/// Says that an order was carried out before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Which analyses are wanted; what is absent does not matter.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only analyses in this state: `waiting`, `connecting`, `live`, `stalled`, `finishing`, `done` or `failed`.
    #[param(example = "live")]
    state: Option<String>,
    /// Only analyses of this status: `queued`, `running`, `completed` or `failed`.
    #[param(example = "running")]
    status: Option<String>,
    /// Only of this athlete: `athlete_id` or `external_id`.
    #[param(example = "roster-17")]
    athlete: Option<String>,
    /// Only of this training session.
    training_session_id: Option<String>,
    /// Only those that began by looking for this movement, or `auto`.
    #[param(example = "cmj")]
    sport_type: Option<String>,
    /// Only those made from this moment on, RFC 3339.
    #[param(example = "2026-11-01T00:00:00Z")]
    from: Option<String>,
    /// Only those made before this moment, RFC 3339.
    until: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// At most so many, 1 to 1000.
    #[serde(default = "hundred")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u32,
}

impl ListQuery {
    /// States that are wanted; none stands for all.
    fn states(&self) -> Result<Vec<&'static str>, Problem> {
        let state = self
            .state
            .as_deref()
            .map(|name| states::named(name).ok_or_else(|| Problem::invalid("no such state").field("state")));
        let state = state.transpose()?;
        let wanted: Vec<_> = states::ALL
            .into_iter()
            .filter(|one| state.is_none_or(|state| *one == state))
            .filter(|one| {
                self.status
                    .as_ref()
                    .is_none_or(|status| view::status(*one) == status)
            })
            .map(states::name)
            .collect();
        if wanted.is_empty() {
            let detail = "give queued, running, completed or failed, one that fits the state";
            return Err(Problem::invalid(detail).field("status"));
        }
        Ok(if wanted.len() == states::ALL.len() {
            Vec::new()
        } else {
            wanted
        })
    }

    async fn wanted(self, app: &App, principal: &Principal) -> Result<WantedAnalyses, Problem> {
        let moment_of =
            |field, text: Option<&str>| text.map(|text| instant(field, text).map(moment)).transpose();
        if let Some(name) = &self.sport_type {
            movement(name)?;
        }
        let athlete_id = match &self.athlete {
            Some(name) => Some(
                athletes::find(app, principal, name)
                    .await
                    .map_err(|problem| problem.field("athlete"))?
                    .id,
            ),
            None => None,
        };
        Ok(WantedAnalyses {
            tenant: principal.tenant.clone(),
            id: match &principal.actor {
                Actor::Browser(only) => Some(only.clone()),
                _ => None,
            },
            athlete_id,
            states: self.states()?,
            from: moment_of("from", self.from.as_deref())?,
            until: moment_of("until", self.until.as_deref())?,
            session_id: self.training_session_id,
            sport: self.sport_type,
        })
    }
}

/// List analyses
///
/// Running and ended ones, the youngest first.
#[utoipa::path(
    get, path = "/api/v1/analyses", tag = "analyses", params(ListQuery),
    responses((status = 200, description = "A page of analyses", body = AnalysisList))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<AnalysisList>, Problem> {
    principal.may(Scope::ReadAnalyses)?;
    let (behind, limit) = page::read(query.cursor.as_deref(), query.limit)?;
    let wanted = query.wanted(&app, &principal).await?;
    let found = app
        .sessions
        .store()
        .listing()
        .page(&wanted, behind.as_ref(), limit + 1)
        .await?;
    let (found, next_cursor) = split(found, limit, |last| Cursor {
        at: last.created_at.clone(),
        id: last.id.clone(),
    });
    let summary = |listed: Listed| match app.sessions.remembered(&listed.id) {
        Some(analysis) => Some(AnalysisSummary::of(&analysis)),
        None => AnalysisSummary::stored(listed),
    };
    Ok(axum::Json(AnalysisList {
        analyses: found.into_iter().filter_map(summary).collect(),
        next_cursor,
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
    let analysis = app.sessions.find(&id, &principal, Scope::ReadAnalyses).await?;
    view(&app, analysis, headers).await.map(axum::Json)
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
    view(&app, analysis, headers).await.map(axum::Json)
}

/// End an analysis
///
/// A running live one completes what is under way and keeps its results. One that has ended, and one of a file at any time, is
/// removed with everything that belongs to it.
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
async fn view(app: &App, analysis: Arc<Analysis>, headers: HeaderMap) -> Result<AnalysisView, Problem> {
    let encrypted = app.config.get().server.is_encrypted();
    let looked = spawn_blocking(move || {
        let links = Links::new(&analysis.id, &analysis.order, &headers, encrypted);
        AnalysisView::of(&analysis, links)
    });
    looked
        .await
        .map_err(|_| Problem::internal("looking at the analysis panicked"))
}
