//! A panic means a bug in us, never bad input. Breaking the contract on purpose is ignored and said once.

mod support;

use kinemotion_motion::{Analyzer, AnalyzerConfig, Landmark, MovementChoice, Pose, PoseSource, WarningCode};
use proptest::prelude::*;
use support::{RECORDINGS, cmj, config, events, footage, recording, repetitions, the_repetition, warnings};

#[test]
fn time_that_goes_backwards_is_ignored_counted_and_said_once() {
    let clean = recording(&footage(&cmj(0.35)));
    let expected = the_repetition(&clean, config(None));
    let mut analyzer = Analyzer::new(config(None));
    let mut found = Vec::new();
    for (i, (t, pose)) in clean.iter().enumerate() {
        analyzer.push(*t, pose.as_ref());
        if i % 10 == 9 {
            analyzer.push(*t - 0.5, clean[0].1.as_ref());
            analyzer.push(*t, None);
            analyzer.push(f64::NAN, pose.as_ref());
            analyzer.push(f64::INFINITY, pose.as_ref());
        }
        found.extend(std::iter::from_fn(|| analyzer.poll_event()));
    }
    analyzer.finish();
    found.extend(std::iter::from_fn(|| analyzer.poll_event()));
    assert_eq!(repetitions(&found), [expected]);
    assert_eq!(warnings(&found), [WarningCode::TimestampsNotIncreasing]);
    assert_eq!(analyzer.ignored(), 4 * (clean.len() as u64 / 10));
}

#[test]
fn nothing_is_taken_after_the_end() {
    let clean = recording(&footage(&cmj(0.35)));
    let mut analyzer = Analyzer::new(config(None));
    analyzer.finish();
    for (t, pose) in &clean {
        analyzer.push(*t, pose.as_ref());
    }
    analyzer.finish();
    assert_eq!(analyzer.poll_event(), None);
}

#[test]
fn an_unknown_movement_is_said_and_measures_nothing() {
    let unknown = AnalyzerConfig {
        movement: MovementChoice::Named("handstand"),
        ..config(None)
    };
    let events = events(&recording(&footage(&cmj(0.35))), unknown);
    assert!(repetitions(&events).is_empty());
    assert_eq!(warnings(&events), [WarningCode::NotMeasured]);
}

#[test]
fn a_slow_stream_is_warned_about() {
    let mut slow = recording(&footage(&cmj(0.35)));
    let mut i = 0;
    slow.retain(|_| {
        i += 1;
        i % 6 == 0
    });
    assert!(warnings(&events(&slow, config(None))).contains(&WarningCode::FrameRateLow));
}

fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -2000.0f32..2000.0,
        1 => prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(f32::NEG_INFINITY), Just(f32::MAX), Just(0.0)],
    ]
}

fn any_pose() -> impl Strategy<Value = Option<Pose>> {
    let landmark = (
        number(),
        number(),
        number(),
        prop_oneof![4 => 0.0f32..=1.0, 1 => number()],
    )
        .prop_map(|(x, y, z, visibility)| Landmark {
            x,
            y,
            z,
            visibility,
            presence: visibility,
        });
    proptest::option::weighted(
        0.9,
        (proptest::collection::vec(landmark, 33), any::<bool>()).prop_map(|(landmarks, predicted)| {
            let mut pose = Pose::default();
            pose.landmarks.copy_from_slice(&landmarks);
            pose.source = if predicted {
                PoseSource::Predicted
            } else {
                PoseSource::Measured
            };
            pose
        }),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_poses_and_times_never_panic(
        frames in proptest::collection::vec((prop_oneof![6 => 0.0f64..0.05, 1 => -1e3f64..1e3, 1 => Just(f64::NAN)], any_pose()), 0..160),
        height in proptest::option::of(prop_oneof![Just(0.0), Just(f64::NAN), 1.0f64..2.5]),
    ) {
        let mut analyzer = Analyzer::new(config(height));
        let mut t = 0.0;
        for (step, pose) in &frames {
            let at = t + step;
            analyzer.push(at, pose.as_ref());
            if at.is_finite() {
                t = at;
            }
            while analyzer.poll_event().is_some() {}
            prop_assert!(analyzer.live().values.iter().all(|(_, v)| v.is_finite()));
        }
        analyzer.finish();
    }

    /// Any movement with broken landmarks, frames without anybody and gaps of up to half an hour: never a panic, never an
    /// absurd repetition.
    #[test]
    fn broken_recordings_of_any_movement_give_no_absurd_repetition(
        which in 0..RECORDINGS.len(),
        hits in proptest::collection::vec((0usize..600, 0usize..33, number(), number()), 0..80),
        lost in proptest::collection::vec((0usize..600, 1usize..40), 0..4),
        gaps in proptest::collection::vec((0usize..600, prop_oneof![0.05f64..1.0, 1.0f64..1800.0]), 0..3),
        backwards in proptest::collection::vec(0usize..600, 0..5),
    ) {
        let mut frames = RECORDINGS[which].clone();
        for (frame, id, x, y) in hits {
            if let Some((_, Some(pose))) = frames.get_mut(frame) {
                (pose.landmarks[id].x, pose.landmarks[id].y) = (x, y);
            }
        }
        for (from, count) in lost {
            frames.iter_mut().skip(from).take(count).for_each(|(_, pose)| *pose = None);
        }
        for (from, seconds) in gaps {
            frames.iter_mut().skip(from).for_each(|(t, _)| *t += seconds);
        }
        for frame in backwards {
            if let Some((t, _)) = frames.get_mut(frame) {
                *t -= 0.1;
            }
        }
        for repetition in repetitions(&events(&frames, config(Some(1.78)))) {
            support::assert_well_formed(&repetition);
        }
    }

    /// Landmarks of a real jump with a few of them broken: never a panic, never an absurd repetition.
    #[test]
    fn broken_landmarks_in_a_jump_give_no_absurd_repetition(
        hits in proptest::collection::vec((0usize..200, 0usize..33, number(), number()), 0..60),
    ) {
        let mut frames = recording(&footage(&cmj(0.35)));
        for (frame, id, x, y) in hits {
            if let Some((_, Some(pose))) = frames.get_mut(frame) {
                pose.landmarks[id].x = x;
                pose.landmarks[id].y = y;
            }
        }
        for repetition in repetitions(&events(&frames, config(None))) {
            support::assert_well_formed(&repetition);
        }
    }
}
