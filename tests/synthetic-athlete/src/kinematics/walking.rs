//! Walking: heel strike, foot flat, heel rise, toe-off, with both feet on the ground in between.
//!
//! The centre of mass goes up and down twice per stride, lowest in the middle of double support. Shape of the foot's
//! roll-over and timing after Perry & Burnfield, *Gait Analysis: Normal and Pathological Function*.

use super::gait::{Bounce, FootCourse, Gait, PhaseNames, Roll};
use super::quintic::lerp;
use super::spline::Cubic;
use crate::body::{Anthropometry, Arm};
use crate::clip::Walking;
use crate::error::ClipError;
use std::f64::consts::TAU;

/// Longest distance of hip and ankle in contact, in leg lengths.
const LONGEST_REACH: f64 = 0.996;
/// Foot pitch at heel strike and toe-off, rad, at the reference speed; slower walkers roll less.
const STRIKE_PITCH: f64 = -0.36;
const TOE_OFF_PITCH: f64 = 1.02;
const REFERENCE_SPEED_M_S: f64 = 1.3;
/// Foot flat and heel rise as fractions of the contact.
const FOOT_FLAT_AT: f64 = 0.13;
const HEEL_RISE_AT: f64 = 0.50;
/// Rise and fall of the centre of mass over that of a compass with rigid legs; the roll of the foot and the bend of
/// the knee take the rest.
const BOUNCE_OVER_COMPASS: f64 = 0.55;
/// Upward speed of the foot at toe-off, forward and downward speed at heel strike against the ground, m/s.
const LIFT_OFF_M_S: f64 = 0.25;
const STRIKE_FORWARD_M_S: f64 = 0.35;
const STRIKE_DOWN_M_S: f64 = 0.25;
/// Ball of the foot ahead of the centre of mass halfway through the contact, at the reference stature, m.
const CONTACT_AHEAD_M: f64 = 0.04;

/// Rise and fall of the centre of mass.
#[derive(Clone, Copy, Debug)]
struct TwicePerStride {
    amplitude: f64,
    stride: f64,
    /// When it is lowest.
    lowest_at: f64,
}

impl Bounce for TwicePerStride {
    fn height(&self, t: f64) -> f64 {
        -self.amplitude * (2.0 * TAU * (t - self.lowest_at) / self.stride).cos()
    }
}

fn arm(phase: f64) -> Arm {
    // Back at the heel strike of the same side.
    let swing = -(phase - 0.15).cos();
    Arm {
        shoulder: 0.03 + 0.38 * swing,
        elbow: 0.34 + 0.18 * swing,
        abduction: 0.12,
        forearm_abduction: 0.02,
    }
}

/// Walking at the given speed, cadence and duty factor.
pub(super) fn walking(body: &Anthropometry, m: &Walking) -> Result<Gait, ClipError> {
    let stride = 120.0 / m.cadence_spm;
    let contact = m.duty_factor * stride;
    let contacts = [
        contact * (1.0 + 0.5 * m.asymmetry),
        contact * (1.0 - 0.5 * m.asymmetry),
    ];
    let double = [contacts[0] - 0.5 * stride, contacts[1] - 0.5 * stride];
    if double.iter().any(|&d| d <= 0.01 * stride) {
        return Err(ClipError::GaitTiming {
            missing: "double support",
            detail: format!(
                "contacts of {:.3} s and {:.3} s, steps of {:.3} s",
                contacts[0],
                contacts[1],
                0.5 * stride
            ),
        });
    }
    let step = 0.5 * m.speed_m_s * stride;
    let hip_height = body.leg() + body.ankle_height;
    if step > hip_height {
        return Err(ClipError::GaitTiming {
            missing: "leg length",
            detail: format!("steps of {step:.2} m on legs of {hip_height:.2} m"),
        });
    }
    let compass = hip_height - (hip_height * hip_height - 0.25 * step * step).sqrt();
    let bounce = TwicePerStride {
        amplitude: 0.5 * BOUNCE_OVER_COMPASS * compass,
        stride,
        lowest_at: 0.25 * (double[0] + double[1]),
    };
    let starts = [0.0, 0.5 * stride];
    let feet = [0, 1].map(|i| foot(body, m.speed_m_s, stride, contacts[i], starts[i]));
    let mut gait = Gait {
        speed: m.speed_m_s,
        stride,
        feet,
        bounce: Box::new(bounce),
        base: 1.0,
        trunk: 0.035,
        head: 0.0,
        arm,
        names: PhaseNames {
            none: "flight",
            right: "single_support_right",
            left: "single_support_left",
            both: "double_support",
        },
    };
    gait.stand_tall(body, LONGEST_REACH);
    Ok(gait)
}

fn foot(body: &Anthropometry, speed: f64, stride: f64, contact: f64, contact_at: f64) -> FootCourse {
    let swing = stride - contact;
    let vigour = (speed / REFERENCE_SPEED_M_S).clamp(0.4, 1.25).sqrt();
    let (strike, toe_off) = (STRIKE_PITCH * vigour, TOE_OFF_PITCH * vigour);
    let flat = FOOT_FLAT_AT * contact;
    let rise = (1.0 - HEEL_RISE_AT) * contact;
    let strike_rate = -1.6 * strike / flat;
    let toe_off_rate = 2.4 * toe_off / rise;
    let pitch = Cubic::hermite(
        &[0.0, flat, HEEL_RISE_AT * contact, contact],
        &[strike, 0.0, 0.0, toe_off],
        &[strike_rate, 0.0, 0.0, toe_off_rate],
    );
    let roll = Roll {
        pitch,
        contact,
        speed,
        middle: CONTACT_AHEAD_M * body.scale(),
    };
    let (off, on) = (roll.at(body, contact).ankle, roll.at(body, 0.0).ankle);
    let rolling = roll.velocity(body, contact - 1e-5);
    let leaving = [rolling[0], rolling[1] + LIFT_OFF_M_S];
    let arriving = [-speed + STRIKE_FORWARD_M_S, -STRIKE_DOWN_M_S];
    // Way-points in the air: the foot clears the ground by a few centimetres halfway.
    let scale = body.scale();
    let early = 0.12;
    let knots = [0.0, early, 0.38, 0.70, 1.0].map(|u| contact + u * swing);
    let x = [
        off[0],
        off[0] + 0.85 * leaving[0] * early * swing,
        lerp(off[0], on[0], 0.27),
        lerp(off[0], on[0], 0.80),
        on[0],
    ];
    let z = [
        off[1],
        off[1] + 0.070 * scale * vigour,
        off[1] + 0.045 * scale,
        0.135 * scale,
        on[1],
    ];
    let pitch_knots = [0.0, 0.13, 0.55, 0.82, 1.0].map(|u| contact + u * swing);
    FootCourse {
        roll,
        contact_at,
        swing_x: Cubic::clamped(&knots, &x, leaving[0], arriving[0]),
        swing_z: Cubic::clamped(&knots, &z, leaving[1], arriving[1]),
        swing_pitch: Cubic::hermite(
            &pitch_knots,
            &[toe_off, 1.12 * toe_off, 0.06, strike, strike],
            &[0.5 * toe_off_rate, 0.0, -2.0 / swing, 0.0, 0.0],
        ),
        toes_follow: [0.25 * swing, 0.1 * swing],
    }
}
