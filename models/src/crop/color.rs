//! YCbCr to RGB.

use crate::{ColorMatrix, ColorRange};

/// Converts Y, Cb, Cr, each times a constant, to R, G, B in 0..1.
pub(super) struct YuvToRgb {
    luma: f32,
    red_from_cr: f32,
    green_from_cb: f32,
    green_from_cr: f32,
    blue_from_cb: f32,
    /// Offsets of R, G, B: black level and chroma zero, already multiplied.
    offset: [f32; 3],
}

impl YuvToRgb {
    /// The conversion of samples (0..=255) multiplied by `whole`.
    pub fn new(matrix: ColorMatrix, range: ColorRange, whole: f32) -> Self {
        // Weights of red and blue in luma. Sources: ITU-R BT.601-7, BT.709-6, BT.2020-2.
        let (kr, kb) = match matrix {
            ColorMatrix::Bt601 => (0.299, 0.114),
            ColorMatrix::Bt709 => (0.2126, 0.0722),
            ColorMatrix::Bt2020 => (0.2627, 0.0593),
        };
        // Excursions of 8-bit samples. Sources: the same, and ITU-T H.273 for the full range.
        let (black, luma_span, chroma_span) = match range {
            ColorRange::Limited => (16.0, 219.0, 224.0),
            ColorRange::Full => (0.0, 255.0, 255.0),
        };
        const CHROMA_ZERO: f32 = 128.0;
        let kg = 1.0 - kr - kb;
        let (luma, chroma) = (1.0 / luma_span, 1.0 / chroma_span);
        let red_from_cr = 2.0 * (1.0 - kr) * chroma;
        let blue_from_cb = 2.0 * (1.0 - kb) * chroma;
        let green_from_cb = -blue_from_cb * kb / kg;
        let green_from_cr = -red_from_cr * kr / kg;
        let offset = |chroma_sum: f32| -black * luma - CHROMA_ZERO * chroma_sum;
        Self {
            luma: luma / whole,
            red_from_cr: red_from_cr / whole,
            green_from_cb: green_from_cb / whole,
            green_from_cr: green_from_cr / whole,
            blue_from_cb: blue_from_cb / whole,
            offset: [
                offset(red_from_cr),
                offset(green_from_cb + green_from_cr),
                offset(blue_from_cb),
            ],
        }
    }

    /// R, G, B in 0..1.
    #[inline(always)]
    pub fn rgb(&self, y: f32, cb: f32, cr: f32) -> [f32; 3] {
        let y = y * self.luma;
        [
            unit(y + cr * self.red_from_cr + self.offset[0]),
            unit(y + cb * self.green_from_cb + cr * self.green_from_cr + self.offset[1]),
            unit(y + cb * self.blue_from_cb + self.offset[2]),
        ]
    }
}

/// Clamps to 0..1; written so that it compiles to two instructions.
#[inline(always)]
fn unit(v: f32) -> f32 {
    let v = if v > 0.0 { v } else { 0.0 };
    if v < 1.0 { v } else { 1.0 }
}
