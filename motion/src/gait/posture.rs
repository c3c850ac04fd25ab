//! The posture of the leg on the ground at the events of its contact.

use super::chain::Times;
use super::step::{Stance, Step, at, mean};
use super::view::{Foot, View};
use crate::body::{Frame, Joint, Point};
use crate::history::History;
use crate::numeric::{PolynomialFit, median};

/// The part of a contact in which the sole is flat: the reference of the foot's angle (Altman & Davis 2012,
/// doi:10.1016/j.gaitpost.2011.09.104, subtract standing). A heel striker's sole is down by a fifth of the contact and the heel
/// rises before its half.
const SOLE_FLAT: (f64, f64) = (0.2, 0.42);

/// Frames looked at while the sole is flat.
const MAX_FLAT_FRAMES: usize = 64;

/// The part of a contact over which a parabola follows the knee, whose flexion is largest about its middle.
const KNEE_BENDS: (f64, f64) = (0.1, 0.9);

/// Posture of one leg over a contact.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Posture {
    /// Foot against the flat foot at contact, degrees, positive with the toes up.
    pub foot_deg: Option<f64>,
    /// Shank from vertical at contact, degrees, positive with the ankle ahead of the knee.
    pub shank_deg: Option<f64>,
    /// Knee flexion at contact, degrees.
    pub knee_deg: Option<f64>,
    /// Knee flexion halfway through the contact, degrees.
    pub knee_mid_stance_deg: Option<f64>,
    /// Knee flexion at toe-off, degrees.
    pub knee_toe_off_deg: Option<f64>,
    /// Ankle ahead of the hips at contact, statures.
    pub ahead: Option<f64>,
    /// Forward lean of the trunk, mean over the step, degrees.
    pub trunk_deg: Option<f64>,
}

impl Posture {
    /// At the events of a step.
    pub fn measure(history: &History, step: &Step, times: Times) -> Self {
        let view = step.view;
        let stance = Stance::of(step, times);
        let contact = |of: fn(View, &Frame, Foot) -> Option<f64>| {
            at(history, times.contact_s, |f| of(view, f, Foot::Front))
        };
        let middle = 0.5 * (times.contact_s + times.toe_off_s);
        Self {
            foot_deg: contact(sole)
                .zip(flat(history, view, &stance))
                .map(|(angle, flat)| angle - flat),
            shank_deg: contact(shank),
            knee_deg: contact(knee),
            knee_mid_stance_deg: bent(history, stance.part(KNEE_BENDS), middle, |f| {
                knee(view, f, stance.foot(f)?)
            }),
            knee_toe_off_deg: at(history, times.toe_off_s, |f| knee(view, f, Foot::Back)),
            ahead: contact(ankle_ahead),
            trunk_deg: mean(history, step.between_s, |f| trunk(view, f)),
        }
    }
}

/// Direction from one joint to the next from straight down, degrees, positive forwards.
fn lean(view: View, frame: &Frame, foot: Foot, (from, to): (Joint, Joint)) -> Option<f64> {
    let (from, to): (&Point, &Point) = (view.joint(frame, foot, from)?, view.joint(frame, foot, to)?);
    let angle = (view.direction * f64::from(to.x - from.x)).atan2(f64::from(from.y - to.y));
    Some(angle.to_degrees())
}

fn sole(view: View, frame: &Frame, foot: Foot) -> Option<f64> {
    lean(view, frame, foot, (Joint::Heel, Joint::Toe)).map(|angle| angle - 90.0)
}

fn shank(view: View, frame: &Frame, foot: Foot) -> Option<f64> {
    lean(view, frame, foot, (Joint::Knee, Joint::Ankle))
}

fn knee(view: View, frame: &Frame, foot: Foot) -> Option<f64> {
    Some(lean(view, frame, foot, (Joint::Hip, Joint::Knee))? - shank(view, frame, foot)?)
}

fn ankle_ahead(view: View, frame: &Frame, foot: Foot) -> Option<f64> {
    view.ahead(frame, foot, Joint::Ankle)
}

fn trunk(view: View, frame: &Frame) -> Option<f64> {
    let (x, y) = frame.mean(Joint::Shoulder)?;
    let (hip_x, hip_y) = frame.mean(Joint::Hip)?;
    Some((view.direction * (x - hip_x)).atan2(y - hip_y).to_degrees())
}

/// The angle of the flat foot.
fn flat(history: &History, view: View, stance: &Stance) -> Option<f64> {
    let (from, to) = stance.part(SOLE_FLAT);
    let mut angles = [0.0; MAX_FLAT_FRAMES];
    let mut count = 0;
    let seen = |f: &Frame| sole(view, f, stance.foot(f)?);
    for angle in history.window(from, to).filter_map(seen).take(MAX_FLAT_FRAMES) {
        angles[count] = angle;
        count += 1;
    }
    median(&mut angles[..count])
}

/// A signal at an instant on a parabola through a window.
fn bent(
    history: &History,
    (from, to): (f64, f64),
    t: f64,
    signal: impl Fn(&Frame) -> Option<f64>,
) -> Option<f64> {
    const MIN_SAMPLES: usize = 5;
    let mut fit = PolynomialFit::new(2);
    let mut n = 0;
    for frame in history.window(from, to) {
        if let Some(y) = signal(frame) {
            fit.add((frame.t - t) / (to - from), y, 1.0);
            n += 1;
        }
    }
    let [value, ..] = fit.solve().filter(|_| n >= MIN_SAMPLES)?;
    Some(value)
}
