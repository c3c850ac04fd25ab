//! Running: the vertical ground reaction force is a half sine, so the centre of mass is exactly ballistic in flight and
//! periodic. The vertical oscillation follows from contact and flight time; it is not a knob.

use super::GRAVITY;
use super::gait::{Bounce, FootCourse, Gait, PhaseNames, Roll};
use super::spline::Cubic;
use crate::body::{Anthropometry, Arm};
use crate::clip::Running;
use crate::error::ClipError;
use std::f64::consts::PI;

/// Longest distance of hip and ankle in contact, in leg lengths: knee about 24 degrees at contact, 57 in mid-stance, 27
/// at toe-off.
const LONGEST_REACH: f64 = 0.978;
/// Middle of the contact behind the centre of mass, m.
const CONTACT_BEHIND_M: f64 = 0.07;
/// Foot pitch at toe-off and when heel rise starts, as a fraction of the contact.
const TOE_OFF_PITCH: f64 = 1.05;
const HEEL_RISE_AT: f64 = 0.42;
/// When a foot that lands on the heel is flat, as a fraction of the contact.
const FOOT_FLAT_AT: f64 = 0.2;
/// Downward speed of the foot at contact and upward speed at toe-off, m/s.
const IMPACT_M_S: f64 = 0.5;
const LIFT_OFF_M_S: f64 = 0.35;
/// Shortest flight that still is running, s.
const SHORTEST_FLIGHT_S: f64 = 0.01;

/// Contact and flight times by side.
#[derive(Clone, Copy, Debug)]
struct HalfSine {
    /// Right, left.
    contact: [f64; 2],
    flight: f64,
}

impl HalfSine {
    fn stride(&self) -> f64 {
        self.contact[0] + self.contact[1] + 2.0 * self.flight
    }
}

impl Bounce for HalfSine {
    fn height(&self, t: f64) -> f64 {
        let launch = 0.5 * GRAVITY * self.flight; // speed at toe-off; at contact the same downwards
        let mut t = t.rem_euclid(self.stride());
        for contact in self.contact {
            if t < contact {
                // Twice integrated: A sin(pi t / contact) - g, with the impulse that turns the speed around.
                let w = PI / contact;
                let amplitude = GRAVITY * (self.flight + contact) * PI / (2.0 * contact);
                return -launch * t - 0.5 * GRAVITY * t * t + amplitude * (t / w - (w * t).sin() / (w * w));
            }
            t -= contact;
            if t < self.flight {
                return launch * t - 0.5 * GRAVITY * t * t;
            }
            t -= self.flight;
        }
        0.0
    }
}

fn arm(phase: f64) -> Arm {
    // Opposes the leg of the same side.
    Arm {
        shoulder: -0.02 - 0.56 * (phase - 0.35).cos(),
        elbow: 1.62 + 0.15 * phase.cos(),
        abduction: 0.16,
        forearm_abduction: -0.25,
    }
}

/// Running at the given speed, cadence and duty factor.
pub(super) fn running(body: &Anthropometry, m: &Running) -> Result<Gait, ClipError> {
    let stride = 120.0 / m.cadence_spm;
    let contact = m.duty_factor * stride;
    let contacts = [
        contact * (1.0 + 0.5 * m.asymmetry),
        contact * (1.0 - 0.5 * m.asymmetry),
    ];
    let flight = 0.5 * (stride - contacts[0] - contacts[1]);
    if flight < SHORTEST_FLIGHT_S {
        return Err(ClipError::GaitTiming {
            missing: "flight",
            detail: format!(
                "{:.3} s of contact in a stride of {stride:.3} s",
                contacts[0] + contacts[1]
            ),
        });
    }
    let starts = [0.0, contacts[0] + flight];
    let feet = [0, 1].map(|i| foot(body, m, stride, contacts[i], starts[i]));
    let mut gait = Gait {
        speed: m.speed_m_s,
        stride,
        feet,
        bounce: Box::new(HalfSine {
            contact: contacts,
            flight,
        }),
        base: 1.0,
        trunk: 0.10,
        head: 0.03,
        arm,
        names: PhaseNames {
            none: "flight",
            right: "stance_right",
            left: "stance_left",
            both: "double_support",
        },
    };
    gait.stand_tall(body, LONGEST_REACH);
    Ok(gait)
}

fn foot(body: &Anthropometry, m: &Running, stride: f64, contact: f64, contact_at: f64) -> FootCourse {
    let (speed, strike) = (m.speed_m_s, -m.strike_deg.to_radians());
    let swing = stride - contact;
    // Flat, then the heel rises with growing rate (a parabola, which a Hermite piece holds exactly).
    let rise_rate = 2.0 * TOE_OFF_PITCH / ((1.0 - HEEL_RISE_AT) * contact);
    let flat = FOOT_FLAT_AT * contact;
    let pitch = Cubic::hermite(
        &[0.0, flat, HEEL_RISE_AT * contact, contact],
        &[strike, 0.0, 0.0, TOE_OFF_PITCH],
        &[-1.6 * strike / flat, 0.0, 0.0, rise_rate],
    );
    let roll = Roll {
        pitch,
        contact,
        speed,
        middle: -CONTACT_BEHIND_M,
    };
    let (off, on) = (roll.at(body, contact).ankle, roll.at(body, 0.0).ankle);
    let rolling = roll.velocity(body, contact - 1e-5);
    let leaving = [rolling[0], rolling[1] + LIFT_OFF_M_S];
    let arriving = [-speed, -IMPACT_M_S];
    // Way-points of the ankle in the air at the reference stature; faster runners lift and reach further.
    let k = (speed / 3.5).min(1.0);
    let scale = body.scale();
    let early = 0.06;
    let way = [
        (early, off[0] + 0.8 * leaving[0] * early * swing, off[1] + 0.035),
        (0.30, (-0.36 - 0.10 * k) * scale, (0.36 + 0.16 * k) * scale),
        (0.55, -0.04 * scale, (0.26 + 0.12 * k) * scale),
        (0.80, (0.27 + 0.03 * k) * scale, 0.185 * scale),
    ];
    let mut knots = vec![contact];
    let (mut x, mut z) = (vec![off[0]], vec![off[1]]);
    for (at, wx, wz) in way {
        knots.push(contact + at * swing);
        x.push(wx);
        z.push(wz);
    }
    knots.push(stride);
    x.push(on[0]);
    z.push(on[1]);
    let pitch_knots = [0.0, 0.22, 0.7, 0.9, 1.0].map(|u| contact + u * swing);
    let rate = |per_swing: f64| per_swing / swing;
    FootCourse {
        roll,
        contact_at,
        swing_x: Cubic::clamped(&knots, &x, leaving[0], arriving[0]),
        swing_z: Cubic::clamped(&knots, &z, leaving[1], arriving[1]),
        swing_pitch: Cubic::hermite(
            &pitch_knots,
            &[TOE_OFF_PITCH, 1.5, 0.25, strike.min(-0.12), strike],
            &[0.5 * rise_rate, 0.0, rate(-2.2), 0.0, 0.0],
        ),
        toes_follow: [0.12 * swing, 0.1 * swing],
    }
}
