//! Orders for files: the analysis, its job, the upload it uses up and the key it was sent under, all of it or nothing. And orders
//! that are sent twice, whatever they are for.

use super::jobs::{self, Jobs};
use super::pool::{Pool, Transaction, now_ms};
use super::statement::statement;
use super::usage::{self, Allowance};
use super::{StoreError, analyses};
use crate::serve::clock::{Clock, SharedClock};
use crate::serve::sessions::Order;
use kinemotion_pipelines::live::SessionState;

/// What an order is known by when it is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// What the client calls it.
    pub key: String,
    /// SHA-256 of the order.
    pub fingerprint: [u8; 32],
}

/// What an order has led to before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// The analysis.
    pub analysis_id: String,
    /// Whether it was the same order.
    pub same: bool,
}

/// An order for a file with what belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct Intake<'a> {
    /// The name the analysis gets.
    pub id: &'a str,
    /// What is ordered.
    pub order: &'a Order,
    /// What the worker needs beside it, as JSON.
    pub task: &'a str,
    /// The upload that is used up.
    pub upload: Option<&'a str>,
    /// What the order is known by.
    pub once: Option<&'a Once>,
    /// Most jobs that may wait.
    pub most_waiting: u64,
    /// What its tenant may begin.
    pub allowance: Allowance,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is in the queue.
    Queued,
    /// It was before.
    Before(Before),
    /// Too many wait.
    Full,
    /// There is no such upload, or it is not complete.
    NoUpload,
}

/// Takes orders. Clones belong together.
#[derive(Clone, Debug)]
pub struct Orders {
    pub(super) pool: Pool,
    pub(super) jobs: Jobs,
    pub(super) clock: SharedClock,
}

impl Orders {
    /// What an order has led to before, if it was sent before. It is known until what is old goes (`retention.idempotency_days`).
    pub async fn before(&self, tenant: &str, once: &Once) -> Result<Option<Before>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        before(&mut transaction, tenant, once).await
    }

    /// Whether an order of this key was sent before, the same or another.
    pub async fn is_known(&self, tenant: &str, key: &str) -> Result<bool, StoreError> {
        let known = "SELECT analysis_id FROM idempotency WHERE tenant = $1 AND key = $2";
        let known: Option<(String,)> = self.pool.one(statement!(known, tenant, key)).await?;
        Ok(known.is_some())
    }

    /// Notes what an order has led to. When another of the same key was first, what that has led to.
    pub async fn note(
        &self,
        tenant: &str,
        once: &Once,
        analysis_id: &str,
    ) -> Result<Option<Before>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let before = note(&mut transaction, tenant, once, analysis_id).await?;
        if before.is_none() {
            transaction.commit().await?;
        }
        Ok(before)
    }

    /// Whether an order for a file would find a place in the queue at a moment, within what its tenant may begin. Nothing is counted.
    pub async fn has_room(
        &self,
        tenant: &str,
        moment: &str,
        most_waiting: u64,
        allowance: Allowance,
    ) -> Result<bool, StoreError> {
        // Dropped, the transaction has never been.
        let mut transaction = self.pool.begin().await?;
        usage::count(&mut transaction, tenant, moment, false, allowance).await?;
        Ok(jobs::waiting(&mut transaction).await? < most_waiting)
    }

    /// Takes an order for a file and counts it, within what its tenant may begin. One that was sent before is not counted again.
    pub async fn take(&self, intake: Intake<'_>) -> Result<Taken, StoreError> {
        // Dropped, the transaction has never been.
        let mut transaction = self.pool.begin().await?;
        if jobs::waiting(&mut transaction).await? >= intake.most_waiting {
            return Ok(Taken::Full);
        }
        let Intake { id, order, .. } = intake;
        let tenant = order.tenant.as_str();
        usage::count(
            &mut transaction,
            tenant,
            &order.created_at,
            false,
            intake.allowance,
        )
        .await?;
        analyses::insert(&mut transaction, id, order, SessionState::Waiting, None).await?;
        Jobs::add(&mut transaction, id, intake.task, self.clock.now_ms()).await?;
        // Before the upload, which the same order has used up when it was taken before.
        if let Some(once) = intake.once
            && let Some(before) = note(&mut transaction, tenant, once, id).await?
        {
            return Ok(Taken::Before(before));
        }
        if let Some(upload) = intake.upload {
            let use_up = "DELETE FROM uploads WHERE id = $1 AND tenant = $2 AND received = bytes";
            if transaction.execute(statement!(use_up, upload, tenant)).await? == 0 {
                return Ok(Taken::NoUpload);
            }
        }
        transaction.commit().await?;
        // It is in the queue whatever comes of this, and a worker may have it already.
        if let Err(error) = self.pool.force().await {
            tracing::error!(event = "order_not_synced", analysis = id, %error, "an order may not outlive the machine");
        }
        self.jobs.tell();
        Ok(Taken::Queued)
    }
}

async fn before(
    transaction: &mut Transaction,
    tenant: &str,
    once: &Once,
) -> Result<Option<Before>, StoreError> {
    let known = "SELECT analysis_id, fingerprint FROM idempotency WHERE tenant = $1 AND key = $2";
    let known = statement!(known, tenant, &once.key);
    let known: Option<(String, Vec<u8>)> = transaction.one(known).await?;
    Ok(known.map(|(analysis_id, fingerprint)| Before {
        analysis_id,
        same: fingerprint == once.fingerprint,
    }))
}

async fn note(
    transaction: &mut Transaction,
    tenant: &str,
    once: &Once,
    analysis_id: &str,
) -> Result<Option<Before>, StoreError> {
    let add = "INSERT INTO idempotency (tenant, key, fingerprint, analysis_id, created_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (tenant, key) DO NOTHING";
    let add = statement!(add, tenant, &once.key, once.fingerprint, analysis_id, now_ms());
    if transaction.execute(add).await? > 0 {
        return Ok(None);
    }
    before(transaction, tenant, once).await
}
