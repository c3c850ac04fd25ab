//! The feet on the ground: their level, how well each is seen, their height above it.

use super::contact::ContactError;
use super::contact_height::{ContactHeight, ContactView};
use super::course::FootSample;
use super::{Course, CourseSample};
use crate::numeric::ramp;

/// Foot height: share of ankle, heel and toe. The ankle alone rises with the heel before take-off, the toe alone is noisy;
/// every mixture near this one spreads flight times about equally on rendered athletes, the ends spread them more.
const ANKLE_SHARE: f64 = 0.4;
const HEEL_SHARE: f64 = 0.3;
const TOE_SHARE: f64 = 0.3;

/// Share of the level after landing in the ground level.
const LANDED_SHARE: f64 = 0.5;

/// When the level after landing is read, seconds after the landing: the heels are down, the body still sinks.
const LANDED_WINDOW_S: (f64, f64) = (0.08, 0.25);

/// … and half of the stretch around the lowest point of a short contact in which the feet carry the body, seconds.
const LOW_WINDOW_S: f64 = 0.05;

/// A level in a short contact that is higher than after the landing by more than this, in statures, is that of a forefoot.
const MAX_LOW_RISE: f64 = 0.008;

/// Least share of the newest contact in the level of the ground of a series.
const LEAST_CONTACT_SHARE: f64 = 0.3;

/// Frames needed in that window.
const MIN_LANDED_FRAMES: usize = 2;

/// A level after landing that differs by more than this, in statures, is another floor or a lost foot: it is left out.
const MAX_LEVEL_CHANGE: f64 = 0.03;

/// A foot counts in a frame while its visibility is at least this part of what it usually is in the jump: below, the pose
/// model has lost it and guesses. In a deep crouch that happens even to the near foot.
const MIN_VISIBILITY: f64 = 0.7;

/// Quantile of a foot's visibility that is the usual one.
const USUAL_VISIBILITY: f64 = 0.7;

/// Visibility at which a foot begins to count, and from which it counts fully. Far feet in a side view read 0.3–0.7 and
/// are several per cent of stature off; near feet read above 0.9.
const VISIBILITY_NONE: f64 = 0.5;
const VISIBILITY_FULL: f64 = 1.0;

/// Smallest weight of a foot, so that two poor feet still have a mean.
const MIN_WEIGHT: f64 = 0.02;

/// Half width of the window in which the length of the leg at take-off is read, seconds; at low frame rates one frame.
const LEG_WINDOW_S: f64 = 0.05;

/// Both feet, their weights and their level on the ground.
#[derive(Clone, Copy, Debug)]
pub struct Feet {
    weight: [f64; 2],
    /// Ankle, heel, toe heights on the ground, pixels.
    ground: [[f64; 3]; 2],
    /// Hip height in standing, pixels.
    hip: f64,
    /// Trunk + thigh + shank on the ground, pixels: in standing, and in the contacts of a series, before the first as in
    /// standing.
    size: [f64; 2],
    /// Contacts of a series in which the ground was read.
    contacts: usize,
    /// Whether the body stood upright, so that its lengths can be compared with those in flight.
    upright: bool,
    /// How high the feet are at a contact over this ground.
    pub(crate) at_contact: ContactHeight,
    /// Visibility below which a foot is lost.
    least_visibility: [f64; 2],
    stature_px: f64,
}

/// Height of a foot from ankle, heel and toe.
fn mixed([ankle, heel, toe]: [f64; 3]) -> f64 {
    ANKLE_SHARE * ankle + HEEL_SHARE * heel + TOE_SHARE * toe
}

/// Median ankle, heel and toe height of one foot over `from..=to` seconds.
fn levels(course: &mut Course, side: usize, least_visibility: f64, from: f64, to: f64) -> Option<[f64; 3]> {
    let seen = |f: &FootSample| f.usable && f.visibility >= least_visibility;
    let mut level = |of: fn(&FootSample) -> f64| {
        course.median(from, to, |s| seen(&s.feet[side]).then(|| of(&s.feet[side])))
    };
    Some([level(|f| f.ankle)?, level(|f| f.heel)?, level(|f| f.toe)?])
}

impl Feet {
    /// Levels from a stretch in which the feet stand flat before the jump.
    pub fn on_ground(course: &mut Course, from: f64, to: f64) -> Result<Self, ContactError> {
        let hip = course
            .median(from, to, |s| Some(s.hip))
            .ok_or(ContactError::NoGround)?;
        let size = course
            .median(from, to, |s| Some(s.size))
            .ok_or(ContactError::NoGround)?;
        let mut feet = Self {
            weight: [0.0; 2],
            ground: [[0.0; 3]; 2],
            hip,
            size: [size; 2],
            contacts: 0,
            upright: true,
            at_contact: ContactHeight::CALIBRATED,
            least_visibility: [0.0; 2],
            stature_px: course.stature_px,
        };
        for side in 0..2 {
            let visibility = course.quantile(from, f64::INFINITY, USUAL_VISIBILITY, |s| {
                Some(s.feet[side].visibility)
            });
            let Some(visibility) = visibility else { continue };
            feet.least_visibility[side] = MIN_VISIBILITY * visibility;
            if let Some(levels) = levels(course, side, feet.least_visibility[side], from, to) {
                feet.ground[side] = levels;
                feet.weight[side] = ramp(visibility, VISIBILITY_NONE, VISIBILITY_FULL)
                    .powi(2)
                    .max(MIN_WEIGHT);
            }
        }
        if feet.weight.iter().sum::<f64>() > 0.0 {
            Ok(feet)
        } else {
            Err(ContactError::NoGround)
        }
    }

    /// The same from a stretch in which the feet stand flat and the legs are bent.
    pub fn in_squat(course: &mut Course, from: f64, to: f64) -> Result<Self, ContactError> {
        let feet = Self::on_ground(course, from, to)?;
        Ok(Self {
            upright: false,
            ..feet
        })
    }

    /// The same with the level after a landing taken in, as far as it was seen.
    pub fn after_landing(mut self, course: &mut Course, landing_s: f64) -> Self {
        let (from, to) = (landing_s + LANDED_WINDOW_S.0, landing_s + LANDED_WINDOW_S.1);
        if course.between(from, to).len() < MIN_LANDED_FRAMES {
            return self;
        }
        for side in 0..2 {
            let Some(landed) = levels(course, side, self.least_visibility[side], from, to) else {
                continue;
            };
            let change = mixed(landed) - mixed(self.ground[side]);
            if change.abs() < MAX_LEVEL_CHANGE * self.stature_px {
                for (ground, landed) in self.ground[side].iter_mut().zip(landed) {
                    *ground += LANDED_SHARE * (landed - *ground);
                }
            }
        }
        self
    }

    /// The same feet on the floor below what they stood on: its level is read after the landing and around `low_s`, when
    /// they carry the body between fall and take-off. `None` when they are not seen after the landing.
    pub fn on_floor(mut self, course: &mut Course, low_s: f64, landing_s: f64) -> Option<Self> {
        let landed = (landing_s + LANDED_WINDOW_S.0, landing_s + LANDED_WINDOW_S.1);
        let low = (low_s - LOW_WINDOW_S, low_s + LOW_WINDOW_S);
        let mut moved = [None; 2];
        for (side, moved) in moved.iter_mut().enumerate() {
            let mut read = |(from, to)| levels(course, side, self.least_visibility[side], from, to);
            let Some(mut floor) = read(landed) else { continue };
            // on the forefoot the heel stays up: then the landing alone tells
            let flat = |low: &[f64; 3]| mixed(*low) < mixed(floor) + MAX_LOW_RISE * self.stature_px;
            if let Some(low) = read(low).filter(flat) {
                for (level, low) in floor.iter_mut().zip(low) {
                    *level = 0.5 * (*level + low);
                }
            }
            *moved = Some(mixed(floor) - mixed(self.ground[side]));
            self.ground[side] = floor;
        }
        let by = self.mean(|side| moved[side])?;
        for (side, moved) in moved.iter().enumerate() {
            if moved.is_none() {
                self.ground[side].iter_mut().for_each(|level| *level += by);
            }
        }
        self.hip += by;
        // nearer to the camera than on the box, or farther
        self.upright = false;
        self.at_contact = ContactHeight::AFTER_DROP;
        Some(self)
    }

    /// The same feet in a series of rebounds, in which they never come to rest on the ground: its level is the mean over the
    /// contacts, each read around its `low_s`, when they carry the body. It follows somebody who drifts in the picture.
    pub fn rebounding(mut self, course: &mut Course, low_s: f64) -> Self {
        let (from, to) = (low_s - LOW_WINDOW_S, low_s + LOW_WINDOW_S);
        self.contacts += 1;
        let share = (1.0 / self.contacts as f64).max(LEAST_CONTACT_SHARE);
        let mut moved = [None; 2];
        for (side, moved) in moved.iter_mut().enumerate() {
            let Some(low) = levels(course, side, self.least_visibility[side], from, to) else {
                continue;
            };
            let before = mixed(self.ground[side]);
            for (level, low) in self.ground[side].iter_mut().zip(low) {
                *level += share * (low - *level);
            }
            *moved = Some(mixed(self.ground[side]) - before);
        }
        self.hip += self.mean(|side| moved[side]).unwrap_or(0.0);
        if let Some(size) = course.median(from, to, |s| Some(s.size)) {
            self.size[1] += share * (size - self.size[1]);
        }
        self.at_contact = ContactHeight::REBOUND;
        self
    }

    /// How much higher these feet stand than others of the same person, pixels.
    pub fn above(&self, lower: &Self) -> f64 {
        self.mean(|side| Some(mixed(self.ground[side]) - mixed(lower.ground[side])))
            .unwrap_or(0.0)
    }

    /// Height of the heels over their level on flat feet, statures.
    pub fn heel_height(&self, sample: &CourseSample) -> Option<f64> {
        self.mean(|side| {
            let heel = sample.feet[side].heel - self.ground[side][1];
            self.seen(sample, side).then(|| heel / self.stature_px)
        })
    }

    /// One foot alone.
    pub fn only(mut self, side: usize) -> Self {
        self.weight[1 - side] = 0.0;
        self
    }

    /// Weight of each foot, left and right, 0..=1.
    pub fn weights(&self) -> [f64; 2] {
        self.weight
    }

    /// Whether a foot counts in a frame.
    fn seen(&self, sample: &CourseSample, side: usize) -> bool {
        let foot = &sample.feet[side];
        foot.usable && self.weight[side] > 0.0 && foot.visibility >= self.least_visibility[side]
    }

    /// One foot's height above the ground in statures.
    pub fn height_of(&self, sample: &CourseSample, side: usize) -> Option<f64> {
        let foot = &sample.feet[side];
        self.seen(sample, side)
            .then(|| (mixed([foot.ankle, foot.heel, foot.toe]) - mixed(self.ground[side])) / self.stature_px)
    }

    /// Mean over both feet by weight; `None` when neither is usable.
    fn mean(&self, of: impl Fn(usize) -> Option<f64>) -> Option<f64> {
        let (mut sum, mut weights) = (0.0, 0.0);
        for side in 0..2 {
            if let Some(value) = of(side) {
                sum += self.weight[side] * value;
                weights += self.weight[side];
            }
        }
        (weights > 0.0).then(|| sum / weights)
    }

    /// Height of both feet above the ground in statures.
    pub fn height(&self, sample: &CourseSample) -> Option<f64> {
        self.mean(|side| self.height_of(sample, side))
    }

    /// How much longer the segments look in flight than on the ground, in statures.
    pub(super) fn growth(&self, course: &mut Course, takeoff_s: f64, landing_s: f64) -> f64 {
        if !self.upright {
            return 0.0;
        }
        let on_ground = f64::midpoint(self.size[0], self.size[1]);
        let flight = course
            .median(takeoff_s, landing_s, |s| Some(s.size))
            .unwrap_or(on_ground);
        (flight - on_ground) / self.stature_px
    }

    /// How much longer the leg looks at an instant than in standing, in statures.
    pub(super) fn stretch(&self, course: &Course, at: f64, interval: f64) -> f64 {
        if !self.upright {
            return 0.0;
        }
        let half = LEG_WINDOW_S.max(1.1 * interval);
        let (sum, n) = course
            .between(at - half, at + half)
            .iter()
            .filter_map(|s| {
                let ankle = self.mean(|side| {
                    self.seen(s, side)
                        .then(|| s.feet[side].ankle - self.ground[side][0])
                })?;
                Some((s.hip - self.hip - ankle) / self.stature_px)
            })
            .fold((0.0, 0usize), |(sum, n), stretch| (sum + stretch, n + 1));
        sum / n.max(1) as f64
    }

    /// What the height at contact depends on, for a flight between two instants.
    pub(super) fn view(
        &self,
        course: &mut Course,
        (takeoff_s, landing_s): (f64, f64),
        interval_s: f64,
    ) -> ContactView {
        ContactView {
            interval_s,
            stretch: self.stretch(course, takeoff_s, interval_s),
            growth: self.growth(course, takeoff_s, landing_s),
        }
    }

    /// Heights with their times, samples without usable feet left out.
    pub(super) fn heights<'a>(
        &'a self,
        samples: &'a [CourseSample],
    ) -> impl DoubleEndedIterator<Item = (f64, f64)> + 'a {
        samples
            .iter()
            .filter_map(|s| self.height(s).map(|height| (s.t, height)))
    }
}
