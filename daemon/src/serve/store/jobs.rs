//! Files that wait for a worker or have one.

use super::StoreError;
use super::pool::{Pool, Transaction};
use super::statement::statement;
use kinemotion_pipelines::live::SessionState;
use std::sync::Arc;
use tokio::sync::Notify;

/// A job with the lease that was just taken on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// What is to be analysed.
    pub analysis_id: String,
    /// Attempts, this one included.
    pub attempts: u32,
    /// Proof of the lease: whoever takes the job next has a higher one.
    pub fence: i64,
    /// What its worker needs beside the order, as JSON.
    pub task: String,
    /// How the attempt before ended, if its worker could still say it.
    pub last_error: Option<String>,
}

/// Jobs that may be taken: those that wait, and those whose worker is not heard of any more. The first condition follows from
/// the others; it is that of the index, so that jobs which have ended are not looked through.
macro_rules! free {
    ($lock:literal) => {
        concat!(
            "SELECT analysis_id FROM jobs
             WHERE state IN ('queued', 'running')
               AND ((state = 'queued' AND not_before <= $1) OR (state = 'running' AND leased_until <= $1))
             ORDER BY not_before, analysis_id LIMIT 1",
            $lock
        )
    };
}

/// The queue. Clones belong together.
#[derive(Clone, Debug)]
pub struct Jobs {
    pool: Pool,
    /// This daemon, where several share the queue.
    replica: Option<Arc<str>>,
    /// Told when there is a new one.
    arrived: Arc<Notify>,
}

impl Jobs {
    /// The queue in a database, for this replica where there are several.
    pub(super) fn new(pool: Pool, replica: Option<Arc<str>>) -> Self {
        Self {
            pool,
            replica,
            arrived: Arc::default(),
        }
    }

    /// Adds one, in a transaction of what it is about.
    pub(super) async fn add(
        transaction: &mut Transaction,
        id: &str,
        task: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        let add = "INSERT INTO jobs (analysis_id, state, not_before, task) VALUES ($1, 'queued', $2, $3)";
        transaction
            .execute(statement!(add, id, now, task))
            .await
            .map(drop)
    }

    /// Jobs that have a worker have lost it: this is the only daemon, and it has just started.
    pub(super) async fn take_from_the_dead(&self) -> Result<(), StoreError> {
        let queue = "UPDATE jobs SET state = 'queued', leased_by = NULL, leased_until = NULL,
                       last_error = 'the daemon ended while it ran' WHERE state = 'running'";
        self.pool.execute(statement!(queue)).await.map(drop)
    }

    /// Jobs of a replica wait again: it is not heard of any more. If it should be alive, its fence keeps it from storing anything.
    pub async fn take_from(&self, replica: &str) -> Result<(), StoreError> {
        let queue = "UPDATE jobs SET state = 'queued', leased_by = NULL, leased_until = NULL,
                       last_error = 'the daemon that ran it was lost'
                     WHERE state = 'running' AND starts_with(leased_by, $1)";
        let queue = statement!(queue, worker_of(replica, ""));
        self.pool.execute(queue).await.map(drop)
    }

    /// What a worker of this daemon is called in the table.
    pub fn worker(&self, number: usize) -> String {
        match &self.replica {
            Some(replica) => worker_of(replica, &number.to_string()),
            None => worker_of(&std::process::id().to_string(), &number.to_string()),
        }
    }

    /// Tells a worker of this daemon that there is a new one.
    pub(super) fn tell(&self) {
        self.arrived.notify_one();
    }

    /// Waits until this daemon has added one.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Takes the job that has waited longest, until the moment `until`. At the same time nobody else takes it.
    pub async fn lease(&self, worker: &str, now: i64, until: i64) -> Result<Option<Leased>, StoreError> {
        // Usually there is none, and nobody needs to be held up for that.
        if self
            .pool
            .one::<(String,)>(statement!(free!(""), now))
            .await?
            .is_none()
        {
            return Ok(None);
        }
        let free = self.pool.either(free!(""), free!(" FOR UPDATE SKIP LOCKED"));
        let mut transaction = self.pool.begin().await?;
        let Some((id,)) = transaction.one::<(String,)>(statement!(free, now)).await? else {
            return Ok(None);
        };
        let take = "UPDATE jobs SET state = 'running', attempts = attempts + 1, fence = fence + 1,
                      leased_by = $1, leased_until = $2 WHERE analysis_id = $3
                    RETURNING attempts, fence, task, last_error";
        let taken: Option<(i64, i64, Option<String>, Option<String>)> =
            transaction.one(statement!(take, worker, until, &id)).await?;
        if let Some(replica) = &self.replica {
            let own = "UPDATE analyses SET replica = $1 WHERE id = $2";
            transaction.execute(statement!(own, &**replica, &id)).await?;
        }
        transaction.commit().await?;
        Ok(taken.map(|(attempts, fence, task, last_error)| Leased {
            analysis_id: id,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            fence,
            task: task.unwrap_or_default(),
            last_error,
        }))
    }

    /// Keeps a lease for longer; whether it is still held.
    pub async fn renew(&self, lease: &Leased, until: i64) -> Result<bool, StoreError> {
        let renew =
            "UPDATE jobs SET leased_until = $1 WHERE analysis_id = $2 AND fence = $3 AND state = 'running'";
        let renew = statement!(renew, until, &lease.analysis_id, lease.fence);
        Ok(self.pool.execute(renew).await? > 0)
    }

    /// Whether the file of an analysis waits for a worker or has one.
    pub async fn is_open(&self, analysis_id: &str) -> Result<bool, StoreError> {
        let open = "SELECT analysis_id FROM jobs WHERE analysis_id = $1 AND state IN ('queued', 'running')";
        let open = self.pool.one::<(String,)>(statement!(open, analysis_id));
        Ok(open.await?.is_some())
    }

    /// A job of which nothing can be said through its analysis has ended all the same.
    pub async fn bury(&self, lease: &Leased, error: &str) -> Result<bool, StoreError> {
        let end = "UPDATE jobs SET state = 'failed', leased_by = NULL, leased_until = NULL, task = NULL, last_error = $1
                   WHERE analysis_id = $2 AND fence = $3";
        let end = statement!(end, error, &lease.analysis_id, lease.fence);
        Ok(self.pool.execute(end).await? > 0)
    }

    /// The worker ended in the middle: the job waits again, whether it was still this worker's. An attempt that was ended from
    /// here, by the end of the daemon, has not `counted`.
    pub async fn give_back(
        &self,
        lease: &Leased,
        not_before: i64,
        error: Option<&str>,
        counted: bool,
    ) -> Result<bool, StoreError> {
        let back = "UPDATE jobs SET state = 'queued', leased_by = NULL, leased_until = NULL, not_before = $1, last_error = $2,
                      attempts = attempts - $3
                    WHERE analysis_id = $4 AND fence = $5 AND state = 'running'";
        let refunded = i64::from(!counted);
        let back = statement!(back, not_before, error, refunded, &lease.analysis_id, lease.fence);
        Ok(self.pool.execute(back).await? > 0)
    }
}

fn worker_of(daemon: &str, number: &str) -> String {
    format!("{daemon}/{number}")
}

/// How many wait, as a transaction sees it.
pub(super) async fn waiting(transaction: &mut Transaction) -> Result<u64, StoreError> {
    // By the index, as above.
    let count = "SELECT COUNT(*) FROM jobs WHERE state IN ('queued', 'running') AND state = 'queued'";
    let (waiting,) = transaction
        .one::<(i64,)>(statement!(count))
        .await?
        .unwrap_or_default();
    Ok(waiting.cast_unsigned())
}

/// Whether a lease is still held, until the end of the transaction; with the last state its job has ended.
pub(super) async fn hold(
    transaction: &mut Transaction,
    id: &str,
    fence: i64,
    ended: Option<SessionState>,
) -> Result<bool, StoreError> {
    let hold = match ended {
        None => statement!(
            "UPDATE jobs SET fence = fence WHERE analysis_id = $1 AND fence = $2 AND state = 'running'",
            id,
            fence
        ),
        Some(state) => statement!(
            "UPDATE jobs SET state = $1, leased_by = NULL, leased_until = NULL, task = NULL
             WHERE analysis_id = $2 AND fence = $3 AND state = 'running'",
            if state == SessionState::Done {
                "done"
            } else {
                "failed"
            },
            id,
            fence
        ),
    };
    Ok(transaction.execute(hold).await? > 0)
}
