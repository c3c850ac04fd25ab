//! Noticing that the configuration changed.

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::io;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Tells of changes of a file, also when it is replaced as a whole, as editors and orchestrators do.
///
/// Several changes in a row may be told as one. Whoever listens reads the file again and compares.
///
/// # Errors
/// A folder that cannot be watched.
pub fn of(path: &Path) -> io::Result<mpsc::Receiver<()>> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let watch = inotify::init(CreateFlags::CLOEXEC)?;
    let flags = WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO | WatchFlags::CREATE | WatchFlags::DELETE;
    inotify::add_watch(&watch, &folder, flags)?;
    let (tell, told) = mpsc::channel(1);
    // It waits in the kernel for as long as the process lives.
    std::thread::Builder::new()
        .name("config-watch".into())
        .spawn(move || {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut events = inotify::Reader::new(&watch, &mut buffer);
            while events.next().is_ok() {
                if matches!(tell.try_send(()), Err(mpsc::error::TrySendError::Closed(()))) {
                    return;
                }
            }
        })?;
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_written_or_replaced_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kinemotion.toml");
        std::fs::write(&file, "").expect("written");
        let mut changes = of(&file).expect("watches");
        std::fs::write(&file, "[sessions]\n").expect("written");
        changes.recv().await.expect("told");
        let new = folder.path().join("new");
        std::fs::write(&new, "").expect("written");
        std::fs::rename(&new, &file).expect("renamed");
        changes.recv().await.expect("told");
    }
}
