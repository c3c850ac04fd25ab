//! One set of sessions and what it takes to run a parcel with it.

use super::parcel::Parcel;
use super::runner::{Provider, Runner};
use super::{EngineError, Outputs};
use crate::store::Network;
use rustix::time::{ClockId, clock_gettime};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A runner, made on first use, and the networks it has open.
pub(super) struct Seat {
    provider: Arc<dyn Provider>,
    runner: Option<Box<dyn Runner>>,
    opened: Opened,
}

impl Seat {
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        Self {
            provider,
            runner: None,
            opened: Opened::default(),
        }
    }

    pub fn has_open(&self, network: Network) -> bool {
        self.opened.contains(network)
    }

    /// Runs a parcel. After a failure the runner's sessions may be in any state, so the next run begins with a new one.
    pub fn run(&mut self, parcel: &mut Parcel) -> Result<(), EngineError> {
        let result = self.try_run(parcel);
        if result.is_ok() {
            self.opened.insert(parcel.network);
        } else {
            (self.runner, self.opened) = (None, Opened::default());
        }
        result
    }

    fn try_run(&mut self, parcel: &mut Parcel) -> Result<(), EngineError> {
        let runner = match &mut self.runner {
            Some(runner) => runner,
            none => none.insert(self.provider.runner()?),
        };
        run(runner.as_mut(), parcel)
    }
}

/// A panic of the runner is an error of this parcel, not the end of the thread.
fn run(runner: &mut dyn Runner, parcel: &mut Parcel) -> Result<(), EngineError> {
    let input = std::mem::take(&mut parcel.input);
    let mut delivered = false;
    parcel.decode_time = Duration::ZERO;
    let (start, cpu) = (Instant::now(), thread_time());
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        runner.run(parcel.network, &input, &mut |outputs: Outputs<'_>| {
            let decode_start = Instant::now();
            parcel.absorb(outputs);
            parcel.decode_time = decode_start.elapsed();
            delivered = true;
        })
    }));
    parcel.run_time = start.elapsed().saturating_sub(parcel.decode_time);
    parcel.cpu_time = thread_time().saturating_sub(cpu);
    parcel.input = input;
    match outcome {
        Ok(Ok(())) if delivered => parcel.check_shape(),
        Ok(Ok(())) => Err(EngineError::Inference(format!(
            "{} gave no outputs",
            parcel.network
        ))),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(EngineError::Inference(format!(
            "running {} panicked",
            parcel.network
        ))),
    }
}

/// Processor time of this thread.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // Both are small and never negative.
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A set of networks, one bit each.
#[derive(Clone, Copy, Default)]
struct Opened(u8);

impl Opened {
    fn insert(&mut self, network: Network) {
        self.0 |= Self::bit(network);
    }

    fn contains(self, network: Network) -> bool {
        self.0 & Self::bit(network) != 0
    }

    fn bit(network: Network) -> u8 {
        match network {
            Network::Detector => 1,
            Network::Landmarker(quality) => 2 << quality as u8,
        }
    }
}
