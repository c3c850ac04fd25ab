//! Where each pixel of the tensor lies in a plane of the picture.

use crate::Region;

/// Positions per pixel, as in OpenCV's `remap` (`INTER_TAB_SIZE`).
pub(super) const STEPS: i32 = 32;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// Two neighbours per pixel on one axis: index of the first and weight of the second in 1/[`STEPS`].
pub(super) struct Axis<const N: usize> {
    pub index: [u16; N],
    pub weight: [u16; N],
}

/// How a plane's samples lie on the picture's pixels: plane position = picture position * scale + offset.
#[derive(Clone, Copy)]
pub(super) struct Siting {
    scale: f64,
    offset: [f64; 2],
}

impl Siting {
    /// One sample per pixel.
    pub const PIXELS: Self = Self {
        scale: 1.0,
        offset: [0.0, 0.0],
    };
    /// Chroma of 4:2:0 video: on every second column, between two rows. Source: ITU-T H.264, chroma sample location type
    /// 0, the default; H.262 has the same.
    pub const CHROMA_420: Self = Self {
        scale: 0.5,
        offset: [0.0, -0.25],
    };
}

/// Positions of a tensor's pixels in one plane, row by row.
pub(super) struct Positions<const N: usize> {
    /// Part of the position that depends on the column, in 2^-`fraction_bits` steps.
    column: [[i32; N]; 2],
    fraction_bits: u32,
    /// Added per row, in steps.
    per_row: [f64; 2],
    /// Position of the tensor's corner, in steps.
    origin: [f64; 2],
    /// Last valid position, in steps.
    last: [i32; 2],
    pub x: Axis<N>,
    pub y: Axis<N>,
    /// Part of the present row's pixels that lies inside the picture, in 1/[`STEPS`]².
    pub coverage: [i32; N],
}

impl<const N: usize> Positions<N> {
    /// Positions in a plane of `width` x `height` samples of the square `region`, drawn as `N` x `N` pixels.
    pub fn new(region: &Region, siting: Siting, width: usize, height: usize) -> Self {
        let steps = f64::from(STEPS);
        let scale = siting.scale * steps;
        let (sin, cos) = f64::from(region.rotation).sin_cos();
        let length = f64::from(region.side);
        let along = [cos, sin].map(|v| v * length / N as f64 * scale);
        let corner = [
            f64::from(region.center_x) - 0.5 * length * (cos - sin),
            f64::from(region.center_y) - 0.5 * length * (sin + cos),
        ];
        let origin = [0, 1].map(|k| corner[k] * scale + siting.offset[k] * steps);
        let fraction_bits = fraction_bits(origin[0].abs().max(origin[1].abs()) + 2.0 * length * scale);
        let unit = f64::from(1_u32 << fraction_bits);
        let axis = || Axis {
            index: [0; N],
            weight: [0; N],
        };
        Self {
            column: along.map(|d| std::array::from_fn(|i| (i as f64 * d * unit).round() as i32)),
            fraction_bits,
            per_row: [-along[1], along[0]],
            origin,
            last: [width, height].map(|n| (n as i32 - 1) * STEPS),
            x: axis(),
            y: axis(),
            coverage: [STEPS * STEPS; N],
        }
    }

    /// Computes `x` and `y` of one row, moved to the nearest position inside the plane.
    pub fn row(&mut self, row: usize) {
        let bits = self.fraction_bits;
        let [x, y] = self.start(row);
        place(&self.column[0], x, bits, self.last[0], &mut self.x);
        place(&self.column[1], y, bits, self.last[1], &mut self.y);
    }

    /// Computes `coverage` of one row; whether any of it lies inside.
    pub fn cover(&mut self, row: usize) -> bool {
        let bits = self.fraction_bits;
        let [x, y] = self.start(row);
        let part = |position: i32, last: i32| {
            let q = position >> bits;
            STEPS - (-q).max(q - last).clamp(0, STEPS)
        };
        let mut any = 0;
        for (i, c) in self.coverage.iter_mut().enumerate() {
            *c = part(self.column[0][i] + x, self.last[0]) * part(self.column[1][i] + y, self.last[1]);
            any |= *c;
        }
        any != 0
    }

    /// Sample indices x, y of every `step`th pixel of a row.
    pub fn sparse(&self, row: usize, step: usize) -> impl Iterator<Item = [usize; 2]> + '_ {
        let start = self.start(row);
        let index = move |k: usize, i: usize| {
            ((self.column[k][i] + start[k]) >> self.fraction_bits).clamp(0, self.last[k]) >> STEP_BITS
        };
        (0..N)
            .step_by(step)
            .map(move |i| [index(0, i) as usize, index(1, i) as usize])
    }

    /// Position of a row's first pixel, plus one half step so that cutting the fraction off rounds.
    fn start(&self, row: usize) -> [i32; 2] {
        let unit = f64::from(1_u32 << self.fraction_bits);
        [0, 1].map(|k| ((self.origin[k] + row as f64 * self.per_row[k] + 0.5) * unit).floor() as i32)
    }
}

/// Bits left for fractions of a step when positions reach up to `reach` steps.
fn fraction_bits(reach: f64) -> u32 {
    /// Beyond this precision nothing changes.
    const MOST: u32 = 16;
    (0..MOST)
        .rev()
        .find(|bits| reach * f64::from(1_u32 << bits) < f64::from(1 << 30))
        .unwrap_or(0)
}

fn place<const N: usize>(column: &[i32; N], start: i32, bits: u32, last: i32, axis: &mut Axis<N>) {
    let inside = 0..last;
    // Positions grow or fall evenly along a row, so its ends tell about all of it.
    if inside.contains(&((column[0] + start) >> bits)) && inside.contains(&((column[N - 1] + start) >> bits))
    {
        for i in 0..N {
            let q = (column[i] + start) >> bits;
            axis.index[i] = (q >> STEP_BITS) as u16;
            axis.weight[i] = (q & (STEPS - 1)) as u16;
        }
        return;
    }
    // At the last position there is no neighbour to the right: take the pair before it with full weight on its second.
    // A plane one sample wide has no pair; its only sample is both.
    let has_pair = i32::from(last > 0);
    for i in 0..N {
        let q = ((column[i] + start) >> bits).clamp(0, last);
        let index = (q >> STEP_BITS) - (i32::from(q == last) & has_pair);
        axis.index[i] = index as u16;
        axis.weight[i] = (q - (index << STEP_BITS)) as u16;
    }
}
