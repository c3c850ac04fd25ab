//! In the air: prescribed postures hung on a ballistic centre of mass.

use super::GRAVITY;
use super::quintic::{lerp, smooth};
use crate::body::{Anthropometry, Arm, Leg, Posture, Skeleton};
use std::f64::consts::FRAC_PI_2;

/// A stretch without ground contact.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    /// Postures at both ends; only their angles matter.
    pub from: Posture,
    pub to: Posture,
    /// Centre of mass at the start: place, height and velocity.
    pub x: f64,
    pub z: f64,
    pub speed_x: f64,
    pub speed_z: f64,
    pub duration: f64,
    pub style: FlightStyle,
}

/// What the legs do on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FlightStyle {
    /// Stretch after take-off, toes pointing down, and come back before landing.
    Stretched,
    /// Go from one posture to the other: stepping off a box.
    StepOff,
}

/// How long the stretch takes after take-off and before landing, s.
const STRETCH_S: f64 = 0.12;
/// How long the toes take to line up with the foot, s.
const TOES_S: f64 = 0.09;
/// Stepping off: the legs fold by this much (thigh and shank each, rad), fully at this fraction of the fall, until the
/// feet have passed the edge of the box.
const FOLD: f64 = 0.72;
const FOLDED_AT: f64 = 0.45;
/// Knee flexion and additional foot pitch of the stretched leg, rad.
const STRETCHED_KNEE: f64 = 0.10;
const STRETCHED_FOOT: f64 = 0.25;

impl Flight {
    /// Time from height `from` with upward speed `v` until height `to` on the way down, s.
    pub fn duration(from: f64, v: f64, to: f64) -> f64 {
        (v + (v * v + 2.0 * GRAVITY * (from - to)).max(0.0).sqrt()) / GRAVITY
    }

    /// Height of the centre of mass `t` seconds after the start.
    pub fn height(&self, t: f64) -> f64 {
        self.z + self.speed_z * t - 0.5 * GRAVITY * t * t
    }

    /// Posture `t` seconds after the start.
    pub fn posture(&self, body: &Anthropometry, t: f64) -> Posture {
        let mut posture = match self.style {
            FlightStyle::Stretched => self.stretched(t),
            FlightStyle::StepOff => self.stepping_off(t),
        };
        posture.pelvis = [0.0; 2];
        let centre = Skeleton::of(body, &posture).centre_of_mass();
        posture.pelvis = [self.x + self.speed_x * t - centre.x, self.height(t) - centre.z];
        posture
    }

    fn stretched(&self, t: f64) -> Posture {
        let from_end = t.min(self.duration - t);
        let stretch = smooth(from_end / STRETCH_S);
        let toes = smooth(from_end / TOES_S);
        let mut posture = blend(&self.from, &self.to, smooth(t / self.duration));
        for leg in &mut posture.legs {
            let bend = (leg.thigh - leg.shank - STRETCHED_KNEE).max(0.0) * stretch;
            leg.thigh -= 0.5 * bend;
            leg.shank += 0.5 * bend;
            leg.foot += STRETCHED_FOOT * stretch;
            leg.toe = leg.foot * toes;
        }
        posture
    }

    fn stepping_off(&self, t: f64) -> Posture {
        let u = t / self.duration;
        let mut posture = blend(&self.from, &self.to, smooth(u));
        // In free fall the legs give way at once; a smooth start would push the feet into the box.
        let folded =
            FOLD * (FRAC_PI_2 * (u / FOLDED_AT).min(1.0)).sin() * (1.0 - smooth((u - FOLDED_AT) / 0.5));
        for (leg, to) in posture.legs.iter_mut().zip(&self.to.legs) {
            leg.thigh += folded;
            leg.shank -= folded;
            leg.foot = to.foot * smooth((u - 0.35) / 0.55);
            leg.toe = leg.foot * (1.0 - smooth((u - 0.6) / 0.4));
        }
        posture
    }
}

fn blend(a: &Posture, b: &Posture, u: f64) -> Posture {
    let leg = |i: usize| Leg {
        thigh: lerp(a.legs[i].thigh, b.legs[i].thigh, u),
        shank: lerp(a.legs[i].shank, b.legs[i].shank, u),
        foot: lerp(a.legs[i].foot, b.legs[i].foot, u),
        toe: lerp(a.legs[i].toe, b.legs[i].toe, u),
    };
    let arm = |i: usize| Arm {
        shoulder: lerp(a.arms[i].shoulder, b.arms[i].shoulder, u),
        elbow: lerp(a.arms[i].elbow, b.arms[i].elbow, u),
        abduction: lerp(a.arms[i].abduction, b.arms[i].abduction, u),
        forearm_abduction: lerp(a.arms[i].forearm_abduction, b.arms[i].forearm_abduction, u),
    };
    Posture {
        pelvis: [0.0; 2],
        trunk: lerp(a.trunk, b.trunk, u),
        head: lerp(a.head, b.head, u),
        legs: [leg(0), leg(1)],
        arms: [arm(0), arm(1)],
    }
}
