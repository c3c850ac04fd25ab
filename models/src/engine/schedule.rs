//! Who runs which job, and when.
//!
//! An engine has a fixed number of seats; a seat holds one set of sessions, and a job runs only in a seat, so seats bound
//! the cores that inference takes. A stream that waits for its job sits down itself if a seat is free: handing the job to
//! another thread and back would cost a sleeping processor some 0.1 ms. Jobs that are to run beside it go to worker
//! threads. When every seat is taken jobs wait, and a seat that becomes free goes to the earliest deadline.
//!
//! A job gets the free seat that has its network open already, so that a single stream keeps one set of sessions warm
//! instead of loading one per core. A stream has one frame in flight, so the number of waiting jobs is bounded by the
//! streams and the people they follow.

use super::parcel::{Parcel, Run};
use super::seat::Seat;
use super::{EngineError, lock};
use crate::store::Network;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

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

/// Counters of an engine since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EngineStats {
    /// Inferences that can run at the same time.
    pub workers: usize,
    /// How many more could run now.
    pub idle: usize,
    /// Jobs waiting now.
    pub waiting: usize,
    /// Inferences done.
    pub runs: u64,
    /// Seconds of inference, all together, waiting and decoding not included.
    pub run_s: f64,
    /// The same of each network, in the order of [`Network::ALL`].
    pub networks: [NetworkStats; Network::ALL.len()],
}

/// Counters of one network since an engine started.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NetworkStats {
    /// Inferences done.
    pub runs: u64,
    /// Seconds from beginning to end, decoding not included.
    pub run_s: f64,
    /// Seconds of processor time of the threads that ran it, decoding included; the work of a device and of further threads is
    /// not in it.
    pub cpu_s: f64,
}

impl NetworkStats {
    fn add(&mut self, run: Run) {
        self.runs += 1;
        self.run_s += run.time.as_secs_f64();
        self.cpu_s += run.cpu.as_secs_f64();
    }
}

/// What a stream may do with its own job.
pub(super) enum Claim {
    /// Run it now; give the seat back to [`Schedule::release`].
    Run(Seat, Job),
    /// Wait: it has been queued.
    Queued,
}

struct State {
    waiting: Vec<Job>,
    /// Free seats, the most recently used one last.
    seats: Vec<Seat>,
    /// Worker threads that sleep, the most recently busy one last.
    sleeping: Vec<usize>,
    /// What each worker thread is to do next.
    assigned: Vec<Option<(Seat, Job)>>,
    stopped: bool,
    /// In the order of [`Network::ALL`].
    networks: [NetworkStats; Network::ALL.len()],
}

/// The jobs, seats and worker threads of one engine.
pub(super) struct Schedule {
    state: Mutex<State>,
    /// One per worker thread, so that only the chosen one wakes.
    wake: Vec<Condvar>,
}

impl Schedule {
    /// As many worker threads as seats: whenever a seat is free, so is a thread.
    pub fn new(seats: Vec<Seat>) -> Self {
        let workers = seats.len();
        let state = State {
            // A guess; more waiting jobs only make it grow.
            waiting: Vec::with_capacity(4 * workers),
            seats,
            sleeping: Vec::with_capacity(workers),
            assigned: (0..workers).map(|_| None).collect(),
            stopped: false,
            networks: Default::default(),
        };
        Self {
            state: Mutex::new(state),
            wake: (0..workers).map(|_| Condvar::new()).collect(),
        }
    }

    /// Lets a worker thread do a job as soon as there is a seat.
    pub fn submit(&self, job: Job) {
        let mut state = lock(&self.state);
        if state.stopped {
            drop(state);
            job.slot.complete(job.parcel, Err(EngineError::Stopped));
            return;
        }
        state.waiting.push(job);
        self.assign(&mut state);
    }

    /// Gives the caller a seat for its own job if there is one, else lets the job wait for a worker thread.
    pub fn claim(&self, job: Job) -> Claim {
        let mut state = lock(&self.state);
        if !state.stopped
            && let Some(seat) = state.take_seat(job.parcel.network)
        {
            return Claim::Run(seat, job);
        }
        drop(state);
        self.submit(job);
        Claim::Queued
    }

    /// Takes a seat back after a run.
    pub fn release(&self, seat: Seat, run: Option<Run>) {
        let mut state = lock(&self.state);
        state.give_back(seat, run);
        self.assign(&mut state);
    }

    /// Takes a worker thread's seat back and counts the thread as sleeping.
    ///
    /// To be called before the stream gets its parcel back, so that the stream's next job finds this seat free and warm.
    pub fn rest(&self, worker: usize, seat: Option<(Seat, Option<Run>)>) {
        let mut state = lock(&self.state);
        if let Some((seat, run)) = seat {
            state.give_back(seat, run);
        }
        state.sleeping.push(worker);
        self.assign(&mut state);
    }

    /// Waits for a resting worker thread's next job. `None` when the engine stops.
    pub fn next(&self, worker: usize) -> Option<(Seat, Job)> {
        let mut state = lock(&self.state);
        loop {
            if let Some(work) = state.assigned[worker].take() {
                return Some(work);
            }
            if state.stopped {
                return None;
            }
            state = self.wake[worker]
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
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
            job.slot.complete(job.parcel, Err(EngineError::Stopped));
        }
        self.wake.iter().for_each(Condvar::notify_one);
    }

    pub fn stats(&self) -> EngineStats {
        let state = lock(&self.state);
        EngineStats {
            workers: state.assigned.len(),
            idle: state.seats.len(),
            waiting: state.waiting.len(),
            runs: state.networks.iter().map(|network| network.runs).sum(),
            run_s: state.networks.iter().map(|network| network.run_s).sum(),
            networks: state.networks,
        }
    }

    /// Brings waiting jobs, free seats and sleeping threads together.
    fn assign(&self, state: &mut State) {
        while !state.seats.is_empty()
            && let Some(earliest) = (0..state.waiting.len()).min_by_key(|&i| state.waiting[i].deadline)
            && let Some(worker) = state.sleeping.pop()
        {
            let job = state.waiting.swap_remove(earliest);
            let seat = state.take_seat(job.parcel.network).expect("there is a free seat");
            state.assigned[worker] = Some((seat, job));
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

    fn give_back(&mut self, seat: Seat, run: Option<Run>) {
        self.seats.push(seat);
        if let Some(run) = run {
            self.networks[run.network.index()].add(run);
        }
    }
}
