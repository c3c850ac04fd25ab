//! The picture being drawn on, in the layout it has.

use super::color::Color;
use super::mask::Mask;
use crate::video::color_matrix;
use gst_video::prelude::*;
use gst_video::{VideoColorRange, VideoFormat, VideoFrameRef};
use kinemotion_models::ColorMatrix;

/// Formats that can be drawn on.
pub(crate) const DRAWABLE_FORMATS: [VideoFormat; 7] = crate::video::READABLE_FORMATS;

/// Order of bytes within a pixel of packed RGB.
#[derive(Clone, Copy, Debug)]
struct Packed {
    bytes: usize,
    red: usize,
    green: usize,
    blue: usize,
    alpha: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Layout {
    Packed(Packed),
    /// Chroma samples lie `step` bytes apart; `planes` are those of Cb and Cr and their first bytes.
    Planar {
        step: usize,
        cb: (usize, usize),
        cr: (usize, usize),
    },
}

/// Bytes and row pitch of a plane.
struct PlaneMut<'a> {
    data: &'a mut [u8],
    stride: usize,
}

impl PlaneMut<'_> {
    /// A row from a byte on; empty when it lies outside.
    fn row(&mut self, row: usize, from: usize, to: usize) -> &mut [u8] {
        let start = row * self.stride;
        self.data.get_mut(start + from..start + to).unwrap_or_default()
    }
}

/// A picture that shapes can be blended into.
pub(crate) struct Surface<'a> {
    width: usize,
    height: usize,
    layout: Layout,
    planes: Vec<PlaneMut<'a>>,
    matrix: ColorMatrix,
    full_range: bool,
    /// Coverage of the chroma samples of a row, times four.
    chroma: Vec<u16>,
}

impl<'a> Surface<'a> {
    /// Wraps a frame mapped for writing; `None` for a format that cannot be drawn on.
    pub(crate) fn new(frame: &'a mut VideoFrameRef<&mut gst::BufferRef>) -> Option<Self> {
        let packed = |bytes, red, green, blue, alpha| {
            Layout::Packed(Packed {
                bytes,
                red,
                green,
                blue,
                alpha,
            })
        };
        let layout = match frame.format() {
            VideoFormat::I420 => Layout::Planar {
                step: 1,
                cb: (1, 0),
                cr: (2, 0),
            },
            VideoFormat::Nv12 => Layout::Planar {
                step: 2,
                cb: (1, 0),
                cr: (1, 1),
            },
            VideoFormat::Rgb => packed(3, 0, 1, 2, None),
            VideoFormat::Rgbx => packed(4, 0, 1, 2, None),
            VideoFormat::Bgrx => packed(4, 2, 1, 0, None),
            VideoFormat::Rgba => packed(4, 0, 1, 2, Some(3)),
            VideoFormat::Bgra => packed(4, 2, 1, 0, Some(3)),
            _ => return None,
        };
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let matrix = color_matrix(frame.info());
        let full_range = frame.info().colorimetry().range() == VideoColorRange::Range0_255;
        let strides: Vec<usize> = frame
            .plane_stride()
            .iter()
            .map(|stride| usize::try_from(*stride).unwrap_or_default())
            .collect();
        let planes = frame
            .planes_data_mut()
            .into_iter()
            .zip(strides)
            .map(|(data, stride)| PlaneMut { data, stride })
            .collect();
        Some(Self {
            width,
            height,
            layout,
            planes,
            matrix,
            full_range,
            chroma: Vec::new(),
        })
    }

    /// Columns.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// Makes everything transparent (black where there is no alpha).
    pub(crate) fn clear(&mut self) {
        for plane in &mut self.planes {
            plane.data.fill(0);
        }
    }

    /// Lays the picture over black. A format without alpha stays as it is.
    pub(crate) fn lay_over_black(&mut self) {
        self.make_opaque(|color, alpha| mix(0, color, whole(alpha)));
    }

    /// Shows the alpha of the picture as grey. A format without alpha stays as it is.
    pub(crate) fn show_alpha(&mut self) {
        self.make_opaque(|_, alpha| alpha);
    }

    /// Replaces each colour component by what `value` makes of it and its alpha, and takes the transparency away.
    fn make_opaque(&mut self, value: impl Fn(u8, u8) -> u8) {
        let Layout::Packed(Packed {
            bytes,
            alpha: Some(at),
            ..
        }) = self.layout
        else {
            return;
        };
        for pixel in self
            .planes
            .iter_mut()
            .flat_map(|plane| plane.data.chunks_exact_mut(bytes))
        {
            let alpha = pixel[at];
            for component in &mut *pixel {
                *component = value(*component, alpha);
            }
            pixel[at] = 255;
        }
    }

    /// Blends a colour where the mask covers. `opacity` 0..1.
    pub(super) fn blend(&mut self, mask: &Mask, color: Color, opacity: f32) {
        let opacity = (opacity.clamp(0.0, 1.0) * f32::from(OPAQUE)) as u16;
        if opacity == 0 {
            return;
        }
        match self.layout {
            Layout::Packed(packed) => self.blend_packed(mask, color, opacity, packed),
            Layout::Planar { step, cb, cr } => {
                let [y, u, v] = color.to_ycbcr(self.matrix, self.full_range);
                self.blend_luma(mask, y, opacity);
                self.blend_chroma(mask, opacity, step, [(cb, u), (cr, v)]);
            }
        }
    }

    fn blend_luma(&mut self, mask: &Mask, value: u8, opacity: u16) {
        for row in 0..mask.height {
            let (from, coverage) = mask.row(row);
            let x = mask.x + from;
            let samples = self.planes[0].row(mask.y + row, x, x + coverage.len());
            if opacity == OPAQUE {
                for (sample, cover) in samples.iter_mut().zip(coverage) {
                    *sample = mix(*sample, value, whole(*cover));
                }
            } else {
                for (sample, cover) in samples.iter_mut().zip(coverage) {
                    *sample = mix(*sample, value, weight(*cover, opacity));
                }
            }
        }
    }

    fn blend_chroma(
        &mut self,
        mask: &Mask,
        opacity: u16,
        step: usize,
        components: [((usize, usize), u8); 2],
    ) {
        for chroma_row in mask.y / 2..(mask.y + mask.height).div_ceil(2) {
            let Some((from, to)) = self.sum_rows(mask, chroma_row) else {
                continue;
            };
            for ((plane, first), value) in components {
                let samples =
                    self.planes[plane].row(chroma_row, from * step + first, (to - 1) * step + first + 1);
                for (sample, sum) in samples.iter_mut().step_by(step).zip(&self.chroma) {
                    *sample = mix(*sample, value, weight((*sum / 4) as u8, opacity));
                }
            }
        }
    }

    /// Adds up the coverage of the two rows and columns of each chroma sample; gives the samples' columns.
    fn sum_rows(&mut self, mask: &Mask, chroma_row: usize) -> Option<(usize, usize)> {
        // A row before the mask wraps to a huge number, which the mask treats as empty.
        let rows = [
            (2 * chroma_row).wrapping_sub(mask.y),
            (2 * chroma_row + 1).wrapping_sub(mask.y),
        ];
        let spans = rows.map(|row| mask.span(row));
        let from = (spans.iter().flatten().map(|span| span.0).min()? + mask.x) / 2;
        let to = (spans.iter().flatten().map(|span| span.1).max()? + mask.x).div_ceil(2);
        self.chroma.clear();
        self.chroma.resize(to - from, 0);
        for row in rows {
            let (first, coverage) = mask.row(row);
            let x = mask.x + first;
            if !coverage.is_empty() {
                add_pairs(&mut self.chroma[x / 2 - from..], x % 2 == 1, coverage);
            }
        }
        Some((from, to))
    }

    fn blend_packed(&mut self, mask: &Mask, color: Color, opacity: u16, packed: Packed) {
        for row in 0..mask.height {
            let (from, coverage) = mask.row(row);
            let first = (mask.x + from) * packed.bytes;
            let pixels = self.planes[0].row(mask.y + row, first, first + coverage.len() * packed.bytes);
            for (pixel, cover) in pixels.chunks_exact_mut(packed.bytes).zip(coverage) {
                let weight = weight(*cover, opacity);
                let weight = match packed.alpha {
                    Some(alpha) => over_alpha(&mut pixel[alpha], weight),
                    None => weight,
                };
                pixel[packed.red] = mix(pixel[packed.red], color.0, weight);
                pixel[packed.green] = mix(pixel[packed.green], color.1, weight);
                pixel[packed.blue] = mix(pixel[packed.blue], color.2, weight);
            }
        }
    }
}

/// Adds each two neighbours to their sum; a row may begin in the middle of a pair.
fn add_pairs(sums: &mut [u16], begins_halfway: bool, coverage: &[u8]) {
    let (half, coverage) = coverage.split_at(usize::from(begins_halfway).min(coverage.len()));
    let (first, sums) = sums.split_at_mut(half.len().min(sums.len()));
    for (sum, cover) in first.iter_mut().zip(half) {
        *sum += u16::from(*cover);
    }
    let (pairs, rest) = coverage.as_chunks::<2>();
    for (sum, [a, b]) in sums.iter_mut().zip(pairs) {
        *sum += u16::from(*a) + u16::from(*b);
    }
    for (sum, cover) in sums.iter_mut().skip(pairs.len()).zip(rest) {
        *sum += u16::from(*cover);
    }
}

/// The weight that replaces the old colour by the new one.
const OPAQUE: u16 = 256;

/// Full opacity: coverage as a weight 0..=256.
fn whole(coverage: u8) -> u16 {
    let coverage = u16::from(coverage);
    coverage + (coverage >> 7)
}

/// Coverage times opacity as a weight. Stays within 16 bits, which is what makes it quick.
fn weight(coverage: u8, opacity: u16) -> u16 {
    if opacity == OPAQUE {
        whole(coverage)
    } else {
        (whole(coverage) * opacity) >> 8
    }
}

fn mix(old: u8, new: u8, weight: u16) -> u8 {
    ((u16::from(old) * (OPAQUE - weight) + u16::from(new) * weight + 128) >> 8) as u8
}

/// Lays an opacity over straight alpha; gives the weight of the new colour in the result.
fn over_alpha(alpha: &mut u8, weight: u16) -> u16 {
    if weight == 0 {
        return 0;
    }
    // The usual cases need no division.
    if *alpha == 255 {
        return weight;
    }
    if *alpha == 0 {
        *alpha = (u32::from(weight) * 255 / 256) as u8;
        return OPAQUE;
    }
    let (old, weight) = (u32::from(whole(*alpha)), u32::from(weight));
    let result = (weight + ((old * (256 - weight)) >> 8)).clamp(1, 256);
    *alpha = (result * 255 / 256) as u8;
    (weight * 256 / result).min(256) as u16
}

#[cfg(test)]
mod tests {
    use super::super::mask::Rect;
    use super::*;

    fn picture(format: VideoFormat, width: u32, height: u32) -> (gst_video::VideoInfo, gst::Buffer) {
        gst::init().expect("GStreamer");
        let info = gst_video::VideoInfo::builder(format, width, height)
            .build()
            .expect("a size");
        let mut buffer = gst::Buffer::with_size(info.size()).expect("memory");
        buffer
            .get_mut()
            .expect("one owner")
            .map_writable()
            .expect("memory")
            .fill(128);
        (info, buffer)
    }

    fn draw(format: VideoFormat, width: u32, height: u32, region: Rect) -> Vec<u8> {
        let (info, mut buffer) = picture(format, width, height);
        {
            let buffer = buffer.get_mut().expect("one owner");
            let mut frame = VideoFrameRef::from_buffer_ref_writable(buffer, &info).expect("a frame");
            let mut surface = Surface::new(&mut frame).expect("a drawable format");
            let mut mask = Mask::default();
            if mask.begin(&region, (width as usize, height as usize)) {
                mask.rounded_rect(&region, 0.0);
                surface.blend(&mask, Color(255, 255, 255), 1.0);
            }
        }
        buffer.map_readable().expect("memory").to_vec()
    }

    #[test]
    fn every_format_turns_white_where_it_is_covered_and_nowhere_else() {
        for format in DRAWABLE_FORMATS {
            let before = picture(format, 15, 9).1.map_readable().expect("memory").to_vec();
            let after = draw(format, 15, 9, Rect::new(4.0, 2.0, 8.0, 4.0));
            let changed = before.iter().zip(&after).filter(|(a, b)| a != b).count();
            let pixels = 8 * 4;
            let samples = match format {
                // White has neutral chroma, which grey has too.
                VideoFormat::I420 | VideoFormat::Nv12 => pixels,
                VideoFormat::Rgba | VideoFormat::Bgra => 4 * pixels,
                _ => 3 * pixels,
            };
            assert_eq!(changed, samples, "{format:?}");
        }
    }

    #[test]
    fn a_picture_of_one_pixel_can_be_drawn_on() {
        for format in DRAWABLE_FORMATS {
            draw(format, 1, 1, Rect::new(-3.0, -3.0, 10.0, 10.0));
        }
    }

    #[test]
    fn opacity_laid_over_nothing_keeps_the_full_colour() {
        let mut alpha = 0;
        assert_eq!(over_alpha(&mut alpha, 128), 256);
        assert_eq!(alpha, 127);
        let mut opaque = 255;
        assert_eq!(over_alpha(&mut opaque, 128), 128);
        assert_eq!(opaque, 255);
    }
}
