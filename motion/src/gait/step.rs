//! One contact of one foot.

use super::Gait;
use super::chain::Observation;
use super::lags;
use super::marks::{Interval, trend};
use super::peak::{Turn, peak};
use super::report::COARSE_INTERVAL_S;
use super::view::{Foot, View};
use crate::body::{Frame, Joint, Point, Side};
use crate::history::History;
use crate::numeric::PolynomialFit;

/// Half width of the parabola through the body's lowest point, seconds.
const TRUNK_WIDTH_S: f64 = 0.09;

/// The part of a contact in which the toes rest: after the foot is flat and before they leave.
const TOES_REST: (f64, f64) = (0.15, 0.85);

/// Part of a contact on both sides of the passing in which the toes are not read while frames are plenty.
const MIXED: f64 = 0.12;

/// The part of a contact in which the sole is flat: the reference of the foot's angle (Altman & Davis 2012,
/// doi:10.1016/j.gaitpost.2011.09.104, subtract standing).
const SOLE_FLAT: (f64, f64) = (0.2, 0.45);

/// Posture of the landing leg at contact.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Posture {
    /// Foot against the flat foot, degrees, positive with the toes up.
    pub foot_deg: Option<f64>,
    /// Shank from vertical, degrees, positive with the ankle ahead of the knee.
    pub shank_deg: Option<f64>,
    /// Knee flexion, degrees.
    pub knee_deg: Option<f64>,
    /// Ankle ahead of the hips, statures.
    pub ahead: Option<f64>,
    /// Forward lean of the trunk, mean over the step, degrees.
    pub trunk_deg: Option<f64>,
}

/// One contact of one foot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// How surely it is the left foot's: 1 left throughout, −1 right.
    pub left: f64,
    /// Raw marks.
    pub marks: Observation,
    /// Mean visibility of this foot.
    pub visibility: f64,
    /// Time between frames, seconds.
    pub frame_s: f64,
    /// Speed of the ground under the hips, statures per second.
    pub speed: Option<f64>,
    /// Range of the centre of mass' height, statures.
    pub rise: Option<f64>,
    /// Posture at contact.
    pub posture: Posture,
    /// Distance of the shoulders in the picture, statures: grows when the person is seen obliquely.
    pub shoulders: Option<f64>,
    /// The passings of the feet before the contact and after the toe-off, seconds.
    pub between_s: (f64, f64),
    /// How the person was seen.
    pub view: View,
}

impl Step {
    /// The contact that began in `before` and ended in `after`.
    pub fn measure(history: &History, gait: Gait, before: &Interval, after: &Interval) -> Self {
        let view = before.view;
        let [usual_contact, usual_toe_off] = lags::usual(gait);
        let span = (before.half_s(), after.half_s());
        let rising = trend(history, view, span);
        let centre = match gait {
            Gait::Running => peak(history, span, TRUNK_WIDTH_S, Turn::Lowest, |f| {
                Some(view.trunk(f)? - rising * (f.t - span.0))
            })
            .map(|p| p.t),
            Gait::Walking => None,
        };
        let marks = Observation {
            contact_s: before.contact_s,
            toe_off_s: after.toe_off_s,
            centre_s: centre,
            between_s: before.middle_s,
            usual_s: Some([
                before.from_s + usual_contact * before.duration_s(),
                after.from_s + usual_toe_off * after.duration_s(),
            ]),
        };
        let contact = before.contact_s.unwrap_or(before.half_s());
        let toe_off = after.toe_off_s.unwrap_or(after.half_s());
        let mut step = Self {
            left: 0.5 * (before.left - after.left),
            marks,
            visibility: 0.5 * (before.visibility[0] + after.visibility[1]),
            frame_s: 0.5 * (before.frame_s + after.frame_s),
            speed: None,
            rise: before.rise,
            posture: Posture::default(),
            shoulders: mean(history, (before.from_s, after.to_s), |f| shoulders(f, view)),
            between_s: (before.from_s, after.to_s),
            view,
        };
        if toe_off > contact {
            // the foot is ahead until the other one has passed it
            let place = |f: &Frame| {
                if f.t < before.to_s {
                    Foot::Front
                } else {
                    Foot::Back
                }
            };
            let part = |(a, b): (f64, f64)| {
                (
                    contact + a * (toe_off - contact),
                    contact + b * (toe_off - contact),
                )
            };
            // near the passing the two feet may be mixed up
            let mixed = if step.frame_s > COARSE_INTERVAL_S {
                0.0
            } else {
                MIXED * (toe_off - contact)
            };
            step.speed = slope(history, part(TOES_REST), |f| {
                let apart = (f.t - before.to_s).abs() > mixed;
                view.ahead(f, place(f), Joint::Toe).filter(|_| apart)
            })
            .map(|v| -v);
            step.posture = posture(
                history,
                view,
                contact,
                part(SOLE_FLAT),
                (before.from_s, after.to_s),
            );
        }
        step
    }
}

fn shoulders(frame: &Frame, view: View) -> Option<f64> {
    let [left, right] = Side::BOTH.map(|side| frame.joint(side, Joint::Shoulder));
    (left.usable() && right.usable()).then(|| f64::from((left.x - right.x).abs()) / view.stature_px)
}

fn posture(history: &History, view: View, contact: f64, flat: (f64, f64), step: (f64, f64)) -> Posture {
    let front = |f: &Frame, from, to| {
        lean(
            view,
            view.joint(f, Foot::Front, from)?,
            view.joint(f, Foot::Front, to)?,
        )
    };
    let foot = |f: &Frame| front(f, Joint::Heel, Joint::Toe).map(|angle| angle - 90.0);
    let shank = |f: &Frame| front(f, Joint::Knee, Joint::Ankle);
    let knee = |f: &Frame| Some(front(f, Joint::Hip, Joint::Knee)? - shank(f)?);
    let trunk = |f: &Frame| {
        let (x, y) = f.mean(Joint::Shoulder)?;
        let (hip_x, hip_y) = f.mean(Joint::Hip)?;
        Some((view.direction * (x - hip_x)).atan2(y - hip_y).to_degrees())
    };
    let reference = mean(history, flat, foot);
    Posture {
        foot_deg: at(history, contact, foot)
            .zip(reference)
            .map(|(a, flat)| a - flat),
        shank_deg: at(history, contact, shank),
        knee_deg: at(history, contact, knee),
        ahead: at(history, contact, |f| view.ahead(f, Foot::Front, Joint::Ankle)),
        trunk_deg: mean(history, step, trunk),
    }
}

/// Direction from one joint to the next from straight down, degrees, positive forwards.
fn lean(view: View, from: &Point, to: &Point) -> Option<f64> {
    let angle = (view.direction * f64::from(to.x - from.x)).atan2(f64::from(from.y - to.y));
    Some(angle.to_degrees())
}

/// Mean of a signal over a window.
fn mean(history: &History, (from, to): (f64, f64), signal: impl Fn(&Frame) -> Option<f64>) -> Option<f64> {
    let (sum, n) = history
        .window(from, to)
        .filter_map(signal)
        .fold((0.0, 0usize), |(sum, n), y| (sum + y, n + 1));
    (n > 0).then(|| sum / n as f64)
}

/// A signal at an instant, between its neighbouring frames.
fn at(history: &History, t: f64, signal: impl Fn(&Frame) -> Option<f64>) -> Option<f64> {
    let index = history.index_at(t);
    let after = (index < history.len()).then(|| history.get(index))?;
    let before = history.get(index.checked_sub(1)?);
    let share = ((t - before.t) / (after.t - before.t)).clamp(0.0, 1.0);
    Some(signal(before)? * (1.0 - share) + signal(after)? * share)
}

/// Rate of change of a signal over a window, per second.
fn slope(history: &History, (from, to): (f64, f64), signal: impl Fn(&Frame) -> Option<f64>) -> Option<f64> {
    const MIN_SAMPLES: usize = 3;
    let mut fit = PolynomialFit::new(1);
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    let mut n = 0;
    for frame in history.window(from, to) {
        if let Some(y) = signal(frame) {
            fit.add((frame.t - middle) / half, y, 1.0);
            n += 1;
        }
    }
    let [_, rate, ..] = fit.solve().filter(|_| n >= MIN_SAMPLES)?;
    Some(rate / half)
}
