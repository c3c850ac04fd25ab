//! A parcel under way, and where its stream waits for it.

use super::parcel::Parcel;
use super::{EngineError, lock};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
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

/// A parcel on its way to a worker and back.
pub(super) struct Job {
    pub parcel: Box<Parcel>,
    pub deadline: Instant,
    pub slot: Arc<Slot>,
    /// How it went, after it was run.
    pub result: Result<(), EngineError>,
    since: Instant,
}

impl Job {
    pub fn new(parcel: Box<Parcel>, deadline: Instant, slot: Arc<Slot>) -> Self {
        Self {
            parcel,
            deadline,
            slot,
            result: Ok(()),
            since: Instant::now(),
        }
    }

    /// Until when it may be held back for others to be run with. Half of its time must be left for being run.
    pub fn held_until(&self, delay: Duration) -> Instant {
        let patience = self.deadline.saturating_duration_since(self.since);
        self.since + delay.min(patience / 2)
    }

    /// Hands the parcel back to its stream.
    pub fn complete(self) {
        *lock(&self.slot.done) = Some((self.parcel, self.result));
        self.slot.ready.notify_one();
    }

    /// Hands the parcel back without having run it.
    pub fn fail(mut self, error: EngineError) {
        self.result = Err(error);
        self.complete();
    }
}
