//! The plugin as a whole: registration, documentation, the bin, whole pipelines.

// A test panics to fail.
#![allow(clippy::unwrap_used)]

mod support;

use gst::prelude::*;
use gstkinemotion::{MotionMeta, PoseMeta, analysisbin, kinejson, kineoverlay, kinephase, kinepose};
use std::sync::mpsc;
use support::{engine_is_available, init, launch, play};

const ELEMENTS: [&str; 5] = ["kinepose", "kinephase", "kineoverlay", "kinejson", "kinemotion"];

#[test]
fn every_example_line_of_the_documentation_runs() {
    if !engine_is_available() {
        return;
    }
    for line in [
        kinepose::EXAMPLE,
        kinephase::EXAMPLE,
        kineoverlay::EXAMPLE,
        kineoverlay::EXAMPLE_KEY,
        kineoverlay::EXAMPLE_FILL_AND_MATTE,
        kinejson::EXAMPLE,
        analysisbin::EXAMPLE,
    ] {
        play(&launch(line));
    }
}

#[test]
fn elements_and_properties_describe_themselves() {
    init();
    for name in ELEMENTS {
        let factory = gst::ElementFactory::find(name).unwrap();
        for key in ["long-name", "klass", "description", "author"] {
            assert!(
                factory.metadata(key).is_some_and(|text| text.len() > 5),
                "{name} lacks {key}"
            );
        }
        let element = factory.create().build().unwrap();
        let inherited = ["name", "parent", "qos", "async-handling", "message-forward"];
        for property in element.list_properties() {
            if inherited.contains(&property.name()) {
                continue;
            }
            let blurb = property.blurb().unwrap_or_default();
            assert!(blurb.len() > 15, "{name}::{} has no description", property.name());
            assert_ne!(
                property.nick(),
                property.name(),
                "{name}::{} has no label",
                property.name()
            );
        }
    }
}

#[test]
fn every_property_can_be_read_and_set_to_what_it_is() {
    init();
    for name in ELEMENTS {
        let element = gst::ElementFactory::make(name).build().unwrap();
        for property in element.list_properties() {
            let flags = property.flags();
            if flags.contains(gst::glib::ParamFlags::READWRITE)
                && !["name", "parent"].contains(&property.name())
            {
                let value = element.property_value(property.name());
                element.set_property_from_value(property.name(), &value);
            }
        }
    }
}

#[test]
fn no_number_but_an_angle_can_be_set_below_zero() {
    init();
    for name in ELEMENTS {
        let element = gst::ElementFactory::make(name).build().unwrap();
        let is_angle = |name: &str| ["camera-roll", "camera-yaw", "camera-pitch"].contains(&name);
        for property in element.list_properties().iter().filter(|p| !is_angle(p.name())) {
            let double = property
                .downcast_ref::<gst::glib::ParamSpecDouble>()
                .map(|spec| spec.minimum());
            let float = property
                .downcast_ref::<gst::glib::ParamSpecFloat>()
                .map(|spec| f64::from(spec.minimum()));
            let lowest = double.or(float).unwrap_or(0.0);
            assert!(lowest >= 0.0, "{name}::{} goes down to {lowest}", property.name());
        }
    }
}

#[test]
fn registering_twice_is_harmless() {
    init();
    gstkinemotion::plugin_register_static().unwrap();
}

#[test]
fn the_bin_hands_its_properties_to_the_elements_inside() {
    init();
    let bin = gst::ElementFactory::make("kinemotion")
        .property("movement", "cmj")
        .property_from_str("quality", "accurate")
        .property("athlete-height", 1.85f64)
        .property("person", "id=3")
        .property("overlay", false)
        .build()
        .unwrap();
    let child = |name: &str| bin.downcast_ref::<gst::Bin>().unwrap().by_name(name).unwrap();
    assert_eq!(child("phase").property::<String>("movement"), "cmj");
    assert_eq!(child("phase").property::<f64>("athlete-height"), 1.85);
    assert_eq!(
        child("pose").property::<kinepose::PoseQuality>("quality"),
        kinepose::PoseQuality::Accurate
    );
    assert_eq!(child("pose").property::<String>("person"), "id=3");
    assert!(!child("overlay").property::<bool>("enabled"));
    assert_eq!(bin.property::<String>("movement"), "cmj");
}

#[test]
fn the_bin_attaches_poses_and_motion() {
    if !engine_is_available() {
        return;
    }
    let pipeline = launch(
        "videotestsrc num-buffers=3 ! video/x-raw,format=NV12,width=320,height=240,framerate=30/1 \
         ! kinemotion quality=fast ! fakesink name=sink",
    );
    let (send, receive) = mpsc::channel();
    let sink = pipeline.by_name("sink").unwrap().static_pad("sink").unwrap();
    sink.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let buffer = info.buffer().unwrap();
        let _ = send.send((PoseMeta::get(buffer).is_some(), MotionMeta::get(buffer).is_some()));
        gst::PadProbeReturn::Ok
    });
    play(&pipeline);
    assert_eq!(receive.try_iter().collect::<Vec<_>>(), [(true, true); 3]);
}

#[test]
fn a_pipeline_survives_a_seek_while_it_plays() {
    if !engine_is_available() {
        return;
    }
    let pipeline = launch(
        "videotestsrc num-buffers=90 ! video/x-raw,width=160,height=120,framerate=30/1 \
         ! kinemotion quality=fast ! kinejson ! fakesink sync=false",
    );
    pipeline.set_state(gst::State::Paused).unwrap();
    let (result, _, _) = pipeline.state(gst::ClockTime::from_seconds(60));
    result.unwrap();
    pipeline
        .seek_simple(gst::SeekFlags::FLUSH, gst::ClockTime::from_seconds(1))
        .unwrap();
    play(&pipeline);
}

#[test]
fn starting_and_stopping_again_and_again_works() {
    if !engine_is_available() {
        return;
    }
    let pipeline = launch(
        "videotestsrc num-buffers=2 ! video/x-raw,width=160,height=120,framerate=30/1 ! kinemotion quality=fast ! fakesink",
    );
    for _ in 0..5 {
        play(&pipeline);
    }
}
