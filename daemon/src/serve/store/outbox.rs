//! What is to be delivered to webhooks.

use super::StoreError;
use super::pool::{Pool, Transaction};
use super::statement::{Builder, statement};
use crate::serve::history::Cursor;
use crate::serve::webhooks::Places;
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

/// See [`FIRST_THAT_WAIT`].
type First = (String, String, i64);

/// Takes one until a moment.
async fn lease(
    transaction: &mut Transaction,
    id: &str,
    until: i64,
    is_failing: bool,
) -> Result<Option<Due>, StoreError> {
    let take = "UPDATE deliveries SET due_at = $1 WHERE id = $2
                RETURNING id, webhook_id, event_id, analysis_id, body, attempts, first_at";
    let row: Option<(String, String, String, String, String, i64, i64)> =
        transaction.one(statement!(take, until, id)).await?;
    Ok(row.map(
        |(id, webhook_id, event_id, analysis_id, body, attempts, first_at)| Due {
            id,
            webhook_id,
            is_failing,
            event_id,
            analysis_id,
            body,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            first_at,
            until,
        },
    ))
}

/// A delivery as it waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    /// Its name.
    pub id: String,
    /// To whom.
    pub webhook_id: String,
    /// Whether that one has taken nothing of late.
    pub is_failing: bool,
    /// Name of what is told.
    pub event_id: String,
    /// What it is about.
    pub analysis_id: String,
    /// What is sent.
    pub body: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was first due, milliseconds since 1970.
    pub first_at: i64,
    /// Until then it is this daemon's: proof of the lease, as whoever takes it next has it for longer.
    pub until: i64,
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

/// A delivery as it is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its name.
    pub id: String,
    /// Name of what is told.
    pub event_id: String,
    /// What it is about.
    pub analysis_id: String,
    /// The number of its event.
    pub sequence: i64,
    /// Type of the event.
    pub kind: String,
    /// `waiting`, `delivered` or `given_up`.
    pub state: String,
    /// Attempts so far.
    pub attempts: i64,
    /// When it was first due, milliseconds since 1970, as all moments here.
    pub first_at: i64,
    /// When it is tried next, while it waits.
    pub due_at: i64,
    /// Status code of the last answer.
    pub last_status: Option<i64>,
    /// Beginning of the last answer.
    pub last_answer: Option<String>,
    /// Why the last attempt did not work.
    pub last_error: Option<String>,
    /// When it was delivered.
    pub delivered_at: Option<i64>,
}

type Row = (
    String,
    String,
    String,
    i64,
    String,
    String,
    i64,
    i64,
    i64,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<i64>,
);

impl Delivery {
    fn of(row: Row) -> Self {
        let (
            id,
            event_id,
            analysis_id,
            sequence,
            kind,
            state,
            attempts,
            first_at,
            due_at,
            status,
            answer,
            error,
            at,
        ) = row;
        Self {
            id,
            event_id,
            analysis_id,
            sequence,
            kind,
            state,
            attempts,
            first_at,
            due_at,
            last_status: status,
            last_answer: answer,
            last_error: error,
            delivered_at: at,
        }
    }
}

/// Deliveries that are due, each with its webhook and whether that one is failing. An earlier one of the same analysis that still
/// waits goes first, however late it is.
const FIRST_THAT_WAIT: &str =
    "SELECT d.id, d.webhook_id, CAST(CASE WHEN w.failing_since IS NULL THEN 0 ELSE 1 END AS BIGINT)
     FROM deliveries d
     JOIN webhooks w ON w.id = d.webhook_id AND w.disabled_at IS NULL
     WHERE d.state = 'waiting'
       AND NOT EXISTS (SELECT 1 FROM deliveries e
          WHERE e.webhook_id = d.webhook_id AND e.analysis_id = d.analysis_id
            AND e.sequence < d.sequence AND e.state = 'waiting')
       AND d.due_at <= ";

/// At most so many of those that are due and find a place.
fn first_that_wait(now: i64, places: &Places, most: usize) -> Builder {
    let mut query = Builder::default();
    query.push(FIRST_THAT_WAIT).value(now);
    one_of(&mut query, " AND d.webhook_id NOT IN (", places.full(), ")");
    if places.has_room_for_failing() {
        let holders = places.holders();
        one_of(
            &mut query,
            " AND (w.failing_since IS NULL OR w.id NOT IN (",
            holders,
            "))",
        );
    } else {
        query.push(" AND w.failing_since IS NULL");
    }
    query.push(" ORDER BY d.due_at LIMIT ").value(whole(most));
    query
}

/// Adds a list of names, unless there is none.
fn one_of<'a>(
    query: &mut Builder,
    before: &'static str,
    names: impl Iterator<Item = &'a str>,
    behind: &'static str,
) {
    let mut separator = before;
    for name in names {
        query.push(separator).value(name);
        separator = ", ";
    }
    if separator != before {
        query.push(behind);
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
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

    /// Adds some that come along with no event.
    pub async fn add(&self, deliveries: Vec<Outbox>) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        for delivery in deliveries {
            delivery.insert(&mut transaction).await?;
        }
        transaction.commit().await?;
        self.arrived.notify_one();
        Ok(())
    }

    /// At most `limit` of a webhook behind a cursor, those that were first due last before others; in one state, or all.
    pub async fn log(
        &self,
        webhook_id: &str,
        state: Option<&str>,
        behind: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut query = Builder::default();
        query.push(
            "SELECT id, event_id, analysis_id, sequence, type, state, attempts, first_at, due_at, last_status, last_answer,
               last_error, delivered_at FROM deliveries WHERE webhook_id = ",
        );
        query.value(webhook_id).when(" AND state = ", state);
        if let Some(Cursor { at, id }) = behind {
            query
                .push(" AND (first_at, id) < (")
                .value(*at)
                .push(", ")
                .value(id)
                .push(")");
        }
        query.push(" ORDER BY first_at DESC, id DESC LIMIT ").value(limit);
        Ok(self
            .pool
            .all(query.build())
            .await?
            .into_iter()
            .map(Delivery::of)
            .collect())
    }

    /// Has one delivered again from now on, whatever became of it, as if it were new; whether there is one.
    pub async fn resend(&self, webhook_id: &str, id: &str, now: i64) -> Result<bool, StoreError> {
        let again = "UPDATE deliveries SET state = 'waiting', attempts = 0, first_at = $1, due_at = $1, delivered_at = NULL
                     WHERE webhook_id = $2 AND id = $3";
        let found = self.pool.execute(statement!(again, now, webhook_id, id)).await? > 0;
        if found {
            self.arrived.notify_one();
        }
        Ok(found)
    }

    /// Waits until this daemon has stored new ones.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Takes what is due as far as there are places, each with a lease: nobody else takes it until `until`. Of an analysis only
    /// the first that waits is taken, so that each webhook hears things in their order. What was due first goes first.
    pub async fn take(&self, now: i64, until: i64, places: &mut Places) -> Result<Vec<Due>, StoreError> {
        // Asked every second: as long as nothing is due, nobody who writes is held up.
        let due = first_that_wait(now, places, 1).build();
        if places.left() == 0 || self.pool.one::<First>(due).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut transaction = self.pool.begin().await?;
        let (mut taken, mut room) = (Vec::new(), places.clone());
        loop {
            let left = room.left();
            let mut first = first_that_wait(now, &room, left);
            first.push(self.pool.either("", " FOR UPDATE OF d SKIP LOCKED"));
            let found: Vec<First> = transaction.all(first.build()).await?;
            let all = found.len() < left;
            for (id, webhook_id, failing) in found {
                let is_failing = failing != 0;
                if room.take(&webhook_id, is_failing) {
                    taken.extend(lease(&mut transaction, &id, until, is_failing).await?);
                }
            }
            // Those that found no place are not asked for again, so each time there are fewer.
            if all || room.left() == 0 {
                break;
            }
        }
        transaction.commit().await?;
        // Until here nothing was taken.
        *places = room;
        Ok(taken)
    }

    /// Notes how an attempt went: delivered, to be tried again at `due_at`, or given up. Nothing is noted of one whose lease is over
    /// because somebody else has taken the delivery or has it sent again; whether something was.
    pub async fn note(
        &self,
        due: &Due,
        attempt: &Attempt,
        due_at: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let delivered = attempt.error.is_none();
        let state = match (delivered, due_at) {
            (true, _) => "delivered",
            (false, Some(_)) => "waiting",
            (false, None) => "given_up",
        };
        let note = "UPDATE deliveries SET state = $1, attempts = attempts + 1, due_at = COALESCE($2, due_at),
                      last_status = $3, last_answer = $4, last_error = $5, delivered_at = $6
                    WHERE id = $7 AND state = 'waiting' AND due_at = $8";
        let note = statement!(
            note,
            state,
            due_at,
            attempt.status,
            attempt.answer.clone(),
            attempt.error.clone(),
            delivered.then_some(now),
            &due.id,
            due.until,
        );
        Ok(self.pool.execute(note).await? > 0)
    }
}
