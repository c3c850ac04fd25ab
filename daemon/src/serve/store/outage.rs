//! Since when the database takes nothing. It is the same for everybody who waits for it: what waits is given up at the same moment, however
//! much of it there is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A database that is out of reach for so long does not come back.
const LONGEST: Duration = Duration::from_secs(600);
/// Whether it does all the same is tried this often.
const LOOK: Duration = Duration::from_secs(10);
/// Whoever waits for the database tries more often than this.
const UNMET: Duration = Duration::from_secs(60);

/// See the module. Clones belong together.
#[derive(Clone, Debug, Default)]
pub struct Outage(Arc<Mutex<Option<Away>>>);

#[derive(Clone, Copy, Debug)]
struct Away {
    since: Instant,
    /// When it was last found to be away.
    found: Instant,
}

impl Away {
    fn is_too_long(self) -> bool {
        self.found.saturating_duration_since(self.since) > LONGEST
    }
}

impl Outage {
    /// Something was written.
    pub(super) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Something was written that may be writable while what waits is not: it ends an outage that nobody has met of late.
    pub(super) fn seems_over(&self, now: Instant) {
        let mut away = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *away = away.filter(|away| now.saturating_duration_since(away.found) < UNMET);
    }

    /// Somebody asked at a moment and found out at another that nothing can be written; whether it is worth waiting.
    pub fn note(&self, asked: Instant, found: Instant) -> bool {
        let mut away = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = away.map_or(asked, |away| away.since);
        !away.insert(Away { since, found }).is_too_long()
    }

    /// Whether nobody waits any more and somebody has just tried, so that nobody else needs to.
    pub fn is_given_up(&self, now: Instant) -> bool {
        let away = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        away.is_some_and(|away| away.is_too_long() && now.saturating_duration_since(away.found) < LOOK)
    }
}

#[cfg(test)]
impl Outage {
    /// One that has lasted so long that nobody waits any more, from now on for as long again.
    pub fn begin_long_ago(&self) {
        let now = Instant::now();
        self.note(now, now);
        self.note(now, now + 2 * LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn everybody_waits_from_its_beginning_and_nobody_longer() {
        let (outage, start) = (Outage::default(), Instant::now());
        assert!(outage.note(start, start + 10 * SECOND));
        assert!(
            outage.note(start + 590 * SECOND, start + LONGEST),
            "somebody else, late"
        );
        assert!(!outage.is_given_up(start + LONGEST));
        let end = start + LONGEST + SECOND;
        assert!(!outage.note(start + LONGEST, end));
        assert!(outage.is_given_up(end), "whoever comes now does not even try");
        assert!(!outage.is_given_up(end + LOOK), "one of them tries");
        assert!(!outage.note(end + LOOK, end + LOOK), "and does not wait");
        assert!(outage.is_given_up(end + LOOK + SECOND));
    }

    #[test]
    fn what_is_written_elsewhere_ends_it_only_when_nobody_meets_it_any_more() {
        let (outage, start) = (Outage::default(), Instant::now());
        outage.note(start, start + 2 * LONGEST);
        outage.seems_over(start + 2 * LONGEST + SECOND);
        assert!(
            outage.is_given_up(start + 2 * LONGEST + SECOND),
            "events are not taken"
        );
        let later = start + 2 * LONGEST + UNMET;
        outage.seems_over(later);
        assert!(
            outage.note(later, later + LONGEST),
            "the next one is waited for anew"
        );
    }

    #[test]
    fn what_is_written_ends_it_and_the_next_one_is_waited_for_anew() {
        let (outage, start) = (Outage::default(), Instant::now());
        outage.note(start, start);
        outage.note(start, start + 2 * LONGEST);
        outage.end();
        let later = start + 2 * LONGEST + SECOND;
        assert!(!outage.is_given_up(later));
        assert!(outage.note(later, later + LONGEST));
    }
}
