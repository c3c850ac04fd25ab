//! Files that wait for a worker or have one.

use super::StoreError;
use super::pool::Pool;
use super::statement::statement;

/// A job with the lease that was just taken on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// What is to be analysed.
    pub analysis_id: String,
    /// Attempts, this one included.
    pub attempts: u32,
    /// Proof of the lease: whoever takes the job next has a higher one.
    pub fence: i64,
}

/// Jobs that may be taken: those that wait, and those whose worker is not heard of any more.
macro_rules! free {
    ($lock:literal) => {
        concat!(
            "SELECT analysis_id FROM jobs
             WHERE (state = 'queued' AND not_before <= $1) OR (state = 'running' AND leased_until <= $1)
             ORDER BY not_before, analysis_id LIMIT 1",
            $lock
        )
    };
}

/// The queue. Clones belong together.
#[derive(Clone, Debug)]
pub struct Jobs(pub(super) Pool);

impl Jobs {
    /// Takes the job that has waited longest, until the moment `until`. At the same time nobody else takes it.
    pub async fn lease(&self, worker: &str, now: i64, until: i64) -> Result<Option<Leased>, StoreError> {
        let free = self.0.either(free!(""), free!(" FOR UPDATE SKIP LOCKED"));
        let mut transaction = self.0.begin().await?;
        let Some((id,)) = transaction.one::<(String,)>(statement!(free, now)).await? else {
            return Ok(None);
        };
        let take = "UPDATE jobs SET state = 'running', attempts = attempts + 1, fence = fence + 1,
                      leased_by = $1, leased_until = $2 WHERE analysis_id = $3
                    RETURNING attempts, fence";
        let taken: Option<(i64, i64)> = transaction.one(statement!(take, worker, until, &id)).await?;
        transaction.commit().await?;
        Ok(taken.map(|(attempts, fence)| Leased {
            analysis_id: id,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            fence,
        }))
    }

    /// Keeps a lease for longer; whether it is still held.
    pub async fn renew(&self, lease: &Leased, until: i64) -> Result<bool, StoreError> {
        let renew = "UPDATE jobs SET leased_until = $1 WHERE analysis_id = $2 AND fence = $3 AND state = 'running'";
        let renew = statement!(renew, until, &lease.analysis_id, lease.fence);
        Ok(self.0.execute(renew).await? > 0)
    }

    /// The work is done, or cannot be done.
    pub async fn end(&self, lease: &Leased, error: Option<&str>) -> Result<bool, StoreError> {
        let state = if error.is_none() { "done" } else { "failed" };
        let end = "UPDATE jobs SET state = $1, leased_by = NULL, leased_until = NULL, last_error = $2
                   WHERE analysis_id = $3 AND fence = $4";
        let end = statement!(end, state, error, &lease.analysis_id, lease.fence);
        Ok(self.0.execute(end).await? > 0)
    }

    /// The worker ended in the middle: the job waits again. What the attempt has stored is taken back, so that the next one
    /// begins with nothing.
    pub async fn give_back(&self, lease: &Leased, not_before: i64, error: &str) -> Result<bool, StoreError> {
        let mut transaction = self.0.begin().await?;
        let back = "UPDATE jobs SET state = 'queued', leased_by = NULL, leased_until = NULL, not_before = $1, last_error = $2
                    WHERE analysis_id = $3 AND fence = $4";
        let back = statement!(back, not_before, error, &lease.analysis_id, lease.fence);
        let held = transaction.execute(back).await? > 0;
        transaction.commit().await?;
        Ok(held)
    }

    /// Jobs that wait, and that run.
    pub async fn count(&self) -> Result<(i64, i64), StoreError> {
        let count = "SELECT COALESCE(SUM(CASE state WHEN 'queued' THEN 1 ELSE 0 END), 0),
                            COALESCE(SUM(CASE state WHEN 'running' THEN 1 ELSE 0 END), 0)
                     FROM jobs WHERE state IN ('queued', 'running')";
        Ok(self.0.one(statement!(count)).await?.unwrap_or_default())
    }
}
