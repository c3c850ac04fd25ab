//! What must hold for every movement, whoever does it: physics, contacts, and what was asked for.

use super::{GRAVITY, Motion};
use crate::body::Side;
use crate::clip::{Cmj, DropJump, Landing, Movement, RepeatedJumps, Running, Squat, SquatJump, Walking};

const STATURES: [f64; 3] = [1.55, 1.78, 1.95];
const MASS_KG: f64 = 75.0;
/// Step of finite differences, s.
const H: f64 = 1e-3;

fn jumps() -> Vec<Movement> {
    let bent = Landing {
        flexion_deg: 20.0,
        depth_m: 0.26,
    };
    vec![
        Cmj::default().into(),
        Cmj {
            height_m: 0.15,
            depth_m: 0.22,
            ..Cmj::default()
        }
        .into(),
        Cmj {
            height_m: 0.6,
            arm_swing: true,
            landing: bent,
            ..Cmj::default()
        }
        .into(),
        Cmj {
            repetitions: 3,
            height_change_m: -0.05,
            landing: bent,
            ..Cmj::default()
        }
        .into(),
        SquatJump::default().into(),
        SquatJump {
            dip_m: 0.05,
            ..SquatJump::default()
        }
        .into(),
        RepeatedJumps::default().into(),
        RepeatedJumps {
            height_m: 0.10,
            height_change_m: 0.0,
            contact_s: 0.15,
            landing: bent,
            ..RepeatedJumps::default()
        }
        .into(),
        DropJump::default().into(),
        DropJump {
            box_m: 0.6,
            contact_s: 0.32,
            height_m: 0.4,
            landing: bent,
            ..DropJump::default()
        }
        .into(),
    ]
}

/// Jumps, and squats that never leave the ground.
fn jumps_and_squats() -> Vec<Movement> {
    let squat = Squat {
        pause_s: 1.0,
        ..Squat::default()
    };
    jumps().into_iter().chain([squat.into()]).collect()
}

fn gaits() -> Vec<Movement> {
    vec![
        Running::default().into(),
        Running {
            speed_m_s: 5.0,
            cadence_spm: 190.0,
            duty_factor: 0.28,
            asymmetry: 0.12,
            ..Running::default()
        }
        .into(),
        Running {
            strike_deg: 15.0,
            ..Running::default()
        }
        .into(),
        Walking::default().into(),
        Walking {
            speed_m_s: 0.9,
            cadence_spm: 98.0,
            duty_factor: 0.63,
            asymmetry: 0.03,
            ..Walking::default()
        }
        .into(),
    ]
}

/// Every movement with every stature.
fn all(movements: Vec<Movement>) -> impl Iterator<Item = (Movement, Motion)> {
    movements.into_iter().flat_map(|movement| {
        STATURES.map(|stature| {
            let motion = Motion::new(&movement, stature, MASS_KG)
                .unwrap_or_else(|error| panic!("{movement:?} at {stature} m: {error}"));
            (movement.clone(), motion)
        })
    })
}

fn times(motion: &Motion, step: f64) -> impl Iterator<Item = f64> + use<> {
    let end = motion.duration.min(4.0);
    (1..)
        .map(move |i| f64::from(i) * step)
        .take_while(move |t| *t < end - 2.0 * H)
}

fn height(motion: &Motion, t: f64) -> f64 {
    motion.skeleton(t).centre_of_mass().z
}

/// Vertical acceleration, or nothing when a phase ends within the difference.
fn acceleration(motion: &Motion, t: f64) -> Option<f64> {
    if motion.phase(t - H) != motion.phase(t + H) || motion.contact(t - H) != motion.contact(t + H) {
        return None;
    }
    Some((height(motion, t + H) - 2.0 * height(motion, t) + height(motion, t - H)) / (H * H))
}

#[test]
fn the_centre_of_mass_falls_freely_in_flight() {
    for (movement, motion) in all(jumps_and_squats()).chain(all(gaits())) {
        for t in times(&motion, 0.0037).filter(|&t| motion.contact(t).feet == [false; 2]) {
            if let Some(a) = acceleration(&motion, t) {
                assert!((a + GRAVITY).abs() < 5e-3, "{movement:?} at {t}: {a}");
            }
        }
    }
}

#[test]
fn the_ground_pushes_and_never_pulls() {
    for (movement, motion) in all(jumps()).chain(all(gaits())) {
        let mut largest = 0.0f64;
        for t in times(&motion, 0.0041).filter(|&t| motion.contact(t).feet != [false; 2]) {
            if let Some(a) = acceleration(&motion, t) {
                assert!(a > -GRAVITY - 5e-3, "{movement:?} at {t}: {a}");
                largest = largest.max(a / GRAVITY + 1.0);
            }
        }
        assert!(
            (1.05..9.0).contains(&largest),
            "{movement:?}: peak force of {largest} body weights"
        );
    }
}

#[test]
fn the_centre_of_mass_follows_its_prescription() {
    for (movement, motion) in all(jumps()).chain(all(gaits())) {
        for t in times(&motion, 0.0053) {
            let miss = height(&motion, t) - motion.prescribed_height(t);
            assert!(miss.abs() < 1e-7, "{movement:?} at {t}: {miss}");
        }
    }
}

#[test]
fn no_sole_enters_the_floor_and_soles_in_contact_touch_it() {
    for (movement, motion) in all(jumps()).chain(all(gaits())) {
        for t in times(&motion, 0.0029) {
            let skeleton = motion.skeleton(t);
            let contact = motion.contact(t);
            assert!(
                skeleton.lowest() > -0.002,
                "{movement:?} at {t}: {}",
                skeleton.lowest()
            );
            for side in Side::BOTH.into_iter().filter(|&side| contact.feet[side as usize]) {
                let gap = skeleton.sole_height(side) - contact.ground;
                assert!(gap.abs() < 1e-6, "{movement:?} at {t}: {gap} m above the ground");
            }
        }
    }
}

#[test]
fn jumpers_keep_the_balls_of_their_feet_in_place() {
    for (movement, motion) in all(jumps()) {
        let mut place = None;
        for t in times(&motion, 0.0031) {
            let contact = motion.contact(t);
            if contact.feet != [true; 2] || contact.ground > 0.0 {
                continue;
            }
            let ball = motion.skeleton(t).sides[0].ball;
            let first = *place.get_or_insert(ball);
            assert!((ball - first).length() < 1e-6, "{movement:?} at {t}");
        }
        assert!(place.is_some(), "{movement:?} touches the ground");
    }
}

#[test]
fn feet_on_the_ground_move_with_the_belt() {
    for (movement, motion) in all(gaits()) {
        let speed = motion
            .gait()
            .and_then(|g| g.metric("speed_m_s"))
            .expect("a gait has a speed");
        for t in times(&motion, 0.0047) {
            for side in Side::BOTH {
                let on = |t: f64| motion.contact(t).feet[side as usize];
                if !(on(t - H) && on(t + H)) {
                    continue;
                }
                let limb = |t: f64| motion.skeleton(t).sides[side as usize];
                let (before, after) = (limb(t - H), limb(t + H));
                // Heel or ball, whichever carries, goes back exactly as fast as the belt.
                let slip = [(before.heel, after.heel), (before.ball, after.ball)]
                    .map(|(a, b)| ((b.x - a.x) / (2.0 * H) + speed).abs() + (b.z - a.z).abs() / H)
                    .into_iter()
                    .fold(f64::INFINITY, f64::min);
                // Differences across the change of the pivot see both.
                let rolling =
                    before.heel.z.min(after.heel.z) < 1e-4 && before.ball.z.min(after.ball.z) < 1e-4;
                assert!(
                    slip < if rolling { 0.05 } else { 1e-3 },
                    "{movement:?} at {t}: {slip} m/s"
                );
            }
        }
    }
}

#[test]
fn soles_leave_at_take_off_and_arrive_at_landing() {
    for (movement, motion) in all(jumps()) {
        for repetition in motion.repetitions() {
            let sole = |t: f64| motion.skeleton(t).lowest();
            let take_off = repetition.event("takeoff_s").expect("a jump has a take-off");
            let landing = repetition.event("landing_s").expect("a jump has a landing");
            assert!(
                sole(take_off - 1e-4).abs() < 1e-6 && sole(landing + 1e-4).abs() < 1e-6,
                "{movement:?}"
            );
            assert!(
                sole(take_off + 0.0015) > 0.001,
                "{movement:?}: {}",
                sole(take_off + 0.0015)
            );
            assert!(
                sole(landing - 0.0015) > 0.001,
                "{movement:?}: {}",
                sole(landing - 0.0015)
            );
            let mut t = take_off + 0.0015;
            while t < landing - 0.0015 {
                assert!(
                    sole(t) > 0.0009,
                    "{movement:?}: touches the floor in flight at {t}"
                );
                t += 0.002;
            }
        }
    }
}

#[test]
fn feet_of_walkers_and_runners_lift_soon_after_toe_off_and_drop_until_contact() {
    for (movement, motion) in all(gaits()) {
        let gait = motion.gait().expect("a gait");
        for (side, foot) in [(Side::Right, gait.right), (Side::Left, gait.left)] {
            let sole = |t: f64| motion.skeleton(t).sole_height(side);
            for t in foot.toe_off_s.iter().filter(|t| (0.1..3.8).contains(*t)) {
                assert!(
                    sole(t - 1e-4).abs() < 1e-6 && sole(t + 0.008) > 0.001,
                    "{movement:?}: {}",
                    sole(t + 0.008)
                );
            }
            for t in times(&motion, 0.0023).filter(|&t| !motion.contact(t).feet[side as usize]) {
                let near_contact = [-0.008, 0.008]
                    .iter()
                    .any(|d| motion.contact(t + d).feet[side as usize]);
                assert!(
                    near_contact || sole(t) > 0.001,
                    "{movement:?}: drags the foot at {t}"
                );
            }
            for t in foot.initial_contact_s.iter().filter(|t| (0.1..3.8).contains(*t)) {
                assert!(
                    sole(t + 1e-4).abs() < 1e-6 && sole(t - 0.008) > 0.001,
                    "{movement:?}: {}",
                    sole(t - 0.008)
                );
            }
        }
    }
}

#[test]
fn a_runner_lands_with_the_foot_at_the_given_angle() {
    for strike_deg in [0.0, 15.0] {
        let running = Running {
            strike_deg,
            ..Running::default()
        };
        let motion = Motion::new(&running.into(), 1.78, MASS_KG).expect("a possible run");
        let gait = motion.gait().expect("a gait");
        let said = gait.metric("foot_angle_at_contact_deg").expect("a foot angle");
        assert!((said - strike_deg).abs() < 1e-9, "{said}");
        for &t in gait.right.initial_contact_s.iter().filter(|&&t| t > 0.1) {
            let limb = motion.skeleton(t).sides[Side::Right as usize];
            let (ahead, up) = (limb.ball.x - limb.heel.x, limb.ball.z - limb.heel.z);
            assert!((up.atan2(ahead).to_degrees() - strike_deg).abs() < 0.5, "at {t}");
        }
    }
}

#[test]
fn the_truth_agrees_with_the_movement() {
    for (movement, motion) in all(jumps()) {
        for repetition in motion.repetitions() {
            let event = |key| {
                repetition
                    .event(key)
                    .unwrap_or_else(|| panic!("{movement:?} has no {key}"))
            };
            let metric = |key| {
                repetition
                    .metric(key)
                    .unwrap_or_else(|| panic!("{movement:?} has no {key}"))
            };
            let rise = height(&motion, event("apex_s")) - height(&motion, event("takeoff_s"));
            assert!((rise - metric("jump_height_m")).abs() < 1e-7);
            let flight = event("landing_s") - event("takeoff_s");
            assert!((1e3 * flight - metric("flight_time_ms")).abs() < 1e-6);
            let speed = (height(&motion, event("takeoff_s") + H) - height(&motion, event("takeoff_s"))) / H;
            assert!((speed - metric("takeoff_velocity_m_s")).abs() < 0.01);
            let lowest = height(&motion, event("lowest_s"));
            for t in [event("lowest_s") - 0.02, event("lowest_s") + 0.02] {
                assert!(height(&motion, t) >= lowest - 1e-9, "{movement:?}");
            }
        }
    }
}

#[test]
fn only_a_bent_landing_makes_the_flight_longer_than_the_height_says() {
    let excess = |flexion_deg: f64| {
        let landing = Landing {
            flexion_deg,
            ..Landing::default()
        };
        let motion = Motion::new(
            &Cmj {
                landing,
                ..Cmj::default()
            }
            .into(),
            1.78,
            MASS_KG,
        )
        .unwrap();
        let truth = &motion.repetitions()[0];
        truth.metric("flight_time_height_m").unwrap() - truth.metric("jump_height_m").unwrap()
    };
    assert!(excess(0.0).abs() < 1e-12);
    assert!((0.01..0.05).contains(&excess(20.0)), "{}", excess(20.0));
}

#[test]
fn stepping_off_clears_the_box() {
    for box_m in [0.2, 0.4, 0.6] {
        let motion = Motion::new(
            &DropJump {
                box_m,
                ..DropJump::default()
            }
            .into(),
            1.78,
            MASS_KG,
        )
        .unwrap();
        let edge = motion.drop_box.expect("a drop jump has a box");
        for t in times(&motion, 0.002) {
            let foot = motion.skeleton(t).sides[0];
            for point in [foot.heel, foot.ball, foot.toe] {
                let over = point.x > edge.from_x && point.x < edge.to_x;
                assert!(
                    !over || point.z > box_m - 0.006,
                    "{} m into a box of {box_m} m at {t}",
                    box_m - point.z
                );
            }
        }
    }
}

#[test]
fn walking_has_the_proportions_of_walking() {
    let motion = Motion::new(&Walking::default().into(), 1.78, MASS_KG).unwrap();
    let gait = motion.gait().expect("a gait");
    let metric = |key: &str| gait.metric(key).unwrap_or_else(|| panic!("no {key}"));
    assert!((0.60..0.62).contains(&metric("duty_factor")));
    let double = 2.0 * metric("double_support_ms") / metric("stride_time_ms");
    assert!(
        (0.18..0.26).contains(&double),
        "two double supports take {double} of the stride"
    );
    assert!(
        (0.02..0.06).contains(&metric("vertical_oscillation_m")),
        "{}",
        metric("vertical_oscillation_m")
    );
    let knee = |t: f64| {
        let leg = motion.posture(t).legs[Side::Right as usize];
        (leg.thigh - leg.shank).to_degrees()
    };
    let stride = 1e-3 * metric("stride_time_ms");
    let swing_peak = (60..90)
        .map(|i| knee(stride * f64::from(i) / 100.0))
        .fold(0.0, f64::max);
    assert!(
        (45.0..75.0).contains(&swing_peak),
        "knee flexion in swing {swing_peak}"
    );
    assert!(knee(0.0) < 15.0, "almost straight at heel strike: {}", knee(0.0));
    assert!(
        knee(0.35 * stride) < 28.0,
        "and in mid-stance: {}",
        knee(0.35 * stride)
    );
    assert!(
        (0..200).all(|i| knee(stride * f64::from(i) / 200.0) > 0.0),
        "knees never bend backwards"
    );
}
