//! Analyses, their events and diagnostics.

use super::outbox::{Deliveries, Outbox};
use super::pool::Pool;
use super::repetitions::NewRepetition;
use super::statement::statement;
use super::{StoreError, Stored, broken};
use crate::serve::hub::{EventType, Line};
use crate::serve::sessions::{Kept, Order, states};
use kinemotion_pipelines::live::SessionState;
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
}

/// Tables of analyses, events and diagnostics. Clones belong together.
#[derive(Clone, Debug)]
pub struct Analyses {
    pub(super) pool: Pool,
    pub(super) deliveries: Deliveries,
}

impl Analyses {
    /// Whether something can be written.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        let nothing = statement!("UPDATE tenants SET name = name WHERE id = $1", "");
        transaction.execute(nothing).await.map(drop)
    }

    /// Adds an analysis.
    pub async fn create(&self, id: &str, order: &Order, state: SessionState) -> Result<(), StoreError> {
        let spec = serde_json::to_string(order).map_err(broken)?;
        let add = "INSERT INTO analyses (id, spec, state, created_at, tenant, athlete_id)
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let add = statement!(
            add,
            id,
            spec,
            states::name(state),
            &order.created_at,
            &order.tenant,
            order.athlete_id.clone(),
        );
        self.pool.execute(add).await.map(drop)
    }

    /// Adds an event and what is stored along with it. With the last state, this and all that came before is on the disk
    /// itself.
    pub async fn append(&self, id: &str, line: &Line, along: Along<'_>) -> Result<(), StoreError> {
        let last = along.state.is_some_and(|(state, _)| state.is_final());
        let mut transaction = self.pool.begin().await?;
        let event = "INSERT INTO events (analysis_id, sequence, type, line) VALUES ($1, $2, $3, $4)";
        let sequence = line.sequence.cast_signed();
        transaction
            .execute(statement!(event, id, sequence, line.kind.name(), line.text()))
            .await?;
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

    /// Names of analyses that have not ended.
    pub async fn unfinished(&self) -> Result<Vec<String>, StoreError> {
        let names = "SELECT id FROM analyses WHERE ended_at IS NULL ORDER BY id";
        Ok(first(self.pool.all(statement!(names)).await?))
    }

    /// Names of the youngest analyses, the youngest first.
    pub async fn youngest(&self, most: usize) -> Result<Vec<String>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let names = statement!("SELECT id FROM analyses ORDER BY id DESC LIMIT $1", most);
        Ok(first(self.pool.all(names).await?))
    }

    /// Reads an analysis.
    pub async fn read(&self, id: &str) -> Result<Option<Stored>, StoreError> {
        let spec = statement!("SELECT spec FROM analyses WHERE id = $1", id);
        let Some((spec,)) = self.pool.one::<(String,)>(spec).await? else {
            return Ok(None);
        };
        let order = serde_json::from_str(&spec).map_err(broken)?;
        let events = "SELECT sequence, type, line FROM events WHERE analysis_id = $1 ORDER BY sequence";
        let events: Vec<(i64, String, String)> = self.pool.all(statement!(events, id)).await?;
        let lines = events.into_iter().map(|(sequence, kind, text)| {
            let kind = EventType::named(&kind)
                .ok_or_else(|| StoreError::Broken(format!("there is no event of type {kind}")))?;
            Ok(Line::stored(sequence.cast_unsigned(), kind, text))
        });
        let lines = lines.collect::<Result<_, StoreError>>()?;
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

fn first<T>(rows: Vec<(T,)>) -> Vec<T> {
    rows.into_iter().map(|(value,)| value).collect()
}

/// This moment, RFC 3339, as the oldest tables have it.
fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}
