//! `kinepose` as an element: negotiation, memory, time, latency, errors. What poses are worth is tested in `models`.

// A test panics to fail.
#![allow(clippy::unwrap_used)]

mod support;

use gst::prelude::*;
use gst_video::prelude::*;
use gstkinemotion::{PoseMeta, Poses, meta::custom};
use kinemotion_motion::PoseSource;
use std::sync::mpsc;
use support::{engine_is_available, init, launch, play, play_to_the_end, warnings};

const LINE: &str = "kinepose quality=fast";

fn harness(line: &str, caps: &str) -> gst_check::Harness {
    init();
    let mut harness = gst_check::Harness::new_parse(line);
    // A file, unless a test says otherwise.
    harness.set_live(false);
    harness.set_src_caps_str(caps);
    harness
}

/// Bytes of a frame of this format.
fn frame(format: gst_video::VideoFormat, width: u32, height: u32, ms: u64) -> gst::Buffer {
    let info = gst_video::VideoInfo::builder(format, width, height)
        .build()
        .unwrap();
    let mut buffer = gst::Buffer::with_size(info.size()).unwrap();
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(gst::ClockTime::from_mseconds(ms));
    fields.map_writable().unwrap().fill(100);
    buffer
}

fn i420(ms: u64) -> gst::Buffer {
    frame(gst_video::VideoFormat::I420, 320, 240, ms)
}

const I420: &str = "video/x-raw,format=I420,width=320,height=240,framerate=30/1";

fn stat(harness: &gst_check::Harness, name: &str) -> u64 {
    let stats = support::inner(harness, "kinepose").property::<gst::Structure>("stats");
    stats.get(name).unwrap()
}

#[test]
fn every_readable_format_and_size_is_accepted_and_gets_a_meta() {
    if !engine_is_available() {
        return;
    }
    for format in ["I420", "NV12", "RGBx", "BGRx", "RGB", "RGBA", "BGRA"] {
        for (width, height) in [(320, 240), (17, 9), (1, 1)] {
            let caps = format!("video/x-raw,format={format},width={width},height={height},framerate=30/1");
            let mut harness = harness(LINE, &caps);
            let buffer = frame(format.parse().unwrap(), width, height, 0);
            let out = harness.push_and_pull(buffer).unwrap();
            let poses = PoseMeta::get(&out).unwrap_or_else(|| panic!("{caps}: no meta"));
            assert!(poses.persons.is_empty(), "{caps}: somebody in plain grey");
            assert_eq!((poses.frame.width, poses.frame.height), (width, height));
        }
    }
}

#[test]
fn formats_that_cannot_be_read_are_not_negotiated() {
    init();
    let element = gst::ElementFactory::make("kinepose").build().unwrap();
    let pad = element.static_pad("sink").unwrap();
    for format in ["YUY2", "GRAY8", "I420_10LE", "Y444"] {
        let caps = gst::Caps::builder("video/x-raw").field("format", format).build();
        assert!(
            !pad.query_accept_caps(&caps) || pad.query_caps(Some(&caps)).is_empty(),
            "{format}"
        );
    }
}

#[test]
fn the_picture_is_neither_copied_nor_touched() {
    if !engine_is_available() {
        return;
    }
    let mut harness = harness(LINE, I420);
    let buffer = i420(0);
    // Somebody else still holds the frame, as decoders do.
    let held = buffer.clone();
    let out = harness.push_and_pull(buffer).unwrap();
    assert!(PoseMeta::get(&out).is_some());
    assert_eq!(out.peek_memory(0).as_ptr(), held.peek_memory(0).as_ptr());
    assert!(held.map_readable().unwrap().iter().all(|sample| *sample == 100));
}

#[test]
fn a_live_pipeline_is_told_the_latency_and_a_file_is_not() {
    if !engine_is_available() {
        return;
    }
    for (live, own) in [(true, 45), (false, 0)] {
        let pipeline = launch(&format!(
            "videotestsrc is-live={live} ! video/x-raw,format=I420,width=64,height=64,framerate=25/1 \
             ! {LINE} latency=45 name=pose ! fakesink sync=false"
        ));
        pipeline.set_state(gst::State::Playing).unwrap();
        let (result, _, _) = pipeline.state(gst::ClockTime::from_seconds(20));
        result.unwrap();
        let query = |pad: gst::Pad| {
            let mut query = gst::query::Latency::new();
            assert!(pad.query(&mut query));
            query.result()
        };
        let pose = pipeline.by_name("pose").unwrap();
        let upstream = {
            let mut query = gst::query::Latency::new();
            assert!(pose.static_pad("sink").unwrap().peer_query(&mut query));
            query.result()
        };
        let behind = query(pose.static_pad("src").unwrap());
        assert_eq!(behind.0, live);
        assert_eq!(behind.1 - upstream.1, gst::ClockTime::from_mseconds(own));
        pipeline.set_state(gst::State::Null).unwrap();
    }
}

#[test]
fn another_latency_is_announced_on_the_bus() {
    init();
    let element = gst::ElementFactory::make("kinepose").build().unwrap();
    let bus = gst::Bus::new();
    element.set_bus(Some(&bus));
    element.set_property("latency", 80u32);
    assert_eq!(bus.pop().unwrap().type_(), gst::MessageType::Latency);
    element.set_property("latency", 80u32);
    assert!(bus.pop().is_none(), "nothing has changed");
}

#[test]
fn frames_between_measurements_carry_predictions_and_cost_no_inference() {
    if !engine_is_available() {
        return;
    }
    let mut harness = harness("kinepose quality=fast pose-rate=10", I420);
    let mut runs = 0;
    for n in 0..10 {
        let out = harness.push_and_pull(i420(n * 1000 / 30)).unwrap();
        let poses = PoseMeta::get(&out).expect("a meta");
        let before = std::mem::replace(
            &mut runs,
            stat(&harness, "detector-runs") + stat(&harness, "landmarker-runs"),
        );
        assert_eq!(poses.inference.is_some(), runs > before, "frame {n}");
    }
    assert_eq!(
        stat(&harness, "predicted"),
        6,
        "every third of ten frames is measured"
    );
    assert_eq!(stat(&harness, "frames"), 4);
    assert_eq!(stat(&harness, "skipped-late"), 0);
}

#[test]
fn limits_take_away_from_what_is_asked_for_and_say_so() {
    if !engine_is_available() {
        return;
    }
    let mut harness = harness("kinepose quality=balanced", I420);
    let element = support::inner(&harness, "kinepose");
    let mut n = 0;
    let mut degraded = |harness: &mut gst_check::Harness, frames: usize| {
        let marked = (0..frames).filter(|_| {
            n += 1;
            let out = harness.push_and_pull(i420(n * 1000 / 30)).unwrap();
            PoseMeta::get(&out).unwrap().degraded
        });
        marked.count()
    };
    assert_eq!(degraded(&mut harness, 10), 0);
    assert_eq!(stat(&harness, "frames"), 10);
    element.set_property("pose-rate-limit", 10.0);
    assert_eq!(degraded(&mut harness, 9), 9);
    assert_eq!(stat(&harness, "frames"), 13, "a third of them is measured");
    element.set_property("pose-rate-limit", 60.0);
    assert_eq!(
        degraded(&mut harness, 3),
        0,
        "a limit above the frame rate takes nothing away"
    );
    element.set_property("pose-rate-limit", 0.0);
    element.set_property_from_str("quality-limit", "fast");
    assert_eq!(degraded(&mut harness, 3), 3);
    element.set_property_from_str("quality-limit", "accurate");
    assert_eq!(degraded(&mut harness, 3), 0);
}

#[test]
fn buffers_without_a_timestamp_pass_without_pose_and_are_complained_about_once() {
    if !engine_is_available() {
        return;
    }
    let mut harness = harness(LINE, I420);
    let bus = gst::Bus::new();
    harness.element().unwrap().set_bus(Some(&bus));
    for _ in 0..3 {
        let mut buffer = i420(0);
        buffer.get_mut().unwrap().set_pts(None);
        assert!(PoseMeta::get(&harness.push_and_pull(buffer).unwrap()).is_none());
    }
    let messages: Vec<_> = std::iter::from_fn(|| bus.pop()).collect();
    let texts = warnings(&messages);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("timestamp"));
    assert_eq!(stat(&harness, "without-timestamp"), 3);
}

#[test]
fn a_frame_shorter_than_its_caps_costs_its_pose_and_nothing_else() {
    if !engine_is_available() {
        return;
    }
    let mut harness = harness(LINE, I420);
    let mut short = gst::Buffer::with_size(100).unwrap();
    short.get_mut().unwrap().set_pts(gst::ClockTime::ZERO);
    assert!(PoseMeta::get(&harness.push_and_pull(short).unwrap()).is_none());
    assert!(PoseMeta::get(&harness.push_and_pull(i420(33)).unwrap()).is_some());
    assert_eq!(stat(&harness, "unreadable"), 1);
}

#[test]
fn a_missing_runtime_is_an_error_with_the_cure() {
    let pipeline =
        launch("videotestsrc num-buffers=1 ! kinepose runtime=/no/such/libonnxruntime.so ! fakesink");
    let (_, error) = play_to_the_end(&pipeline);
    let error = error.expect("must fail");
    assert!(
        error.contains("ONNX Runtime") && error.contains("kinemotion doctor"),
        "{error}"
    );
}

#[test]
fn missing_models_are_an_error_with_the_cure() {
    if !engine_is_available() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let line = format!(
        "videotestsrc num-buffers=1 ! kinepose models={} ! fakesink",
        folder.path().display()
    );
    let (_, error) = play_to_the_end(&launch(&line));
    let error = error.expect("must fail");
    assert!(error.contains("kinemotion models pull"), "{error}");
}

#[test]
fn poses_of_the_stub_provider_come_with_a_warning_that_they_are_not_real() {
    init();
    let pipeline = launch(
        "videotestsrc num-buffers=5 pattern=black ! video/x-raw,width=320,height=240,framerate=30/1 \
         ! kinepose providers=stub ! fakesink name=end signal-handoffs=true",
    );
    let (send, poses) = mpsc::channel();
    let end = pipeline.by_name("end").unwrap();
    end.connect("handoff", false, move |values| {
        let buffer = values[1].get::<gst::Buffer>().unwrap();
        send.send(PoseMeta::get(&buffer).unwrap().persons.len()).unwrap();
        None
    });
    let told = warnings(&play(&pipeline));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("NOT REAL"), "{told:?}");
    assert_eq!(
        poses.try_iter().collect::<Vec<_>>(),
        [1; 5],
        "somebody in every black frame"
    );
}

#[test]
fn a_provider_that_does_not_exist_is_an_error_that_names_it() {
    init();
    let pipeline = launch("videotestsrc num-buffers=2 ! kinepose providers=cpu,abacus ! fakesink");
    let (_, error) = play_to_the_end(&pipeline);
    let error = error.unwrap();
    assert!(
        error.contains("providers=") && error.contains("abacus"),
        "{error}"
    );
}

#[test]
fn a_person_rule_that_does_not_exist_is_an_error_that_names_it() {
    let (_, error) = play_to_the_end(&launch(
        "videotestsrc num-buffers=1 ! kinepose person=tallest ! fakesink",
    ));
    let error = error.expect("must fail");
    assert!(
        error.contains("tallest") && error.contains("nearest-centre"),
        "{error}"
    );
}

#[test]
fn properties_say_when_they_can_change() {
    init();
    let element = gst::ElementFactory::make("kinepose").build().unwrap();
    let flags = |name| element.find_property(name).unwrap().flags();
    for name in [
        "quality",
        "max-persons",
        "person",
        "smooth",
        "pose-rate",
        "pose-rate-limit",
        "quality-limit",
        "latency",
        "skip-late",
    ] {
        assert!(flags(name).contains(gst::PARAM_FLAG_MUTABLE_PLAYING), "{name}");
    }
    for name in ["runtime", "models", "workers", "threads", "capture-fps"] {
        assert!(flags(name).contains(gst::PARAM_FLAG_MUTABLE_READY), "{name}");
    }
    assert!(!flags("stats").contains(gst::glib::ParamFlags::WRITABLE));
}

/// A rendered athlete, as the last frames of a pipeline see it.
fn poses_of_rendered(format: &str, change_size: bool) -> Vec<Poses> {
    poses_at_rate(format, change_size, 30, LINE)
}

/// The same, stamped with a frame rate and seen by an element with other settings.
fn poses_at_rate(format: &str, change_size: bool, fps: u64, element: &str) -> Vec<Poses> {
    let footage = support::jumps(1);
    let pipeline = launch(&format!(
        "appsrc name=in format=time ! videoconvert ! videoscale ! capsfilter name=size caps=video/x-raw,format={format} \
         ! {element} ! fakesink name=sink"
    ));
    let source: gst_app::AppSrc = pipeline.by_name("in").unwrap().downcast().unwrap();
    let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, footage.width(), footage.height())
        .fps(gst::Fraction::new(fps as i32, 1))
        .build()
        .unwrap();
    source.set_caps(Some(&info.to_caps().unwrap()));
    let (send, receive) = mpsc::channel();
    let sink = pipeline.by_name("sink").unwrap().static_pad("sink").unwrap();
    sink.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let buffer = info.buffer().unwrap();
        let public = gst::meta::CustomMeta::from_buffer(buffer, custom::NAME).is_ok();
        let poses = PoseMeta::get(buffer).unwrap().clone();
        assert_eq!(public, poses.selected().is_some());
        let _ = send.send(poses);
        gst::PadProbeReturn::Ok
    });
    let size = pipeline.by_name("size").unwrap();
    let mut rgb = Vec::new();
    for n in 0..8 {
        footage.render(n * 2, &mut rgb);
        let mut buffer = gst::Buffer::with_size(info.size()).unwrap();
        let fields = buffer.get_mut().unwrap();
        fields.set_pts(gst::ClockTime::SECOND.mul_div_floor(n as u64, fps).unwrap());
        let mut view = gst_video::VideoFrameRef::from_buffer_ref_writable(fields, &info).unwrap();
        let stride = view.plane_stride()[0] as usize;
        let row = footage.width() as usize * 3;
        for (to, from) in view
            .plane_data_mut(0)
            .unwrap()
            .chunks_mut(stride)
            .zip(rgb.chunks(row))
        {
            to[..row].copy_from_slice(from);
        }
        drop(view);
        source.push_buffer(buffer).unwrap();
        if n == 0 {
            pipeline.set_state(gst::State::Playing).unwrap();
        }
        if change_size && n == 3 {
            // Everything so far must be through before the size changes.
            let seen: Vec<Poses> = receive.iter().take(4).collect();
            let caps = format!("video/x-raw,format={format},width=480,height=270");
            size.set_property("caps", caps.parse::<gst::Caps>().unwrap());
            drop(seen);
        }
    }
    source.end_of_stream().unwrap();
    play(&pipeline);
    receive.try_iter().collect()
}

#[test]
fn a_rendered_athlete_is_found_in_every_format() {
    if !engine_is_available() {
        return;
    }
    let footage = support::jumps(1);
    for format in ["I420", "NV12", "RGB", "BGRx"] {
        let poses = poses_of_rendered(format, false);
        let last = poses.last().unwrap();
        let person = last.selected().expect("nobody found");
        assert_eq!(person.pose.source, PoseSource::Measured);
        let truth = footage.landmarks(14);
        for joint in [23, 24, 25, 26, 27, 28] {
            let (x, y) = (
                f64::from(person.pose.landmarks[joint].x),
                f64::from(person.pose.landmarks[joint].y),
            );
            let off = (x - truth[joint][0]).hypot(y - truth[joint][1]);
            assert!(off < 30.0, "{format}: joint {joint} is {off:.0} px off");
        }
    }
}

#[test]
fn slow_motion_is_followed_at_the_speed_of_the_movement() {
    if !engine_is_available() {
        return;
    }
    // The smoothing follows time, so it tells at which speed people are thought to move.
    let landmarks = |fps, line: &str| -> Vec<_> {
        poses_at_rate("I420", false, fps, &format!("{LINE} smooth=true {line}"))
            .iter()
            .filter_map(|poses| Some(poses.selected()?.pose.landmarks))
            .collect()
    };
    let real = landmarks(80, "");
    assert!(!real.is_empty());
    assert_eq!(landmarks(20, "capture-fps=80"), real);
    assert_ne!(landmarks(20, ""), real);
}

#[test]
fn each_frame_tells_where_the_camera_looks() {
    if !engine_is_available() {
        return;
    }
    let poses = poses_of_rendered("I420", false);
    let shift = poses.last().unwrap().shift.expect("a gym has texture");
    assert_eq!((shift.x, shift.y, shift.course), (0.0, 0.0, 0));
}

#[test]
fn the_athlete_keeps_the_id_when_the_picture_changes_size() {
    if !engine_is_available() {
        return;
    }
    let poses = poses_of_rendered("I420", true);
    let last = poses.last().unwrap();
    assert_eq!(last.frame.width, 480);
    let ids: Vec<u32> = poses
        .iter()
        .filter_map(|poses| poses.selected())
        .map(|person| person.id)
        .collect();
    assert!(!ids.is_empty());
    let first = support_first_id();
    assert!(ids.iter().all(|id| *id == first), "{ids:?}");
}

/// The id a fresh estimator gives the first person.
fn support_first_id() -> u32 {
    poses_of_rendered("I420", false)
        .iter()
        .find_map(|poses| poses.selected().map(|person| person.id))
        .unwrap()
}

#[test]
fn wide_pixels_give_landmarks_in_square_ones() {
    if !engine_is_available() {
        return;
    }
    let caps = "video/x-raw,format=I420,width=160,height=240,framerate=30/1,pixel-aspect-ratio=2/1";
    let mut harness = harness(LINE, caps);
    let buffer = frame(gst_video::VideoFormat::I420, 160, 240, 0);
    let out = harness.push_and_pull(buffer).unwrap();
    assert_eq!(PoseMeta::get(&out).unwrap().frame.square_width(), 320.0);
}

#[test]
fn a_flush_and_a_seek_back_start_afresh_without_an_error() {
    if !engine_is_available() {
        return;
    }
    let mut harness = harness(LINE, I420);
    for ms in [1000, 1033, 1066] {
        harness.push_and_pull(i420(ms)).unwrap();
    }
    harness.push_event(gst::event::FlushStart::new());
    harness.push_event(gst::event::FlushStop::new(true));
    harness.push_event(gst::event::Segment::new(
        &gst::FormattedSegment::<gst::ClockTime>::new(),
    ));
    for ms in [0, 33, 20, 5000] {
        let out = harness.push_and_pull(i420(ms)).unwrap();
        assert_eq!(PoseMeta::get(&out).unwrap().time, ms as f64 / 1000.0);
    }
}

#[test]
fn a_qos_event_from_a_late_sink_reaches_upstream_and_a_file_is_measured_all_the_same() {
    if !engine_is_available() {
        return;
    }
    let mut harness = harness(LINE, I420);
    harness.push_and_pull(i420(0)).unwrap();
    let late = gst::event::Qos::builder(gst::QOSType::Underflow, 2.0, 5_000_000_000i64)
        .timestamp(gst::ClockTime::ZERO)
        .build();
    assert!(harness.push_upstream_event(late));
    let mut reached = false;
    while let Some(event) = harness.try_pull_upstream_event() {
        reached |= event.type_() == gst::EventType::Qos;
    }
    assert!(reached);
    for n in 1..5 {
        harness.push_and_pull(i420(n * 33)).unwrap();
    }
    assert_eq!(stat(&harness, "frames"), 5);
    assert_eq!(stat(&harness, "skipped-late"), 0);
}

#[test]
fn a_live_stream_that_a_sink_finds_too_late_is_predicted() {
    if !engine_is_available() {
        return;
    }
    let pipeline = launch(
        "videotestsrc is-live=true num-buffers=12 ! video/x-raw,format=I420,width=64,height=64,framerate=30/1 \
         ! kinepose quality=fast name=pose ! fakesink name=sink",
    );
    let pose = pipeline.by_name("pose").unwrap();
    let src = pose.static_pad("src").unwrap();
    let downstream = src.clone();
    // A sink that is always five seconds behind.
    src.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let event = gst::event::Qos::builder(gst::QOSType::Underflow, 2.0, 5_000_000_000i64)
            .timestamp(info.buffer().unwrap().pts())
            .build();
        downstream.send_event(event);
        gst::PadProbeReturn::Ok
    });
    play(&pipeline);
    let stats = pose.property::<gst::Structure>("stats");
    let skipped = stats.get::<u64>("skipped-late").unwrap();
    let measured = stats.get::<u64>("frames").unwrap();
    assert!(skipped >= 6, "{stats}");
    assert!(measured >= 2, "it must look now and then: {stats}");
}
