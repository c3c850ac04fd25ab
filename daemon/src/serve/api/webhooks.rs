//! Webhooks: registered, listed, tried, removed.

use super::moment;
use crate::serve::App;
use crate::serve::auth::{Granted, Principal, Scope};
use crate::serve::extract::Json;
use crate::serve::hub::EventType;
use crate::serve::problem::Problem;
use crate::serve::store::{StoreError, Webhook, now_ms};
use crate::serve::webhooks::{
    About, DISABLED, Message, Reply, Secret, TEST, USUAL, about_webhook, address, can_be_told,
};
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
use utoipa::ToSchema;

/// A webhook to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "url": "https://coach.example/hooks/kinemotion", "events": ["repetition", "analysis_complete"], "sport_types": ["cmj", "running"]
}))]
pub struct RegisterWebhook {
    /// Where requests are sent.
    #[schema(example = "https://coach.example/hooks/kinemotion")]
    url: String,
    /// Types of events; `repetition`, `analysis_complete` and `error` when absent. `webhook_disabled` tells that another one of yours
    /// was disabled.
    #[serde(default)]
    #[schema(example = json!(["repetition", "analysis_complete"]))]
    events: Vec<String>,
    /// Movements; all when absent.
    #[serde(default)]
    #[schema(example = json!(["cmj", "running"]))]
    sport_types: Vec<String>,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookView {
    /// Its name in addresses.
    webhook_id: String,
    /// Where requests are sent.
    url: String,
    /// Types of events it is told of.
    events: Vec<String>,
    /// Movements it is told of; empty is all.
    sport_types: Vec<String>,
    /// The one analysis it was ordered with, and goes with; absent of one that was registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis_id: Option<String>,
    /// RFC 3339, as every moment here.
    created_at: String,
    /// Since when it has taken nothing.
    failing_since: Option<String>,
    /// When it was disabled because it had taken nothing for three days.
    disabled_at: Option<String>,
    /// What its last failure before that was.
    reason: Option<String>,
}

/// A webhook that has just been registered.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisteredWebhook {
    #[serde(flatten)]
    view: WebhookView,
    /// What signs; said this once. See standardwebhooks.com for how signatures are checked.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    secret: String,
}

/// Every webhook of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookList {
    /// The webhooks, the oldest first.
    webhooks: Vec<WebhookView>,
}

/// Register a webhook
#[utoipa::path(
    post, path = "/api/v1/webhooks/register", tag = "webhooks", operation_id = "register_webhook", request_body = RegisterWebhook,
    responses((status = 201, description = "Registered", body = RegisteredWebhook))
)]
pub async fn register(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(request): Json<RegisterWebhook>,
) -> Result<(StatusCode, axum::Json<RegisteredWebhook>), Problem> {
    principal.may(Scope::Webhooks)?;
    let config = app.config.get();
    let url = address(&request.url, config.webhooks.private_hosts);
    let url = url.map_err(|detail| Problem::invalid(detail).field("url"))?;
    for (n, name) in request.events.iter().enumerate() {
        if name != DISABLED && !EventType::named(name).is_some_and(can_be_told) {
            let names = EventType::ALL
                .into_iter()
                .filter(|kind| can_be_told(*kind))
                .map(EventType::name);
            let names: Vec<_> = names.chain([DISABLED]).collect();
            let detail = format!("there is no such type; give some of {}", names.join(", "));
            return Err(Problem::invalid(detail).field(format!("events[{n}]")));
        }
    }
    for (n, name) in request.sport_types.iter().enumerate() {
        super::model::movement(name).map_err(|problem| problem.field(format!("sport_types[{n}]")))?;
    }
    let granted = Granted::to(&principal, &config.tiers)?;
    let secret =
        Secret::random().map_err(|error| Problem::internal(format!("no random numbers: {error}")))?;
    let webhook = Webhook {
        id: uuid::Uuid::now_v7().to_string(),
        tenant: principal.tenant,
        url: url.into(),
        secret: secret.text(),
        events: request.events,
        sports: request.sport_types,
        analysis_id: None,
        created_at: now_ms(),
        failing_since: None,
        disabled_at: None,
        reason: None,
    };
    let added = app
        .sessions
        .store()
        .webhooks()
        .add(&webhook, granted.tier.webhooks)
        .await;
    added.map_err(|error| match error {
        StoreError::Exhausted(what) => granted.refuse(what, SystemTime::now()),
        error => error.into(),
    })?;
    let registered = RegisteredWebhook {
        view: WebhookView::of(webhook),
        secret: secret.text(),
    };
    Ok((StatusCode::CREATED, axum::Json(registered)))
}

/// List webhooks
///
/// Those that were registered. One that was ordered with an analysis is found by the `webhook_id` of that analysis.
#[utoipa::path(
    get, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    responses((status = 200, description = "The webhooks", body = WebhookList))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Result<axum::Json<WebhookList>, Problem> {
    principal.may(Scope::Webhooks)?;
    let all = app.sessions.store().webhooks().of(&principal.tenant).await?;
    Ok(axum::Json(WebhookList {
        webhooks: all.into_iter().map(WebhookView::of).collect(),
    }))
}

/// Look at a webhook
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "show_webhook", params(("id" = String, Path, description = "`webhook_id`")),
    responses((status = 200, description = "The webhook", body = WebhookView))
)]
pub async fn show(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<axum::Json<WebhookView>, Problem> {
    principal.may(Scope::Webhooks)?;
    find(&app, &principal, &id)
        .await
        .map(WebhookView::of)
        .map(axum::Json)
}

/// Remove a webhook
///
/// What waited to be delivered to it is not delivered any more.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "remove_webhook", params(("id" = String, Path, description = "`webhook_id`")),
    responses((status = 204, description = "Removed"))
)]
pub async fn remove(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    principal.may(Scope::Webhooks)?;
    if app
        .sessions
        .store()
        .webhooks()
        .remove(&principal.tenant, &id)
        .await?
    {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(none())
}

/// Enable a webhook
///
/// One that was disabled is told again from now on, also of what was left.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/enable", tag = "webhooks", operation_id = "enable_webhook", params(("id" = String, Path, description = "`webhook_id`")),
    responses((status = 204, description = "Enabled"))
)]
pub async fn enable(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    principal.may(Scope::Webhooks)?;
    if app
        .sessions
        .store()
        .webhooks()
        .enable(&principal.tenant, &id)
        .await?
    {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(none())
}

/// How a test went.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestView {
    /// Whether it counts as delivered.
    delivered: bool,
    /// `event_id` of what was sent.
    event_id: String,
    /// Status code of the answer.
    #[schema(example = 204)]
    status: Option<u16>,
    /// Beginning of the answer.
    answer: Option<String>,
    /// Why it does not count as delivered.
    #[schema(example = "it answered 404 Not Found")]
    error: Option<String>,
}

/// Test a webhook
///
/// Sends an event of type `test` at once, signed as all others are, and says how it went. It is sent once and stands in no log.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = String, Path, description = "`webhook_id`")),
    responses((status = 200, description = "It was sent, or why not", body = TestView))
)]
pub async fn test(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<axum::Json<TestView>, Problem> {
    principal.may(Scope::Webhooks)?;
    let webhook = find(&app, &principal, &id).await?;
    let (event_id, now) = (uuid::Uuid::now_v7().to_string(), now_ms());
    let about = About {
        webhook_id: &webhook.id,
        url: &webhook.url,
        reason: None,
    };
    let body = about_webhook(&event_id, now, TEST, about);
    let message = Message::to(&webhook, &event_id, &body, now).map_err(Problem::internal)?;
    let Reply {
        status,
        answer,
        error,
        ..
    } = app.post.send(message).await;
    Ok(axum::Json(TestView {
        delivered: error.is_none(),
        event_id,
        status,
        answer,
        error,
    }))
}

/// The webhook of this name.
///
/// # Errors
/// There is none.
pub async fn find(app: &App, principal: &Principal, id: &str) -> Result<Webhook, Problem> {
    let found = app.sessions.store().webhooks().find(&principal.tenant, id).await;
    found?.ok_or_else(none)
}

impl WebhookView {
    fn of(webhook: Webhook) -> Self {
        let usual = || USUAL.map(|kind| kind.name().to_owned()).to_vec();
        Self {
            webhook_id: webhook.id,
            url: webhook.url,
            events: if webhook.events.is_empty() {
                usual()
            } else {
                webhook.events
            },
            sport_types: webhook.sports,
            analysis_id: webhook.analysis_id,
            created_at: moment(webhook.created_at),
            failing_since: webhook.failing_since.map(moment),
            disabled_at: webhook.disabled_at.map(moment),
            reason: webhook.reason,
        }
    }
}

fn none() -> Problem {
    Problem::not_found("there is no webhook of this name")
}
