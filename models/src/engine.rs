//! The process-wide pool of inference workers.

use std::path::PathBuf;
use std::sync::Arc;

/// Settings of the [`Engine`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EngineConfig {
    /// libonnxruntime; `None` searches `KINEMOTION_ORT`, `ORT_DYLIB_PATH`, the cache and the system.
    pub runtime: Option<PathBuf>,
    /// Directory of the converted models; `None` is the cache.
    pub models: Option<PathBuf>,
    /// Worker threads; 0 is one per core.
    pub workers: usize,
    /// Intra-op threads of each session; 0 is 1.
    pub threads_per_worker: usize,
}

/// Why inference is not possible.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// libonnxruntime was not found or did not load.
    #[error("ONNX Runtime: {0}")]
    Runtime(String),
    /// A model file is missing or unusable.
    #[error("model {file}: {reason}")]
    Model {
        /// Path or name.
        file: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// ONNX Runtime failed during a run.
    #[error("inference failed: {0}")]
    Inference(String),
    /// The engine was shut down.
    #[error("inference engine has stopped")]
    Stopped,
}

/// Owns the workers. One per process and configuration, shared by every stream.
pub struct Engine {
    _config: EngineConfig,
}

impl Engine {
    /// The process-wide engine for this configuration, started on first use.
    pub fn shared(config: &EngineConfig) -> Result<Arc<Engine>, EngineError> {
        Ok(Arc::new(Engine { _config: config.clone() }))
    }
}
