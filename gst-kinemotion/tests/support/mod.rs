//! Shared by the tests: registration, a stick figure, and pipelines whose poses need no model.

// Each test file uses its own part.
#![allow(dead_code)]

use gst::prelude::*;
use gstkinemotion::{FrameGeometry, PoseMeta, Poses};
use kinemotion_models::TrackedPose;
use kinemotion_motion::{LandmarkId as L, Pose, PoseSource};
use std::sync::{Arc, Once};

/// Initialises GStreamer and registers the plugin.
pub fn init() {
    static INIT: Once = Once::new();
    INIT.call_once(|| {
        gst::init().unwrap();
        gstkinemotion::plugin_register_static().unwrap();
    });
}

/// Where the athlete stands and how.
#[derive(Clone, Copy)]
pub struct Figure {
    /// Column of the feet, fraction of the width.
    pub x: f32,
    /// Row of the ground, fraction of the height.
    pub ground: f32,
    /// Stature, fraction of the picture's height.
    pub stature: f32,
    /// 0 standing, 1 deep squat.
    pub crouch: f32,
    /// Height of the feet above the ground, fraction of the stature.
    pub lift: f32,
}

impl Default for Figure {
    fn default() -> Self {
        Self {
            x: 0.5,
            ground: 0.93,
            stature: 0.78,
            crouch: 0.0,
            lift: 0.0,
        }
    }
}

type P = (f32, f32);

/// The joint between two segments of these lengths, on the side of positive x.
fn knee(hip: P, ankle: P, thigh: f32, shank: f32) -> P {
    let (dx, dy) = (ankle.0 - hip.0, ankle.1 - hip.1);
    let d = (dx * dx + dy * dy).sqrt().min(thigh + shank - 1e-4);
    let along = (thigh * thigh - shank * shank + d * d) / (2.0 * d);
    let out = (thigh * thigh - along * along).max(0.0).sqrt();
    (
        hip.0 + (along * dx + out * dy) / d,
        hip.1 + (along * dy - out * dx) / d,
    )
}

/// A stick figure facing right, seen slightly from the front, in square pixels.
pub fn pose(figure: &Figure, frame: &FrameGeometry) -> Pose {
    let s = figure.stature * frame.height as f32;
    let foot: P = (
        figure.x * frame.square_width(),
        (figure.ground - figure.lift * figure.stature) * frame.height as f32,
    );
    let c = figure.crouch;
    let at = |x: f32, up: f32| (foot.0 + x * s, foot.1 - up * s);
    let mut pose = Pose {
        score: 0.99,
        ..Pose::default()
    };
    let mut put = |id: L, (x, y): P, visibility: f32| {
        let landmark = &mut pose.landmarks[id as usize];
        (landmark.x, landmark.y, landmark.visibility, landmark.presence) = (x, y, visibility, visibility);
    };
    let lean = 0.62 * c;
    let hip_centre = at(-0.16 * c, 0.52 - 0.19 * c);
    let shoulder_centre = (
        hip_centre.0 + lean.sin() * 0.29 * s,
        hip_centre.1 - lean.cos() * 0.29 * s,
    );
    for (side, near) in [(-1.0f32, false), (1.0, true)] {
        let visibility = if near { 0.98 } else { 0.75 };
        let id = |left: L, right: L| if near { right } else { left };
        let shift = side * 0.045 * s;
        let hip = (hip_centre.0 - shift * 0.8, hip_centre.1);
        let ankle = (foot.0 - shift, foot.1 - 0.04 * s);
        let shoulder = (shoulder_centre.0 - shift * 1.5, shoulder_centre.1);
        put(id(L::LeftHip, L::RightHip), hip, visibility);
        put(
            id(L::LeftKnee, L::RightKnee),
            knee(hip, ankle, 0.245 * s, 0.246 * s),
            visibility,
        );
        put(id(L::LeftAnkle, L::RightAnkle), ankle, visibility);
        put(
            id(L::LeftHeel, L::RightHeel),
            (ankle.0 - 0.04 * s, foot.1 - 0.01 * s),
            visibility,
        );
        put(
            id(L::LeftFootIndex, L::RightFootIndex),
            (ankle.0 + 0.11 * s, foot.1),
            visibility,
        );
        put(id(L::LeftShoulder, L::RightShoulder), shoulder, visibility);
        let swing = 1.2 - 2.0 * c;
        let elbow = (
            shoulder.0 + 0.17 * s * swing.sin(),
            shoulder.1 + 0.17 * s * swing.cos(),
        );
        put(id(L::LeftElbow, L::RightElbow), elbow, visibility);
        let wrist = (
            elbow.0 + 0.15 * s * (swing + 0.5).sin(),
            elbow.1 + 0.15 * s * (swing + 0.5).cos(),
        );
        for (left, right) in [
            (L::LeftWrist, L::RightWrist),
            (L::LeftPinky, L::RightPinky),
            (L::LeftIndex, L::RightIndex),
            (L::LeftThumb, L::RightThumb),
        ] {
            put(id(left, right), wrist, visibility);
        }
    }
    let head = (shoulder_centre.0 + 0.03 * s, shoulder_centre.1 - 0.12 * s);
    for (index, id) in L::ALL.into_iter().take(11).enumerate() {
        let spread = (index as f32 / 10.0 - 0.5) * 0.08 * s;
        put(
            id,
            (head.0 + spread, head.1 + if index > 8 { 0.03 * s } else { 0.0 }),
            0.9,
        );
    }
    pose
}

/// A tracked person from a pose.
pub fn tracked(id: u32, selected: bool, pose: Pose) -> TrackedPose {
    let (mut left, mut top, mut right, mut bottom) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
    for l in &pose.landmarks {
        (left, right) = (left.min(l.x), right.max(l.x));
        (top, bottom) = (top.min(l.y), bottom.max(l.y));
    }
    TrackedPose {
        id,
        selected,
        bounds: [left, top, right, bottom],
        pose,
    }
}

/// One selected standing person in a frame of this size.
pub fn standing(width: u32, height: u32, time: f64) -> Poses {
    let frame = FrameGeometry {
        width,
        height,
        pixel_aspect: 1.0,
    };
    let person = tracked(1, true, pose(&Figure::default(), &frame));
    Poses {
        persons: Arc::from([person]),
        frame,
        time,
        shift: None,
        degraded: false,
        inference: None,
    }
}

/// The same person, extrapolated.
pub fn predicted(mut poses: Poses) -> Poses {
    for person in Arc::make_mut(&mut poses.persons) {
        person.pose.source = PoseSource::Predicted;
    }
    poses
}

/// Adds what `poses` gives to each buffer leaving a pad.
pub fn inject(pad: &gst::Pad, poses: impl Fn(&gst::BufferRef) -> Option<Poses> + Send + Sync + 'static) {
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let Some(buffer) = info.buffer_mut() {
            let buffer = buffer.make_mut();
            if let Some(poses) = poses(buffer) {
                PoseMeta::add(buffer, poses);
            }
        }
        gst::PadProbeReturn::Ok
    });
}

/// PTS in seconds.
pub fn seconds(buffer: &gst::BufferRef) -> f64 {
    buffer.pts().unwrap().nseconds() as f64 / 1e9
}

/// Builds a pipeline; elements are found by name.
pub fn launch(line: &str) -> gst::Pipeline {
    init();
    gst::parse::launch(line).unwrap().downcast().unwrap()
}

/// Plays until the end and gives the messages seen on the way. Panics on an error.
pub fn play(pipeline: &gst::Pipeline) -> Vec<gst::Message> {
    let (messages, error) = play_to_the_end(pipeline);
    assert!(error.is_none(), "{error:?}");
    messages
}

/// Plays until the end or an error.
pub fn play_to_the_end(pipeline: &gst::Pipeline) -> (Vec<gst::Message>, Option<String>) {
    let bus = pipeline.bus().unwrap();
    let mut seen = Vec::new();
    let mut error = None;
    if pipeline.set_state(gst::State::Playing).is_err() {
        error = Some("state change failed".to_owned());
    }
    let limit = if error.is_some() {
        gst::ClockTime::ZERO
    } else {
        gst::ClockTime::from_seconds(120)
    };
    while let Some(message) = bus.timed_pop(limit) {
        match message.view() {
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(failure) => {
                error = Some(format!(
                    "{}: {}",
                    failure.error(),
                    failure.debug().unwrap_or_default()
                ));
                break;
            }
            _ => seen.push(message),
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    (seen, error)
}

/// Texts of the warnings among messages.
pub fn warnings(messages: &[gst::Message]) -> Vec<String> {
    messages
        .iter()
        .filter_map(|message| match message.view() {
            gst::MessageView::Warning(warning) => Some(warning.error().to_string()),
            _ => None,
        })
        .collect()
}

/// Whether the real engine can run here: ONNX Runtime and the models of this quality are installed. Says so when not.
pub fn engine_is_available() -> bool {
    use kinemotion_models::{Engine, EngineConfig, Quality};
    let engine = Engine::shared(&EngineConfig::default()).and_then(|engine| engine.warm_up(Quality::Fast));
    if let Err(error) = &engine {
        eprintln!("skipped: {error}");
    }
    engine.is_ok()
}

/// A pose from the true landmarks of rendered footage.
pub fn true_pose(footage: &synthetic_athlete::Footage, time: f64) -> Pose {
    let mut pose = Pose {
        score: 1.0,
        ..Pose::default()
    };
    for (landmark, [x, y, z]) in pose.landmarks.iter_mut().zip(footage.landmarks_at(time)) {
        (landmark.x, landmark.y, landmark.z) = (x as f32, y as f32, z as f32);
        (landmark.visibility, landmark.presence) = (1.0, 1.0);
    }
    for (point, [x, y, z]) in pose.world.iter_mut().zip(footage.world_landmarks_at(time)) {
        (point.x, point.y, point.z) = (x as f32, y as f32, z as f32);
    }
    pose
}

/// The athlete of rendered footage, selected, as track 1.
pub fn true_poses(footage: &synthetic_athlete::Footage, time: f64) -> Poses {
    let frame = FrameGeometry {
        width: footage.width(),
        height: footage.height(),
        pixel_aspect: 1.0,
    };
    Poses {
        persons: Arc::from([tracked(1, true, true_pose(footage, time))]),
        frame,
        time,
        shift: None,
        degraded: false,
        inference: None,
    }
}

/// Jumps, one after the other.
pub fn jumps(repetitions: u32) -> synthetic_athlete::Footage {
    let cmj = synthetic_athlete::Cmj {
        repetitions,
        ..Default::default()
    };
    synthetic_athlete::Clip::of(cmj).build().unwrap()
}

/// The element of this factory inside a harness made from a line.
pub fn inner(harness: &gst_check::Harness, factory: &str) -> gst::Element {
    let element = harness.element().unwrap();
    let is_wanted = |element: &gst::Element| element.factory().is_some_and(|f| f.name() == factory);
    if is_wanted(&element) {
        return element;
    }
    element
        .downcast::<gst::Bin>()
        .unwrap()
        .children()
        .into_iter()
        .find(is_wanted)
        .unwrap()
}
