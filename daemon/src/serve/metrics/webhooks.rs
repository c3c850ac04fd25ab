//! What becomes of deliveries.

use super::catalogue::{Catalogue, Family, Label, Unit};
use prometheus::{Histogram, IntCounterVec, Result};
use std::time::Duration;

const OUTCOME: Label = Label::all("outcome", || Outcome::ALL.map(Outcome::name).to_vec());
/// Bounds of delays, seconds: those of the schedule of attempts lie between them.
const DELAYS: [f64; 14] = [
    0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0, 1_200.0, 21_600.0, 86_400.0,
];

/// How an attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has taken it.
    Delivered,
    /// It did not work and is tried again.
    Failed,
    /// It did not work and was the last attempt.
    GivenUp,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Delivered, Self::Failed, Self::GivenUp];

    fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
        }
    }
}

/// See the module.
pub struct Webhooks {
    deliveries: IntCounterVec,
    delay: Histogram,
}

impl Webhooks {
    pub(super) fn register(catalogue: &mut Catalogue) -> Result<Self> {
        Ok(Self {
            deliveries: catalogue.counters(
                &Family::of(
                    "webhook_deliveries_total",
                    "Attempts to deliver to webhooks: taken by the receiver, to be tried again, given up after a day",
                )
                .labels(&[OUTCOME]),
            )?,
            delay: catalogue.histogram(
                &Family::of(
                    "webhook_delay_seconds",
                    "Time from an event that was stored until a receiver had taken it",
                )
                .unit(Unit::Seconds)
                .buckets(&DELAYS),
            )?,
        })
    }

    /// An attempt was made, so long after the event was stored.
    pub fn tried(&self, outcome: Outcome, delay: Duration) {
        self.deliveries.with_label_values(&[outcome.name()]).inc();
        if outcome == Outcome::Delivered {
            self.delay.observe(delay.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_taken_has_a_delay() {
        let mut catalogue = Catalogue::new("test").expect("a prefix");
        let webhooks = Webhooks::register(&mut catalogue).expect("registers");
        webhooks.tried(Outcome::Failed, Duration::from_secs(1));
        webhooks.tried(Outcome::GivenUp, Duration::from_secs(86_400));
        webhooks.tried(Outcome::Delivered, Duration::from_secs(3));
        assert_eq!(webhooks.delay.get_sample_count(), 1);
        assert_eq!(webhooks.delay.get_sample_sum(), 3.0);
        for outcome in Outcome::ALL {
            assert_eq!(webhooks.deliveries.with_label_values(&[outcome.name()]).get(), 1);
        }
    }
}
