//! The HTTP API: one folder or file per resource.
//!
//! | resource | |
//! |---|---|
//! | `analyses` | make, list, look at, change and end analyses |
//! | `stream` | their events: WebSocket, Server-Sent Events, NDJSON |
//! | `files` | what they leave: results, picture, recording, HLS |
//! | `diagnostics` | why something went wrong |
//! | `athletes`, `history` | who did what before, and what numbers do over time |
//! | `keys` | who may ask |
//! | `webhooks` | who is told |
//! | `page` | pages of lists |
//! | `sports` | movements and metrics, from the registry |
//! | `openapi`, `docs` | the API described, for programs and for people |

pub mod analyses;
mod athletes;
mod diagnostics;
mod docs;
mod files;
mod history;
mod keys;
pub mod links;
pub mod model;
pub mod openapi;
mod page;
mod sports;
mod stream;
mod webhooks;

use super::App;
use axum::Router;
use axum::routing::get;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
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
        .routes(routes!(athletes::create, athletes::list))
        .routes(routes!(athletes::show, athletes::change, athletes::erase))
        .routes(routes!(history::repetitions))
        .routes(routes!(history::trends))
        .routes(routes!(keys::create, keys::list))
        .routes(routes!(keys::rotate))
        .routes(routes!(keys::revoke))
        .routes(routes!(webhooks::register))
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::show, webhooks::remove))
        .routes(routes!(webhooks::enable))
}

/// The description itself.
pub fn description() -> Router<App> {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi::document))
        .route("/api/v1/docs", get(docs::page))
}

/// RFC 3339 of milliseconds since 1970.
pub fn moment(ms: i64) -> String {
    let since = Duration::from_millis(ms.unsigned_abs());
    let at: SystemTime = if ms < 0 {
        UNIX_EPOCH - since
    } else {
        UNIX_EPOCH + since
    };
    humantime::format_rfc3339_millis(at).to_string()
}
