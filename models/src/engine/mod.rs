//! The process-wide pool of inference.
//!
//! [`Engine::shared`] gives every stream of a process the same engine. It has one set of sessions per core, each of which
//! opens a network when its first job asks for it; see `schedule.rs` for who runs what and when. Input tensors belong to
//! the streams: they travel to the sessions and back without being copied, and results are decoded where the network ran,
//! so that large output tensors never move.

mod bench;
mod config;
mod execution;
mod job;
mod lane;
mod onnx;
pub(crate) mod parcel;
mod preference;
mod runner;
mod runtime;
mod schedule;
mod seat;
mod stub;
mod tally;
mod worker;

#[cfg(test)]
mod tests;

pub use bench::{BareLoop, bare_loop};
pub use config::{EngineConfig, ExecutionProvider};
pub(crate) use lane::{Delivery, Lane, Patience, Place};
pub(crate) use parcel::Flaw;
pub use runner::{Outputs, Provider, Runner};
pub use schedule::EngineStats;
pub use tally::NetworkStats;

use crate::Quality;
use crate::store::Network;
use onnx::OnnxProvider;
use schedule::Schedule;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use stub::Stub;

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
    /// The list of execution providers makes no sense, or none of it works.
    #[error("no execution provider: {0}")]
    Providers(String),
    /// A worker thread could not be started.
    #[error("cannot start an inference thread: {0}")]
    Thread(String),
    /// The engine was shut down.
    #[error("inference engine has stopped")]
    Stopped,
}

/// Workers that take several inputs at once, unless somebody says otherwise: while one waits for its batch the other
/// decodes results and gathers the next.
const BATCHING_WORKERS: usize = 2;

/// Owns the workers. One per process and configuration, shared by every stream.
///
/// When the last user drops it the workers end and their sessions are closed.
pub struct Engine {
    schedule: Arc<Schedule>,
    threads: Vec<JoinHandle<()>>,
    provider: Arc<dyn Provider>,
    /// Whether [`Place::Here`] is for files only.
    live_on_workers: bool,
    /// What a worker thread could not do.
    notices: Arc<Mutex<Vec<String>>>,
}

/// Engines in use, by configuration.
static SHARED: Mutex<Vec<(EngineConfig, Weak<Engine>)>> = Mutex::new(Vec::new());

impl Engine {
    /// The process-wide engine for this configuration, started on first use.
    pub fn shared(config: &EngineConfig) -> Result<Arc<Engine>, EngineError> {
        let mut shared = lock(&SHARED);
        let running = shared
            .iter()
            .find(|(c, _)| c == config)
            .and_then(|(_, engine)| engine.upgrade());
        if let Some(engine) = running {
            return Ok(engine);
        }
        let engine = if config.providers == [ExecutionProvider::Stub] {
            Self::with_provider(config, Stub::new())
        } else {
            Self::with_provider(config, OnnxProvider::new(config)?)
        }?;
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
        let workers = match config.workers {
            0 if provider.batch() > 1 => BATCHING_WORKERS,
            0 => std::thread::available_parallelism().map_or(1, NonZero::get),
            workers => workers,
        };
        let mut engine = Self {
            schedule: Arc::new(Schedule::new(&provider, workers, config.batch_delay)),
            threads: Vec::with_capacity(workers),
            provider,
            live_on_workers: config.live_on_workers,
            notices: Arc::default(),
        };
        for index in 0..workers {
            let thread = engine.start_worker(index, config.nice)?;
            engine.threads.push(thread);
        }
        Ok(Arc::new(engine))
    }

    fn start_worker(&self, index: usize, nice: i32) -> Result<JoinHandle<()>, EngineError> {
        let (schedule, notices) = (self.schedule.clone(), self.notices.clone());
        let work = move || {
            if let Err(notice) = worker::be_nice(nice) {
                note(&notices, notice);
            }
            worker::work(index, &schedule);
        };
        let thread = std::thread::Builder::new().name(format!("kinemotion-w{index}"));
        thread
            .spawn(work)
            .map_err(|error| EngineError::Thread(error.to_string()))
    }

    /// What runs the networks: the name of an [`ExecutionProvider`]. What is preferred and did not work is among the
    /// [`Engine::notices`].
    pub fn provider(&self) -> &'static str {
        self.provider.name()
    }

    /// What is not as configured, in sentences for an operator: execution providers that were passed over and why, parts of a
    /// network that one left to the CPU, a nice value that was not granted. Complete once [`Engine::warm_up`] is through
    /// with the networks in use.
    pub fn notices(&self) -> Vec<String> {
        let mut notices = self.provider.notices();
        notices.extend(lock(&self.notices).iter().cloned());
        notices
    }

    /// The ONNX Runtime library this process uses, once an engine has been started.
    pub fn runtime_library() -> Option<PathBuf> {
        runtime::loaded()
    }

    /// Opens the networks a stream of this quality needs, so that a missing model is known now and the first frame is
    /// not late. Takes up to some hundred milliseconds, and none for networks that have run: behind streams that keep the workers
    /// busy it would be seconds.
    pub fn warm_up(&self, quality: Quality) -> Result<(), EngineError> {
        let mut lane = Lane::default();
        let networks = [Network::Detector, Network::Landmarker(quality)];
        let ran = self.stats().networks.map(|network| network.runs > 0);
        for network in networks.into_iter().filter(|network| !ran[network.index()]) {
            lane.parcel(network);
            // A worker opens them: threads that ONNX Runtime starts for a session are as nice as the one that opens it.
            lane.submit(self, Patience::File, Place::Beside);
            lane.wait(self)?;
        }
        Ok(())
    }

    /// Counters since it started.
    pub fn stats(&self) -> EngineStats {
        self.schedule.stats()
    }
}

/// Says something once.
fn note(notices: &Mutex<Vec<String>>, notice: String) {
    let mut notices = lock(notices);
    if !notices.contains(&notice) {
        notices.push(notice);
    }
}

/// A panic elsewhere leaves this module's data whole: every change to it is a single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
