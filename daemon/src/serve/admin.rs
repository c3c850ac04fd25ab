//! The listener for those who operate the daemon: is it alive, does it take work, what does it count.

use super::App;
use super::extract::nowhere;
use super::problem::{Problem, explain};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};
use tokio::task::spawn_blocking;

/// Its routes.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .fallback(nowhere)
        .layer(middleware::map_response(explain))
        .with_state(app)
}

/// Whether a new analysis would be taken: not about to end, results can be stored, and there is memory and a place.
async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    if app.sessions.is_draining() {
        return Err(Problem::unavailable("the daemon is about to end"));
    }
    if let Err(error) = app.sessions.store().probe().await {
        tracing::error!(%error, "results cannot be stored");
        return Err(Problem::unavailable("results cannot be stored; the log says why"));
    }
    if app.sessions.is_short_of_memory() {
        return Err(Problem::unavailable("the daemon uses more memory than it may"));
    }
    if app.sessions.places_left() == 0 {
        return Err(Problem::unavailable("all places are taken"));
    }
    Ok("ready\n")
}

async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let text = spawn_blocking(move || app.metrics.render(&app.sessions))
        .await
        .map_err(|_| Problem::internal("counting panicked"))?
        .map_err(|error| Problem::internal(error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response())
}
