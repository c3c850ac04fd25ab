//! From analysed frames to H.264 with the graphics on it.

use super::fanout::Fanout;
use super::rendition::Form;
use crate::elements::{make, set_if_present};
use crate::live::LiveError;
use crate::stopping::Stopping;
use crate::sync::lock;
use gst::prelude::*;
use gst_app::{AppSink, AppSrc};
use std::collections::BTreeSet;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Frames that wait for the encoder; the older one is dropped.
const FRAMES_WAITING: u64 = 2;
/// Seconds between key frames at 30 frames per second, in frames. Who joins asks for one.
const KEY_FRAME_DISTANCE: &str = "60";
/// Bits per pixel of a picture of one moving person: clean at this encoder's quickest setting.
const BITS_PER_PIXEL: f64 = 0.12;
/// Frame rate the bit rate is meant for.
const USUAL_FPS: f64 = 30.0;
/// The longest the last frames take to come out of the encoder.
const LONGEST_DRAIN: Duration = Duration::from_secs(3);

/// An encoder, the pixel format it takes and how it is set up for little delay. Properties an element does not have are
/// left alone: they differ between versions.
struct Kind {
    element: &'static str,
    format: &'static str,
    /// Property that takes the bit rate, and its unit in bits per second.
    bit_rate: (&'static str, f64),
    settings: &'static [(&'static str, &'static str)],
}

/// Hardware first, then software.
const KINDS: &[Kind] = &[
    Kind {
        element: "nvh264enc",
        format: "NV12",
        bit_rate: ("bitrate", 1000.0),
        settings: &[
            ("preset", "low-latency-hq"),
            ("zerolatency", "true"),
            ("gop-size", KEY_FRAME_DISTANCE),
        ],
    },
    Kind {
        element: "vah264enc",
        format: "NV12",
        bit_rate: ("bitrate", 1000.0),
        settings: &[
            ("b-frames", "0"),
            ("key-int-max", KEY_FRAME_DISTANCE),
            ("target-usage", "6"),
        ],
    },
    Kind {
        element: "qsvh264enc",
        format: "NV12",
        bit_rate: ("bitrate", 1000.0),
        settings: &[
            ("low-latency", "true"),
            ("b-frames", "0"),
            ("gop-size", KEY_FRAME_DISTANCE),
        ],
    },
    Kind {
        element: "vtenc_h264_hw",
        format: "NV12",
        bit_rate: ("bitrate", 1000.0),
        settings: &[
            ("realtime", "true"),
            ("allow-frame-reordering", "false"),
            ("max-keyframe-interval", KEY_FRAME_DISTANCE),
        ],
    },
    Kind {
        element: "x264enc",
        format: "I420",
        bit_rate: ("bitrate", 1000.0),
        settings: &[
            ("tune", "zerolatency"),
            ("speed-preset", "ultrafast"),
            ("key-int-max", KEY_FRAME_DISTANCE),
            ("aud", "false"),
        ],
    },
    Kind {
        element: "openh264enc",
        format: "I420",
        bit_rate: ("bitrate", 1.0),
        settings: &[
            ("complexity", "low"),
            ("gop-size", KEY_FRAME_DISTANCE),
            ("rate-control", "bitrate"),
        ],
    },
];

/// Encoders that failed in this process.
static FAILED: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// A running encoder. Dropping it stops it.
pub(crate) struct Encoder {
    pipeline: Stopping,
    source: AppSrc,
    overlay: gst::Element,
    shape: gst::Element,
    kind: &'static Kind,
    element: gst::Element,
    size: Mutex<Option<(u32, u32)>>,
    failure: Arc<Mutex<Option<String>>>,
    ended: Mutex<mpsc::Receiver<()>>,
}

impl Encoder {
    /// Starts the first encoder that starts and is none of those to `avoid`; `failed` is called from a streaming thread when
    /// it fails later.
    pub fn start(
        fanout: &Arc<Fanout>,
        form: Form,
        overlay: bool,
        avoid: &BTreeSet<&'static str>,
        failed: impl Fn() + Send + Sync + Clone + 'static,
    ) -> Result<Self, LiveError> {
        let mut reasons = Vec::new();
        for kind in KINDS {
            if gst::ElementFactory::find(kind.element).is_none() {
                continue;
            }
            if avoid.contains(kind.element) || lock(&FAILED).contains(kind.element) {
                reasons.push(format!("{}: it failed before", kind.element));
                continue;
            }
            match Self::start_kind(kind, fanout, form, overlay, failed.clone()) {
                Ok(encoder) => return Ok(encoder),
                Err(error) => reasons.push(format!("{}: {error}", kind.element)),
            }
        }
        let reason = match reasons.is_empty() {
            true => "no H.264 encoder is installed (install gstreamer1.0-plugins-ugly)".into(),
            false => format!("no encoder starts: {}", reasons.join("; ")),
        };
        Err(LiveError::Output { reason })
    }

    fn start_kind(
        kind: &'static Kind,
        fanout: &Arc<Fanout>,
        form: Form,
        overlay: bool,
        failed: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, LiveError> {
        let source = AppSrc::builder()
            .format(gst::Format::Time)
            .is_live(true)
            .leaky_type(gst_app::AppLeakyType::Downstream)
            .max_buffers(FRAMES_WAITING)
            .build();
        let graphics = make("kineoverlay", "overlay")?;
        graphics.set_property_from_str("mode", form.overlay_mode());
        graphics.set_property("enabled", overlay);
        let convert = make("videoconvertscale", "convert")?;
        let shape = make("capsfilter", "shape")?;
        let element = make(kind.element, "encoder")?;
        for (property, value) in kind.settings {
            set_if_present(&element, property, value);
        }
        let profile = make("capsfilter", "profile")?;
        profile.set_property("caps", h264("constrained-baseline"));
        let parse = make("h264parse", "parse")?;
        parse.set_property("config-interval", -1i32);
        let (end, ended) = mpsc::sync_channel(1);
        let sink = sink(fanout, end);

        let pipeline = Stopping(gst::Pipeline::new());
        let chain = [
            source.upcast_ref(),
            &graphics,
            &convert,
            &shape,
            &element,
            &profile,
            &parse,
            sink.upcast_ref(),
        ];
        pipeline
            .0
            .add_many(chain)
            .and_then(|()| gst::Element::link_many(chain))
            .map_err(|error| output(error.to_string()))?;
        let failure = Arc::new(Mutex::new(None));
        let encoder = Self {
            pipeline,
            source,
            overlay: graphics,
            shape,
            kind,
            element,
            size: Mutex::default(),
            failure,
            ended: Mutex::new(ended),
        };
        encoder.listen(failed);
        encoder.pipeline.0.set_state(gst::State::Playing).map_err(|_| {
            output(
                lock(&encoder.failure)
                    .take()
                    .unwrap_or("it does not start".into()),
            )
        })?;
        fanout.feed_from(&sink);
        Ok(encoder)
    }

    /// Keeps what the pipeline says when it fails; everything else is dropped, so that its bus does not grow.
    fn listen(&self, failed: impl Fn() + Send + Sync + 'static) {
        let failure = self.failure.clone();
        let (kind, element) = (self.kind, self.element.downgrade());
        let bus = self.pipeline.0.bus().expect("a pipeline has a bus");
        bus.set_sync_handler(move |_, message| {
            if let gst::MessageView::Error(error) = message.view() {
                // What fails beside the encoder says nothing about it.
                if error.src() == element.upgrade().as_ref().map(|element| element.upcast_ref()) {
                    lock(&FAILED).insert(kind.element);
                }
                let reason = error.error().message().trim_end_matches('.').to_owned();
                *lock(&failure) = Some(format!("encoder {} failed: {reason}", kind.element));
                failed();
            }
            gst::BusSyncReply::Drop
        });
    }

    /// The element that encodes.
    pub fn name(&self) -> &'static str {
        self.kind.element
    }

    /// What went wrong, if something did.
    pub fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    /// Draws the graphics from now on, or not.
    pub fn set_overlay(&self, on: bool) {
        self.overlay.set_property("enabled", on);
    }

    /// Takes a frame. Its size becomes that of the video, unless somebody needs the size to stay as it was: then the picture
    /// is fitted in.
    pub fn frame(&self, sample: &gst::Sample, keep_size: bool) {
        let video = sample
            .caps()
            .and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok());
        if let Some(video) = video {
            // Chroma is halved, so both sides are even.
            let wanted = (video.width() & !1, video.height() & !1);
            let mut size = lock(&self.size);
            if *size != Some(wanted) && !(keep_size && size.is_some()) {
                *size = Some(wanted);
                drop(size);
                self.reshape(wanted);
            }
        }
        // Fails only when the encoder is stopping or failed, which others take care of.
        let _ = self.source.push_sample(sample);
    }

    fn reshape(&self, (width, height): (u32, u32)) {
        let caps = gst::Caps::builder("video/x-raw")
            .field("format", self.kind.format)
            .field("width", width as i32)
            .field("height", height as i32)
            .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
            .build();
        self.shape.set_property("caps", caps);
        let (property, unit) = self.kind.bit_rate;
        let bits_per_s = f64::from(width) * f64::from(height) * USUAL_FPS * BITS_PER_PIXEL;
        set_if_present(&self.element, property, &((bits_per_s / unit) as u32).to_string());
    }

    /// Encodes what it has been given and ends.
    pub fn drain(&self) {
        if self.source.end_of_stream().is_ok() {
            // Whoever is too slow loses the last frames.
            let _ = lock(&self.ended).recv_timeout(LONGEST_DRAIN);
        }
    }
}

fn h264(profile: &str) -> gst::Caps {
    gst::Caps::builder("video/x-h264")
        .field("profile", profile)
        .build()
}

fn sink(fanout: &Arc<Fanout>, end: mpsc::SyncSender<()>) -> AppSink {
    let caps = gst::Caps::builder("video/x-h264")
        .field("stream-format", "byte-stream")
        .field("alignment", "au")
        .build();
    let sink = AppSink::builder().caps(&caps).sync(false).async_(false).build();
    let fanout = fanout.clone();
    sink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                fanout.give(&sample);
                Ok(gst::FlowSuccess::Ok)
            })
            .eos(move |_| {
                // Nobody waits when it is not being drained.
                let _ = end.try_send(());
            })
            .build(),
    );
    sink
}

fn output(reason: String) -> LiveError {
    LiveError::Output { reason }
}
