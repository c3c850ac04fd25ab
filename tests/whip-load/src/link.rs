//! A bad network, in the program itself: datagrams that are lost and late.
//!
//! Every datagram of one direction goes through a [`Link`]; a [`Switch`] cuts both directions for a while. Nothing here knows
//! the time or a socket.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a network does to the datagrams of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Impairment {
    /// Share that is lost, 0 to 1.
    pub loss: f64,
    /// How long one takes.
    pub delay: Duration,
    /// By how much that varies, up or down, evenly; datagrams may overtake each other.
    pub jitter: Duration,
}

impl Impairment {
    /// Whether it does anything.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A network that can be switched off and on again while it is in use. Clones switch the same network.
#[derive(Clone, Debug, Default)]
pub struct Switch(Arc<AtomicBool>);

impl Switch {
    /// From now on every datagram is lost, in either direction.
    pub fn cut(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The network is there again.
    pub fn mend(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether every datagram is lost.
    pub fn is_cut(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Datagrams that may be on their way at once: ten seconds of 2 Mbit/s. One more is lost, as in any full router.
const MOST_WAITING: usize = 2_048;

/// One direction of a network.
#[derive(Debug)]
pub struct Link<T> {
    impairment: Impairment,
    random: u64,
    waiting: BinaryHeap<Reverse<Datagram<T>>>,
    taken: u64,
}

#[derive(Debug)]
struct Datagram<T> {
    due: Instant,
    number: u64,
    content: T,
}

impl<T> Datagram<T> {
    fn order(&self) -> (Instant, u64) {
        (self.due, self.number)
    }
}

impl<T> PartialEq for Datagram<T> {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl<T> Eq for Datagram<T> {}

impl<T> PartialOrd for Datagram<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Datagram<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl<T> Link<T> {
    /// An empty link; the same seed loses and delays the same datagrams.
    pub fn new(impairment: Impairment, seed: u64) -> Self {
        Self {
            impairment,
            random: seed,
            waiting: BinaryHeap::new(),
            taken: 0,
        }
    }

    /// Takes a datagram at this moment.
    pub fn push(&mut self, now: Instant, content: T) {
        self.taken += 1;
        let lost = self.unit() < self.impairment.loss;
        let jitter = self.impairment.jitter.mul_f64(2.0 * self.unit());
        if lost || self.waiting.len() >= MOST_WAITING {
            return;
        }
        let due = now + (self.impairment.delay + jitter).saturating_sub(self.impairment.jitter);
        let number = self.taken;
        self.waiting.push(Reverse(Datagram { due, number, content }));
    }

    /// The next datagram that has arrived by now.
    pub fn pop(&mut self, now: Instant) -> Option<T> {
        if self.next_due()? > now {
            return None;
        }
        self.waiting.pop().map(|Reverse(datagram)| datagram.content)
    }

    /// When the next datagram arrives.
    pub fn next_due(&self) -> Option<Instant> {
        self.waiting.peek().map(|Reverse(datagram)| datagram.due)
    }

    /// A number from 0 to 1, by SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
    fn unit(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_good_network_hands_everything_on_at_once_and_in_order() {
        let now = Instant::now();
        let mut link = Link::new(Impairment::default(), 1);
        (0..100).for_each(|number| link.push(now, number));
        let out: Vec<u32> = std::iter::from_fn(|| link.pop(now)).collect();
        assert_eq!(out, (0..100).collect::<Vec<u32>>());
    }

    #[test]
    fn nothing_arrives_before_its_time() {
        let now = Instant::now();
        let impairment = Impairment {
            delay: 50 * MS,
            jitter: 10 * MS,
            ..Impairment::default()
        };
        let mut link = Link::new(impairment, 1);
        (0..200).for_each(|number| link.push(now, number));
        assert_eq!(link.pop(now + 39 * MS), None);
        let early = std::iter::from_fn(|| link.pop(now + 50 * MS)).count();
        assert!(
            (70..130).contains(&early),
            "{early} of 200 came in the first half"
        );
        assert!(link.next_due().is_some_and(|due| due <= now + 60 * MS));
        assert_eq!(
            early + std::iter::from_fn(|| link.pop(now + 60 * MS)).count(),
            200
        );
    }

    #[test]
    fn the_share_that_is_lost_is_the_one_asked_for() {
        let now = Instant::now();
        let impairment = Impairment {
            loss: 0.05,
            ..Impairment::default()
        };
        let mut link = Link::new(impairment, 1);
        let mut arrived = 0;
        for number in 0..10_000 {
            link.push(now, number);
            arrived += std::iter::from_fn(|| link.pop(now)).count();
        }
        assert!((9_400..9_600).contains(&arrived), "{arrived}");
    }

    #[test]
    fn a_full_link_loses_what_comes_last() {
        let now = Instant::now();
        let impairment = Impairment {
            delay: 50 * MS,
            ..Impairment::default()
        };
        let mut link = Link::new(impairment, 1);
        (0..2 * MOST_WAITING).for_each(|number| link.push(now, number));
        let out: Vec<usize> = std::iter::from_fn(|| link.pop(now + 50 * MS)).collect();
        assert_eq!(out, (0..MOST_WAITING).collect::<Vec<usize>>());
    }
}
