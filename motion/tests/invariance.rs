//! What must not change a result: when the clip starts, which way it is mirrored, how large its pixels are, how often it
//! was sampled.

mod support;

use kinemotion_motion::Repetition;
use proptest::prelude::*;
use support::{Recorded, cmj, config, footage, recording, the_repetition};
use synthetic_athlete::Rate;

/// Every metric agrees within its own 95 % interval; times are shifted by `shift`.
fn assert_same(a: &Repetition, b: &Repetition, shift: f64, tolerance: f64) {
    assert_eq!(a.metrics.len(), b.metrics.len());
    for (x, y) in a.metrics.iter().zip(&b.metrics) {
        let (Some(v), Some(w), Some(u)) = (x.value, y.value, x.uncertainty) else {
            assert_eq!(x.value.is_some(), y.value.is_some(), "{}", x.key);
            continue;
        };
        assert!(
            (v - w).abs() <= tolerance * u,
            "{}: {v} and {w}, interval {u}",
            x.key
        );
    }
    for ((name, x), (_, y)) in a.events.iter().zip(&b.events) {
        assert!(
            (x + shift - y).abs() < 1e-3 + 0.03 * tolerance,
            "{name}: {x} and {y}"
        );
    }
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn results_do_not_depend_on_time_mirror_or_pixels(
        height in 0.15f64..0.55,
        shift in prop_oneof![-5.0f64..5.0, Just(86_400.0)],
        scale in 0.3f32..4.0,
        offset in -300.0f32..300.0,
    ) {
        let original = recording(&footage(&cmj(height)));
        let reference = the_repetition(&original, config(Some(1.78)));
        let shifted: Vec<Recorded> = original.iter().map(|(t, p)| (t + shift, p.clone())).collect();
        assert_same(&reference, &the_repetition(&shifted, config(Some(1.78))), shift, 0.02);
        let mirrored = changed(&original, |x, _| *x = 640.0 - *x);
        assert_same(&reference, &the_repetition(&mirrored, config(Some(1.78))), 0.0, 0.02);
        let scaled = changed(&original, |x, y| {
            *x = scale * *x + offset;
            *y = scale * *y - offset;
        });
        assert_same(&reference, &the_repetition(&scaled, config(Some(1.78))), 0.0, 0.02);
    }

    #[test]
    fn results_do_not_depend_on_the_frame_rate_beyond_their_interval(
        height in 0.18f64..0.55,
        fps in prop_oneof![Just(30u32), Just(50), Just(60), Just(100), Just(120), Just(240)],
        phase in 0.0f64..1.0,
    ) {
        let mut clip = cmj(height);
        clip.fps = Rate::from(120);
        let reference = the_repetition(&recording(&footage(&clip)), config(Some(1.78)));
        clip.fps = Rate::from(fps);
        clip.sampling_phase = phase;
        let shift = -phase / f64::from(fps);
        let other = the_repetition(&recording(&footage(&clip)), config(Some(1.78)));
        for key in ["jump_height_m", "flight_time_ms", "countermovement_depth_m", "concentric_duration_ms"] {
            let metric = |r: &Repetition| r.metrics.iter().find(|m| m.key == key).and_then(|m| m.value.zip(m.uncertainty));
            let ((v, a), (w, b)) = (metric(&reference).expect("measured"), metric(&other).expect("measured"));
            let interval = a.hypot(b);
            prop_assert!((v - w).abs() <= interval, "{key} at {fps} fps: {v} and {w}, interval {interval}");
        }
        let apex = |r: &Repetition| r.event("apex_s").expect("timed");
        prop_assert!((apex(&reference) + shift - apex(&other)).abs() < 0.01);
    }
}
