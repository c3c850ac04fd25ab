//! What happens to every request on its way in and out.

use super::App;
use super::api::analyses::IDEMPOTENCY_KEY;
use super::api::uploads::{
    PIECE, TUS_RESUMABLE, UPLOAD_EXPIRES, UPLOAD_LENGTH, UPLOAD_METADATA, UPLOAD_OFFSET,
};
use super::auth::{LIMIT, Origins, Principal, REMAINING, RESET};
use super::problem::Problem;
use super::telemetry;
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::{Duration, Instant};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::Instrument;

/// Headers every answer carries, unless it has its own.
const SECURE: [(HeaderName, HeaderValue); 5] = [
    // Answers are no pages; those that are have a policy of their own, but for the description, which has style.
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
        ),
    ),
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

/// Added where connections are encrypted: from then on a browser comes by no other way, for a year.
const ENCRYPTED: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Counts, times and logs each request by its route, never by its address, which may carry names and tokens.
pub async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = method(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let start = Instant::now();
    let spans = telemetry::spans();
    let span = spans.map(|spans| spans.request(&request, method, &route));
    let mut response = next.run(request).await;
    if let Some((spans, span)) = spans.zip(span) {
        span.end(spans, &response);
    }
    let (status, seconds) = (response.status(), start.elapsed().as_secs_f64());
    app.metrics
        .http
        .answered(method, &route, status.as_str(), seconds);
    log(method, &route, &response, seconds);
    for (name, value) in SECURE {
        response.headers_mut().entry(name).or_insert(value);
    }
    if app.config.get().server.is_encrypted() {
        let headers = response.headers_mut();
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ENCRYPTED);
    }
    response
}

/// Logs a request: what is refused or fails always, the rest for those who look closely.
fn log(method: &'static str, route: &str, response: &Response, seconds: f64) {
    let status = response.status();
    let principal = response.extensions().get::<Principal>();
    let user_id = principal.map(|principal| principal.tenant.as_str());
    let latency_ms = (seconds * 1e4).round() / 10.0;
    let status = status.as_u16();
    match status {
        401 | 403 | 429 => {
            tracing::info!(
                event = "request_refused",
                user_id,
                latency_ms,
                method,
                route,
                status,
                "request refused"
            );
        }
        500.. => {
            tracing::warn!(
                event = "request_failed",
                user_id,
                latency_ms,
                method,
                route,
                status,
                "request failed"
            );
        }
        _ => tracing::debug!(
            event = "request",
            user_id,
            latency_ms,
            method,
            route,
            status,
            "request"
        ),
    }
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

/// Carries a request that changes something out to its end, also when the client goes meanwhile: nothing is left half changed, and what was
/// changed is in the audit log. [`limit_time`] is within, so that what nobody waits for ends as well; whoever makes an answer of a panic is
/// without, and gets it from here.
pub async fn carry_out(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let change = tokio::spawn(next.run(request).in_current_span());
    match change.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(response) => response,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_)) => Problem::unavailable("the daemon is about to end").into_response(),
    }
}

/// Ends a request whose answer takes too long to begin.
pub async fn limit_time(State(app): State<App>, request: Request, next: Next) -> Response {
    let config = app.config.get();
    let limit = Duration::from_secs(if carries_file(&request) {
        config.batch.request_s
    } else {
        config.server.request_s
    });
    tokio::time::timeout(limit, next.run(request))
        .await
        .unwrap_or_else(|_| {
            let detail = format!("there was no answer within {} s", limit.as_secs());
            Problem::late(detail).into_response()
        })
}

/// Whether a request may take as long as a file takes.
fn carries_file(request: &Request) -> bool {
    let media_type = request.headers().get(header::CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let begins_with = |wanted: &str| {
        let beginning = media_type.get(..wanted.len());
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(wanted))
    };
    begins_with(PIECE) || begins_with("multipart/form-data")
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
            Method::HEAD,
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
            IDEMPOTENCY_KEY,
            TUS_RESUMABLE,
            UPLOAD_LENGTH,
            UPLOAD_METADATA,
            UPLOAD_OFFSET,
        ])
        .expose_headers([
            header::LOCATION,
            header::ETAG,
            header::LINK,
            header::RETRY_AFTER,
            LIMIT,
            REMAINING,
            RESET,
            TUS_RESUMABLE,
            UPLOAD_EXPIRES,
            UPLOAD_LENGTH,
            UPLOAD_OFFSET,
        ])
        .max_age(Duration::from_secs(600))
}

#[cfg(test)]
mod tests {
    use super::super::problem::panicked;
    use super::*;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::{MethodRouter, post};
    use axum::{Router, middleware};
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;
    use std::sync::Arc;
    use tokio::sync::{Notify, mpsc};
    use tower_http::catch_panic::CatchPanicLayer;

    fn service(route: MethodRouter) -> TowerToHyperService<Router> {
        let router = Router::new()
            .route("/", route)
            .layer(middleware::from_fn(carry_out))
            .layer(CatchPanicLayer::custom(panicked));
        TowerToHyperService::new(router)
    }

    fn change() -> Request {
        let request = Request::builder().method(Method::POST).uri("/");
        request.body(Body::empty()).expect("a request")
    }

    #[tokio::test]
    async fn a_change_is_carried_out_also_when_the_client_has_gone() {
        let (begun, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (done, mut changed) = mpsc::unbounded_channel();
        let handler = {
            let (begun, gone) = (begun.clone(), gone.clone());
            move || {
                let (begun, gone, done) = (begun.clone(), gone.clone(), done.clone());
                async move {
                    begun.notify_one();
                    gone.notified().await;
                    done.send(()).expect("the test waits");
                }
            }
        };
        let service = service(post(handler));
        tokio::select! {
            _ = service.call(change()) => panic!("it waits until the client has gone"),
            () = begun.notified() => {}
        }
        drop(service);
        gone.notify_one();
        assert_eq!(changed.recv().await, Some(()));
    }

    #[tokio::test]
    async fn a_change_that_panics_is_answered() {
        async fn handler() -> StatusCode {
            panic!("a bug")
        }
        let answer = service(post(handler)).call(change()).await;
        assert_eq!(
            answer.expect("an answer").status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
    }
}
