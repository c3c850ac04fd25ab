//! A small grey picture of a frame.

use crate::{FrameView, PixelFormat};

/// Longer side of the thumbnail, about: small enough to cost a tenth of a millisecond, large enough that a twentieth of
/// its pixel is a millimetre or two on an athlete.
const LONG_SIDE: usize = 160;

/// In packed RGB the rows read of each cell, at most: three or four bytes a pixel are read for one.
const PACKED_ROWS: usize = 4;

/// Mean brightness of square cells of the frame, slightly blurred against aliasing.
#[derive(Default)]
pub(super) struct Thumbnail {
    width: usize,
    height: usize,
    factor: usize,
    /// Size of the frame it was made from.
    frame: (usize, usize),
    luma: Vec<f32>,
    scratch: Vec<f32>,
    /// Sums of the bytes of one row of cells.
    columns: Vec<u16>,
}

impl Thumbnail {
    /// Takes over another's picture. The memory is kept.
    pub fn copy_from(&mut self, other: &Self) {
        (self.width, self.height, self.factor) = (other.width, other.height, other.factor);
        self.luma.clone_from(&other.luma);
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn height(&self) -> usize {
        self.height
    }

    /// Pixels of the frame per pixel of the thumbnail.
    pub fn factor(&self) -> usize {
        self.factor
    }

    /// One row.
    pub fn row(&self, y: usize) -> &[f32] {
        &self.luma[y * self.width..(y + 1) * self.width]
    }

    /// Reads a frame. False when its size is not that of the frame before.
    pub fn read(&mut self, frame: &FrameView<'_>) -> bool {
        let same = self.fit(frame);
        // For RGB the green byte stands for brightness.
        let (step, first) = match frame.format {
            PixelFormat::I420 | PixelFormat::Nv12 => (1, 0),
            PixelFormat::Rgb => (3, 1),
            PixelFormat::Rgbx | PixelFormat::Bgrx => (4, 1),
        };
        let plane = &frame.planes[0];
        let bytes = self.width * self.factor * step;
        let skip = if step == 1 {
            1
        } else {
            self.factor.div_ceil(PACKED_ROWS)
        };
        let rows_read = self.factor.div_ceil(skip);
        let gain = 1.0 / (rows_read * self.factor) as f32;
        for y in 0..self.height {
            let columns = &mut self.columns[..bytes];
            columns.fill(0);
            for row in (y * self.factor..(y + 1) * self.factor).step_by(skip) {
                let line = &plane.data[row * plane.stride..][..bytes];
                for (sum, &byte) in columns.iter_mut().zip(line) {
                    *sum += u16::from(byte);
                }
            }
            let cells = columns.chunks_exact(self.factor * step);
            for (out, cell) in self.scratch[y * self.width..].iter_mut().zip(cells) {
                let sum: u32 = cell.iter().skip(first).step_by(step).map(|&v| u32::from(v)).sum();
                *out = sum as f32 * gain;
            }
        }
        self.blur();
        same
    }

    /// Makes room for a frame; whether it has the size of the one before.
    fn fit(&mut self, frame: &FrameView<'_>) -> bool {
        let size = (frame.width, frame.height);
        let same = size == self.frame;
        if !same {
            self.frame = size;
            // A column of sums holds 257 rows of bytes; the largest frame has cells of 103.
            self.factor = (size.0.max(size.1) / LONG_SIDE).max(1);
            self.width = size.0 / self.factor;
            self.height = size.1 / self.factor;
            self.luma.clear();
            self.luma.resize(self.width * self.height, 0.0);
            self.scratch.clear();
            self.scratch.resize(self.width * self.height, 0.0);
        }
        let bytes = self.width * self.factor * 4;
        if self.columns.len() < bytes {
            self.columns.resize(bytes, 0);
        }
        same
    }

    /// Binomial 1-2-1 both ways, from `scratch` to `luma`. The outermost pixels stay sharp; nobody reads them.
    fn blur(&mut self) {
        let width = self.width;
        self.luma.copy_from_slice(&self.scratch);
        if width < 3 || self.height < 3 {
            return;
        }
        for y in 1..self.height - 1 {
            let line = |row: usize| &self.scratch[row * width..][..width];
            let (above, here, below) = (line(y - 1), line(y), line(y + 1));
            let out = &mut self.luma[y * width..][..width];
            for (((out, a), b), c) in out.iter_mut().zip(above).zip(here).zip(below) {
                *out = 0.25 * (a + 2.0 * b + c);
            }
        }
        self.scratch.copy_from_slice(&self.luma);
        for y in 0..self.height {
            let from = &self.scratch[y * width..][..width];
            let out = &mut self.luma[y * width + 1..][..width - 2];
            for (out, three) in out.iter_mut().zip(from.windows(3)) {
                *out = 0.25 * (three[0] + 2.0 * three[1] + three[2]);
            }
        }
    }
}
