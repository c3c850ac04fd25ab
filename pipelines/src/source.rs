//! Sources. So far: a file on disk.

use crate::AnalysisError;
use std::fs::File;
use std::path::Path;

/// Refuses what is not a readable, non-empty file before a pipeline is built for it.
pub(crate) fn check(path: &Path) -> Result<(), AnalysisError> {
    let unreadable = |reason: String| AnalysisError::Unreadable {
        path: path.to_owned(),
        reason,
    };
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(sentence(&error)))?;
    if metadata.is_dir() {
        return Err(unreadable("it is a directory".into()));
    }
    if metadata.is_file() && metadata.len() == 0 {
        return Err(unreadable("the file is empty".into()));
    }
    File::open(path)
        .map(drop)
        .map_err(|error| unreadable(sentence(&error)))
}

fn sentence(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}
