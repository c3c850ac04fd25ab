//! What does not belong into a database: recordings and segments of video, a folder per analysis.

use super::StoreError;
use crate::serve::hub::Line;
use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// The folder of all analyses. Clones belong together.
#[derive(Clone, Debug)]
pub struct Folders {
    root: PathBuf,
    /// Held as long as the daemon stores here: another one would take what runs for what was left behind.
    _lock: Arc<File>,
}

impl Folders {
    /// Opens a folder, makes it if there is none, and keeps other daemons out.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let failed = failed(root);
        std::fs::create_dir_all(root).map_err(&failed)?;
        let lock = File::create(root.join("lock")).map_err(&failed)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::InUse { path: root.into() },
            TryLockError::Error(error) => failed(error),
        })?;
        Ok(Self {
            root: root.into(),
            _lock: Arc::new(lock),
        })
    }

    /// Whether something can be written.
    pub fn probe(&self) -> Result<(), StoreError> {
        tempfile::tempfile_in(&self.root)
            .map(drop)
            .map_err(failed(&self.root))
    }

    /// The folder of an analysis.
    pub fn of(&self, id: &str) -> PathBuf {
        self.root.join(id)
    }

    /// Makes the folder of an analysis.
    pub fn create(&self, id: &str) -> Result<(), StoreError> {
        let folder = self.of(id);
        std::fs::create_dir(&folder).map_err(failed(&folder))
    }

    /// Writes the events beside the recording, one JSON object per line.
    pub async fn write_events(&self, id: &str, lines: Vec<Line>) -> Result<(), StoreError> {
        let path = self.of(id).join("events.ndjson");
        let work = move || {
            let mut file = BufWriter::new(File::create(&path).map_err(failed(&path))?);
            let written = lines
                .iter()
                .try_for_each(|line| writeln!(file, "{}", line.text()));
            written.and_then(|()| file.flush()).map_err(failed(&path))
        };
        spawn_blocking(work).await.map_err(|_| StoreError::Panicked)?
    }

    /// Removes the folder of an analysis, if there is one.
    pub async fn remove(&self, id: &str) -> Result<(), StoreError> {
        let folder = self.of(id);
        let work = move || match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&folder)(error)),
            _ => Ok(()),
        };
        spawn_blocking(work).await.map_err(|_| StoreError::Panicked)?
    }
}

/// Names the path of an error.
fn failed(path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::Folder {
        path: path.into(),
        source,
    }
}
