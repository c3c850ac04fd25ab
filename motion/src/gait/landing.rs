//! When the landing foot touches the ground.
//!
//! The heel is followed on its way down to the height it then keeps. Its fall is timed a little above the ground, where it is
//! still steep: how late that is against the true contact hardly depends on whether the runner lands flat or on the heel, while
//! the toes come down with the heel in the one case and a fifth of the contact later in the other. Only when the toes are
//! down before the heel, the foot lands on its front and the toes tell.
//!
//! Before cameras of fewer than 45 frames per second the heel's fall shows in one frame or none. There the toes tell alone: their
//! fall is followed on to the ground at its own speed, and the contact is taken as long before that as heel and toes need.

use super::report::COARSE_INTERVAL_S;
use super::view::{Foot, View};
use crate::body::{Frame, Joint};
use crate::history::History;
use crate::numeric::{crossing, quantile};

/// Height above the ground at which a fall is timed, statures.
const LEVEL: f64 = 0.02;

/// When a foot lands flat, the toes pass that height this much later than the heel, as the pose model sees them, seconds
/// (`docs/gait-calibration.md`); and how much sooner, about two standard deviations, they must be to tell.
const TOES_AFTER_HEEL_S: f64 = 0.026;
const CLEARLY_S: f64 = 0.03;

/// Where in a step the foot ahead is certainly in the air.
const AIRBORNE_UNTIL: f64 = 0.3;

/// Where in a step the foot ahead is certainly on the ground, and the quantile of its height there that is the ground's:
/// labels swapped where the feet pass only raise it.
const GROUNDED_FROM: f64 = 0.72;
const GROUND_QUANTILE: f64 = 0.3;

/// Samples looked at for the ground's height.
const MAX_GROUND_SAMPLES: usize = 96;

/// The steepest ground in a picture: a camera rolled by 5 degrees that looks down on a way 30 degrees off its plane.
pub const STEEPEST: f64 = 0.22;

/// A fall is over when this many frames in turn show the point below the height: one alone may be a leg in the wrong place. Where
/// frames are few, one has to do.
const SURE_FRAMES: usize = 2;
const SURE_FRAMES_OF_FEW: usize = 1;

/// Before slow cameras the toes are followed on from between these heights above the ground, statures, for at most so long,
/// seconds, until they rest…
const RESTING: f64 = 0.015;
const FALLING: f64 = 0.04;
const LONGEST_FALL_S: f64 = 0.06;

/// …which is so much after the heel has passed `LEVEL` (`docs/gait-calibration.md`, both lags), seconds.
const REST_AFTER_HEEL_S: f64 = 0.058;

/// When the foot ahead comes down between two passings of the feet. `slope` is how far the ground in the picture rises per
/// length ahead, `frame_s` the time between frames.
pub fn contact(history: &History, view: View, span: (f64, f64), slope: f64, frame_s: f64) -> Option<f64> {
    let descent = |joint| Descent {
        history,
        view,
        span,
        slope,
        joint,
    };
    if frame_s > COARSE_INTERVAL_S {
        return descent(Joint::Toe).at_rest().map(|t| t - REST_AFTER_HEEL_S);
    }
    let heel = descent(Joint::Heel).fall()?;
    let front = descent(Joint::Toe)
        .fall()
        .map(|t| t - TOES_AFTER_HEEL_S)
        .filter(|t| *t < heel - CLEARLY_S);
    Some(front.unwrap_or(heel))
}

/// A point of the foot ahead on its way down.
pub struct Descent<'a> {
    /// What was seen.
    pub history: &'a History,
    /// From where.
    pub view: View,
    /// The passings of the feet before and after, seconds.
    pub span: (f64, f64),
    /// How far the ground in the picture rises per length ahead.
    pub slope: f64,
    /// The point.
    pub joint: Joint,
}

impl Descent<'_> {
    /// When it has fallen to `LEVEL` above the ground, seconds.
    pub fn fall(&self) -> Option<f64> {
        self.passes(self.ground()? + LEVEL, SURE_FRAMES)
    }

    /// When it has come to rest on the ground.
    fn at_rest(&self) -> Option<f64> {
        let ground = self.ground()?;
        let down = self.passes(ground + RESTING, SURE_FRAMES_OF_FEW)?;
        // on at the speed of the fall: how steep it is depends on the runner
        let above = self.passes(ground + FALLING, SURE_FRAMES_OF_FEW);
        let fall = above.map_or(0.0, |above| down - above);
        Some(down + fall.min(LONGEST_FALL_S) * RESTING / (FALLING - RESTING))
    }

    /// When it passes a height, statures, and stays below for so many frames, as far as they are seen.
    fn passes(&self, level: f64, sure_frames: usize) -> Option<f64> {
        let mut above: Option<(f64, f64)> = None;
        let (mut passed, mut below) = (None, 0);
        for (t, height) in self.heights(AIRBORNE_UNTIL) {
            if height >= level {
                (above, passed, below) = (Some((t, height)), None, 0);
                continue;
            }
            if below == 0 {
                let (t0, h0) = above?;
                passed = Some(crossing(t0, h0, t, height, level));
            }
            below += 1;
            if below == sure_frames {
                break;
            }
        }
        passed
    }

    /// Height of the ground: where the point then rests.
    fn ground(&self) -> Option<f64> {
        let mut heights = [0.0; MAX_GROUND_SAMPLES];
        let mut count = 0;
        for (_, height) in self.heights(GROUNDED_FROM).take(MAX_GROUND_SAMPLES) {
            heights[count] = height;
            count += 1;
        }
        quantile(&mut heights[..count], GROUND_QUANTILE)
    }

    /// Times and heights over a ground of this slope, statures, from a part of the step on.
    fn heights(&self, part: f64) -> impl Iterator<Item = (f64, f64)> {
        let (from, to) = self.span;
        self.history
            .window(from + part * (to - from), to)
            .filter_map(|frame| Some((frame.t, self.height(frame)?)))
    }

    fn height(&self, frame: &Frame) -> Option<f64> {
        let ahead = self.view.ahead(frame, Foot::Front, self.joint)?;
        Some(self.view.height(frame, Foot::Front, self.joint)? - self.slope * ahead)
    }
}
