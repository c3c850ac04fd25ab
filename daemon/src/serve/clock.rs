//! The time of day.

use super::store::now_ms;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// RFC 3339 of milliseconds since 1970.
pub fn moment(ms: i64) -> String {
    let since = Duration::from_millis(ms.unsigned_abs());
    let at: SystemTime = if ms < 0 {
        UNIX_EPOCH - since
    } else {
        UNIX_EPOCH + since
    };
    humantime::format_rfc3339_millis(at).to_string()
}

/// A span as moments are stored: milliseconds.
pub fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// The time of day, which tests make up.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        now_ms()
    }
}

/// The clock of the database that several daemons share, so that they agree on when a lease is over. Each hears it with its heartbeat and
/// counts on from there, whatever is done to the clock of its machine; a machine that slept counts too little until the next one. Until
/// it was heard, and for a daemon that has the database for itself, it is the clock of this machine. Clones belong together.
#[derive(Clone, Debug, Default)]
pub struct SharedClock(Arc<Mutex<Option<Heard>>>);

/// What a clock showed at a moment.
#[derive(Clone, Copy, Debug)]
struct Heard {
    at: Instant,
    ms: i64,
}

/// An answer that takes longer says less than one that was heard before.
const QUICK: Duration = Duration::from_secs(1);

impl SharedClock {
    /// The database was asked at this moment what time it is, and has just answered.
    pub fn hear(&self, asked: Instant, ms: i64) {
        self.hear_at(asked, Instant::now(), ms);
    }

    /// It looked at its clock somewhere between question and answer: the middle is wrong by half of that at most.
    fn hear_at(&self, asked: Instant, answered: Instant, ms: i64) {
        let took = answered.saturating_duration_since(asked);
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.is_none() || took <= QUICK {
            let at = asked + took / 2;
            *heard = Some(Heard { at, ms });
        }
    }

    /// What it shows at a moment; `None` until it was heard.
    fn at(&self, moment: Instant) -> Option<i64> {
        let heard = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.map(|heard| heard.ms + milliseconds(moment.saturating_duration_since(heard.at)))
    }
}

impl Clock for SharedClock {
    fn now_ms(&self) -> i64 {
        self.at(Instant::now()).unwrap_or_else(now_ms)
    }
}

/// A clock that stands still until it is put forward.
#[cfg(test)]
#[derive(Clone, Debug, Default)]
pub struct HeldClock(Arc<std::sync::atomic::AtomicI64>);

#[cfg(test)]
impl HeldClock {
    /// One that shows this moment.
    pub fn at(ms: i64) -> Self {
        let clock = Self::default();
        clock.0.store(ms, std::sync::atomic::Ordering::SeqCst);
        clock
    }

    /// Puts it forward.
    pub fn forward(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).expect("not that far");
        self.0.fetch_add(ms, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(test)]
impl Clock for HeldClock {
    fn now_ms(&self) -> i64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: i64 = 1_764_000_000_000;
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_clock_that_was_heard_goes_on_whatever_the_machine_says() {
        let (clock, asked) = (SharedClock::default(), Instant::now());
        assert_eq!(clock.at(asked), None);
        clock.hear_at(asked, asked + SECOND / 5, MOMENT);
        assert_eq!(
            clock.at(asked + SECOND / 10),
            Some(MOMENT),
            "it was in the middle"
        );
        assert_eq!(clock.at(asked + 60 * SECOND), Some(MOMENT + 59_900));
        clock.hear_at(asked, asked, MOMENT - 5000);
        assert_eq!(clock.at(asked), Some(MOMENT - 5000), "the younger answer counts");
    }

    #[test]
    fn a_slow_answer_counts_only_while_there_is_no_better_one() {
        let (clock, asked) = (SharedClock::default(), Instant::now());
        clock.hear_at(asked, asked + 4 * SECOND, MOMENT);
        assert_eq!(clock.at(asked + 2 * SECOND), Some(MOMENT));
        clock.hear_at(asked, asked + SECOND, MOMENT + 7000);
        clock.hear_at(asked, asked + 2 * SECOND, MOMENT);
        assert_eq!(clock.at(asked + SECOND / 2), Some(MOMENT + 7000));
    }
}
