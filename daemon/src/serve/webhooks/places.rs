//! How many deliveries are under way, and to whom, so that nobody who hangs holds up others.
//!
//! A webhook that takes what it is told gets some places, one that is failing gets a single one, and all that are failing have no more than
//! half of the places together. What finds no place waits in the table, where nothing is lost.

use std::collections::HashMap;

/// Deliveries under way at once.
pub const AT_ONCE: usize = 32;
/// Of one webhook, each of another analysis.
const OF_ONE: usize = 4;
/// Of all webhooks that are failing.
const OF_FAILING: usize = AT_ONCE / 2;

/// The places that are taken.
#[derive(Clone, Debug, Default)]
pub struct Places(HashMap<String, Taken>);

/// Those of one webhook.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    all: usize,
    /// Those that were taken while it was failing.
    failing: usize,
}

impl Places {
    /// Takes one for a webhook; `false` when there is none for it.
    pub fn take(&mut self, webhook: &str, is_failing: bool) -> bool {
        let own = self.0.get(webhook).map_or(0, |taken| taken.all);
        let most = if is_failing { 1 } else { OF_ONE };
        if self.left() == 0 || own >= most || (is_failing && !self.has_room_for_failing()) {
            return false;
        }
        let taken = self.0.entry(webhook.to_owned()).or_default();
        taken.all += 1;
        taken.failing += usize::from(is_failing);
        true
    }

    /// Gives one back.
    pub fn leave(&mut self, webhook: &str, was_failing: bool) {
        if let Some(taken) = self.0.get_mut(webhook) {
            taken.all -= 1;
            taken.failing -= usize::from(was_failing);
            if taken.all == 0 {
                self.0.remove(webhook);
            }
        }
    }

    /// How many there are for others.
    pub fn left(&self) -> usize {
        AT_ONCE - self.0.values().map(|taken| taken.all).sum::<usize>()
    }

    /// Whether one that is failing, and has none, could have one.
    pub fn has_room_for_failing(&self) -> bool {
        self.0.values().map(|taken| taken.failing).sum::<usize>() < OF_FAILING
    }

    /// Webhooks that have a place.
    pub fn holders(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Webhooks that have all there are for one.
    pub fn full(&self) -> impl Iterator<Item = &str> {
        let full = self.0.iter().filter(|(_, taken)| taken.all >= OF_ONE);
        full.map(|(webhook, _)| webhook.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_some_places_and_one_that_fails_a_single_one() {
        let mut places = Places::default();
        let taken = |places: &mut Places, failing| (0..9).filter(|_| places.take("w", failing)).count();
        assert_eq!(taken(&mut places, false), OF_ONE);
        assert!(places.full().eq(["w"]));
        places.leave("w", false);
        assert_eq!(places.full().count(), 0);
        assert_eq!(taken(&mut places, true), 0, "it has some already");
        for _ in 1..OF_ONE {
            places.leave("w", false);
        }
        assert_eq!(places.holders().count(), 0);
        assert_eq!(taken(&mut places, true), 1);
    }

    #[test]
    fn those_that_fail_leave_half_of_the_places_to_others() {
        let mut places = Places::default();
        let failing = (0..AT_ONCE).filter(|n| places.take(&format!("failing {n}"), true));
        assert_eq!(failing.count(), OF_FAILING);
        assert!(!places.has_room_for_failing());
        let well = (0..AT_ONCE).filter(|n| places.take(&format!("well {n}"), false));
        assert_eq!(well.count(), AT_ONCE - OF_FAILING);
        assert_eq!(places.left(), 0);
        places.leave("failing 0", true);
        assert!(places.has_room_for_failing() && places.take("another", true));
    }
}
