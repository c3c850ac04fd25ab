//! RGB to planar YUV 4:2:0, 8 bit, limited range, with chroma sited left as H.264 assumes.

use serde::{Deserialize, Serialize};

/// Colour matrices, limited range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colorimetry {
    /// ITU-R BT.601, standard definition.
    Bt601,
    /// ITU-R BT.709, high definition; what phones write.
    #[default]
    Bt709,
}

impl Colorimetry {
    /// Weights of red and blue in luma.
    fn weights(self) -> (f32, f32) {
        match self {
            Colorimetry::Bt601 => (0.299, 0.114),
            Colorimetry::Bt709 => (0.2126, 0.0722),
        }
    }
}

/// Planes of a picture without padding: luma `width * height`, then both chroma planes of half the size, rounded up.
pub(crate) fn to_i420(rgb: &[u8], width: usize, height: usize, colorimetry: Colorimetry, out: &mut Vec<u8>) {
    let (kr, kb) = colorimetry.weights();
    let kg = 1.0 - kr - kb;
    const LUMA: f32 = 219.0 / 255.0;
    const CHROMA: f32 = 224.0 / 255.0;
    out.clear();
    out.extend(rgb.chunks_exact(3).map(|p| {
        let luma = kr * f32::from(p[0]) + kg * f32::from(p[1]) + kb * f32::from(p[2]);
        (16.5 + LUMA * luma) as u8
    }));
    let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
    let blue_at = out.len();
    out.resize(blue_at + 2 * half_width * half_height, 128);
    let (blue, red) = out[blue_at..].split_at_mut(half_width * half_height);
    // Mean of two rows, then 1 2 1 across, centred on every second pixel.
    let mut row = vec![[0.0f32; 3]; width];
    for y in 0..half_height {
        let (top, bottom) = (2 * y, (2 * y + 1).min(height - 1));
        for (x, sum) in row.iter_mut().enumerate() {
            let (a, b) = (3 * (top * width + x), 3 * (bottom * width + x));
            *sum = [0, 1, 2].map(|c| 0.5 * (f32::from(rgb[a + c]) + f32::from(rgb[b + c])));
        }
        for x in 0..half_width {
            let (left, middle, right) = ((2 * x).saturating_sub(1), 2 * x, (2 * x + 1).min(width - 1));
            let [r, g, b] = [0, 1, 2].map(|c| 0.25 * (row[left][c] + 2.0 * row[middle][c] + row[right][c]));
            let luma = kr * r + kg * g + kb * b;
            let level = |v: f32, k: f32| (128.5 + CHROMA * (v - luma) / (2.0 * (1.0 - k))) as u8;
            blue[y * half_width + x] = level(b, kb);
            red[y * half_width + x] = level(r, kr);
        }
    }
}

/// Turns the planes of [`to_i420`] into luma and interleaved chroma.
pub(crate) fn i420_to_nv12(planes: &mut [u8], width: usize, height: usize) {
    let chroma = &mut planes[width * height..];
    let (blue, red) = chroma.split_at(chroma.len() / 2);
    let interleaved: Vec<u8> = blue.iter().zip(red).flat_map(|(&u, &v)| [u, v]).collect();
    chroma.copy_from_slice(&interleaved);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planes(colour: [u8; 3], colorimetry: Colorimetry) -> Vec<u8> {
        let rgb: Vec<u8> = (0..5 * 3).flat_map(|_| colour).collect();
        let mut out = Vec::new();
        to_i420(&rgb, 5, 3, colorimetry, &mut out);
        assert_eq!(out.len(), 15 + 2 * 3 * 2);
        out
    }

    #[test]
    fn greys_have_no_colour_and_fill_the_limited_range() {
        for colorimetry in [Colorimetry::Bt601, Colorimetry::Bt709] {
            for (level, luma) in [(0, 16), (255, 235), (128, 126)] {
                let out = planes([level; 3], colorimetry);
                assert!(out[..15].iter().all(|&v| v == luma), "{level}");
                assert!(out[15..].iter().all(|&v| v == 128));
            }
        }
    }

    #[test]
    fn primaries_have_the_levels_of_the_standards() {
        // Red and blue as tabulated for 8-bit video: Y, Cb, Cr.
        let seen = |colour, colorimetry| {
            let out = planes(colour, colorimetry);
            [out[0], out[15], out[21]]
        };
        assert_eq!(seen([255, 0, 0], Colorimetry::Bt709), [63, 102, 240]);
        assert_eq!(seen([0, 0, 255], Colorimetry::Bt709), [32, 240, 118]);
        assert_eq!(seen([255, 0, 0], Colorimetry::Bt601), [81, 90, 240]);
        assert_eq!(seen([0, 0, 255], Colorimetry::Bt601), [41, 240, 110]);
    }

    #[test]
    fn interleaving_pairs_blue_with_red() {
        let mut four_by_two = vec![9; 8];
        four_by_two.extend([1, 2, 3, 4]);
        i420_to_nv12(&mut four_by_two, 4, 2);
        assert_eq!(four_by_two[8..], [1, 3, 2, 4]);
    }
}
