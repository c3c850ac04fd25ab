//! What keeps a repetition from being measured well, in words somebody with a camera can act on.

use super::{CameraMotion, Estimate, SIZE_PER_STATURE};
use crate::Grade;
use crate::body::{Frame, Joint, Side};
use crate::history::History;

/// From this yaw on an oblique view is worth mentioning, degrees: lengths along the athlete's direction are 6 % short.
const OBLIQUE_DEG: f64 = 20.0;

/// Beyond this yaw nothing along the athlete's direction is measured, degrees: the correction is a third of the length and
/// an error of 5° in the angle another tenth.
pub const OBLIQUE_BEYOND_USE_DEG: f64 = 40.0;

/// A foot or head that is outside in more than this part of the frames has left the picture.
const OUTSIDE_SHARE: f64 = 0.03;

/// A camera that follows or turns in more than this part of the frames moves.
const MOVING_SHARE: f64 = 0.1;

/// A background that moved by more than this, statures, while the camera drifted: taken out, and no longer exact.
const FAR_DRIFT: f64 = 0.1;

/// Joints of a foot.
const FOOT: [Joint; 3] = [Joint::Ankle, Joint::Heel, Joint::Toe];

/// Something in the way of a good measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Obstacle {
    /// A foot is outside the picture for a part of the time.
    FeetLeave,
    /// The head is.
    HeadLeaves,
    /// The camera followed somebody or turned away.
    CameraMoves,
    /// The camera drifted far enough to matter.
    CameraDrifts,
    /// The athlete is turned out of the picture plane, degrees.
    Oblique(f64),
}

impl Obstacle {
    /// The reason to print.
    pub fn reason(&self) -> String {
        match self {
            Self::FeetLeave => "the feet leave the picture: step back or lower the camera".into(),
            Self::HeadLeaves => "the head leaves the picture: step back or raise the camera".into(),
            Self::CameraMoves => "the camera moves: put it on a tripod".into(),
            Self::CameraDrifts => {
                "the camera drifts, which was taken out as well as could be: put it on a tripod".into()
            }
            Self::Oblique(deg) => format!(
                "the view is oblique by {:.0}°: place the camera at a right angle",
                deg.abs()
            ),
        }
    }

    /// The best grade a repetition can still have.
    pub fn best_grade(&self) -> Grade {
        match self {
            Self::HeadLeaves | Self::CameraDrifts => Grade::B,
            Self::Oblique(deg) if deg.abs() <= OBLIQUE_BEYOND_USE_DEG => Grade::B,
            Self::FeetLeave | Self::CameraMoves | Self::Oblique(_) => Grade::C,
        }
    }

    /// What was in the way between two instants, seconds.
    pub fn between(history: &History, (from, to): (f64, f64), view: &Estimate) -> Vec<Self> {
        let mut found = Vec::new();
        if share(history, (from, to), |frame| is_outside(frame, &FOOT)) > OUTSIDE_SHARE {
            found.push(Self::FeetLeave);
        }
        if share(history, (from, to), |frame| is_outside(frame, &[Joint::Ear])) > OUTSIDE_SHARE {
            found.push(Self::HeadLeaves);
        }
        let follows = |frame: &Frame| frame.camera.motion == CameraMotion::Follows;
        if share(history, (from, to), follows) > MOVING_SHARE {
            found.push(Self::CameraMoves);
        } else if drift(history, (from, to)) > FAR_DRIFT {
            found.push(Self::CameraDrifts);
        }
        if let Some(yaw) = view.yaw.filter(|yaw| yaw.deg.abs() > OBLIQUE_DEG) {
            found.push(Self::Oblique(yaw.deg));
        }
        found
    }
}

/// Whether one of these joints of either side is outside the picture.
pub fn is_outside(frame: &Frame, joints: &[Joint]) -> bool {
    joints
        .iter()
        .any(|&joint| Side::BOTH.iter().any(|&side| frame.is_outside(side, joint)))
}

/// Part of the frames between two instants in which a foot is outside the picture, 0..1.
pub fn feet_outside(history: &History, (from, to): (f64, f64)) -> f64 {
    share(history, (from, to), |frame| is_outside(frame, &FOOT))
}

fn share(history: &History, (from, to): (f64, f64), of: impl Fn(&Frame) -> bool) -> f64 {
    let (mut all, mut hits) = (0u32, 0u32);
    for frame in history.window(from, to) {
        all += 1;
        hits += u32::from(of(frame));
    }
    if all == 0 {
        0.0
    } else {
        f64::from(hits) / f64::from(all)
    }
}

/// How far the background moved between two instants, statures: the diagonal of all its places.
fn drift(history: &History, (from, to): (f64, f64)) -> f64 {
    let frames = history.window(from, to);
    let mut sizes = 0.0f64;
    let mut range = [[f32::INFINITY, f32::NEG_INFINITY]; 2];
    for frame in frames {
        sizes = sizes.max(frame.size);
        for (range, place) in range.iter_mut().zip(frame.camera.place) {
            *range = [range[0].min(place), range[1].max(place)];
        }
    }
    let [x, y] = range.map(|[low, high]| f64::from(high - low));
    if sizes > 0.0 {
        x.hypot(y) * SIZE_PER_STATURE / sizes
    } else {
        0.0
    }
}
