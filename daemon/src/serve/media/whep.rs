//! Watching: `POST /whep/{id}` gives the picture with overlay to one viewer.

use super::{SDP, answer};
use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::extract::text;
use crate::serve::problem::Problem;
use axum::extract::{Extension, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kinemotion_pipelines::live::ViewerId;

/// Watch an analysis
///
/// The body is an SDP offer to receive video; the picture comes with overlay.
#[utoipa::path(
    post, path = "/whep/{id}", tag = "video", params(("id" = String, Path, description = "`analysis_id`")),
    request_body(content = String, content_type = "application/sdp"),
    responses((status = 201, description = "The SDP answer; `Location` is the address to end it", body = String,
               content_type = "application/sdp"))
)]
pub async fn watch(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let analysis = match app.sessions.find(&id, &principal, Scope::Watch).await {
        Ok(analysis) => analysis,
        Err(problem) => return problem.into_response(),
    };
    let offer = match text(request, &app, SDP).await {
        Ok(offer) => offer,
        Err(response) => return response,
    };
    let watched = app
        .sessions
        .with_live(&analysis, move |live| live.watch(&offer))
        .await;
    match watched {
        Ok((viewer, sdp)) => {
            let (location, tag) = (format!("/whep/{id}/{}", viewer.0), format!("\"{}\"", viewer.0));
            answer::created(&location, &tag, sdp, &app.config.get().webrtc)
        }
        Err(problem) => problem.into_response(),
    }
}

/// Stop watching
#[utoipa::path(
    delete, path = "/whep/{id}/{viewer}", tag = "video",
    params(("id" = String, Path, description = "`analysis_id`"), ("viewer" = String, Path, description = "As in `Location` of the answer")),
    responses((status = 200, description = "Ended"))
)]
pub async fn unwatch(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path((id, viewer)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let analysis = app.sessions.find(&id, &principal, Scope::Watch).await?;
    let viewer = ViewerId(viewer);
    let watched = app
        .sessions
        .with_live(&analysis, move |live| Ok(live.unwatch(&viewer)))
        .await?;
    if !watched {
        return Err(Problem::not_found("nobody of this name watches"));
    }
    Ok(StatusCode::OK)
}
