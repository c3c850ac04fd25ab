//! The process-wide pool of inference.
//!
//! [`Engine::shared`] gives every stream of a process the same engine. It has one set of sessions per core, each of which
//! opens a network when its first job asks for it; see `schedule.rs` for who runs what and when. Input tensors belong to
//! the streams: they travel to the sessions and back without being copied, and results are decoded where the network ran,
//! so that large output tensors never move.

mod lane;
mod onnx;
pub(crate) mod parcel;
mod runner;
mod runtime;
mod schedule;
mod seat;
mod worker;

#[cfg(test)]
mod tests;

pub(crate) use lane::{Delivery, Lane, Patience, Place};
pub(crate) use parcel::Flaw;
pub use runner::{Outputs, Provider, Runner};
pub use schedule::{EngineStats, NetworkStats};

use crate::Quality;
use crate::store::Network;
use onnx::OnnxProvider;
use schedule::Schedule;
use seat::Seat;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;

/// Settings of the [`Engine`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EngineConfig {
    /// libonnxruntime; `None` searches `KINEMOTION_ORT`, `ORT_DYLIB_PATH`, the cache and the system.
    pub runtime: Option<PathBuf>,
    /// Directory of the converted models; `None` is the cache.
    pub models: Option<PathBuf>,
    /// Inferences that run at the same time; 0 is one per core.
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
    /// A worker thread could not be started.
    #[error("cannot start an inference thread: {0}")]
    Thread(String),
    /// The engine was shut down.
    #[error("inference engine has stopped")]
    Stopped,
}

/// Owns the workers. One per process and configuration, shared by every stream.
///
/// When the last user drops it the workers end and their sessions are closed.
pub struct Engine {
    schedule: Arc<Schedule>,
    threads: Vec<JoinHandle<()>>,
}

/// Engines in use, by configuration.
static SHARED: Mutex<Vec<(EngineConfig, Weak<Engine>)>> = Mutex::new(Vec::new());

impl Engine {
    /// The process-wide engine for this configuration, started on first use.
    pub fn shared(config: &EngineConfig) -> Result<Arc<Engine>, EngineError> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let running = shared
            .iter()
            .find(|(c, _)| c == config)
            .and_then(|(_, engine)| engine.upgrade());
        if let Some(engine) = running {
            return Ok(engine);
        }
        let engine = Self::with_provider(config, OnnxProvider::new(config)?)?;
        shared.retain(|(c, engine)| c != config && engine.strong_count() > 0);
        shared.push((config.clone(), Arc::downgrade(&engine)));
        Ok(engine)
    }

    /// An engine of its own whose workers run what `provider` makes: another runtime, or a script in a test.
    pub fn with_provider(
        config: &EngineConfig,
        provider: impl Provider + 'static,
    ) -> Result<Arc<Engine>, EngineError> {
        let provider: Arc<dyn Provider> = Arc::new(provider);
        let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
        let workers = if config.workers == 0 {
            cores()
        } else {
            config.workers
        };
        let seats = (0..workers).map(|_| Seat::new(provider.clone())).collect();
        let mut engine = Self {
            schedule: Arc::new(Schedule::new(seats)),
            threads: Vec::with_capacity(workers),
        };
        for index in 0..workers {
            let schedule = engine.schedule.clone();
            let thread = std::thread::Builder::new()
                .name(format!("kinemotion-w{index}"))
                .spawn(move || worker::work(index, &schedule))
                .map_err(|error| EngineError::Thread(error.to_string()))?;
            engine.threads.push(thread);
        }
        Ok(Arc::new(engine))
    }

    /// The ONNX Runtime library this process uses, once an engine has been started.
    pub fn runtime_library() -> Option<PathBuf> {
        runtime::loaded()
    }

    /// Opens the networks a stream of this quality needs, so that a missing model is known now and the first frame is
    /// not late. Takes up to some hundred milliseconds.
    pub fn warm_up(&self, quality: Quality) -> Result<(), EngineError> {
        let mut lane = Lane::default();
        for network in [Network::Detector, Network::Landmarker(quality)] {
            lane.parcel(network);
            lane.submit(self, Patience::File, Place::Here);
            lane.wait(self)?;
        }
        Ok(())
    }

    /// Counters since it started.
    pub fn stats(&self) -> EngineStats {
        self.schedule.stats()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.schedule.stop();
        for thread in self.threads.drain(..) {
            // A worker never panics: it catches what its runner throws.
            let _ = thread.join();
        }
    }
}
