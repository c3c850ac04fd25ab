//! Files that appear whole or not at all.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Mode of a new file before the umask, as any program creates it.
const NEW_FILE_MODE: u32 = 0o666;

/// A file written beside its target under a temporary name, and renamed when it is whole. Dropped before that, it
/// leaves nothing.
#[derive(Debug)]
pub struct AtomicFile {
    file: NamedTempFile,
    target: PathBuf,
}

impl AtomicFile {
    /// Starts a file. Fails when the target's folder is missing or not writable, or the target is a folder.
    pub fn create(target: &Path) -> io::Result<Self> {
        if target.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
        }
        let name = target
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?;
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(name);
        prefix.push(".");
        let file = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(".part")
            .permissions(Permissions::from_mode(NEW_FILE_MODE))
            .tempfile_in(folder_of(target))?;
        Ok(Self {
            file,
            target: target.to_owned(),
        })
    }

    /// Where the unfinished content is.
    pub fn part(&self) -> &Path {
        self.file.path()
    }

    /// The handle to write through.
    pub fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Gives the file its name, replacing an older one.
    pub fn commit(self) -> io::Result<()> {
        self.file
            .persist(&self.target)
            .map(drop)
            .map_err(|error| error.error)
    }
}

/// The folder a path lies in, `.` for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("folder");
        entries
            .map(|e| e.expect("entry").file_name().to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn an_unfinished_file_leaves_nothing_and_keeps_the_old_one() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("out.json");
        std::fs::write(&target, "old").expect("write");
        let mut unfinished = AtomicFile::create(&target).expect("create");
        unfinished.file().write_all(b"half").expect("write");
        drop(unfinished);
        assert_eq!(names(folder.path()), ["out.json"]);
        assert_eq!(std::fs::read_to_string(&target).expect("read"), "old");
    }

    #[test]
    fn a_finished_file_replaces_the_old_one() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("out.json");
        std::fs::write(&target, "old").expect("write");
        let mut file = AtomicFile::create(&target).expect("create");
        file.file().write_all(b"new").expect("write");
        file.commit().expect("commit");
        assert_eq!(names(folder.path()), ["out.json"]);
        assert_eq!(std::fs::read_to_string(&target).expect("read"), "new");
    }

    #[test]
    fn a_folder_or_a_missing_folder_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        assert!(AtomicFile::create(folder.path()).is_err());
        assert!(AtomicFile::create(&folder.path().join("absent/out.json")).is_err());
    }
}
