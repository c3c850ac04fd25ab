//! Every route and what each request passes through.

use super::auth::Origins;
use super::problem::{explain, panicked};
use super::{App, api, auth, cluster, extract, layers, media, pages};
use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;

/// The routes of the public listener.
pub fn router(app: &App) -> Router {
    let body_bytes = app.config.get().server.body_bytes;
    let api = guarded(app, Router::from(api::routes()), |config| &config.server.origins).layer(
        middleware::from_fn_with_state(app.clone(), api::uploads::say_what_is_spoken),
    );
    let media = guarded(app, Router::from(media::routes()), media::origins).layer(
        middleware::from_fn_with_state(app.clone(), media::say_what_is_accepted),
    );
    Router::new()
        .merge(api)
        .merge(media)
        .merge(api::description())
        .merge(pages::routes())
        .fallback(extract::nowhere)
        .layer(middleware::from_fn_with_state(app.clone(), layers::limit_time))
        .layer(middleware::from_fn(layers::carry_out))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::map_response(explain))
        .layer(DefaultBodyLimit::max(body_bytes))
        .layer(middleware::from_fn_with_state(app.clone(), layers::observe))
        .with_state(app.clone())
}

/// Routes for those who may ask: known by their token, and no page of a site that is not listed.
fn guarded(app: &App, routes: Router<App>, origins: Origins) -> Router<App> {
    routes
        .layer(middleware::from_fn_with_state(app.clone(), cluster::to_owner))
        .layer(middleware::from_fn_with_state(
            (app.clone(), origins),
            auth::guard,
        ))
        .layer(layers::cors(app, origins))
}
