//! Removes what is old, as `[retention]` of the configuration says.
//!
//! Several daemons may sweep the same database at once: what one has removed, the other does not find.

use super::clock::{Clock, moment};
use super::config::{Retention, SharedConfig};
use super::history::Cursor;
use super::sessions::Sessions;
use super::store::StoreError;
use std::fmt::Display;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Old things are looked for this often. Ages are days, so an hour later does not matter.
const EVERY: Duration = Duration::from_secs(3600);
/// A day, milliseconds.
const DAY_MS: i64 = 86_400_000;

/// Removes what is old.
pub struct Sweep<C> {
    /// Every analysis.
    pub sessions: Sessions,
    /// The settings in force: ages may change meanwhile.
    pub config: SharedConfig,
    /// What time it is.
    pub clock: C,
}

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Analyses whose files were removed.
    pub files: usize,
    /// Analyses that were removed.
    pub analyses: usize,
    /// Deliveries.
    pub deliveries: u64,
    /// Entries of the audit log.
    pub audit: u64,
    /// Keys of orders.
    pub idempotency: u64,
    /// Analyses of which something could not be removed.
    pub left: usize,
}

impl Swept {
    /// Something cannot be removed: that holds up nothing else, and the next sweep tries again.
    fn leave(&mut self, analysis: &str, why: &dyn Display) {
        tracing::error!(event = "retention_failed", analysis, %why, "something old of an analysis cannot be removed");
        self.left += 1;
    }
}

impl<C: Clock> Sweep<C> {
    /// Sweeps now and then until told to end.
    pub async fn run(self, end: CancellationToken) {
        loop {
            // What is cut off here is tried again: of an analysis its row goes last.
            let Some(outcome) = end.run_until_cancelled(self.once()).await else {
                return;
            };
            match outcome {
                Ok(swept) if swept == Swept::default() => {}
                Ok(swept) => tracing::info!(event = "retention_swept", ?swept, "what was old is removed"),
                Err(error) => {
                    tracing::error!(event = "retention_failed", %error, "what is old cannot be removed");
                }
            }
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Removes all that is old at this moment.
    ///
    /// # Errors
    /// A database that cannot be read or changed. The rest is tried again with the next sweep.
    pub async fn once(&self) -> Result<Swept, StoreError> {
        let Retention {
            recordings_days,
            analyses_days,
            deliveries_days,
            audit_days,
            idempotency_days,
        } = self.config.get().retention.clone();
        let aged = self.sessions.store().aged();
        let mut swept = Swept::default();
        if let Some(before) = self.before(analyses_days) {
            self.remove_analyses(&moment(before), &mut swept).await?;
        }
        if let Some(before) = self.before(recordings_days) {
            self.remove_files(&moment(before), &mut swept).await?;
        }
        if let Some(before) = self.before(deliveries_days) {
            swept.deliveries = aged.remove_deliveries(before).await?;
        }
        if let Some(before) = self.before(audit_days) {
            swept.audit = aged.remove_audit(before).await?;
        }
        if let Some(before) = self.before(idempotency_days) {
            swept.idempotency = aged.remove_idempotency(before).await?;
        }
        if swept != Swept::default() {
            self.sessions.store().wipe().await?;
        }
        Ok(swept)
    }

    async fn remove_analyses(&self, ended_before: &str, swept: &mut Swept) -> Result<(), StoreError> {
        let (aged, mut behind) = (self.sessions.store().aged(), None);
        loop {
            let old = aged.analyses(ended_before, behind.as_ref()).await?;
            for Cursor { id, .. } in &old {
                match self.sessions.erase(std::slice::from_ref(id)).await {
                    Ok(()) => swept.analyses += 1,
                    Err(problem) => swept.leave(id, &problem.detail),
                }
            }
            behind = old.last().cloned();
            if behind.is_none() {
                return Ok(());
            }
        }
    }

    async fn remove_files(&self, ended_before: &str, swept: &mut Swept) -> Result<(), StoreError> {
        let (aged, mut behind) = (self.sessions.store().aged(), None);
        loop {
            let old = aged.with_files(ended_before, behind.as_ref()).await?;
            for Cursor { id, .. } in &old {
                match aged.remove_files(id).await {
                    Ok(()) => swept.files += 1,
                    Err(error) => swept.leave(id, &error),
                }
            }
            behind = old.last().cloned();
            if behind.is_none() {
                return Ok(());
            }
        }
    }

    /// So many days ago, milliseconds since 1970; `None` when things of this kind are kept for ever.
    fn before(&self, days: u32) -> Option<i64> {
        (days > 0).then(|| self.clock.now_ms() - i64::from(days) * DAY_MS)
    }
}

#[cfg(test)]
#[path = "retention_tests.rs"]
mod tests;
