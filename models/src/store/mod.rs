//! Model files: the lock file, the cache directory, download, conversion and verification.
//!
//! ```text
//! <cache>/models/pose_detection.onnx          converted networks
//! <cache>/models/pose_landmark_{lite,full,heavy}.onnx
//! <cache>/onnxruntime/<version>/libonnxruntime.so, LICENSE, ThirdPartyNotices.txt
//! ```
//!
//! [`pull`] fills the cache and leaves what is already right alone, without touching the network. A file appears
//! under its name only when it is complete and its hash is right. Several processes may pull at once.
//!
//! On a machine without network, put the packages named in `models.lock` into a directory and name it in
//! `KINEMOTION_DOWNLOADS`; they are checked like downloads.

mod archive;
mod client;
mod error;
mod files;
mod lock;
mod pull;

#[cfg(test)]
mod tests;

pub use client::{Clients, Download, DownloadError};
pub use error::StoreError;
pub use lock::{Client, Lock, LockError, LockedNetwork, Models, Package, PackedFile, Runtime, Sha256};
pub use pull::{Progress, convert_network};

use crate::Quality;
use serde::Deserialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A network of the pose pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// Finds people.
    Detector,
    /// Finds the landmarks of one person.
    Landmarker(Quality),
}

impl Network {
    /// Every network.
    pub const ALL: [Network; 4] = [
        Network::Detector,
        Network::Landmarker(Quality::Fast),
        Network::Landmarker(Quality::Balanced),
        Network::Landmarker(Quality::Accurate),
    ];

    /// Its place in [`Network::ALL`].
    pub fn index(self) -> usize {
        match self {
            Network::Detector => 0,
            Network::Landmarker(quality) => 1 + quality as usize,
        }
    }

    /// The name used in `models.lock` and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Network::Detector => "detector",
            Network::Landmarker(Quality::Fast) => "landmarker-fast",
            Network::Landmarker(Quality::Balanced) => "landmarker-balanced",
            Network::Landmarker(Quality::Accurate) => "landmarker-accurate",
        }
    }

    /// Name of the converted file inside the models directory.
    pub fn file_name(self) -> &'static str {
        &Lock::embedded().network(self).onnx
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let network = Network::ALL.into_iter().find(|network| network.name() == name);
        network.ok_or_else(|| serde::de::Error::custom(format!("unknown network {name:?}")))
    }
}

/// The cache directory: `KINEMOTION_CACHE`, else `XDG_CACHE_HOME/kinemotion`, else `~/.cache/kinemotion`.
pub fn cache_dir() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
    cache_dir_from(variable)
}

fn cache_dir_from(variable: impl Fn(&'static str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(cache) = variable("KINEMOTION_CACHE") {
        return std::path::absolute(cache).ok();
    }
    // A relative XDG_CACHE_HOME is to be ignored, says the XDG Base Directory Specification.
    let xdg = variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let base = xdg.or_else(|| variable("HOME").map(|home| Path::new(&home).join(".cache")))?;
    Some(base.join("kinemotion"))
}

/// State of an artefact in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There and right.
    Ready,
    /// Not there.
    Missing,
    /// There, but not what `models.lock` pins.
    Corrupt,
}

/// A file of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// What it is: a network's name or `onnxruntime`.
    pub name: String,
    /// Where it is or belongs.
    pub path: PathBuf,
    /// Bytes when complete.
    pub size: u64,
    /// When complete.
    pub sha256: Sha256,
    /// SPDX identifier.
    pub license: String,
    /// Package and version it is made from.
    pub source: String,
    /// Whether it is there.
    pub state: State,
}

/// A cache directory and what belongs into it.
pub struct Store {
    root: PathBuf,
    lock: Lock,
    downloads: Option<PathBuf>,
    client: Box<dyn Download>,
}

impl Store {
    /// The user's cache, filled through npm and pip or from `KINEMOTION_DOWNLOADS`.
    pub fn open() -> Result<Self, StoreError> {
        let downloads = std::env::var_os("KINEMOTION_DOWNLOADS").filter(|path| !path.is_empty());
        let root = cache_dir().ok_or(StoreError::NoCacheDirectory)?;
        Ok(Self::new(
            root,
            Lock::embedded().clone(),
            downloads.map(PathBuf::from),
            Box::new(Clients::default()),
        ))
    }

    /// A store over any directory. `downloads` may hold packages that need not be downloaded.
    pub fn new(root: PathBuf, lock: Lock, downloads: Option<PathBuf>, client: Box<dyn Download>) -> Self {
        Self {
            root,
            lock,
            downloads,
            client,
        }
    }

    /// Every artefact for this machine. Files are judged by their size alone; see [`Store::verify`].
    pub fn list(&self) -> Vec<Artifact> {
        self.artifacts(files::state_by_size)
    }

    /// Every artefact for this machine, each file hashed.
    pub fn verify(&self) -> Vec<Artifact> {
        self.artifacts(files::state_by_hash)
    }

    /// Downloads, checks and converts whatever is missing or damaged. Returns what is then there.
    pub fn pull(&self, progress: &mut dyn FnMut(Progress)) -> Result<Vec<Artifact>, StoreError> {
        pull::pull(self, progress)
    }

    fn artifacts(&self, state: fn(&Path, u64, Sha256) -> State) -> Vec<Artifact> {
        let Lock { models, .. } = &self.lock;
        let network = |entry: &LockedNetwork| Artifact {
            name: entry.network.name().to_owned(),
            path: self.network_path(entry),
            size: entry.onnx_size,
            sha256: entry.onnx_sha256,
            license: models.package.license.clone(),
            source: models.package.to_string(),
            state: state(&self.network_path(entry), entry.onnx_size, entry.onnx_sha256),
        };
        let packed = |runtime: &Runtime, file: &PackedFile, name: String| Artifact {
            name,
            path: self.runtime_dir(runtime).join(&file.file),
            size: file.size,
            sha256: file.sha256,
            license: runtime.package.license.clone(),
            source: runtime.package.to_string(),
            state: state(
                &self.runtime_dir(runtime).join(&file.file),
                file.size,
                file.sha256,
            ),
        };
        let mut artifacts: Vec<Artifact> = models.networks.iter().map(network).collect();
        if let Some(runtime) = self.lock.runtime() {
            artifacts.push(packed(runtime, &runtime.library, runtime.package.name.clone()));
            for notice in &runtime.notices {
                artifacts.push(packed(
                    runtime,
                    notice,
                    format!("{} {}", runtime.package.name, notice.file),
                ));
            }
        }
        artifacts
    }

    fn models_dir(&self) -> PathBuf {
        self.root.join("models")
    }

    fn network_path(&self, entry: &LockedNetwork) -> PathBuf {
        self.models_dir().join(&entry.onnx)
    }

    fn runtime_dir(&self, runtime: &Runtime) -> PathBuf {
        self.root.join("onnxruntime").join(&runtime.package.version)
    }
}

/// Every artefact of the user's cache, judged by size.
pub fn list() -> Result<Vec<Artifact>, StoreError> {
    Ok(Store::open()?.list())
}

/// Every artefact of the user's cache, each file hashed.
pub fn verify() -> Result<Vec<Artifact>, StoreError> {
    Ok(Store::open()?.verify())
}

/// Downloads, checks and converts whatever the user's cache lacks.
pub fn pull(mut progress: impl FnMut(Progress)) -> Result<Vec<Artifact>, StoreError> {
    Store::open()?.pull(&mut progress)
}

/// ONNX Runtime in the user's cache, if it has been pulled.
pub fn runtime_library() -> Option<PathBuf> {
    let runtime = Lock::embedded().runtime()?;
    let directory = cache_dir()?.join("onnxruntime").join(&runtime.package.version);
    Some(directory.join(&runtime.library.file)).filter(|path| path.is_file())
}

/// A converted network: the file of that name in `directory` if one is given, else the one in the user's cache,
/// whose size is checked too (hashes are [`verify`]'s affair).
pub fn model_path(network: Network, directory: Option<&Path>) -> Result<PathBuf, StoreError> {
    let entry = Lock::embedded().network(network);
    if let Some(directory) = directory {
        let path = directory.join(&entry.onnx);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(StoreError::Missing { path })
        };
    }
    let path = cache_dir()
        .ok_or(StoreError::NoCacheDirectory)?
        .join("models")
        .join(&entry.onnx);
    match files::state_by_size(&path, entry.onnx_size, entry.onnx_sha256) {
        State::Ready => Ok(path),
        State::Missing => Err(StoreError::Missing { path }),
        State::Corrupt => Err(StoreError::Corrupt { path }),
    }
}
