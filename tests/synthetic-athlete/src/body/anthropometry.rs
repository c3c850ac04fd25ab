//! Segment lengths and masses as fractions of stature and body mass.
//!
//! Lengths: Drillis & Contini 1966, as tabulated in Winter, *Biomechanics and Motor Control of Human Movement*.
//! Masses and centres of mass: the same table of Winter.

/// Thickness of the shoe sole under the ankle, m.
const SOLE_M: f64 = 0.025;
/// Stature for which the flesh radii and small offsets of the body recipe are given, m.
const REFERENCE_STATURE_M: f64 = 1.78;

/// Mass of each segment as a fraction of body mass. Limb values are for one side.
pub(crate) mod mass {
    pub const FOOT: f64 = 0.0145;
    pub const SHANK: f64 = 0.0465;
    pub const THIGH: f64 = 0.100;
    pub const UPPER_ARM: f64 = 0.028;
    pub const FOREARM: f64 = 0.016;
    pub const HAND: f64 = 0.006;
    pub const TRUNK: f64 = 0.497;
    pub const HEAD: f64 = 0.081;
}

/// Centre of mass of a segment as a fraction of its length from the proximal end.
pub(crate) mod centre {
    pub const THIGH: f64 = 0.433;
    pub const SHANK: f64 = 0.433;
    pub const FOOT: f64 = 0.5;
    pub const UPPER_ARM: f64 = 0.436;
    pub const FOREARM: f64 = 0.43;
    pub const HAND: f64 = 0.5;
    pub const TRUNK: f64 = 0.5;
}

/// Dimensions of one person in metres.
#[derive(Clone, Debug)]
pub(crate) struct Anthropometry {
    pub stature: f64,
    pub shank: f64,
    pub thigh: f64,
    /// Ankle joint above the ground in the shoe.
    pub ankle_height: f64,
    /// Mid-hip to the base of the neck.
    pub trunk: f64,
    /// Base of the neck to the top of the head.
    pub head: f64,
    pub upper_arm: f64,
    pub forearm: f64,
    pub hand: f64,
    /// Sole points ahead of (+) or behind (-) the ankle when the foot is flat.
    pub heel_ahead: f64,
    pub ball_ahead: f64,
    /// Ball of the foot to the tip of the toes.
    pub toe_length: f64,
    /// Shoulder joint below the base of the neck.
    pub shoulder_drop: f64,
    /// Sideways distance of joints from the middle plane.
    pub half_hip: f64,
    pub half_knee: f64,
    pub half_ankle: f64,
    pub half_heel: f64,
    pub half_ball: f64,
    pub half_shoulder: f64,
}

impl Anthropometry {
    pub fn of_stature(stature: f64) -> Self {
        let h = stature;
        let foot = 0.152 * h;
        Self {
            stature,
            shank: 0.246 * h,
            thigh: 0.245 * h,
            ankle_height: 0.039 * h + SOLE_M,
            trunk: 0.288 * h,
            head: 0.182 * h,
            upper_arm: 0.186 * h,
            forearm: 0.146 * h,
            hand: 0.108 * h,
            heel_ahead: -0.27 * foot,
            ball_ahead: 0.46 * foot,
            toe_length: 0.27 * foot,
            shoulder_drop: 0.02 * h,
            half_hip: 0.052 * h,
            half_knee: 0.055 * h,
            half_ankle: 0.055 * h,
            half_heel: 0.053 * h,
            half_ball: 0.062 * h,
            half_shoulder: 0.105 * h,
        }
    }

    /// Factor for sizes that are given for the reference stature.
    pub fn scale(&self) -> f64 {
        self.stature / REFERENCE_STATURE_M
    }

    pub fn leg(&self) -> f64 {
        self.thigh + self.shank
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segment_masses_sum_to_the_body() {
        use mass::*;
        let limbs = 2.0 * (FOOT + SHANK + THIGH + UPPER_ARM + FOREARM + HAND);
        assert!((limbs + TRUNK + HEAD - 1.0).abs() < 1e-9);
    }

    #[test]
    fn stacked_segments_reach_stature_and_sole() {
        let b = Anthropometry::of_stature(1.8);
        assert!((b.ankle_height + b.leg() + b.trunk + b.head - 1.8 - SOLE_M).abs() < 1e-9);
    }
}
