//! Going round a footage: which frame is next, and when.

use super::{CLOCK_RATE, Footage};
use std::sync::Arc;

/// A frame to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The encoded bytes.
    pub data: Arc<[u8]>,
    /// When it is taken and sent, ticks of [`CLOCK_RATE`] since the first even step. Never goes back.
    pub ticks: u64,
    /// Whether it can be decoded without an earlier one.
    pub key: bool,
}

impl Frame {
    /// When it is taken and sent, nanoseconds since the first even step.
    pub fn nanoseconds(&self) -> u64 {
        self.ticks * 1_000_000_000 / u64::from(CLOCK_RATE)
    }
}

/// Plays a footage round and round.
#[derive(Clone, Debug)]
pub struct Reel {
    footage: Arc<Footage>,
    /// Even steps gone.
    step: u64,
    /// Which frame of the footage is next.
    next: usize,
}

impl Reel {
    /// Begins with frame `first` of the footage, or the next key frame after it.
    pub fn new(footage: Arc<Footage>, first: usize) -> Self {
        let next = first % footage.units().len();
        let mut reel = Self {
            footage,
            step: 0,
            next,
        };
        reel.jump_to_key_frame();
        reel
    }

    /// What is played.
    pub fn footage(&self) -> &Arc<Footage> {
        &self.footage
    }

    /// The next frame, without going on.
    pub fn peek(&self) -> Frame {
        let unit = &self.footage.units()[self.next];
        let even = self.step * u64::from(CLOCK_RATE) / u64::from(self.footage.fps());
        Frame {
            data: unit.data.clone(),
            ticks: even + u64::from(unit.late),
            key: unit.key,
        }
    }

    /// Goes on to the frame after the next.
    pub fn advance(&mut self) {
        self.step += 1;
        self.next = (self.next + 1) % self.footage.units().len();
    }

    /// Lets whole steps go by until the next frame is due no more than a step before `nanoseconds`; says how many. As of a camera whose
    /// machine was busy: the picture goes on where it was, only later.
    pub fn catch_up(&mut self, nanoseconds: u64) -> u64 {
        let behind = nanoseconds.saturating_sub(self.peek().nanoseconds());
        let steps = behind * u64::from(self.footage.fps()) / 1_000_000_000;
        self.step += steps;
        steps
    }

    /// Makes the next key frame of the footage the next frame. Frames between are left out of the picture, not of time: the
    /// athlete jumps, the steps go on.
    pub fn jump_to_key_frame(&mut self) {
        let units = self.footage.units();
        // There is one: a footage begins with it.
        while !units[self.next].key {
            self.next = (self.next + 1) % units.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footage::{AccessUnit, Codec};

    /// Frames named by their only byte; those of `keys` are key frames.
    fn footage(late: &[u32], keys: &[usize]) -> Arc<Footage> {
        let units = late.iter().enumerate().map(|(index, late)| AccessUnit {
            data: [index as u8].as_slice().into(),
            late: *late,
            key: keys.contains(&index),
        });
        Arc::new(Footage::from_units(Codec::Vp8, 30, units.collect()).expect("begins with a key frame"))
    }

    fn play(reel: &mut Reel, count: usize) -> Vec<(u8, u64)> {
        let frames = (0..count).map(|_| {
            let frame = reel.peek();
            reel.advance();
            (frame.data[0], frame.ticks)
        });
        frames.collect()
    }

    #[test]
    fn the_loop_goes_on_in_time_when_it_begins_again() {
        let mut reel = Reel::new(footage(&[0, 500, 20], &[0]), 0);
        let expected = [(0, 0), (1, 3500), (2, 6020), (0, 9000), (1, 12500)];
        assert_eq!(play(&mut reel, 5), expected);
        assert_eq!(reel.peek().nanoseconds(), 15_020 * 100_000 / 9);
    }

    #[test]
    fn a_wanted_key_frame_comes_at_the_next_step() {
        let mut reel = Reel::new(footage(&[0, 10, 20, 30], &[0, 2]), 0);
        play(&mut reel, 1);
        reel.jump_to_key_frame();
        assert_eq!(play(&mut reel, 2), [(2, 3020), (3, 6030)]);
        reel.advance();
        reel.jump_to_key_frame();
        assert_eq!(reel.peek().data[0], 2);
    }

    #[test]
    fn whoever_is_late_goes_on_later_instead_of_sending_a_burst() {
        let mut reel = Reel::new(footage(&[0, 10, 20, 30], &[0]), 0);
        play(&mut reel, 1);
        assert_eq!(reel.catch_up(66_000_000), 0);
        assert_eq!(reel.catch_up(101_000_000), 2);
        assert_eq!(play(&mut reel, 2), [(1, 9010), (2, 12020)]);
        assert_eq!(reel.catch_up(0), 0);
    }

    #[test]
    fn whoever_begins_in_the_middle_begins_with_a_key_frame() {
        let reel = Reel::new(footage(&[0, 10, 20, 30], &[0, 2]), 3);
        assert_eq!((reel.peek().data[0], reel.peek().ticks), (0, 0));
        assert_eq!(Reel::new(footage(&[0, 10, 20], &[0, 2]), 4).peek().data[0], 2);
    }

    #[test]
    fn a_loop_begins_with_a_key_frame() {
        let unit = AccessUnit {
            data: [0].as_slice().into(),
            late: 0,
            key: false,
        };
        assert!(Footage::from_units(Codec::Vp8, 30, vec![unit]).is_err());
        assert!(Footage::from_units(Codec::Vp8, 30, Vec::new()).is_err());
    }
}
