//! The raw instants between two passings of the feet.
//!
//! While one foot is ahead, it comes down and the other one leaves the ground. Each instant is the turning point of a
//! signal that turns there for a reason of mechanics, so none needs a threshold that depends on the person:
//!
//! | instant | running | walking |
//! |---|---|---|
//! | toe-off | the leg behind is longest: it pushes until the foot leaves (knee extension peak, Fellin et al. 2010, doi:10.1016/j.jsams.2010.03.006) | the toes behind are farthest back (Zeni et al. 2008, doi:10.1016/j.gaitpost.2007.07.007) |
//! | contact | the heel ahead has come down to the height it then keeps ([`super::landing`]) | foot and ankle ahead are farthest forward (Zeni) |
//! | middle of both | the body is highest: halfway through a ballistic flight | the body is lowest: halfway through double support |
//!
//! Each has a known lag on a real body; [`super::chain`] knows them.

use super::Gait;
use super::landing;
use super::peak::{Turn, peak};
use super::view::{Foot, View, scissors};
use crate::body::{Frame, Joint};
use crate::history::History;

/// The feet part by at least this much in a step, in statures.
const MIN_REACH: f64 = 0.13;

/// Least frames between two passings.
const MIN_FRAMES: usize = 5;

/// Longest time without a frame inside a step, as a part of it.
const MAX_GAP: f64 = 0.35;

/// Half widths of the parabolas, seconds: the shorter the sharper the turn.
const LEG_WIDTH_S: f64 = 0.05;
const REACH_WIDTH_S: f64 = 0.1;
const TRUNK_WIDTH_S: f64 = 0.09;

/// Where in a step of running the foot behind may leave the ground at the earliest.
const PUSHING_FROM: f64 = 0.1;

/// How the body moves up and down in a step and how high the swinging foot is lifted, weighed against each other: running
/// has its highest point between the passings and a high heel, walking its lowest and a low one. Between the means of
/// rendered runners (+4.2) and walkers (−1.3).
const BOUNCE_WEIGHT: f64 = 100.0;
const LIFT_WEIGHT: f64 = 15.0;
const LIFT_BETWEEN: f64 = 0.14;

/// The time between two passings of the feet, and what happened in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// First passing, seconds.
    pub from_s: f64,
    /// Second passing.
    pub to_s: f64,
    /// How surely the foot that is ahead and comes down is the left one: 1 left throughout, −1 right.
    pub left: f64,
    /// How the person is seen.
    pub view: View,
    /// Raw contact of the leading foot.
    pub contact_s: Option<f64>,
    /// Raw toe-off of the other foot.
    pub toe_off_s: Option<f64>,
    /// Raw turning point of the body between the two.
    pub middle_s: Option<f64>,
    /// Highest and lowest point of the centre of mass in the step, statures.
    pub rise: Option<f64>,
    /// Above 0 for running, below for walking.
    pub runs: f64,
    /// Mean visibility of the leading foot and of the other.
    pub visibility: [f64; 2],
    /// Mean time between frames, seconds.
    pub frame_s: f64,
}

impl Interval {
    /// Measures what lies between two passings; `None` when that is no step.
    pub fn measure(history: &History, view: View, gait: Gait, (from, to): (f64, f64)) -> Option<Self> {
        let frames = history.window(from, to);
        let count = frames.clone().count();
        let gap = frames
            .clone()
            .zip(frames.clone().skip(1))
            .map(|(a, b)| b.t - a.t)
            .fold(0.0, f64::max);
        if count < MIN_FRAMES || gap > MAX_GAP * (to - from) {
            return None;
        }
        let (mut left, mut widest) = (0.0, 0.0f64);
        for (frame, apart) in frames.clone().filter_map(|f| Some((f, scissors(f)?))) {
            // what the pose model said: a repair goes on from the frame before, right or wrong
            let said = if frame.exchanged { -apart } else { apart };
            left += (view.direction * said).signum();
            widest = widest.max(apart.abs() / view.stature_px);
        }
        if widest < MIN_REACH {
            return None;
        }
        let n = count as f64;
        // the interval may not have ended yet
        let seen_s = frames.clone().next_back()?.t - frames.clone().next()?.t;
        let visibility = [Foot::Front, Foot::Back].map(|foot| {
            let seen = |f| view.side(f, foot).map(|side| f.foot_visibility(side));
            frames.clone().filter_map(seen).sum::<f64>() / n
        });
        let step = Self {
            from_s: from,
            to_s: to,
            left: left / n,
            view,
            contact_s: None,
            toe_off_s: None,
            middle_s: None,
            rise: None,
            runs: runs(history, view, (from, to))?,
            visibility,
            frame_s: seen_s / (n - 1.0),
        };
        Some(match gait {
            Gait::Running => step.running(history),
            Gait::Walking => step.walking(history),
        })
    }

    fn running(mut self, history: &History) -> Self {
        let (view, span) = (self.view, (self.from_s, self.to_s));
        // not where the feet have only just passed and may be mixed up
        let later = (self.from_s + PUSHING_FROM * self.duration_s(), self.to_s);
        self.toe_off_s = peak(history, later, LEG_WIDTH_S, Turn::Highest, |f| {
            view.leg(f, Foot::Back)
        })
        .map(|p| p.t);
        self.contact_s = landing::contact(history, view, span, 0.0, self.frame_s);
        let trend = trend(history, view, span);
        self.middle_s = peak(history, span, TRUNK_WIDTH_S, Turn::Highest, |f| {
            Some(view.trunk(f)? - trend * (f.t - span.0))
        })
        .map(|p| p.t);
        self.rise = rise(history, view, span);
        self
    }

    fn walking(mut self, history: &History) -> Self {
        let (view, span) = (self.view, (self.from_s, self.to_s));
        let farthest =
            |turn, foot, joint| peak(history, span, REACH_WIDTH_S, turn, |f| view.ahead(f, foot, joint));
        self.contact_s = mean(
            farthest(Turn::Highest, Foot::Front, Joint::Ankle).map(|p| p.t),
            farthest(Turn::Highest, Foot::Front, Joint::Heel).map(|p| p.t),
        );
        self.toe_off_s = farthest(Turn::Lowest, Foot::Back, Joint::Toe).map(|p| p.t);
        self.middle_s = peak(history, span, TRUNK_WIDTH_S, Turn::Lowest, |f| view.trunk(f)).map(|p| p.t);
        self.rise = rise(history, view, span);
        self
    }

    /// Duration, seconds.
    pub fn duration_s(&self) -> f64 {
        self.to_s - self.from_s
    }

    /// Halfway between the passings.
    pub fn half_s(&self) -> f64 {
        0.5 * (self.from_s + self.to_s)
    }
}

fn mean(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(0.5 * (a + b)),
        (a, b) => a.or(b),
    }
}

/// How fast the trunk rises over a step on the whole, statures per second: a sprinter straightens up over many steps.
pub fn trend(history: &History, view: View, (from, to): (f64, f64)) -> f64 {
    let margin = 0.15 * (to - from);
    let level = |at: f64| {
        let near = history
            .window(at - margin, at + margin)
            .filter_map(|f| view.trunk(f));
        near.clone().sum::<f64>() / near.count() as f64
    };
    let trend = (level(to) - level(from)) / (to - from);
    if trend.is_finite() { trend } else { 0.0 }
}

/// Range of the centre of mass' height in a step, by parabolas through its turning points.
fn rise(history: &History, view: View, (from, to): (f64, f64)) -> Option<f64> {
    let com = |f: &Frame| Some(view.com(f));
    let quarter = 0.25 * (to - from);
    let high = peak(history, (from - quarter, to), TRUNK_WIDTH_S, Turn::Highest, com)?;
    let low = peak(history, (from - quarter, to), TRUNK_WIDTH_S, Turn::Lowest, com)?;
    Some(high.value - low.value)
}

/// Above 0 for running, below for walking.
fn runs(history: &History, view: View, (from, to): (f64, f64)) -> Option<f64> {
    let (mut inner, mut outer) = ((0.0, 0.0), (0.0, 0.0));
    let (mut high, mut low) = (f64::NEG_INFINITY, f64::INFINITY);
    for frame in history.window(from, to) {
        let place = (frame.t - from) / (to - from);
        let part = if (0.25..0.75).contains(&place) {
            &mut inner
        } else {
            &mut outer
        };
        if let Some(height) = view.trunk(frame) {
            *part = (part.0 + height, part.1 + 1.0);
        }
        if let Some(height) = view.height(frame, Foot::Back, Joint::Ankle) {
            high = high.max(height);
            low = low.min(height);
        }
    }
    let bounce = inner.0 / inner.1 - outer.0 / outer.1;
    let score = BOUNCE_WEIGHT * bounce + LIFT_WEIGHT * (high - low - LIFT_BETWEEN);
    score.is_finite().then_some(score)
}
