//! Encoded clips, read back with GStreamer.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]
#![cfg(feature = "video")]

use gst::prelude::*;
use std::path::Path;
use synthetic_athlete::video::{self, Colorimetry, EncodeOptions, VideoError};
use synthetic_athlete::{Camera, Clip, Footage, Rate, Standing};

fn small(clip: Clip) -> Footage {
    let camera = Camera {
        width: 160,
        height: 120,
        ..Camera::default()
    };
    Clip { camera, ..clip }.build().unwrap()
}

fn second_of_standing() -> Clip {
    Clip::of(Standing {
        seconds: 0.5,
        ..Standing::default()
    })
}

struct Decoded {
    times: Vec<u64>,
    frames: Vec<Vec<u8>>,
    info: gst_video::VideoInfo,
    orientation: Option<String>,
}

/// Decodes a file to RGB, in order.
fn decode(path: &Path) -> Decoded {
    gst::init().unwrap();
    let launch = "filesrc name=file ! qtdemux name=demux ! h264parse ! avdec_h264 ! tee name=raw \
                  raw. ! queue ! appsink name=yuv sync=false \
                  raw. ! queue ! videoconvert ! video/x-raw,format=RGB ! appsink name=rgb sync=false";
    let pipeline = gst::parse::launch(launch)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    pipeline.by_name("file").unwrap().set_property("location", path);
    let sink = |name: &str| {
        pipeline
            .by_name(name)
            .unwrap()
            .downcast::<gst_app::AppSink>()
            .unwrap()
    };
    let (rgb, yuv) = (sink("rgb"), sink("yuv"));
    pipeline.set_state(gst::State::Playing).unwrap();
    let (mut times, mut frames, mut info) = (Vec::new(), Vec::new(), None);
    loop {
        let Ok(raw) = yuv.pull_sample() else { break };
        info.get_or_insert(gst_video::VideoInfo::from_caps(raw.caps().unwrap()).unwrap());
        let sample = rgb.pull_sample().unwrap();
        let buffer = sample.buffer().unwrap();
        let segment = sample
            .segment()
            .unwrap()
            .downcast_ref::<gst::ClockTime>()
            .unwrap();
        times.push(segment.to_running_time(buffer.pts()).unwrap().nseconds());
        frames.push(buffer.map_readable().unwrap().to_vec());
    }
    let bus = pipeline.bus().unwrap();
    let mut orientation = None;
    while let Some(message) = bus.pop() {
        match message.view() {
            gst::MessageView::Error(error) => panic!("{}", error.error()),
            gst::MessageView::Tag(tag) => {
                let value = tag
                    .tags()
                    .get::<gst::tags::ImageOrientation>()
                    .map(|v| v.get().to_owned());
                orientation = orientation.or(value);
            }
            _ => {}
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    Decoded {
        times,
        frames,
        info: info.expect("a frame"),
        orientation,
    }
}

#[test]
fn every_frame_comes_back_at_its_time_and_looks_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.mp4");
    let fps = Rate {
        numerator: 30000,
        denominator: 1001,
    };
    for frame_jitter in [0.0, 0.6] {
        let footage = small(Clip {
            fps,
            frame_jitter,
            ..second_of_standing()
        });
        let mut done = 0;
        let options = EncodeOptions {
            crf: 10,
            threads: 2,
            ..EncodeOptions::default()
        };
        video::write(&footage, &path, &options, |n, total| {
            done = n;
            assert_eq!(total, footage.frame_count());
        })
        .unwrap();
        assert_eq!(done, footage.frame_count());
        let decoded = decode(&path);
        assert_eq!(decoded.times.len(), footage.frame_count());
        let mut rgb = Vec::new();
        for (i, time) in decoded.times.iter().enumerate() {
            let off = *time as f64 * 1e-9 - footage.time(i);
            assert!(off.abs() < 5e-5, "frame {i} is {off} s off");
            footage.render(i, &mut rgb);
            let error: u32 = rgb
                .iter()
                .zip(&decoded.frames[i])
                .map(|(a, b)| u32::from(a.abs_diff(*b)))
                .sum();
            let mean = f64::from(error) / rgb.len() as f64;
            assert!(mean < 4.0, "frame {i} differs by {mean} grey levels");
        }
    }
}

#[test]
fn the_colour_matrix_is_the_one_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.mp4");
    let footage = small(second_of_standing());
    for (colorimetry, matrix) in [
        (Colorimetry::Bt601, gst_video::VideoColorMatrix::Bt601),
        (Colorimetry::Bt709, gst_video::VideoColorMatrix::Bt709),
    ] {
        let options = EncodeOptions {
            colorimetry,
            ..EncodeOptions::default()
        };
        video::write(&footage, &path, &options, |_, _| {}).unwrap();
        let info = decode(&path).info;
        assert_eq!(info.colorimetry().matrix(), matrix);
        assert_eq!(
            info.colorimetry().range(),
            gst_video::VideoColorRange::Range16_235
        );
    }
}

#[test]
fn turned_pictures_are_stored_turned_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.mp4");
    let footage = small(second_of_standing());
    for (quarter_turns, size, tag) in [
        (0, (160, 120), None),
        (1, (120, 160), Some("rotate-90")),
        (2, (160, 120), Some("rotate-180")),
        (3, (120, 160), Some("rotate-270")),
    ] {
        let options = EncodeOptions {
            quarter_turns,
            ..EncodeOptions::default()
        };
        video::write(&footage, &path, &options, |_, _| {}).unwrap();
        let decoded = decode(&path);
        assert_eq!((decoded.info.width(), decoded.info.height()), size);
        let orientation = decoded.orientation.filter(|o| o != "rotate-0");
        assert_eq!(orientation.as_deref(), tag);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let footage = small(second_of_standing());
    let path = folder.path().join("missing").join("clip.mp4");
    let error = video::write(&footage, &path, &EncodeOptions::default(), |_, _| {}).unwrap_err();
    assert!(matches!(error, VideoError::Pipeline { .. }));
    assert!(error.to_string().contains("clip.mp4"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
