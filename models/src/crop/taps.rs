//! Reads the four neighbours of each position and blends them.

use super::position::{Axis, Positions, STEPS};
use crate::Plane;

/// Rows between fetching a line of memory and reading it: long enough for the fetch, short enough to keep the line.
const ROWS_AHEAD: usize = 2;
/// Pixels of the tensor between two touches of a row: about one line of 64 bytes for a person who fills a 720p picture.
const COLUMNS_PER_TOUCH: usize = 16;

/// A channel inside a plane.
#[derive(Clone, Copy)]
pub(super) struct Channel<'a> {
    data: &'a [u8],
    stride: usize,
    /// Bytes from one sample to the next.
    step: usize,
    /// From a sample to its right neighbour, 0 in a plane one sample wide.
    right: usize,
    /// From a sample to its lower neighbour, 0 in a plane one sample high.
    down: usize,
}

impl<'a> Channel<'a> {
    /// The channel `first` bytes into each group of `step` bytes, in a plane of `width` x `height` groups.
    pub fn new(plane: &Plane<'a>, first: usize, step: usize, width: usize, height: usize) -> Self {
        Self {
            data: plane.data.get(first..).unwrap_or_default(),
            stride: plane.stride,
            step,
            right: if width > 1 { step } else { 0 },
            down: if height > 1 { plane.stride } else { 0 },
        }
    }

    /// Touches the memory a later row will read. A crop skips through the picture in a pattern the processor does not
    /// foresee; without this it would wait for memory on every row.
    pub fn fetch_ahead<const N: usize>(&self, positions: &Positions<N>, row: usize) {
        let byte = |at: usize| self.data.get(at).copied().unwrap_or_default();
        let touch = |[x, y]: [usize; 2]| {
            let at = y * self.stride + x * self.step;
            byte(at) ^ byte(at + self.down)
        };
        let touched = positions.sparse(row + ROWS_AHEAD, COLUMNS_PER_TOUCH).map(touch);
        std::hint::black_box(touched.fold(0, |all, byte| all ^ byte));
    }
}

/// The neighbours of one row's positions in one channel: left in the low byte, right in the high byte.
pub(super) struct Taps<const N: usize> {
    top: [u16; N],
    bottom: [u16; N],
}

impl<const N: usize> Taps<N> {
    pub const EMPTY: Self = Self {
        top: [0; N],
        bottom: [0; N],
    };

    /// Reads the neighbours at the positions `x`, `y`, which lie inside the channel.
    pub fn read(&mut self, channel: &Channel<'_>, x: &Axis<N>, y: &Axis<N>) {
        match (channel.step, channel.right) {
            (1, 1) => self.read_steps::<1, 1>(channel, x, y),
            (2, 2) => self.read_steps::<2, 2>(channel, x, y),
            (3, 3) => self.read_steps::<3, 3>(channel, x, y),
            (4, 4) => self.read_steps::<4, 4>(channel, x, y),
            // A plane one sample wide: every index is 0 and the neighbour is the sample itself.
            _ => self.read_steps::<0, 0>(channel, x, y),
        }
    }

    fn read_steps<const STEP: usize, const RIGHT: usize>(
        &mut self,
        channel: &Channel<'_>,
        x: &Axis<N>,
        y: &Axis<N>,
    ) {
        let Channel {
            data, stride, down, ..
        } = *channel;
        for i in 0..N {
            let at = usize::from(y.index[i]) * stride + usize::from(x.index[i]) * STEP;
            // One check for all four: the frame's construction has made sure that it holds.
            let near = &data[at..][..down + RIGHT + 1];
            self.top[i] = u16::from_le_bytes([near[0], near[RIGHT]]);
            self.bottom[i] = u16::from_le_bytes([near[down], near[down + RIGHT]]);
        }
    }

    /// The blend of four neighbours, times [`STEPS`]².
    #[inline(always)]
    pub fn blend(&self, i: usize, x: &Axis<N>, y: &Axis<N>) -> i32 {
        const ONE: u16 = STEPS as u16;
        let mix = |pair: u16| (pair & 0xff) * (ONE - x.weight[i]) + (pair >> 8) * x.weight[i];
        let (top, bottom) = (i32::from(mix(self.top[i])), i32::from(mix(self.bottom[i])));
        top * i32::from(ONE - y.weight[i]) + bottom * i32::from(y.weight[i])
    }
}
