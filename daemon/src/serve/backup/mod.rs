//! `kinemotion backup` and `kinemotion restore`: everything that is stored, in one file.
//!
//! ```text
//! kinemotion-backup.json   what made it, and when
//! kinemotion.sqlite3       the database as it was at one moment, where it is no server
//! ID/…                     the files of each analysis
//! kinemotion-backup-end    nothing: what comes before it is whole
//! ```
//!
//! The daemon may run meanwhile. The database is copied first, then the files of the analyses in it: what begins later is not in the
//! backup, and of a recording that is being written there is what there is.

mod archive;

use super::config::Config;
use super::store::{DATABASE, LOCK, StoreError, snapshot};
use crate::exit::{Exit, UsageError};
use crate::stdout::print;
use anyhow::{Context, bail, ensure};
use clap::Args;
use kinemotion_pipelines::AtomicFile;
use std::fs::{File, Permissions, TryLockError};
use std::io::{self, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Write everything that is stored into one file; the daemon may run meanwhile.
#[derive(Args)]
pub struct BackupArgs {
    /// The file, a tar archive
    file: PathBuf,

    /// Configuration of the daemon
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Bring back what a backup holds, where nothing is stored yet.
#[derive(Args)]
pub struct RestoreArgs {
    /// The file that `kinemotion backup` wrote
    file: PathBuf,

    /// Configuration of the daemon
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs `kinemotion backup`.
pub fn backup(args: &BackupArgs) -> anyhow::Result<Exit> {
    let config = load(args.config.as_deref())?;
    let folder = &config.storage.folder;
    ensure!(folder.is_dir(), "nothing is stored in {}", folder.display());
    let unwritable = || format!("cannot write {}", args.file.display());
    let mut file = AtomicFile::create(&args.file).with_context(unwritable)?;
    let copy = match server(&config) {
        Some(_) => None,
        None => Some(copy(folder, beside(&args.file))?),
    };
    // It holds secrets of webhooks, and what is known of people.
    let own = file.file().set_permissions(Permissions::from_mode(0o600));
    own.and_then(|()| archive::write(file.file(), folder, copy.as_ref()))
        .and_then(|()| file.file().sync_all())
        .and_then(|()| file.commit())
        .with_context(unwritable)?;
    let note = server(&config).map_or_else(String::new, |server| {
        format!(
            "The database is on a server and not in it. At the same time, run\n\n    pg_dump --format=custom --file=kinemotion.dump {server}\n\n"
        )
    });
    print(&format!(
        "{} holds what is stored in {}\n{note}",
        args.file.display(),
        folder.display()
    ))?;
    Ok(Exit::Done)
}

/// Runs `kinemotion restore`.
pub fn restore(args: &RestoreArgs) -> anyhow::Result<Exit> {
    let config = load(args.config.as_deref())?;
    let folder = &config.storage.folder;
    is_free(folder)?;
    let unreadable = || format!("cannot read {}", args.file.display());
    let file = File::open(&args.file).with_context(unreadable)?;
    let (staged, place) = stage(folder)?;
    archive::read(BufReader::new(file), staged.path()).with_context(unreadable)?;
    check(&staged, server(&config).is_some()).with_context(unreadable)?;
    put(staged, place, folder).with_context(|| format!("cannot write {}", folder.display()))?;
    let note = server(&config).map_or_else(String::new, |server| {
        format!(
            "The database is on a server and not in it. Before the daemon starts, run\n\n    pg_restore --dbname={server} kinemotion.dump\n\n"
        )
    });
    print(&format!(
        "{} is back in {}\n{note}",
        args.file.display(),
        folder.display()
    ))?;
    Ok(Exit::Done)
}

fn load(config: Option<&Path>) -> Result<Config, UsageError> {
    Config::load(config, std::env::vars()).map_err(|error| UsageError(error.to_string()))
}

/// Address of the server of the database without its password, where it is no file.
fn server(config: &Config) -> Option<String> {
    let address = &config.storage.database;
    if address.is_empty() {
        return None;
    }
    let shown = url::Url::parse(address).ok().and_then(|mut url| {
        url.set_password(None).ok()?;
        Some(url.to_string())
    });
    Some(shown.unwrap_or_else(|| "DATABASE".into()))
}

/// A copy of the database in a folder that goes with the value, and the analyses in it.
fn copy(folder: &Path, beside: &Path) -> anyhow::Result<archive::Snapshot> {
    let place = tempfile::Builder::new()
        .prefix(".backup.")
        .tempdir_in(beside)
        .with_context(|| format!("cannot write in {}", beside.display()))?;
    let (database, path) = (folder.join(DATABASE), place.path().join(DATABASE));
    ensure!(database.is_file(), "there is no database in {}", folder.display());
    let analyses = wait(async {
        snapshot::take(&database, &path).await?;
        snapshot::analyses(&path).await
    })?;
    Ok(archive::Snapshot {
        path,
        analyses,
        _place: place,
    })
}

/// What a volume may have of its own where it is mounted.
const LOST_AND_FOUND: &str = "lost+found";

/// Refuses a folder where something is stored.
fn is_free(folder: &Path) -> anyhow::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("cannot read {}", folder.display()))?,
    };
    for entry in entries {
        let name = entry
            .with_context(|| format!("cannot read {}", folder.display()))?
            .file_name();
        if name == LOST_AND_FOUND {
            continue;
        }
        if name != LOCK {
            bail!(UsageError(format!(
                "something is stored in {} already: move it away, or name another folder as storage.folder",
                folder.display()
            )));
        }
        let lock =
            File::open(folder.join(LOCK)).with_context(|| format!("cannot read {}", folder.display()))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => {
                bail!(UsageError(format!(
                    "a daemon stores in {}: end it first",
                    folder.display()
                )))
            }
            free => free.with_context(|| format!("cannot lock {}", folder.display()))?,
        }
    }
    Ok(())
}

/// Looks whether what was read fits the configuration and is whole.
fn check(staged: &TempDir, has_server: bool) -> anyhow::Result<()> {
    let database = staged.path().join(DATABASE);
    match (database.is_file(), has_server) {
        (true, true) => bail!("it holds a database, and the configuration names a server (storage.database)"),
        (false, false) => {
            bail!("it holds no database: that of its daemon was on a server (storage.database)")
        }
        (true, false) => wait(snapshot::check(&database)),
        (false, true) => Ok(()),
    }
}

/// Where a backup is read to: what is not whole is never where the daemon looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Beside the folder, which it becomes.
    Beside,
    /// Within the folder, which is there to stay: a volume is mounted there, or what it lies in is not ours to change.
    Within,
}

/// Makes room for a backup.
fn stage(folder: &Path) -> anyhow::Result<(TempDir, Place)> {
    let parent = beside(folder);
    std::fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    let place = remove_empty(folder).with_context(|| format!("cannot write {}", folder.display()))?;
    let within = match place {
        Place::Beside => parent,
        Place::Within => folder,
    };
    let staged = tempfile::Builder::new().prefix(".restore.").tempdir_in(within);
    Ok((
        staged.with_context(|| format!("cannot write in {}", within.display()))?,
        place,
    ))
}

/// Removes a folder that is free, with a lock that nobody holds, if it can be removed.
fn remove_empty(folder: &Path) -> io::Result<Place> {
    match std::fs::remove_file(folder.join(LOCK)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let Err(error) = std::fs::remove_dir(folder) else {
        return Ok(Place::Beside);
    };
    match error.kind() {
        io::ErrorKind::NotFound => Ok(Place::Beside),
        io::ErrorKind::ResourceBusy
        | io::ErrorKind::DirectoryNotEmpty
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem => Ok(Place::Within),
        _ => Err(error),
    }
}

/// Puts what was read where the daemon looks; the database last, without which nothing is there.
fn put(staged: TempDir, place: Place, folder: &Path) -> io::Result<()> {
    if place == Place::Beside {
        return std::fs::rename(staged.keep(), folder);
    }
    let entries = std::fs::read_dir(staged.path())?;
    let names = entries.map(|entry| entry.map(|entry| entry.file_name()));
    let mut names = names.collect::<io::Result<Vec<_>>>()?;
    names.sort_by_key(|name| name == DATABASE);
    for name in names {
        std::fs::rename(staged.path().join(&name), folder.join(&name))?;
    }
    staged.close()
}

/// The folder something lies in.
fn beside(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// Waits for the database.
fn wait<T>(something: impl Future<Output = Result<T, StoreError>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(something)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something that was read, with a database and an analysis.
    fn fill(staged: &TempDir) {
        std::fs::write(staged.path().join(DATABASE), "database").expect("written");
        std::fs::create_dir(staged.path().join("a")).expect("made");
        std::fs::write(staged.path().join("a/recording.mp4"), "video").expect("written");
    }

    fn is_there(folder: &Path) {
        assert!(folder.join(DATABASE).is_file() && folder.join("a/recording.mp4").is_file());
        let entries = std::fs::read_dir(folder)
            .expect("readable")
            .map(|entry| entry.expect("an entry").file_name());
        assert_eq!(entries.filter(|name| name != LOST_AND_FOUND).count(), 2);
    }

    #[test]
    fn a_folder_that_stays_is_filled_and_another_one_is_replaced() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("storage");
        std::fs::create_dir(&folder).expect("made");
        std::fs::write(folder.join(LOCK), "").expect("written");
        let (staged, place) = stage(&folder).expect("room");
        assert_eq!(place, Place::Beside);
        fill(&staged);
        put(staged, place, &folder).expect("written");
        is_there(&folder);

        // As where a volume is mounted.
        let volume = root.path().join("volume");
        std::fs::create_dir_all(volume.join(LOST_AND_FOUND)).expect("made");
        is_free(&volume).expect("nothing is stored there");
        let (staged, place) = stage(&volume).expect("room");
        assert_eq!(place, Place::Within);
        fill(&staged);
        put(staged, place, &volume).expect("written");
        is_there(&volume);
        assert_eq!(std::fs::read_dir(root.path()).expect("readable").count(), 2);
    }
}
