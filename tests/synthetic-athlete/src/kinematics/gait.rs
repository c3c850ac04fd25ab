//! What running and walking share: two feet on periodic courses, a prescribed centre of mass, and the pelvis that fits.
//!
//! The runner stays over the origin while the ground moves backwards. Stride time starts with the right foot's contact.

use super::spline::Cubic;
use crate::body::{Anthropometry, Arm, Leg, Posture, Side, Skeleton, pitched, reach_for};
use crate::truth::{FootTruth, GaitTruth};
use std::collections::BTreeMap;
use std::f64::consts::TAU;

/// A foot in the sagittal plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FootPose {
    /// Ankle ahead of the origin and above the ground, m.
    pub ankle: [f64; 2],
    /// Foot pitch, positive with the heel raised.
    pub pitch: f64,
    pub toe: f64,
}

/// The foot on the ground: its pitch as a function of time, rolling over heel and ball.
#[derive(Clone, Debug)]
pub(crate) struct Roll {
    /// Pitch against time since contact.
    pub pitch: Cubic,
    /// Duration of the contact, s.
    pub contact: f64,
    /// Forward speed, m/s.
    pub speed: f64,
    /// Ball of the foot ahead of the origin halfway through the contact, m.
    pub middle: f64,
}

impl Roll {
    /// The foot `t` seconds after contact. A pitch below 0 pivots about the heel, above 0 about the ball.
    pub fn at(&self, body: &Anthropometry, t: f64) -> FootPose {
        let pitch = self.pitch.at(t);
        let ball = self.middle + self.speed * (0.5 * self.contact - t);
        let pivot = if pitch < 0.0 {
            body.heel_ahead
        } else {
            body.ball_ahead
        };
        let pivot_x = ball - body.ball_ahead + pivot;
        let [dx, dz] = pitched(pivot, -body.ankle_height, pitch);
        // Toes in the air follow the foot, toes on the ground lie flat.
        FootPose {
            ankle: [pivot_x - dx, -dz],
            pitch,
            toe: pitch.min(0.0),
        }
    }

    /// Velocity of the ankle `t` seconds after contact, by central differences.
    pub fn velocity(&self, body: &Anthropometry, t: f64) -> [f64; 2] {
        const H: f64 = 1e-6;
        let (a, b) = (self.at(body, t - H).ankle, self.at(body, t + H).ankle);
        [(b[0] - a[0]) / (2.0 * H), (b[1] - a[1]) / (2.0 * H)]
    }
}

/// How far down towards the ground toes may point in the air, as a part of the height of the ball of the foot.
const TOES_BEND_TO: f64 = 0.7;

/// The whole course of one foot.
#[derive(Clone, Debug)]
pub(crate) struct FootCourse {
    pub roll: Roll,
    /// Contact within the stride, s.
    pub contact_at: f64,
    /// Ankle and pitch in the air against time since contact.
    pub swing_x: Cubic,
    pub swing_z: Cubic,
    pub swing_pitch: Cubic,
    /// Toe pitch against the foot's: how soon the toes line up after toe-off and lift before contact, s.
    pub toes_follow: [f64; 2],
}

impl FootCourse {
    /// The foot `t` seconds after its contact, 0 to the stride time.
    fn at(&self, body: &Anthropometry, t: f64, stride: f64) -> FootPose {
        let contact = self.roll.contact;
        if t < contact {
            return self.roll.at(body, t);
        }
        let pitch = self.swing_pitch.at(t);
        let mut ankle = [self.swing_x.at(t), self.swing_z.at(t)];
        // The foot never enters the ground: neither heel nor ball …
        let lowest = [body.heel_ahead, body.ball_ahead]
            .map(|ahead| ankle[1] + pitched(ahead, -body.ankle_height, pitch)[1])
            .into_iter()
            .fold(f64::INFINITY, f64::min);
        ankle[1] -= lowest.min(0.0);
        // … nor the toes, which are bent up by what they touch.
        let ball = ankle[1] + pitched(body.ball_ahead, -body.ankle_height, pitch)[1];
        let [after, before] = self.toes_follow;
        let follow = super::quintic::smooth((t - contact) / after);
        let flat = if self.roll.pitch.at(0.0) < 0.0 {
            1.0
        } else {
            super::quintic::smooth((stride - t) / before)
        };
        let wanted = pitch * follow * flat;
        let free = (TOES_BEND_TO * ball / body.toe_length).clamp(0.0, 1.0).asin();
        FootPose {
            ankle,
            pitch,
            toe: wanted.min(free),
        }
    }
}

/// Course of the centre of mass over a stride.
pub(crate) trait Bounce: std::fmt::Debug + Send + Sync {
    /// Height relative to the stride's base level at stride time `t`, m.
    fn height(&self, t: f64) -> f64;
}

/// A periodic gait.
#[derive(Debug)]
pub(crate) struct Gait {
    pub speed: f64,
    pub stride: f64,
    /// By side: right, left.
    pub feet: [FootCourse; 2],
    pub bounce: Box<dyn Bounce>,
    /// Height of the stride's base level, m.
    pub base: f64,
    pub trunk: f64,
    pub head: f64,
    /// Arm of the side whose foot is `phase` (0 to 2 pi) past its contact.
    pub arm: fn(f64) -> Arm,
    pub names: PhaseNames,
}

/// What phases of a gait are called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PhaseNames {
    pub none: &'static str,
    pub right: &'static str,
    pub left: &'static str,
    pub both: &'static str,
}

impl Gait {
    fn since_contact(&self, side: Side, t: f64) -> f64 {
        (t - self.feet[side as usize].contact_at).rem_euclid(self.stride)
    }

    pub fn contact(&self, t: f64) -> [bool; 2] {
        Side::BOTH.map(|side| self.since_contact(side, t) < self.feet[side as usize].roll.contact)
    }

    pub fn phase(&self, t: f64) -> &'static str {
        match self.contact(t) {
            [false, false] => self.names.none,
            [true, false] => self.names.right,
            [false, true] => self.names.left,
            [true, true] => self.names.both,
        }
    }

    pub fn centre_height(&self, t: f64) -> f64 {
        self.base + self.bounce.height(t.rem_euclid(self.stride))
    }

    /// The posture at `t`.
    pub fn posture(&self, body: &Anthropometry, t: f64) -> Posture {
        self.solve(body, t).0
    }

    /// The posture at `t` and the longest reach of a leg on the ground (distance of hip and ankle over leg length).
    fn solve(&self, body: &Anthropometry, t: f64) -> (Posture, f64) {
        const TOLERANCE_M: f64 = 1e-9;
        const MAX_STEPS: usize = 80;
        let feet = Side::BOTH
            .map(|side| self.feet[side as usize].at(body, self.since_contact(side, t), self.stride));
        let arms = Side::BOTH.map(|side| (self.arm)(TAU * self.since_contact(side, t) / self.stride));
        let contact = self.contact(t);
        let wanted = [0.0, self.centre_height(t)];
        // Fixed point: move the pelvis by what the centre of mass misses.
        let mut pelvis = [wanted[0] - 0.02, wanted[1] + 0.02];
        let mut reach = 0.0;
        let mut posture = Posture {
            pelvis,
            trunk: self.trunk,
            head: self.head,
            legs: [Leg::default(); 2],
            arms,
        };
        for _ in 0..MAX_STEPS {
            reach = 0.0f64;
            for (i, foot) in feet.iter().enumerate() {
                let (thigh, shank, r) = reach_for(body, pelvis, foot.ankle);
                posture.legs[i] = Leg {
                    thigh,
                    shank,
                    foot: foot.pitch,
                    toe: foot.toe,
                };
                reach = if contact[i] { reach.max(r) } else { reach };
            }
            posture.pelvis = pelvis;
            let centre = Skeleton::of(body, &posture).centre_of_mass();
            let miss = [wanted[0] - centre.x, wanted[1] - centre.z];
            if miss[0].abs().max(miss[1].abs()) < TOLERANCE_M {
                break;
            }
            pelvis = [pelvis[0] + 1.15 * miss[0], pelvis[1] + 1.15 * miss[1]];
        }
        (posture, reach)
    }

    /// Raises the base level until the longest reach of a leg on the ground is `longest`.
    pub fn stand_tall(&mut self, body: &Anthropometry, longest: f64) {
        const STEPS: usize = 96;
        let (mut low, mut high) = (0.3 * body.stature, 0.8 * body.stature);
        for _ in 0..30 {
            self.base = 0.5 * (low + high);
            let reach = (0..STEPS)
                .map(|i| self.solve(body, self.stride * i as f64 / STEPS as f64).1)
                .fold(0.0, f64::max);
            if reach > longest {
                high = self.base;
            } else {
                low = self.base;
            }
        }
        self.base = low;
    }

    /// Contacts from the start to `end`, and the numbers of the gait.
    pub fn truth(&self, body: &Anthropometry, end: f64) -> GaitTruth {
        let foot = |side: Side| {
            let course = &self.feet[side as usize];
            let mut truth = FootTruth::default();
            let mut contact = course.contact_at - self.stride;
            while contact <= end {
                truth.initial_contact_s.push(contact);
                truth.toe_off_s.push(contact + course.roll.contact);
                contact += self.stride;
            }
            for times in [&mut truth.initial_contact_s, &mut truth.toe_off_s] {
                times.retain(|t| (0.0..=end).contains(t));
            }
            truth
        };
        GaitTruth {
            left: foot(Side::Left),
            right: foot(Side::Right),
            metrics: self.metrics(body),
        }
    }

    fn metrics(&self, body: &Anthropometry) -> BTreeMap<String, f64> {
        const STEPS: usize = 1000;
        let [right, left] = [self.feet[0].roll.contact, self.feet[1].roll.contact];
        let contact = 0.5 * (right + left);
        let to_left = (self.feet[1].contact_at - self.feet[0].contact_at).rem_euclid(self.stride);
        let range = |f: &dyn Fn(f64) -> f64, n: usize| {
            let (low, high) = (0..n)
                .map(|i| f(self.stride * i as f64 / n as f64))
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), z| {
                    (a.min(z), b.max(z))
                });
            high - low
        };
        let hip = |t: f64| self.posture(body, t).pelvis[1];
        let overlap = contact - 0.5 * self.stride;
        let mut metrics: BTreeMap<String, f64> = [
            ("cadence_spm", 120.0 / self.stride),
            ("stride_time_ms", 1e3 * self.stride),
            ("step_time_right_to_left_ms", 1e3 * to_left),
            ("step_time_left_to_right_ms", 1e3 * (self.stride - to_left)),
            ("ground_contact_time_ms", 1e3 * contact),
            ("ground_contact_time_right_ms", 1e3 * right),
            ("ground_contact_time_left_ms", 1e3 * left),
            ("duty_factor", contact / self.stride),
            (
                "foot_angle_at_contact_deg",
                -self.feet[0].roll.pitch.at(0.0).to_degrees(),
            ),
            ("speed_m_s", self.speed),
            ("step_length_m", 0.5 * self.speed * self.stride),
            ("stride_length_m", self.speed * self.stride),
            ("vertical_oscillation_m", range(&|t| self.bounce.height(t), STEPS)),
            ("hip_vertical_oscillation_m", range(&hip, STEPS / 4)),
            ("contact_asymmetry_percent", 100.0 * (right - left) / contact),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
        let (key, value) = if overlap > 0.0 {
            ("double_support_ms", overlap)
        } else {
            ("flight_time_ms", -overlap)
        };
        metrics.insert(key.to_owned(), 1e3 * value);
        metrics
    }
}
