//! Encoding with GStreamer: `appsrc ! x264enc or vp8enc ! appsink`.

use super::{Codec, FootageOptions};
use gst::prelude::*;
use synthetic_athlete::{ClipError, Footage as Drawn};

/// Why there is no footage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FootageError {
    /// The clip makes no sense.
    #[error("the footage cannot be made: {0}")]
    Clip(#[from] ClipError),
    /// GStreamer itself does not start.
    #[error("GStreamer does not start: {0}")]
    Start(#[from] gst::glib::Error),
    /// The pipeline cannot be built: an element is missing, or does not take the size.
    #[error("the footage cannot be encoded: {0}")]
    Build(#[from] gst::glib::BoolError),
    /// The encoder failed.
    #[error("encoding the footage failed: {0}")]
    Encoder(String),
    /// The encoder gave another number of frames than it was given.
    #[error("the encoder made {encoded} frames of {drawn}")]
    Lost {
        /// How many were drawn.
        drawn: usize,
        /// How many came out.
        encoded: usize,
    },
    /// No loop can be made of the frames.
    #[error("a loop begins with a key frame and has a frame rate")]
    Loop,
}

/// What comes out of the encoder.
pub struct Encoded {
    pub data: Vec<u8>,
    pub key: bool,
}

/// Encodes all frames. No frame is reordered or left out.
pub fn encode(clip: &Drawn, options: &FootageOptions) -> Result<Vec<Encoded>, FootageError> {
    gst::init()?;
    let pipeline = Pipeline::new(options)?;
    let mut encoded = Vec::with_capacity(clip.frame_count());
    clip.for_each_frame(options.threads, |index, rgb| {
        pipeline.push(index, rgb, options)?;
        while let Some(sample) = pipeline.sink.try_pull_sample(gst::ClockTime::ZERO) {
            encoded.push(unit(&sample)?);
        }
        Ok::<_, FootageError>(())
    })?;
    pipeline.finish(&mut encoded)?;
    let drawn = clip.frame_count();
    match encoded.len() {
        encoded if encoded != drawn => Err(FootageError::Lost { drawn, encoded }),
        _ => Ok(encoded),
    }
}

struct Pipeline {
    pipeline: gst::Pipeline,
    source: gst_app::AppSrc,
    sink: gst_app::AppSink,
}

impl Pipeline {
    fn new(options: &FootageOptions) -> Result<Self, FootageError> {
        let rate = gst::Fraction::new(options.fps.max(1) as i32, 1);
        let layout =
            gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, options.width, options.height)
                .fps(rate)
                .build()?;
        let source = gst_app::AppSrc::builder()
            .caps(&layout.to_caps()?)
            .format(gst::Format::Time)
            .build();
        let convert = gst::ElementFactory::make("videoconvert").build()?;
        let sink = gst_app::AppSink::builder()
            .caps(&encoded_caps(options.codec))
            .sync(false)
            .build();
        let encoder = encoder(options)?;
        let pipeline = gst::Pipeline::new();
        let elements = [source.upcast_ref(), &convert, &encoder, sink.upcast_ref()];
        pipeline.add_many(elements)?;
        gst::Element::link_many(elements)?;
        pipeline
            .set_state(gst::State::Playing)
            .map_err(|error| FootageError::Encoder(error.to_string()))?;
        Ok(Self {
            pipeline,
            source,
            sink,
        })
    }

    fn push(&self, index: usize, rgb: &[u8], options: &FootageOptions) -> Result<(), FootageError> {
        let at = |index: usize| {
            gst::ClockTime::SECOND
                .mul_div_round(index as u64, options.fps.into())
                .unwrap_or_default()
        };
        let mut buffer = gst::Buffer::from_mut_slice(rows(rgb, options));
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(at(index));
            buffer.set_duration(at(index + 1) - at(index));
        }
        self.source
            .push_buffer(buffer)
            .map(drop)
            .map_err(|_| self.failure())
    }

    fn finish(&self, encoded: &mut Vec<Encoded>) -> Result<(), FootageError> {
        self.source.end_of_stream().map_err(|_| self.failure())?;
        while let Ok(sample) = self.sink.pull_sample() {
            encoded.push(unit(&sample)?);
        }
        if self.sink.is_eos() {
            Ok(())
        } else {
            Err(self.failure())
        }
    }

    /// What the pipeline says went wrong.
    fn failure(&self) -> FootageError {
        let bus = self.pipeline.bus();
        let message = bus.and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
        FootageError::Encoder(match message.as_ref().map(|message| message.view()) {
            Some(gst::MessageView::Error(error)) => error.error().to_string(),
            _ => "the pipeline stopped".into(),
        })
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        // Going to Null cannot fail in a way that anybody could act on here.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// Rows with the padding to four bytes that GStreamer expects of RGB.
fn rows(rgb: &[u8], options: &FootageOptions) -> Vec<u8> {
    let row = 3 * options.width as usize;
    let padding = row.next_multiple_of(4) - row;
    let mut rows = Vec::with_capacity((row + padding) * options.height as usize);
    for pixels in rgb.chunks_exact(row) {
        rows.extend_from_slice(pixels);
        rows.resize(rows.len() + padding, 0);
    }
    rows
}

fn encoder(options: &FootageOptions) -> Result<gst::Element, FootageError> {
    let encoder = match options.codec {
        Codec::Vp8 => {
            let encoder = gst::ElementFactory::make("vp8enc").build()?;
            encoder.set_property("target-bitrate", options.bitrate as i32);
            encoder.set_property("keyframe-max-dist", options.key_frame_every as i32);
            // As realtime encoders do: no picture waits for a later one, none is left out, and the fastest settings but a few.
            encoder.set_property("deadline", 1i64);
            encoder.set_property("cpu-used", 4i32);
            encoder.set_property("lag-in-frames", 0i32);
            encoder.set_property("dropframe-threshold", 0i32);
            encoder
        }
        Codec::H264Baseline | Codec::H264High => {
            let encoder = gst::ElementFactory::make("x264enc").build()?;
            encoder.set_property("bitrate", options.bitrate.div_ceil(1000));
            encoder.set_property("key-int-max", options.key_frame_every);
            encoder.set_property_from_str("tune", "zerolatency");
            encoder.set_property_from_str("speed-preset", "veryfast");
            // One slice per picture, as OBS and browsers send; `zerolatency` would cut one per thread.
            encoder.set_property("threads", 1u32);
            encoder.set_property("bframes", 0u32);
            encoder
        }
    };
    Ok(encoder)
}

fn encoded_caps(codec: Codec) -> gst::Caps {
    let profile = match codec {
        Codec::Vp8 => return gst::Caps::new_empty_simple("video/x-vp8"),
        Codec::H264Baseline => "constrained-baseline",
        Codec::H264High => "high",
    };
    gst::Caps::builder("video/x-h264")
        .field("stream-format", "byte-stream")
        .field("alignment", "au")
        .field("profile", profile)
        .build()
}

fn unit(sample: &gst::Sample) -> Result<Encoded, FootageError> {
    let buffer = sample
        .buffer()
        .ok_or_else(|| FootageError::Encoder("a sample has no buffer".into()))?;
    Ok(Encoded {
        data: buffer.map_readable()?.to_vec(),
        key: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
    })
}
