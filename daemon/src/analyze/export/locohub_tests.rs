use super::*;
use kinemotion_motion::norms::Profile;
use kinemotion_motion::{Athlete, Grade, Picture, Pose, Quality, StepSpan};
use std::sync::Arc;

fn repetition(
    movement: &'static str,
    events: &[(&'static str, f64)],
    contacts: &[(&'static str, f64)],
) -> Repetition {
    let step = |(side, contact_s): &(&'static str, f64)| StepSpan {
        side,
        contact_s: *contact_s,
        toe_off_s: contact_s + 0.2,
        foot_strike: None,
    };
    Repetition {
        movement,
        person: 3,
        start_s: 0.0,
        end_s: 2.0,
        phases: vec![],
        events: events.to_vec(),
        steps: contacts.iter().map(step).collect(),
        metrics: vec![],
        warnings: vec![],
        quality: Quality {
            grade: Grade::A,
            reasons: vec![],
            degraded: false,
        },
    }
}

/// Somebody whose hips bend evenly, 100 frames per second; the right foot is hidden.
fn mover(repetition: Repetition) -> Mover {
    use kinemotion_motion::LandmarkId as L;
    let pose = |i: u16| {
        let mut pose = Pose {
            score: 1.0,
            ..Pose::default()
        };
        let places = [
            (L::LeftShoulder, 100.0, 100.0),
            (L::LeftHip, 100.0, 160.0),
            (L::LeftKnee, 100.0, 210.0),
            (L::LeftAnkle, 100.0, 260.0),
            (L::LeftHeel, 95.0, 265.0),
            (L::LeftFootIndex, 120.0, 265.0),
        ];
        for (id, x, y) in places {
            let left = &mut pose.landmarks[id as usize];
            (left.x, left.y, left.visibility) = (x, y, 1.0);
            let mut right = *left;
            right.visibility = 0.1;
            pose.landmarks[id as usize + 1] = right;
        }
        let lean = f32::from(i) * 0.002;
        let shoulder = &mut pose.landmarks[L::LeftShoulder as usize];
        (shoulder.x, shoulder.y) = (100.0 + 60.0 * lean.sin(), 160.0 - 60.0 * lean.cos());
        pose
    };
    let poses: Vec<(f64, Pose)> = (0..200).map(|i| (f64::from(i) * 0.01, pose(i))).collect();
    let series = Series::new(poses.iter().map(|(t, pose)| (*t, Picture::default(), pose)));
    Mover {
        id: 3,
        series,
        repetitions: vec![Arc::new(repetition)],
    }
}

fn numbers<'a>(table: &'a Table, name: &str) -> &'a [Option<f64>] {
    match &table
        .iter()
        .find(|column| column.name == name)
        .expect(name)
        .values
    {
        Values::Number(values) => values,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn a_jump_has_150_rows_with_take_off_in_the_middle() {
    let jump = repetition(
        "cmj",
        &[("onset_s", 0.2), ("takeoff_s", 1.0), ("landing_s", 1.4)],
        &[],
    );
    let table = by_phase(&[mover(jump)], &Subject::default());
    let phase = numbers(&table, "phase_ipsi");
    assert_eq!(
        (phase.len(), phase[0], phase[ROWS - 1]),
        (ROWS, Some(0.0), Some(100.0))
    );
    // the hip bends by 0.2 rad/s: 0.04 rad at the onset, 0.2 rad at take-off, 0.28 rad at landing
    let hip = numbers(&table, "hip_flexion_angle_ipsi_rad");
    let near = |row: usize, want: f64| (hip[row].expect("seen") - want).abs() < 1e-3;
    assert!(near(0, 0.04) && near(ROWS - 1, 0.28), "{hip:?}");
    let middle = hip[74].expect("seen").midpoint(hip[75].expect("seen"));
    assert!((middle - 0.2).abs() < 2e-3, "{middle}");
    let speed = numbers(&table, "hip_flexion_angular_velocity_ipsi_rad_s");
    assert!(
        speed.iter().flatten().all(|v| (v - 0.2).abs() < 1e-2),
        "{speed:?}"
    );
}

#[test]
fn a_limb_that_was_not_seen_is_null() {
    let jump = repetition(
        "cmj",
        &[("onset_s", 0.2), ("takeoff_s", 1.0), ("landing_s", 1.4)],
        &[],
    );
    let table = by_phase(&[mover(jump)], &Subject::default());
    assert!(
        numbers(&table, "knee_flexion_angle_ipsi_rad")
            .iter()
            .all(Option::is_some)
    );
    assert!(
        numbers(&table, "knee_flexion_angle_contra_rad")
            .iter()
            .all(Option::is_none)
    );
}

#[test]
fn a_squat_is_a_cycle_with_the_lowest_point_in_the_middle() {
    let squat = repetition("squat", &[("onset_s", 0.2), ("lowest_s", 1.0)], &[]);
    let cycles = cycles(&squat, Side::Left);
    let found: Vec<_> = cycles
        .iter()
        .map(|c| (c.at(0.0), c.at(50.0), c.at(100.0)))
        .collect();
    assert_eq!(found, [(0.2, 1.0, 2.0)]);
}

#[test]
fn strides_go_from_foot_to_same_foot_and_missed_contacts_break_them() {
    let contacts = [
        ("left", 0.0),
        ("right", 0.35),
        ("left", 0.7),
        ("right", 1.0),
        ("right", 1.7),
    ];
    let cycles = cycles(&repetition("running", &[], &contacts), Side::Left);
    let found: Vec<_> = cycles.iter().map(|c| (c.ipsi, c.at(0.0), c.at(100.0))).collect();
    assert_eq!(found, [(Side::Left, 0.0, 0.7), (Side::Right, 0.35, 1.0)]);
    let unknown = contacts.map(|(_, t)| ("unknown", t));
    assert!(super::cycles(&repetition("running", &[], &unknown), Side::Left).is_empty());
}

#[test]
fn a_movement_without_all_its_events_is_in_the_time_table_only() {
    let jump = repetition("cmj", &[("takeoff_s", 1.0), ("landing_s", 1.4)], &[]);
    let movers = [mover(jump)];
    assert!(numbers(&by_phase(&movers, &Subject::default()), "phase_ipsi").is_empty());
    let table = by_time(
        &movers,
        &Subject {
            athlete: Athlete {
                height_m: Some(1.8),
                mass_kg: None,
            },
            profile: Profile {
                age_years: Some(25),
                sex: Some(Sex::Male),
                level: None,
            },
        },
    );
    assert_eq!(numbers(&table, "time_s").len(), 200);
    let metadata = table
        .iter()
        .find(|column| column.name == "subject_metadata")
        .expect("there");
    assert!(matches!(&metadata.values, Values::Text(text) if text[0] == "age:25,sex:M,height_m:1.8"));
}
