//! Files of the storage with their sizes.

use serde::Serialize;
use std::io;
use std::path::Path;

/// A file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Stored {
    /// Where it is in the folder.
    pub path: String,
    /// Its length.
    pub bytes: u64,
}

/// Most that are listed; the rest is said in sum.
const MOST: usize = 10_000;

/// Everything in a folder.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Files {
    /// How many there are.
    pub count: usize,
    /// All of them together.
    pub bytes: u64,
    /// The first of them, by their paths. Names are those that the daemon gives.
    pub files: Vec<Stored>,
}

/// Looks into a folder and those within it. What goes meanwhile is left out.
///
/// # Errors
/// A folder that cannot be read.
pub fn files(folder: &Path) -> io::Result<Files> {
    let mut found = Vec::new();
    std::fs::read_dir(folder)?;
    collect(folder, folder, &mut found)?;
    found.sort();
    let mut files = Files {
        count: found.len(),
        bytes: found.iter().map(|file| file.bytes).sum(),
        files: found,
    };
    files.files.truncate(MOST);
    Ok(files)
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Stored>) -> io::Result<()> {
    let Some(entries) = unless_gone(std::fs::read_dir(folder))? else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        let Some(metadata) = unless_gone(entry.metadata())? else {
            continue;
        };
        let path = entry.path();
        if metadata.is_dir() {
            collect(root, &path, found)?;
        } else if metadata.is_file() {
            let path = path.strip_prefix(root).unwrap_or(&path);
            found.push(Stored {
                path: path.to_string_lossy().into_owned(),
                bytes: metadata.len(),
            });
        }
    }
    Ok(())
}

fn unless_gone<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_with_their_sizes_and_not_what_is_in_them() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("a")).expect("made");
        std::fs::write(folder.path().join("a/recording.mp4"), "video").expect("written");
        std::fs::write(folder.path().join("lock"), "").expect("written");
        let found = files(folder.path()).expect("readable");
        assert_eq!((found.count, found.bytes), (2, 5));
        assert_eq!(found.files[0].path, "a/recording.mp4");
        files(&folder.path().join("none")).expect_err("there is none");
    }
}
