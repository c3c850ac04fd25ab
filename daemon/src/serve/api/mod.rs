//! The HTTP API: one folder or file per resource.
//!
//! | resource | |
//! |---|---|
//! | `analyses` | make, list, look at, change and end analyses |
//! | `stream` | their events: WebSocket, Server-Sent Events, NDJSON |
//! | `files` | what they leave: results, picture, recording, HLS |
//! | `diagnostics` | why something went wrong |
//! | `athletes`, `training`, `history`, `series` | who did what before, and what numbers do over time |
//! | `exports`, `personal` | repetitions for other programs, and all of an athlete |
//! | `uploads` | files on their way here |
//! | `keys`, `tokens` | who may ask |
//! | `usage`, `audit` | what was used, and who changed what |
//! | `webhooks`, `deliveries` | who is told, and what they were told |
//! | `model`, `links` | what clients send, and addresses of what belongs to an analysis |
//! | `archived` | files that were put away in a bucket |
//! | `page` | pages of lists |
//! | `sports` | movements and metrics, from the registry |
//! | `openapi`, `docs`, `examples` | the API described, for programs and for people |

pub mod analyses;
mod archived;
mod athletes;
mod audit;
mod deliveries;
mod diagnostics;
mod docs;
mod examples;
mod exports;
mod files;
mod history;
mod keys;
pub mod links;
pub mod model;
pub mod openapi;
mod page;
mod personal;
mod series;
mod sports;
mod stream;
mod tokens;
mod training;
pub mod uploads;
mod usage;
mod webhooks;

use super::App;
use super::clock::moment;
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
        .routes(routes!(files::results_mat))
        .routes(routes!(files::curves_phase))
        .routes(routes!(files::curves_time))
        .routes(routes!(files::curves_mat))
        .routes(routes!(files::recording))
        .routes(routes!(files::overlay))
        .routes(routes!(files::report))
        .routes(routes!(files::events))
        .routes(routes!(files::hls))
        .routes(routes!(uploads::create))
        .routes(routes!(uploads::look, uploads::append, uploads::remove))
        .routes(routes!(sports::sports))
        .routes(routes!(athletes::create, athletes::list))
        .routes(routes!(athletes::show, athletes::change, athletes::erase))
        .routes(routes!(personal::export))
        .routes(routes!(training::create, training::list))
        .routes(routes!(training::show, training::change, training::remove))
        .routes(routes!(history::repetitions))
        .routes(routes!(history::trends))
        .routes(routes!(series::series))
        .routes(routes!(exports::repetitions_csv))
        .routes(routes!(exports::repetitions_parquet))
        .routes(routes!(keys::create, keys::list))
        .routes(routes!(keys::rotate))
        .routes(routes!(keys::revoke))
        .routes(routes!(tokens::create))
        .routes(routes!(usage::show))
        .routes(routes!(audit::list))
        .routes(routes!(webhooks::register))
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::show, webhooks::remove))
        .routes(routes!(webhooks::enable))
        .routes(routes!(webhooks::test))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::resend))
}

/// The description itself.
pub fn description() -> Router<App> {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi::document))
        .route("/api/v1/docs", get(docs::page))
}
