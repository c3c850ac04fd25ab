//! From GStreamer's video types to the pose estimator's.

use gst_video::prelude::*;
use gst_video::{VideoColorMatrix, VideoColorRange, VideoFormat, VideoFrameRef, VideoInfo};
use kinemotion_models::{ColorMatrix, ColorRange, FrameError, FrameView, PixelFormat, Plane};

/// Formats the estimator reads, the cheapest first. Alpha is ignored.
pub(crate) const READABLE_FORMATS: [VideoFormat; 7] = [
    VideoFormat::I420,
    VideoFormat::Nv12,
    VideoFormat::Bgrx,
    VideoFormat::Rgbx,
    VideoFormat::Rgb,
    VideoFormat::Bgra,
    VideoFormat::Rgba,
];

/// How the estimator must read negotiated video.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PixelLayout {
    format: PixelFormat,
    matrix: ColorMatrix,
    range: ColorRange,
    planes: usize,
}

/// The layout of negotiated video, `None` for a format the estimator cannot read.
pub(crate) fn pixel_layout(info: &VideoInfo) -> Option<PixelLayout> {
    let (format, planes) = match info.format() {
        VideoFormat::I420 => (PixelFormat::I420, 3),
        VideoFormat::Nv12 => (PixelFormat::Nv12, 2),
        VideoFormat::Rgbx | VideoFormat::Rgba => (PixelFormat::Rgbx, 1),
        VideoFormat::Bgrx | VideoFormat::Bgra => (PixelFormat::Bgrx, 1),
        VideoFormat::Rgb => (PixelFormat::Rgb, 1),
        _ => return None,
    };
    Some(PixelLayout {
        format,
        matrix: color_matrix(info),
        range: match info.colorimetry().range() {
            VideoColorRange::Range0_255 => ColorRange::Full,
            _ => ColorRange::Limited,
        },
        planes,
    })
}

/// The YCbCr matrix of negotiated video. An unnamed one is BT.601 up to 576 rows and BT.709 above, as is the custom.
pub(crate) fn color_matrix(info: &VideoInfo) -> ColorMatrix {
    const LAST_STANDARD_DEFINITION_ROW: u32 = 576;
    match info.colorimetry().matrix() {
        VideoColorMatrix::Bt601 | VideoColorMatrix::Fcc => ColorMatrix::Bt601,
        VideoColorMatrix::Bt709 | VideoColorMatrix::Smpte240m => ColorMatrix::Bt709,
        VideoColorMatrix::Bt2020 => ColorMatrix::Bt2020,
        _ if info.height() > LAST_STANDARD_DEFINITION_ROW => ColorMatrix::Bt709,
        _ => ColorMatrix::Bt601,
    }
}

/// Lends a mapped frame to the estimator.
pub(crate) fn view<'a>(
    frame: &'a VideoFrameRef<&gst::BufferRef>,
    layout: &PixelLayout,
) -> Result<FrameView<'a>, FrameError> {
    let mut planes = [Plane::default(); 3];
    for (index, plane) in planes.iter_mut().enumerate().take(layout.planes) {
        // A plane that cannot be read stays empty, which the view then refuses by name.
        let data = frame.plane_data(index as u32).unwrap_or_default();
        let stride = frame.plane_stride().get(index).copied().unwrap_or_default();
        *plane = Plane {
            data,
            stride: usize::try_from(stride).unwrap_or_default(),
        };
    }
    FrameView::new(
        layout.format,
        frame.width() as usize,
        frame.height() as usize,
        planes,
        layout.matrix,
        layout.range,
    )
}
