//! When the landing foot touches the ground.
//!
//! The heel is followed on its way down to the height it then keeps. Its fall is timed a little above the ground, where it is
//! still steep: how late that is against the true contact hardly depends on whether the runner lands flat or on the heel, while
//! the toes come down with the heel in the one case and a fifth of the contact later in the other. Only when the toes are
//! down before the heel, the foot lands on its front and the toes tell.

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

/// Below 45 frames per second the heel's fall shows in one frame or none, and the toes tell alone: they are followed on from
/// between these heights above the ground, statures, for at most so long, seconds, until they rest…
const RESTING: f64 = 0.015;
const FALLING: f64 = 0.04;
const LONGEST_FALL_S: f64 = 0.06;

/// …which is so much after the heel has passed `LEVEL` (`docs/gait-calibration.md`, both lags), seconds.
const REST_AFTER_HEEL_S: f64 = 0.058;

/// When the foot ahead comes down between two passings of the feet. `slope` is how far the ground in the picture rises per
/// length ahead, `frame_s` the time between frames.
pub fn contact(history: &History, view: View, span: (f64, f64), slope: f64, frame_s: f64) -> Option<f64> {
    if frame_s > COARSE_INTERVAL_S {
        return toes_at_rest(history, view, span, slope).map(|t| t - REST_AFTER_HEEL_S);
    }
    let heel = fall(history, view, span, slope, Joint::Heel)?;
    let toes = fall(history, view, span, slope, Joint::Toe);
    let front = toes
        .map(|t| t - TOES_AFTER_HEEL_S)
        .filter(|t| *t < heel - CLEARLY_S);
    Some(front.unwrap_or(heel))
}

/// When the toes ahead have come to rest on the ground.
fn toes_at_rest(history: &History, view: View, (from, to): (f64, f64), slope: f64) -> Option<f64> {
    let height = |f: &Frame| height(f, view, slope, Joint::Toe);
    let ground = ground(history, (from, to), height)?;
    let falls_below = |level: f64| {
        let mut previous: Option<(f64, f64)> = None;
        let falling = history.window(from + AIRBORNE_UNTIL * (to - from), to);
        for (t, height) in falling.filter_map(|f| height(f).map(|y| (f.t, y))) {
            if height < level {
                return previous.map(|(t0, h0)| crossing(t0, h0, t, height, level));
            }
            previous = Some((t, height));
        }
        None
    };
    let down = falls_below(ground + RESTING)?;
    // on at the speed of the fall: how steep it is depends on the runner
    let fall = falls_below(ground + FALLING).map_or(0.0, |above| down - above);
    Some(down + fall.min(LONGEST_FALL_S) * RESTING / (FALLING - RESTING))
}

/// Height of a point of the foot ahead over a ground of this slope, statures.
fn height(frame: &Frame, view: View, slope: f64, joint: Joint) -> Option<f64> {
    let ahead = view.ahead(frame, Foot::Front, joint)?;
    Some(view.height(frame, Foot::Front, joint)? - slope * ahead)
}

/// Height of the ground: where the foot ahead then rests.
fn ground(history: &History, (from, to): (f64, f64), height: impl Fn(&Frame) -> Option<f64>) -> Option<f64> {
    let mut heights = [0.0; MAX_GROUND_SAMPLES];
    let mut count = 0;
    let grounded = history
        .window(from + GROUNDED_FROM * (to - from), to)
        .filter_map(height);
    for height in grounded.take(MAX_GROUND_SAMPLES) {
        heights[count] = height;
        count += 1;
    }
    quantile(&mut heights[..count], GROUND_QUANTILE)
}

/// When a point of the foot ahead has fallen to `LEVEL` above the height it then keeps.
pub fn fall(history: &History, view: View, (from, to): (f64, f64), slope: f64, joint: Joint) -> Option<f64> {
    let height = |f: &Frame| height(f, view, slope, joint);
    let level = ground(history, (from, to), height)? + LEVEL;
    let mut above: Option<(f64, f64)> = None;
    // the frame before, if it was the first below
    let mut below: Option<f64> = None;
    for frame in history.window(from + AIRBORNE_UNTIL * (to - from), to) {
        let Some(height) = height(frame) else { continue };
        if height >= level {
            (above, below) = (Some((frame.t, height)), None);
        } else if below.is_some() {
            // one frame alone may be a leg in the wrong place
            break;
        } else {
            let (t, before) = above?;
            below = Some(crossing(t, before, frame.t, height, level));
        }
    }
    below
}
