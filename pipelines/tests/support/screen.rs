//! Video that leaves, as the one who receives it sees it.

use super::PATIENCE;
use gst::prelude::*;
use gst_app::AppSink;
use std::net::UdpSocket;

/// Colours of the athlete's left and right side in the graphics, sRGB. The footage has neither.
const SIDES: [[u8; 3]; 2] = [[0x2F, 0xC7, 0xF5], [0xFF, 0x9A, 0x3C]];
/// Pixels of the skeleton that a picture with graphics has at least: one line of a limb, 2 by 50.
pub const DRAWN: usize = 100;
/// How far encoding may move a component of a colour.
const NEAR: u8 = 40;

/// A decoded picture: packed RGBA.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgba: Vec<u8>,
}

impl Picture {
    /// Pixels in the colours of the skeleton, among the columns from `left` to `right`.
    pub fn skeleton_within(&self, left: usize, right: usize) -> usize {
        let rows = self.rgba.chunks_exact(self.width * 4);
        rows.flat_map(|row| row[left * 4..right * 4].chunks_exact(4))
            .filter(|pixel| {
                let near = |side: &[u8; 3]| side.iter().zip(*pixel).all(|(a, b)| a.abs_diff(*b) <= NEAR);
                SIDES.iter().any(near)
            })
            .count()
    }

    /// Pixels of which some component is larger.
    pub fn brighter_than(&self, level: u8) -> usize {
        let bright = |pixel: &&[u8]| pixel[..3].iter().any(|component| *component > level);
        self.rgba.chunks_exact(4).filter(bright).count()
    }

    /// Whether it is anything but grey, beyond what encoding does to grey.
    pub fn has_colour(&self) -> bool {
        self.rgba.chunks_exact(4).any(|pixel| {
            let [red, green, blue] = [pixel[0], pixel[1], pixel[2]];
            red.max(green).max(blue) - red.min(green).min(blue) > 8
        })
    }

    /// Pixels in the colours of the skeleton.
    pub fn skeleton(&self) -> usize {
        self.skeleton_within(0, self.width)
    }
}

/// A pipeline that receives and decodes.
pub struct Screen {
    pipeline: gst::Pipeline,
    sink: AppSink,
}

impl Screen {
    /// Starts to receive; `description` ends in decoded video.
    pub fn of(description: &str) -> Self {
        super::init();
        let description = format!(
            "{description} ! videoconvert ! video/x-raw,format=RGBA ! appsink name=screen sync=false max-buffers=4"
        );
        let pipeline = gst::parse::launch(&description).expect("a pipeline");
        let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
        let sink = pipeline.by_name("screen").expect("the screen");
        let sink = sink.downcast::<AppSink>().expect("an appsink");
        pipeline.set_state(gst::State::Playing).expect("it plays");
        Self { pipeline, sink }
    }

    /// What a named element gives out.
    pub fn caps_of(&self, element: &str) -> gst::Caps {
        let element = self.pipeline.by_name(element).expect("the element");
        let pad = element.static_pad("src").expect("its pad");
        pad.current_caps().expect("its caps")
    }

    /// The next picture, or nothing when the stream has ended.
    pub fn next(&self) -> Option<Picture> {
        let patience = gst::ClockTime::try_from(PATIENCE).expect("a time");
        let Some(sample) = self.sink.try_pull_sample(patience) else {
            let bus = self.pipeline.bus().expect("a bus");
            let error = bus.pop_filtered(&[gst::MessageType::Error]);
            assert!(self.sink.is_eos() && error.is_none(), "no picture: {error:?}");
            return None;
        };
        let caps = sample.caps().expect("caps");
        let video = gst_video::VideoInfo::from_caps(caps).expect("video");
        let buffer = sample.buffer().expect("a buffer");
        Some(Picture {
            width: video.width() as usize,
            height: video.height() as usize,
            rgba: buffer.map_readable().expect("memory").to_vec(),
        })
    }

    /// Every picture that is still to come.
    pub fn rest(&self) -> Vec<Picture> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Going to NULL cannot fail in a way that anybody could act on.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// Every picture of an MP4 file.
pub fn pictures_of_mp4(path: &std::path::Path) -> Vec<Picture> {
    let path = path.display();
    Screen::of(&format!(
        "filesrc location={path} ! qtdemux ! h264parse ! avdec_h264"
    ))
    .rest()
}

/// A receiver that SRT senders call, and its address.
pub fn srt_receiver() -> (Screen, String) {
    let free = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = format!("srt://{}", free.local_addr().expect("its address"));
    drop(free);
    // What a busy machine sends late is waited for; what is still waiting when the sender ends is lost.
    let screen = Screen::of(&format!(
        "srtsrc uri={address}?mode=listener latency=1000 ! tsdemux ! h264parse name=stream ! avdec_h264"
    ));
    (screen, address)
}
