//! What an engine has done, network by network.

use crate::store::Network;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Counters of one network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NetworkStats {
    /// Inferences done: inputs that gave results.
    pub runs: u64,
    /// How often the network was run for them.
    pub batches: u64,
    /// Seconds from beginning to end, decoding not included.
    pub run_s: f64,
    /// Seconds of processor time of the threads that ran it, decoding included; the work of a device and of further threads is
    /// not in it.
    pub cpu_s: f64,
}

/// Counters of every network, in the order of [`Network::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally(pub [NetworkStats; Network::ALL.len()]);

impl Tally {
    /// Counts a run for so many inputs.
    pub fn count(&mut self, network: Network, inputs: usize, time: Duration, cpu: Duration) {
        let stats = &mut self.0[network.index()];
        stats.runs += inputs as u64;
        stats.batches += 1;
        stats.run_s += time.as_secs_f64();
        stats.cpu_s += cpu.as_secs_f64();
    }

    /// Counts what another counted.
    pub fn add(&mut self, other: &Self) {
        for (stats, other) in self.0.iter_mut().zip(&other.0) {
            stats.runs += other.runs;
            stats.batches += other.batches;
            stats.run_s += other.run_s;
            stats.cpu_s += other.cpu_s;
        }
    }

    pub fn runs(&self) -> u64 {
        self.0.iter().map(|stats| stats.runs).sum()
    }

    pub fn batches(&self) -> u64 {
        self.0.iter().map(|stats| stats.batches).sum()
    }

    pub fn run_s(&self) -> f64 {
        self.0.iter().map(|stats| stats.run_s).sum()
    }
}

/// Processor time of this thread.
pub(super) fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // Both are small and never negative.
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
