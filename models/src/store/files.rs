//! Hashing, and files that appear only when they are complete.

use super::error::Context;
use super::{Sha256, State, StoreError};
use sha2::Digest;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes read at once while hashing a file.
const HASH_BLOCK: usize = 1 << 18;

pub(super) fn hash(bytes: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(bytes).into())
}

fn hash_file(path: &Path) -> io::Result<Sha256> {
    let mut file = File::open(path)?;
    let mut hasher = sha2::Sha256::new();
    let mut block = vec![0; HASH_BLOCK];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(Sha256(hasher.finalize().into())),
            read => hasher.update(&block[..read]),
        }
    }
}

/// Looks at the size alone.
pub(super) fn state_by_size(path: &Path, size: u64, _: Sha256) -> State {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.len() == size => State::Ready,
        Err(error) if error.kind() == io::ErrorKind::NotFound => State::Missing,
        _ => State::Corrupt,
    }
}

/// Reads the whole file.
pub(super) fn state_by_hash(path: &Path, size: u64, sha256: Sha256) -> State {
    match state_by_size(path, size, sha256) {
        State::Ready if hash_file(path).is_ok_and(|found| found == sha256) => State::Ready,
        State::Ready => State::Corrupt,
        other => other,
    }
}

/// Writes `target` through a neighbour with the suffix `.part`, which is flushed to the disk before it takes the
/// name. On failure neither exists (an older `target` stays).
pub(super) fn write_atomically(
    context: Context<'_>,
    target: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), StoreError> {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = Removed(target.with_file_name(name));
    let written = File::create(&part.0).and_then(|mut file| {
        write(&mut file)?;
        file.flush()?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&part.0, target));
    renamed.map_err(|source| {
        Context {
            path: target,
            ..context
        }
        .error(source)
    })?;
    // The new name must survive a power cut too. Not every file system can do this, and the file is right anyway.
    if let Some(directory) = target.parent().and_then(|directory| File::open(directory).ok()) {
        drop(directory.sync_all());
    }
    Ok(())
}

/// A file that is deleted on drop if it still has this name.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        // Already renamed, or never created: nothing to remove.
        drop(fs::remove_file(&self.0));
    }
}

/// A directory that exists while this value does. Leftovers of an interrupted run are cleared first.
pub(super) struct ScratchDirectory(PathBuf);

impl ScratchDirectory {
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&path)?,
        }
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ScratchDirectory {
    fn drop(&mut self) {
        // Whatever cannot be removed now is removed by the next run.
        drop(fs::remove_dir_all(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(target: &Path, result: io::Result<()>) -> Result<(), StoreError> {
        let context = Context {
            artefact: "a model",
            path: target,
            needed_bytes: 28_000_000,
        };
        write_atomically(context, target, |file| {
            file.write_all(b"half of it")?;
            result
        })
    }

    #[test]
    fn a_full_disk_leaves_nothing_behind_and_says_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("model.onnx");
        let error = write(&target, Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        let message = error.to_string();
        for part in ["no space left", "a model", "28 MB", "KINEMOTION_CACHE"] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn a_failed_write_keeps_the_older_file() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("model.onnx");
        fs::write(&target, "old").unwrap();
        write(&target, Err(io::ErrorKind::Other.into())).unwrap_err();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        write(&target, Ok(())).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"half of it");
    }

    #[test]
    fn one_changed_byte_is_seen_by_hash_but_not_by_size() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "right").unwrap();
        let sha256 = hash(b"right");
        assert_eq!(state_by_hash(&path, 5, sha256), State::Ready);
        fs::write(&path, "wrong").unwrap();
        assert_eq!(state_by_size(&path, 5, sha256), State::Ready);
        assert_eq!(state_by_hash(&path, 5, sha256), State::Corrupt);
        fs::write(&path, "righ").unwrap();
        assert_eq!(state_by_size(&path, 5, sha256), State::Corrupt);
        fs::remove_file(&path).unwrap();
        assert_eq!(state_by_hash(&path, 5, sha256), State::Missing);
    }
}
