//! Webhooks: registered, listed, tried, removed; what was delivered.

use super::moment;
use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::extract::Json;
use crate::serve::hub::EventType;
use crate::serve::problem::Problem;
use crate::serve::store::{StoreError, Webhook, now_ms};
use crate::serve::webhooks::{Secret, USUAL, can_be_told};
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

/// Longest address.
const URL_BYTES: usize = 2048;

/// A webhook to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterWebhook {
    /// Where requests are sent.
    #[schema(example = "https://coach.example/hooks/kinemotion")]
    url: String,
    /// Types of events; `repetition`, `analysis_complete` and `error` when absent.
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
    let url = address(&app, &request.url)?;
    for (n, name) in request.events.iter().enumerate() {
        if !EventType::named(name).is_some_and(can_be_told) {
            let names: Vec<_> = EventType::ALL
                .into_iter()
                .filter(|kind| can_be_told(*kind))
                .map(EventType::name)
                .collect();
            let detail = format!("there is no such type; give some of {}", names.join(", "));
            return Err(Problem::invalid(detail).field(format!("events[{n}]")));
        }
    }
    for (n, name) in request.sport_types.iter().enumerate() {
        super::model::movement(name).map_err(|problem| problem.field(format!("sport_types[{n}]")))?;
    }
    let secret =
        Secret::random().map_err(|error| Problem::internal(format!("no random numbers: {error}")))?;
    let webhook = Webhook {
        id: uuid::Uuid::now_v7().to_string(),
        tenant: principal.tenant,
        url: url.into(),
        secret: secret.text(),
        events: request.events,
        sports: request.sport_types,
        created_at: now_ms(),
        failing_since: None,
        disabled_at: None,
        reason: None,
    };
    app.sessions
        .store()
        .webhooks()
        .add(&webhook)
        .await
        .map_err(failed)?;
    let registered = RegisteredWebhook {
        view: WebhookView::of(webhook),
        secret: secret.text(),
    };
    Ok((StatusCode::CREATED, axum::Json(registered)))
}

/// An address that may be registered. Names are looked up when something is sent, each time.
fn address(app: &App, text: &str) -> Result<Url, Problem> {
    let refused = |detail: String| Problem::invalid(detail).field("url");
    if text.len() > URL_BYTES {
        return Err(refused(format!("give at most {URL_BYTES} bytes")));
    }
    let url: Url = text
        .parse()
        .map_err(|error| refused(format!("give an absolute address: {error}")))?;
    app.post.check(&url).map_err(refused)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("leave user and password out: requests are signed".into()));
    }
    Ok(url)
}

/// List webhooks
#[utoipa::path(
    get, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    responses((status = 200, description = "The webhooks", body = WebhookList))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Result<axum::Json<WebhookList>, Problem> {
    principal.may(Scope::Webhooks)?;
    let all = app
        .sessions
        .store()
        .webhooks()
        .of(&principal.tenant)
        .await
        .map_err(failed)?;
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
    let found = app
        .sessions
        .store()
        .webhooks()
        .find(&principal.tenant, &id)
        .await
        .map_err(failed)?;
    found.map(WebhookView::of).map(axum::Json).ok_or_else(none)
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
        .await
        .map_err(failed)?
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
        .await
        .map_err(failed)?
    {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(none())
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

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn failed(error: StoreError) -> Problem {
    Problem::internal(format!("webhooks cannot be looked up or stored: {error}"))
}
