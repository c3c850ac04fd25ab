//! Colours of the graphics and their values in the picture's own colour space.

use kinemotion_models::ColorMatrix;

/// A display colour, sRGB components 0..255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Color(pub u8, pub u8, pub u8);

impl Color {
    /// The athlete's left side.
    pub(super) const LEFT: Color = Color(0x2F, 0xC7, 0xF5);
    /// The athlete's right side.
    pub(super) const RIGHT: Color = Color(0xFF, 0x9A, 0x3C);
    /// Trunk, and text.
    pub(super) const WHITE: Color = Color(0xF5, 0xF8, 0xFA);
    /// Secondary text.
    pub(super) const DIM: Color = Color(0xA9, 0xB6, 0xC3);
    /// People who are not the athlete.
    pub(super) const OTHERS: Color = Color(0x9A, 0xA7, 0xB2);
    /// Panel background.
    pub(super) const PANEL: Color = Color(0x0B, 0x14, 0x20);
    /// Outline that keeps lines readable on any background.
    pub(super) const OUTLINE: Color = Color(0x05, 0x09, 0x0F);
    /// Good.
    pub(super) const GREEN: Color = Color(0x36, 0xD3, 0x87);
    /// Fair.
    pub(super) const TEAL: Color = Color(0x2F, 0xC7, 0xF5);
    /// Doubtful.
    pub(super) const AMBER: Color = Color(0xFF, 0xC2, 0x3D);
    /// Bad.
    pub(super) const RED: Color = Color(0xFF, 0x5A, 0x5F);

    /// Y, Cb, Cr of this colour as 8-bit samples.
    ///
    /// Luma weights: ITU-R BT.601, BT.709 and BT.2020; excursions for limited range from the same documents.
    pub(super) fn to_ycbcr(self, matrix: ColorMatrix, full_range: bool) -> [u8; 3] {
        let (kr, kb) = match matrix {
            ColorMatrix::Bt601 => (0.299, 0.114),
            ColorMatrix::Bt709 => (0.2126, 0.0722),
            ColorMatrix::Bt2020 => (0.2627, 0.0593),
        };
        let [r, g, b] = [self.0, self.1, self.2].map(|c| f32::from(c) / 255.0);
        let y = kr * r + (1.0 - kr - kb) * g + kb * b;
        let (cb, cr) = ((b - y) / (2.0 * (1.0 - kb)), (r - y) / (2.0 * (1.0 - kr)));
        let (offset, luma, chroma) = if full_range {
            (0.0, 255.0, 255.0)
        } else {
            (16.0, 219.0, 224.0)
        };
        [offset + luma * y, 128.0 + chroma * cb, 128.0 + chroma * cr]
            .map(|v| v.round().clamp(0.0, 255.0) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_black_and_red_have_the_sample_values_of_the_standards() {
        assert_eq!(
            Color(255, 255, 255).to_ycbcr(ColorMatrix::Bt709, false),
            [235, 128, 128]
        );
        assert_eq!(Color(0, 0, 0).to_ycbcr(ColorMatrix::Bt601, false), [16, 128, 128]);
        assert_eq!(
            Color(255, 0, 0).to_ycbcr(ColorMatrix::Bt601, false),
            [81, 90, 240]
        );
        assert_eq!(
            Color(255, 0, 0).to_ycbcr(ColorMatrix::Bt709, false),
            [63, 102, 240]
        );
        assert_eq!(
            Color(255, 255, 255).to_ycbcr(ColorMatrix::Bt601, true),
            [255, 128, 128]
        );
    }
}
