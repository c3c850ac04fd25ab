//! What holds for every jump and squat on perfect landmarks: the right name and count, a well-formed result, independence
//! of time, mirror and pixels, finality, and two people who do not disturb each other.

mod support;

use kinemotion_motion::{Cohort, EventKind, Grade, Pose, Repetition, Seen, movements};
use std::sync::Arc;
use support::{
    Recorded, assert_well_formed, clips, config, events, footage, recording, repetitions, truth_of,
};
use synthetic_athlete::{Clip, SquatJump};

const STATURE_M: f64 = 1.78;

/// Numbers of the body on the ground; those of contacts and flights have tests of their own.
const AROUND_REST: [&str; 10] = [
    "squat_depth_m",
    "squat_hold_duration_ms",
    "hidden_countermovement_m",
    "pause_duration_ms",
    "mean_concentric_velocity_m_s",
    "eccentric_duration_ms",
    "concentric_duration_ms",
    "total_movement_time_ms",
    "countermovement_depth_m",
    "peak_eccentric_velocity_m_s",
];

/// The clips of movements whose repetitions stand alone; running and walking have tests of their own.
fn standing_clips() -> Vec<(&'static str, Clip)> {
    let standing = |(name, _): &(&str, Clip)| !matches!(*name, "running" | "walking");
    clips().into_iter().filter(standing).collect()
}

/// The repetitions of one movement in a recording.
fn found(name: &str, recording: &[Recorded]) -> Vec<Arc<Repetition>> {
    let mut found = repetitions(&events(recording, config(Some(STATURE_M))));
    found.retain(|r| r.movement == name);
    found
}

#[test]
fn every_repetition_is_found_under_its_name_and_is_well_formed() {
    for (name, clip) in standing_clips() {
        let footage = footage(&clip);
        let all = repetitions(&events(&recording(&footage), config(Some(STATURE_M))));
        let (ours, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|r| r.movement == name);
        assert_eq!(ours.len(), truth_of(&footage).len(), "{name}");
        // a series of rebounds opens with a countermovement jump
        let openings = usize::from(name == "repeatedjumps");
        assert_eq!(others.len(), openings, "{name}: {others:?}");
        let movement = movements::find(name).expect("registered");
        for repetition in ours {
            assert_well_formed(&repetition);
            for metric in &repetition.metrics {
                assert!(
                    movement.metrics.contains(&metric.key),
                    "{name} reports {}",
                    metric.key
                );
            }
            for (event, _) in &repetition.events {
                assert!(movement.events.contains(event), "{name} reports {event}");
            }
        }
    }
}

#[test]
fn results_do_not_depend_on_time_mirror_or_pixels() {
    for (name, clip) in standing_clips() {
        let original = recording(&footage(&clip));
        let reference = found(name, &original);
        let later: Vec<Recorded> = original.iter().map(|(t, p)| (t + 3600.0, p.clone())).collect();
        let mirrored = placed(&original, |x, y| (640.0 - x, y));
        let larger = placed(&original, |x, y| (2.5 * x - 40.0, 2.5 * y + 90.0));
        for (change, recording, shift) in [
            ("an hour later", later, 3600.0),
            ("mirrored", mirrored, 0.0),
            ("larger", larger, 0.0),
        ] {
            let other = found(name, &recording);
            assert_eq!(reference.len(), other.len(), "{name} {change}");
            for (a, b) in reference.iter().zip(&other) {
                for ((event, x), (_, y)) in a.events.iter().zip(&b.events) {
                    assert!(
                        (x + shift - y).abs() < 2e-3,
                        "{name} {change}: {event} {x} and {y}"
                    );
                }
                for (x, y) in a.metrics.iter().zip(&b.metrics) {
                    let (Some(v), Some(w), Some(u)) = (x.value, y.value, x.uncertainty) else {
                        assert_eq!(x.value.is_some(), y.value.is_some(), "{name} {change}: {}", x.key);
                        continue;
                    };
                    // left and right change places in a mirror
                    let side = x.key.ends_with("_lag_ms");
                    assert!(
                        side || (v - w).abs() <= 0.05 * u + 1e-9,
                        "{name} {change}: {} {v} and {w}, interval {u}",
                        x.key
                    );
                }
            }
        }
    }
}

fn placed(recording: &[Recorded], to: impl Fn(f32, f32) -> (f32, f32)) -> Vec<Recorded> {
    let mut recording = recording.to_vec();
    for (_, pose) in &mut recording {
        for landmark in pose.iter_mut().flat_map(|p| &mut p.landmarks) {
            (landmark.x, landmark.y) = to(landmark.x, landmark.y);
        }
    }
    recording
}

/// A squat jump that is none is called a countermovement jump, or says what is wrong with it.
#[test]
fn a_hidden_countermovement_is_labelled() {
    for (dip_m, hidden) in [(0.0, false), (0.04, true), (0.06, true), (0.10, true)] {
        for fps in [30, 60, 120] {
            let mut clip = Clip::of(SquatJump {
                dip_m,
                ..SquatJump::default()
            });
            clip.fps = fps.into();
            let found = repetitions(&events(&recording(&footage(&clip)), config(Some(STATURE_M))));
            assert_eq!(found.len(), 1, "{dip_m} m at {fps} fps: {found:?}");
            let quality = &found[0].quality;
            let said = quality
                .reasons
                .iter()
                .any(|r| r.contains("hidden countermovement"));
            assert!(
                !said || matches!(quality.grade, Grade::C | Grade::F),
                "{quality:?}"
            );
            assert_eq!(
                said || found[0].movement == "cmj",
                hidden,
                "{dip_m} m at {fps} fps: {quality:?}"
            );
        }
    }
}

/// Numbers at another frame rate lie within the intervals of both.
#[test]
fn frame_rates_do_not_change_what_precedes_a_flight_beyond_its_interval() {
    for (name, clip) in standing_clips() {
        let at = |fps: u32| {
            let mut clip = clip.clone();
            clip.fps = fps.into();
            found(name, &recording(&footage(&clip)))
        };
        let reference = at(120);
        for fps in [30, 60, 240] {
            let other = at(fps);
            assert_eq!(reference.len(), other.len(), "{name} at {fps} fps");
            for (a, b) in reference.iter().zip(&other) {
                for x in a.metrics.iter().filter(|m| AROUND_REST.contains(&m.key)) {
                    let y = b.metrics.iter().find(|m| m.key == x.key).expect(x.key);
                    let (Some(v), Some(w)) = (x.value, y.value) else {
                        continue;
                    };
                    let interval = x.uncertainty.expect(x.key).hypot(y.uncertainty.expect(x.key));
                    assert!(
                        (v - w).abs() <= interval,
                        "{name} at {fps} fps: {} {v} and {w}",
                        x.key
                    );
                }
            }
        }
    }
}

#[test]
fn two_people_side_by_side_are_measured_as_each_alone() {
    let clips = standing_clips();
    for pair in clips.windows(2) {
        let recordings = [&pair[0].1, &pair[1].1].map(|clip| recording(&footage(clip)));
        let alone = recordings.each_ref().map(|recording| {
            let events = events(recording, config(Some(STATURE_M)));
            repetitions(&events)
                .into_iter()
                .map(|r| r.metrics.clone())
                .collect::<Vec<_>>()
        });
        let mut cohort = Cohort::new(config(Some(STATURE_M)));
        let mut heard = Vec::new();
        let longest = recordings.iter().map(Vec::len).max().expect("two recordings");
        for i in 0..longest {
            let seen: Vec<(u32, &Pose)> = recordings
                .iter()
                .zip(1..)
                .filter_map(|(recording, person)| Some((person, recording.get(i)?.1.as_ref()?)))
                .collect();
            let seen: Vec<Seen<'_>> = seen
                .into_iter()
                .map(|(person, pose)| Seen {
                    person,
                    pose,
                    wanted: true,
                })
                .collect();
            let t = recordings.iter().find_map(|r| r.get(i)).expect("a frame").0;
            cohort.push(t, &seen, &mut heard);
        }
        cohort.finish(&mut heard);
        for (person, alone) in (1..).zip(&alone) {
            let together: Vec<_> = heard
                .iter()
                .filter(|e| e.person == person)
                .filter_map(|e| match &e.kind {
                    EventKind::Repetition(repetition) => Some(repetition.metrics.clone()),
                    _ => None,
                })
                .collect();
            assert_eq!(&together, alone, "{} beside {}", pair[0].0, pair[1].0);
        }
    }
}
