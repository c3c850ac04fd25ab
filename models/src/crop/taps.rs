//! Reads the four neighbours of each position and blends them.

use super::position::{Axis, STEPS};
use crate::Plane;

/// The neighbours of one row's positions in one channel: left in the low byte, right in the high byte.
pub(super) struct Taps<const N: usize> {
    top: [u16; N],
    bottom: [u16; N],
}

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
            let (top, bottom) = (&data[at..at + RIGHT + 1], &data[at + down..at + down + RIGHT + 1]);
            self.top[i] = u16::from_le_bytes([top[0], top[RIGHT]]);
            self.bottom[i] = u16::from_le_bytes([bottom[0], bottom[RIGHT]]);
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
