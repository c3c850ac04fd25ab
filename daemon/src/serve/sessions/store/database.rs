//! The SQLite file.

use super::{StoreError, Stored};
use crate::serve::hub::{EventType, Line};
use crate::serve::sessions::{Kept, Order, states};
use kinemotion_pipelines::live::SessionState;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, SqlSafeStr};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Steps from an empty file to the tables of this version; one that was released is never changed.
const MIGRATIONS: [(&str, &str); 2] = [
    ("analyses", include_str!("migrations/0001_analyses.sql")),
    ("diagnostics", include_str!("migrations/0002_diagnostics.sql")),
];

/// One connection writes at a time; the others read meanwhile.
const CONNECTIONS: u32 = 4;

/// How long one who writes may wait for another.
const BUSY: Duration = Duration::from_secs(10);

/// Tables of analyses and events. Clones belong together.
#[derive(Clone, Debug)]
pub struct Database(SqlitePool);

impl Database {
    /// Opens a file, makes it if there is none, and brings it up to date.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        // With a write-ahead log, NORMAL hands every transaction to the operating system, which survives the process;
        // forcing it onto the disk would hold up the poses behind it. `append` does that when an analysis ends.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_with(options)
            .await?;
        migrator().run(&pool).await?;
        Ok(Self(pool))
    }

    /// Whether it can be written to.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let transaction = self.0.begin_with("BEGIN IMMEDIATE").await?;
        Ok(transaction.rollback().await?)
    }

    /// Adds an analysis.
    pub async fn create(&self, id: &str, order: &Order, state: SessionState) -> Result<(), StoreError> {
        let spec = serde_json::to_string(order).map_err(|error| StoreError::Broken(error.to_string()))?;
        sqlx::query("INSERT INTO analyses (id, spec, state, created_at) VALUES (?, ?, ?, ?)")
            .bind(id)
            .bind(spec)
            .bind(states::name(state))
            .bind(&order.created_at)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    /// Adds an event, and notes the state it says. With the last state, this and all that came before is on the disk itself.
    pub async fn append(
        &self,
        id: &str,
        line: &Line,
        state: Option<(SessionState, Option<&str>)>,
    ) -> Result<(), StoreError> {
        let mut connection = self.0.acquire().await?;
        let last = state.is_some_and(|(state, _)| state.is_final());
        if last {
            // The log is one file: forcing its end forces all of it.
            sqlx::query("PRAGMA synchronous = FULL")
                .execute(&mut *connection)
                .await?;
        }
        let mut transaction = connection.begin().await?;
        sqlx::query("INSERT INTO events (analysis_id, sequence, type, line) VALUES (?, ?, ?, ?)")
            .bind(id)
            .bind(line.sequence.cast_signed())
            .bind(line.kind.name())
            .bind(line.text())
            .execute(&mut *transaction)
            .await?;
        if let Some((state, reason)) = state {
            let ended_at = last.then(now);
            sqlx::query("UPDATE analyses SET state = ?, reason = ?, ended_at = ? WHERE id = ?")
                .bind(states::name(state))
                .bind(reason)
                .bind(ended_at)
                .bind(id)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        if last {
            sqlx::query("PRAGMA synchronous = NORMAL")
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }

    /// Names of analyses that have not ended.
    pub async fn unfinished(&self) -> Result<Vec<String>, StoreError> {
        let names = sqlx::query_scalar("SELECT id FROM analyses WHERE ended_at IS NULL ORDER BY id");
        Ok(names.fetch_all(&self.0).await?)
    }

    /// Names of the youngest analyses, the youngest first.
    pub async fn youngest(&self, most: usize) -> Result<Vec<String>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let names = sqlx::query_scalar("SELECT id FROM analyses ORDER BY id DESC LIMIT ?").bind(most);
        Ok(names.fetch_all(&self.0).await?)
    }

    /// Reads an analysis.
    pub async fn read(&self, id: &str) -> Result<Option<Stored>, StoreError> {
        let spec: Option<String> = sqlx::query_scalar("SELECT spec FROM analyses WHERE id = ?")
            .bind(id)
            .fetch_optional(&self.0)
            .await?;
        let Some(spec) = spec else { return Ok(None) };
        let order = serde_json::from_str(&spec).map_err(|error| StoreError::Broken(error.to_string()))?;
        let events: Vec<(i64, String, String)> =
            sqlx::query_as("SELECT sequence, type, line FROM events WHERE analysis_id = ? ORDER BY sequence")
                .bind(id)
                .fetch_all(&self.0)
                .await?;
        let lines = events
            .into_iter()
            .map(|(sequence, kind, text)| {
                let kind = EventType::named(&kind)
                    .ok_or_else(|| StoreError::Broken(format!("there is no event of type {kind}")))?;
                Ok(Line::stored(sequence.cast_unsigned(), kind, text))
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Some(Stored { order, lines }))
    }

    /// Keeps the diagnostics of an analysis in place of those before; nothing happens when it was removed meanwhile.
    pub async fn keep_diagnostics(&self, id: &str, kept: &Kept) -> Result<(), StoreError> {
        let report = serde_json::to_string(&kept.diagnostics)
            .map_err(|error| StoreError::Broken(error.to_string()))?;
        let keep = "INSERT OR REPLACE INTO diagnostics (analysis_id, report, graph)
                    SELECT id, ?, ? FROM analyses WHERE id = ?";
        sqlx::query(keep)
            .bind(report)
            .bind(&kept.graph)
            .bind(id)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    /// The diagnostics of an analysis; `None` when none were kept.
    pub async fn diagnostics(&self, id: &str) -> Result<Option<Kept>, StoreError> {
        let kept: Option<(String, Option<String>)> =
            sqlx::query_as("SELECT report, graph FROM diagnostics WHERE analysis_id = ?")
                .bind(id)
                .fetch_optional(&self.0)
                .await?;
        let Some((report, graph)) = kept else {
            return Ok(None);
        };
        let diagnostics =
            serde_json::from_str(&report).map_err(|error| StoreError::Broken(error.to_string()))?;
        Ok(Some(Kept { diagnostics, graph }))
    }

    /// Removes an analysis and its events.
    pub async fn remove(&self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM analyses WHERE id = ?")
            .bind(id)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    /// For looking at what is really there.
    #[cfg(test)]
    pub fn pool(&self) -> &SqlitePool {
        &self.0
    }

    /// Lets no more events in, as a disk that is full.
    #[cfg(test)]
    pub async fn fill(&self) {
        sqlx::query(
            "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(FAIL, 'the disk is full'); END",
        )
        .execute(&self.0)
        .await
        .expect("a trigger");
    }
}

fn migrator() -> Migrator {
    let migrations = (1..).zip(MIGRATIONS).map(|(version, (name, sql))| {
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
}

/// This moment, RFC 3339.
fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}
