//! What is to be delivered to webhooks.

use super::StoreError;
use super::pool::{Pool, Transaction};
use super::statement::statement;
use std::sync::Arc;
use tokio::sync::Notify;

/// A delivery that becomes due with the event it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Outbox {
    /// Its name.
    pub id: String,
    /// To whom.
    pub webhook_id: String,
    /// Name of what is told: the same for everybody who is told, and when it is told again.
    pub event_id: String,
    /// What it is about.
    pub analysis_id: String,
    /// The number of its event.
    pub sequence: u64,
    /// Type of the event.
    pub kind: &'static str,
    /// What is sent.
    pub body: String,
    /// This moment, milliseconds since 1970.
    pub at: i64,
}

impl Outbox {
    /// Adds it. Done again for the same event, nothing is added, nor for a webhook that was removed meanwhile.
    pub(super) async fn insert(self, transaction: &mut Transaction) -> Result<(), StoreError> {
        let add = "INSERT INTO deliveries
                     (id, webhook_id, event_id, analysis_id, sequence, type, body, state, first_at, due_at)
                   SELECT $1, id, $3, $4, $5, $6, $7, 'waiting', $8, $8 FROM webhooks WHERE id = $2
                   ON CONFLICT (webhook_id, event_id) DO NOTHING";
        let add = statement!(
            add,
            self.id,
            self.webhook_id,
            self.event_id,
            self.analysis_id,
            self.sequence.cast_signed(),
            self.kind,
            self.body,
            self.at,
        );
        transaction.execute(add).await.map(drop)
    }
}

/// A delivery as it waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    /// Its name.
    pub id: String,
    /// To whom.
    pub webhook_id: String,
    /// Name of what is told.
    pub event_id: String,
    /// What is sent.
    pub body: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was first due, milliseconds since 1970.
    pub first_at: i64,
}

/// How an attempt went.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Status code of the answer, if there was one.
    pub status: Option<u16>,
    /// The beginning of the answer.
    pub answer: Option<String>,
    /// Why it did not work.
    pub error: Option<String>,
}

/// Deliveries that are due. An earlier one of the same analysis that still waits goes first, however late it is.
macro_rules! first_that_wait {
    ($lock:literal) => {
        concat!(
            "SELECT d.id FROM deliveries d
             JOIN webhooks w ON w.id = d.webhook_id AND w.disabled_at IS NULL
             WHERE d.state = 'waiting' AND d.due_at <= $1
               AND NOT EXISTS (SELECT 1 FROM deliveries e
                  WHERE e.webhook_id = d.webhook_id AND e.analysis_id = d.analysis_id
                    AND e.sequence < d.sequence AND e.state = 'waiting')
             ORDER BY d.due_at LIMIT $2",
            $lock
        )
    };
}

/// Deliveries that wait. Clones belong together.
#[derive(Clone, Debug)]
pub struct Deliveries {
    pool: Pool,
    /// Told when there are new ones.
    pub(super) arrived: Arc<Notify>,
}

impl Deliveries {
    /// Those in a database.
    pub(super) fn new(pool: Pool) -> Self {
        Self {
            pool,
            arrived: Arc::default(),
        }
    }

    /// Waits until this daemon has stored new ones.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Takes what is due, each with a lease: nobody else takes it until `until`. Of an analysis only the first that waits is
    /// taken, so that each webhook hears things in their order.
    pub async fn take(&self, now: i64, until: i64, most: u32) -> Result<Vec<Due>, StoreError> {
        let first = self.pool.either(
            first_that_wait!(""),
            first_that_wait!(" FOR UPDATE OF d SKIP LOCKED"),
        );
        // Asked every second: as long as nothing is due, nobody who writes is held up.
        let due = statement!(first_that_wait!(""), now, 1_u32);
        if self.pool.one::<(String,)>(due).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut transaction = self.pool.begin().await?;
        let names: Vec<(String,)> = transaction.all(statement!(first, now, most)).await?;
        let mut taken = Vec::with_capacity(names.len());
        for (id,) in names {
            let take = "UPDATE deliveries SET due_at = $1 WHERE id = $2
                        RETURNING id, webhook_id, event_id, body, attempts, first_at";
            let row: Option<(String, String, String, String, i64, i64)> =
                transaction.one(statement!(take, until, id)).await?;
            if let Some((id, webhook_id, event_id, body, attempts, first_at)) = row {
                let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
                taken.push(Due {
                    id,
                    webhook_id,
                    event_id,
                    body,
                    attempts,
                    first_at,
                });
            }
        }
        transaction.commit().await?;
        Ok(taken)
    }

    /// Notes how an attempt went: delivered, to be tried again at `due_at`, or given up.
    pub async fn note(
        &self,
        id: &str,
        attempt: &Attempt,
        due_at: Option<i64>,
        now: i64,
    ) -> Result<(), StoreError> {
        let delivered = attempt.error.is_none();
        let state = match (delivered, due_at) {
            (true, _) => "delivered",
            (false, Some(_)) => "waiting",
            (false, None) => "given_up",
        };
        let note = "UPDATE deliveries SET state = $1, attempts = attempts + 1, due_at = COALESCE($2, due_at),
                      last_status = $3, last_answer = $4, last_error = $5, delivered_at = $6 WHERE id = $7";
        let note = statement!(
            note,
            state,
            due_at,
            attempt.status,
            attempt.answer.clone(),
            attempt.error.clone(),
            delivered.then_some(now),
            id,
        );
        self.pool.execute(note).await.map(drop)
    }
}
