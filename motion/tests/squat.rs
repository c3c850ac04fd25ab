//! Squat repetitions on perfect landmarks.

mod support;

use support::{assert_well_formed, config, events, footage, recording, repetitions, truth_of};
use synthetic_athlete::{Action, Clip, Cmj, Squat, Standing};

#[test]
fn depth_and_tempo_of_squats_are_right() {
    for (depth_m, pause_s) in [(0.20, 0.0), (0.35, 0.0), (0.42, 1.0)] {
        let clip = Clip::of(Squat {
            depth_m,
            pause_s,
            repetitions: 3,
            ..Squat::default()
        });
        let footage = footage(&clip);
        let found = repetitions(&events(&recording(&footage), config(Some(1.78))));
        let truth = truth_of(&footage);
        assert_eq!(found.len(), truth.len(), "{depth_m} m, pause {pause_s} s");
        for (found, truth) in found.iter().zip(&truth) {
            assert_eq!(found.movement, "squat");
            assert_well_formed(found);
            for key in [
                "squat_depth_m",
                "eccentric_duration_ms",
                "concentric_duration_ms",
                "pause_duration_ms",
                "mean_concentric_velocity_m_s",
            ] {
                let metric = found.metrics.iter().find(|m| m.key == key).expect(key);
                let (value, uncertainty) = (metric.value.expect(key), metric.uncertainty.expect(key));
                let error = value - truth.metric(key).expect(key);
                assert!(
                    error.abs() < uncertainty,
                    "{key} of {depth_m} m: {error} ± {uncertainty}"
                );
            }
            for key in ["onset_s", "lowest_s"] {
                let error = found.event(key).expect(key) - truth.event(key).expect(key);
                assert!(error.abs() < 0.1, "{key} of {depth_m} m: {error}");
            }
        }
    }
}

#[test]
fn jumps_gestures_and_heel_raises_are_no_squats() {
    let clips = [Action::Still, Action::HeelRaises, Action::ArmRaises]
        .map(|action| Clip::of(Standing { action, seconds: 5.0 }));
    let jumps = Clip::of(Cmj {
        repetitions: 3,
        ..Cmj::default()
    });
    for clip in clips.into_iter().chain([jumps]) {
        let found = repetitions(&events(&recording(&footage(&clip)), config(Some(1.78))));
        assert!(found.iter().all(|r| r.movement != "squat"), "{:?}", clip.movement);
    }
}

#[test]
fn without_a_height_metres_are_withheld_and_times_are_not() {
    let clip = Clip::of(Squat::default());
    let found = repetitions(&events(&recording(&footage(&clip)), config(None)));
    assert_eq!(found.len(), 2);
    for squat in found {
        assert_eq!(squat.metric("squat_depth_m"), None);
        assert!(squat.metric("eccentric_duration_ms").is_some());
    }
}
