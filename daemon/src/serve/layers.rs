//! What happens to every request on its way in and out.

use super::App;
use super::auth::Origins;
use super::problem::Problem;
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::{Duration, Instant};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Headers every answer carries.
const SECURE: [(HeaderName, HeaderValue); 4] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(self), microphone=(self), geolocation=()"),
    ),
];

/// Counts, times and logs each request by its route, never by its address, which may carry names and tokens.
pub async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = method(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let start = Instant::now();
    let mut response = next.run(request).await;
    let (status, seconds) = (response.status(), start.elapsed().as_secs_f64());
    let labels = [method, route.as_str(), status.as_str()];
    app.metrics.requests.with_label_values(&labels).inc();
    app.metrics
        .request_time
        .with_label_values(&[route.as_str()])
        .observe(seconds);
    tracing::debug!(method, route, status = status.as_u16(), seconds, "request");
    for (name, value) in SECURE {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// A method as a label; anybody can make up others.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Ends a request whose answer takes too long to begin.
pub async fn limit_time(State(app): State<App>, request: Request, next: Next) -> Response {
    let limit = Duration::from_secs(app.config.get().server.request_s);
    tokio::time::timeout(limit, next.run(request))
        .await
        .unwrap_or_else(|_| {
            let detail = format!("there was no answer within {} s", limit.as_secs());
            Problem::late(detail).into_response()
        })
}

/// Lets pages of other sites read answers, as far as the configuration of this moment allows.
pub fn cors(app: &App, origins: Origins) -> CorsLayer {
    let config = app.config.clone();
    let allowed = move |origin: &HeaderValue, _: &Parts| {
        let config = config.get();
        let listed = |entry: &String| entry == "*" || entry.as_bytes() == origin.as_bytes();
        origins(&config).iter().any(listed)
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([header::LOCATION, header::ETAG, header::LINK, header::RETRY_AFTER])
        .max_age(Duration::from_secs(600))
}
