//! The HTTP API: one folder or file per resource.
//!
//! | resource | |
//! |---|---|
//! | `analyses` | make, list, look at, change and end analyses |
//! | `stream` | their events: WebSocket, Server-Sent Events, NDJSON |
//! | `files` | what they leave: results, picture, recording, HLS |
//! | `diagnostics` | why something went wrong |
//! | `sports` | movements and metrics, from the registry |
//! | `openapi`, `docs` | the API described, for programs and for people |

pub mod analyses;
mod diagnostics;
mod docs;
mod files;
pub mod links;
pub mod model;
pub mod openapi;
mod sports;
mod stream;

use super::App;
use axum::Router;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every documented route of the API.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(analyses::create, analyses::list))
        .routes(routes!(analyses::show, analyses::change, analyses::end))
        .routes(routes!(diagnostics::diagnostics))
        .routes(routes!(diagnostics::graph))
        .routes(routes!(stream::stream))
        .routes(routes!(files::snapshot))
        .routes(routes!(files::results_json))
        .routes(routes!(files::results_csv))
        .routes(routes!(files::recording))
        .routes(routes!(files::hls))
        .routes(routes!(sports::sports))
}

/// The description itself.
pub fn description() -> Router<App> {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi::document))
        .route("/api/v1/docs", get(docs::page))
}
