//! Model files: the lock file, the cache directory, download, conversion and verification.

use std::path::PathBuf;

/// The cache directory: `KINEMOTION_CACHE`, else `XDG_CACHE_HOME/kinemotion`, else `~/.cache/kinemotion`.
pub fn cache_dir() -> Option<PathBuf> {
    None
}
