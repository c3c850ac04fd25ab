//! Where analyses are stored: one SQLite file, and a folder each for video.
//!
//! ```text
//! FOLDER/kinemotion.sqlite3   analyses, their events, all but poses, and their diagnostics
//!       /lock                 held by the daemon that stores here
//!       /ID/recording.mp4     when a recording was asked for
//!          /events.ndjson     beside it, once the analysis has ended
//!          /hls/              while HLS is sent
//! ```
//!
//! An event is in the database before anybody hears of it, so an end of the process, by whatever signal, loses nothing
//! that was announced ([ADR 11](../../../../../docs/adr/0011-stored-before-announced.md)).

mod database;
mod folders;

use super::{Kept, Order};
use crate::serve::hub::Line;
use database::Database;
use folders::Folders;
use kinemotion_pipelines::live::SessionState;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Stores analyses. Clones belong together.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    folders: Folders,
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
    /// Opens the storage in a folder; makes what is missing and brings tables of older versions up to date.
    ///
    /// # Errors
    /// A folder that cannot be written to or belongs to another daemon, a database of a newer version.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        let folders = Folders::open(folder)?;
        let database = Database::open(&folder.join("kinemotion.sqlite3")).await?;
        Ok(Self { database, folders })
    }

    /// Whether something can be written.
    ///
    /// # Errors
    /// Why not.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.database.probe().await?;
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
        self.database.create(id, order, state).await
    }

    /// Stores an event and the state it says, both or neither. The last state is on the disk itself afterwards, with
    /// everything before it, so that it outlives the machine.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn append(
        &self,
        id: &str,
        line: &Line,
        state: Option<(SessionState, Option<&str>)>,
    ) -> Result<(), StoreError> {
        self.database.append(id, line, state).await
    }

    /// The analysis has ended: writes its events beside the recording, where there is one.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn lay_beside_recording(&self, id: &str, order: &Order) -> Result<(), StoreError> {
        if order.record
            && let Some(stored) = self.database.read(id).await?
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
        self.database.unfinished().await
    }

    /// Names of the youngest analyses, the youngest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn youngest(&self, most: usize) -> Result<Vec<String>, StoreError> {
        self.database.youngest(most).await
    }

    /// Reads an analysis back; `None` when there is none of this name.
    ///
    /// # Errors
    /// A database that cannot be read, or holds something else.
    pub async fn read(&self, id: &str) -> Result<Option<Stored>, StoreError> {
        self.database.read(id).await
    }

    /// Keeps the diagnostics of an analysis.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn keep_diagnostics(&self, id: &str, kept: &Kept) -> Result<(), StoreError> {
        self.database.keep_diagnostics(id, kept).await
    }

    /// The diagnostics of an analysis; `None` when none were kept.
    ///
    /// # Errors
    /// A database that cannot be read, or holds something else.
    pub async fn diagnostics(&self, id: &str) -> Result<Option<Kept>, StoreError> {
        self.database.diagnostics(id).await
    }

    /// Removes everything of an analysis.
    ///
    /// # Errors
    /// What cannot be removed. The analysis is still there then.
    pub async fn remove(&self, id: &str) -> Result<(), StoreError> {
        self.folders.remove(id).await?;
        self.database.remove(id).await
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
        self.database.fill().await;
    }
}

#[cfg(test)]
mod tests;
