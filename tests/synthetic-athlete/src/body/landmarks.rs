//! True places of BlazePose's 33 body points on a skeleton.
//!
//! Joints are joint centres. Points that the pose model itself defines loosely (eye corners, mouth, fingers) are given
//! where a careful person would mark them.

use super::skeleton::{Side, Skeleton};
use crate::vec3::Vec3;

/// Number of landmarks.
pub const LANDMARK_COUNT: usize = 33;

/// Heel and toe landmarks above the sole at the reference stature, m.
const SOLE_TO_LANDMARK_M: f64 = 0.02;

/// Landmarks in BlazePose's order: nose 0, eyes 1 to 6, ears 7 and 8, mouth 9 and 10, then left and right in turn:
/// shoulder 11, elbow 13, wrist 15, little finger 17, index 19, thumb 21, hip 23, knee 25, ankle 27, heel 29, toe 31.
pub(crate) fn landmarks(skeleton: &Skeleton, scale: f64) -> [Vec3; LANDMARK_COUNT] {
    let s = skeleton;
    let head = |forward: f64, up: f64, left: f64| {
        s.head_centre + (s.head_forward * forward + s.head_up * up + s.left * left) * scale
    };
    let mut points = [Vec3::default(); LANDMARK_COUNT];
    points[0] = head(0.115, -0.026, 0.0);
    for (side, inner, ear, mouth) in [(Side::Left, 1, 7, 9), (Side::Right, 4, 8, 10)] {
        let y = side.sign();
        points[inner] = head(0.090, 0.010, 0.020 * y);
        points[inner + 1] = head(0.088, 0.010, 0.034 * y);
        points[inner + 2] = head(0.078, 0.010, 0.047 * y);
        points[ear] = head(-0.012, 0.0, 0.090 * y);
        points[mouth] = head(0.093, -0.062, 0.022 * y);
    }
    for side in Side::BOTH {
        let l = &s.sides[side as usize];
        let offset = if side == Side::Left { 0 } else { 1 };
        let along = (l.hand - l.wrist).unit();
        // Thumbs point forward or up: the direction across the hand in the sagittal plane.
        let across = thumb_side(along, s.left);
        let finger = |length: f64, thumbwards: f64| l.wrist + (along * length + across * thumbwards) * scale;
        let above = |from: Vec3, to: Vec3| (to - from).cross(s.left).unit() * (SOLE_TO_LANDMARK_M * scale);
        let by_index = [
            (11, l.shoulder),
            (13, l.elbow),
            (15, l.wrist),
            (17, finger(0.085, -0.022)),
            (19, finger(0.095, 0.018)),
            (21, finger(0.050, 0.030)),
            (23, l.hip),
            (25, l.knee),
            (27, l.ankle),
            (29, l.heel + above(l.heel, l.ball)),
            (31, l.toe + above(l.ball, l.toe)),
        ];
        for (index, point) in by_index {
            points[index + offset] = point;
        }
    }
    points
}

/// Unit vector across the hand towards the thumb.
pub(crate) fn thumb_side(along_hand: Vec3, left: Vec3) -> Vec3 {
    // For a hanging arm this is forward, for a forearm held forward it is up.
    left.cross(-along_hand).unit()
}
