//! Making and reading media files with GStreamer, for what the renderer does not do.

use gst::prelude::*;
use std::path::Path;

/// Runs a pipeline to its end.
pub fn launch(description: &str) {
    gst::init().expect("GStreamer");
    let pipeline = gst::parse::launch(description).expect(description);
    pipeline
        .set_state(gst::State::Playing)
        .expect("the pipeline starts");
    let bus = pipeline.bus().expect("a pipeline has a bus");
    let ends = [gst::MessageType::Eos, gst::MessageType::Error];
    let message = bus.timed_pop_filtered(gst::ClockTime::NONE, &ends);
    pipeline.set_state(gst::State::Null).expect("the pipeline stops");
    if let Some(gst::MessageView::Error(error)) = message.as_ref().map(|message| message.view()) {
        panic!("{description}: {error:?}");
    }
}

/// Copies the video of an MP4 file into one whose index comes first.
pub fn with_index_first(source: &Path, target: &Path) {
    launch(&format!(
        "filesrc location={} ! qtdemux ! h264parse ! mp4mux faststart=true ! filesink location={}",
        source.display(),
        target.display()
    ));
}

/// What a player that ignores rotation metadata finds in a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Stored {
    pub width: i32,
    pub height: i32,
    pub format: String,
    pub frames: u64,
    /// The pixels of the first frame.
    pub first: Vec<u8>,
}

/// Decodes the video of an MP4 file.
pub fn decode(path: &Path) -> Stored {
    gst::init().expect("GStreamer");
    let description = format!(
        "filesrc location={} ! qtdemux ! h264parse ! avdec_h264 ! appsink name=frames sync=false max-buffers=4",
        path.display()
    );
    let pipeline = gst::parse::launch(&description)
        .expect("a pipeline")
        .downcast::<gst::Pipeline>()
        .expect("a bin");
    let sink = pipeline
        .by_name("frames")
        .and_downcast::<gst_app::AppSink>()
        .expect("an appsink");
    pipeline
        .set_state(gst::State::Playing)
        .expect("the pipeline starts");
    let mut stored: Option<Stored> = None;
    while let Ok(sample) = sink.pull_sample() {
        let stored = stored.get_or_insert_with(|| {
            let caps = sample.caps().and_then(|caps| caps.structure(0)).expect("caps");
            let pixels = sample
                .buffer()
                .and_then(|buffer| buffer.map_readable().ok())
                .expect("pixels")
                .to_vec();
            Stored {
                width: caps.get("width").expect("a width"),
                height: caps.get("height").expect("a height"),
                format: caps.get("format").expect("a format"),
                frames: 0,
                first: pixels,
            }
        });
        stored.frames += 1;
    }
    pipeline.set_state(gst::State::Null).expect("the pipeline stops");
    stored.unwrap_or_else(|| panic!("{} has no frame", path.display()))
}

/// Makes an MP4 file play slower: its clocks tick `factor` times slower, its samples stay as they are.
pub fn slow_down(data: &mut [u8], factor: u32) {
    /// Bytes from the name of a version 0 header box to its timescale: version and flags, two dates.
    const TIMESCALE: usize = 4 + 4 + 4 + 4;
    for name in [b"mvhd", b"mdhd"] {
        let at = data
            .windows(4)
            .position(|bytes| bytes == name)
            .expect("the header is there")
            + TIMESCALE;
        let field: &mut [u8; 4] = (&mut data[at..at + 4]).try_into().expect("four bytes");
        let timescale = u32::from_be_bytes(*field);
        assert_eq!(
            timescale % factor,
            0,
            "the timescale {timescale} can be divided by {factor}"
        );
        *field = (timescale / factor).to_be_bytes();
    }
}
