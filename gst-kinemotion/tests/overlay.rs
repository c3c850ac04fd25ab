//! What `kineoverlay` draws and what it leaves alone.
//!
//! With `KINEMOTION_SCREENSHOTS=DIR` the pictures are also written there as PNG, to be looked at.

// A test panics to fail.
#![allow(clippy::unwrap_used)]

mod support;

use gst::prelude::*;
use gstkinemotion::{FrameGeometry, Motion, MotionMeta, PersonMotion, Poses};
use kinemotion_motion::{Grade, LiveState, Metric, Quality, Repetition};
use std::sync::{Arc, mpsc};
use support::{Figure, init, inject, launch, play, pose, seconds, tracked};

/// A picture as packed RGBA.
struct Picture {
    width: usize,
    data: Vec<u8>,
}

impl Picture {
    fn pixel(&self, x: f32, y: f32) -> [u8; 4] {
        let at = (y as usize * self.width + x as usize) * 4;
        self.data[at..at + 4].try_into().unwrap()
    }

    /// Pixels that differ from a colour in a rectangle of fractions of the picture.
    fn differing(&self, color: [u8; 4], (left, top, right, bottom): (f32, f32, f32, f32)) -> usize {
        let height = self.data.len() / 4 / self.width;
        let columns = (left * self.width as f32) as usize..(right * self.width as f32) as usize;
        let rows = (top * height as f32) as usize..(bottom * height as f32) as usize;
        rows.flat_map(|row| columns.clone().map(move |column| (row * self.width + column) * 4))
            .filter(|at| {
                self.data[*at..*at + 4]
                    .iter()
                    .zip(color)
                    .any(|(a, b)| a.abs_diff(b) > 12)
            })
            .count()
    }
}

fn repetition() -> Arc<Repetition> {
    let metric = |key, value, uncertainty| Metric {
        key,
        value: Some(value),
        uncertainty: Some(uncertainty),
        method: "test",
    };
    Arc::new(Repetition {
        movement: "cmj",
        person: 1,
        start_s: 0.0,
        end_s: 2.0,
        phases: vec![],
        events: vec![],
        steps: vec![],
        metrics: vec![
            metric("jump_height_m", 0.352, 0.008),
            metric("flight_time_ms", 536.0, 6.0),
            metric("countermovement_depth_m", 0.314, 0.02),
            metric("rsi_modified", 0.45, 0.02),
            metric("peak_concentric_velocity_m_s", 2.71, 0.12),
        ],
        warnings: vec![],
        quality: Quality {
            grade: Grade::A,
            reasons: vec![],
            degraded: false,
        },
    })
}

fn motion(time: f64, phase: &'static str) -> Motion {
    let live = LiveState {
        movement: Some("cmj"),
        phase: Some(phase),
        values: vec![
            ("knee_angle_deg", 87.4),
            ("hip_angle_deg", 71.0),
            ("trunk_angle_deg", 34.0),
        ],
        repetitions: 3,
    };
    let person = PersonMotion {
        id: 1,
        selected: true,
        live,
        last_repetition: Some(repetition()),
    };
    Motion {
        time,
        persons: Arc::from([person]),
        events: Arc::from([]),
    }
}

/// The athlete and a bystander.
fn scene(figure: Figure, width: u32, height: u32, time: f64) -> Poses {
    let frame = FrameGeometry {
        width,
        height,
        pixel_aspect: 1.0,
    };
    let other = Figure {
        x: 0.86,
        ground: 0.8,
        stature: 0.4,
        ..Figure::default()
    };
    let persons = [
        tracked(1, true, pose(&figure, &frame)),
        tracked(2, false, pose(&other, &frame)),
    ];
    Poses {
        persons: Arc::from(persons),
        frame,
        time,
        shift: None,
        degraded: false,
        inference: None,
    }
}

/// The last of five frames of plain grey behind an overlay line.
fn draw(name: &str, format: &str, (width, height): (u32, u32), overlay: &str, figure: Figure) -> Picture {
    init();
    let pipeline = launch(&format!(
        "videotestsrc num-buffers=5 pattern=solid-color foreground-color=0xff8a9099 \
         ! video/x-raw,format={format},width={width},height={height},framerate=10/1 ! identity name=here ! {overlay} \
         ! videoconvert ! video/x-raw,format=RGBA ! fakesink name=sink"
    ));
    let here = pipeline.by_name("here").unwrap().static_pad("src").unwrap();
    inject(&here, move |buffer| {
        Some(scene(figure, width, height, seconds(buffer)))
    });
    here.add_probe(gst::PadProbeType::BUFFER, |_, info| {
        let buffer = info.buffer_mut().unwrap().make_mut();
        let time = seconds(buffer);
        MotionMeta::add(buffer, motion(time, "concentric"));
        gst::PadProbeReturn::Ok
    });
    let (send, receive) = mpsc::channel();
    let sink = pipeline.by_name("sink").unwrap().static_pad("sink").unwrap();
    sink.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let _ = send.send(info.buffer().unwrap().map_readable().unwrap().to_vec());
        gst::PadProbeReturn::Ok
    });
    play(&pipeline);
    let data = receive.try_iter().last().expect("no frame came out");
    save(name, width, height, &data);
    Picture {
        width: width as usize,
        data,
    }
}

fn save(name: &str, width: u32, height: u32, rgba: &[u8]) {
    let Ok(folder) = std::env::var("KINEMOTION_SCREENSHOTS") else {
        return;
    };
    let raw = format!("{folder}/{name}.rgba");
    std::fs::write(&raw, rgba).unwrap();
    play(&launch(&format!(
        "filesrc location={raw} blocksize={} ! rawvideoparse format=rgba width={width} height={height} \
         ! pngenc ! filesink location={folder}/{name}.png",
        rgba.len()
    )));
    std::fs::remove_file(raw).unwrap();
}

const GREY: [u8; 4] = [0x8a, 0x90, 0x99, 255];

#[test]
fn skeleton_and_panels_appear_on_every_format() {
    let crouching = Figure {
        crouch: 0.8,
        x: 0.62,
        ..Figure::default()
    };
    for format in ["I420", "NV12", "RGBx", "BGRx", "RGB", "RGBA", "BGRA"] {
        let picture = draw(
            &format!("draw-{format}"),
            format,
            (640, 360),
            "kineoverlay",
            crouching,
        );
        assert!(
            picture.differing(GREY, (0.5, 0.2, 0.75, 0.95)) > 1_000,
            "{format}: no skeleton"
        );
        assert!(
            picture.differing(GREY, (0.0, 0.0, 0.26, 0.3)) > 5_000,
            "{format}: no banner"
        );
        assert!(
            picture.differing(GREY, (0.0, 0.5, 0.26, 1.0)) > 10_000,
            "{format}: no report"
        );
        assert_eq!(
            picture.differing(GREY, (0.3, 0.0, 0.45, 0.1)),
            0,
            "{format}: something where nothing belongs"
        );
    }
}

#[test]
fn graphics_keep_their_share_of_the_picture_at_any_size() {
    let figure = Figure {
        crouch: 0.4,
        x: 0.6,
        ..Figure::default()
    };
    let share = |(width, height): (u32, u32)| {
        let picture = draw(
            &format!("size-{height}"),
            "I420",
            (width, height),
            "kineoverlay",
            figure,
        );
        picture.differing(GREY, (0.0, 0.0, 1.0, 1.0)) as f64 / f64::from(width * height)
    };
    let (small, large) = (share((640, 360)), share((1920, 1080)));
    assert!(
        (small / large - 1.0).abs() < 0.15,
        "{small} at 360p, {large} at 1080p"
    );
}

#[test]
fn an_upright_picture_has_room_for_the_athlete() {
    let figure = Figure {
        stature: 0.6,
        x: 0.66,
        ..Figure::default()
    };
    let picture = draw("upright", "NV12", (720, 1280), "kineoverlay", figure);
    assert!(picture.differing(GREY, (0.5, 0.3, 0.8, 0.95)) > 2_000);
}

#[test]
fn panels_stand_on_the_side_away_from_the_athlete() {
    let figure = Figure {
        x: 0.14,
        ..Figure::default()
    };
    let line = "kineoverlay skeleton=false angles=false";
    // The athlete stands where panels begin by default; nothing may cover the face, not even before they move.
    let picture = draw("athlete-left", "I420", (640, 360), line, figure);
    let frame = FrameGeometry {
        width: 640,
        height: 360,
        pixel_aspect: 1.0,
    };
    let nose = pose(&figure, &frame).landmarks[0];
    let at = picture.pixel(nose.x, nose.y);
    assert!(
        at.iter().zip(GREY).all(|(a, b)| a.abs_diff(b) < 12),
        "the face is covered by {at:?}"
    );
}

#[test]
fn parts_can_be_switched_off_one_by_one() {
    let figure = Figure {
        crouch: 0.5,
        x: 0.62,
        ..Figure::default()
    };
    let body = (0.45, 0.1, 0.8, 0.98);
    let banner = (0.0, 0.0, 0.26, 0.12);
    let report = (0.0, 0.5, 0.26, 1.0);
    let off = draw(
        "no-skeleton",
        "I420",
        (640, 360),
        "kineoverlay skeleton=false angles=false",
        figure,
    );
    assert_eq!(off.differing(GREY, body), 0);
    let off = draw(
        "no-banner",
        "I420",
        (640, 360),
        "kineoverlay banner=false",
        figure,
    );
    assert_eq!(off.differing(GREY, banner), 0);
    assert!(off.differing(GREY, report) > 0);
    let off = draw(
        "no-metrics",
        "I420",
        (640, 360),
        "kineoverlay metrics=false",
        figure,
    );
    assert_eq!(off.differing(GREY, report), 0);
    assert!(off.differing(GREY, banner) > 0);
}

#[test]
fn the_key_picture_is_transparent_except_for_the_graphics() {
    let figure = Figure {
        x: 0.62,
        ..Figure::default()
    };
    let picture = draw("key", "I420", (640, 360), "kineoverlay mode=key", figure);
    assert_eq!(picture.pixel(250.0, 20.0), [0, 0, 0, 0]);
    assert!(picture.differing([0; 4], (0.0, 0.5, 0.26, 1.0)) > 10_000);
    let panel = picture.pixel(30.0, 330.0);
    assert!(
        panel[3] > 150 && panel[3] < 255,
        "a panel is translucent, not {panel:?}"
    );
}

/// What a linear keyer makes of a picture, a premultiplied fill and a matte.
fn keyed(picture: u8, fill: u8, matte: u8) -> u8 {
    let through = f32::from(picture) * (1.0 - f32::from(matte) / 255.0);
    (through + f32::from(fill)).round() as u8
}

#[test]
fn a_keyer_makes_of_fill_and_matte_what_drawing_makes() {
    let figure = Figure {
        x: 0.62,
        ..Figure::default()
    };
    let picture = |mode: &str| {
        let overlay = format!("kineoverlay mode={mode}");
        draw(mode, "RGBA", (640, 360), &overlay, figure).data
    };
    let [drawn, fill, matte] = ["draw", "fill", "matte"].map(picture);
    let (mut opaque, mut between) = (0, 0);
    let pixels = drawn
        .chunks_exact(4)
        .zip(fill.chunks_exact(4))
        .zip(matte.chunks_exact(4));
    for ((drawn, fill), matte) in pixels {
        assert_eq!((fill[3], matte[3]), (255, 255));
        assert!(matte[..3] == [matte[0]; 3], "{matte:?} is not grey");
        match matte[0] {
            255 => opaque += 1,
            1.. => between += 1,
            0 => assert_eq!(fill, [0, 0, 0, 255]),
        }
        for (channel, background) in [0x8a, 0x90, 0x99].into_iter().enumerate() {
            let off = keyed(background, fill[channel], matte[channel]).abs_diff(drawn[channel]);
            // Several translucent layers, each rounded on its way.
            assert!(off <= 6, "{drawn:?} {fill:?} {matte:?}");
        }
    }
    assert!(
        opaque > 1000 && between > 10_000,
        "{opaque} opaque, {between} translucent"
    );
}

#[test]
fn a_disabled_overlay_passes_the_very_same_memory() {
    init();
    for line in [
        "kineoverlay enabled=false",
        "kineoverlay skeleton=false angles=false banner=false metrics=false",
    ] {
        let mut harness = gst_check::Harness::new_parse(line);
        harness.set_src_caps_str("video/x-raw,format=I420,width=64,height=64,framerate=30/1");
        let mut buffer = gst::Buffer::with_size(64 * 64 * 3 / 2).unwrap();
        buffer.get_mut().unwrap().set_pts(gst::ClockTime::ZERO);
        let pointer = buffer.as_ptr();
        let out = harness.push_and_pull(buffer).unwrap();
        assert_eq!(out.as_ptr(), pointer, "{line}");
    }
}

#[test]
fn the_overlay_can_be_switched_while_playing() {
    init();
    let mut harness = gst_check::Harness::new("kineoverlay");
    harness.set_src_caps_str("video/x-raw,format=RGBx,width=320,height=240,framerate=30/1");
    let element = harness.element().unwrap();
    let mut frame = |enabled: bool| {
        element.set_property("enabled", enabled);
        let mut buffer = gst::Buffer::with_size(320 * 240 * 4).unwrap();
        let fields = buffer.get_mut().unwrap();
        fields.set_pts(gst::ClockTime::ZERO);
        fields.map_writable().unwrap().fill(90);
        gstkinemotion::PoseMeta::add(fields, support::standing(320, 240, 0.0));
        let out = harness.push_and_pull(buffer).unwrap();
        out.map_readable().unwrap().iter().any(|sample| *sample != 90)
    };
    assert!(frame(true));
    assert!(!frame(false));
    assert!(frame(true));
}

#[test]
fn tiny_and_odd_pictures_are_drawn_on_without_harm() {
    let figure = Figure::default();
    for size in [(1, 1), (2, 3), (17, 9), (121, 123)] {
        for format in ["I420", "NV12", "RGB"] {
            draw("tiny", format, size, "kineoverlay", figure);
            draw("tiny", format, size, "kineoverlay mode=key", figure);
        }
    }
}

#[test]
fn landmarks_that_are_no_numbers_or_far_away_are_not_drawn() {
    init();
    let mut harness = gst_check::Harness::new("kineoverlay");
    harness.set_src_caps_str("video/x-raw,format=I420,width=320,height=240,framerate=30/1");
    for (n, wild) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30]
        .into_iter()
        .enumerate()
    {
        let mut poses = support::standing(320, 240, n as f64);
        for person in Arc::make_mut(&mut poses.persons) {
            for landmark in &mut person.pose.landmarks {
                (landmark.x, landmark.y) = (wild, wild);
            }
            person.bounds = [wild; 4];
        }
        let mut buffer = gst::Buffer::with_size(320 * 240 * 3 / 2).unwrap();
        let fields = buffer.get_mut().unwrap();
        fields.set_pts(gst::ClockTime::from_seconds(n as u64));
        gstkinemotion::PoseMeta::add(fields, poses);
        harness.push_and_pull(buffer).unwrap();
    }
}
