//! How fast the landmark network runs when nothing else does: what a capacity is compared with.

use super::onnx::OnnxProvider;
use super::parcel::input_side;
use super::runner::{Provider, Runner};
use super::{EngineConfig, EngineError};
use crate::Quality;
use crate::store::Network;
use std::num::NonZero;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// What came out of [`bare_loop`].
#[derive(Clone, Debug, PartialEq)]
pub struct BareLoop {
    /// What ran the network in the end.
    pub provider: &'static str,
    /// Whatever was not as configured.
    pub notices: Vec<String>,
    /// Inferences per second of each thread.
    pub per_second: Vec<f64>,
}

/// Runs the landmark network of `quality` in a bare loop for `duration`, in as many threads as the configuration has
/// workers, each with a session of its own, on an input of zeros. Nothing is cropped, decoded or followed.
///
/// # Errors
/// As those of an engine.
pub fn bare_loop(
    config: &EngineConfig,
    quality: Quality,
    duration: Duration,
) -> Result<BareLoop, EngineError> {
    let provider = OnnxProvider::new(config)?;
    let threads = match config.workers {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get),
        threads => threads,
    };
    let network = Network::Landmarker(quality);
    let mut loops = Vec::with_capacity(threads);
    for _ in 0..threads {
        let mut one = Loop {
            runner: provider.runner()?,
            input: vec![0.0; 3 * input_side(network) * input_side(network)],
            network,
        };
        one.once()?;
        loops.push(one);
    }
    let start = Barrier::new(threads);
    let rates: Result<Vec<f64>, EngineError> = std::thread::scope(|scope| {
        let start = &start;
        let running: Vec<_> = loops
            .into_iter()
            .map(|one| {
                scope.spawn(move || {
                    start.wait();
                    one.per_second(duration)
                })
            })
            .collect();
        let ended = running.into_iter().map(|thread| thread.join());
        ended
            .map(|rate| rate.unwrap_or_else(|_| Err(EngineError::Inference("a thread panicked".into()))))
            .collect()
    });
    Ok(BareLoop {
        per_second: rates?,
        provider: provider.name(),
        notices: provider.notices(),
    })
}

struct Loop {
    runner: Box<dyn Runner>,
    input: Vec<f32>,
    network: Network,
}

impl Loop {
    fn once(&mut self) -> Result<(), EngineError> {
        self.runner.run(self.network, &self.input, &mut |_| {})
    }

    fn per_second(mut self, duration: Duration) -> Result<f64, EngineError> {
        let start = Instant::now();
        let mut runs = 0_u32;
        loop {
            self.once()?;
            runs += 1;
            let elapsed = start.elapsed();
            if elapsed >= duration {
                return Ok(f64::from(runs) / elapsed.as_secs_f64());
            }
        }
    }
}
