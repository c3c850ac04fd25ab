//! Repair of left and right legs swapped by the pose model.

use super::{Frame, Joint, Side};

/// Joints of a leg that a swap exchanges.
const LEG: [Joint; 4] = [Joint::Knee, Joint::Ankle, Joint::Heel, Joint::Toe];

/// Exchanged labels must bring the legs this much nearer to where they were going: below it a swap is a coincidence.
const MIN_GAIN: f64 = 2.0;

/// Displacement per joint, as a fraction of body size, below which nothing can have been swapped.
const MIN_DISPLACEMENT: f64 = 0.03;

/// Frames further apart than this cannot be compared, seconds.
const MAX_GAP_S: f64 = 0.1;

/// Labels exchanged for longer than this are the pose model's opinion, seconds: its swaps last for a few frames, and a
/// mistake made here must not stay.
const LONGEST_SWAP_S: f64 = 0.3;

/// Keeps the legs of successive frames apart: when exchanging the labels makes the legs continue on their way, and leaving
/// them makes both jump, the labels are exchanged. A leg's way is its motion over the last two frames: where running
/// legs pass each other, each is nearer to where the other one was than to where it was itself.
#[derive(Debug, Default)]
pub struct SideRepair {
    /// The two frames before, the newer one first.
    previous: [Option<Frame>; 2],
    swapped_since: Option<f64>,
}

impl SideRepair {
    /// Repairs a frame in place; whether it had to.
    pub fn repair(&mut self, frame: &mut Frame) -> bool {
        let expected = self.expected(frame.t);
        let swapped = expected.is_some_and(|legs| {
            let same = displacement(&legs, frame, false);
            let exchanged = displacement(&legs, frame, true);
            same > MIN_DISPLACEMENT * frame.size && same > MIN_GAIN * exchanged
        });
        if !swapped {
            self.swapped_since = None;
        } else if frame.t - *self.swapped_since.get_or_insert(frame.t) > LONGEST_SWAP_S {
            self.reset();
            self.previous[0] = Some(*frame);
            return false;
        } else {
            exchange(frame);
        }
        self.previous = [Some(*frame), self.previous[0]];
        swapped
    }

    /// Forgets the previous frames, as after a gap.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Where the leg joints of both sides should be at `t`, pixels.
    fn expected(&self, t: f64) -> Option<Legs> {
        let newer = self.previous[0].as_ref().filter(|f| t - f.t < MAX_GAP_S)?;
        let older = self.previous[1].as_ref().filter(|f| newer.t - f.t < MAX_GAP_S);
        let ahead = older.map_or(0.0, |older| {
            (t - newer.t) / (newer.t - older.t).max(0.5 * (t - newer.t))
        });
        Some(Side::BOTH.map(|side| {
            LEG.map(|joint| {
                let now = newer.joint(side, joint);
                let was = older.map_or(now, |older| older.joint(side, joint));
                let go = |now: f32, was: f32| f64::from(now) + ahead * f64::from(now - was);
                [go(now.x, was.x), go(now.y, was.y)]
            })
        }))
    }
}

/// Places of the leg joints, left and right.
type Legs = [[[f64; 2]; LEG.len()]; 2];

fn exchange(frame: &mut Frame) {
    frame.exchanged = !frame.exchanged;
    for joint in LEG {
        let left = *frame.joint(Side::Left, joint);
        *frame.joint_mut(Side::Left, joint) = *frame.joint(Side::Right, joint);
        *frame.joint_mut(Side::Right, joint) = left;
        frame.exchange_marks(joint);
    }
}

/// Mean displacement of the leg joints in pixels, with the sides as they are or exchanged.
fn displacement(from: &Legs, to: &Frame, exchanged: bool) -> f64 {
    let mut sum = 0.0;
    for (a, b) in [(Side::Left, Side::Right), (Side::Right, Side::Left)] {
        for (place, joint) in from[a as usize].iter().zip(LEG) {
            let found = to.joint(if exchanged { b } else { a }, joint);
            sum += (f64::from(found.x) - place[0]).hypot(f64::from(found.y) - place[1]);
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
