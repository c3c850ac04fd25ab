//! Keys for programs: made, listed, rotated, revoked.

use super::moment;
use crate::serve::App;
use crate::serve::auth::keys::NewKey;
use crate::serve::auth::{Actor, Principal, Scope, Scopes};
use crate::serve::extract::Json;
use crate::serve::problem::Problem;
use crate::serve::store::{Key, now_ms};
use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A key is good for so long at most, days.
const MOST_DAYS: u32 = 3650;
/// How long a rotated key stays good beside the new one, hours, unless it is said.
const OVERLAP_HOURS: u32 = 24;
/// Longest name.
const NAME_BYTES: usize = 200;

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "coaching app", "scopes": ["analyses:read", "history:read"], "expires_in_days": 365 }))]
pub struct CreateKey {
    /// What people call it.
    #[schema(example = "coaching app", max_length = 200)]
    name: String,
    /// What it may do, as names of scopes; no more than whoever makes it. All of theirs when absent.
    #[schema(example = json!(["analyses:read", "history:read"]))]
    scopes: Option<Vec<String>>,
    /// Days until it is not good any more; never when absent. One that is made with a key is good no longer than that key.
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<u32>,
}

/// How a key is replaced.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({ "overlap_hours": 24 }))]
pub struct RotateKey {
    /// Hours for which the old key stays good.
    #[schema(minimum = 0, maximum = 720, default = 24)]
    overlap_hours: Option<u32>,
}

/// A key without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyView {
    /// Its name in addresses.
    key_id: String,
    /// What people call it.
    name: String,
    /// How it begins.
    #[schema(example = "km_Zk3v9dQw")]
    prefix: String,
    /// What it may do.
    scopes: Vec<String>,
    /// RFC 3339, as every moment here.
    created_at: String,
    /// From when on it is not good any more.
    expires_at: Option<String>,
    /// When it was last used, to within five minutes.
    last_used_at: Option<String>,
    /// When it was revoked.
    revoked_at: Option<String>,
}

/// A key that has just been made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeKey {
    #[serde(flatten)]
    view: KeyView,
    /// The key. It is said this once and cannot be had again.
    key: String,
}

/// Every key of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyList {
    /// The keys, the oldest first.
    keys: Vec<KeyView>,
}

/// Make a key
///
/// The first key closes a daemon that was open to everybody. A key that is made with another one ends with it at the latest; whoever makes
/// one with a token of the identity provider says when it ends.
#[utoipa::path(
    post, path = "/api/v1/keys", tag = "keys", operation_id = "create_key", request_body = CreateKey,
    responses((status = 201, description = "Made", body = MadeKey))
)]
pub async fn create(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(request): Json<CreateKey>,
) -> Result<Response, Problem> {
    principal.may(Scope::Keys)?;
    if request.name.trim().is_empty() || request.name.len() > NAME_BYTES {
        return Err(Problem::invalid(format!("give 1 to {NAME_BYTES} bytes")).field("name"));
    }
    let scopes = match &request.scopes {
        None => principal.scopes,
        Some(names) => names
            .join(" ")
            .parse::<Scopes>()
            .map_err(|error| Problem::invalid(error.to_string()).field("scopes"))?,
    };
    if scopes.is_empty() {
        return Err(Problem::invalid("give at least one").field("scopes"));
    }
    if !principal.scopes.contain_all(scopes) {
        return Err(too_much(&principal).field("scopes"));
    }
    let now = now_ms();
    let expires_at = match request.expires_in_days {
        None => None,
        Some(days) if (1..=MOST_DAYS).contains(&days) => Some(now + days_ms(days)),
        Some(_) => {
            return Err(Problem::invalid(format!("give 1 to {MOST_DAYS}")).field("expires_in_days"));
        }
    };
    let made = make(&app, &principal, request.name, scopes.to_string(), expires_at).await?;
    Ok(made.into_response())
}

/// List keys
#[utoipa::path(
    get, path = "/api/v1/keys", tag = "keys", operation_id = "list_keys",
    responses((status = 200, description = "The keys", body = KeyList))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Result<axum::Json<KeyList>, Problem> {
    principal.may(Scope::Keys)?;
    let keys = app.sessions.store().keys().of(&principal.tenant).await?;
    Ok(axum::Json(KeyList {
        keys: keys.into_iter().map(KeyView::of).collect(),
    }))
}

/// Rotate a key
///
/// Makes another one that may do the same, for somebody who may do as much, and for as long; not longer than the key that asks for it. The
/// old one stays good for a while, so that nothing stands still meanwhile.
#[utoipa::path(
    post, path = "/api/v1/keys/{id}/rotate", tag = "keys", operation_id = "rotate_key", params(("id" = String, Path, description = "`key_id`")),
    request_body = RotateKey, responses((status = 201, description = "Made", body = MadeKey))
)]
pub async fn rotate(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Json(request): Json<RotateKey>,
) -> Result<Response, Problem> {
    principal.may(Scope::Keys)?;
    let keys = app.sessions.store().keys();
    let old = keys.find(&principal.tenant, &id).await?;
    let now = now_ms();
    let old = old.ok_or_else(none)?;
    if !old.is_good(now) {
        return Err(Problem::conflict("it has expired or was revoked: make a new one"));
    }
    // Whoever rotates a key gets the new one. A scope of a newer version is more than anybody has here.
    let scopes = old.scopes.parse::<Scopes>();
    if !scopes.is_ok_and(|scopes| principal.scopes.contain_all(scopes)) {
        return Err(too_much(&principal));
    }
    let hours = request.overlap_hours.unwrap_or(OVERLAP_HOURS);
    if hours > 720 {
        return Err(Problem::invalid("give 0 to 720").field("overlap_hours"));
    }
    let lifetime = old.expires_at.map(|moment| now + (moment - old.created_at));
    let made = make(&app, &principal, old.name, old.scopes, lifetime).await?;
    let until = now + i64::from(hours) * 3_600_000;
    keys.end(&principal.tenant, &id, until).await?;
    app.auth.forget();
    Ok(made.into_response())
}

/// Revoke a key
///
/// It is not good any more at once; on other daemons within five seconds.
#[utoipa::path(
    delete, path = "/api/v1/keys/{id}", tag = "keys", operation_id = "revoke_key", params(("id" = String, Path, description = "`key_id`")),
    responses((status = 204, description = "Revoked"))
)]
pub async fn revoke(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    principal.may(Scope::Keys)?;
    let revoked = app
        .sessions
        .store()
        .keys()
        .revoke(&principal.tenant, &id, now_ms())
        .await;
    app.auth.forget();
    if revoked? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(none())
}

/// When a key ends that somebody makes: not after the key they make it with, which could otherwise be prolonged for ever.
async fn within_own(
    app: &App,
    principal: &Principal,
    expires_at: Option<i64>,
) -> Result<Option<i64>, Problem> {
    let Actor::Key(own) = &principal.actor else {
        return Ok(expires_at);
    };
    let own = app.sessions.store().keys().find(&principal.tenant, own).await?;
    let own_end = own.and_then(|key| key.expires_at);
    Ok([expires_at, own_end].into_iter().flatten().min())
}

async fn make(
    app: &App,
    principal: &Principal,
    name: String,
    scopes: String,
    expires_at: Option<i64>,
) -> Result<MadeKey, Problem> {
    let expires_at = within_own(app, principal, expires_at).await?;
    let new = NewKey::make().map_err(|error| Problem::internal(format!("no random numbers: {error}")))?;
    let key = Key {
        id: uuid::Uuid::now_v7().to_string(),
        tenant: principal.tenant.clone(),
        tier: principal.tier.clone(),
        name,
        shown: new.shown,
        scopes,
        created_at: now_ms(),
        expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    app.sessions.store().keys().add(&key, new.hash).await?;
    app.auth.forget();
    Ok(MadeKey {
        view: KeyView::of(key),
        key: new.text,
    })
}

/// Nobody on the way keeps it.
impl IntoResponse for MadeKey {
    fn into_response(self) -> Response {
        let headers = [
            (header::LOCATION, format!("/api/v1/keys/{}", self.view.key_id)),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ];
        (StatusCode::CREATED, headers, axum::Json(self)).into_response()
    }
}

impl KeyView {
    fn of(key: Key) -> Self {
        Self {
            key_id: key.id,
            name: key.name,
            prefix: key.shown,
            scopes: key.scopes.split_whitespace().map(str::to_owned).collect(),
            created_at: moment(key.created_at),
            expires_at: key.expires_at.map(moment),
            last_used_at: key.last_used_at.map(moment),
            revoked_at: key.revoked_at.map(moment),
        }
    }
}

fn days_ms(days: u32) -> i64 {
    i64::from(days) * 86_400_000
}

fn too_much(principal: &Principal) -> Problem {
    Problem::forbidden(format!(
        "nobody gives away more than they have: {}",
        principal.scopes
    ))
}

fn none() -> Problem {
    Problem::not_found("there is no key of this name")
}
