//! Joint angles in the picture plane.
//!
//! Convention (OpenSim's): hip and knee flexion are 0° straight and positive when bent, ankle dorsiflexion is 0° at a
//! right angle between shank and foot and positive with the toes up, trunk lean is 0° upright and positive forwards.

use super::{Frame, Joint, Point, Side};

/// Which way the person looks in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facing {
    /// Towards the left edge.
    Left,
    /// Towards the right edge.
    Right,
}

impl Facing {
    /// From the direction of the feet, heel to toe, sides weighted by visibility.
    pub fn of(frame: &Frame) -> Option<Self> {
        let (heel, _) = frame.mean(Joint::Heel)?;
        let (toe, _) = frame.mean(Joint::Toe)?;
        Some(if toe >= heel { Facing::Right } else { Facing::Left })
    }

    /// 1 to the right, −1 to the left.
    pub fn sign(self) -> f64 {
        match self {
            Facing::Left => -1.0,
            Facing::Right => 1.0,
        }
    }
}

/// Angles in degrees, both sides weighted by visibility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JointAngles {
    /// Hip flexion.
    pub hip: f64,
    /// Knee flexion.
    pub knee: f64,
    /// Ankle dorsiflexion.
    pub ankle: f64,
    /// Forward lean of the trunk from vertical.
    pub trunk: f64,
}

/// Direction from `a` to `b` as an angle from straight down, positive towards the front, radians.
fn lean(a: &Point, b: &Point, facing: Facing) -> f64 {
    (facing.sign() * f64::from(b.x - a.x)).atan2(f64::from(a.y - b.y))
}

fn wrap(angle: f64) -> f64 {
    (angle + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU) - std::f64::consts::PI
}

/// Angles of one side in degrees, the trunk from that side's shoulder and hip, and how well the worst of its landmarks is
/// seen, 0..1.
pub fn side_angles(frame: &Frame, side: Side, facing: Facing) -> (JointAngles, f64) {
    let [shoulder, hip, knee, ankle, heel, toe] = [
        Joint::Shoulder,
        Joint::Hip,
        Joint::Knee,
        Joint::Ankle,
        Joint::Heel,
        Joint::Toe,
    ]
    .map(|joint| frame.joint(side, joint));
    let visibility = [shoulder, hip, knee, ankle, toe]
        .iter()
        .map(|p| f64::from(p.visibility))
        .fold(1.0, f64::min);
    let trunk = wrap(std::f64::consts::PI - lean(hip, shoulder, facing));
    let thigh = lean(hip, knee, facing);
    let shank = lean(knee, ankle, facing);
    let foot = lean(heel, toe, facing);
    let angles = JointAngles {
        hip: wrap(thigh + trunk).to_degrees(),
        knee: wrap(thigh - shank).to_degrees(),
        ankle: wrap(foot - shank - std::f64::consts::FRAC_PI_2).to_degrees(),
        trunk: trunk.to_degrees(),
    };
    (angles, visibility)
}

/// The angles of a frame for a person who looks this way; `None` when no side is whole.
pub fn joint_angles(frame: &Frame, facing: Facing) -> Option<JointAngles> {
    let (mut weights, mut sum) = (0.0, [0.0; 4]);
    for side in Side::BOTH {
        let (a, visibility) = side_angles(frame, side, facing);
        let weight = visibility.powi(2);
        for (total, angle) in sum.iter_mut().zip([a.hip, a.knee, a.ankle, a.trunk]) {
            *total += weight * angle;
        }
        weights += weight;
    }
    let [hip, knee, ankle, trunk] = sum.map(|s| s / weights);
    (weights > 0.0).then_some(JointAngles {
        hip,
        knee,
        ankle,
        trunk,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LandmarkId;
    use crate::body::tests::standing;

    fn angles_of(pose: &crate::Pose) -> JointAngles {
        let frame = Frame::from_pose(0.0, pose).expect("whole");
        joint_angles(&frame, Facing::of(&frame).expect("feet")).expect("a side is whole")
    }

    #[test]
    fn standing_is_straight_and_flat_feet_are_at_right_angles() {
        let a = angles_of(&standing());
        assert!(
            a.hip.abs() < 4.0 && a.knee.abs() < 6.0 && a.trunk.abs() < 1.0 && a.ankle.abs() < 4.0,
            "{a:?}"
        );
    }

    #[test]
    fn a_right_angled_knee_reads_ninety_whichever_way_one_looks() {
        let mut pose = standing();
        for (knee, ankle) in [
            (LandmarkId::LeftKnee, LandmarkId::LeftAnkle),
            (LandmarkId::RightKnee, LandmarkId::RightAnkle),
        ] {
            let k = pose.landmarks[knee as usize];
            pose.landmarks[knee as usize].x = 149.0;
            pose.landmarks[knee as usize].y = 300.0 - 106.0;
            pose.landmarks[ankle as usize].x = 149.0;
            pose.landmarks[ankle as usize].y = k.y;
        }
        assert!((angles_of(&pose).knee - 90.0).abs() < 0.01);
        assert!((angles_of(&pose).hip - 90.0).abs() < 0.01);
        for l in &mut pose.landmarks {
            l.x = 640.0 - l.x;
        }
        assert!((angles_of(&pose).knee - 90.0).abs() < 0.01);
        assert!((angles_of(&pose).hip - 90.0).abs() < 0.01);
    }

    #[test]
    fn leaning_forwards_is_positive() {
        let mut pose = standing();
        for id in [LandmarkId::LeftShoulder, LandmarkId::RightShoulder] {
            pose.landmarks[id as usize].x += 58.0;
        }
        assert!((angles_of(&pose).trunk - 45.0).abs() < 0.1);
    }
}
