//! Metas stay with their frames.

// A test panics to fail.
#![allow(clippy::unwrap_used)]

mod support;

use gst::prelude::*;
use gstkinemotion::{PoseMeta, meta::custom};
use std::sync::mpsc;
use support::{init, inject, launch, play, seconds, standing};

const SOURCE: &str = "videotestsrc num-buffers=4 ! video/x-raw,format=I420,width=320,height=240,framerate=30/1 ! identity name=here";

/// Runs a pipeline and gives the nose's position, frame size and PTS of each frame that reaches `sink`.
fn noses_behind(line: &str) -> Vec<(f32, f32, u32, u32)> {
    let pipeline = launch(&format!("{SOURCE} ! {line} ! fakesink name=sink"));
    let here = pipeline.by_name("here").unwrap().static_pad("src").unwrap();
    inject(&here, |buffer| Some(standing(320, 240, seconds(buffer))));
    let (send, receive) = mpsc::channel();
    let sink = pipeline.by_name("sink").unwrap().static_pad("sink").unwrap();
    sink.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let poses = PoseMeta::get(info.buffer().unwrap()).cloned();
        let _ = send.send(poses);
        gst::PadProbeReturn::Ok
    });
    play(&pipeline);
    receive
        .try_iter()
        .map(|poses| {
            let poses = poses.expect("the meta was lost");
            let nose = &poses.persons[0].pose.landmarks[0];
            (nose.x, nose.y, poses.frame.width, poses.frame.height)
        })
        .collect()
}

fn nose_at_the_source() -> (f32, f32) {
    let poses = standing(320, 240, 0.0);
    let nose = &poses.persons[0].pose.landmarks[0];
    (nose.x, nose.y)
}

#[test]
fn a_pose_survives_a_queue() {
    init();
    let (x, y) = nose_at_the_source();
    assert_eq!(noses_behind("queue"), [(x, y, 320, 240); 4]);
}

#[test]
fn a_pose_survives_a_tee_with_two_branches() {
    init();
    let (x, y) = nose_at_the_source();
    assert_eq!(
        noses_behind("tee name=t  t. ! queue ! fakesink  t. ! queue"),
        [(x, y, 320, 240); 4]
    );
}

#[test]
fn a_pose_survives_conversion_to_another_format() {
    init();
    let (x, y) = nose_at_the_source();
    assert_eq!(
        noses_behind("videoconvert ! video/x-raw,format=BGRx"),
        [(x, y, 320, 240); 4]
    );
}

#[test]
fn a_pose_follows_the_picture_through_scaling() {
    init();
    let (x, y) = nose_at_the_source();
    let seen = noses_behind(
        "videoscale add-borders=false ! video/x-raw,width=640,height=120,pixel-aspect-ratio=1/1",
    );
    assert_eq!(seen.len(), 4);
    for (scaled_x, scaled_y, width, height) in seen {
        assert_eq!((width, height), (640, 120));
        assert!((scaled_x - 2.0 * x).abs() < 1e-3 && (scaled_y - y / 2.0).abs() < 1e-3);
    }
}

#[test]
fn a_pose_in_square_pixels_is_the_same_when_only_the_pixel_shape_changes() {
    init();
    let (x, y) = nose_at_the_source();
    // Half the columns of double width: in square pixels nothing moves.
    let seen = noses_behind(
        "videoscale add-borders=false ! video/x-raw,width=160,height=240,pixel-aspect-ratio=2/1",
    );
    for (scaled_x, scaled_y, width, _) in seen {
        assert_eq!(width, 160);
        assert!((scaled_x - x).abs() < 1e-3 && (scaled_y - y).abs() < 1e-3);
    }
}

#[test]
fn a_copy_of_a_buffer_carries_its_own_pose() {
    init();
    let mut original = gst::Buffer::with_size(16).unwrap();
    PoseMeta::add(original.get_mut().unwrap(), standing(320, 240, 1.0));
    let copy = original.copy_deep().unwrap();
    drop(original);
    assert_eq!(PoseMeta::get(&copy), Some(&standing(320, 240, 1.0)));
}

#[test]
fn a_pose_can_be_taken_off_again() {
    init();
    let mut buffer = gst::Buffer::with_size(16).unwrap();
    let buffer = buffer.get_mut().unwrap();
    PoseMeta::add(buffer, standing(320, 240, 1.0));
    buffer.meta_mut::<PoseMeta>().unwrap().remove().unwrap();
    assert!(PoseMeta::get(buffer).is_none());
}

#[test]
fn the_public_meta_is_registered_and_survives_scaling() {
    init();
    assert!(gst::meta::CustomMeta::is_registered(custom::NAME));
    let pipeline = launch(&format!(
        "{SOURCE} ! videoscale ! video/x-raw,width=160,height=120 ! fakesink name=sink"
    ));
    let here = pipeline.by_name("here").unwrap().static_pad("src").unwrap();
    here.add_probe(gst::PadProbeType::BUFFER, |_, info| {
        let buffer = info.buffer_mut().unwrap().make_mut();
        let mut meta = gst::meta::CustomMeta::add(buffer, custom::NAME).unwrap();
        meta.mut_structure().set("person", 7u32);
        gst::PadProbeReturn::Ok
    });
    let (send, receive) = mpsc::channel();
    let sink = pipeline.by_name("sink").unwrap().static_pad("sink").unwrap();
    sink.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let meta = gst::meta::CustomMeta::from_buffer(info.buffer().unwrap(), custom::NAME);
        let _ = send.send(
            meta.ok()
                .and_then(|meta| meta.structure().get::<u32>("person").ok()),
        );
        gst::PadProbeReturn::Ok
    });
    play(&pipeline);
    assert_eq!(receive.try_iter().collect::<Vec<_>>(), [Some(7); 4]);
}
