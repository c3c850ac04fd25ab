//! Where everything is stored: a database, and a folder for each analysis' video.
//!
//! The database is a SQLite file, or one on a Postgres server; either belongs to one daemon
//! ([ADR 17](../../../../../docs/adr/0017-one-text-for-two-databases.md)).
//!
//! | module | |
//! |---|---|
//! | `pool`, `statement` | either database; statements are written once |
//! | `analyses` | analyses, events, diagnostics, and what is stored along with an event |
//! | `repetitions`, `history` | repetitions and their numbers: added, looked for |
//! | `athletes` | who did them |
//! | `outbox`, `webhooks` | what is to be delivered, and to whom |
//! | `keys` | keys and whose they are |
//! | `folders` | recordings and segments of video |
//!
//! ```text
//! FOLDER/kinemotion.sqlite3   the database, where it is no server
//!       /lock                 held by the daemon that stores here
//!       /ID/recording.mp4     when a recording was asked for
//!          /events.ndjson     beside it, once the analysis has ended
//!          /hls/              while HLS is sent
//! ```
//!
//! An event is in the database before anybody hears of it, so an end of the process, by whatever signal, loses nothing
//! that was announced ([ADR 11](../../../../../docs/adr/0011-stored-before-announced.md)).

mod analyses;
mod athletes;
mod folders;
mod history;
mod keys;
mod outbox;
mod pool;
mod repetitions;
mod statement;
mod webhooks;

pub use analyses::Along;
pub use athletes::{Athlete, Athletes};
pub use history::{History, Repetition, Wanted};
pub use keys::{Key, Keys};
pub use outbox::{Attempt, Deliveries, Due, Outbox};
pub use pool::now_ms;
pub use repetitions::NewRepetition;
pub use webhooks::{Webhook, Webhooks};

use crate::serve::hub::Line;
use crate::serve::sessions::{Kept, Order};
use analyses::Analyses;
use folders::Folders;
use kinemotion_pipelines::live::SessionState;
use pool::Pool;
use sqlx::postgres::PgConnection;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use thiserror::Error;

/// Stores analyses. Clones belong together.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    analyses: Analyses,
    webhooks: Webhooks,
    deliveries: Deliveries,
    folders: Folders,
    /// Keeps other daemons out of a database on a server; a folder has a lock of its own.
    _lock: Option<Arc<Mutex<PgConnection>>>,
}

/// An analysis as it was stored.
#[derive(Debug)]
pub struct Stored {
    /// What was ordered.
    pub order: Order,
    /// The events in their order.
    pub lines: Vec<Line>,
}

/// Why something cannot be stored or read.
#[derive(Debug, Error)]
#[allow(missing_docs)] // the messages say it
pub enum StoreError {
    #[error("the folder {path}: {source}", path = path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("another daemon stores in {path}", path = path.display())]
    InUse { path: PathBuf },
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the tables of the database: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("a stored analysis: {0}")]
    Broken(String),
    #[error("writing files panicked")]
    Panicked,
}

impl Store {
    /// Opens the storage in a folder, or with `server` the one on a server, and only video in the folder. Makes what is missing and
    /// brings tables of older versions up to date.
    ///
    /// # Errors
    /// A folder that cannot be written to or belongs to another daemon, a server that is not there, a database of a newer version.
    pub async fn open(folder: &Path, server: Option<&str>) -> Result<Self, StoreError> {
        let folders = Folders::open(folder)?;
        let (pool, lock) = match server {
            Some(address) => {
                let (pool, lock) = Pool::postgres(address).await?;
                (pool, Some(Arc::new(Mutex::new(lock))))
            }
            None => (Pool::sqlite(&folder.join("kinemotion.sqlite3")).await?, None),
        };
        let deliveries = Deliveries::new(pool.clone());
        Ok(Self {
            analyses: Analyses {
                pool: pool.clone(),
                deliveries: deliveries.clone(),
            },
            webhooks: Webhooks::new(pool.clone()),
            deliveries,
            pool,
            folders,
            _lock: lock,
        })
    }

    /// Keys and whose they are.
    pub fn keys(&self) -> Keys {
        Keys(self.pool.clone())
    }

    /// Athletes.
    pub fn athletes(&self) -> Athletes {
        Athletes(self.pool.clone())
    }

    /// What was measured before.
    pub fn history(&self) -> History {
        History(self.pool.clone())
    }

    /// Webhooks.
    pub fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// What is to be delivered to them.
    pub fn deliveries(&self) -> &Deliveries {
        &self.deliveries
    }

    /// Whether something can be written.
    ///
    /// # Errors
    /// Why not.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.analyses.probe().await?;
        self.folders.probe()
    }

    /// Begins to store an analysis.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn create(&self, id: &str, order: &Order, state: SessionState) -> Result<(), StoreError> {
        if order.record || order.hls {
            self.folders.create(id)?;
        }
        self.analyses.create(id, order, state).await
    }

    /// Stores an event and what comes along with it, all or nothing. The last state is on the disk itself afterwards, with
    /// everything before it, so that it outlives the machine.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn append(&self, id: &str, line: &Line, along: Along<'_>) -> Result<(), StoreError> {
        self.analyses.append(id, line, along).await
    }

    /// The analysis has ended: writes its events beside the recording, where there is one.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn lay_beside_recording(&self, id: &str, order: &Order) -> Result<(), StoreError> {
        if order.record
            && let Some(stored) = self.analyses.read(id).await?
        {
            self.folders.write_events(id, stored.lines).await?;
        }
        Ok(())
    }

    /// Names of analyses that have not ended, the oldest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn unfinished(&self) -> Result<Vec<String>, StoreError> {
        self.analyses.unfinished().await
    }

    /// Names of the youngest analyses, the youngest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn youngest(&self, most: usize) -> Result<Vec<String>, StoreError> {
        self.analyses.youngest(most).await
    }

    /// Reads an analysis back; `None` when there is none of this name.
    ///
    /// # Errors
    /// A database that cannot be read, or holds something else.
    pub async fn read(&self, id: &str) -> Result<Option<Stored>, StoreError> {
        self.analyses.read(id).await
    }

    /// Keeps the diagnostics of an analysis.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn keep_diagnostics(&self, id: &str, kept: &Kept) -> Result<(), StoreError> {
        self.analyses.keep_diagnostics(id, kept).await
    }

    /// The diagnostics of an analysis; `None` when none were kept.
    ///
    /// # Errors
    /// A database that cannot be read, or holds something else.
    pub async fn diagnostics(&self, id: &str) -> Result<Option<Kept>, StoreError> {
        self.analyses.diagnostics(id).await
    }

    /// Removes everything of an analysis.
    ///
    /// # Errors
    /// What cannot be removed. The analysis is still there then.
    pub async fn remove(&self, id: &str) -> Result<(), StoreError> {
        self.folders.remove(id).await?;
        self.analyses.remove(id).await
    }

    /// The recording of an analysis.
    pub fn recording(&self, id: &str) -> PathBuf {
        self.folders.of(id).join("recording.mp4")
    }

    /// The playlist and segments of an analysis.
    pub fn hls(&self, id: &str) -> PathBuf {
        self.folders.of(id).join("hls")
    }

    /// From now on nothing more can be written, as on a disk that is full.
    #[cfg(test)]
    pub async fn fill(&self) {
        let full =
            "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(FAIL, 'the disk is full'); END";
        self.pool
            .execute(statement::statement!(full))
            .await
            .expect("a trigger");
    }
}

/// What is stored is not what this version stores.
fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError::Broken(error.to_string())
}

#[cfg(test)]
mod tests;
