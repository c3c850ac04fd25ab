//! Standing on both feet: postures with the balls of the feet fixed, chosen so that the centre of mass is where it
//! should be.

use super::quintic::{lerp, smooth};
use super::root::bracketed;
use crate::body::{Anthropometry, Arm, Leg, Posture, Skeleton, pitched};

/// Position errors below this are none, m.
const TOLERANCE_M: f64 = 1e-10;

/// What decides a stance posture apart from the arms. Angles in radians.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Key {
    /// Knee flexion, 0 straight.
    pub knee: f64,
    /// Forward lean of the trunk.
    pub trunk: f64,
    /// Foot pitch, 0 flat, positive with the heel raised.
    pub heel: f64,
    /// Centre of mass ahead of the flat-foot ankle at the reference stature, m.
    pub ahead: f64,
}

impl Key {
    /// Standing upright.
    pub const STAND: Key = Key {
        knee: 0.06,
        trunk: 0.02,
        heel: 0.0,
        ahead: 0.045,
    };
    /// The instant of take-off: on the toes, knees almost straight.
    pub const TAKE_OFF: Key = Key {
        knee: 0.26,
        trunk: 0.09,
        heel: 0.62,
        ahead: 0.105,
    };

    /// Crouching from standing (0) to deep (1).
    pub fn crouch(c: f64) -> Key {
        Key {
            knee: 0.06 + 1.75 * c,
            trunk: 0.02 + 0.72 * c,
            heel: 0.0,
            ahead: 0.045 + 0.02 * c,
        }
    }

    /// First contact with knees bent by `flexion` radians more than at take-off.
    pub fn landing(flexion: f64) -> Key {
        let take_off = Key::TAKE_OFF;
        Key {
            knee: take_off.knee + flexion,
            trunk: take_off.trunk + 0.35 * flexion,
            heel: take_off.heel - 0.45 * flexion,
            ahead: take_off.ahead,
        }
    }
}

/// The way from one key to another: a one-parameter family of postures whose centre of mass rises or sinks throughout.
///
/// The heel leaves the ground only on the extended part of the way (the last 55 %), as in real jumps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    pub from: Key,
    pub to: Key,
}

impl Path {
    /// Key at parameter `u`, 0 to 1; a little beyond is allowed.
    pub fn at(&self, u: f64) -> Key {
        const HEEL_STAYS: f64 = 0.45;
        let (a, b) = (self.from, self.to);
        let extended = if b.heel > a.heel { u } else { 1.0 - u };
        let w = ((extended - HEEL_STAYS) / (1.0 - HEEL_STAYS)).max(0.0);
        Key {
            knee: lerp(a.knee, b.knee, u),
            trunk: lerp(a.trunk, b.trunk, u),
            heel: a.heel.max(b.heel) * w * w * (1.6 - 0.6 * w),
            // Level at both ends, so that the centre of mass leaves and meets the ground without sideways speed.
            ahead: lerp(a.ahead, b.ahead, smooth(u)),
        }
    }
}

/// Both arms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Arms(pub Arm);

impl Arms {
    /// Hands on the hips.
    pub const ON_HIPS: Arms = Arms(Arm {
        shoulder: -0.55,
        elbow: 1.55,
        abduction: 0.62,
        forearm_abduction: -0.75,
    });
    /// Hanging relaxed.
    pub const HANGING: Arms = Arms(Arm {
        shoulder: 0.06,
        elbow: 0.18,
        abduction: 0.14,
        forearm_abduction: 0.05,
    });
    /// Swung back before the upward swing.
    pub const BACK: Arms = Arms(Arm {
        shoulder: -0.85,
        elbow: 0.30,
        abduction: 0.16,
        forearm_abduction: 0.02,
    });
    /// Swung up and forward.
    pub const UP: Arms = Arms(Arm {
        shoulder: 2.30,
        elbow: 0.45,
        abduction: 0.18,
        forearm_abduction: 0.05,
    });
    /// In front of the body, for balance at landing.
    pub const FRONT: Arms = Arms(Arm {
        shoulder: 1.00,
        elbow: 0.60,
        abduction: 0.20,
        forearm_abduction: 0.08,
    });

    pub fn towards(self, other: Arms, u: f64) -> Arms {
        let (a, b) = (self.0, other.0);
        Arms(Arm {
            shoulder: lerp(a.shoulder, b.shoulder, u),
            elbow: lerp(a.elbow, b.elbow, u),
            abduction: lerp(a.abduction, b.abduction, u),
            forearm_abduction: lerp(a.forearm_abduction, b.forearm_abduction, u),
        })
    }
}

/// Head lean as a part of the trunk's: people keep looking ahead.
const HEAD_FOLLOWS_TRUNK: f64 = 0.55;

/// A symmetric posture with its hip at the origin.
pub(crate) fn symmetric(key: &Key, leg: Leg, arms: Arms) -> Posture {
    Posture {
        pelvis: [0.0; 2],
        trunk: key.trunk,
        head: key.trunk * HEAD_FOLLOWS_TRUNK,
        legs: [leg; 2],
        arms: [arms.0; 2],
    }
}

/// The posture of a key with the balls of the feet at their place on the ground (z = 0), leaning so that the centre of
/// mass is `key.ahead` in front. Also returns the height of the centre of mass.
pub(crate) fn stand(body: &Anthropometry, key: &Key, arms: Arms) -> (Posture, f64) {
    let [ball_x, ball_z] = pitched(body.ball_ahead, -body.ankle_height, key.heel);
    let ankle = [body.ball_ahead - ball_x, -ball_z];
    let (thigh, shank) = (body.thigh, body.shank);
    let chord = (thigh * thigh + shank * shank + 2.0 * thigh * shank * key.knee.cos()).sqrt();
    // Angles between the hip-ankle line and the two segments.
    let at_hip = (shank * key.knee.sin() / chord).asin();
    let at_ankle = key.knee - at_hip;
    let wanted = key.ahead * body.scale();

    let leaning = |lean: f64| {
        let leg = Leg {
            thigh: at_hip - lean,
            shank: -at_ankle - lean,
            foot: key.heel,
            toe: 0.0,
        };
        let mut posture = symmetric(key, leg, arms);
        posture.pelvis = [ankle[0] + chord * lean.sin(), ankle[1] + chord * lean.cos()];
        posture
    };
    // Newton's method with the slope of a rigid body turning about the ankle; a few steps suffice.
    let mut lean = 0.0;
    for _ in 0..60 {
        let posture = leaning(lean);
        let centre = Skeleton::of(body, &posture).centre_of_mass();
        let error = centre.x - wanted;
        if error.abs() < TOLERANCE_M {
            return (posture, centre.z);
        }
        lean -= error / (0.85 * chord);
    }
    let posture = leaning(lean);
    let height = Skeleton::of(body, &posture).centre_of_mass().z;
    (posture, height)
}

/// The posture on `path` whose centre of mass is `height` above the ground; the nearest end when none is.
pub(crate) fn stand_at_height(body: &Anthropometry, path: &Path, arms: Arms, height: f64) -> Posture {
    const BEYOND: f64 = 0.04; // arms that swing may ask for a little more than the keys
    let miss = |u: f64| stand(body, &path.at(u), arms).1 - height;
    let u = bracketed(0.0, 1.0, TOLERANCE_M, miss)
        .or_else(|| bracketed(-BEYOND, 1.0 + BEYOND, TOLERANCE_M, miss))
        .unwrap_or_else(|| {
            if miss(0.0).abs() < miss(1.0).abs() {
                0.0
            } else {
                1.0
            }
        });
    stand(body, &path.at(u), arms).0
}

/// The crouch whose centre of mass is `height` above the ground, if the body can crouch that low.
pub(crate) fn crouch_at_height(body: &Anthropometry, arms: Arms, height: f64) -> Option<Key> {
    const DEEPEST: f64 = 1.3;
    let miss = |c: f64| stand(body, &Key::crouch(c), arms).1 - height;
    bracketed(0.0, DEEPEST, TOLERANCE_M, miss).map(Key::crouch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stance_keeps_the_balls_of_the_feet_in_place_and_the_centre_of_mass_over_them() {
        let body = Anthropometry::of_stature(1.78);
        for key in [Key::STAND, Key::TAKE_OFF, Key::crouch(0.8), Key::landing(0.4)] {
            let (posture, height) = stand(&body, &key, Arms::ON_HIPS);
            let skeleton = Skeleton::of(&body, &posture);
            assert!(skeleton.sides[0].ball.z.abs() < 1e-9);
            assert!((skeleton.sides[0].ball.x - body.ball_ahead).abs() < 1e-9);
            let centre = skeleton.centre_of_mass();
            assert!((centre.x - key.ahead).abs() < 1e-9);
            assert!((centre.z - height).abs() < 1e-12);
            let knee = posture.legs[0].thigh - posture.legs[0].shank;
            assert!((knee - key.knee).abs() < 1e-9);
        }
    }

    #[test]
    fn every_height_between_the_keys_is_met() {
        let body = Anthropometry::of_stature(1.6);
        let path = Path {
            from: Key::crouch(0.7),
            to: Key::TAKE_OFF,
        };
        let low = stand(&body, &path.from, Arms::UP).1;
        let high = stand(&body, &path.to, Arms::UP).1;
        for i in 0..=20 {
            let height = lerp(low, high, f64::from(i) / 20.0);
            let posture = stand_at_height(&body, &path, Arms::UP, height);
            let got = Skeleton::of(&body, &posture).centre_of_mass().z;
            assert!((got - height).abs() < 1e-8, "{got} {height}");
        }
    }
}
