//! What was and is to be delivered to webhooks.

use super::moment;
use super::page::{self, hundred, split};
use super::webhooks::find;
use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::clock::Clock;
use crate::serve::extract::Query;
use crate::serve::history::Cursor;
use crate::serve::problem::Problem;
use crate::serve::store::Delivery;
use crate::serve::webhooks::DISABLED;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that was or is to be delivered.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its name in addresses.
    delivery_id: String,
    /// `event_id` of what is told.
    event_id: String,
    /// Type of the event.
    #[schema(example = "repetition")]
    event_type: String,
    /// The analysis it is about; absent where it is about a webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis_id: Option<String>,
    /// The number of the event in its analysis.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<i64>,
    /// `waiting`, `delivered` or `given_up`.
    #[schema(example = "delivered")]
    state: String,
    /// Attempts so far.
    #[schema(example = 1)]
    attempts: i64,
    /// When it was first due, RFC 3339, as every moment here.
    first_at: String,
    /// When it is tried next, while it waits.
    due_at: Option<String>,
    /// When it was delivered.
    delivered_at: Option<String>,
    /// Status code of the last answer.
    #[schema(example = 204)]
    last_status: Option<i64>,
    /// Beginning of the last answer, at most 1024 bytes.
    last_answer: Option<String>,
    /// Why the last attempt did not work.
    last_error: Option<String>,
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryList {
    /// The deliveries, those that were first due last before others.
    deliveries: Vec<DeliveryView>,
    /// `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Which deliveries are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Only those in this state: `waiting`, `delivered` or `given_up`.
    #[param(example = "given_up")]
    state: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// At most so many, 1 to 1000.
    #[serde(default = "hundred")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u32,
}

/// List deliveries
///
/// What was and is to be delivered to a webhook, and what it answered. How long they are kept is a setting of the daemon.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "list_deliveries",
    params(("id" = String, Path, description = "`webhook_id`"), DeliveryQuery),
    responses((status = 200, description = "A page of deliveries", body = DeliveryList))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(query): Query<DeliveryQuery>,
) -> Result<axum::Json<DeliveryList>, Problem> {
    principal.may(Scope::Webhooks)?;
    let (behind, limit) = page::read(query.cursor.as_deref(), query.limit)?;
    let state = query.state.as_deref();
    if state.is_some_and(|state| !["waiting", "delivered", "given_up"].contains(&state)) {
        return Err(Problem::invalid("give waiting, delivered or given_up").field("state"));
    }
    let webhook = find(&app, &principal, &id).await?;
    let found = app
        .sessions
        .store()
        .deliveries()
        .log(&webhook.id, state, behind.as_ref(), limit + 1)
        .await;
    let (found, next_cursor) = split(found?, limit, |last| Cursor {
        at: last.first_at,
        id: last.id.clone(),
    });
    Ok(axum::Json(DeliveryList {
        deliveries: found.into_iter().map(DeliveryView::of).collect(),
        next_cursor,
    }))
}

/// Deliver something again
///
/// Whatever became of it, it is delivered again from now on, with the same `event_id`, and tried as often as something new.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/deliveries/{delivery}/resend", tag = "webhooks", operation_id = "resend_delivery",
    params(
        ("id" = String, Path, description = "`webhook_id`"),
        ("delivery" = String, Path, description = "`delivery_id`"),
    ),
    responses(
        (status = 202, description = "It is due now"),
        (status = 409, description = "The webhook is disabled", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn resend(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    principal.may(Scope::Webhooks)?;
    let webhook = find(&app, &principal, &id).await?;
    if webhook.disabled_at.is_some() {
        return Err(Problem::conflict("the webhook is disabled: enable it first"));
    }
    let store = app.sessions.store();
    let now = store.clock().now_ms();
    if store.deliveries().resend(&webhook.id, &delivery, now).await? {
        return Ok(StatusCode::ACCEPTED);
    }
    Err(Problem::not_found("there is no delivery of this name"))
}

impl DeliveryView {
    fn of(delivery: Delivery) -> Self {
        let waits = delivery.state == "waiting";
        let of_analysis = delivery.kind != DISABLED;
        Self {
            delivery_id: delivery.id,
            event_id: delivery.event_id,
            event_type: delivery.kind,
            analysis_id: Some(delivery.analysis_id).filter(|_| of_analysis),
            sequence: Some(delivery.sequence).filter(|_| of_analysis),
            state: delivery.state,
            attempts: delivery.attempts,
            first_at: moment(delivery.first_at),
            due_at: waits.then(|| moment(delivery.due_at)),
            delivered_at: delivery.delivered_at.map(moment),
            last_status: delivery.last_status,
            last_answer: delivery.last_answer,
            last_error: delivery.last_error,
        }
    }
}
