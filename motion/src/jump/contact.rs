//! When the feet leave and touch the ground.
//!
//! A height threshold on the ankle is wrong by 13–23 ms because the heel rises before the toes leave. Instead the feet
//! are taken as bodies in free flight: each sample shortly after take-off is carried back along `v·τ − g·τ²/2` to the
//! height the foot has at the last contact, and the mean of the instants so found is the take-off; the same backwards in
//! time gives the landing. The launch speed `v = g·T/2` follows from the flight time itself, so the two are iterated.
//!
//! Heights are relative to the ground level of the same foot landmarks, the mean of standing before and standing after the
//! jump: the pose model's offset depends a little on posture. The height at contact was calibrated on rendered athletes,
//! see [`calibration`].

use super::course::FootSample;
use super::{Course, CourseSample};
use crate::numeric::{crossing, ramp};

/// Foot height: share of ankle, heel and toe. The ankle alone rises with the heel before take-off, the toe alone is noisy;
/// every mixture near this one spreads flight times about equally on rendered athletes, the ends spread them more.
const ANKLE_SHARE: f64 = 0.4;
const HEEL_SHARE: f64 = 0.3;
const TOE_SHARE: f64 = 0.3;

/// Share of the level after landing in the ground level.
const LANDED_SHARE: f64 = 0.5;

/// When the level after landing is read, seconds after the landing: the heels are down, the body still sinks.
const LANDED_WINDOW_S: (f64, f64) = (0.08, 0.25);

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

/// Weight of a sample by its distance in time from the event, positive into the flight: it rises between the first two
/// instants and falls between the last two, seconds. Longer, and the result hangs on the scale; shorter, and on single
/// samples. The choice is by time, not by height, because a height limit would prefer samples with an error to one side.
const WINDOW_S: [f64; 4] = [-0.02, 0.0, 0.045, 0.07];

/// Least sum of weights for an estimate; below, the nearest airborne frame is taken.
const MIN_WEIGHT_SUM: f64 = 0.3;

/// How far the nearest airborne frame may be, seconds.
const NEAREST_S: f64 = 0.2;

/// Height in statures whose crossing begins the search: above the heel raise of the last contact.
const AIRBORNE_HEIGHT: f64 = 0.032;

/// Half width of the window in which the length of the leg at take-off is read, seconds; at low frame rates one frame.
const LEG_WINDOW_S: f64 = 0.05;

/// Iterations of event times against launch speed; the correction halves with each.
const ITERATIONS: usize = 12;

/// Height of the feet at the instant of contact in statures: `BASE + LAG·interval + LEG·stretch + SIZE·growth`, with the
/// time between frames in seconds, `stretch` the growth of the distance from ankle to hip between standing and take-off,
/// and `growth` that of the segment lengths between standing and flight.
///
/// Least squares over 118 jumps in 110 rendered clips, measured with BlazePose full at two or three frame rates each:
/// 10–60 cm, stature 1.55–1.97 m, yaw ±30°, roll ±5°, both facings, noise, blur, crf 18–34, arm swing, soft and stiff
/// landings, 30–240 frames per second; `BASE` then moved so that flight times have no bias. With the terms fitted anew
/// without each clip in turn, flight time has a mean error of 7.4 ms when the stature is known.
mod calibration {
    /// On tiptoe the mixture of ankle, heel and toe stands this much above its level on flat feet.
    pub const BASE: f64 = 0.0152;
    /// The pose model looks where the body was one frame ago, so the feet trail a little: statures per second.
    pub const LAG: f64 = 0.13;
    /// The leg is as long at take-off as in standing; where it looks longer the feet are seen too low, here and at landing.
    pub const LEG: f64 = -0.38;
    /// Bones do not grow; where they seem to, the feet are seen too low.
    pub const SIZE: f64 = -0.13;
    /// A stretch or growth beyond this is posture or a lost limb, not measurement error.
    pub const MAX_STRETCH: f64 = 0.03;
}

/// Why no contact times could be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactError {
    /// The feet are not visible on the ground before the jump.
    NoGround,
    /// The feet do not leave or do not come back to their level.
    NoFlight,
    /// Too few frames beside the events.
    TooFewFrames,
}

/// Both feet, their weights and their level on the ground.
#[derive(Clone, Copy, Debug)]
pub struct Feet {
    weight: [f64; 2],
    /// Ankle, heel, toe heights on the ground, pixels.
    ground: [[f64; 3]; 2],
    /// Hip height in standing, pixels.
    hip: f64,
    /// Trunk + thigh + shank in standing, pixels.
    size: f64,
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
            size,
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

    /// How much longer the segments look in flight than in standing, in statures.
    fn growth(&self, course: &mut Course, takeoff_s: f64, landing_s: f64) -> f64 {
        let flight = course
            .median(takeoff_s, landing_s, |s| Some(s.size))
            .unwrap_or(self.size);
        ((flight - self.size) / self.stature_px).clamp(-calibration::MAX_STRETCH, calibration::MAX_STRETCH)
    }

    /// How much longer the leg looks at an instant than in standing, in statures.
    fn stretch(&self, course: &Course, at: f64, interval: f64) -> f64 {
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
        (sum / n.max(1) as f64).clamp(-calibration::MAX_STRETCH, calibration::MAX_STRETCH)
    }

    /// Heights with their times, samples without usable feet left out.
    fn heights<'a>(
        &'a self,
        samples: &'a [CourseSample],
    ) -> impl DoubleEndedIterator<Item = (f64, f64)> + 'a {
        samples
            .iter()
            .filter_map(|s| self.height(s).map(|height| (s.t, height)))
    }
}

/// Times of one flight.
#[derive(Clone, Copy, Debug)]
pub struct Contact {
    /// Last contact before the flight, seconds.
    pub takeoff_s: f64,
    /// First contact after it.
    pub landing_s: f64,
    /// Spread of the single samples' estimates around the take-off, seconds.
    pub takeoff_spread_s: f64,
    /// The same for the landing.
    pub landing_spread_s: f64,
    /// Frames that took part, take-off and landing.
    pub frames: [usize; 2],
}

impl Contact {
    /// Finds the contact times around an instant in mid-flight and takes the level after landing into the feet's ground.
    /// `gravity` is in statures per second squared.
    pub fn find(
        course: &mut Course,
        standing: &Feet,
        mid_flight_s: f64,
        gravity: f64,
    ) -> Result<(Self, Feet), ContactError> {
        let (_, landing) = threshold_crossings(course, standing, mid_flight_s)?;
        let feet = standing.after_landing(course, landing);
        let (takeoff_s, landing_s) = threshold_crossings(course, &feet, mid_flight_s)?;
        let interval = course
            .frame_interval(takeoff_s, landing_s)
            .ok_or(ContactError::TooFewFrames)?;
        let growth = feet.growth(course, takeoff_s, landing_s);
        let mut contact = Self {
            takeoff_s,
            landing_s,
            takeoff_spread_s: 0.0,
            landing_spread_s: 0.0,
            frames: [0; 2],
        };
        for _ in 0..ITERATIONS {
            contact = contact.improved(course, &feet, gravity, (interval, growth))?;
        }
        Ok((contact, feet))
    }

    /// One step of launch speed against event times, halfway to avoid oscillation.
    fn improved(
        &self,
        course: &Course,
        feet: &Feet,
        gravity: f64,
        (interval, growth): (f64, f64),
    ) -> Result<Self, ContactError> {
        let speed = 0.5 * gravity * (self.landing_s - self.takeoff_s);
        if speed <= 0.0 {
            return Err(ContactError::NoFlight);
        }
        let contact_height = calibration::BASE
            + calibration::LAG * interval
            + calibration::LEG * feet.stretch(course, self.takeoff_s, interval)
            + calibration::SIZE * growth;
        let end = |at, into_flight| Event {
            at,
            into_flight,
            speed,
            gravity,
            contact_height,
        };
        let takeoff = end(self.takeoff_s, 1.0)
            .refine(course, feet)
            .ok_or(ContactError::TooFewFrames)?;
        let landing = end(self.landing_s, -1.0)
            .refine(course, feet)
            .ok_or(ContactError::TooFewFrames)?;
        Ok(Self {
            takeoff_s: 0.5 * (self.takeoff_s + takeoff.at),
            landing_s: 0.5 * (self.landing_s + landing.at),
            takeoff_spread_s: takeoff.spread_s,
            landing_spread_s: landing.spread_s,
            frames: [takeoff.frames, landing.frames],
        })
    }
}

/// Where the feet cross [`AIRBORNE_HEIGHT`], searched outwards from mid-flight.
fn threshold_crossings(course: &Course, feet: &Feet, middle: f64) -> Result<(f64, f64), ContactError> {
    fn search(heights: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
        let mut previous: Option<(f64, f64)> = None;
        for (t, height) in heights {
            if height < AIRBORNE_HEIGHT {
                return previous.map(|(t0, h0)| crossing(t0, h0, t, height, AIRBORNE_HEIGHT));
            }
            previous = Some((t, height));
        }
        None
    }
    let earlier = feet.heights(course.between(f64::NEG_INFINITY, middle)).rev();
    let later = feet.heights(course.between(middle, f64::INFINITY));
    search(earlier).zip(search(later)).ok_or(ContactError::NoFlight)
}

/// One end of the flight under refinement.
struct Event {
    at: f64,
    /// +1 when the flight lies after the event, −1 before.
    into_flight: f64,
    /// Speed of the feet at the event, statures per second.
    speed: f64,
    gravity: f64,
    contact_height: f64,
}

/// A refined event.
struct Refined {
    at: f64,
    spread_s: f64,
    frames: usize,
}

impl Event {
    /// Carries the samples next to the event back to the contact and takes the weighted mean.
    fn refine(&self, course: &Course, feet: &Feet) -> Option<Refined> {
        let [begin, full, fall, end] = WINDOW_S;
        let far = self.at + self.into_flight * end;
        let (mut weights, mut sum, mut squares, mut frames) = (0.0, 0.0, 0.0, 0);
        for (t, height) in feet.heights(course.between(self.at.min(far), self.at.max(far))) {
            let inside = self.into_flight * (t - self.at);
            let weight = ramp(inside, begin, full) * (1.0 - ramp(inside, fall, end));
            let shift = self.carried_back(t, height) - self.at;
            weights += weight;
            sum += weight * shift;
            squares += weight * shift * shift;
            frames += usize::from(weight > 0.0);
        }
        if weights < MIN_WEIGHT_SUM {
            return self.nearest(course, feet);
        }
        let mean = sum / weights;
        let variance = (squares / weights - mean * mean).max(0.0);
        Some(Refined {
            at: self.at + mean,
            spread_s: variance.sqrt(),
            frames,
        })
    }

    /// When frames are missing beside the event: takes the first airborne one.
    fn nearest(&self, course: &Course, feet: &Feet) -> Option<Refined> {
        let far = self.at + self.into_flight * NEAREST_S;
        let mut heights = feet.heights(course.between(self.at.min(far), self.at.max(far)));
        let airborne = |&(_, height): &(f64, f64)| height > AIRBORNE_HEIGHT;
        let (t, height) = if self.into_flight > 0.0 {
            heights.find(airborne)
        } else {
            heights.rev().find(airborne)
        }?;
        Some(Refined {
            at: self.carried_back(t, height),
            spread_s: 0.0,
            frames: 1,
        })
    }

    /// When a foot seen at this height was, or will be, at the contact: solves `rise = v·τ − g·τ²/2` for the smaller τ.
    fn carried_back(&self, t: f64, height: f64) -> f64 {
        let root = self.speed * self.speed - 2.0 * self.gravity * (height - self.contact_height);
        // samples near or above the apex carry no timing; their root is kept real
        let tau = (self.speed - root.max((0.25 * self.speed).powi(2)).sqrt()) / self.gravity;
        t - self.into_flight * tau
    }
}
