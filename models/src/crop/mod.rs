//! From a decoded frame straight into a network's input tensor: crop, rotate, scale and convert colours in one pass.
//!
//! Only the pixels the tensor needs are read; nothing is allocated. A position follows the *corner* convention of
//! MediaPipe's `ImageToTensorCalculator`: the corner of the square, not the middle of its first pixel, maps to (0, 0). It is
//! rounded to 1/32 pixel, as OpenCV's `remap` does and as MediaPipe therefore does; of the variants measured this one
//! agrees best with MediaPipe's landmarks.

// Loops over parallel arrays by index: with a constant length they compile to vector code without bounds checks.
#![allow(clippy::needless_range_loop)]

mod color;
mod position;
mod taps;

#[cfg(test)]
mod tests;

use crate::{FrameView, PixelFormat, Region};
use color::YuvToRgb;
use position::{Positions, STEPS, Siting};
use taps::{Channel, Taps};

/// What lies outside the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Border {
    /// Black.
    Black,
    /// The nearest pixel of the picture.
    Replicate,
}

/// The numbers a network wants for black and white.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ValueRange {
    pub black: f32,
    pub white: f32,
}

/// Weight of a blend of four neighbours: one.
const WHOLE: i32 = STEPS * STEPS;

/// Fills `tensor`, planar R, G, B of `N`x`N`, with the square `region` of `frame`.
///
/// The region must be usable ([`Region::is_usable`]) and the tensor `3 * N * N` long.
pub(crate) fn crop<const N: usize>(
    frame: &FrameView<'_>,
    region: &Region,
    border: Border,
    range: ValueRange,
    tensor: &mut [f32],
) {
    let mut target = Target::<N> {
        tensor,
        border,
        range,
    };
    match frame.format {
        PixelFormat::I420 | PixelFormat::Nv12 => crop_yuv(frame, region, &mut target),
        PixelFormat::Rgb => crop_rgb::<N, 3>(frame, region, [0, 1, 2], &mut target),
        PixelFormat::Rgbx => crop_rgb::<N, 4>(frame, region, [0, 1, 2], &mut target),
        PixelFormat::Bgrx => crop_rgb::<N, 4>(frame, region, [2, 1, 0], &mut target),
    }
}

struct Target<'t, const N: usize> {
    tensor: &'t mut [f32],
    border: Border,
    range: ValueRange,
}

impl<const N: usize> Target<'_, N> {
    /// Row `row` of the three planes.
    fn row(&mut self, row: usize) -> [&mut [f32; N]; 3] {
        let (red, rest) = self.tensor.split_at_mut(N * N);
        let (green, blue) = rest.split_at_mut(N * N);
        [red, green, blue].map(|plane| {
            let row = plane[row * N..].first_chunk_mut::<N>();
            row.expect("the tensor holds 3 * N * N values")
        })
    }

    /// Computes which part of the row lies inside. Fills rows that lie outside and says so.
    fn is_outside(&mut self, row: usize, positions: &mut Positions<N>) -> bool {
        if self.border == Border::Replicate || positions.cover(row) {
            return false;
        }
        let black = self.range.black;
        self.row(row).into_iter().for_each(|plane| plane.fill(black));
        true
    }
}

fn crop_yuv<const N: usize>(frame: &FrameView<'_>, region: &Region, target: &mut Target<'_, N>) {
    let (width, height) = (frame.width, frame.height);
    let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
    let [y_plane, u_plane, v_plane] = &frame.planes;
    let luma = Channel::new(y_plane, 0, 1, width, height);
    let chroma = match frame.format {
        PixelFormat::Nv12 => [0, 1].map(|first| Channel::new(u_plane, first, 2, half_width, half_height)),
        _ => [u_plane, v_plane].map(|plane| Channel::new(plane, 0, 1, half_width, half_height)),
    };
    let mut luma_at = Positions::<N>::new(region, Siting::PIXELS, width, height);
    let mut chroma_at = Positions::<N>::new(region, Siting::CHROMA_420, half_width, half_height);
    let mut taps = [Taps::EMPTY; 3];
    let convert = YuvToRgb::new(frame.matrix, frame.range, WHOLE as f32);
    let ValueRange { black, white } = target.range;
    let gain = (white - black) / WHOLE as f32;

    for row in 0..N {
        if target.is_outside(row, &mut luma_at) {
            continue;
        }
        luma.fetch_ahead(&luma_at, row);
        chroma
            .iter()
            .for_each(|channel| channel.fetch_ahead(&chroma_at, row));
        luma_at.row(row);
        chroma_at.row(row);
        let [y, cb, cr] = &mut taps;
        y.read(&luma, &luma_at.x, &luma_at.y);
        cb.read(&chroma[0], &chroma_at.x, &chroma_at.y);
        cr.read(&chroma[1], &chroma_at.x, &chroma_at.y);
        let [red, green, blue] = target.row(row);
        for i in 0..N {
            let rgb = convert.rgb(
                y.blend(i, &luma_at.x, &luma_at.y) as f32,
                cb.blend(i, &chroma_at.x, &chroma_at.y) as f32,
                cr.blend(i, &chroma_at.x, &chroma_at.y) as f32,
            );
            let gain = luma_at.coverage[i] as f32 * gain;
            red[i] = rgb[0] * gain + black;
            green[i] = rgb[1] * gain + black;
            blue[i] = rgb[2] * gain + black;
        }
    }
}

fn crop_rgb<const N: usize, const STEP: usize>(
    frame: &FrameView<'_>,
    region: &Region,
    order: [usize; 3],
    target: &mut Target<'_, N>,
) {
    let channels = order.map(|first| Channel::new(&frame.planes[0], first, STEP, frame.width, frame.height));
    let mut at = Positions::<N>::new(region, Siting::PIXELS, frame.width, frame.height);
    let mut taps = Taps::EMPTY;
    let ValueRange { black, white } = target.range;
    let gain = (white - black) / 255.0;

    for row in 0..N {
        if target.is_outside(row, &mut at) {
            continue;
        }
        channels[0].fetch_ahead(&at, row);
        at.row(row);
        for (channel, out) in channels.iter().zip(target.row(row)) {
            taps.read(channel, &at.x, &at.y);
            for i in 0..N {
                // MediaPipe rounds the crop to 8 bits before it normalises.
                let value =
                    (taps.blend(i, &at.x, &at.y) * at.coverage[i] + WHOLE * WHOLE / 2) / (WHOLE * WHOLE);
                out[i] = value as f32 * gain + black;
            }
        }
    }
}
