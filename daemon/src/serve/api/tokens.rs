//! Short-lived tokens for browsers, each for one analysis.

use super::moment;
use crate::serve::App;
use crate::serve::auth::{BrowserToken, Principal, Scope, Scopes};
use crate::serve::extract::Json;
use crate::serve::problem::Problem;
use crate::serve::store::now_ms;
use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Shortest and longest life, seconds.
const SHORTEST_S: u32 = 10;
const LONGEST_S: u32 = 3600;
/// How long it lives unless it is said, seconds.
const USUAL_S: u32 = 600;

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "analysis_id": "0199d4c0-7f00-7000-8000-000000000001", "scopes": ["publish", "analyses:read"], "expires_in_s": 600
}))]
pub struct CreateToken {
    /// The one analysis it is for.
    #[schema(example = "0199d4c0-7f00-7000-8000-000000000001")]
    analysis_id: String,
    /// What may be done with it: some of `analyses:read` (look at it and hear its events), `publish` and `watch`.
    #[schema(example = json!(["publish", "analyses:read"]))]
    scopes: Vec<String>,
    /// Seconds until it is not good any more.
    #[schema(minimum = 10, maximum = 3600, default = 600)]
    expires_in_s: Option<u32>,
}

/// A token that has just been made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeToken {
    /// The token: `Authorization: Bearer TOKEN`, or `?access_token=TOKEN` where a browser lets nobody set headers.
    token: String,
    /// The one analysis it is for.
    analysis_id: String,
    /// What may be done with it.
    scopes: Vec<String>,
    /// From when on it is not good any more, RFC 3339.
    expires_at: String,
}

/// Make a token for a browser
///
/// A server with a key makes it for a page that publishes or watches, so that the key stays where it is. It is for one analysis,
/// lives some minutes and cannot be revoked. What has begun with it goes on when it ends.
#[utoipa::path(
    post, path = "/api/v1/tokens", tag = "keys", operation_id = "create_token", request_body = CreateToken,
    responses((status = 201, description = "Made", body = MadeToken))
)]
pub async fn create(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(request): Json<CreateToken>,
) -> Result<Response, Problem> {
    let scopes = request.scopes.join(" ").parse::<Scopes>();
    let scopes = scopes.map_err(|error| Problem::invalid(error.to_string()).field("scopes"))?;
    let possible = BrowserToken::possible();
    if scopes.is_empty() || !possible.contain_all(scopes) {
        return Err(Problem::invalid(format!("give some of {possible}")).field("scopes"));
    }
    // Nobody gives away more than they have, and not what is itself for one analysis.
    for &scope in Scope::ALL.iter().filter(|scope| scopes.contain(**scope)) {
        principal.may_everywhere(scope)?;
    }
    let seconds = request.expires_in_s.unwrap_or(USUAL_S);
    if !(SHORTEST_S..=LONGEST_S).contains(&seconds) {
        let detail = format!("give {SHORTEST_S} to {LONGEST_S}");
        return Err(Problem::invalid(detail).field("expires_in_s"));
    }
    let own = app.sessions.visible(&request.analysis_id, &principal).await;
    let analysis = own.map_err(|problem| problem.field("analysis_id"))?;
    let said = BrowserToken {
        tenant: principal.tenant,
        tier: principal.tier,
        analysis: analysis.id.clone(),
        scopes: scopes.to_string(),
        until: now_ms() + 1000 * i64::from(seconds),
    };
    let made = MadeToken {
        token: app.auth.sign(&said, &app.config.get()),
        analysis_id: said.analysis,
        scopes: said.scopes.split_whitespace().map(str::to_owned).collect(),
        expires_at: moment(said.until),
    };
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, axum::Json(made)).into_response())
}
