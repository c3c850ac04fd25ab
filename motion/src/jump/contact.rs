//! When the feet leave and touch the ground.
//!
//! A height threshold on the ankle is wrong by 13–23 ms because the heel rises before the toes leave. Instead the feet
//! are taken as bodies in free flight: each sample shortly after take-off is carried back along `v·τ − g·τ²/2` to the
//! height the foot has at the last contact, and the mean of the instants so found is the take-off, in which an instant far
//! from the others counts little, because the pose model loses a foot for a frame now and then; the same backwards in time
//! gives the landing. The launch speed `v = g·T/2` follows from the flight time itself, so the two are iterated.
//!
//! Heights are relative to the ground level of the same foot landmarks, the mean of standing before and standing after the
//! jump: the pose model's offset depends a little on posture. The height at contact was calibrated on rendered athletes,
//! see [`ContactHeight`].

use super::contact_height::ContactView;
use super::{Course, Feet};
use crate::numeric::{bisect, crossing, ramp};

/// Weight of a sample by its distance in time from the event, positive into the flight: it rises between the first two
/// instants and falls between the last two, seconds. Longer, and the result hangs on the scale; shorter, and on single
/// samples. The choice is by time, not by height, because a height limit would prefer samples with an error to one side.
/// Samples before a take-off do not count, because the heel rises then as it likes.
const WINDOW_S: Window = [-0.001, 0.0, 0.045, 0.07];

/// A sample whose instant is further off than this counts less, in proportion (Huber 1964, doi:10.1214/aoms/1177703732), seconds:
/// about the standard deviation of the samples of a foot that is well seen. Over rendered countermovement jumps 2–15 ms do
/// equally well.
const FAR_S: f64 = 0.005;

/// Where a weight begins, is full, begins to fall and ends, seconds into the flight.
pub(super) type Window = [f64; 4];

/// Least sum of weights for an estimate; below, the nearest airborne frame is taken.
const MIN_WEIGHT_SUM: f64 = 0.3;

/// How far the nearest airborne frame may be, seconds.
const NEAREST_S: f64 = 0.2;

/// Height in statures whose crossing begins the search: above the heel raise of the last contact.
pub(super) const AIRBORNE_HEIGHT: f64 = 0.032;

/// Heights at contact beyond these, in statures, come from a lost foot.
const PLAUSIBLE_HEIGHT: (f64, f64) = (-0.06, 0.10);

/// Iterations of event times against launch speed; the correction halves with each.
const ITERATIONS: usize = 12;

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
        let contact = Self::between(course, &feet, mid_flight_s, gravity)?;
        Ok((contact, feet))
    }

    /// The same over ground that is known.
    pub fn between(
        course: &mut Course,
        feet: &Feet,
        mid_flight_s: f64,
        gravity: f64,
    ) -> Result<Self, ContactError> {
        let (takeoff_s, landing_s) = threshold_crossings(course, feet, mid_flight_s)?;
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
            contact = contact.improved(course, feet, gravity, (interval, growth))?;
        }
        Ok(contact)
    }

    /// The contact times of one foot alone in the same flight; `None` with too few frames.
    pub fn of_one_foot(&self, course: &Course, foot: &Feet, gravity: f64) -> Option<Self> {
        let speed = 0.5 * gravity * (self.landing_s - self.takeoff_s);
        let end = |at, into_flight| {
            let event = Event {
                at,
                into_flight,
                speed,
                gravity,
                contact_height: foot.at_contact.base,
                window: WINDOW_S,
            };
            event.refine(course, foot)
        };
        let (takeoff, landing) = end(self.takeoff_s, 1.0).zip(end(self.landing_s, -1.0))?;
        Some(Self {
            takeoff_s: takeoff.at,
            landing_s: landing.at,
            takeoff_spread_s: takeoff.spread_s,
            landing_spread_s: landing.spread_s,
            frames: [takeoff.frames, landing.frames],
        })
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
        let view = ContactView {
            interval_s: interval,
            stretch: feet.stretch(course, self.takeoff_s, interval),
            growth,
        };
        let contact_height = feet.at_contact.of(&view);
        let end = |at, into_flight| Event {
            at,
            into_flight,
            speed,
            gravity,
            contact_height,
            window: WINDOW_S,
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

    /// What a flight with known instants says about the height at contact: its view, and the heights that would have made
    /// take-off and landing right. `gravity` is in statures per second squared.
    pub fn calibration(
        course: &mut Course,
        feet: &Feet,
        (takeoff_s, landing_s): (f64, f64),
        gravity: f64,
    ) -> Option<(ContactView, [f64; 2])> {
        let interval_s = course.frame_interval(takeoff_s, landing_s)?;
        let view = feet.view(course, (takeoff_s, landing_s), interval_s);
        let speed = 0.5 * gravity * (landing_s - takeoff_s);
        let height = |at, into_flight| {
            let event = Event {
                at,
                into_flight,
                speed,
                gravity,
                contact_height: 0.0,
                window: WINDOW_S,
            };
            event.height_that_fits(course, feet)
        };
        Some((view, [height(takeoff_s, 1.0)?, height(landing_s, -1.0)?]))
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

/// One end of a flight under refinement.
pub(super) struct Event {
    pub at: f64,
    /// +1 when the flight lies after the event, −1 before.
    pub into_flight: f64,
    /// Speed of the feet at the event, statures per second.
    pub speed: f64,
    /// Statures per second squared.
    pub gravity: f64,
    /// Height of the feet at the event, statures.
    pub contact_height: f64,
    /// Weight of the samples beside it.
    pub window: Window,
}

/// A refined event.
pub(super) struct Refined {
    pub at: f64,
    pub spread_s: f64,
    pub frames: usize,
}

impl Event {
    /// Carries the samples next to the event back to the contact and takes the weighted mean: one step towards the robust mean, which is
    /// reached where the event does not move any more.
    pub fn refine(&self, course: &Course, feet: &Feet) -> Option<Refined> {
        let [begin, full, fall, end] = self.window;
        let (near, far) = (
            self.at + self.into_flight * begin,
            self.at + self.into_flight * end,
        );
        let (mut seen, mut weights, mut sum, mut squares, mut frames) = (0.0, 0.0, 0.0, 0.0, 0);
        for (t, height) in feet.heights(course.between(near.min(far), near.max(far))) {
            let inside = self.into_flight * (t - self.at);
            let shift = self.carried_back(t, height) - self.at;
            let in_window = ramp(inside, begin, full) * (1.0 - ramp(inside, fall, end));
            let weight = in_window * FAR_S / shift.abs().max(FAR_S);
            seen += in_window;
            weights += weight;
            sum += weight * shift;
            squares += weight * shift * shift;
            frames += usize::from(weight > 0.0);
        }
        if seen < MIN_WEIGHT_SUM {
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

    /// The height at contact with which the event would be found where it is.
    pub fn height_that_fits(&self, course: &Course, feet: &Feet) -> Option<f64> {
        let error = |contact_height| {
            let event = Event {
                contact_height,
                ..*self
            };
            Some(event.refine(course, feet)?.at - self.at)
        };
        bisect(error, PLAUSIBLE_HEIGHT)
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
