//! A machine that is busy measures fewer frames than are filmed: numbers stay honest and say so.

mod support;

use kinemotion_motion::{Analyzer, EventKind, Grade, Picture, PoseSource, Repetition};
use std::sync::Arc;
use support::{cmj, config, footage, recording};

/// The jump as it is measured when only one frame in `every` is, and the rest is predicted; `busy` says from when on.
fn measured(every: usize, busy: impl Fn(f64) -> bool) -> Arc<Repetition> {
    let mut analyzer = Analyzer::new(config(Some(1.8)));
    let mut found = Vec::new();
    for (i, (t, pose)) in recording(&footage(&cmj(0.35))).into_iter().enumerate() {
        let degraded = busy(t);
        let mut pose = pose.expect("every frame has a pose");
        if degraded && i % every != 0 {
            pose.source = PoseSource::Predicted;
        }
        let picture = Picture {
            degraded,
            ..Picture::default()
        };
        analyzer.push_in(t, &picture, Some(&pose));
        while let Some(event) = analyzer.poll_event() {
            if let EventKind::Repetition(repetition) = event.kind {
                found.push(repetition);
            }
        }
    }
    assert_eq!(found.len(), 1, "one jump at one frame in {every}");
    found.remove(0)
}

fn uncertainty(repetition: &Repetition, key: &str) -> f64 {
    let metric = repetition
        .metrics
        .iter()
        .find(|metric| metric.key == key)
        .expect(key);
    metric.uncertainty.expect("not withheld")
}

#[test]
fn a_jump_of_a_busy_stretch_has_wider_intervals_that_still_hold_and_is_marked() {
    let all = measured(1, |_| false);
    let third = measured(3, |_| true);
    assert!(!all.quality.degraded && third.quality.degraded);
    assert!(third.quality.grade >= Grade::B, "{:?}", third.quality);
    assert!(third.quality.reasons.iter().any(|reason| reason.contains("busy")));
    for key in ["flight_time_ms", "jump_height_m"] {
        let (fine, coarse) = (uncertainty(&all, key), uncertainty(&third, key));
        assert!(
            coarse > 1.2 * fine,
            "{key}: ±{coarse} at a third of the frames, ±{fine} at all"
        );
    }
    let height = third.metric("jump_height_m").expect("measured");
    let interval = uncertainty(&third, "jump_height_m");
    assert!((height - 0.35).abs() <= interval, "{height} ± {interval}");
}

#[test]
fn a_busy_moment_long_before_the_jump_does_not_mark_it() {
    let onset = measured(1, |_| false).start_s;
    let early = measured(3, |t| t < 0.3 * onset);
    assert!(!early.quality.degraded, "{:?}", early.quality);
    assert_eq!(early.quality.grade, measured(1, |_| false).quality.grade);
}
