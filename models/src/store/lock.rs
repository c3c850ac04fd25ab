//! `models.lock`: what is downloaded, from where, with which hashes.

use super::Network;
use crate::convert::CONVERTER_VERSION;
use serde::{Deserialize, Deserializer, de};
use std::sync::OnceLock;

/// The lock file of this build.
const EMBEDDED: &str = include_str!("../../models.lock");
/// Layout of the lock file that this code reads.
const FORMAT: u32 = 1;

/// Why a lock file is not usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Not TOML, a missing or misspelt key, a malformed hash.
    #[error("models.lock: {0}")]
    Syntax(String),
    /// Written for another version of this code.
    #[error("models.lock has {what} {found}, this build needs {needed}")]
    Version {
        /// What differs.
        what: &'static str,
        /// Value in the file.
        found: u32,
        /// Value this build works with.
        needed: u32,
    },
    /// A network is missing or listed twice.
    #[error("models.lock lists {network} {count} times instead of once")]
    Network {
        /// The network.
        network: Network,
        /// Entries found.
        count: usize,
    },
}

/// A parsed lock file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    format: u32,
    converter: u32,
    /// The pose networks.
    pub models: Models,
    /// ONNX Runtime, one entry per processor architecture.
    pub runtime: Vec<Runtime>,
}

/// The command that downloads a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Client {
    /// Node's package manager.
    Npm,
    /// Python's package manager.
    Pip,
}

/// A package as its registry hands it out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Package {
    /// Command that fetches it.
    pub client: Client,
    /// Name in its registry.
    #[serde(rename = "package")]
    pub name: String,
    /// Exact version.
    pub version: String,
    /// File name the client saves it under.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// Of the file.
    pub sha256: Sha256,
    /// SPDX identifier.
    pub license: String,
}

impl std::fmt::Display for Package {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// The package that holds the pose networks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Models {
    /// Where they come from.
    #[serde(flatten)]
    pub package: Package,
    /// The networks in it.
    #[serde(rename = "network")]
    pub networks: Vec<LockedNetwork>,
}

/// One network.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedNetwork {
    /// Which one.
    pub network: Network,
    /// File inside the package.
    pub path: String,
    /// First byte and first byte after the TFLite file inside that file.
    pub range: [usize; 2],
    /// Of those bytes.
    pub tflite_sha256: Sha256,
    /// File name of the converted network.
    pub onnx: String,
    /// Bytes of the converted network.
    pub onnx_size: u64,
    /// Of the converted network.
    pub onnx_sha256: Sha256,
}

/// ONNX Runtime for one architecture.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Runtime {
    /// Processor architecture as in [`std::env::consts::ARCH`].
    pub architecture: String,
    /// Where it comes from.
    #[serde(flatten)]
    pub package: Package,
    /// The shared library.
    pub library: PackedFile,
    /// Licence texts that go with it.
    #[serde(rename = "notice")]
    pub notices: Vec<PackedFile>,
}

/// A file taken out of a package unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedFile {
    /// Path inside the package.
    pub path: String,
    /// Its name in the cache.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// Of the file.
    pub sha256: Sha256,
}

impl Lock {
    /// The lock file this build was made with.
    ///
    /// # Panics
    /// Never: a test parses the embedded file.
    pub fn embedded() -> &'static Lock {
        static LOCK: OnceLock<Lock> = OnceLock::new();
        LOCK.get_or_init(|| Lock::parse(EMBEDDED).expect("a test parses the embedded models.lock"))
    }

    /// Reads a lock file.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let lock: Lock = toml::from_str(text).map_err(|error| LockError::Syntax(error.to_string()))?;
        let versions = [
            ("format", lock.format, FORMAT),
            ("converter", lock.converter, CONVERTER_VERSION),
        ];
        for (what, found, needed) in versions {
            if found != needed {
                return Err(LockError::Version { what, found, needed });
            }
        }
        for network in Network::ALL {
            let count = lock
                .models
                .networks
                .iter()
                .filter(|entry| entry.network == network)
                .count();
            if count != 1 {
                return Err(LockError::Network { network, count });
            }
        }
        Ok(lock)
    }

    /// The entry of a network.
    ///
    /// # Panics
    /// Never: parsing checks that every network has one.
    pub fn network(&self, network: Network) -> &LockedNetwork {
        let entry = self.models.networks.iter().find(|entry| entry.network == network);
        entry.expect("parsing checks that every network has an entry")
    }

    /// ONNX Runtime for this machine, `None` when none is pinned for its architecture.
    pub fn runtime(&self) -> Option<&Runtime> {
        self.runtime
            .iter()
            .find(|runtime| runtime.architecture == std::env::consts::ARCH)
    }
}

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

impl std::fmt::Display for Sha256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.as_bytes();
        let mut digest = [0; 32];
        let well_formed = digits.len() == 64
            && digits.chunks_exact(2).zip(&mut digest).all(|(pair, byte)| {
                let value = std::str::from_utf8(pair)
                    .ok()
                    .and_then(|pair| u8::from_str_radix(pair, 16).ok());
                value.map(|value| *byte = value).is_some()
            });
        well_formed
            .then_some(Sha256(digest))
            .ok_or_else(|| de::Error::custom(format!("{text:?} is no SHA-256 in 64 hexadecimal digits")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(from: &str, to: &str) -> LockError {
        assert!(EMBEDDED.contains(from), "{from}");
        Lock::parse(&EMBEDDED.replacen(from, to, 1)).unwrap_err()
    }

    #[test]
    fn the_embedded_lock_is_complete() {
        let lock = Lock::embedded();
        for network in Network::ALL {
            let entry = lock.network(network);
            assert!(
                entry.range[0] < entry.range[1] && entry.onnx_size > 0,
                "{network}"
            );
        }
        let architectures: Vec<_> = lock
            .runtime
            .iter()
            .map(|runtime| runtime.architecture.as_str())
            .collect();
        assert_eq!(architectures, ["x86_64", "aarch64"]);
        assert!(
            lock.runtime
                .iter()
                .all(|runtime| runtime.package.license == "MIT")
        );
        assert_eq!(lock.models.package.license, "Apache-2.0");
    }

    #[test]
    fn a_short_hash_is_named() {
        let message = error("8bb349a7", "8bb349").to_string();
        assert!(message.contains("8bb349b3a3ba"), "{message}");
    }

    #[test]
    fn a_hash_of_other_letters_is_refused() {
        assert!(matches!(error("8bb349a7", "8bb349x7"), LockError::Syntax(_)));
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let message = error("onnx-size", "onnx-bytes").to_string();
        assert!(message.contains("onnx-bytes"), "{message}");
    }

    #[test]
    fn another_converter_is_refused() {
        let found = CONVERTER_VERSION + 1;
        let expected = LockError::Version {
            what: "converter",
            found,
            needed: CONVERTER_VERSION,
        };
        let line = |version: u32| format!("converter = {version}");
        assert_eq!(error(&line(CONVERTER_VERSION), &line(found)), expected);
    }

    #[test]
    fn every_network_must_be_listed_once() {
        let twice = error("network = \"detector\"", "network = \"landmarker-fast\"");
        assert_eq!(
            twice,
            LockError::Network {
                network: Network::Detector,
                count: 0
            }
        );
    }
}
