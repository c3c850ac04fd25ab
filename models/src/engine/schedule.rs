//! Which worker does which job, and when.
//!
//! A job goes at once to an idle worker, best to one that has the network open already, so that a single stream keeps one
//! set of sessions warm instead of loading one per core. When all are busy it waits; whoever becomes free takes the job
//! with the earliest deadline. A stream has one frame in flight, so the number of waiting jobs is bounded by the streams
//! and the people they follow.

use super::EngineError;
use super::parcel::Parcel;
use crate::store::Network;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A parcel that has come back, and how it went.
pub(super) type Completed = (Box<Parcel>, Result<(), EngineError>);

/// Where a stream waits for its parcel. Made once per lane and reused.
#[derive(Default)]
pub(super) struct Slot {
    done: Mutex<Option<Completed>>,
    ready: Condvar,
}

impl Slot {
    /// Hands the parcel back.
    pub fn complete(&self, parcel: Box<Parcel>, result: Result<(), EngineError>) {
        *lock(&self.done) = Some((parcel, result));
        self.ready.notify_one();
    }

    /// Waits for the parcel.
    pub fn wait(&self) -> Completed {
        let mut done = lock(&self.done);
        loop {
            if let Some(completed) = done.take() {
                return completed;
            }
            done = self.ready.wait(done).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until `deadline` for the parcel.
    pub fn wait_until(&self, deadline: Instant) -> Option<Completed> {
        let mut done = lock(&self.done);
        loop {
            if let Some(completed) = done.take() {
                return Some(completed);
            }
            let left = deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())?;
            (done, _) = self
                .ready
                .wait_timeout(done, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A parcel on its way to a worker.
pub(super) struct Job {
    pub parcel: Box<Parcel>,
    pub deadline: Instant,
    pub slot: Arc<Slot>,
}

/// The networks a worker has open, as a set of bits.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Opened(u8);

impl Opened {
    pub fn insert(&mut self, network: Network) {
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

/// Counters of an engine since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EngineStats {
    /// Worker threads.
    pub workers: usize,
    /// Workers with nothing to do now.
    pub idle: usize,
    /// Jobs waiting for a worker now.
    pub waiting: usize,
    /// Inferences done.
    pub runs: u64,
    /// Seconds of inference, all workers together, waiting and decoding not included.
    pub run_s: f64,
}

#[derive(Default)]
struct State {
    waiting: Vec<Job>,
    /// Idle workers, the most recently busy one last.
    idle: Vec<usize>,
    workers: Vec<WorkerState>,
    stopped: bool,
    runs: u64,
    run_time: Duration,
}

#[derive(Default)]
struct WorkerState {
    job: Option<Job>,
    opened: Opened,
}

/// The jobs and workers of one engine.
pub(super) struct Schedule {
    state: Mutex<State>,
    /// One per worker, so that only the chosen one wakes.
    wake: Vec<Condvar>,
}

impl Schedule {
    pub fn new(workers: usize) -> Self {
        let state = State {
            workers: (0..workers).map(|_| WorkerState::default()).collect(),
            idle: Vec::with_capacity(workers),
            waiting: Vec::with_capacity(64),
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            wake: (0..workers).map(|_| Condvar::new()).collect(),
        }
    }

    /// Hands a job to an idle worker or lets it wait.
    pub fn submit(&self, job: Job) {
        let mut state = lock(&self.state);
        if state.stopped {
            drop(state);
            job.slot.complete(job.parcel, Err(EngineError::Stopped));
            return;
        }
        let network = job.parcel.network;
        let warm = state
            .idle
            .iter()
            .rposition(|&worker| state.workers[worker].opened.contains(network));
        let chosen = warm
            .or(state.idle.len().checked_sub(1))
            .map(|at| state.idle.remove(at));
        match chosen {
            Some(worker) => {
                state.workers[worker].job = Some(job);
                drop(state);
                self.wake[worker].notify_one();
            }
            None => state.waiting.push(job),
        }
    }

    /// Takes back a job that no worker has begun.
    pub fn withdraw(&self, slot: &Arc<Slot>) -> Option<Box<Parcel>> {
        let mut state = lock(&self.state);
        let at = state
            .waiting
            .iter()
            .position(|job| Arc::ptr_eq(&job.slot, slot))?;
        Some(state.waiting.swap_remove(at).parcel)
    }

    /// Says that `worker` is free and has `opened` these networks. The waiting job it is to do next, if there is one.
    ///
    /// To be called before the stream gets its parcel back, so that the stream's next job finds this worker idle and warm.
    pub fn free(&self, worker: usize, opened: Opened, run_time: Option<Duration>) -> Option<Job> {
        let mut state = lock(&self.state);
        state.workers[worker].opened = opened;
        state.runs += u64::from(run_time.is_some());
        state.run_time += run_time.unwrap_or_default();
        let job = state.take_earliest();
        if job.is_none() {
            state.idle.push(worker);
        }
        job
    }

    /// Waits until somebody gives the idle `worker` a job. `None` when the engine stops.
    pub fn wait(&self, worker: usize) -> Option<Job> {
        let mut state = lock(&self.state);
        loop {
            if let Some(job) = state.workers[worker].job.take() {
                return Some(job);
            }
            if state.stopped {
                return None;
            }
            state = self.wake[worker]
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the workers after what they are doing; waiting jobs come back with [`EngineError::Stopped`].
    pub fn stop(&self) {
        let waiting = {
            let mut state = lock(&self.state);
            state.stopped = true;
            std::mem::take(&mut state.waiting)
        };
        for job in waiting {
            job.slot.complete(job.parcel, Err(EngineError::Stopped));
        }
        self.wake.iter().for_each(Condvar::notify_one);
    }

    pub fn stats(&self) -> EngineStats {
        let state = lock(&self.state);
        EngineStats {
            workers: state.workers.len(),
            idle: state.idle.len(),
            waiting: state.waiting.len(),
            runs: state.runs,
            run_s: state.run_time.as_secs_f64(),
        }
    }
}

impl State {
    fn take_earliest(&mut self) -> Option<Job> {
        let earliest = (0..self.waiting.len()).min_by_key(|&i| self.waiting[i].deadline)?;
        Some(self.waiting.swap_remove(earliest))
    }
}

/// A panic elsewhere leaves this data whole: every change to it is a single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
