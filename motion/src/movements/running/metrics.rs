//! The numbers of a running bout.

use crate::body::Side;
use crate::gait::numbers::{Stat, Steps};
use crate::gait::report::{FOOT_PLACE_DEVIATION, NO_BOUNCE, Report, Systematic};
use crate::movements::Context;
use crate::units::GRAVITY;
use crate::{Metric, Quality};
use std::f64::consts::PI;

/// Keys of this movement, in registry order.
pub const KEYS: &[&str] = &[
    "flight_time_ms",
    "steps",
    "cadence_spm",
    "ground_contact_time_ms",
    "ground_contact_time_left_ms",
    "ground_contact_time_right_ms",
    "duty_factor",
    "step_time_ms",
    "stride_time_ms",
    "speed_m_s",
    "step_length_m",
    "stride_length_m",
    "vertical_oscillation_m",
    "vertical_stiffness_kn_m",
    "leg_stiffness_kn_m",
    "foot_angle_at_contact_deg",
    "shank_angle_at_contact_deg",
    "knee_angle_at_contact_deg",
    "knee_angle_mid_stance_deg",
    "knee_angle_at_toe_off_deg",
    "overstride_m",
    "trunk_lean_deg",
    "contact_asymmetry_percent",
    "flight_asymmetry_percent",
    "step_time_asymmetry_percent",
    "step_length_asymmetry_percent",
    "leg_stiffness_asymmetry_percent",
    "step_time_variability_percent",
];

/// Residuals of the calibration over clips; see `docs/gait-calibration.md`.
const SYSTEMATIC: Systematic = Systematic {
    contact_s: 0.010,
    between_s: 0.010,
    asymmetry_s: 0.006,
    step_asymmetry_s: 0.006,
    frames: 0.1,
    speed: 0.065,
    speed_gain: 1.02,
    rise: 0.0065,
    rise_gain: 1.04,
};

const CONTACT: &str = "foot_and_body_chain";
const RHYTHM: &str = "contact_times";
const TRAVEL: &str = "stance_foot_speed";
const STIFFNESS: &str = "morin_sine_wave";

/// Standard deviation of a segment angle, degrees (single-camera trackers: 4–7°); the foot's is larger, because the pose
/// model under-follows it.
const ANGLE_DEVIATION_DEG: f64 = 5.0;
const FOOT_DEVIATION_DEG: f64 = 5.5;

/// Boundaries of the foot's angle between rearfoot, midfoot and forefoot strikes, degrees (Altman & Davis 2012,
/// doi:10.1016/j.gaitpost.2011.09.104).
const REARFOOT_DEG: f64 = 8.0;
const FOREFOOT_DEG: f64 = -1.6;

/// Leg length as a part of stature (Morin et al. 2005, doi:10.1123/jab.21.2.167).
const LEG_PER_STATURE: f64 = 0.53;

/// Class of a foot strike.
pub fn foot_strike(foot_deg: f64) -> &'static str {
    if foot_deg > REARFOOT_DEG {
        "rearfoot"
    } else if foot_deg < FOREFOOT_DEG {
        "forefoot"
    } else {
        "midfoot"
    }
}

/// Everything a bout reports beside its times.
pub fn compute(steps: &Steps<'_>, context: &Context<'_>) -> (Vec<Metric>, Vec<String>, Quality) {
    let mut r = Report::new(steps, context, SYSTEMATIC);
    let bounces = r.demand_bounce();
    r.rhythm(RHYTHM);
    let contact = r.both(|side| steps.contact(side));
    let flight = r.both(|side| steps.flight(side));
    if !bounces {
        withhold_times(&mut r, NO_BOUNCE);
    } else if r.is_coarse() {
        withhold_times(
            &mut r,
            "the frame rate is too low; 60 frames per second are needed",
        );
    } else {
        r.contacts(CONTACT);
        r.time("flight_time_ms", CONTACT, flight, SYSTEMATIC.between_s);
        let [left, right] = Side::BOTH.map(|side| steps.flight(side));
        let systematic = r.systematic_s(SYSTEMATIC.asymmetry_s);
        r.asymmetry("flight_asymmetry_percent", CONTACT, right, left, systematic);
        duty(&mut r, contact);
        stiffness(&mut r, contact, flight);
    }
    r.travel(TRAVEL);
    r.step_length_asymmetry(TRAVEL);
    r.oscillation("centre_of_mass");
    posture(&mut r);
    r.finish()
}

/// Withholds what hangs on the times of contact and toe-off.
fn withhold_times(r: &mut Report<'_>, reason: &str) {
    for key in [
        "ground_contact_time_ms",
        "ground_contact_time_left_ms",
        "ground_contact_time_right_ms",
        "flight_time_ms",
        "duty_factor",
        "contact_asymmetry_percent",
        "flight_asymmetry_percent",
        "vertical_stiffness_kn_m",
        "leg_stiffness_kn_m",
        "leg_stiffness_asymmetry_percent",
    ] {
        r.m.withhold(key, CONTACT, reason);
    }
}

fn duty(r: &mut Report<'_>, contact: Stat) {
    let Some((pace, _)) = r.pace else {
        return r.m.withhold("duty_factor", CONTACT, "too few steps");
    };
    let deviation = r.deviation_s(contact, SYSTEMATIC.contact_s);
    r.m.record(
        "duty_factor",
        CONTACT,
        contact.mean / (2.0 * pace),
        deviation / (2.0 * pace),
    );
}

/// Vertical and leg stiffness in kN/m by the sine-wave method (Morin et al. 2005) and what they follow from.
fn morin(mass: f64, contact: f64, flight: f64, speed: f64, leg: f64) -> [f64; 2] {
    let force = mass * GRAVITY * 0.5 * PI * (flight / contact + 1.0);
    let drop = force * contact * contact / (mass * PI * PI) - GRAVITY * contact * contact / 8.0;
    let half = 0.5 * speed * contact;
    let compression = leg - (leg * leg - half * half).max(0.0).sqrt() + drop.abs();
    [force / drop.abs() / 1000.0, force / compression / 1000.0]
}

fn stiffness(r: &mut Report<'_>, contact: Stat, flight: Stat) {
    const KEYS: [&str; 2] = ["vertical_stiffness_kn_m", "leg_stiffness_kn_m"];
    const ASYMMETRY: &str = "leg_stiffness_asymmetry_percent";
    let withhold = |r: &mut Report<'_>, reason| {
        for key in KEYS.into_iter().chain([ASYMMETRY]) {
            r.m.withhold(key, STIFFNESS, reason);
        }
    };
    let athlete = r.context.athlete;
    let (Some(mass), Some(height)) = (athlete.mass_kg, athlete.height_m) else {
        return withhold(r, "it needs the athlete's mass and height");
    };
    let Some((speed, speed_deviation)) = r.speed() else {
        return withhold(r, "the speed could not be measured");
    };
    let deviation = r.deviation_s(contact, SYSTEMATIC.contact_s);
    let of = |contact, flight, speed| morin(mass, contact, flight, speed, LEG_PER_STATURE * height);
    let value = of(contact.mean, flight.mean, speed);
    // contact and flight share their events: what one gains the other loses
    let shifted = of(contact.mean + deviation, flight.mean - deviation, speed);
    let faster = of(contact.mean, flight.mean, speed + speed_deviation);
    for (i, key) in KEYS.into_iter().enumerate() {
        let deviation = (shifted[i] - value[i]).hypot(faster[i] - value[i]);
        r.m.record(key, STIFFNESS, value[i], deviation);
    }
    let steps = r.steps;
    let per_second = (shifted[1] - value[1]) / deviation;
    let [left, right] = Side::BOTH.map(|side| {
        let (contact, flight) = (steps.contact(side), steps.flight(side));
        Stat {
            mean: of(contact.mean, flight.mean, speed)[1],
            deviation: per_second.abs() * contact.deviation,
            count: contact.count.min(flight.count),
        }
    });
    let systematic = per_second.abs() * r.systematic_s(SYSTEMATIC.asymmetry_s);
    r.asymmetry(ASYMMETRY, STIFFNESS, right, left, systematic);
}

fn posture(r: &mut Report<'_>) {
    let steps = r.steps;
    r.angle(
        "foot_angle_at_contact_deg",
        steps.posture(|p| p.foot_deg),
        FOOT_DEVIATION_DEG,
    );
    r.angle(
        "shank_angle_at_contact_deg",
        steps.posture(|p| p.shank_deg),
        ANGLE_DEVIATION_DEG,
    );
    r.angle(
        "knee_angle_at_contact_deg",
        steps.posture(|p| p.knee_deg),
        ANGLE_DEVIATION_DEG,
    );
    r.angle(
        "knee_angle_mid_stance_deg",
        steps.posture(|p| p.knee_mid_stance_deg),
        ANGLE_DEVIATION_DEG,
    );
    r.angle(
        "knee_angle_at_toe_off_deg",
        steps.posture(|p| p.knee_toe_off_deg),
        ANGLE_DEVIATION_DEG,
    );
    r.angle(
        "trunk_lean_deg",
        steps.posture(|p| p.trunk_deg),
        ANGLE_DEVIATION_DEG,
    );
    let ahead = steps.posture(|p| p.ahead);
    match r.context.athlete.height_m {
        Some(height) if ahead.count > 1 => r.m.record(
            "overstride_m",
            "stance_foot_position",
            ahead.mean * height,
            FOOT_PLACE_DEVIATION.hypot(ahead.error()) * height,
        ),
        _ => r.m.withhold(
            "overstride_m",
            "stance_foot_position",
            "there is no scale; give the athlete's height",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_of_the_sine_wave_method_is_reproduced() {
        let [vertical, leg] = morin(70.0, 0.2, 0.13, 3.33, 0.94);
        let force = 70.0 * GRAVITY * 2.592;
        assert!((vertical - force / 0.0541 / 1000.0).abs() < 0.5, "{vertical}");
        assert!(leg < vertical && leg > 8.0, "{leg}");
    }

    #[test]
    fn strikes_are_classed_by_the_foot_angle() {
        assert_eq!(
            [12.0, 3.0, -5.0].map(foot_strike),
            ["rearfoot", "midfoot", "forefoot"]
        );
    }
}
