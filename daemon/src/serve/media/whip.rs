//! Publishing: `POST /whip` makes an analysis and publishes to it, `POST /whip/{id}` publishes to one that waits for its first
//! publisher or for one who left to come back.

use super::{SDP, TRICKLE, answer};
use crate::serve::App;
use crate::serve::api::model::{CreateAnalysis, PublishQuery};
use crate::serve::auth::{Principal, Scope};
use crate::serve::extract::{Query, text};
use crate::serve::problem::Problem;
use crate::serve::sessions::Analysis;
use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;

/// Make an analysis and publish to it
///
/// For OBS and encoders that know nothing but an address: the query says what to measure, the body is an SDP offer.
#[utoipa::path(
    post, path = "/whip", tag = "video", params(PublishQuery),
    request_body(content = String, content_type = "application/sdp"),
    responses((status = 201, description = "The SDP answer; `Location` is the address to end it", body = String,
               content_type = "application/sdp"))
)]
pub async fn create_and_publish(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<PublishQuery>,
    request: Request,
) -> Response {
    let since = Instant::now();
    if let Err(problem) = principal.may_everywhere(Scope::Publish) {
        return problem.into_response();
    }
    let offer = match text(request, &app, SDP).await {
        Ok(offer) => offer,
        Err(response) => return response,
    };
    // Runs to its end even when the client goes, so that nothing half made is left.
    let own = app.clone();
    let made = tokio::spawn(async move {
        let analysis = own
            .sessions
            .create(CreateAnalysis::from(query), &principal)
            .await
            .map_err(in_query)?;
        match answered(&own, &analysis, offer, since).await {
            Ok(response) => Ok(response),
            Err(problem) => {
                own.sessions.forget(&analysis).await;
                Err(problem)
            }
        }
    });
    made.await
        .unwrap_or_else(|_| Err(Problem::internal("publishing panicked")))
        .unwrap_or_else(IntoResponse::into_response)
}

/// The same problem about the parameter of the query that became the field.
fn in_query(mut problem: Problem) -> Problem {
    problem.field = problem.field.map(|field| match field.rsplit('.').next() {
        Some("sport_type") | None => "sport".to_owned(),
        Some(last) => last.to_owned(),
    });
    problem
}

/// Publish to an analysis that waits
///
/// For a publisher, or for another one within `sessions.reconnect_s` after the last has left without a `DELETE`: results and
/// numbers of events go on.
#[utoipa::path(
    post, path = "/whip/{id}", tag = "video", params(("id" = String, Path, description = "`analysis_id`")),
    request_body(content = String, content_type = "application/sdp"),
    responses(
        (status = 201, description = "The SDP answer", body = String, content_type = "application/sdp"),
        (status = 409, description = "Somebody publishes already, or it has ended", body = Problem,
         content_type = "application/problem+json"),
    )
)]
pub async fn publish(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let analysis = match app.sessions.find(&id, &principal, Scope::Publish).await {
        Ok(analysis) => analysis,
        Err(problem) => return problem.into_response(),
    };
    let since = Instant::now();
    match text(request, &app, SDP).await {
        Ok(offer) => answered(&app, &analysis, offer, since)
            .await
            .unwrap_or_else(IntoResponse::into_response),
        Err(response) => response,
    }
}

/// Answers an offer that came at this moment.
async fn answered(
    app: &App,
    analysis: &Arc<Analysis>,
    offer: String,
    since: Instant,
) -> Result<Response, Problem> {
    let (sdp, connection) = app
        .sessions
        .with_live(analysis, move |live| {
            Ok((live.answer(&offer)?, live.connections()?))
        })
        .await?;
    analysis.await_pose(since);
    let publish_time = &app.metrics.analyses.publish_time;
    publish_time.observe(since.elapsed().as_secs_f64());
    let location = format!("/whip/{}", analysis.id);
    Ok(answer::created(
        &location,
        &tag(analysis, connection),
        sdp,
        &app.config.get().webrtc,
    ))
}

/// Names the ICE session: one per publisher of an analysis, as it is never restarted.
fn tag(analysis: &Analysis, connection: u64) -> String {
    format!("\"{}.{connection}\"", analysis.id)
}

/// Add ICE candidates
///
/// `If-Match` names the ICE session, the `ETag` of the answer. Restarts are not offered.
#[utoipa::path(
    patch, path = "/whip/{id}", tag = "video",
    params(("id" = String, Path, description = "`analysis_id`"), ("If-Match" = String, Header, description = "`ETag` of the answer")),
    request_body(content = String, content_type = "application/trickle-ice-sdpfrag"),
    responses((status = 204, description = "Taken"))
)]
pub async fn trickle(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let analysis = match meant_for(&app, &id, &principal, &headers).await {
        Ok(analysis) => analysis,
        Err(problem) => return problem.into_response(),
    };
    let fragment = match text(request, &app, TRICKLE).await {
        Ok(fragment) => fragment,
        Err(response) => return response,
    };
    let taken = app
        .sessions
        .with_live(&analysis, move |live| live.candidate(&fragment))
        .await;
    match taken {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// The analysis whose present ICE session a change is meant for.
async fn meant_for(
    app: &App,
    id: &str,
    principal: &Principal,
    headers: &HeaderMap,
) -> Result<Arc<Analysis>, Problem> {
    let analysis = app.sessions.find(id, principal, Scope::Publish).await?;
    let connection = app
        .sessions
        .with_live(&analysis, |live| live.connections())
        .await?;
    same_ice_session(headers, &tag(&analysis, connection))?;
    Ok(analysis)
}

/// Whether a change is meant for the ICE session there is.
fn same_ice_session(headers: &HeaderMap, tag: &str) -> Result<(), Problem> {
    let wanted = headers.get(header::IF_MATCH).map(|value| value.as_bytes());
    match wanted {
        Some(b"*") => Err(Problem::not_offered(
            "ICE restarts are not offered: publish again instead",
        )),
        Some(wanted) if wanted == tag.as_bytes() => Ok(()),
        Some(_) => Err(Problem::other_session("If-Match names another ICE session").field("If-Match")),
        None => Err(Problem::which_session("send If-Match with the ETag of the answer").field("If-Match")),
    }
}

/// End publishing
///
/// The analysis completes what is under way and keeps its results.
#[utoipa::path(
    delete, path = "/whip/{id}", tag = "video", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "Ended"))
)]
pub async fn unpublish(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app.sessions
        .find(&id, &principal, Scope::Publish)
        .await?
        .ask_to_end("the publisher ended it");
    Ok(StatusCode::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_must_name_the_ice_session_it_is_for() {
        let status = |value: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(header::IF_MATCH, value.parse().expect("a header"));
            }
            same_ice_session(&headers, "\"a\"").map_err(|problem| problem.status)
        };
        assert_eq!(status(Some("\"a\"")), Ok(()));
        assert_eq!(status(Some("\"b\"")), Err(412));
        assert_eq!(status(Some("*")), Err(501));
        assert_eq!(status(None), Err(428));
    }
}
