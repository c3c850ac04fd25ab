//! A stream's end of the way to the workers and back.

use super::job::{Completed, Job, Slot};
use super::parcel::Parcel;
use super::{Engine, EngineError};
use crate::store::Network;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A file waits for its turn; its deadline only keeps it from being overtaken for ever by live streams.
const FILE_DEADLINE: Duration = Duration::from_secs(1);

/// How long a frame may wait for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As long as it takes: back-pressure, nothing is lost.
    File,
    /// A moment; later the frame is worth nothing.
    Live {
        /// The earlier this is, the sooner it is its turn.
        due: Instant,
        /// When it is given up.
        until: Instant,
    },
}

impl Patience {
    /// So long from now.
    pub fn live(wait: Duration) -> Self {
        let due = Instant::now() + wait;
        Self::Live { due, until: due }
    }

    /// Waits no shorter than this from now; its turn comes as before. If it came later, streams that do not wait would always go first.
    pub fn at_least(self, wait: Duration) -> Self {
        match self {
            Self::File => Self::File,
            Self::Live { due, until } => Self::Live {
                due,
                until: until.max(Instant::now() + wait),
            },
        }
    }
}

/// Which thread is to run a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The one that waits for it, when it begins to wait. For the last, or only, parcel of a frame.
    Here,
    /// A worker thread, beside the present one.
    Beside,
}

/// What became of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It came back with results.
    Done,
    /// No worker was free in time.
    TooLate,
}

/// Carries one parcel at a time. Keeps the parcel's memory between frames.
#[derive(Default)]
pub(crate) struct Lane {
    /// Here unless it is under way.
    parcel: Option<Box<Parcel>>,
    slot: Arc<Slot>,
    submitted: Option<(Patience, Place)>,
}

impl Lane {
    /// The parcel, ready to be filled for `network`.
    pub fn parcel(&mut self, network: Network) -> &mut Parcel {
        let parcel = self.parcel.get_or_insert_with(|| Box::new(Parcel::new(network)));
        parcel.address(network);
        parcel
    }

    /// Sends the parcel on its way. Every submission needs its [`Lane::wait`].
    pub fn submit(&mut self, engine: &Engine, patience: Patience, place: Place) {
        let live = matches!(patience, Patience::Live { .. });
        let place = if live && engine.live_on_workers {
            Place::Beside
        } else {
            place
        };
        self.submitted = Some((patience, place));
        if place == Place::Beside {
            engine.schedule.submit(self.job(patience));
        }
    }

    /// Waits for the parcel.
    pub fn wait(&mut self, engine: &Engine) -> Result<Delivery, EngineError> {
        let (patience, place) = self
            .submitted
            .take()
            .expect("a parcel is submitted before it is waited for");
        if place == Place::Here
            && let Some(mut seat) = engine.schedule.claim(self.job(patience))
        {
            seat.run();
            let job = seat.jobs.pop().expect("the claimed job is in its seat");
            engine.schedule.release(seat);
            return self.receive((job.parcel, job.result));
        }
        let Patience::Live { until, .. } = patience else {
            let completed = self.slot.wait();
            return self.receive(completed);
        };
        if let Some(completed) = self.slot.wait_until(until) {
            return self.receive(completed);
        }
        if let Some(parcel) = engine.schedule.withdraw(&self.slot) {
            self.parcel = Some(parcel);
            return Ok(Delivery::TooLate);
        }
        // Somebody is at it: the result is worth having.
        let completed = self.slot.wait();
        self.receive(completed)
    }

    /// The parcel after its delivery.
    pub fn delivered(&self) -> &Parcel {
        self.parcel.as_ref().expect("a lane is read after its delivery")
    }

    fn job(&mut self, patience: Patience) -> Job {
        let parcel = self
            .parcel
            .take()
            .expect("a parcel is filled before it is submitted");
        let deadline = match patience {
            Patience::File => Instant::now() + FILE_DEADLINE,
            Patience::Live { due, .. } => due,
        };
        Job::new(parcel, deadline, self.slot.clone())
    }

    fn receive(&mut self, (parcel, result): Completed) -> Result<Delivery, EngineError> {
        self.parcel = Some(parcel);
        result.map(|()| Delivery::Done)
    }
}
