//! What was found out a moment ago.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Values by hashes, each for a while. When there are too many, all are forgotten.
pub struct Recent<V> {
    good_for: Duration,
    most: usize,
    all: Mutex<HashMap<[u8; 32], (V, Instant)>>,
}

impl<V: Clone> Recent<V> {
    /// Nothing yet.
    pub fn new(good_for: Duration, most: usize) -> Self {
        Self {
            good_for,
            most,
            all: Mutex::default(),
        }
    }

    /// The value of a hash.
    pub fn get(&self, hash: &[u8; 32]) -> Option<V> {
        let all = self.lock();
        let (value, since) = all.get(hash)?;
        (since.elapsed() < self.good_for).then(|| value.clone())
    }

    /// Has a value from now on.
    pub fn put(&self, hash: [u8; 32], value: V) {
        let mut all = self.lock();
        if all.len() >= self.most {
            all.clear();
        }
        all.insert(hash, (value, Instant::now()));
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], (V, Instant)>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_known_for_a_while_and_no_more_than_there_is_room_for() {
        let hour = Duration::from_secs(3600);
        let recent = Recent::new(hour, 2);
        recent.put([1; 32], "one");
        recent.put([2; 32], "two");
        assert_eq!(recent.get(&[1; 32]), Some("one"));
        recent.put([3; 32], "three");
        assert_eq!(recent.get(&[1; 32]), None);
        assert_eq!(recent.get(&[3; 32]), Some("three"));
        let over = Recent::new(Duration::ZERO, 2);
        over.put([1; 32], "one");
        assert_eq!(over.get(&[1; 32]), None);
    }
}
