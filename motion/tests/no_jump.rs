//! What is not a countermovement jump is not reported as one.

mod support;

use kinemotion_motion::{AnalyzerConfig, LandmarkId, MovementChoice, WarningCode};
use support::{Recorded, acted, cmj, config, events, footage, recording, repetitions, truth_of, warnings};
use synthetic_athlete::{Clip, DropJump, Rate, Running, SquatJump, Standing, Travel, Walking};

/// Gait may be found, and is: a jump is not.
fn assert_no_jump(recording: &[Recorded], gait: &str) {
    let found = repetitions(&events(recording, config(None)));
    assert!(found.iter().all(|r| r.movement == gait), "{gait}: {found:?}");
}

fn assert_nothing(recording: &[Recorded], what: &str) {
    let found = repetitions(&events(recording, config(None)));
    assert!(found.is_empty(), "{what}: {found:?}");
}

#[test]
fn walking_running_and_standing_are_no_jumps() {
    for fps in [30, 60] {
        for travel in [Travel::Treadmill, Travel::Panned, Travel::Through] {
            let walking = Clip {
                fps: Rate::from(fps),
                ..Clip::of(Walking {
                    travel,
                    ..Walking::default()
                })
            };
            assert_no_jump(&recording(&footage(&walking)), "walking");
            let running = Clip {
                fps: Rate::from(fps),
                ..Clip::of(Running {
                    travel,
                    ..Running::default()
                })
            };
            assert_no_jump(&recording(&footage(&running)), "running");
        }
        let standing = Clip {
            fps: Rate::from(fps),
            ..Clip::of(Standing::default())
        };
        assert_nothing(&recording(&footage(&standing)), "standing");
    }
}

#[test]
fn a_squat_jump_is_named_but_not_measured_as_a_countermovement_jump() {
    let squat_jump = recording(&footage(&Clip::of(SquatJump::default())));
    let countermovement_jumps = AnalyzerConfig {
        movement: MovementChoice::Named("cmj"),
        ..config(None)
    };
    let events = events(&squat_jump, countermovement_jumps);
    assert!(repetitions(&events).is_empty());
    assert!(warnings(&events).contains(&WarningCode::NotMeasured));
}

#[test]
fn a_drop_jump_is_a_drop_jump_and_nothing_else() {
    for (box_m, contact_s) in [(0.2, 0.2), (0.4, 0.25), (0.6, 0.3)] {
        let clip = Clip::of(DropJump {
            box_m,
            contact_s,
            ..DropJump::default()
        });
        let found = repetitions(&events(&recording(&footage(&clip)), config(Some(1.78))));
        let movements: Vec<&str> = found.iter().map(|r| r.movement).collect();
        assert_eq!(movements, ["dropjump"], "box of {box_m} m");
    }
}

/// The descent of a jump played forwards and backwards: squats that never leave the ground.
#[test]
fn squats_are_no_jumps() {
    let footage = footage(&cmj(0.35));
    let lowest = truth_of(&footage)[0].event("lowest_s").expect("known");
    let down: Vec<Recorded> = recording(&footage)
        .into_iter()
        .filter(|(t, _)| *t < lowest)
        .collect();
    let mut squats = Vec::new();
    for i in 0..6 {
        let half: Box<dyn Iterator<Item = &Recorded>> = if i % 2 == 0 {
            Box::new(down.iter())
        } else {
            Box::new(down.iter().rev())
        };
        squats.extend(half.map(|(_, pose)| pose.clone()));
    }
    let squats: Vec<Recorded> = squats
        .into_iter()
        .enumerate()
        .map(|(i, p)| (i as f64 / 60.0, p))
        .collect();
    let found = repetitions(&events(&squats, config(Some(1.78))));
    assert!(found.iter().all(|r| r.movement == "squat"), "{found:?}");
}

#[test]
fn sitting_down_and_getting_up_stooping_and_bowing_are_nothing() {
    let up = (0.0, 2.0, 2.0, 2.0);
    let at = |t: f64, (_, shank, thigh, trunk): (f64, f32, f32, f32)| (t, shank, thigh, trunk);
    let (leaning, seated) = ((0.0, 12.0, 60.0, 45.0), (0.0, 0.0, 88.0, 5.0));
    let sits = [
        at(0.0, up),
        at(1.5, up),
        at(2.1, leaning),
        at(2.8, seated),
        at(5.0, seated),
        at(5.7, leaning),
        at(6.3, up),
        at(8.0, up),
    ];
    assert_nothing(&acted(&sits), "a chair");
    for (what, bent) in [
        ("stooping", (0.0, 2.0, 12.0, 85.0)),
        ("a bow", (0.0, 0.0, 4.0, 50.0)),
    ] {
        let keys = [
            at(0.0, up),
            at(1.5, up),
            at(2.4, bent),
            at(2.8, bent),
            at(3.8, up),
            at(5.5, up),
        ];
        assert_nothing(&acted(&keys), what);
    }
}

/// The same figure does squat when it keeps its balance: what the test above asks for is not impossible.
#[test]
fn a_figure_that_keeps_its_balance_squats() {
    let (up, down) = ((2.0, 2.0, 2.0), (28.0, 70.0, 42.0));
    let at = |t: f64, (shank, thigh, trunk): (f32, f32, f32)| (t, shank, thigh, trunk);
    let keys = [at(0.0, up), at(1.5, up), at(2.6, down), at(3.6, up), at(5.5, up)];
    let found = repetitions(&events(&acted(&keys), config(Some(1.78))));
    assert_eq!(found.iter().map(|r| r.movement).collect::<Vec<_>>(), ["squat"]);
}

#[test]
fn a_walker_who_comes_into_the_picture_and_leaves_it_does_not_jump() {
    let clip = Clip {
        fps: Rate::from(60),
        ..Clip::of(Walking {
            travel: Travel::Through,
            ..Walking::default()
        })
    };
    let mut walk = recording(&footage(&clip));
    let [from, to] = [0.3, 0.7].map(|part| walk[(part * walk.len() as f64) as usize].0);
    for (t, pose) in &mut walk {
        if *t < from || *t > to {
            *pose = None;
        }
    }
    assert_no_jump(&walk, "walking");
}

#[test]
fn a_shaking_camera_is_no_jump() {
    for (hz, px) in [(0.7, 60.0), (1.5, 40.0), (3.0, 25.0), (8.0, 12.0)] {
        let mut still = recording(&footage(&Clip::of(Standing {
            seconds: 8.0,
            ..Standing::default()
        })));
        for (t, pose) in &mut still {
            let shift = (px * (std::f64::consts::TAU * hz * *t).sin()) as f32;
            for landmark in pose.iter_mut().flat_map(|p| &mut p.landmarks) {
                landmark.y += shift;
            }
        }
        assert_nothing(&still, "a shaking camera");
    }
}

#[test]
fn waving_arms_are_no_jump() {
    let mut still = recording(&footage(&Clip::of(Standing {
        seconds: 8.0,
        ..Standing::default()
    })));
    for (t, pose) in &mut still {
        let lift = (80.0 * (std::f64::consts::TAU * 0.8 * *t).sin()) as f32;
        for id in [
            LandmarkId::LeftWrist,
            LandmarkId::RightWrist,
            LandmarkId::LeftElbow,
            LandmarkId::RightElbow,
        ] {
            for pose in pose.iter_mut() {
                pose.landmarks[id as usize].y -= lift;
            }
        }
    }
    assert_nothing(&still, "waving");
}

#[test]
fn a_track_that_goes_over_to_a_taller_person_is_no_jump() {
    let mut still = recording(&footage(&Clip::of(Standing {
        seconds: 6.0,
        ..Standing::default()
    })));
    for (t, pose) in &mut still {
        if (2.5..2.9).contains(t) || (4.0..4.5).contains(t) {
            for landmark in pose.iter_mut().flat_map(|p| &mut p.landmarks) {
                landmark.y = 0.8 * landmark.y - 30.0;
                landmark.x += 120.0;
            }
        }
    }
    assert_nothing(&still, "a track switch");
}

#[test]
fn a_person_lost_in_flight_gives_no_repetition_and_one_warning() {
    let footage = footage(&cmj(0.35));
    let apex = truth_of(&footage)[0].event("apex_s").expect("known");
    let lost: Vec<Recorded> = recording(&footage)
        .into_iter()
        .map(|(t, p)| (t, p.filter(|_| (t - apex).abs() > 0.3 || t < apex)))
        .collect();
    let events = events(&lost, config(None));
    assert!(repetitions(&events).is_empty());
    assert_eq!(
        warnings(&events)
            .iter()
            .filter(|w| **w == WarningCode::PersonLost)
            .count(),
        0
    );
    let gone: Vec<Recorded> = lost
        .into_iter()
        .map(|(t, p)| (t, p.filter(|_| t < apex || t > apex + 0.7)))
        .collect();
    let events = support::events(&gone, config(None));
    assert!(repetitions(&events).is_empty());
    assert_eq!(warnings(&events), [WarningCode::PersonLost]);
}
