//! The listener for those who operate the daemon: is it alive, does it take work, what does it count.

use super::App;
use super::auth::to_own_name;
use super::extract::nowhere;
use super::log::recent;
use super::problem::{Problem, explain};
use super::profile;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};

/// Its routes.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .merge(told(&app))
        .fallback(nowhere)
        .layer(middleware::map_response(explain))
        .with_state(app)
}

/// What is for people alone: a page of somebody else's must not reach it by a trick of its name server.
fn told(app: &App) -> Router<App> {
    let own_name = middleware::from_fn_with_state(app.clone(), to_own_name);
    profile::routes().route("/log", get(log)).route_layer(own_name)
}

/// Whether a new analysis would be taken: not about to end, results can be stored, and there is memory and a place.
async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    match app.sessions.not_ready(app.sessions.places_left()).await {
        None => Ok("ready\n"),
        Some(reason) => Err(Problem::unavailable(reason)),
    }
}

/// The last lines of the log, whatever its format, each a JSON object.
async fn log() -> Response {
    ([(header::CONTENT_TYPE, "application/x-ndjson")], recent()).into_response()
}

async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let text = app.metrics.render(&app.sessions).await;
    let text = text.map_err(|error| Problem::internal(format!("{error:#}")))?;
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response())
}
