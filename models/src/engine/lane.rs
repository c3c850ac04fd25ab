//! A stream's end of the way to the workers and back.

use super::parcel::Parcel;
use super::schedule::{Job, Slot};
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
    /// Until then; later the frame is worth nothing.
    Live(Instant),
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
    patience: Option<Patience>,
}

impl Lane {
    /// The parcel, ready to be filled for `network`.
    pub fn parcel(&mut self, network: Network) -> &mut Parcel {
        let parcel = self.parcel.get_or_insert_with(|| Box::new(Parcel::new(network)));
        parcel.address(network);
        parcel
    }

    /// Sends the parcel on its way. Every submission needs its [`Lane::wait`].
    pub fn submit(&mut self, engine: &Engine, patience: Patience) {
        let parcel = self
            .parcel
            .take()
            .expect("a parcel is filled before it is submitted");
        let deadline = match patience {
            Patience::File => Instant::now() + FILE_DEADLINE,
            Patience::Live(deadline) => deadline,
        };
        self.patience = Some(patience);
        engine.schedule.submit(Job {
            parcel,
            deadline,
            slot: self.slot.clone(),
        });
    }

    /// Waits for the parcel.
    pub fn wait(&mut self, engine: &Engine) -> Result<Delivery, EngineError> {
        let (parcel, result) = match self.patience.take() {
            Some(Patience::Live(deadline)) => match self.slot.wait_until(deadline) {
                Some(completed) => completed,
                None => match engine.schedule.withdraw(&self.slot) {
                    Some(parcel) => {
                        self.parcel = Some(parcel);
                        return Ok(Delivery::TooLate);
                    }
                    None => self.slot.wait(), // a worker is at it: the result is worth having
                },
            },
            _ => self.slot.wait(),
        };
        self.parcel = Some(parcel);
        result.map(|()| Delivery::Done)
    }

    /// The parcel after its delivery.
    pub fn delivered(&self) -> &Parcel {
        self.parcel.as_ref().expect("a lane is read after its delivery")
    }
}
