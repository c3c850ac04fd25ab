//! Centre of mass from segment masses.
//!
//! Masses and centres: de Leva 1996, doi:10.1016/0021-9290(95)00178-6, Table 4, mean of women and men, because the sex
//! of the athlete is not known. Hands ride on the wrist, and the head's centre is taken between the ears.

use super::{Frame, Joint, Point, Side};

/// A limb segment that exists on both sides.
struct Limb {
    proximal: Joint,
    distal: Joint,
    /// Fraction of body mass, one side.
    mass: f64,
    /// Centre from the proximal end as a fraction of length.
    centre: f64,
}

const LIMBS: [Limb; 5] = [
    Limb {
        proximal: Joint::Shoulder,
        distal: Joint::Elbow,
        mass: 0.0263,
        centre: 0.576,
    },
    // forearm and hand: their masses (0.0150, 0.0059) with the hand's centre a little beyond the wrist
    Limb {
        proximal: Joint::Elbow,
        distal: Joint::Wrist,
        mass: 0.0209,
        centre: 0.65,
    },
    Limb {
        proximal: Joint::Hip,
        distal: Joint::Knee,
        mass: 0.1447,
        centre: 0.385,
    },
    Limb {
        proximal: Joint::Knee,
        distal: Joint::Ankle,
        mass: 0.0457,
        centre: 0.437,
    },
    Limb {
        proximal: Joint::Heel,
        distal: Joint::Toe,
        mass: 0.0133,
        centre: 0.421,
    },
];

/// Head with neck, at the middle between the ears.
const HEAD_MASS: f64 = 0.0681;

/// Trunk, from the middle of the shoulders to the middle of the hips.
const TRUNK_MASS: f64 = 0.4302;
const TRUNK_CENTRE: f64 = 0.405;

/// The centre of mass in pixels, to the right and upwards. The sides of a limb are weighted by their visibility, so an
/// occluded limb follows the visible one. A missing limb is left out and the rest carries its mass.
pub fn centre_of_mass(frame: &Frame) -> Option<(f64, f64)> {
    Some((along(frame, |p| p.x)?, along(frame, |p| p.y)?))
}

/// Height of the centre of mass in pixels, upwards.
pub fn centre_of_mass_height(frame: &Frame) -> Option<f64> {
    along(frame, |p| p.y)
}

/// One coordinate of the centre of mass.
fn along(frame: &Frame, of: impl Fn(&Point) -> f32) -> Option<f64> {
    let mean = |joint| frame.mean_of(joint, &of);
    let (shoulder, hip) = (mean(Joint::Shoulder)?, mean(Joint::Hip)?);
    let mut mass = TRUNK_MASS;
    let mut moment = TRUNK_MASS * (shoulder + TRUNK_CENTRE * (hip - shoulder));
    if let Some(ear) = mean(Joint::Ear) {
        mass += HEAD_MASS;
        moment += HEAD_MASS * ear;
    }
    for limb in &LIMBS {
        let (mut place, mut weights) = (0.0, 0.0);
        for side in Side::BOTH {
            let (a, b) = (frame.joint(side, limb.proximal), frame.joint(side, limb.distal));
            let weight = f64::from(a.visibility.min(b.visibility));
            place += weight * (f64::from(of(a)) + limb.centre * f64::from(of(b) - of(a)));
            weights += weight;
        }
        if weights > 0.0 {
            mass += 2.0 * limb.mass;
            moment += 2.0 * limb.mass * place / weights;
        }
    }
    Some(moment / mass)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segment_masses_add_up_to_the_body() {
        let total = HEAD_MASS + TRUNK_MASS + 2.0 * LIMBS.iter().map(|l| l.mass).sum::<f64>();
        assert!((total - 1.0).abs() < 0.005, "{total}");
    }
}
