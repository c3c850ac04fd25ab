//! From joint angles to joint positions and the centre of mass.
//!
//! Body axes: x forward, y to the body's left, z up, metres. Angles in radians.

use super::anthropometry::{Anthropometry, centre, mass};
use crate::vec3::Vec3;

/// A side of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Right = 0,
    Left = 1,
}

impl Side {
    pub const BOTH: [Side; 2] = [Side::Right, Side::Left];

    /// Direction of the side along the body's y axis.
    pub fn sign(self) -> f64 {
        match self {
            Side::Right => -1.0,
            Side::Left => 1.0,
        }
    }
}

/// How one arm is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Arm {
    /// Upper arm from hanging along the trunk, positive forward.
    pub shoulder: f64,
    /// Flexion of the elbow.
    pub elbow: f64,
    /// Upper arm out of the sagittal plane.
    pub abduction: f64,
    /// Forearm out of the sagittal plane.
    pub forearm_abduction: f64,
}

/// How one leg is held.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Leg {
    /// Thigh from hanging straight down, positive with the knee forward.
    pub thigh: f64,
    /// Shank from straight down, positive with the ankle forward.
    pub shank: f64,
    /// Foot pitch, 0 flat, positive with the heel raised.
    pub foot: f64,
    /// Pitch of the toes, 0 flat, positive with the tip down.
    pub toe: f64,
}

/// All joint angles and where the mid-hip is (sagittal plane: x and z).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Posture {
    pub pelvis: [f64; 2],
    /// Lean of the trunk from vertical, positive forward.
    pub trunk: f64,
    pub head: f64,
    pub legs: [Leg; 2],
    pub arms: [Arm; 2],
}

/// Joint positions of one side.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limbs {
    pub hip: Vec3,
    pub knee: Vec3,
    pub ankle: Vec3,
    /// Sole points: under the heel, under the ball of the foot, under the tip of the toes.
    pub heel: Vec3,
    pub ball: Vec3,
    pub toe: Vec3,
    pub shoulder: Vec3,
    pub elbow: Vec3,
    pub wrist: Vec3,
    /// Tip region of the hand.
    pub hand: Vec3,
}

/// Joint positions of the whole body.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Skeleton {
    pub pelvis: Vec3,
    pub neck: Vec3,
    pub head_centre: Vec3,
    /// Unit vectors of the head and the trunk.
    pub head_up: Vec3,
    pub head_forward: Vec3,
    pub trunk_up: Vec3,
    pub trunk_forward: Vec3,
    /// Unit vector to the body's left.
    pub left: Vec3,
    pub sides: [Limbs; 2],
}

/// Head centre between the base of the neck and the top of the head.
const HEAD_CENTRE: f64 = 0.62;
/// The hand's modelled end as a fraction of hand length.
const HAND_REACH: f64 = 0.75;

/// Unit vector in the sagittal plane at `angle` from straight down, positive forward.
fn hanging(angle: f64) -> Vec3 {
    let (s, c) = angle.sin_cos();
    Vec3::new(s, 0.0, -c)
}

/// Sagittal offset (ahead, up) carried along when the foot is pitched with the heel up.
pub(crate) fn pitched(ahead: f64, up: f64, pitch: f64) -> [f64; 2] {
    let (s, c) = pitch.sin_cos();
    [c * ahead + s * up, c * up - s * ahead]
}

impl Skeleton {
    /// Forward kinematics.
    pub fn of(body: &Anthropometry, posture: &Posture) -> Self {
        let up = |lean: f64| Vec3::new(lean.sin(), 0.0, lean.cos());
        let forward = |lean: f64| Vec3::new(lean.cos(), 0.0, -lean.sin());
        let pelvis = Vec3::new(posture.pelvis[0], 0.0, posture.pelvis[1]);
        let neck = pelvis + up(posture.trunk) * body.trunk;
        let mut skeleton = Skeleton {
            pelvis,
            neck,
            head_centre: neck + up(posture.head) * (body.head * HEAD_CENTRE),
            head_up: up(posture.head),
            head_forward: forward(posture.head),
            trunk_up: up(posture.trunk),
            trunk_forward: forward(posture.trunk),
            left: Vec3::new(0.0, 1.0, 0.0),
            sides: Default::default(),
        };
        for side in Side::BOTH {
            let limbs = &mut skeleton.sides[side as usize];
            place_leg(limbs, body, &posture.legs[side as usize], pelvis, side.sign());
            let shoulder = neck - up(posture.trunk) * body.shoulder_drop;
            place_arm(
                limbs,
                body,
                &posture.arms[side as usize],
                shoulder,
                posture.trunk,
                side.sign(),
            );
        }
        skeleton
    }

    /// Whole-body centre of mass of the segment model.
    pub fn centre_of_mass(&self) -> Vec3 {
        let between = |a: Vec3, b: Vec3, fraction: f64| a + (b - a) * fraction;
        let mut sum =
            between(self.pelvis, self.neck, centre::TRUNK) * mass::TRUNK + self.head_centre * mass::HEAD;
        for l in &self.sides {
            sum += between(l.hip, l.knee, centre::THIGH) * mass::THIGH
                + between(l.knee, l.ankle, centre::SHANK) * mass::SHANK
                + between(l.heel, l.toe, centre::FOOT) * mass::FOOT
                + between(l.shoulder, l.elbow, centre::UPPER_ARM) * mass::UPPER_ARM
                + between(l.elbow, l.wrist, centre::FOREARM) * mass::FOREARM
                + between(l.wrist, l.hand, centre::HAND) * mass::HAND;
        }
        sum
    }

    /// Height of the lowest point of one sole.
    pub fn sole_height(&self, side: Side) -> f64 {
        let l = &self.sides[side as usize];
        l.heel.z.min(l.ball.z).min(l.toe.z)
    }

    /// Height of the lowest point of both soles.
    pub fn lowest(&self) -> f64 {
        self.sole_height(Side::Right).min(self.sole_height(Side::Left))
    }

    /// The same body turned about the vertical through the origin, then moved.
    pub fn placed(&self, turn: f64, offset: Vec3) -> Self {
        let point = |p: Vec3| p.turned(turn) + offset;
        let sides = self.sides.map(|l| Limbs {
            hip: point(l.hip),
            knee: point(l.knee),
            ankle: point(l.ankle),
            heel: point(l.heel),
            ball: point(l.ball),
            toe: point(l.toe),
            shoulder: point(l.shoulder),
            elbow: point(l.elbow),
            wrist: point(l.wrist),
            hand: point(l.hand),
        });
        Skeleton {
            pelvis: point(self.pelvis),
            neck: point(self.neck),
            head_centre: point(self.head_centre),
            head_up: self.head_up.turned(turn),
            head_forward: self.head_forward.turned(turn),
            trunk_up: self.trunk_up.turned(turn),
            trunk_forward: self.trunk_forward.turned(turn),
            left: self.left.turned(turn),
            sides,
        }
    }
}

fn place_leg(limbs: &mut Limbs, body: &Anthropometry, leg: &Leg, pelvis: Vec3, sign: f64) {
    let aside = |half: f64| Vec3::new(0.0, sign * half, 0.0);
    let sole = |ahead: f64| {
        let [x, z] = pitched(ahead, -body.ankle_height, leg.foot);
        Vec3::new(x, 0.0, z)
    };
    let knee = pelvis + hanging(leg.thigh) * body.thigh;
    let ankle = knee + hanging(leg.shank) * body.shank;
    let ball = ankle + sole(body.ball_ahead);
    let (toe_drop, toe_ahead) = leg.toe.sin_cos();
    limbs.hip = pelvis + aside(body.half_hip);
    limbs.knee = knee + aside(body.half_knee);
    limbs.ankle = ankle + aside(body.half_ankle);
    limbs.heel = ankle + sole(body.heel_ahead) + aside(body.half_heel);
    limbs.ball = ball + aside(body.half_ball);
    limbs.toe = ball + Vec3::new(toe_ahead, 0.0, -toe_drop) * body.toe_length + aside(body.half_ball);
}

fn place_arm(limbs: &mut Limbs, body: &Anthropometry, arm: &Arm, shoulder: Vec3, trunk: f64, sign: f64) {
    let segment = |length: f64, angle: f64, abduction: f64| {
        hanging(angle) * (length * abduction.cos()) + Vec3::new(0.0, sign * length * abduction.sin(), 0.0)
    };
    let upper = arm.shoulder - trunk;
    let fore = upper + arm.elbow;
    limbs.shoulder = shoulder + Vec3::new(0.0, sign * body.half_shoulder, 0.0);
    limbs.elbow = limbs.shoulder + segment(body.upper_arm, upper, arm.abduction);
    limbs.wrist = limbs.elbow + segment(body.forearm, fore, arm.forearm_abduction);
    limbs.hand = limbs.wrist + segment(HAND_REACH * body.hand, fore, arm.forearm_abduction * 0.4);
}

/// Thigh and shank angle that put the ankle at `ankle` from a hip at `hip` (x, z), and the reach: distance over leg
/// length. A target out of reach is approached as far as the leg goes.
pub(crate) fn reach_for(body: &Anthropometry, hip: [f64; 2], ankle: [f64; 2]) -> (f64, f64, f64) {
    const LONGEST: f64 = 0.9995;
    let (dx, dz) = (ankle[0] - hip[0], ankle[1] - hip[1]);
    let distance = dx.hypot(dz);
    let reach = distance / body.leg();
    let d = distance.clamp(1e-6, LONGEST * body.leg());
    let (thigh, shank) = (body.thigh, body.shank);
    let corner = |near: f64, far: f64| {
        ((near * near + d * d - far * far) / (2.0 * near * d))
            .clamp(-1.0, 1.0)
            .acos()
    };
    let direction = dx.atan2(-dz);
    (
        direction + corner(thigh, shank),
        direction - corner(shank, thigh),
        reach,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_kinematics_is_undone_by_forward_kinematics() {
        let body = Anthropometry::of_stature(1.7);
        let (thigh, shank, reach) = reach_for(&body, [0.1, 0.9], [0.25, 0.2]);
        let knee = Vec3::new(0.1, 0.0, 0.9) + hanging(thigh) * body.thigh;
        let ankle = knee + hanging(shank) * body.shank;
        assert!((ankle - Vec3::new(0.25, 0.0, 0.2)).length() < 1e-9);
        assert!(thigh > shank, "the knee bends forward");
        assert!(reach < 1.0);
    }

    #[test]
    fn raising_the_heel_lifts_it_and_keeps_the_foot_rigid() {
        let [x0, z0] = pitched(-0.07, -0.09, 0.0);
        let [x1, z1] = pitched(-0.07, -0.09, 0.6);
        assert!(z1 > z0);
        assert!((x0.hypot(z0) - x1.hypot(z1)).abs() < 1e-12);
    }
}
