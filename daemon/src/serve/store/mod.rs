//! Where everything is stored: a database, and a folder for each analysis' video.
//!
//! The database is a SQLite file, or one on a Postgres server. Either belongs to one daemon
//! ([ADR 17](../../../../../docs/adr/0017-one-text-for-two-databases.md)), unless several share a server
//! ([ADR 26](../../../../../docs/adr/0026-replicas.md)).
//!
//! | module | |
//! |---|---|
//! | `error` | why something cannot be stored or read |
//! | `pool`, `statement` | either database; statements are written once |
//! | `lock` | other daemons are kept away |
//! | `analyses` | analyses, events, diagnostics, and what is stored along with an event |
//! | `listing` | analyses as they are listed |
//! | `repetitions`, `history`, `numbers` | repetitions and their numbers: added, looked for |
//! | `athletes`, `training` | who did them, and when together |
//! | `outage` | since when the database takes nothing |
//! | `outbox`, `webhooks` | what is to be delivered, and to whom |
//! | `intake`, `jobs`, `uploads` | files: ordered, waiting for a worker, on their way here |
//! | `aged` | what is old enough to go |
//! | `backlog` | how much waits |
//! | `keys`, `tenants`, `accounts` | keys and whose they are |
//! | `usage`, `audit` | what tenants use, and who changed what |
//! | `replicas` | daemons that share the database |
//! | `folders` | recordings and segments of video |
//! | `archive` | the same, in a bucket |
//! | `snapshot` | copies of a database that is in use |
//! | `census` | how much there is of everything |
//!
//! ```text
//! FOLDER/kinemotion.sqlite3   the database, where it is no server
//!       /lock                 held by the daemon that stores here
//!       /ID/recording.mp4     when a recording was asked for
//!          /events.ndjson     beside it, once the analysis has ended
//!          /hls/              while HLS is sent
//!          /video             the file that is analysed, until it has been
//!          /overlay.mp4       the same with graphics
//!          /curves…           joint curves of a file
//!       /uploads/             files on their way here
//! ```
//!
//! An event is in the database before anybody hears of it, so an end of the process, by whatever signal, loses nothing
//! that was announced ([ADR 11](../../../../../docs/adr/0011-stored-before-announced.md)).

mod accounts;
mod aged;
mod analyses;
mod archive;
mod athletes;
mod audit;
mod backlog;
pub mod census;
mod error;
mod folders;
mod history;
mod intake;
mod jobs;
mod keys;
mod listing;
mod lock;
mod numbers;
mod outage;
mod outbox;
mod pool;
mod repetitions;
mod replicas;
pub mod snapshot;
mod statement;
mod tenants;
mod training;
mod uploads;
mod usage;
mod webhooks;

pub use accounts::Accounts;
pub use aged::Aged;
pub use analyses::Along;
pub use archive::Archive;
pub use athletes::{Athlete, Athletes, Changed};
pub use audit::{Audit, Change};
pub use backlog::Backlog;
pub use error::StoreError;
pub use history::{Direction, History, Repetition, Wanted};
pub use intake::{Before, Intake, Once, Orders, Taken};
pub use jobs::{Jobs, Leased};
pub use keys::{Key, Keys};
pub use listing::{Listed, Listing, WantedAnalyses};
pub use numbers::Number;
pub use outage::Outage;
pub use outbox::{Attempt, Deliveries, Delivery, Due, Outbox};
pub use pool::now_ms;
pub use repetitions::NewRepetition;
pub use replicas::{Owner, Replicas};
pub use tenants::{Tenant, Tenants};
pub use training::{TrainingSession, TrainingSessions};
pub use uploads::{Upload, Uploads};
pub use usage::{Allowance, Exhausted, Usage};
pub use webhooks::{Webhook, Webhooks};

use crate::serve::clock::SharedClock;
use crate::serve::hub::Line;
use crate::serve::sessions::{Kept, Order};
use analyses::Analyses;
use error::broken;
pub use folders::Folders;
use kinemotion_pipelines::live::SessionState;
use lock::Lock;
use pool::Pool;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Name of the database within the folder, where it is no server.
pub const DATABASE: &str = "kinemotion.sqlite3";
/// Name of the file that the daemon holds which stores in the folder.
pub const LOCK: &str = "lock";

/// Stores analyses. Clones belong together.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    analyses: Analyses,
    webhooks: Webhooks,
    deliveries: Deliveries,
    jobs: Jobs,
    folders: Folders,
    clock: SharedClock,
    outage: Outage,
    /// Keeps other daemons out of a database on a server; a folder has a lock of its own.
    lock: Option<Arc<Lock>>,
}

/// An analysis as it was stored.
#[derive(Debug)]
pub struct Stored {
    /// What was ordered.
    pub order: Order,
    /// The events in their order.
    pub lines: Vec<Line>,
}

impl Store {
    /// Opens the storage in a folder, or with `server` the one on a server, and only video in the folder. Makes what is missing and
    /// brings tables of older versions up to date.
    ///
    /// # Errors
    /// A folder that cannot be written to or belongs to another daemon, a server that is not there, a database of a newer version.
    pub async fn open(folder: &Path, server: Option<&str>) -> Result<Self, StoreError> {
        let store = Self::open_for(folder, server, None).await?;
        // The lock says that there is no other daemon which could work on them.
        store.jobs.take_from_the_dead().await?;
        Ok(store)
    }

    /// Opens the storage that several daemons share: a database on a server, and a folder that all of them see. `replica` is this one.
    ///
    /// # Errors
    /// A folder that cannot be written to, a server that is not there, one of both that belongs to a daemon alone, a database of a
    /// newer version.
    pub async fn open_shared(folder: &Path, server: &str, replica: &str) -> Result<Self, StoreError> {
        Self::open_for(folder, Some(server), Some(replica.into())).await
    }

    async fn open_for(
        folder: &Path,
        server: Option<&str>,
        replica: Option<Arc<str>>,
    ) -> Result<Self, StoreError> {
        let shared = replica.is_some();
        let folders = Folders::open(folder, shared)?;
        let lock = match server {
            Some(address) => Some(Arc::new(Lock::take(address, shared).await?)),
            None => None,
        };
        let pool = Pool::open(folder, server).await?;
        let deliveries = Deliveries::new(pool.clone());
        let jobs = Jobs::new(pool.clone(), replica.clone());
        Ok(Self {
            analyses: Analyses {
                pool: pool.clone(),
                deliveries: deliveries.clone(),
                replica,
            },
            webhooks: Webhooks::new(pool.clone()),
            deliveries,
            jobs,
            pool,
            folders,
            clock: SharedClock::default(),
            outage: Outage::default(),
            lock,
        })
    }

    /// Has files of analyses that have ended put away in a bucket.
    pub fn put_away_in(&mut self, archive: Archive) {
        self.folders.put_away_in(archive);
    }

    /// Puts the files of an analysis that has ended away, where every daemon finds them.
    ///
    /// # Errors
    /// A bucket that cannot be written to: they stay here, and are served from here.
    pub async fn put_away(&self, id: &str) -> Result<(), StoreError> {
        if self.folders.archive().is_none() {
            return Ok(());
        }
        let done = self.folders.put_away(id).await;
        // It may have been removed meanwhile: whatever was put away then goes as well.
        if !self.analyses.is_there(id).await? {
            return self.folders.remove(id).await;
        }
        done
    }

    /// Names of analyses that ended before a moment, RFC 3339 as stored, and have files in the folder that are to be put away.
    ///
    /// # Errors
    /// A folder or a database that cannot be read.
    pub async fn left_in_folder(&self, ended_before: &str) -> Result<Vec<String>, StoreError> {
        let mut left = Vec::new();
        if self.folders.archive().is_none() {
            return Ok(left);
        }
        for id in self.folders.of_analyses().await? {
            if self.analyses.has_files_and_ended(&id, ended_before).await? {
                left.push(id);
            }
        }
        Ok(left)
    }

    /// Keys and whose they are.
    pub fn keys(&self) -> Keys {
        Keys(self.pool.clone())
    }

    /// Tenants, their keys, and who changed what.
    pub fn accounts(&self) -> Accounts {
        Accounts::of(&self.pool)
    }

    /// What tenants use.
    pub fn usage(&self) -> Usage {
        Usage(self.pool.clone())
    }

    /// Daemons that share the database.
    pub fn replicas(&self) -> Replicas {
        Replicas {
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            outage: self.outage.clone(),
        }
    }

    /// Since when nothing can be written.
    pub fn outage(&self) -> &Outage {
        &self.outage
    }

    /// What leases are counted by, and everything else that daemons which share the database have to agree on.
    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// Athletes.
    pub fn athletes(&self) -> Athletes {
        Athletes(self.pool.clone())
    }

    /// Training sessions.
    pub fn training_sessions(&self) -> TrainingSessions {
        TrainingSessions(self.pool.clone())
    }

    /// Analyses as they are listed.
    pub fn listing(&self) -> Listing {
        Listing(self.pool.clone())
    }

    /// What was measured before.
    pub fn history(&self) -> History {
        History(self.pool.clone())
    }

    /// Files that wait for a worker or have one.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Orders for files, and those that are sent twice.
    pub fn orders(&self) -> Orders {
        Orders {
            pool: self.pool.clone(),
            jobs: self.jobs.clone(),
            clock: self.clock.clone(),
        }
    }

    /// Files on their way here.
    pub fn uploads(&self) -> Uploads {
        Uploads(self.pool.clone())
    }

    /// Where uploads and recordings lie.
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// What is old enough to go.
    pub fn aged(&self) -> Aged {
        Aged {
            pool: self.pool.clone(),
            folders: self.folders.clone(),
        }
    }

    /// Webhooks.
    pub fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// What is to be delivered to them.
    pub fn deliveries(&self) -> &Deliveries {
        &self.deliveries
    }

    /// How much waits.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        Backlog::of(&self.pool).await
    }

    /// Waits until the database belongs to another daemon, because the connection that kept it was lost; a folder cannot be lost.
    pub async fn lost(&self) -> StoreError {
        match &self.lock {
            Some(lock) => lock.lost().await,
            None => std::future::pending().await,
        }
    }

    /// Whether something can be written.
    ///
    /// # Errors
    /// Why not.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.analyses.probe().await?;
        self.outage.seems_over(Instant::now());
        self.folders.probe()
    }

    /// Begins to store an analysis, within what its tenant may begin.
    ///
    /// # Errors
    /// A disk that is full or gone, or [`StoreError::Exhausted`].
    pub async fn create(
        &self,
        id: &str,
        order: &Order,
        state: SessionState,
        allowance: Allowance,
    ) -> Result<(), StoreError> {
        let folder = order.record || order.hls;
        if folder {
            self.folders.create(id).await?;
        }
        let created = self.analyses.create(id, order, state, allowance).await;
        if created.is_ok() {
            self.outage.end();
        } else if folder {
            self.folders.remove_folder(id).await?;
        }
        created
    }

    /// Stores an event and what comes along with it, all or nothing. The last state is on the disk itself afterwards, with
    /// everything before it, so that it outlives the machine.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn append(&self, id: &str, line: &Line, along: Along<'_>) -> Result<(), StoreError> {
        self.analyses.append(id, line, along).await?;
        self.outage.end();
        Ok(())
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

    /// Names of live analyses that have not ended, the oldest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn unfinished(&self) -> Result<Vec<String>, StoreError> {
        self.analyses.unfinished().await
    }

    /// Names of analyses of files whose worker has died, the oldest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn interrupted(&self) -> Result<Vec<String>, StoreError> {
        self.analyses.interrupted().await
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

    /// What was ordered, without a look at its events; `None` when there is none of this name.
    ///
    /// # Errors
    /// A database that cannot be read, or holds something else.
    pub async fn order(&self, id: &str) -> Result<Option<Order>, StoreError> {
        self.analyses.order(id).await
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
        self.analyses.remove(id).await?;
        // What was being put away meanwhile.
        self.folders.remove(id).await
    }

    /// Removes the folder of an analysis that never was.
    ///
    /// # Errors
    /// What cannot be removed.
    pub async fn discard(&self, id: &str) -> Result<(), StoreError> {
        self.folders.remove_folder(id).await
    }

    /// Every file of an analysis, by its name within its folder.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn files(&self, id: &str) -> Result<Vec<(String, PathBuf)>, StoreError> {
        self.folders.files(id)
    }

    /// Has what was removed gone from the disk as well, as far as this program can do that.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn wipe(&self) -> Result<(), StoreError> {
        self.pool.wipe().await
    }

    /// The recording of an analysis.
    pub fn recording(&self, id: &str) -> PathBuf {
        self.folders.of(id).join("recording.mp4")
    }

    /// The file an analysis is about, until it has been analysed.
    pub fn video(&self, id: &str) -> PathBuf {
        self.folders.of(id).join(folders::VIDEO)
    }

    /// The same with graphics.
    pub fn overlay(&self, id: &str) -> PathBuf {
        self.folders.of(id).join("overlay.mp4")
    }

    /// The page about a file.
    pub fn report(&self, id: &str) -> PathBuf {
        self.folders.of(id).join("report.html")
    }

    /// What the files with joint curves are named after.
    pub fn curves(&self, id: &str) -> PathBuf {
        self.folders.of(id).join("curves")
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

#[cfg(test)]
mod intake_tests;
#[cfg(test)]
mod tests;
