//! One perfect repetition of every movement, all its numbers.
//!
//! The landmarks of the countermovement jump are stored, so that its snapshot changes with the analyzer and with nothing else.
//! `cargo test -p kinemotion-motion --test golden -- --ignored` draws them anew from the synthetic athlete.

mod support;

use kinemotion_motion::{Landmark, Pose, Repetition};
use std::fmt::Write;
use support::{Recorded, cmj, config, events, footage, recording, repetitions, the_repetition};
use synthetic_athlete::{Clip, DropJump, RepeatedJumps, Squat, SquatJump};

/// One line per frame: seconds, then x and y in pixels of the 33 landmarks.
const LANDMARKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cmj_35cm_60fps.txt");

fn stored() -> Vec<Recorded> {
    let text = std::fs::read_to_string(LANDMARKS).expect("the fixture is part of the repository");
    let frame = |line: &str| {
        let numbers: Vec<f64> = line.split(' ').map(|n| n.parse().expect("a number")).collect();
        let mut pose = Pose {
            score: 1.0,
            ..Pose::default()
        };
        for (landmark, xy) in pose.landmarks.iter_mut().zip(numbers[1..].chunks_exact(2)) {
            *landmark = Landmark {
                x: xy[0] as f32,
                y: xy[1] as f32,
                z: 0.0,
                visibility: 0.97,
                presence: 0.99,
            };
        }
        (numbers[0], Some(pose))
    };
    text.lines().map(frame).collect()
}

#[test]
#[ignore = "writes the fixture"]
fn write_the_fixture() {
    let mut text = String::new();
    for (t, pose) in recording(&footage(&cmj(0.35))) {
        write!(text, "{t:.5}").expect("a string takes all");
        for landmark in pose.expect("every frame has a pose").landmarks {
            write!(text, " {:.2} {:.2}", landmark.x, landmark.y).expect("a string takes all");
        }
        text.push('\n');
    }
    std::fs::write(LANDMARKS, text).expect("the folder is writable");
}

/// Numbers rounded to what the registry prints, so that the snapshot is the same on every machine.
fn rounded(value: &mut serde_json::Value, decimals: usize) {
    match value {
        serde_json::Value::Number(n) => {
            let factor = 10f64.powi(decimals as i32);
            let rounded = (n.as_f64().expect("a number") * factor).round() / factor;
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

fn as_json(repetition: &Repetition) -> serde_json::Value {
    let mut json = serde_json::to_value(repetition).expect("serialises");
    rounded(&mut json, 3);
    json
}

#[test]
fn a_35_cm_jump_at_60_frames_per_second() {
    insta::assert_json_snapshot!(as_json(&the_repetition(&stored(), config(Some(1.78)))));
}

/// The last repetition of every other movement that stands alone, straight from the synthetic athlete at 60 frames per second;
/// running and walking have snapshots of their own.
#[test]
fn the_other_movements() {
    for (name, clip) in [
        ("squat", Clip::of(Squat::default())),
        ("squatjump", Clip::of(SquatJump::default())),
        ("dropjump", Clip::of(DropJump::default())),
        ("repeatedjumps", Clip::of(RepeatedJumps::default())),
    ] {
        let clip = Clip {
            fps: 60.into(),
            ..clip
        };
        let mut athlete = config(Some(1.78));
        athlete.athlete.mass_kg = Some(72.0);
        let found = repetitions(&events(&recording(&footage(&clip)), athlete));
        let last = found.iter().rfind(|r| r.movement == name).expect(name);
        insta::assert_json_snapshot!(name, as_json(last));
    }
}
