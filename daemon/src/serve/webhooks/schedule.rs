//! When a delivery that failed is tried again.

use std::time::Duration;

/// Waits after the first failures.
const FIRST: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15 * 60),
];
/// The wait after each later one.
const LATER: Duration = Duration::from_secs(60 * 60);
/// So long after it was first due, a delivery is tried for the last time.
pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// A webhook that took nothing for so long is disabled.
pub const DISABLED_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// How long to wait after so many failed attempts, the last of which ended `since_first` after the delivery was first due;
/// `None` when it is given up.
///
/// `wish` is what the receiver asked for (`Retry-After`); it is followed where it asks for more patience.
pub fn next(failed: u32, since_first: Duration, wish: Option<Duration>) -> Option<Duration> {
    if since_first >= LONGEST {
        return None;
    }
    let nth = failed.saturating_sub(1) as usize;
    let wait = FIRST
        .get(nth)
        .copied()
        .unwrap_or(LATER)
        .max(wish.unwrap_or_default());
    Some(wait.min(LONGEST.saturating_sub(since_first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds at which a delivery is tried that never succeeds.
    fn attempts(wish: Option<Duration>) -> Vec<u64> {
        let (mut at, mut tried) = (Duration::ZERO, vec![0]);
        while let Some(wait) = next(tried.len() as u32, at, wish) {
            at += wait;
            tried.push(at.as_secs());
        }
        tried
    }

    #[test]
    fn seconds_then_a_quarter_of_an_hour_then_hourly_for_a_day() {
        let tried = attempts(None);
        assert_eq!(tried[..7], [0, 1, 3, 7, 15, 915, 4515]);
        assert_eq!(tried.last(), Some(&86_400));
        assert_eq!(tried.len(), 6 + 24);
    }

    #[test]
    fn a_receiver_may_ask_for_more_patience_but_not_for_longer_than_a_day() {
        assert_eq!(
            attempts(Some(Duration::from_secs(7 * 3600)))[..3],
            [0, 25_200, 50_400]
        );
        assert_eq!(attempts(Some(Duration::from_secs(1_000_000))), [0, 86_400]);
    }
}
