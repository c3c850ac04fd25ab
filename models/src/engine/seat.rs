//! One set of sessions and what it takes to run parcels with it.

use super::job::Job;
use super::runner::{Provider, Runner};
use super::tally::{Tally, thread_time};
use super::{EngineError, Outputs};
use crate::store::Network;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A runner, made on first use, and the networks it has open.
pub(super) struct Seat {
    /// What is to be run, all of it for one network, and after a run what has been.
    pub jobs: Vec<Job>,
    /// What was run since the seat was taken.
    pub tally: Tally,
    provider: Arc<dyn Provider>,
    runner: Option<Box<dyn Runner>>,
    opened: Opened,
    /// The jobs' inputs while they are run; kept for its memory.
    inputs: Vec<Vec<f32>>,
}

impl Seat {
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        Self {
            jobs: Vec::new(),
            tally: Tally::default(),
            provider,
            runner: None,
            opened: Opened::default(),
            inputs: Vec::new(),
        }
    }

    pub fn has_open(&self, network: Network) -> bool {
        self.opened.contains(network)
    }

    /// Runs the jobs together. When that fails each is run alone, so that only those fail that would by themselves.
    pub fn run(&mut self) {
        let all = 0..self.jobs.len();
        match self.run_some(all.clone()) {
            Ok(()) => {}
            Err(error) if all.len() == 1 => self.jobs[0].result = Err(error),
            Err(_) => {
                for at in all {
                    self.jobs[at].result = self.run_some(at..at + 1);
                }
            }
        }
    }

    /// After a failure the runner's sessions may be in any state, so the next run begins with a new one.
    fn run_some(&mut self, which: Range<usize>) -> Result<(), EngineError> {
        let network = self.jobs[which.start].parcel.network;
        let result = self.try_run(network, which);
        if result.is_ok() {
            self.opened.insert(network);
        } else {
            (self.runner, self.opened) = (None, Opened::default());
        }
        result
    }

    fn try_run(&mut self, network: Network, which: Range<usize>) -> Result<(), EngineError> {
        let runner = match &mut self.runner {
            Some(runner) => runner,
            none => none.insert(self.provider.runner()?),
        };
        let jobs = &mut self.jobs[which];
        let inputs = jobs.iter_mut().map(|job| std::mem::take(&mut job.parcel.input));
        self.inputs.extend(inputs);
        let (start, cpu) = (Instant::now(), thread_time());
        let outcome = run(runner.as_mut(), network, &self.inputs, jobs);
        let (elapsed, cpu) = (start.elapsed(), thread_time().saturating_sub(cpu));
        for (job, input) in jobs.iter_mut().zip(self.inputs.drain(..)) {
            job.parcel.input = input;
        }
        outcome?;
        let decoding: Duration = jobs.iter().map(|job| job.parcel.decode_time).sum();
        let time = elapsed.saturating_sub(decoding);
        self.tally.count(network, jobs.len(), time, cpu);
        Ok(())
    }
}

/// A panic of the runner is an error of these jobs, not the end of the thread.
fn run(
    runner: &mut dyn Runner,
    network: Network,
    inputs: &[Vec<f32>],
    jobs: &mut [Job],
) -> Result<(), EngineError> {
    for job in jobs.iter_mut() {
        (job.parcel.delivered, job.parcel.decode_time) = (false, Duration::ZERO);
    }
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        runner.run_batch(network, inputs, &mut |index, outputs: Outputs<'_>| {
            let start = Instant::now();
            let parcel = &mut jobs[index].parcel;
            parcel.absorb(outputs);
            parcel.decode_time = start.elapsed();
            parcel.delivered = true;
        })
    }));
    let failed = |how| EngineError::Inference(format!("{how} for {network}"));
    outcome.unwrap_or_else(|_| Err(failed("the runner panicked")))?;
    if !jobs.iter().all(|job| job.parcel.delivered) {
        return Err(failed("the runner gave no outputs"));
    }
    jobs.iter().try_for_each(|job| job.parcel.check_shape())
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
        1 << network.index()
    }
}
