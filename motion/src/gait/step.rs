//! One contact of one foot.

use super::Gait;
use super::chain::{Observation, Times};
use super::lags;
use super::landing::{self, STEEPEST};
use super::marks::{Interval, trend};
use super::peak::{Turn, peak};
use super::report::COARSE_INTERVAL_S;
use super::view::{Foot, View};
use crate::body::{Frame, Joint, Side};
use crate::history::History;
use crate::numeric::{PolynomialFit, median};

/// Half width of the parabola through the body's lowest point, seconds.
const TRUNK_WIDTH_S: f64 = 0.09;

/// The part of a contact in which the toes rest: after the foot is flat and before they leave.
const TOES_REST: (f64, f64) = (0.15, 0.85);

/// How far the toes on the ground must move under the hips to show its slope, statures.
const LONG_ENOUGH: f64 = 0.1;

/// Part of a contact on both sides of the passing in which the toes are not read while frames are plenty.
const MIXED: f64 = 0.12;

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
    /// How far the ground in the picture rises per length ahead.
    pub slope: Option<f64>,
    /// Range of the centre of mass' height, statures.
    pub rise: Option<f64>,
    /// Distance of the shoulders in the picture, statures: grows when the person is seen obliquely.
    pub shoulders: Option<f64>,
    /// When the other foot passes this one, seconds.
    pub passed_s: f64,
    /// The passings of the feet before the contact and after the toe-off, seconds.
    pub between_s: (f64, f64),
    /// How the person was seen.
    pub view: View,
}

impl Step {
    /// How long a step takes, seconds: half of the time between the passings around this one.
    pub fn duration_s(&self) -> f64 {
        0.5 * (self.between_s.1 - self.between_s.0)
    }

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
        let mut step = Self {
            left: 0.5 * (before.left - after.left),
            marks,
            visibility: 0.5 * (before.visibility[0] + after.visibility[1]),
            frame_s: 0.5 * (before.frame_s + after.frame_s),
            speed: None,
            slope: None,
            rise: before.rise,
            shoulders: mean(history, (before.from_s, after.to_s), |f| shoulders(f, view)),
            passed_s: before.to_s,
            between_s: (before.from_s, after.to_s),
            view,
        };
        let rough = lags::removed(gait, &step.marks, None, step.duration_s());
        let contact = rough.contact_s.unwrap_or(before.half_s());
        let toe_off = rough.toe_off_s.unwrap_or(after.half_s());
        if toe_off > contact {
            let stance = Stance::of(
                &step,
                Times {
                    contact_s: contact,
                    toe_off_s: toe_off,
                },
            );
            step.speed = slope(history, stance.part(TOES_REST), |f| {
                view.ahead(f, stance.foot(f)?, Joint::Toe)
            })
            .map(|v| -v);
            step.slope = ground(history, view, &stance);
        }
        step
    }

    /// The passings of the feet before and after the contact, seconds.
    pub fn landing_s(&self) -> (f64, f64) {
        (self.between_s.0, self.passed_s)
    }
}

/// Reads the contacts of runners again on the slope of the ground that all steps agree on: a step alone shows it only roughly.
pub fn level(history: &History, steps: &mut [Step]) {
    let slope = slope_of_ground(steps);
    for step in steps {
        step.marks.contact_s = landing::contact(history, step.view, step.landing_s(), slope, step.frame_s);
    }
}

/// How far the ground in the picture rises per length ahead, by all steps.
pub fn slope_of_ground(steps: &[Step]) -> f64 {
    let mut slopes: Vec<f64> = steps.iter().filter_map(|s| s.slope).collect();
    median(&mut slopes).unwrap_or(0.0).clamp(-STEEPEST, STEEPEST)
}

/// The slope of the way of the toes on the ground.
fn ground(history: &History, view: View, stance: &Stance) -> Option<f64> {
    let (from, to) = stance.part(TOES_REST);
    let mut fit = PolynomialFit::new(1);
    let (mut nearest, mut farthest) = (f64::INFINITY, f64::NEG_INFINITY);
    for frame in history.window(from, to) {
        let Some(foot) = stance.foot(frame) else { continue };
        let place = (
            view.ahead(frame, foot, Joint::Toe),
            view.height(frame, foot, Joint::Toe),
        );
        if let (Some(ahead), Some(height)) = place {
            // near zero, where a fit of single precision pixels is exact enough
            fit.add(ahead, height, 1.0);
            nearest = nearest.min(ahead);
            farthest = farthest.max(ahead);
        }
    }
    let [_, slope, ..] = fit.solve().filter(|_| farthest - nearest > LONG_ENOUGH)?;
    Some(slope)
}

/// A foot on the ground.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stance {
    times: Times,
    /// When the other foot passes it, and how long before and after the two may be mixed up, seconds.
    passed_s: f64,
    mixed_s: f64,
}

impl Stance {
    /// The contact of a step at these times.
    pub fn of(step: &Step, times: Times) -> Self {
        let mixed = if step.frame_s > COARSE_INTERVAL_S {
            0.0
        } else {
            MIXED
        };
        Self {
            times,
            passed_s: step.passed_s,
            mixed_s: mixed * (times.toe_off_s - times.contact_s),
        }
    }

    /// Which foot it is in a frame: the one ahead until the other has passed. `None` where the two may be mixed up.
    pub fn foot(&self, frame: &Frame) -> Option<Foot> {
        let since = frame.t - self.passed_s;
        (since.abs() >= self.mixed_s).then_some(if since < 0.0 { Foot::Front } else { Foot::Back })
    }

    /// From and until when a part of the contact lasts, seconds.
    pub fn part(&self, (from, to): (f64, f64)) -> (f64, f64) {
        let Times { contact_s, toe_off_s } = self.times;
        let at = |part: f64| contact_s + part * (toe_off_s - contact_s);
        (at(from), at(to))
    }
}

fn shoulders(frame: &Frame, view: View) -> Option<f64> {
    let [left, right] = Side::BOTH.map(|side| frame.joint(side, Joint::Shoulder));
    (left.usable() && right.usable()).then(|| f64::from((left.x - right.x).abs()) / view.stature_px)
}

/// Mean of a signal over a window.
pub(super) fn mean(
    history: &History,
    (from, to): (f64, f64),
    signal: impl Fn(&Frame) -> Option<f64>,
) -> Option<f64> {
    let (sum, n) = history
        .window(from, to)
        .filter_map(signal)
        .fold((0.0, 0usize), |(sum, n), y| (sum + y, n + 1));
    (n > 0).then(|| sum / n as f64)
}

/// A signal at an instant, between its neighbouring frames.
pub(super) fn at(history: &History, t: f64, signal: impl Fn(&Frame) -> Option<f64>) -> Option<f64> {
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
