//! A borrowed picture in the layout the decoder made.

/// Memory layouts the estimator reads directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFormat {
    /// Three planes, chroma halved both ways.
    I420,
    /// Luma plane, interleaved chroma plane halved both ways.
    Nv12,
    /// Four bytes R, G, B, unused.
    Rgbx,
    /// Four bytes B, G, R, unused.
    Bgrx,
    /// Three bytes R, G, B.
    Rgb,
}

/// YCbCr to RGB matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorMatrix {
    /// ITU-R BT.601.
    #[default]
    Bt601,
    /// ITU-R BT.709.
    Bt709,
    /// ITU-R BT.2020, non-constant luminance.
    Bt2020,
}

/// Range of YCbCr samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorRange {
    /// 16–235.
    #[default]
    Limited,
    /// 0–255.
    Full,
}

/// One plane of pixels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plane<'a> {
    /// Bytes from the first row on.
    pub data: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
}

/// A frame as the decoder left it. Construction checks that every row lies inside its plane.
#[derive(Clone, Copy, Debug)]
pub struct FrameView<'a> {
    pub(crate) format: PixelFormat,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) planes: [Plane<'a>; 3],
    pub(crate) matrix: ColorMatrix,
    pub(crate) range: ColorRange,
}

/// Why a frame cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Width or height is zero or beyond [`FrameView::MAX_SIDE`].
    #[error("frame size {width}x{height} is outside 1..={max}", max = FrameView::MAX_SIDE)]
    Size {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// A plane is too short for its rows.
    #[error("plane {plane} holds {have} bytes, {need} needed")]
    ShortPlane {
        /// Plane index.
        plane: usize,
        /// Bytes present.
        have: usize,
        /// Bytes needed.
        need: usize,
    },
    /// The stride is smaller than a row.
    #[error("plane {plane} has a stride of {stride} bytes, a row needs {row}")]
    Stride {
        /// Plane index.
        plane: usize,
        /// Stride given.
        stride: usize,
        /// Bytes of one row.
        row: usize,
    },
}

impl<'a> FrameView<'a> {
    /// Largest accepted width or height.
    pub const MAX_SIDE: usize = 16384;

    /// Checks and wraps a frame. Unused planes are `Plane::default()`.
    pub fn new(
        format: PixelFormat,
        width: usize,
        height: usize,
        planes: [Plane<'a>; 3],
        matrix: ColorMatrix,
        range: ColorRange,
    ) -> Result<Self, FrameError> {
        let side = 1..=Self::MAX_SIDE;
        if !side.contains(&width) || !side.contains(&height) {
            return Err(FrameError::Size { width, height });
        }
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        let needed: [(usize, usize); 3] = match format {
            PixelFormat::I420 => [
                (width, height),
                (half_width, half_height),
                (half_width, half_height),
            ],
            PixelFormat::Nv12 => [(width, height), (2 * half_width, half_height), (0, 0)],
            PixelFormat::Rgbx | PixelFormat::Bgrx => [(4 * width, height), (0, 0), (0, 0)],
            PixelFormat::Rgb => [(3 * width, height), (0, 0), (0, 0)],
        };
        for (plane, (&(row, rows), p)) in needed.iter().zip(&planes).enumerate() {
            if rows == 0 {
                continue;
            }
            if p.stride < row {
                return Err(FrameError::Stride {
                    plane,
                    stride: p.stride,
                    row,
                });
            }
            let need = p.stride * (rows - 1) + row;
            if p.data.len() < need {
                return Err(FrameError::ShortPlane {
                    plane,
                    have: p.data.len(),
                    need,
                });
            }
        }
        Ok(Self {
            format,
            width,
            height,
            planes,
            matrix,
            range,
        })
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }
}
