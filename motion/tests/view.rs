//! What the picture tells of the camera, with perfect landmarks.

mod support;

use kinemotion_motion::body::{Facing, Frame};
use kinemotion_motion::history::History;
use kinemotion_motion::view::{
    Estimate, Footing, Moments, Obstacle, feet_outside, roll_by_gravity, roll_by_standing, roll_by_travel,
    yaw,
};
use kinemotion_motion::{Analyzer, EventKind, Grade, Picture, PictureShift, Repetition, Setup};
use std::sync::Arc;
use support::{Recorded, cmj, config, footage, recording, the_repetition};
use synthetic_athlete::{Clip, Facing as ClipFacing, Footage, Travel, Walking};

const SIZE: [f32; 2] = [640.0, 360.0];

fn picture(shift: Option<PictureShift>) -> Picture {
    Picture {
        size: Some(SIZE),
        shift,
        degraded: false,
    }
}

fn history(recording: &[Recorded], at: impl Fn(f64) -> Picture) -> History {
    let (mut history, mut footing) = (History::default(), Footing::default());
    for (t, pose) in recording {
        let picture = at(*t);
        if let Some(mut frame) = pose.as_ref().and_then(|pose| Frame::seen_in(*t, &picture, pose)) {
            footing.settle(&mut frame, &picture);
            history.push(frame);
        }
    }
    history
}

fn still(footage: &Footage) -> History {
    history(&recording(footage), |_| picture(None))
}

/// Standing, flight and the whole of the jump of a clip.
fn moments(footage: &Footage) -> Moments {
    let truth = footage.truth();
    let event = |key| truth.repetitions[0].event(key).expect("a jump");
    let onset = event("onset_s");
    Moments {
        whole: (onset - 0.6, event("landing_s") + 0.2),
        standing: Some((onset - 0.6, onset)),
        flight: Some((event("takeoff_s"), event("landing_s"))),
    }
}

fn filmed(roll_deg: f64, yaw_deg: f64, facing: ClipFacing) -> Footage {
    let mut clip = Clip {
        facing,
        fps: 60.into(),
        ..cmj(0.35)
    };
    clip.camera.roll_deg = roll_deg;
    clip.camera.yaw_deg = yaw_deg;
    footage(&clip)
}

#[test]
fn gravity_and_a_standing_body_tell_the_roll() {
    for facing in [ClipFacing::Left, ClipFacing::Right] {
        for roll in [-5.0, 0.0, 3.0, 8.0] {
            let footage = filmed(roll, 0.0, facing);
            let (history, moments) = (still(&footage), moments(&footage));
            let flight = moments.flight.expect("a jump");
            let gravity = roll_by_gravity(&history, flight).expect("a flight");
            assert!((gravity.deg - roll).abs() < 1.0, "{roll}: {gravity:?}");
            let standing = moments.standing.expect("before the jump");
            let standing = roll_by_standing(&history, standing).expect("standing");
            assert!(
                (standing.deg - roll).abs() < 2.0 * standing.deviation_deg,
                "{roll}: {standing:?}"
            );
            let both = Estimate::of(&history, &moments, &Setup::default()).roll;
            assert!(
                (both.deg - roll).abs() < 2.0 * both.deviation_deg,
                "{roll}: {both:?}"
            );
            assert!(both.deviation_deg < gravity.deviation_deg.min(standing.deviation_deg));
        }
    }
}

#[test]
fn the_shoulders_tell_the_yaw_with_its_sign_whichever_way_the_athlete_looks() {
    let yaw_of = |yaw_deg, facing| {
        let footage = filmed(0.0, yaw_deg, facing);
        yaw(&still(&footage), moments(&footage).whole)
            .expect("shoulders")
            .deg
    };
    for facing in [ClipFacing::Left, ClipFacing::Right] {
        // positive yaw turns away from the camera who faces right, towards it who faces left
        let away = if facing == ClipFacing::Right { 1.0 } else { -1.0 };
        let [back, side, front] = [30.0, 0.0, -30.0].map(|yaw| yaw_of(away * yaw, facing));
        assert!(side.abs() < 8.0, "{side}");
        assert!((20.0..50.0).contains(&back), "{back}");
        assert!((-50.0..-20.0).contains(&front), "{front}");
    }
}

#[test]
fn what_somebody_says_about_the_camera_beats_the_picture() {
    let footage = filmed(0.0, 0.0, ClipFacing::Right);
    let setup = Setup {
        camera_roll_deg: Some(4.0),
        camera_yaw_deg: Some(25.0),
        ..Setup::default()
    };
    let view = Estimate::of(&still(&footage), &moments(&footage), &setup);
    assert_eq!(view.roll.deg, 4.0);
    assert_eq!(view.yaw.map(|yaw| yaw.deg), Some(25.0));
}

#[test]
fn vectors_and_leans_are_put_upright_and_into_the_athletes_plane() {
    let footage = filmed(0.0, 0.0, ClipFacing::Right);
    let setup = Setup {
        camera_roll_deg: Some(5.0),
        camera_yaw_deg: Some(30.0),
        ..Setup::default()
    };
    let view = Estimate::of(&still(&footage), &moments(&footage), &setup);
    // straight up in the world leans to the right by 5 degrees in the picture
    let (sin, cos) = 5f64.to_radians().sin_cos();
    let [x, y] = view.sagittal([sin, cos]);
    assert!(x.abs() < 1e-12 && (y - 1.0).abs() < 1e-12);
    let [x, _] = view.sagittal([cos, -sin]);
    assert!((x - 1.0 / 30f64.to_radians().cos()).abs() < 1e-12);
    assert!(view.lean_deg(5.0, Facing::Right).abs() < 1e-9);
    assert!(view.lean_deg(-5.0, Facing::Left).abs() < 1e-9);
    let shortened = (40f64.to_radians().tan() * 30f64.to_radians().cos())
        .atan()
        .to_degrees();
    assert!((view.lean_deg(shortened + 5.0, Facing::Right) - 40.0).abs() < 1e-9);
    assert!(view.length_deviation() > 0.009);
}

#[test]
fn a_camera_that_looks_down_changes_no_height_and_its_pitch_puts_lengths_along_the_ground_right() {
    let seen = |pitch_deg: f64| {
        let mut clip = cmj(0.35);
        clip.camera.pitch_deg = pitch_deg;
        the_repetition(&recording(&footage(&clip)), config(Some(1.78)))
    };
    let (level, down) = (seen(0.0), seen(10.0));
    for key in [
        "jump_height_m",
        "jump_height_com_rise_m",
        "countermovement_depth_m",
    ] {
        let metric = level.metrics.iter().find(|m| m.key == key).expect(key);
        let off = down.metric(key).expect(key) - metric.value.expect(key);
        assert!(off.abs() < 0.5 * metric.uncertainty.expect(key), "{key}: {off}");
    }
    let footage = filmed(0.0, 0.0, ClipFacing::Right);
    let looking_down = |pitch| {
        let setup = Setup {
            camera_roll_deg: Some(0.0),
            camera_yaw_deg: Some(0.0),
            camera_pitch_deg: pitch,
            ..Setup::default()
        };
        Estimate::of(&still(&footage), &moments(&footage), &setup)
    };
    // what is upright is the measure, and it is seen too short
    let [x, y] = looking_down(Some(20.0)).sagittal([1.0, 1.0]);
    assert!((x - 20f64.to_radians().cos()).abs() < 1e-12 && (y - 1.0).abs() < 1e-12);
    assert_eq!(looking_down(None).sagittal([1.0, 1.0]), [1.0, 1.0]);
    let lean = looking_down(Some(20.0)).lean_deg(45.0, Facing::Right);
    assert!((lean - 20f64.to_radians().cos().atan().to_degrees()).abs() < 1e-9);
}

#[test]
fn feet_out_of_the_picture_are_noticed_and_do_not_count() {
    let footage = filmed(0.0, 0.0, ClipFacing::Right);
    let whole = moments(&footage).whole;
    let view = Estimate::of(&still(&footage), &moments(&footage), &Setup::default());
    assert_eq!(Obstacle::between(&still(&footage), whole, &view), []);
    assert_eq!(feet_outside(&still(&footage), whole), 0.0);
    // a picture that ends above the floor
    let low = |_| Picture {
        size: Some([640.0, 300.0]),
        shift: None,
        degraded: false,
    };
    let cut = history(&recording(&footage), low);
    assert!(feet_outside(&cut, whole) > 0.5);
    let found = Obstacle::between(&cut, whole, &view);
    assert_eq!(found, [Obstacle::FeetLeave]);
    assert!(found[0].reason().contains("the feet leave the picture"));
    assert_eq!(found[0].best_grade(), Grade::C);
}

#[test]
fn a_moving_camera_is_a_reason_and_a_standing_one_is_not() {
    let footage = filmed(0.0, 0.0, ClipFacing::Right);
    let whole = moments(&footage).whole;
    let recording = recording(&footage);
    let panning = |speed: f32| {
        history(&recording, move |t| {
            picture(Some(PictureShift {
                x: speed * t as f32,
                y: 0.0,
                course: 0,
            }))
        })
    };
    let view = Estimate::of(&panning(0.0), &moments(&footage), &Setup::default());
    assert_eq!(Obstacle::between(&panning(0.0), whole, &view), []);
    assert_eq!(Obstacle::between(&panning(4.0), whole, &view), []);
    assert_eq!(
        Obstacle::between(&panning(25.0), whole, &view),
        [Obstacle::CameraDrifts]
    );
    let fast = Obstacle::between(&panning(300.0), whole, &view);
    assert_eq!(fast, [Obstacle::CameraMoves]);
    assert!(fast[0].reason().contains("tripod"));
}

#[test]
fn an_oblique_view_is_a_reason() {
    let footage = filmed(0.0, 30.0, ClipFacing::Right);
    let (history, moments) = (still(&footage), moments(&footage));
    let view = Estimate::of(&history, &moments, &Setup::default());
    let found = Obstacle::between(&history, moments.whole, &view);
    assert!(matches!(found[..], [Obstacle::Oblique(_)]), "{found:?}");
    assert!(found[0].reason().contains("right angle"));
}

#[test]
fn the_way_of_a_walker_tells_the_roll_past_the_camera_or_followed_by_it() {
    for (travel, roll) in [
        (Travel::Through, 4.0f64),
        (Travel::Through, -2.0),
        (Travel::Panned, 3.0),
    ] {
        let mut clip = Clip {
            fps: 60.into(),
            ..Clip::of(Walking {
                travel,
                ..Walking::default()
            })
        };
        clip.camera.roll_deg = roll;
        let footage = footage(&clip);
        let (sin, cos) = roll.to_radians().sin_cos();
        // what a wall does behind somebody who is followed to the right
        let speed = if travel == Travel::Panned { -150.0 } else { 0.0 };
        let history = history(&recording(&footage), |t| {
            picture(Some(PictureShift {
                x: (speed * cos * t) as f32,
                y: (speed * sin * t) as f32,
                course: 0,
            }))
        });
        let found = roll_by_travel(&history, (0.3, footage.time(footage.frame_count() - 1) - 0.3));
        let found = found.expect("a long way");
        assert!((found.deg - roll).abs() < 1.0, "{travel:?} {roll}: {found:?}");
    }
    let standing = filmed(3.0, 0.0, ClipFacing::Right);
    assert_eq!(roll_by_travel(&still(&standing), moments(&standing).whole), None);
}

/// The jump as a camera sees it that moves by `path` pixels, with or without being told so.
fn jump_seen(path: impl Fn(f64) -> [f64; 2], told: bool) -> Arc<Repetition> {
    let mut analyzer = Analyzer::new(config(Some(1.78)));
    for (t, pose) in recording(&filmed(0.0, 0.0, ClipFacing::Right)) {
        let [x, y] = path(t).map(|v| v as f32);
        let pose = pose.map(|mut pose| {
            for landmark in &mut pose.landmarks {
                (landmark.x, landmark.y) = (landmark.x + x, landmark.y + y);
            }
            pose
        });
        let shift = told.then_some(PictureShift { x, y, course: 0 });
        analyzer.push_in(t, &picture(shift), pose.as_ref());
    }
    analyzer.finish();
    let found = std::iter::from_fn(|| analyzer.poll_event()).find_map(|event| match event.kind {
        EventKind::Repetition(repetition) => Some(repetition),
        _ => None,
    });
    found.expect("a jump")
}

#[test]
fn a_shaking_hand_is_taken_out_of_the_jump() {
    let hand = |t: f64| {
        let wave = |size: f64, hz: f64| size * (std::f64::consts::TAU * hz * t).sin();
        [wave(4.0, 1.3) + wave(1.5, 4.1), wave(3.0, 1.7) + wave(1.0, 5.3)]
    };
    let [still, steadied, shaken] = [
        jump_seen(|_| [0.0; 2], true),
        jump_seen(hand, true),
        jump_seen(hand, false),
    ];
    let off = |jump: &Repetition, key| {
        (jump.metric(key).expect("measured") - still.metric(key).expect("measured")).abs()
    };
    for key in ["jump_height_m", "countermovement_depth_m"] {
        assert!(off(&steadied, key) < 1e-5, "{key}: {}", off(&steadied, key));
    }
    assert!(
        off(&shaken, "jump_height_m") > 0.01,
        "the hand does shake: {}",
        off(&shaken, "jump_height_m")
    );
}

#[test]
fn a_still_camera_gives_the_very_numbers_of_an_unknown_one() {
    assert_eq!(jump_seen(|_| [0.0; 2], true), jump_seen(|_| [0.0; 2], false));
}
