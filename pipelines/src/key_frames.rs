//! Single pictures out of a video file.

use crate::AnalysisError;
use crate::elements::{self, make};
use gst::prelude::*;
use std::path::Path;

/// Quality of the JPEG pictures, percent.
const JPEG_QUALITY: i32 = 82;
/// Width of the pictures in pixels; the height follows.
const WIDTH: i32 = 480;
/// Longest wait for one picture: decoding from the keyframe before it.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(20);

/// Pictures at these instants of the file, seconds, as JPEG of 480 pixels' width. An instant without a picture gives
/// `None`.
pub fn key_frames(file: &Path, times_s: &[f64]) -> Result<Vec<Option<Vec<u8>>>, AnalysisError> {
    elements::init()?;
    let pipeline = gst::Pipeline::new();
    let source = make("filesrc", "source")?;
    source.set_property("location", file);
    let decode = make("decodebin", "decode")?;
    let convert = make("videoconvert", "convert")?;
    let scale = make("videoscale", "scale")?;
    let filter = make("capsfilter", "size")?;
    let square = gst::Fraction::new(1, 1);
    let caps = gst::Caps::builder("video/x-raw")
        .field("width", WIDTH)
        .field("pixel-aspect-ratio", square)
        .build();
    filter.set_property("caps", &caps);
    let encode = make("jpegenc", "encode")?;
    encode.set_property("quality", JPEG_QUALITY);
    let sink = gst_app::AppSink::builder().sync(false).max_buffers(1).build();
    let chain = [&convert, &scale, &filter, &encode, sink.upcast_ref()];
    let broken = |reason: String| AnalysisError::Pipeline {
        element: "key frames".into(),
        reason,
    };
    pipeline
        .add_many([&source, &decode])
        .and_then(|()| pipeline.add_many(chain))
        .and_then(|()| source.link(&decode))
        .and_then(|()| gst::Element::link_many(chain))
        .map_err(|error| broken(error.to_string()))?;
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
    let pictures = pictures(&pipeline, &sink, times_s).map_err(|error| broken(error.to_string()));
    // Going to NULL cannot fail in a way that anybody could act on.
    let _ = pipeline.set_state(gst::State::Null);
    pictures
}

fn pictures(
    pipeline: &gst::Pipeline,
    sink: &gst_app::AppSink,
    times_s: &[f64],
) -> Result<Vec<Option<Vec<u8>>>, gst::StateChangeError> {
    pipeline.set_state(gst::State::Paused)?;
    pipeline.state(PATIENCE).0?;
    let picture = |time: &f64| {
        let position = gst::ClockTime::from_nseconds((time.max(0.0) * 1e9) as u64);
        pipeline
            .seek_simple(gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE, position)
            .ok()?;
        pipeline.state(PATIENCE).0.ok()?;
        let sample = sink.try_pull_preroll(PATIENCE)?;
        let data = sample.buffer()?.map_readable().ok()?;
        Some(data.to_vec())
    };
    Ok(times_s.iter().map(picture).collect())
}
