//! What a tenant has used of what it may have.

use super::moment;
use crate::serve::App;
use crate::serve::auth::{Granted, Principal, Scope};
use crate::serve::problem::Problem;
use crate::serve::store::now_ms;
use axum::extract::{Extension, State};
use serde::Serialize;
use utoipa::ToSchema;

/// What is used of one thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Share {
    /// So much is used.
    used: i64,
    /// So much there is; absent when there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
}

impl Share {
    fn of(used: i64, limit: u32) -> Self {
        let limit = Some(limit).filter(|limit| *limit > 0);
        Self { used, limit }
    }
}

/// What a tenant has used.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageView {
    /// Whose it is.
    tenant: String,
    /// The section `[tiers.NAME]` of the configuration that says what it may have.
    #[schema(example = "pro")]
    tier: String,
    /// The month, UTC.
    #[schema(example = "2026-11")]
    month: String,
    /// Analyses begun in the month.
    analyses: Share,
    /// Live analyses that run.
    live_streams: Share,
    /// Webhooks that are registered.
    webhooks: Share,
}

/// Look at what was used
#[utoipa::path(
    get, path = "/api/v1/usage", tag = "keys", operation_id = "show_usage",
    responses((status = 200, description = "What was used, and what there is", body = UsageView))
)]
pub async fn show(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Result<axum::Json<UsageView>, Problem> {
    principal.may_everywhere(Scope::ReadAnalyses)?;
    let granted = Granted::to(&principal, &app.config.get().tiers)?;
    let now = moment(now_ms());
    let used = app.sessions.store().usage().of(&principal.tenant, &now).await?;
    Ok(axum::Json(UsageView {
        tenant: principal.tenant,
        month: now[..7].to_owned(),
        analyses: Share::of(used.analyses, granted.tier.analyses_per_month),
        live_streams: Share::of(used.live_streams, granted.tier.live_streams),
        webhooks: Share::of(used.webhooks, granted.tier.webhooks),
        tier: granted.name,
    }))
}
