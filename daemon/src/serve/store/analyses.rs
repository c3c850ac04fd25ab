//! Analyses, their events and diagnostics.

use super::outbox::{Deliveries, Outbox};
use super::pool::{Pool, Transaction};
use super::repetitions::NewRepetition;
use super::statement::statement;
use super::usage::{self, Allowance};
use super::webhooks::{self, Webhook};
use super::{StoreError, Stored, broken, jobs};
use crate::serve::hub::{EventType, Line};
use crate::serve::sessions::{Kept, Order, states};
use kinemotion_pipelines::live::SessionState;
use std::sync::Arc;
use std::time::SystemTime;

/// What is stored together with an event: all of it, or nothing.
#[derive(Debug, Default)]
pub struct Along<'a> {
    /// The state the event says, and why.
    pub state: Option<(SessionState, Option<&'a str>)>,
    /// The repetition it tells about, as it will be looked for.
    pub repetition: Option<NewRepetition>,
    /// What is to be delivered because of it.
    pub deliveries: Vec<Outbox>,
    /// Of a file's analysis, the lease its worker holds. One that is over may store nothing any more; with the last state it
    /// is over.
    pub fence: Option<i64>,
    /// Whether what was stored before is taken back: another attempt begins.
    pub anew: bool,
}

/// Adds an event of an analysis that has not ended. Whoever ends it meanwhile waits.
macro_rules! add_event {
    ($lock:literal) => {
        concat!(
            "INSERT INTO events (analysis_id, sequence, type, line)
             SELECT id, $2, $3, $4 FROM analyses WHERE id = $1 AND ended_at IS NULL",
            $lock
        )
    };
}

/// Tables of analyses, events and diagnostics. Clones belong together.
#[derive(Clone, Debug)]
pub struct Analyses {
    pub(super) pool: Pool,
    pub(super) deliveries: Deliveries,
    /// This daemon, where several share the database.
    pub(super) replica: Option<Arc<str>>,
}

impl Analyses {
    /// Whether something can be written.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        let nothing = statement!("UPDATE tenants SET name = name WHERE id = $1", "");
        transaction.execute(nothing).await.map(drop)
    }

    /// Adds an analysis and counts it, within what its tenant may begin.
    pub async fn create(
        &self,
        id: &str,
        order: &Order,
        state: SessionState,
        allowance: Allowance,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        let live = !order.is_file();
        usage::count(
            &mut transaction,
            &order.tenant,
            &order.created_at,
            live,
            allowance,
        )
        .await?;
        insert(&mut transaction, id, order, state, self.replica.as_deref()).await?;
        transaction.commit().await
    }

    /// Adds an event and what is stored along with it. With the last state, this and all that came before is on the disk
    /// itself. Done again, nothing is added: whoever did not hear how it went the first time may do it again.
    pub async fn append(&self, id: &str, line: &Line, along: Along<'_>) -> Result<(), StoreError> {
        let last = along.state.is_some_and(|(state, _)| state.is_final());
        let mut transaction = self.pool.begin().await?;
        if let Some(fence) = along.fence {
            let ended = along
                .state
                .map(|(state, _)| state)
                .filter(|state| state.is_final());
            if !jobs::hold(&mut transaction, id, fence, ended).await? {
                return Err(StoreError::LeaseLost);
            }
        }
        if along.anew {
            for taken_back in TAKEN_BACK {
                transaction.execute(statement!(taken_back, id)).await?;
            }
        }
        let event = self.pool.either(
            add_event!(" ON CONFLICT DO NOTHING"),
            add_event!(" FOR NO KEY UPDATE ON CONFLICT DO NOTHING"),
        );
        let sequence = line.sequence.cast_signed();
        let event = statement!(event, id, sequence, line.kind.name(), line.text());
        if transaction.execute(event).await? == 0 {
            return is_stored(&mut transaction, id, line).await;
        }
        if let Some((state, reason)) = along.state {
            let update = "UPDATE analyses SET state = $1, reason = $2, ended_at = $3 WHERE id = $4";
            transaction
                .execute(statement!(
                    update,
                    states::name(state),
                    reason,
                    last.then(now),
                    id
                ))
                .await?;
        }
        if let Some(repetition) = along.repetition {
            repetition.insert(&mut transaction).await?;
        }
        let told = !along.deliveries.is_empty();
        for delivery in along.deliveries {
            delivery.insert(&mut transaction).await?;
        }
        transaction.commit().await?;
        if told {
            self.deliveries.arrived.notify_one();
        }
        if last {
            self.pool.force().await?;
        }
        Ok(())
    }

    /// Names of live analyses that have not ended. Those of files are their workers' business.
    pub async fn unfinished(&self) -> Result<Vec<String>, StoreError> {
        let names = "SELECT id FROM analyses WHERE ended_at IS NULL AND kind = 'live' ORDER BY id";
        Ok(first(self.pool.all(statement!(names)).await?))
    }

    /// Names of analyses of files that say that somebody is at them, and wait: whoever was has died.
    pub async fn interrupted(&self) -> Result<Vec<String>, StoreError> {
        let names = "SELECT a.id FROM analyses a JOIN jobs j ON j.analysis_id = a.id
                     WHERE j.state = 'queued' AND a.state <> $1 ORDER BY a.id";
        let names = statement!(names, states::name(SessionState::Waiting));
        Ok(first(self.pool.all(names).await?))
    }

    /// Names of the youngest analyses, the youngest first.
    pub async fn youngest(&self, most: usize) -> Result<Vec<String>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let names = statement!("SELECT id FROM analyses ORDER BY id DESC LIMIT $1", most);
        Ok(first(self.pool.all(names).await?))
    }

    /// Whether there is an analysis of this name.
    pub async fn is_there(&self, id: &str) -> Result<bool, StoreError> {
        let there = statement!("SELECT id FROM analyses WHERE id = $1", id);
        Ok(self.pool.one::<(String,)>(there).await?.is_some())
    }

    /// Whether an analysis ended before a moment, RFC 3339 as stored, and its files were not removed since.
    pub async fn has_files_and_ended(&self, id: &str, before: &str) -> Result<bool, StoreError> {
        let ended = "SELECT id FROM analyses WHERE id = $1 AND has_files = 1 AND ended_at < $2";
        let ended = self.pool.one::<(String,)>(statement!(ended, id, before));
        Ok(ended.await?.is_some())
    }

    /// What was ordered.
    pub async fn order(&self, id: &str) -> Result<Option<Order>, StoreError> {
        let spec = statement!("SELECT spec FROM analyses WHERE id = $1", id);
        let spec = self.pool.one::<(String,)>(spec).await?;
        spec.map(|(spec,)| serde_json::from_str(&spec).map_err(broken))
            .transpose()
    }

    /// Reads an analysis.
    pub async fn read(&self, id: &str) -> Result<Option<Stored>, StoreError> {
        let Some(order) = self.order(id).await? else {
            return Ok(None);
        };
        let events = "SELECT sequence, type, line FROM events WHERE analysis_id = $1 ORDER BY sequence";
        let events: Vec<(i64, String, String)> = self.pool.all(statement!(events, id)).await?;
        let lines = events.into_iter().map(line_of).collect::<Result<_, _>>()?;
        Ok(Some(Stored { order, lines }))
    }

    /// Keeps the diagnostics of an analysis in place of those before; nothing happens when it was removed meanwhile.
    pub async fn keep_diagnostics(&self, id: &str, kept: &Kept) -> Result<(), StoreError> {
        let report = serde_json::to_string(&kept.diagnostics).map_err(broken)?;
        let keep = "INSERT INTO diagnostics (analysis_id, report, graph)
                    SELECT id, $1, $2 FROM analyses WHERE id = $3
                    ON CONFLICT (analysis_id) DO UPDATE SET report = excluded.report, graph = excluded.graph";
        let graph = kept.graph.clone();
        self.pool
            .execute(statement!(keep, report, graph, id))
            .await
            .map(drop)
    }

    /// The diagnostics of an analysis; `None` when none were kept.
    pub async fn diagnostics(&self, id: &str) -> Result<Option<Kept>, StoreError> {
        let kept = statement!("SELECT report, graph FROM diagnostics WHERE analysis_id = $1", id);
        let kept: Option<(String, Option<String>)> = self.pool.one(kept).await?;
        kept.map(|(report, graph)| {
            let diagnostics = serde_json::from_str(&report).map_err(broken)?;
            Ok(Kept { diagnostics, graph })
        })
        .transpose()
    }

    /// Removes an analysis and everything that belongs to it.
    pub async fn remove(&self, id: &str) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;

        transaction
            .execute(statement!("DELETE FROM deliveries WHERE analysis_id = $1", id))
            .await?;
        transaction
            .execute(statement!("DELETE FROM analyses WHERE id = $1", id))
            .await?;
        transaction.commit().await
    }
}

/// An event could not be added: it is there already, with what came along, or somebody else has ended the analysis.
async fn is_stored(transaction: &mut Transaction, id: &str, line: &Line) -> Result<(), StoreError> {
    let stored = "SELECT line FROM events WHERE analysis_id = $1 AND sequence = $2";
    let stored = statement!(stored, id, line.sequence.cast_signed());
    match transaction.one::<(String,)>(stored).await? {
        Some((text,)) if text == line.text() => Ok(()),
        _ => Err(StoreError::Ended),
    }
}

/// An event as it is stored: its number, its type and its text.
pub(super) fn line_of((sequence, kind, text): (i64, String, String)) -> Result<Line, StoreError> {
    let kind = EventType::named(&kind)
        .ok_or_else(|| StoreError::Broken(format!("there is no event of type {kind}")))?;
    Ok(Line::stored(sequence.cast_unsigned(), kind, text))
}

/// What an attempt has stored goes when the next one begins. Deliveries stay: they may be under way, and what the next one finds
/// again has the same name and is not told twice.
const TAKEN_BACK: [&str; 2] = [
    "DELETE FROM repetitions WHERE analysis_id = $1",
    "DELETE FROM events WHERE analysis_id = $1",
];

/// Adds an analysis, which this replica runs where one is named, with the webhook that is about it alone, if one was ordered.
pub(super) async fn insert(
    transaction: &mut Transaction,
    id: &str,
    order: &Order,
    state: SessionState,
    replica: Option<&str>,
) -> Result<(), StoreError> {
    let spec = serde_json::to_string(order).map_err(broken)?;
    let add =
        "INSERT INTO analyses (id, spec, state, created_at, tenant, kind, athlete_id, session_id, sport, replica)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let add = statement!(
        add,
        id,
        spec,
        states::name(state),
        &order.created_at,
        &order.tenant,
        order.kind(),
        order.athlete_id.clone(),
        order.session_id.clone(),
        &order.sport_type,
        replica,
    );
    transaction.execute(add).await?;
    if let Some(webhook) = Webhook::about(id, order) {
        transaction.execute(webhooks::insert(&webhook)).await?;
    }
    Ok(())
}

fn first<T>(rows: Vec<(T,)>) -> Vec<T> {
    rows.into_iter().map(|(value,)| value).collect()
}

/// This moment, RFC 3339, as the oldest tables have it.
fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}
