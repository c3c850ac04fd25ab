//! Encoding footage as H.264 in MP4 with GStreamer.
//!
//! `appsrc ! x264enc ! h264parse ! mp4mux ! filesink`, fed with I420 in the wanted colorimetry. Every buffer carries the
//! exact time of its frame, so fractional and variable frame rates survive.

mod rotation;

use crate::footage::Footage;
pub use crate::yuv::Colorimetry;
use crate::yuv::to_i420;
use gst::prelude::*;
use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How to encode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EncodeOptions {
    /// x264's constant rate factor: 0 is lossless, 18 looks perfect, 34 is poor. 0 to 51.
    pub crf: u32,
    /// Which luma and chroma the file holds.
    pub colorimetry: Colorimetry,
    /// Quarter turns clockwise that a player has to make, 0 to 3: the picture is stored turned the other way and the
    /// file says so, as phones do.
    pub quarter_turns: u8,
    /// Threads that draw frames; at least 1.
    pub threads: usize,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self {
            crf: 18,
            colorimetry: Colorimetry::Bt709,
            quarter_turns: 0,
            threads: 1,
        }
    }
}

/// Why a video could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoError {
    /// GStreamer itself does not start.
    #[error("GStreamer does not start: {0}")]
    Start(#[from] gst::glib::Error),
    /// An element is not installed.
    #[error("the GStreamer element {element} is missing; install {package}")]
    MissingElement {
        /// Name of the element.
        element: &'static str,
        /// Debian package that has it.
        package: &'static str,
    },
    /// Something in the pipeline failed: disk full, no permission …
    #[error("cannot write {path}: {reason}")]
    Pipeline {
        /// The file.
        path: PathBuf,
        /// What the element said.
        reason: String,
    },
}

/// Draws and encodes all frames into an MP4 file. `progress` is told how many frames are done, of how many.
///
/// The file appears under its name only when it is complete.
///
/// # Errors
/// [`VideoError`]: a missing element, or whatever an element of the pipeline reports.
pub fn write(
    footage: &Footage,
    path: &Path,
    options: &EncodeOptions,
    mut progress: impl FnMut(usize, usize),
) -> Result<(), VideoError> {
    gst::init()?;
    let partial = partial_name(path);
    let encoder = Encoder::new(footage, &partial, path, options)?;
    let total = footage.frame_count();
    let result = footage
        .for_each_frame(options.threads, |i, rgb| {
            encoder.push(footage, i, rgb)?;
            progress(i + 1, total);
            Ok(())
        })
        .and_then(|()| encoder.finish());
    drop(encoder);
    let moved = result.and_then(|()| {
        let reason = |e: std::io::Error| VideoError::Pipeline {
            path: path.to_owned(),
            reason: e.to_string(),
        };
        let turns = options.quarter_turns % 4;
        if turns > 0 {
            rotation::note(&partial, turns, footage.width(), footage.height()).map_err(reason)?;
        }
        std::fs::rename(&partial, path).map_err(reason)
    });
    if moved.is_err() {
        // Best effort: the reason that is reported matters more than a leftover that cannot be removed.
        let _ = std::fs::remove_file(&partial);
    }
    moved
}

/// Where the file grows until it is complete.
fn partial_name(path: &Path) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    path.with_file_name(name)
}

struct Encoder {
    pipeline: gst::Pipeline,
    source: gst_app::AppSrc,
    path: PathBuf,
    quarter_turns: u8,
    colorimetry: Colorimetry,
    layout: gst_video::VideoInfo,
}

impl Encoder {
    fn new(
        footage: &Footage,
        partial: &Path,
        path: &Path,
        options: &EncodeOptions,
    ) -> Result<Self, VideoError> {
        let quarter_turns = options.quarter_turns % 4;
        let failed = |reason: String| VideoError::Pipeline {
            path: path.to_owned(),
            reason,
        };
        let layout =
            layout(footage, quarter_turns, options.colorimetry).map_err(|e| failed(e.to_string()))?;
        let source = source(&layout)?;
        let x264 = make("x264enc", "gstreamer1.0-plugins-ugly")?;
        x264.set_property_from_str("pass", "qual");
        x264.set_property("quantizer", options.crf.min(51));
        x264.set_property_from_str("speed-preset", "veryfast");
        // No reordering: decoding order is display order, so the first frame is at 0 in every player.
        x264.set_property("bframes", 0u32);
        let parse = make("h264parse", "gstreamer1.0-plugins-bad")?;
        let mux = make("mp4mux", "gstreamer1.0-plugins-good")?;
        let sink = make("filesink", "libgstreamer1.0-0")?;
        sink.set_property("location", partial);

        let pipeline = gst::Pipeline::new();
        let elements = [source.upcast_ref(), &x264, &parse, &mux, &sink];
        pipeline.add_many(elements).map_err(|e| failed(e.to_string()))?;
        gst::Element::link_many(elements).map_err(|e| failed(e.to_string()))?;
        let pad = mux.sink_pads().into_iter().next();
        if let Some(pad) = pad.filter(|_| footage.clip().frame_jitter > 0.0) {
            pad.set_property("trak-timescale", 90_000u32); // fine enough for times off the frame grid
        }
        let encoder = Self {
            pipeline,
            source,
            path: path.to_owned(),
            quarter_turns,
            colorimetry: options.colorimetry,
            layout,
        };
        if encoder.pipeline.set_state(gst::State::Playing).is_err() {
            return Err(encoder.failure("the pipeline does not start"));
        }
        Ok(encoder)
    }

    fn push(&self, footage: &Footage, i: usize, rgb: &[u8]) -> Result<(), VideoError> {
        let turned = stored(
            rgb,
            footage.width() as usize,
            footage.height() as usize,
            self.quarter_turns,
        );
        let (width, height) = stored_size(footage, self.quarter_turns);
        let mut planes = Vec::new();
        to_i420(
            &turned,
            width as usize,
            height as usize,
            self.colorimetry,
            &mut planes,
        );
        let mut buffer = gst::Buffer::from_mut_slice(self.laid_out(&planes));
        if let Some(buffer) = buffer.get_mut() {
            let at = |i: usize| gst::ClockTime::from_nseconds((footage.time(i) * 1e9).round() as u64);
            buffer.set_pts(at(i));
            buffer.set_duration(at(i + 1).saturating_sub(at(i)));
        }
        self.source
            .push_buffer(buffer)
            .map(drop)
            .map_err(|_| self.failure("the pipeline stopped"))
    }

    /// Packed planes with the row padding that GStreamer expects.
    fn laid_out(&self, planes: &[u8]) -> Vec<u8> {
        let mut out = vec![0; self.layout.size()];
        let mut from = 0;
        for plane in 0..self.layout.n_planes() as usize {
            let component = plane as u8;
            let width = self.layout.comp_width(component) as usize;
            let (offset, stride) = (self.layout.offset()[plane], self.layout.stride()[plane] as usize);
            for y in 0..self.layout.comp_height(component) as usize {
                let at = offset + y * stride;
                out[at..at + width].copy_from_slice(&planes[from..from + width]);
                from += width;
            }
        }
        out
    }

    fn finish(&self) -> Result<(), VideoError> {
        self.source
            .end_of_stream()
            .map_err(|_| self.failure("the pipeline stopped"))?;
        let bus = self
            .pipeline
            .bus()
            .ok_or_else(|| self.failure("the pipeline has no bus"))?;
        let ends = [gst::MessageType::Eos, gst::MessageType::Error];
        match bus.timed_pop_filtered(gst::ClockTime::NONE, &ends) {
            Some(message) if message.type_() == gst::MessageType::Eos => Ok(()),
            Some(message) => Err(self.describe(&message)),
            None => Err(self.failure("the pipeline ended without a word")),
        }
    }

    /// What the pipeline says went wrong, or `otherwise`.
    fn failure(&self, otherwise: &str) -> VideoError {
        let message = self
            .pipeline
            .bus()
            .and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
        match message {
            Some(message) => self.describe(&message),
            None => VideoError::Pipeline {
                path: self.path.clone(),
                reason: otherwise.to_owned(),
            },
        }
    }

    fn describe(&self, message: &gst::Message) -> VideoError {
        let reason = match message.view() {
            gst::MessageView::Error(error) => match error.debug() {
                Some(detail) => format!(
                    "{} ({})",
                    error.error(),
                    detail.lines().last().unwrap_or_default().trim()
                ),
                None => error.error().to_string(),
            },
            _ => "unknown failure".to_owned(),
        };
        VideoError::Pipeline {
            path: self.path.clone(),
            reason,
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // Going to Null cannot fail in a way that anybody could act on here.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn make(element: &'static str, package: &'static str) -> Result<gst::Element, VideoError> {
    gst::ElementFactory::make(element)
        .build()
        .map_err(|_| VideoError::MissingElement { element, package })
}

/// Width and height of the stored picture.
fn stored_size(footage: &Footage, quarter_turns: u8) -> (u32, u32) {
    match quarter_turns % 2 {
        0 => (footage.width(), footage.height()),
        _ => (footage.height(), footage.width()),
    }
}

/// What the source hands on: I420, left-sited chroma.
fn layout(
    footage: &Footage,
    quarter_turns: u8,
    colorimetry: Colorimetry,
) -> Result<gst_video::VideoInfo, gst::glib::BoolError> {
    let (width, height) = stored_size(footage, quarter_turns);
    let clip = footage.clip();
    // Nominal, also when frames are late: a rate of 0 would leave the last frame without a duration in the file.
    let rate = gst::Fraction::new(clip.fps.numerator as i32, clip.fps.denominator as i32);
    let colours = match colorimetry {
        Colorimetry::Bt601 => "bt601",
        Colorimetry::Bt709 => "bt709",
    };
    gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, width, height)
        .fps(rate)
        .colorimetry(&colours.parse::<gst_video::VideoColorimetry>()?)
        .chroma_site(gst_video::VideoChromaSite::H_COSITED)
        .build()
}

fn source(layout: &gst_video::VideoInfo) -> Result<gst_app::AppSrc, VideoError> {
    const PACKAGE: &str = "gstreamer1.0-plugins-base";
    const FRAMES_WAITING: u64 = 4;
    let missing = |_| VideoError::MissingElement {
        element: "appsrc",
        package: PACKAGE,
    };
    let source = make("appsrc", PACKAGE)?
        .downcast::<gst_app::AppSrc>()
        .map_err(missing)?;
    source.set_caps(layout.to_caps().ok().as_ref());
    source.set_format(gst::Format::Time);
    source.set_block(true);
    source.set_max_bytes(FRAMES_WAITING * layout.size() as u64);
    Ok(source)
}

/// The picture as stored: turned back by as much as a player will turn it forward.
fn stored(rgb: &[u8], width: usize, height: usize, quarter_turns: u8) -> Cow<'_, [u8]> {
    if quarter_turns == 0 {
        return Cow::Borrowed(rgb);
    }
    let out_width = if quarter_turns == 2 { width } else { height };
    let mut out = vec![0; rgb.len()];
    for (i, pixel) in out.chunks_exact_mut(3).enumerate() {
        let (x, y) = (i % out_width, i / out_width);
        // Where this stored pixel is seen.
        let (seen_x, seen_y) = match quarter_turns {
            1 => (width - 1 - y, x),
            2 => (width - 1 - x, height - 1 - y),
            _ => (y, height - 1 - x),
        };
        let from = 3 * (seen_y * width + seen_x);
        pixel.copy_from_slice(&rgb[from..from + 3]);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns a packed picture clockwise by a quarter.
    fn clockwise(rgb: &[u8], width: usize, height: usize) -> Vec<u8> {
        let mut out = vec![0; rgb.len()];
        for y in 0..height {
            for x in 0..width {
                let (to_x, to_y) = (height - 1 - y, x);
                let (from, to) = (3 * (y * width + x), 3 * (to_y * height + to_x));
                out[to..to + 3].copy_from_slice(&rgb[from..from + 3]);
            }
        }
        out
    }

    #[test]
    fn a_player_that_turns_the_stored_picture_sees_the_original() {
        let (width, height) = (8, 4);
        let rgb: Vec<u8> = (0..3 * width * height).map(|i| i as u8).collect();
        for turns in 0..4u8 {
            let mut picture = stored(&rgb, width, height, turns).into_owned();
            let (mut w, mut h) = if turns % 2 == 1 {
                (height, width)
            } else {
                (width, height)
            };
            for _ in 0..turns {
                picture = clockwise(&picture, w, h);
                (w, h) = (h, w);
            }
            assert_eq!(picture, rgb, "{turns} quarter turns");
        }
    }
}
