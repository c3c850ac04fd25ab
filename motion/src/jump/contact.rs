//! When the feet leave and touch the ground.
//!
//! A height threshold on the ankle is wrong by 13–23 ms because the heel rises before the toes leave. Instead the feet
//! are taken as bodies in free flight: each sample shortly after take-off is carried back along `v·τ − g·τ²/2` to the
//! height the foot has at the last contact, and the mean of the instants so found is the take-off; the same backwards in
//! time gives the landing. The launch speed `v = g·T/2` follows from the flight time itself, so the two are iterated.
//!
//! The height at contact depends on how the foot stands then (on the toes or flat), which the drop of the toe below
//! ankle and heel tells.

use super::{Course, CourseSample};
use crate::numeric::{crossing, ramp};

/// Foot height: share of ankle, heel and toe. The ankle is the steadiest of the three landmarks, the toe the noisiest;
/// the mixture was chosen for the smallest spread of flight-time errors on rendered athletes.
const ANKLE_SHARE: f64 = 0.6;
const HEEL_SHARE: f64 = 0.2;
const TOE_SHARE: f64 = 0.2;

/// Visibility at which a foot begins to count, and from which it counts fully. Far feet in a side view read 0.3–0.7 and
/// are several per cent of stature off; near feet read above 0.9.
const VISIBILITY_NONE: f64 = 0.5;
const VISIBILITY_FULL: f64 = 1.0;

/// Smallest weight of a foot, so that two poor feet still have a mean.
const MIN_WEIGHT: f64 = 0.02;

/// Samples this long after take-off or before landing take part, seconds.
const WINDOW_S: f64 = 0.075;

/// Samples at least this high above the ground, in statures, are surely in the air or rising with the foot.
const AIRBORNE_HEIGHT: f64 = 0.032;

/// Half width of the window in which the attitude of the foot at contact is read, seconds.
const ATTITUDE_WINDOW_S: f64 = 0.035;

/// Iterations of event times against launch speed; the correction halves with each.
const ITERATIONS: usize = 12;

/// Height of the foot at the instant of contact, in statures: `BASE + ATTITUDE·(ankle − toe) + HEEL·(heel − toe)
/// + TEMPO / v`, with the differences relative to standing and `v` in statures per second.
pub(crate) mod calibration {
    pub const BASE: f64 = 0.02;
    pub const ATTITUDE: f64 = 0.0;
    pub const HEEL: f64 = 0.0;
    pub const TEMPO: f64 = 0.0;
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
    stature_px: f64,
}

/// Height and attitude of the feet relative to standing, in statures.
#[derive(Clone, Copy, Debug, Default)]
pub struct FootState {
    /// Mixed foot height.
    pub height: f64,
    /// Ankle above toe.
    pub ankle_over_toe: f64,
    /// Heel above toe.
    pub heel_over_toe: f64,
}

impl Feet {
    /// Levels from a stretch in which the feet stand flat.
    pub fn on_ground(course: &mut Course, from: f64, to: f64) -> Result<Self, ContactError> {
        let mut feet = Self {
            weight: [0.0; 2],
            ground: [[0.0; 3]; 2],
            stature_px: course.stature_px,
        };
        for side in 0..2 {
            let mut level = |of: fn(&super::course::FootSample) -> f64| {
                course.median(from, to, |s| s.feet[side].usable.then(|| of(&s.feet[side])))
            };
            let levels = (level(|f| f.ankle), level(|f| f.heel), level(|f| f.toe));
            let visibility = course.median(from, f64::INFINITY, |s| Some(s.feet[side].visibility));
            if let ((Some(ankle), Some(heel), Some(toe)), Some(visibility)) = (levels, visibility) {
                feet.ground[side] = [ankle, heel, toe];
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

    /// Weight of each foot, left and right, 0..=1.
    pub fn weights(&self) -> [f64; 2] {
        self.weight
    }

    /// One foot's height above the ground in statures.
    pub fn height_of(&self, sample: &CourseSample, side: usize) -> Option<f64> {
        let (foot, [ankle, heel, toe]) = (&sample.feet[side], self.ground[side]);
        (foot.usable && self.weight[side] > 0.0).then(|| {
            (ANKLE_SHARE * (foot.ankle - ankle)
                + HEEL_SHARE * (foot.heel - heel)
                + TOE_SHARE * (foot.toe - toe))
                / self.stature_px
        })
    }

    /// Both feet, weighted; `None` when neither is usable.
    pub fn state(&self, sample: &CourseSample) -> Option<FootState> {
        let mut state = FootState::default();
        let mut weights = 0.0;
        for side in 0..2 {
            let Some(height) = self.height_of(sample, side) else {
                continue;
            };
            let (foot, [ankle, heel, toe]) = (&sample.feet[side], self.ground[side]);
            let w = self.weight[side];
            state.height += w * height;
            state.ankle_over_toe += w * ((foot.ankle - ankle) - (foot.toe - toe)) / self.stature_px;
            state.heel_over_toe += w * ((foot.heel - heel) - (foot.toe - toe)) / self.stature_px;
            weights += w;
        }
        (weights > 0.0).then(|| FootState {
            height: state.height / weights,
            ankle_over_toe: state.ankle_over_toe / weights,
            heel_over_toe: state.heel_over_toe / weights,
        })
    }

    /// Heights with their times, samples without usable feet left out.
    fn heights<'a>(
        &'a self,
        samples: &'a [CourseSample],
    ) -> impl DoubleEndedIterator<Item = (f64, f64)> + 'a {
        samples
            .iter()
            .filter_map(|s| self.state(s).map(|f| (s.t, f.height)))
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
    /// Finds the contact times around an instant in mid-flight. `gravity` is in statures per second squared.
    pub fn find(course: &Course, feet: &Feet, mid_flight_s: f64, gravity: f64) -> Result<Self, ContactError> {
        let (takeoff, landing) = threshold_crossings(course, feet, mid_flight_s)?;
        let mut contact = Self {
            takeoff_s: takeoff,
            landing_s: landing,
            takeoff_spread_s: 0.0,
            landing_spread_s: 0.0,
            frames: [0; 2],
        };
        for _ in 0..ITERATIONS {
            let speed = 0.5 * gravity * (contact.landing_s - contact.takeoff_s);
            if speed <= 0.0 {
                return Err(ContactError::NoFlight);
            }
            let before = Event {
                at: contact.takeoff_s,
                into_flight: 1.0,
                speed,
                gravity,
            };
            let after = Event {
                at: contact.landing_s,
                into_flight: -1.0,
                speed,
                gravity,
            };
            let (takeoff_s, takeoff_spread_s, n0) =
                before.refine(course, feet).ok_or(ContactError::TooFewFrames)?;
            let (landing_s, landing_spread_s, n1) =
                after.refine(course, feet).ok_or(ContactError::TooFewFrames)?;
            contact = Self {
                takeoff_s: 0.5 * (contact.takeoff_s + takeoff_s),
                landing_s: 0.5 * (contact.landing_s + landing_s),
                takeoff_spread_s,
                landing_spread_s,
                frames: [n0, n1],
            };
        }
        Ok(contact)
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
}

impl Event {
    /// Improved time, spread of the single estimates, and their number.
    fn refine(&self, course: &Course, feet: &Feet) -> Option<(f64, f64, usize)> {
        let contact_height = self.contact_height(course, feet);
        let far = self.at + self.into_flight * WINDOW_S;
        let (mut sum, mut squares, mut n) = (0.0, 0.0, 0usize);
        for (t, height) in feet.heights(course.between(self.at.min(far), self.at.max(far))) {
            if height > AIRBORNE_HEIGHT {
                let estimate =
                    t - self.into_flight * self.time_since_contact(height - contact_height) - self.at;
                sum += estimate;
                squares += estimate * estimate;
                n += 1;
            }
        }
        if n == 0 {
            return self.nearest(course, feet, contact_height);
        }
        let mean = sum / n as f64;
        let variance = (squares / n as f64 - mean * mean).max(0.0);
        Some((self.at + mean, variance.sqrt(), n))
    }

    /// At low frame rates the window may hold no frame: takes the first airborne one.
    fn nearest(&self, course: &Course, feet: &Feet, contact_height: f64) -> Option<(f64, f64, usize)> {
        let far = self.at + self.into_flight * 4.0 * WINDOW_S;
        let mut heights = feet.heights(course.between(self.at.min(far), self.at.max(far)));
        let airborne = |&(_, height): &(f64, f64)| height > AIRBORNE_HEIGHT;
        let (t, height) = if self.into_flight > 0.0 {
            heights.find(airborne)
        } else {
            heights.rev().find(airborne)
        }?;
        Some((
            t - self.into_flight * self.time_since_contact(height - contact_height),
            0.0,
            1,
        ))
    }

    /// Solves `rise = v·τ − g·τ²/2` for the smaller τ.
    fn time_since_contact(&self, rise: f64) -> f64 {
        let root = self.speed * self.speed - 2.0 * self.gravity * rise;
        // samples near or above the apex carry no timing; their root is kept real
        (self.speed - root.max((0.25 * self.speed).powi(2)).sqrt()) / self.gravity
    }

    /// Height of the feet at the contact, from their attitude around it.
    fn contact_height(&self, course: &Course, feet: &Feet) -> f64 {
        let (mut ankle, mut heel, mut weights) = (0.0, 0.0, 0.0);
        for sample in course.between(
            self.at - 2.0 * ATTITUDE_WINDOW_S,
            self.at + 2.0 * ATTITUDE_WINDOW_S,
        ) {
            let weight = ramp(
                2.0 * ATTITUDE_WINDOW_S - (sample.t - self.at).abs(),
                0.0,
                ATTITUDE_WINDOW_S,
            );
            if let Some(state) = feet.state(sample) {
                ankle += weight * state.ankle_over_toe;
                heel += weight * state.heel_over_toe;
                weights += weight;
            }
        }
        let (ankle, heel) = if weights > 0.0 {
            (ankle / weights, heel / weights)
        } else {
            (0.0, 0.0)
        };
        calibration::BASE
            + calibration::ATTITUDE * ankle
            + calibration::HEEL * heel
            + calibration::TEMPO / self.speed
    }
}
