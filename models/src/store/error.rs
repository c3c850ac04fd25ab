//! What can go wrong in the store, each in one sentence that names the artefact and the cure.

use super::{LockError, Sha256};
use crate::convert::ConvertError;
use std::io;
use std::path::{Path, PathBuf};

/// Why an artefact is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no place for the cache.
    #[error("no cache directory: set KINEMOTION_CACHE, XDG_CACHE_HOME or HOME")]
    NoCacheDirectory,
    /// `models.lock` is not usable.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file has not been made yet.
    #[error("{} is missing; run `kinemotion models pull`", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// A file is not what `models.lock` says.
    #[error("{} is damaged; run `kinemotion models pull` to make it again", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
    },
    /// The disk is full.
    #[error(
        "no space left for {} while preparing {artefact}: free about {} MB there, or set KINEMOTION_CACHE to a \
         larger disk, and run the command again", path.display(), needed_bytes.div_ceil(1_000_000)
    )]
    DiskFull {
        /// What was being made.
        artefact: String,
        /// Directory on the full disk.
        path: PathBuf,
        /// Space needed, bytes.
        needed_bytes: u64,
    },
    /// Any other failure of the file system.
    #[error("{} could not be used for {artefact}: {source}", path.display())]
    File {
        /// What was being made.
        artefact: String,
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The command that downloads a package is not installed.
    #[error(
        "{program} is not installed, it is needed to download {artefact}: install it (Debian: apt-get install \
         {debian}), or put {file} into a directory named by KINEMOTION_DOWNLOADS"
    )]
    NoClient {
        /// The command.
        program: &'static str,
        /// Debian packages that bring it.
        debian: &'static str,
        /// Package and version.
        artefact: String,
        /// File that would be downloaded.
        file: String,
    },
    /// The registry cannot be reached.
    #[error(
        "{artefact} could not be downloaded because the network or its registry is not reachable: connect and run \
         the command again, or put {file} into a directory named by KINEMOTION_DOWNLOADS ({detail})"
    )]
    NoNetwork {
        /// Package and version.
        artefact: String,
        /// File that would be downloaded.
        file: String,
        /// What the client said.
        detail: String,
    },
    /// The client failed for another reason.
    #[error("{artefact} could not be downloaded, {program} says: {detail}")]
    Client {
        /// The command.
        program: &'static str,
        /// Package and version.
        artefact: String,
        /// What the client said.
        detail: String,
    },
    /// A downloaded file is cut off or has been changed.
    #[error(
        "{file} of {artefact} is not the file that models.lock pins ({detail}); it was thrown away: run the \
         command again, and if this stays so, do not trust the source"
    )]
    WrongHash {
        /// Package and version.
        artefact: String,
        /// The file, or the part of the package.
        file: String,
        /// Expected and found.
        detail: String,
    },
    /// A verified package does not have the shape that `models.lock` describes.
    #[error("{artefact} does not hold {file} as models.lock says ({detail}); please report this")]
    Package {
        /// Package and version.
        artefact: String,
        /// Path inside the package.
        file: String,
        /// What is wrong.
        detail: String,
    },
    /// A network was not converted.
    #[error("{file} was not converted to ONNX: {source}; please report this")]
    Convert {
        /// The file that would have been made.
        file: String,
        /// The cause.
        source: ConvertError,
    },
    /// A network converts to other bytes than pinned.
    #[error(
        "{file} converts to SHA-256 {found} instead of {expected}, which is a defect of this build; please report this"
    )]
    Unreproducible {
        /// The file that would have been made.
        file: String,
        /// Digest of this build's conversion.
        found: Sha256,
        /// Digest in `models.lock`.
        expected: Sha256,
    },
    /// No ONNX Runtime is pinned for this processor.
    #[error(
        "no ONNX Runtime is pinned for {architecture} processors: install libonnxruntime 1.17 or later and name it \
         in KINEMOTION_ORT"
    )]
    NoRuntime {
        /// This machine's architecture.
        architecture: &'static str,
    },
}

/// Where a file operation happens and for what; turns its `io::Error` into a sentence.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub artefact: &'a str,
    pub path: &'a Path,
    /// Space the whole artefact needs, bytes.
    pub needed_bytes: u64,
}

impl Context<'_> {
    pub(super) fn error(self, source: io::Error) -> StoreError {
        let (artefact, path) = (self.artefact.to_owned(), self.path.to_owned());
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::DiskFull {
                artefact,
                path,
                needed_bytes: self.needed_bytes,
            },
            _ => StoreError::File {
                artefact,
                path,
                source,
            },
        }
    }
}
