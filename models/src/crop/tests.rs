use super::*;
use crate::{ColorMatrix, ColorRange, Plane};
use proptest::prelude::*;

/// Tensor side of these tests.
const N: usize = 32;
const UNIT: ValueRange = ValueRange {
    black: 0.0,
    white: 1.0,
};
const FORMATS: [PixelFormat; 5] = [
    PixelFormat::I420,
    PixelFormat::Nv12,
    PixelFormat::Rgbx,
    PixelFormat::Bgrx,
    PixelFormat::Rgb,
];

/// A picture as a person would write it down, and its planes.
struct Picture {
    format: PixelFormat,
    width: usize,
    height: usize,
    planes: Vec<Vec<u8>>,
    padding: usize,
}

impl Picture {
    /// Smooth waves, so that a rounding difference of 1/32 pixel stays small; rows end in `padding` bytes of noise.
    fn waves(format: PixelFormat, width: usize, height: usize, padding: usize) -> Self {
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        let wave = |phase: f64, step: f64| {
            move |x: usize, y: usize| {
                let v = (phase + step * (0.11 * x as f64 + 0.07 * y as f64)).sin();
                (128.0 + 90.0 * v).round() as u8
            }
        };
        let plane = |columns: usize, rows: usize, samples: &dyn Fn(usize, usize) -> u8| {
            let row = |y| {
                (0..columns)
                    .map(move |x| samples(x, y))
                    .chain((0..padding).map(|i| (i * 97) as u8))
            };
            (0..rows).flat_map(row).collect::<Vec<u8>>()
        };
        let channel = [wave(0.0, 1.0), wave(2.0, 1.0), wave(4.0, 1.0)];
        let chroma = [wave(1.0, 2.0), wave(3.0, 2.0)];
        let packed = |bytes: usize, order: [usize; 4]| {
            let sample = |x: usize, y: usize| match order[x % bytes] {
                3 => 77, // the unused byte
                c => channel[c](x / bytes, y),
            };
            vec![plane(bytes * width, height, &sample)]
        };
        let planes = match format {
            PixelFormat::I420 => vec![
                plane(width, height, &channel[0]),
                plane(half_width, half_height, &chroma[0]),
                plane(half_width, half_height, &chroma[1]),
            ],
            PixelFormat::Nv12 => vec![
                plane(width, height, &channel[0]),
                plane(2 * half_width, half_height, &|x, y| chroma[x % 2](x / 2, y)),
            ],
            PixelFormat::Rgbx => packed(4, [0, 1, 2, 3]),
            PixelFormat::Bgrx => packed(4, [2, 1, 0, 3]),
            PixelFormat::Rgb => packed(3, [0, 1, 2, 3]),
        };
        Self {
            format,
            width,
            height,
            planes,
            padding,
        }
    }

    fn row_bytes(&self, plane: usize) -> usize {
        match (self.format, plane) {
            (PixelFormat::I420, 0) | (PixelFormat::Nv12, 0) => self.width,
            (PixelFormat::I420, _) => self.width.div_ceil(2),
            (PixelFormat::Nv12, _) => 2 * self.width.div_ceil(2),
            (PixelFormat::Rgb, _) => 3 * self.width,
            (PixelFormat::Rgbx | PixelFormat::Bgrx, _) => 4 * self.width,
        }
    }

    fn view(&self) -> FrameView<'_> {
        let mut planes = [Plane::default(); 3];
        for (i, (plane, data)) in planes.iter_mut().zip(&self.planes).enumerate() {
            let stride = self.row_bytes(i) + self.padding;
            // The last row needs no padding behind it.
            *plane = Plane {
                data: &data[..data.len() - self.padding],
                stride,
            };
        }
        FrameView::new(
            self.format,
            self.width,
            self.height,
            planes,
            ColorMatrix::Bt709,
            ColorRange::Limited,
        )
        .unwrap()
    }

    /// One sample of a plane's channel, the nearest one outside.
    fn sample(&self, plane: usize, step: usize, first: usize, x: i64, y: i64) -> f64 {
        let stride = self.row_bytes(plane) + self.padding;
        let (columns, rows) = (self.row_bytes(plane) / step, self.planes[plane].len() / stride);
        let (x, y) = (
            x.clamp(0, columns as i64 - 1) as usize,
            y.clamp(0, rows as i64 - 1) as usize,
        );
        f64::from(self.planes[plane][y * stride + x * step + first])
    }

    /// Bilinear at a position rounded to 1/32 of this plane's samples.
    fn bilinear(&self, plane: usize, step: usize, first: usize, x: f64, y: f64) -> f64 {
        let (x, y) = ((x * 32.0).round() / 32.0, (y * 32.0).round() / 32.0);
        let (x0, y0, fx, fy) = (x.floor() as i64, y.floor() as i64, x - x.floor(), y - y.floor());
        let at = |dx, dy| self.sample(plane, step, first, x0 + dx, y0 + dy);
        (at(0, 0) * (1.0 - fx) + at(1, 0) * fx) * (1.0 - fy) + (at(0, 1) * (1.0 - fx) + at(1, 1) * fx) * fy
    }

    /// R, G, B in 0..1 at a position of the picture, the nearest pixel outside.
    fn rgb(&self, [x, y]: [f64; 2]) -> [f64; 3] {
        let packed = |order: [usize; 3], step| order.map(|c| self.bilinear(0, step, c, x, y) / 255.0);
        let chroma = |plane, step, first| self.bilinear(plane, step, first, x / 2.0, y / 2.0 - 0.25);
        let luma = || self.bilinear(0, 1, 0, x, y);
        match self.format {
            PixelFormat::Rgb => packed([0, 1, 2], 3),
            PixelFormat::Rgbx => packed([0, 1, 2], 4),
            PixelFormat::Bgrx => packed([2, 1, 0], 4),
            PixelFormat::I420 => bt709(luma(), chroma(1, 1, 0), chroma(2, 1, 0)),
            PixelFormat::Nv12 => bt709(luma(), chroma(1, 2, 0), chroma(1, 2, 1)),
        }
    }

    /// The tensor, straight from the definition.
    fn naive(&self, region: &Region, border: Border) -> Vec<f32> {
        let mut tensor = vec![0.0; 3 * N * N];
        let (sin, cos) = f64::from(region.rotation).sin_cos();
        for (row, column) in (0..N).flat_map(|row| (0..N).map(move |column| (row, column))) {
            let side = f64::from(region.side);
            let [u, v] = [column, row].map(|i| (i as f64 / N as f64 - 0.5) * side);
            let x = f64::from(region.center_x) + cos * u - sin * v;
            let y = f64::from(region.center_y) + sin * u + cos * v;
            let part = |p: f64, size: usize| {
                let p = (p * 32.0).round() / 32.0;
                1.0 - (-p).max(p - (size as f64 - 1.0)).clamp(0.0, 1.0)
            };
            let inside = match border {
                Border::Black => part(x, self.width) * part(y, self.height),
                Border::Replicate => 1.0,
            };
            for (c, v) in self.rgb([x, y]).into_iter().enumerate() {
                tensor[(c * N + row) * N + column] = (v * inside) as f32;
            }
        }
        tensor
    }
}

/// BT.709, limited range, with the rounded coefficients everybody prints.
fn bt709(y: f64, cb: f64, cr: f64) -> [f64; 3] {
    let (y, cb, cr) = (1.16438 * (y - 16.0), cb - 128.0, cr - 128.0);
    [
        y + 1.79274 * cr,
        y - 0.21325 * cb - 0.53291 * cr,
        y + 2.11240 * cb,
    ]
    .map(|v| (v / 255.0).clamp(0.0, 1.0))
}

fn cropped(picture: &Picture, region: &Region, border: Border) -> Vec<f32> {
    let mut tensor = vec![f32::NAN; 3 * N * N];
    crop::<N>(&picture.view(), region, border, UNIT, &mut tensor);
    tensor
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert!(a.iter().all(|v| v.is_finite()));
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_format_size_and_rotation_agrees_with_the_definition(
        format in 0_usize..5,
        width in 1_usize..70,
        height in 1_usize..70,
        padding in 0_usize..9,
        center in (-30.0_f32..100.0, -30.0_f32..100.0),
        side in 4.0_f32..200.0,
        rotation in -3.2_f32..3.2,
        black in any::<bool>(),
    ) {
        let picture = Picture::waves(FORMATS[format], width, height, padding);
        let region = Region { center_x: center.0, center_y: center.1, side, rotation };
        let border = if black { Border::Black } else { Border::Replicate };
        let difference = largest_difference(&cropped(&picture, &region, border), &picture.naive(&region, border));
        // A position on the edge between two of the 32 steps may fall either way, which moves a black edge by 1/32.
        let tolerance = if black { 0.07 } else { 0.03 };
        prop_assert!(difference < tolerance, "{difference}");
    }
}

#[test]
fn a_square_over_the_picture_at_its_own_size_is_the_picture() {
    let picture = Picture::waves(PixelFormat::Rgb, N, N, 5);
    let whole = Region {
        center_x: 16.0,
        center_y: 16.0,
        side: 32.0,
        rotation: 0.0,
    };
    let tensor = cropped(&picture, &whole, Border::Black);
    for (row, column) in (0..N).flat_map(|row| (0..N).map(move |column| (row, column))) {
        for c in 0..3 {
            let expected = f32::from(picture.planes[0][row * (3 * N + 5) + 3 * column + c]) / 255.0;
            assert!((tensor[(c * N + row) * N + column] - expected).abs() < 1e-6);
        }
    }
}

#[test]
fn values_are_rounded_to_eight_bits_halves_up() {
    let mut picture = Picture::waves(PixelFormat::Rgb, 2, 1, 0);
    picture.planes[0] = vec![10, 0, 0, 11, 0, 0];
    // Positions 0, 1/16, 2/16 …: column 8 lies in the middle between 10 and 11.
    let region = Region {
        center_x: 1.0,
        center_y: 0.0,
        side: 2.0,
        rotation: 0.0,
    };
    let tensor = cropped(&picture, &region, Border::Replicate);
    let values: Vec<u8> = tensor[..N].iter().map(|v| (v * 255.0).round() as u8).collect();
    assert_eq!(values[7..9], [10, 11]);
}

#[test]
fn the_same_grey_comes_out_of_every_format() {
    let region = Region {
        center_x: 20.0,
        center_y: 20.0,
        side: 90.0,
        rotation: 0.7,
    };
    for format in FORMATS {
        let mut picture = Picture::waves(format, 41, 37, 3);
        let grey = if matches!(format, PixelFormat::I420 | PixelFormat::Nv12) {
            126
        } else {
            128
        };
        picture.planes[0].fill(grey);
        picture
            .planes
            .iter_mut()
            .skip(1)
            .for_each(|plane| plane.fill(128));
        let tensor = cropped(&picture, &region, Border::Replicate);
        assert!(
            tensor.iter().all(|v| (v - 128.0 / 255.0).abs() < 0.002),
            "{format:?} {}",
            tensor[0]
        );
    }
}

#[test]
fn outside_is_black_or_the_edge() {
    let mut picture = Picture::waves(PixelFormat::I420, 40, 40, 0);
    picture.planes[0].fill(235);
    picture.planes[1..].iter_mut().for_each(|plane| plane.fill(128));
    let region = Region {
        center_x: 20.0,
        center_y: 20.0,
        side: 80.0,
        rotation: 0.0,
    };
    let corner = |border| cropped(&picture, &region, border)[0];
    assert_eq!(corner(Border::Black), 0.0);
    assert!((corner(Border::Replicate) - 1.0).abs() < 1e-5);
}

#[test]
fn black_and_white_map_to_the_range_asked_for() {
    let mut picture = Picture::waves(PixelFormat::Rgb, 40, 40, 0);
    let inside = Region {
        center_x: 20.0,
        center_y: 20.0,
        side: 20.0,
        rotation: 0.0,
    };
    for (value, expected) in [(0, -1.0), (255, 1.0)] {
        picture.planes[0].fill(value);
        let mut tensor = vec![f32::NAN; 3 * N * N];
        let range = ValueRange {
            black: -1.0,
            white: 1.0,
        };
        crop::<N>(&picture.view(), &inside, Border::Black, range, &mut tensor);
        assert!(tensor.iter().all(|v| (v - expected).abs() < 1e-6));
    }
}

#[test]
fn largest_picture_with_a_region_far_outside_is_survived() {
    let (width, height) = (FrameView::MAX_SIDE, 2);
    let picture = Picture::waves(PixelFormat::I420, width, height, 1);
    for side in [4.0, 1e3, 16.0 * width as f32] {
        for center_x in [-side, 0.0, width as f32 + side] {
            let region = Region {
                center_x,
                center_y: 1.0,
                side,
                rotation: 0.3,
            };
            assert!(region.is_usable(width, height));
            for border in [Border::Black, Border::Replicate] {
                let tensor = cropped(&picture, &region, border);
                assert!(tensor.iter().all(|v| (0.0..=1.0).contains(v)));
            }
        }
    }
}
