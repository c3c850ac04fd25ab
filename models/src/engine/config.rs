//! Settings of an engine.

use super::EngineError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Settings of the [`Engine`](super::Engine).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EngineConfig {
    /// libonnxruntime; `None` searches `KINEMOTION_ORT`, `ORT_DYLIB_PATH`, the cache and the system.
    pub runtime: Option<PathBuf>,
    /// Directory of the converted models; `None` is the cache.
    pub models: Option<PathBuf>,
    /// What runs the networks: the first of the list that works.
    pub providers: Vec<ExecutionProvider>,
    /// Inferences that run at the same time; 0 is one per core, and two where a provider takes several inputs at once.
    pub workers: usize,
    /// Intra-op threads of each session; 0 is 1.
    pub threads_per_worker: usize,
    /// How long inputs may wait to be run together with others, where a provider takes several at once. No input waits longer than
    /// half of what it may wait for a worker.
    pub batch_delay: Duration,
    /// Nice value of the worker threads, -20..=19: more leaves the right of way to everything else, as decoding.
    pub nice: i32,
    /// Live inputs always go to worker threads, so that `nice` holds for them; else a stream's own thread may run them. What
    /// is not live is run by the stream's own thread either way.
    pub live_on_workers: bool,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            runtime: None,
            models: None,
            providers: vec![ExecutionProvider::Cpu],
            workers: 0,
            threads_per_worker: 0,
            batch_delay: Duration::ZERO,
            nice: 0,
            live_on_workers: false,
        }
    }
}

/// What runs a network, in the words of ONNX Runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecutionProvider {
    /// The processor; every ONNX Runtime has it.
    Cpu,
    /// NVIDIA graphics processors.
    Cuda,
    /// NVIDIA graphics processors, by networks compiled for the one at hand.
    TensorRt,
    /// Intel processors; runs on OpenVINO's CPU device.
    OpenVino,
    /// Apple processors.
    CoreMl,
    /// Nothing: everybody always stands still in the middle of the picture. For load tests of everything else.
    Stub,
}

impl ExecutionProvider {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Cpu,
        Self::Cuda,
        Self::TensorRt,
        Self::OpenVino,
        Self::CoreMl,
        Self::Stub,
    ];

    /// The name used in properties, on the command line and in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
            Self::OpenVino => "openvino",
            Self::CoreMl => "coreml",
            Self::Stub => "stub",
        }
    }

    /// Reads a list as `cuda,cpu`.
    ///
    /// # Errors
    /// An empty list or an unknown name, which is named.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, EngineError> {
        text.split(',').map(|name| name.trim().parse()).collect()
    }
}

impl fmt::Display for ExecutionProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ExecutionProvider {
    type Err = EngineError;

    fn from_str(name: &str) -> Result<Self, EngineError> {
        let found = Self::ALL.into_iter().find(|provider| provider.name() == name);
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            EngineError::Providers(format!("\"{name}\" is none of {known}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_providers_is_read_in_its_order() {
        let list = ExecutionProvider::parse_list("tensorrt, cuda,cpu").unwrap();
        let names: Vec<_> = list.into_iter().map(ExecutionProvider::name).collect();
        assert_eq!(names, ["tensorrt", "cuda", "cpu"]);
        for provider in ExecutionProvider::ALL {
            assert_eq!(provider.name().parse::<ExecutionProvider>().unwrap(), provider);
            assert_eq!(serde_json::to_value(provider).unwrap(), provider.name());
        }
    }

    #[test]
    fn an_unknown_provider_is_named() {
        for wrong in ["", "cpu,", "cuda,gpu"] {
            let error = ExecutionProvider::parse_list(wrong).unwrap_err().to_string();
            assert!(error.contains("none of cpu, cuda"), "{wrong}: {error}");
        }
    }
}
