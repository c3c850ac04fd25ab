//! Repair of left and right legs swapped by the pose model.

use super::{Frame, Joint, Side};

/// Joints of a leg that a swap exchanges.
const LEG: [Joint; 4] = [Joint::Knee, Joint::Ankle, Joint::Heel, Joint::Toe];

/// Exchanged labels must bring the legs this much nearer to where they were: below it a swap is a coincidence.
const MIN_GAIN: f64 = 3.0;

/// Displacement per joint, as a fraction of body size, below which nothing can have been swapped.
const MIN_DISPLACEMENT: f64 = 0.03;

/// Frames further apart than this cannot be compared, seconds.
const MAX_GAP_S: f64 = 0.1;

/// Keeps the legs of successive frames apart: when exchanging the labels makes the legs continue where they were, and
/// leaving them makes both jump, the labels are exchanged.
#[derive(Debug, Default)]
pub struct SideRepair {
    previous: Option<Frame>,
}

impl SideRepair {
    /// Repairs a frame in place; whether it had to.
    pub fn repair(&mut self, frame: &mut Frame) -> bool {
        let swapped = self.previous.as_ref().is_some_and(|previous| {
            frame.t - previous.t < MAX_GAP_S && {
                let same = displacement(previous, frame, false);
                let exchanged = displacement(previous, frame, true);
                same > MIN_DISPLACEMENT * frame.size && same > MIN_GAIN * exchanged
            }
        });
        if swapped {
            for joint in LEG {
                let left = *frame.joint(Side::Left, joint);
                *frame.joint_mut(Side::Left, joint) = *frame.joint(Side::Right, joint);
                *frame.joint_mut(Side::Right, joint) = left;
            }
        }
        self.previous = Some(*frame);
        swapped
    }

    /// Forgets the previous frame, as after a gap.
    pub fn reset(&mut self) {
        self.previous = None;
    }
}

/// Mean displacement of the leg joints in pixels, with the sides as they are or exchanged.
fn displacement(from: &Frame, to: &Frame, exchanged: bool) -> f64 {
    let mut sum = 0.0;
    for joint in LEG {
        for (a, b) in [(Side::Left, Side::Right), (Side::Right, Side::Left)] {
            sum += from
                .joint(a, joint)
                .distance(to.joint(if exchanged { b } else { a }, joint));
        }
    }
    sum / (2 * LEG.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LandmarkId;
    use crate::body::tests::standing;

    #[test]
    fn a_swapped_frame_is_put_right_and_a_step_is_left_alone() {
        let mut pose = standing();
        for id in [
            LandmarkId::LeftKnee,
            LandmarkId::LeftAnkle,
            LandmarkId::LeftHeel,
            LandmarkId::LeftFootIndex,
        ] {
            pose.landmarks[id as usize].x += 40.0;
        }
        let first = Frame::from_pose(0.0, &pose).expect("whole");
        let mut swapped = Frame::from_pose(0.02, &pose).expect("whole");
        for joint in LEG {
            let left = *swapped.joint(Side::Left, joint);
            *swapped.joint_mut(Side::Left, joint) = *swapped.joint(Side::Right, joint);
            *swapped.joint_mut(Side::Right, joint) = left;
        }
        let mut repair = SideRepair::default();
        assert!(!repair.repair(&mut first.clone()));
        assert!(repair.repair(&mut swapped));
        assert_eq!(
            swapped.joint(Side::Left, Joint::Ankle),
            first.joint(Side::Left, Joint::Ankle)
        );
        for id in [LandmarkId::LeftKnee, LandmarkId::LeftAnkle] {
            pose.landmarks[id as usize].x -= 12.0;
        }
        assert!(!repair.repair(&mut Frame::from_pose(0.04, &pose).expect("whole")));
    }
}
