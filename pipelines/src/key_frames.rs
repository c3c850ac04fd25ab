//! Single pictures out of a video file.

use crate::AnalysisError;
use crate::elements::{self, make};
use gst::prelude::*;
use std::path::Path;

/// Quality of the JPEG pictures, percent.
const JPEG_QUALITY: i32 = 82;
/// Height of the pictures in pixels; the width follows.
const HEIGHT: i32 = 480;
/// Longest wait for one picture: decoding from the keyframe before it.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(20);

/// A part of a picture: its sides as parts of the whole width and height, 0..1 from the left and the top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crop {
    /// Left and right side.
    pub x: (f64, f64),
    /// Upper and lower side.
    pub y: (f64, f64),
}

impl Crop {
    /// The whole picture.
    pub const WHOLE: Self = Self {
        x: (0.0, 1.0),
        y: (0.0, 1.0),
    };

    /// Pixels to take away on the left, right, top and bottom; even numbers, so that subsampled colour is not shifted.
    fn margins(self, width: i32, height: i32) -> [i32; 4] {
        let even = |part: f64, side: i32| ((part.clamp(0.0, 1.0) * f64::from(side)) as i32) & !1;
        let margins = [
            even(self.x.0, width),
            even(1.0 - self.x.1, width),
            even(self.y.0, height),
            even(1.0 - self.y.1, height),
        ];
        let leaves_something = margins[0] + margins[1] < width && margins[2] + margins[3] < height;
        if leaves_something { margins } else { [0; 4] }
    }
}

/// A picture to take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyFrame {
    /// Position in the file, seconds.
    pub position_s: f64,
    /// The part of the picture that is wanted.
    pub crop: Crop,
}

/// The pictures as JPEG of 480 pixels' height; `None` where the file has no picture.
pub fn key_frames(file: &Path, wanted: &[KeyFrame]) -> Result<Vec<Option<Vec<u8>>>, AnalysisError> {
    elements::init()?;
    let album = Album::open(file)?;
    Ok(wanted.iter().map(|frame| album.picture(frame)).collect())
}

/// A paused pipeline that gives pictures on request. Dropping it stops it.
struct Album {
    pipeline: gst::Pipeline,
    crop: gst::Element,
    sink: gst_app::AppSink,
    /// Width and height of the video, pixels.
    size: (i32, i32),
}

impl Drop for Album {
    fn drop(&mut self) {
        // Going to NULL cannot fail in a way that anybody could act on.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands errors over")]
fn broken(reason: impl ToString) -> AnalysisError {
    AnalysisError::Pipeline {
        element: "key frames".into(),
        reason: reason.to_string(),
    }
}

impl Album {
    fn open(file: &Path) -> Result<Self, AnalysisError> {
        let source = make("filesrc", "source")?;
        source.set_property("location", file);
        let decode = make("decodebin", "decode")?;
        let convert = make("videoconvert", "convert")?;
        let crop = make("videocrop", "crop")?;
        let scale = make("videoscale", "scale")?;
        let filter = make("capsfilter", "size")?;
        let caps = gst::Caps::builder("video/x-raw")
            .field("height", HEIGHT)
            .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
            .build();
        filter.set_property("caps", &caps);
        let encode = make("jpegenc", "encode")?;
        encode.set_property("quality", JPEG_QUALITY);
        let sink = gst_app::AppSink::builder().sync(false).max_buffers(1).build();
        let pipeline = gst::Pipeline::new();
        let chain = [&convert, &crop, &scale, &filter, &encode, sink.upcast_ref()];
        pipeline
            .add_many([&source, &decode])
            .and_then(|()| pipeline.add_many(chain))
            .and_then(|()| source.link(&decode))
            .and_then(|()| gst::Element::link_many(chain))
            .map_err(broken)?;
        link_video(&decode, &convert);
        let mut album = Self {
            pipeline,
            crop,
            sink,
            size: (0, 0),
        };
        album.pipeline.set_state(gst::State::Paused).map_err(broken)?;
        album.pipeline.state(PATIENCE).0.map_err(broken)?;
        let pad = convert.static_pad("sink").expect("videoconvert has a sink pad");
        let caps = pad
            .current_caps()
            .ok_or_else(|| broken("the video has no format"))?;
        let video = gst_video::VideoInfo::from_caps(&caps).map_err(broken)?;
        album.size = (video.width() as i32, video.height() as i32);
        Ok(album)
    }

    fn picture(&self, wanted: &KeyFrame) -> Option<Vec<u8>> {
        let margins = wanted.crop.margins(self.size.0, self.size.1);
        for (side, margin) in ["left", "right", "top", "bottom"].into_iter().zip(margins) {
            self.crop.set_property(side, margin);
        }
        let position = gst::ClockTime::from_nseconds((wanted.position_s.max(0.0) * 1e9) as u64);
        self.pipeline
            .seek_simple(gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE, position)
            .ok()?;
        self.pipeline.state(PATIENCE).0.ok()?;
        let sample = self.sink.try_pull_preroll(PATIENCE)?;
        let data = sample.buffer()?.map_readable().ok()?;
        Some(data.to_vec())
    }
}

/// Links the video pad of a decoder once it appears.
fn link_video(decode: &gst::Element, convert: &gst::Element) {
    let pad = convert.static_pad("sink").expect("videoconvert has a sink pad");
    decode.connect_pad_added(move |_, new| {
        let is_video = new
            .current_caps()
            .is_some_and(|caps| caps.structure(0).is_some_and(|s| s.name().starts_with("video/")));
        if is_video && !pad.is_linked() {
            // A pad that cannot be linked leaves the pipeline without a picture, which the caller sees.
            let _ = new.link(&pad);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crop_takes_away_what_is_outside_and_never_everything() {
        let crop = Crop {
            x: (0.25, 0.75),
            y: (0.0, 0.9),
        };
        assert_eq!(crop.margins(640, 360), [160, 160, 0, 34]);
        assert_eq!(Crop::WHOLE.margins(640, 360), [0; 4]);
        let nothing = Crop {
            x: (0.9, 0.1),
            y: (0.0, 1.0),
        };
        assert_eq!(nothing.margins(640, 360), [0; 4]);
    }
}
