//! What does not belong into a database: recordings and segments of video, a folder per analysis.

use super::archive::Archive;
use super::{LOCK, StoreError};
use crate::serve::hub::Line;
use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::fs;
use tokio::task::spawn_blocking;

/// The file that is analysed, in the folder of its analysis.
pub(super) const VIDEO: &str = "video";

/// The folder of all analyses. Clones belong together.
#[derive(Clone, Debug)]
pub struct Folders {
    root: PathBuf,
    /// Where files of analyses go that have ended.
    archive: Option<Archive>,
    /// Held as long as the daemon stores here: another one that knows nothing of it would take what runs for what was left behind.
    _lock: Arc<File>,
}

impl Folders {
    /// Opens a folder, makes it if there is none, and keeps other daemons out, where it is `shared` only those that want it for
    /// themselves.
    pub fn open(root: &Path, shared: bool) -> Result<Self, StoreError> {
        let failed = failed(root);
        std::fs::create_dir_all(root).map_err(&failed)?;
        // To be read as well: a network file system lets nobody share the lock of a file that is only written.
        let mut lock = File::options();
        lock.read(true).write(true).create(true).truncate(false);
        let lock = lock.open(root.join(LOCK)).map_err(&failed)?;
        let locked = if shared {
            lock.try_lock_shared()
        } else {
            lock.try_lock()
        };
        locked.map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::InUse { path: root.into() },
            TryLockError::Error(error) => failed(error),
        })?;
        Ok(Self {
            root: root.into(),
            archive: None,
            _lock: Arc::new(lock),
        })
    }

    /// Has files of analyses that have ended put away in a bucket.
    pub(super) fn put_away_in(&mut self, archive: Archive) {
        self.archive = Some(archive);
    }

    /// Where files lie that were put away.
    pub fn archive(&self) -> Option<&Archive> {
        self.archive.as_ref()
    }

    /// Puts the files of an analysis that has ended away, if there are any. Without a bucket they stay. Until all of them are there they
    /// are here.
    pub(super) async fn put_away(&self, id: &str) -> Result<(), StoreError> {
        let Some(archive) = &self.archive else {
            return Ok(());
        };
        let files = self.files(id)?;
        if files.is_empty() {
            return Ok(());
        }
        archive.put(id, &files).await?;
        self.remove_folder(id).await
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

    /// Names of the analyses that have a folder here.
    pub async fn of_analyses(&self) -> Result<Vec<String>, StoreError> {
        let names = names_in(&self.root).await?;
        let is_of_analysis = |name: &String| uuid::Uuid::try_parse(name).is_ok();
        Ok(names.into_iter().filter(is_of_analysis).collect())
    }

    /// Every file of an analysis, by its name within its folder.
    pub fn files(&self, id: &str) -> Result<Vec<(String, PathBuf)>, StoreError> {
        let mut files = Vec::new();
        collect(&self.of(id), "", &mut files)?;
        files.sort();
        Ok(files)
    }

    /// An upload.
    pub fn upload(&self, id: &str) -> PathBuf {
        self.uploads().join(id)
    }

    /// The folder of uploads; no analysis has such a name.
    fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }

    /// Makes the folder of uploads if there is none.
    pub async fn make_uploads(&self) -> Result<PathBuf, StoreError> {
        let folder = self.uploads();
        fs::create_dir_all(&folder).await.map_err(failed(&folder))?;
        Ok(folder)
    }

    /// Names of everything that lies among the uploads.
    pub async fn uploaded(&self) -> Result<Vec<String>, StoreError> {
        names_in(&self.uploads()).await
    }

    /// Makes the folder of a file's analysis, with the file in it where it is here already.
    pub async fn create_with(&self, id: &str, file: Option<&Path>) -> Result<(), StoreError> {
        self.create(id).await?;
        let Some(file) = file else { return Ok(()) };
        let video = self.of(id).join(VIDEO);
        // A second name and no copy: the first one goes when the analysis is in the database.
        fs::hard_link(file, &video).await.map_err(failed(&video))
    }

    /// Leaves nothing in the folder of a file's analysis but the file: an attempt begins.
    pub async fn empty(&self, id: &str) -> Result<(), StoreError> {
        let folder = self.of(id);
        let failed = failed(&folder);
        let mut entries = fs::read_dir(&folder).await.map_err(&failed)?;
        while let Some(entry) = entries.next_entry().await.map_err(&failed)? {
            if entry.file_name() == VIDEO {
                continue;
            }
            let removed = if entry.file_type().await.map_err(&failed)?.is_dir() {
                fs::remove_dir_all(entry.path()).await
            } else {
                fs::remove_file(entry.path()).await
            };
            removed.map_err(&failed)?;
        }
        Ok(())
    }

    /// Removes one file, if there is one.
    pub async fn remove_file(path: &Path) -> Result<(), StoreError> {
        match fs::remove_file(path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path)(error)),
            _ => Ok(()),
        }
    }

    /// Makes the folder of an analysis.
    pub async fn create(&self, id: &str) -> Result<(), StoreError> {
        let folder = self.of(id);
        fs::create_dir(&folder).await.map_err(failed(&folder))
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

    /// Removes the folder of an analysis, if there is one, and what was put away of it.
    pub async fn remove(&self, id: &str) -> Result<(), StoreError> {
        self.remove_folder(id).await?;
        match &self.archive {
            Some(archive) => archive.remove(id).await,
            None => Ok(()),
        }
    }

    pub(super) async fn remove_folder(&self, id: &str) -> Result<(), StoreError> {
        let folder = self.of(id);
        match fs::remove_dir_all(&folder).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&folder)(error)),
            _ => Ok(()),
        }
    }
}

/// Names of everything in a folder; one that is not there has nothing.
async fn names_in(folder: &Path) -> Result<Vec<String>, StoreError> {
    let failed = failed(folder);
    let mut entries = match fs::read_dir(folder).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(&failed)?,
    };
    let mut names = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(&failed)? {
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// Adds the files of a folder, those of its folders included; one that is not there has none.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> Result<(), StoreError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed(folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(failed(folder))?;
        let (path, name) = (
            entry.path(),
            format!("{prefix}{}", entry.file_name().to_string_lossy()),
        );
        let kind = entry.file_type().map_err(failed(&path))?;
        if kind.is_dir() {
            collect(&path, &format!("{name}/"), files)?;
        } else if kind.is_file() {
            files.push((name, path));
        }
    }
    Ok(())
}

/// Names the path of an error.
fn failed(path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::Folder {
        path: path.into(),
        source,
    }
}
