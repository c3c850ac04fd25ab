//! The frames of the last seconds, in memory reserved once.

use crate::body::Frame;

/// Seconds of movement remembered: several seconds of standing, a jump and its landing.
pub const HISTORY_S: f64 = 12.0;

/// Highest frame rate that is stored frame by frame. Faster streams are thinned, which keeps the time span.
const MAX_RATE_HZ: f64 = 250.0;

/// Frames remembered.
const CAPACITY: usize = (HISTORY_S * MAX_RATE_HZ) as usize;

/// Measured frames in order of time; the oldest are overwritten.
#[derive(Debug)]
pub struct History {
    frames: Vec<Frame>,
    /// Index of the oldest frame once the buffer is full.
    oldest: usize,
}

impl Default for History {
    fn default() -> Self {
        Self {
            frames: Vec::with_capacity(CAPACITY),
            oldest: 0,
        }
    }
}

impl History {
    /// Whether a frame at `t` is far enough from the last one to be stored.
    pub fn accepts(&self, t: f64) -> bool {
        // a tenth of tolerance for timestamps that jitter around the highest rate
        self.latest().is_none_or(|last| t - last.t > 0.9 / MAX_RATE_HZ)
    }

    /// Appends a frame later than every other.
    pub fn push(&mut self, frame: Frame) {
        if self.frames.len() < CAPACITY {
            self.frames.push(frame);
        } else {
            self.frames[self.oldest] = frame;
            self.oldest = (self.oldest + 1) % CAPACITY;
        }
    }

    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.oldest = 0;
    }

    /// Frames present.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The newest frame.
    pub fn latest(&self) -> Option<&Frame> {
        self.len().checked_sub(1).map(|last| self.get(last))
    }

    /// Frame `index`, 0 the oldest.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    pub fn get(&self, index: usize) -> &Frame {
        let wrapped = self.oldest + index;
        &self.frames[if wrapped >= self.frames.len() {
            wrapped - self.frames.len()
        } else {
            wrapped
        }]
    }

    /// Index of the first frame at or after `t`; [`len`](Self::len) when there is none.
    pub fn index_at(&self, t: f64) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle).t < t {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The frames of `from..to` seconds, oldest first.
    pub fn window(&self, from: f64, to: f64) -> impl DoubleEndedIterator<Item = &Frame> + Clone {
        (self.index_at(from)..self.index_at(to)).map(|i| self.get(i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::tests::standing;

    #[test]
    fn the_oldest_frames_go_first_and_windows_are_found_across_the_seam() {
        let mut history = History::default();
        let frame = Frame::from_pose(0.0, &standing()).expect("whole");
        for i in 0..CAPACITY + 700 {
            let mut frame = frame;
            frame.t = i as f64 * 0.005;
            history.push(frame);
        }
        assert_eq!(history.len(), CAPACITY);
        assert_eq!(history.get(0).t, 3.5);
        assert!(
            history.frames.windows(2).any(|pair| pair[0].t > pair[1].t),
            "the seam is inside"
        );
        let from = history.frames[CAPACITY - 1].t - 0.1;
        let found: Vec<f64> = history.window(from, from + 0.2).map(|f| f.t).collect();
        assert!(found.len() >= 39 && found.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn frames_of_a_very_fast_camera_are_thinned() {
        let mut history = History::default();
        let frame = Frame::from_pose(0.0, &standing()).expect("whole");
        history.push(frame);
        assert!(!history.accepts(0.001) && history.accepts(1.0 / 240.0));
    }
}
