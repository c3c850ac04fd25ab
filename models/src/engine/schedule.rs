//! Who runs which job, and when.
//!
//! An engine has a fixed number of seats; a seat holds one set of sessions, and a job runs only in a seat, so seats bound
//! the cores that inference takes. A stream that waits for its job sits down itself if a seat is free: handing the job to
//! another thread and back would cost a sleeping processor some 0.1 ms. Jobs that are to run beside it go to worker
//! threads. When every seat is taken jobs wait, and a seat that becomes free goes to the earliest deadline.
//!
//! A job gets the free seat that has its network open already, so that a single stream keeps one set of sessions warm
//! instead of loading one per core. A stream has one frame in flight, so the number of waiting jobs is bounded by the
//! streams and the people they follow, and a stream's results come in the order of its frames.
//!
//! # Batches
//! Where the provider profits from taking several inputs at once every job goes to a worker thread, which takes with the most
//! urgent job as many waiting ones for the same network as the provider likes, the earliest deadlines first. Nothing waits
//! for a batch to fill up, unless a delay is asked for: then a batch that is not full is held until its first job has waited
//! so long, or half as long as it may wait at all.

use super::job::{Job, Slot};
use super::parcel::Parcel;
use super::runner::Provider;
use super::seat::Seat;
use super::tally::{NetworkStats, Tally};
use super::{EngineError, lock};
use crate::store::Network;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counters of an engine since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EngineStats {
    /// Inferences, or batches of them, that can run at the same time.
    pub workers: usize,
    /// How many more could run now.
    pub idle: usize,
    /// Jobs waiting now.
    pub waiting: usize,
    /// Inferences done: inputs that gave results.
    pub runs: u64,
    /// How often a network was run for them. Less than `runs` where a provider takes several inputs at once.
    pub batches: u64,
    /// Seconds of inference, all together, waiting and decoding not included.
    pub run_s: f64,
    /// The same of each network, in the order of [`Network::ALL`].
    pub networks: [NetworkStats; Network::ALL.len()],
}

struct State {
    waiting: Vec<Job>,
    /// Free seats, the most recently used one last.
    seats: Vec<Seat>,
    /// Worker threads that sleep, the most recently busy one last.
    sleeping: Vec<usize>,
    /// The seat, with jobs in it, that each worker thread is to run next.
    assigned: Vec<Option<Seat>>,
    stopped: bool,
    tally: Tally,
}

/// The jobs, seats and worker threads of one engine.
pub(super) struct Schedule {
    state: Mutex<State>,
    /// One per worker thread, so that only the chosen one wakes.
    wake: Vec<Condvar>,
    provider: Arc<dyn Provider>,
    batch_delay: Duration,
}

impl Schedule {
    /// As many worker threads as seats: whenever a seat is free, so is a thread.
    pub fn new(provider: &Arc<dyn Provider>, workers: usize, batch_delay: Duration) -> Self {
        let state = State {
            // A guess; more waiting jobs only make it grow.
            waiting: Vec::with_capacity(4 * workers),
            seats: (0..workers).map(|_| Seat::new(provider.clone())).collect(),
            sleeping: Vec::with_capacity(workers),
            assigned: (0..workers).map(|_| None).collect(),
            stopped: false,
            tally: Tally::default(),
        };
        Self {
            state: Mutex::new(state),
            wake: (0..workers).map(|_| Condvar::new()).collect(),
            provider: provider.clone(),
            batch_delay,
        }
    }

    /// Lets a worker thread do a job as soon as there is a seat.
    pub fn submit(&self, job: Job) {
        let mut state = lock(&self.state);
        if state.stopped {
            drop(state);
            job.fail(EngineError::Stopped);
            return;
        }
        state.waiting.push(job);
        self.assign(&mut state);
    }

    /// Gives the caller a seat with its own job in it, to be run and given back to [`Schedule::release`]; `None` when there is
    /// none for it, and the job waits for a worker thread.
    pub fn claim(&self, job: Job) -> Option<Seat> {
        let mut state = lock(&self.state);
        if !state.stopped
            && self.provider.batch() == 1
            && let Some(mut seat) = state.take_seat(job.parcel.network)
        {
            seat.jobs.push(job);
            return Some(seat);
        }
        drop(state);
        self.submit(job);
        None
    }

    /// Takes an empty seat back after a run.
    pub fn release(&self, seat: Seat) {
        let mut state = lock(&self.state);
        state.give_back(seat);
        self.assign(&mut state);
    }

    /// Takes a worker thread's empty seat back and counts the thread as sleeping.
    ///
    /// To be called before the streams get their parcels back, so that a stream's next job finds this seat free and warm.
    pub fn rest(&self, worker: usize, seat: Option<Seat>) {
        let mut state = lock(&self.state);
        if let Some(seat) = seat {
            state.give_back(seat);
        }
        state.sleeping.push(worker);
        self.assign(&mut state);
    }

    /// Waits for a resting worker thread's next seat with jobs. `None` when the engine stops.
    pub fn next(&self, worker: usize) -> Option<Seat> {
        let mut state = lock(&self.state);
        loop {
            if let Some(seat) = state.assigned[worker].take() {
                return Some(seat);
            }
            if state.stopped {
                return None;
            }
            let wake = &self.wake[worker];
            let Some(moment) = state.held_until(worker, self.batch_delay) else {
                state = wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.assign(&mut state);
            } else {
                (state, _) = wake
                    .wait_timeout(state, left)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Takes back a job that nobody has begun.
    pub fn withdraw(&self, slot: &Arc<Slot>) -> Option<Box<Parcel>> {
        let mut state = lock(&self.state);
        let at = state
            .waiting
            .iter()
            .position(|job| Arc::ptr_eq(&job.slot, slot))?;
        Some(state.waiting.swap_remove(at).parcel)
    }

    /// Ends the worker threads after what they are doing; waiting jobs come back with [`EngineError::Stopped`].
    pub fn stop(&self) {
        let waiting = {
            let mut state = lock(&self.state);
            state.stopped = true;
            std::mem::take(&mut state.waiting)
        };
        for job in waiting {
            job.fail(EngineError::Stopped);
        }
        self.wake.iter().for_each(Condvar::notify_one);
    }

    pub fn stats(&self) -> EngineStats {
        let state = lock(&self.state);
        EngineStats {
            workers: state.assigned.len(),
            idle: state.seats.len(),
            waiting: state.waiting.len(),
            runs: state.tally.runs(),
            batches: state.tally.batches(),
            run_s: state.tally.run_s(),
            networks: state.tally.0,
        }
    }

    /// Brings waiting jobs, free seats and sleeping threads together.
    fn assign(&self, state: &mut State) {
        let batch = self.provider.batch();
        while !state.seats.is_empty()
            && !state.sleeping.is_empty()
            && let Some(network) = state.due(batch, self.batch_delay)
            && let Some(mut seat) = state.take_seat(network)
            && let Some(worker) = state.sleeping.pop()
        {
            state.fill(&mut seat, network, batch);
            state.assigned[worker] = Some(seat);
            self.wake[worker].notify_one();
        }
        // Whoever would run what is held back keeps the time.
        if let Some(&worker) = state.sleeping.last()
            && state.held_until(worker, self.batch_delay).is_some()
        {
            self.wake[worker].notify_one();
        }
    }
}

impl State {
    /// A free seat, if possible one that has the network open.
    fn take_seat(&mut self, network: Network) -> Option<Seat> {
        let warm = self.seats.iter().rposition(|seat| seat.has_open(network));
        let at = warm.or(self.seats.len().checked_sub(1))?;
        Some(self.seats.remove(at))
    }

    fn give_back(&mut self, mut seat: Seat) {
        self.tally.add(&std::mem::take(&mut seat.tally));
        self.seats.push(seat);
    }

    /// The network to be run next: of those with a full batch, or with a job that is not to be held back any longer, the one
    /// of the earliest deadline.
    fn due(&self, batch: usize, delay: Duration) -> Option<Network> {
        if batch == 1 || delay.is_zero() {
            let earliest = self.waiting.iter().min_by_key(|job| job.deadline);
            return earliest.map(|job| job.parcel.network);
        }
        let now = Instant::now();
        let of = |network| {
            self.waiting
                .iter()
                .filter(move |job| job.parcel.network == network)
        };
        let is_due = |&network: &Network| {
            of(network).count() >= batch || of(network).any(|job| job.held_until(delay) <= now)
        };
        let earliest = |&network: &Network| of(network).map(|job| job.deadline).min();
        Network::ALL.into_iter().filter(is_due).min_by_key(earliest)
    }

    /// Puts up to `batch` jobs for a network into a seat, the earliest deadlines first.
    fn fill(&mut self, seat: &mut Seat, network: Network, batch: usize) {
        while seat.jobs.len() < batch
            && let Some(earliest) = (0..self.waiting.len())
                .filter(|&i| self.waiting[i].parcel.network == network)
                .min_by_key(|&i| self.waiting[i].deadline)
        {
            seat.jobs.push(self.waiting.swap_remove(earliest));
        }
    }

    /// Until when a worker thread may sleep although jobs wait and a seat is free: they are held back, and it would be the
    /// one to run them.
    fn held_until(&self, worker: usize, delay: Duration) -> Option<Instant> {
        if self.seats.is_empty() || self.sleeping.last() != Some(&worker) {
            return None;
        }
        self.waiting.iter().map(|job| job.held_until(delay)).min()
    }
}
