//! Poses of synthetic athletes with perfect landmarks.
#![allow(dead_code, missing_docs)]

use kinemotion_motion::{
    Analyzer, AnalyzerConfig, Athlete, Event, EventKind, Landmark, LandmarkId, MovementChoice, Pose,
    Repetition, WarningCode,
};
use std::sync::{Arc, LazyLock};
use synthetic_athlete::{
    Clip, Cmj, DropJump, Footage, RepeatedJumps, RepetitionTruth, Running, Squat, SquatJump, Walking,
};

/// One frame of a recording.
pub type Recorded = (f64, Option<Pose>);

pub fn footage(clip: &Clip) -> Footage {
    clip.build().expect("the clip is possible")
}

/// A jump with time to stand before and after.
pub fn cmj(height_m: f64) -> Clip {
    Clip::of(Cmj {
        height_m,
        ..Cmj::default()
    })
}

/// A clip of every movement under its name.
pub fn clips() -> [(&'static str, Clip); 7] {
    [
        ("cmj", Clip::of(Cmj::default())),
        ("squatjump", Clip::of(SquatJump::default())),
        ("dropjump", Clip::of(DropJump::default())),
        ("repeatedjumps", Clip::of(RepeatedJumps::default())),
        ("squat", Clip::of(Squat::default())),
        ("running", Clip::of(Running::default())),
        ("walking", Clip::of(Walking::default())),
    ]
}

/// The recording of every clip, in their order.
pub static RECORDINGS: LazyLock<[Vec<Recorded>; 7]> =
    LazyLock::new(|| clips().map(|(_, clip)| recording(&footage(&clip))));

/// Every frame with the true landmarks, all of them visible.
pub fn recording(footage: &Footage) -> Vec<Recorded> {
    (0..footage.frame_count())
        .map(|i| (footage.time(i), Some(pose(&footage.landmarks(i)))))
        .collect()
}

pub fn pose(points: &[[f64; 3]]) -> Pose {
    let mut pose = Pose {
        score: 1.0,
        ..Pose::default()
    };
    for (landmark, &[x, y, z]) in pose.landmarks.iter_mut().zip(points) {
        *landmark = Landmark {
            x: x as f32,
            y: y as f32,
            z: z as f32,
            visibility: 0.97,
            presence: 0.99,
        };
    }
    pose
}

/// A person of 200 pixels seen from the side who stands on the spot with these angles from the vertical, degrees: shank
/// forwards, thigh backwards, trunk forwards.
pub fn figure(shank: f32, thigh: f32, trunk: f32) -> Pose {
    let along = |[x, y]: [f32; 2], length: f32, lean: f32| {
        let (sin, cos) = lean.to_radians().sin_cos();
        [x + length * sin, y + length * cos]
    };
    let ankle = [0.0, 8.0];
    let knee = along(ankle, 49.0, shank);
    let hip = along(knee, 49.0, -thigh);
    let shoulder = along(hip, 58.0, trunk);
    let ear = along(shoulder, 22.0, trunk);
    let [elbow, wrist] = [along(shoulder, -38.0, 0.0), along(shoulder, -68.0, 0.0)];
    let places = [
        (LandmarkId::Nose, along(ear, 10.0, 90.0)),
        (LandmarkId::LeftEar, ear),
        (LandmarkId::LeftShoulder, shoulder),
        (LandmarkId::LeftElbow, elbow),
        (LandmarkId::LeftWrist, wrist),
        (LandmarkId::LeftHip, hip),
        (LandmarkId::LeftKnee, knee),
        (LandmarkId::LeftAnkle, ankle),
        (LandmarkId::LeftHeel, [-8.0, 2.0]),
        (LandmarkId::LeftFootIndex, [22.0, 2.0]),
    ];
    let mut points = [[0.0; 3]; 33];
    for (id, [x, up]) in places {
        let right = if id == LandmarkId::Nose { 0 } else { 1 };
        for slot in [id as usize, id as usize + right] {
            points[slot] = [f64::from(300.0 + x), f64::from(320.0 - up), 0.0];
        }
    }
    pose(&points)
}

/// Goes through figures, (seconds, shank, thigh, trunk), smoothly from one to the next, at 60 frames per second.
pub fn acted(keys: &[(f64, f32, f32, f32)]) -> Vec<Recorded> {
    let end = keys.last().expect("keys").0;
    (0..=(60.0 * end) as usize)
        .map(|i| {
            let t = i as f64 / 60.0;
            let next = keys.partition_point(|key| key.0 < t).clamp(1, keys.len() - 1);
            let (a, b) = (keys[next - 1], keys[next]);
            let u = ((t - a.0) / (b.0 - a.0)).clamp(0.0, 1.0) as f32;
            let s = u * u * u * (10.0 + u * (6.0 * u - 15.0));
            let mix = |x: f32, y: f32| x + s * (y - x);
            (t, Some(figure(mix(a.1, b.1), mix(a.2, b.2), mix(a.3, b.3))))
        })
        .collect()
}

pub fn config(height_m: Option<f64>) -> AnalyzerConfig {
    AnalyzerConfig {
        movement: MovementChoice::Auto,
        athlete: Athlete {
            height_m,
            mass_kg: None,
        },
        person: 7,
        ..AnalyzerConfig::default()
    }
}

/// All events of a recording, drained after each push as the contract asks.
pub fn events(recording: &[Recorded], config: AnalyzerConfig) -> Vec<Event> {
    let mut analyzer = Analyzer::new(config);
    let mut events = Vec::new();
    for (t, pose) in recording {
        analyzer.push(*t, pose.as_ref());
        events.extend(std::iter::from_fn(|| analyzer.poll_event()));
    }
    analyzer.finish();
    events.extend(std::iter::from_fn(|| analyzer.poll_event()));
    events
}

pub fn repetitions(events: &[Event]) -> Vec<Arc<Repetition>> {
    events
        .iter()
        .filter_map(|e| match &e.kind {
            EventKind::Repetition(repetition) => Some(repetition.clone()),
            _ => None,
        })
        .collect()
}

pub fn warnings(events: &[Event]) -> Vec<WarningCode> {
    events
        .iter()
        .filter_map(|e| match e.kind {
            EventKind::Warning { code, .. } => Some(code),
            _ => None,
        })
        .collect()
}

/// The single repetition of a recording.
pub fn the_repetition(recording: &[Recorded], config: AnalyzerConfig) -> Arc<Repetition> {
    let found = repetitions(&events(recording, config));
    assert_eq!(found.len(), 1, "one jump: {found:?}");
    found[0].clone()
}

/// Phases are in order, touch each other and fill the repetition; events lie inside it in order.
pub fn assert_well_formed(repetition: &Repetition) {
    let phases = &repetition.phases;
    assert_eq!(phases[0].start_s, repetition.start_s);
    assert_eq!(phases[phases.len() - 1].end_s, repetition.end_s);
    assert!(phases.iter().all(|p| p.end_s > p.start_s), "{phases:?}");
    assert!(
        phases.windows(2).all(|pair| pair[0].end_s == pair[1].start_s),
        "{phases:?}"
    );
    assert!(
        repetition.events.windows(2).all(|pair| pair[0].1 < pair[1].1),
        "{:?}",
        repetition.events
    );
    for metric in &repetition.metrics {
        let known = kinemotion_motion::registry::find(metric.key).expect("a registered key");
        assert_eq!(
            metric.value.is_some(),
            metric.uncertainty.is_some(),
            "{}",
            metric.key
        );
        if let (Some(value), Some(uncertainty)) = (metric.value, metric.uncertainty) {
            assert!(
                value >= known.bounds.0
                    && value <= known.bounds.1
                    && (uncertainty > 0.0 || matches!(metric.key, "steps" | "series_jumps")),
                "{metric:?}"
            );
        } else {
            assert!(
                repetition.warnings.iter().any(|w| w.contains(metric.key)),
                "{} without a reason",
                metric.key
            );
        }
    }
}

pub fn truth_of(footage: &Footage) -> Vec<RepetitionTruth> {
    footage.truth().repetitions
}
