//! Squat repetitions on perfect landmarks.

mod support;

use support::{
    Recorded, assert_well_formed, config, events, footage, pose, recording, repetitions, truth_of,
};
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

/// A countermovement played forwards and backwards: a squat that turns at once, with the feet pressing hardest at the bottom. Its
/// two ways read short, because their curve expects the body to come to rest there.
#[test]
fn a_squat_that_turns_with_force_is_found_with_its_lowest_point_and_ways_somewhat_short() {
    let footage = footage(&Clip::of(Cmj {
        depth_m: 0.35,
        eccentric_s: 0.9,
        ..Cmj::default()
    }));
    let event = |key| truth_of(&footage)[0].event(key).expect("known");
    let (onset, lowest) = (event("onset_s"), event("lowest_s"));
    let down = (0..footage.frame_count()).filter(|&i| footage.time(i) <= lowest);
    let mut there_and_back: Vec<usize> = down.collect();
    there_and_back.extend(there_and_back.clone().iter().rev());
    let squat: Vec<Recorded> = there_and_back
        .iter()
        .enumerate()
        .map(|(k, &i)| (footage.time(k), Some(pose(&footage.landmarks(i)))))
        .collect();
    let found = repetitions(&events(&squat, config(Some(1.78))));
    assert_eq!(found.len(), 1, "{found:?}");
    let found = &found[0];
    assert!(
        (found.event("lowest_s").expect("timed") - lowest).abs() < 0.03,
        "{found:?}"
    );
    for key in ["eccentric_duration_ms", "concentric_duration_ms"] {
        let error = found.metric(key).expect(key) - 1e3 * (lowest - onset);
        assert!(error.abs() < 160.0, "{key}: {error}");
    }
}

/// Two squats without standing between them are two.
#[test]
fn squats_that_follow_each_other_at_once_are_counted_singly() {
    let clip = Clip::of(Squat {
        repetitions: 4,
        lead_s: 0.1,
        ..Squat::default()
    });
    let found = repetitions(&events(&recording(&footage(&clip)), config(Some(1.78))));
    assert_eq!(found.len(), 4, "{found:?}");
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
