//! The overlay video: H.264 in MP4 that plays everywhere, complete or absent.

use super::branch::{Branch, bounded_queue};
use super::{AtomicFile, folder_of};
use crate::AnalysisError;
use crate::elements::make;
use gst::prelude::*;
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// Constant quality of x264: visually clean, about 2 Mbit/s for 720p of one moving person.
const X264_QUALITY: u32 = 21;
/// Longest distance between keyframes, frames: players seek quickly.
const KEYFRAME_DISTANCE: u32 = 60;
/// Largest picture side H.264 takes.
const MAX_SIDE: i32 = 16384;

/// The overlay video being written.
pub(crate) struct OverlayFile {
    pub branch: Branch,
    target: PathBuf,
    file: AtomicFile,
    /// Where the muxer keeps the media until its index is known; removed on drop.
    _media: TempPath,
}

impl OverlayFile {
    /// Without `numbers` only the skeleton is drawn.
    ///
    /// Adds `queue ! kineoverlay ! … ! x264enc ! mp4mux ! filesink`. Fails at once when the target cannot be written.
    pub fn build(pipeline: &gst::Pipeline, target: &Path, numbers: bool) -> Result<Self, AnalysisError> {
        let unwritable = |error: std::io::Error| AnalysisError::Output {
            path: target.to_owned(),
            reason: error.to_string(),
        };
        let file = AtomicFile::create(target).map_err(unwritable)?;
        let media = tempfile::Builder::new()
            .prefix(".overlay.")
            .suffix(".part")
            .tempfile_in(folder_of(target))
            .map_err(unwritable)?
            .into_temp_path();
        let overlay = make("kineoverlay", "overlay")?;
        for part in ["angles", "banner", "metrics"] {
            overlay.set_property(part, numbers);
        }
        let elements = vec![
            bounded_queue("overlay-queue")?,
            overlay,
            make("videoconvert", "overlay-convert")?,
            make("videoscale", "overlay-even")?,
            caps_filter("overlay-raw", &even_i420())?,
            encoder()?,
            caps_filter(
                "overlay-h264",
                &gst::Caps::builder("video/x-h264")
                    .field("profile", "high")
                    .build(),
            )?,
            muxer(&media)?,
            sink(file.part())?,
        ];
        let branch = Branch::build(pipeline, elements)?;
        Ok(Self {
            branch,
            target: target.to_owned(),
            file,
            _media: media,
        })
    }

    /// Gives the finished file its name. Call it when the pipeline has stopped.
    pub fn commit(self) -> Result<(), AnalysisError> {
        let Self { target, file, .. } = self;
        file.commit().map_err(|error| AnalysisError::Output {
            path: target,
            reason: error.to_string(),
        })
    }

    /// Where the file will be.
    pub fn target(&self) -> &Path {
        &self.target
    }
}

/// 4:2:0 with even sides: phones and browsers play nothing else. An odd side gives way by one pixel.
fn even_i420() -> gst::Caps {
    let even = || gst::IntRange::<i32>::with_step(2, MAX_SIDE, 2);
    gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", even())
        .field("height", even())
        .build()
}

fn caps_filter(name: &str, caps: &gst::Caps) -> Result<gst::Element, AnalysisError> {
    let filter = make("capsfilter", name)?;
    filter.set_property("caps", caps);
    Ok(filter)
}

fn encoder() -> Result<gst::Element, AnalysisError> {
    let encoder = make("x264enc", "overlay-encoder")?;
    encoder.set_property_from_str("pass", "qual");
    encoder.set_property("quantizer", X264_QUALITY);
    encoder.set_property_from_str("speed-preset", "veryfast");
    encoder.set_property("key-int-max", KEYFRAME_DISTANCE);
    // Without lookahead x264 keeps a handful of pictures instead of dozens: 70 MB instead of 320 MB for 1080p, for
    // files a sixth larger.
    encoder.set_property_from_str("tune", "zerolatency");
    Ok(encoder)
}

fn muxer(media: &Path) -> Result<gst::Element, AnalysisError> {
    let muxer = make("mp4mux", "overlay-muxer")?;
    muxer.set_property("faststart", true);
    muxer.set_property("faststart-file", media);
    Ok(muxer)
}

fn sink(part: &Path) -> Result<gst::Element, AnalysisError> {
    let sink = make("filesink", "overlay-file")?;
    sink.set_property("location", part);
    sink.set_property("sync", false);
    // The muxer writes nothing before the end, so this sink must not be waited for when the pipeline starts.
    sink.set_property("async", false);
    Ok(sink)
}
