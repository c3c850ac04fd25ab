//! What tenants use of what they may have. Counted in the database, in the transaction that uses it: however many daemons
//! share it, nothing is counted twice and nobody gets more.

use super::StoreError;
use super::pool::{Pool, Transaction};
use super::statement::statement;
use std::fmt;

/// What a tenant may begin; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Analyses in a month.
    pub analyses_per_month: u32,
    /// Live analyses at once.
    pub live_streams: u32,
}

/// What there is no more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// Analyses of the month.
    AnalysesPerMonth,
    /// Live analyses at once.
    LiveStreams,
    /// Webhooks.
    Webhooks,
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AnalysesPerMonth => "all analyses of this month are used up",
            Self::LiveStreams => "all live streams are in use",
            Self::Webhooks => "all webhooks are in use",
        })
    }
}

/// The month of a moment in RFC 3339, such as `2026-11`.
pub fn month(moment: &str) -> &str {
    moment.get(..7).unwrap_or(moment)
}

/// Counts an analysis, within what the tenant may begin.
///
/// # Errors
/// [`StoreError::Exhausted`], and the transaction is to be dropped.
pub(super) async fn count(
    open: &mut Transaction,
    tenant: &str,
    moment: &str,
    live: bool,
    allowance: Allowance,
) -> Result<(), StoreError> {
    // The row is locked from here on: others of this tenant wait until this one is counted.
    let add = "INSERT INTO usage (tenant, month, analyses) VALUES ($1, $2, 1)
               ON CONFLICT (tenant, month) DO UPDATE SET analyses = usage.analyses + 1 WHERE usage.analyses < $3";
    let most = or_unlimited(allowance.analyses_per_month);
    if open.execute(statement!(add, tenant, month(moment), most)).await? == 0 {
        return Err(StoreError::Exhausted(Exhausted::AnalysesPerMonth));
    }
    if live && allowance.live_streams > 0 {
        let running =
            "SELECT COUNT(*) FROM analyses WHERE tenant = $1 AND kind = 'live' AND ended_at IS NULL";
        if first(open.one(statement!(running, tenant)).await?) >= i64::from(allowance.live_streams) {
            return Err(StoreError::Exhausted(Exhausted::LiveStreams));
        }
    }
    Ok(())
}

/// A tenant's row is locked and has no more webhooks than this.
///
/// # Errors
/// [`StoreError::Exhausted`], and the transaction is to be dropped.
pub(super) async fn room_for_webhook(
    open: &mut Transaction,
    tenant: &str,
    most: u32,
) -> Result<(), StoreError> {
    let lock = statement!("UPDATE tenants SET name = name WHERE id = $1", tenant);
    open.execute(lock).await?;
    // Those that belong to an analysis go with it.
    let count = "SELECT COUNT(*) FROM webhooks WHERE tenant = $1 AND analysis_id IS NULL";
    if first(open.one(statement!(count, tenant)).await?) >= or_unlimited(most) {
        return Err(StoreError::Exhausted(Exhausted::Webhooks));
    }
    Ok(())
}

fn or_unlimited(most: u32) -> i64 {
    if most == 0 { i64::MAX } else { most.into() }
}

fn first(row: Option<(i64,)>) -> i64 {
    row.map_or(0, |(count,)| count)
}

/// What a tenant uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Analyses begun in the month.
    pub analyses: i64,
    /// Live analyses that run.
    pub live_streams: i64,
    /// Webhooks that are registered.
    pub webhooks: i64,
}

/// The table of what is used. Clones belong together.
#[derive(Clone, Debug)]
pub struct Usage(pub(super) Pool);

impl Usage {
    /// What a tenant uses in the month of a moment.
    pub async fn of(&self, tenant: &str, moment: &str) -> Result<Used, StoreError> {
        let analyses = "SELECT analyses FROM usage WHERE tenant = $1 AND month = $2";
        let live = "SELECT COUNT(*) FROM analyses WHERE tenant = $1 AND kind = 'live' AND ended_at IS NULL";
        let webhooks = "SELECT COUNT(*) FROM webhooks WHERE tenant = $1 AND analysis_id IS NULL";
        Ok(Used {
            analyses: first(self.0.one(statement!(analyses, tenant, month(moment))).await?),
            live_streams: first(self.0.one(statement!(live, tenant)).await?),
            webhooks: first(self.0.one(statement!(webhooks, tenant)).await?),
        })
    }

    /// An analysis that was begun at a moment came to nothing and does not count.
    pub async fn take_back(&self, tenant: &str, moment: &str) -> Result<(), StoreError> {
        let back =
            "UPDATE usage SET analyses = analyses - 1 WHERE tenant = $1 AND month = $2 AND analyses > 0";
        self.0
            .execute(statement!(back, tenant, month(moment)))
            .await
            .map(drop)
    }
}
