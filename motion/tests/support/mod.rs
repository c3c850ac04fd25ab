//! Poses of synthetic athletes with perfect landmarks.
#![allow(dead_code, missing_docs)]

use kinemotion_motion::{
    Analyzer, AnalyzerConfig, Athlete, Event, EventKind, Landmark, MovementChoice, Pose, Repetition,
    WarningCode,
};
use std::sync::Arc;
use synthetic_athlete::{Clip, Cmj, Footage, RepetitionTruth};

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
