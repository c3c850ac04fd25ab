//! Events as they happen. The same lines on every transport.

mod query;
mod reading;
mod websocket;
mod welcome;

use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::extract::Query;
use crate::serve::hub::Delivery;
use crate::serve::problem::Problem;
use axum::body::{Body, Bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use query::StreamQuery;
use reading::{Next, Reading};
use std::convert::Infallible;

/// Media type of one JSON object per line.
const NDJSON: &str = "application/x-ndjson";

/// Events as they happen
///
/// A WebSocket (one text message per event) when the request asks for an upgrade; Server-Sent Events with
/// `Accept: text/event-stream` (`id` is the sequence number, `Last-Event-ID` resumes); otherwise one JSON object per
/// line, as for `curl -N`. Everything since the beginning comes first, as far as it is remembered; the stream ends when
/// the analysis has. A slow reader slows nobody: poses and interim events it was too late for are counted in `dropped` of
/// the next event; repetitions, errors and states are never dropped.
///
/// A stream also ends when the key it was opened with is revoked, at once, or has expired, within 30 seconds: the WebSocket with code 1008 and
/// the reason, Server-Sent Events with a comment. Opened again it is 401.
///
/// Types: `pose` (landmarks of a frame, and `quality.degraded`), `phase`, `metric_update`, `repetition` (final),
/// `warning`, `error`, `state`, `service` (what the analysis gets of a busy machine: `degraded`, `pose_rate`, `model`, `overlay`),
/// `analysis_complete`.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/stream", tag = "events",
    params(
        ("id" = String, Path, description = "`analysis_id`"), StreamQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "Server-Sent Events: number of the last event seen"),
    ),
    responses(
        (status = 101, description = "A WebSocket"),
        (status = 200, description = "Events", content(
            (String = "application/x-ndjson", example = json!({
                "type": "state", "analysis_id": "0199d4c0-7f00-7000-8000-000000000001", "timestamp_ms": 0.0, "sequence": 0,
                "data": { "state": "live", "reason": null }
            })),
            (String = "text/event-stream"),
        )),
    )
)]
pub async fn stream(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(query): Query<StreamQuery>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let analysis = app.sessions.find(&id, &principal, Scope::ReadAnalyses).await?;
    let types = query.types()?;
    let from = query.from_sequence.unwrap_or_default();
    let hub = app.sessions.heard(&analysis);
    let read = |transport, from| {
        let dismissal = Box::pin(welcome::ended(app.clone(), principal.clone()));
        Reading::new(&app.metrics, transport, hub.read(from, types), dismissal)
    };
    if headers.contains_key(header::UPGRADE) {
        return Ok(match upgrade {
            Ok(upgrade) => websocket::answer(upgrade, read("websocket", from)),
            Err(rejection) => rejection.into_response(),
        });
    }
    if accepts_events(&headers) {
        return Ok(events(read("sse", query::resume(&headers)?.unwrap_or(from))));
    }
    Ok(lines(read("ndjson", from)))
}

fn accepts_events(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/event-stream"))
}

/// Server-Sent Events.
fn events(reading: Reading) -> Response {
    let event = |delivery: Delivery| {
        let event = Event::default().id(delivery.line.sequence.to_string());
        event.data(delivery.text())
    };
    let events = reading.into_stream().flat_map(move |next| {
        let events = match next {
            Next::Events(deliveries) => deliveries.into_iter().map(event).collect(),
            Next::Dismissed(reason) => vec![Event::default().comment(reason)],
        };
        futures_util::stream::iter(events.into_iter().map(Ok::<_, Infallible>))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

/// One JSON object per line.
fn lines(reading: Reading) -> Response {
    let chunks = reading.into_stream().map(|next| {
        let Next::Events(deliveries) = next else {
            // There is nothing but events in these lines: why it ends is the answer when it is opened again.
            return Ok(Bytes::new());
        };
        let mut text = String::new();
        for delivery in &deliveries {
            text.push_str(&delivery.text());
            text.push('\n');
        }
        Ok::<_, Infallible>(Bytes::from(text))
    });
    let headers = [
        (header::CONTENT_TYPE, NDJSON),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}
