//! Running and walking on perfect landmarks: every step is found and its numbers are the true ones.

mod support;

use kinemotion_motion::{AnalyzerConfig, Athlete, EventKind, Repetition};
use proptest::prelude::*;
use std::sync::Arc;
use support::{Recorded, assert_well_formed, config, events, footage, recording, repetitions};
use synthetic_athlete::{Clip, FootTruth, GaitTruth, Movement, Rate, Running, Standing, Travel, Walking};

fn clip(movement: impl Into<Movement>, fps: u32) -> Clip {
    Clip {
        fps: Rate::from(fps),
        ..Clip::of(movement)
    }
}

fn athlete() -> AnalyzerConfig {
    AnalyzerConfig {
        athlete: Athlete {
            height_m: Some(1.78),
            mass_kg: Some(72.0),
        },
        ..config(None)
    }
}

/// The only bout of a clip, and the truth.
fn the_bout(clip: &Clip) -> (Arc<Repetition>, GaitTruth) {
    let footage = footage(clip);
    let found = repetitions(&events(&recording(&footage), athlete()));
    assert_eq!(found.len(), 1, "one bout: {found:?}");
    let truth = footage.truth().gait.expect("a gait");
    (found[0].clone(), truth)
}

fn nearest(times: &[f64], t: f64) -> f64 {
    times.iter().map(|x| (x - t).abs()).fold(f64::INFINITY, f64::min)
}

fn foot<'a>(truth: &'a GaitTruth, side: &str) -> &'a FootTruth {
    if side == "left" { &truth.left } else { &truth.right }
}

fn assert_steps(bout: &Repetition, truth: &GaitTruth, tolerance_s: f64) {
    assert!(
        bout.steps.windows(2).all(|pair| pair[0].side != pair[1].side),
        "{:?}",
        bout.steps
    );
    for step in &bout.steps {
        let foot = foot(truth, step.side);
        let off = [
            nearest(&foot.initial_contact_s, step.contact_s),
            nearest(&foot.toe_off_s, step.toe_off_s),
        ];
        assert!(
            off.iter().all(|off| *off < tolerance_s),
            "{step:?} is off by {off:?} s"
        );
    }
}

fn assert_metric(bout: &Repetition, truth: &GaitTruth, key: &str, tolerance: f64) {
    let (found, truth) = (bout.metric(key).expect(key), truth.metric(key).expect(key));
    assert!(
        (found - truth).abs() <= tolerance,
        "{key}: {found}, truly {truth}"
    );
}

#[test]
fn every_step_of_a_runner_is_found_whichever_way_the_camera_follows() {
    for travel in [Travel::Treadmill, Travel::Panned, Travel::Through] {
        for facing in [synthetic_athlete::Facing::Left, synthetic_athlete::Facing::Right] {
            let running = Running {
                travel,
                seconds: if travel == Travel::Through { 2.0 } else { 4.0 },
                ..Running::default()
            };
            let mut clip = clip(running, 60);
            clip.facing = facing;
            let (bout, truth) = the_bout(&clip);
            assert_eq!(bout.movement, "running");
            assert_well_formed(&bout);
            assert_steps(&bout, &truth, 0.025);
            assert!(bout.steps.len() >= 4, "{} steps", bout.steps.len());
            assert_metric(&bout, &truth, "cadence_spm", 0.5);
            assert_metric(&bout, &truth, "ground_contact_time_ms", 12.0);
            assert_metric(&bout, &truth, "speed_m_s", 0.25);
            assert_metric(&bout, &truth, "vertical_oscillation_m", 0.006);
            assert_metric(&bout, &truth, "foot_angle_at_contact_deg", 3.0);
            // as the synthetic athlete runs: see `LONGEST_REACH` there
            for (key, expected) in [
                ("knee_angle_at_contact_deg", 24.0),
                ("knee_angle_mid_stance_deg", 57.0),
                ("knee_angle_at_toe_off_deg", 27.0),
            ] {
                let found = bout.metric(key).expect(key);
                assert!((found - expected).abs() < 8.0, "{key}: {found}, about {expected}");
            }
            // passing through, there are too few steps of each foot
            if travel != Travel::Through {
                let asymmetry = bout.metric("step_length_asymmetry_percent").expect("both feet");
                assert!(asymmetry.abs() < 3.0, "{asymmetry}");
            }
        }
    }
}

#[test]
fn a_runner_who_lands_on_the_heel_is_timed_by_the_heel() {
    let running = Running {
        strike_deg: 14.0,
        ..Running::default()
    };
    let (bout, truth) = the_bout(&clip(running, 60));
    assert_steps(&bout, &truth, 0.02);
    assert_metric(&bout, &truth, "ground_contact_time_ms", 12.0);
    assert_metric(&bout, &truth, "foot_angle_at_contact_deg", 4.0);
    assert!(
        bout.steps.iter().all(|s| s.foot_strike == Some("rearfoot")),
        "{:?}",
        bout.steps
    );
}

#[test]
fn steps_without_a_bounce_have_no_rhythm() {
    let footage = footage(&clip(Running::default(), 60));
    let mut level = recording(&footage);
    let trunk = [11, 12, 23, 24];
    let first = level[0].1.as_ref().expect("a pose").landmarks;
    for (_, pose) in &mut level {
        let landmarks = &mut pose.as_mut().expect("a pose").landmarks;
        for i in trunk {
            landmarks[i].y = first[i].y;
        }
    }
    let found = repetitions(&events(&level, athlete()));
    assert!(!found.is_empty());
    for bout in found {
        assert_eq!(bout.metric("cadence_spm"), None);
        assert_eq!(bout.metric("ground_contact_time_ms"), None);
        assert!(
            bout.warnings.iter().any(|w| w.contains("rise and fall")),
            "{:?}",
            bout.warnings
        );
    }
}

#[test]
fn every_step_of_a_walker_is_found() {
    for travel in [Travel::Treadmill, Travel::Panned, Travel::Through] {
        let walking = Walking {
            travel,
            ..Walking::default()
        };
        let (bout, truth) = the_bout(&clip(walking, 60));
        assert_eq!(bout.movement, "walking");
        assert_well_formed(&bout);
        assert_steps(&bout, &truth, 0.03);
        assert_metric(&bout, &truth, "cadence_spm", 0.5);
        assert_metric(&bout, &truth, "double_support_ms", 30.0);
        assert_metric(&bout, &truth, "stride_length_m", 0.1);
    }
}

#[test]
fn a_limp_shows_on_its_side() {
    for asymmetry in [0.12, -0.12] {
        let running = Running {
            asymmetry,
            ..Running::default()
        };
        let (bout, truth) = the_bout(&clip(running, 120));
        assert_metric(&bout, &truth, "contact_asymmetry_percent", 4.0);
    }
}

#[test]
fn stiffness_needs_the_mass_and_contact_times_need_frames() {
    let footage = footage(&clip(Running::default(), 60));
    let of = |config| repetitions(&events(&recording(&footage), config))[0].clone();
    assert!(
        of(athlete())
            .metric("leg_stiffness_kn_m")
            .is_some_and(|k| (5.0..20.0).contains(&k))
    );
    let unknown = of(config(None));
    assert!(unknown.metric("leg_stiffness_kn_m").is_none() && unknown.metric("speed_m_s").is_none());
    assert!(unknown.metric("cadence_spm").is_some());
    let (slow, _) = the_bout(&clip(Running::default(), 30));
    assert!(slow.metric("ground_contact_time_ms").is_none() && slow.metric("cadence_spm").is_some());
    assert!(slow.warnings.iter().any(|w| w.contains("frame rate")));
}

/// A bout that goes on is reported every ten seconds, no step twice, and soon after its last toe-off.
fn assert_live(movement: impl Into<Movement>, fps: u32, bouts: usize, step_s: std::ops::Range<f64>) {
    let footage = footage(&clip(movement, fps));
    let events = events(&recording(&footage), athlete());
    let found = repetitions(&events);
    assert_eq!(found.len(), bouts, "{found:?}");
    let contacts: Vec<f64> = found
        .iter()
        .flat_map(|r| r.steps.iter().map(|s| s.contact_s))
        .collect();
    assert!(
        contacts
            .windows(2)
            .all(|pair| step_s.contains(&(pair[1] - pair[0]))),
        "{contacts:?}"
    );
    for event in &events {
        // the last one ends with the stream
        if let EventKind::Repetition(r) = &event.kind
            && r != &found[bouts - 1]
        {
            assert!(event.t - r.end_s < 0.3, "reported {} s late", event.t - r.end_s);
        }
    }
}

#[test]
fn a_long_run_or_walk_is_reported_every_ten_seconds_within_300_ms_and_no_step_counts_twice() {
    for (speed_m_s, cadence_spm) in [(2.5, 150.0), (3.2, 170.0), (5.0, 195.0)] {
        for fps in [30, 60, 120] {
            let running = Running {
                seconds: 25.0,
                speed_m_s,
                cadence_spm,
                ..Running::default()
            };
            let step_s = 60.0 / cadence_spm;
            assert_live(running, fps, 3, step_s - 0.04..step_s + 0.04);
        }
    }
    let walking = Walking {
        seconds: 25.0,
        ..Walking::default()
    };
    assert_live(walking, 60, 3, 0.48..0.59);
}

#[test]
fn standing_still_and_marking_time_on_the_spot_are_no_gait() {
    let footage = footage(&clip(Standing::default(), 60));
    assert!(repetitions(&events(&recording(&footage), athlete())).is_empty());
}

#[test]
fn legs_whose_labels_are_swapped_now_and_then_stay_apart() {
    let footage = footage(&clip(Running::default(), 60));
    let mut swapped = recording(&footage);
    for (i, (_, pose)) in swapped.iter_mut().enumerate() {
        if i % 17 < 2 {
            let landmarks = &mut pose.as_mut().expect("a pose").landmarks;
            for left in [25, 27, 29, 31] {
                landmarks.swap(left, left + 1);
            }
        }
    }
    let found = repetitions(&events(&swapped, athlete()));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_steps(&found[0], &footage.truth().gait.expect("a gait"), 0.03);
}

fn changed(recording: &[Recorded], change: impl Fn(&mut f32, &mut f32)) -> Vec<Recorded> {
    let mut recording = recording.to_vec();
    for (_, pose) in &mut recording {
        for landmark in pose.iter_mut().flat_map(|p| &mut p.landmarks) {
            change(&mut landmark.x, &mut landmark.y);
        }
    }
    recording
}

fn assert_same(a: &Repetition, b: &Repetition, shift: f64) {
    assert_eq!((a.movement, a.steps.len()), (b.movement, b.steps.len()));
    for (x, y) in a.steps.iter().zip(&b.steps) {
        assert_eq!(x.side, y.side);
        assert!(
            (x.contact_s + shift - y.contact_s).abs() < 2e-3,
            "{x:?} and {y:?}"
        );
    }
    for (x, y) in a.metrics.iter().zip(&b.metrics) {
        if let (Some(v), Some(w), Some(u)) = (x.value, y.value, x.uncertainty) {
            assert!(
                (v - w).abs() <= 0.1 * u.max(0.1),
                "{}: {v} and {w}, interval {u}",
                x.key
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn results_do_not_depend_on_time_mirror_or_pixels(
        walks in any::<bool>(),
        shift in prop_oneof![-5.0f64..5.0, Just(86_400.0)],
        scale in 0.3f32..4.0,
        offset in -300.0f32..300.0,
    ) {
        let movement: Movement = if walks { Walking::default().into() } else { Running::default().into() };
        let original = recording(&footage(&clip(movement, 60)));
        let of = |recording: &[Recorded]| repetitions(&events(recording, athlete()))[0].clone();
        let reference = of(&original);
        let shifted: Vec<Recorded> = original.iter().map(|(t, p)| (t + shift, p.clone())).collect();
        assert_same(&reference, &of(&shifted), shift);
        assert_same(&reference, &of(&changed(&original, |x, _| *x = 640.0 - *x)), 0.0);
        let scaled = changed(&original, |x, y| {
            *x = scale * *x + offset;
            *y = scale * *y - offset;
        });
        assert_same(&reference, &of(&scaled), 0.0);
    }

    #[test]
    fn cadence_does_not_depend_on_the_frame_rate(fps in prop_oneof![Just(30u32), Just(50), Just(60), Just(120), Just(240)]) {
        let (bout, truth) = the_bout(&clip(Running::default(), fps));
        assert_metric(&bout, &truth, "cadence_spm", 0.8);
    }
}

/// Numbers rounded to what the registry prints, so that the snapshot is the same on every machine.
fn rounded(value: &mut serde_json::Value, decimals: usize) {
    match value {
        serde_json::Value::Number(n) => {
            let factor = 10f64.powi(decimals as i32);
            let rounded = (n.as_f64().expect("a number") * factor).round() / factor + 0.0; // no negative zero
            *value = serde_json::json!(rounded);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|v| rounded(v, decimals)),
        serde_json::Value::Object(fields) => {
            for (key, v) in fields {
                let known = kinemotion_motion::registry::find(key);
                rounded(v, known.map_or(decimals, |m| m.decimals));
            }
        }
        _ => {}
    }
}

#[test]
fn one_run_and_one_walk_with_all_their_numbers() {
    for movement in [Movement::from(Running::default()), Walking::default().into()] {
        let (bout, _) = the_bout(&clip(movement, 60));
        let mut json = serde_json::to_value(&*bout).expect("serialises");
        rounded(&mut json, 2);
        insta::assert_json_snapshot!(format!("{}_60fps", bout.movement), json);
    }
}
