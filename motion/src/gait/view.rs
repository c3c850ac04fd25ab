//! The signals of a frame that gait needs.

use crate::body::{Frame, Joint, Point, Side};

/// [`Frame::size`] as a part of stature while the legs swing, as the pose model sees it.
const SIZE_PER_STATURE: f64 = 0.770;

/// A foot by its place: labels of left and right are swapped by the pose model now and then, places never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foot {
    /// The one ahead.
    Front,
    /// The one behind.
    Back,
}

/// Which way the person goes and how large the person is in the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// 1 when looking to the right, −1 to the left.
    pub direction: f64,
    /// Stature in pixels.
    pub stature_px: f64,
}

impl View {
    /// From the body size (trunk + thigh + shank, pixels) and the direction from heel to toe.
    pub fn new(size_px: f64, heel_to_toe: f64) -> Self {
        Self {
            direction: if heel_to_toe < 0.0 { -1.0 } else { 1.0 },
            stature_px: (size_px / SIZE_PER_STATURE).max(1.0),
        }
    }

    /// Which label the foot at this place carries in a frame.
    pub fn side(&self, frame: &Frame, foot: Foot) -> Option<Side> {
        let left_ahead = self.direction * scissors(frame)? > 0.0;
        Some(if left_ahead == (foot == Foot::Front) {
            Side::Left
        } else {
            Side::Right
        })
    }

    /// A joint of the leg at a place.
    pub fn joint<'f>(&self, frame: &'f Frame, foot: Foot, joint: Joint) -> Option<&'f Point> {
        let point = frame.joint(self.side(frame, foot)?, joint);
        point.usable().then_some(point)
    }

    /// A joint's distance ahead of the hips in statures.
    pub fn ahead(&self, frame: &Frame, foot: Foot, joint: Joint) -> Option<f64> {
        let x = f64::from(self.joint(frame, foot, joint)?.x);
        Some(self.direction * (x - both(frame, Joint::Hip)?.0) / self.stature_px)
    }

    /// A joint's height in statures above the picture's origin.
    pub fn height(&self, frame: &Frame, foot: Foot, joint: Joint) -> Option<f64> {
        Some(f64::from(self.joint(frame, foot, joint)?.y) / self.stature_px)
    }

    /// Distance from the hips to the ankle in statures.
    pub fn leg(&self, frame: &Frame, foot: Foot) -> Option<f64> {
        let (x, y) = both(frame, Joint::Hip)?;
        let ankle = self.joint(frame, foot, Joint::Ankle)?;
        Some((f64::from(ankle.x) - x).hypot(f64::from(ankle.y) - y) / self.stature_px)
    }

    /// Height of the middle of the trunk in statures: it follows the centre of mass and does not depend on which leg is
    /// seen how well.
    pub fn trunk(&self, frame: &Frame) -> Option<f64> {
        let (_, shoulder) = both(frame, Joint::Shoulder)?;
        let (_, hip) = both(frame, Joint::Hip)?;
        Some(0.5 * (shoulder + hip) / self.stature_px)
    }

    /// Height of the centre of mass in statures.
    pub fn com(&self, frame: &Frame) -> f64 {
        frame.com / self.stature_px
    }
}

/// How far the left ankle is right of the right one, pixels.
pub fn scissors(frame: &Frame) -> Option<f64> {
    let [left, right] = Side::BOTH.map(|side| frame.joint(side, Joint::Ankle));
    (left.usable() && right.usable()).then(|| f64::from(left.x - right.x))
}

/// Distance from heel to toe, both feet, positive to the right, pixels.
pub fn heel_to_toe(frame: &Frame) -> Option<f64> {
    let (heel, _) = frame.mean(Joint::Heel)?;
    let (toe, _) = frame.mean(Joint::Toe)?;
    Some(toe - heel)
}

/// Middle of a joint of both sides, unweighted while both are usable: a weight that changes with the swing of a limb would
/// move it.
fn both(frame: &Frame, joint: Joint) -> Option<(f64, f64)> {
    let [left, right] = Side::BOTH.map(|side| frame.joint(side, joint));
    if left.usable() && right.usable() {
        Some((
            0.5 * f64::from(left.x + right.x),
            0.5 * f64::from(left.y + right.y),
        ))
    } else {
        frame.mean(joint)
    }
}
