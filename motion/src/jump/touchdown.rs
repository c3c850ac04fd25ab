//! When the feet meet the ground at the end of a fall.
//!
//! The samples shortly before are carried forward to the height the feet have at contact, as at the landing of a jump, see
//! [`Contact`](super::Contact). Only the speed comes from elsewhere: from the centre of mass, which falls freely.

use super::contact::{AIRBORNE_HEIGHT, Event, Window};
use super::{ContactHeight, Course, Feet, Rejection};
use crate::numeric::{PolynomialFit, crossing};

/// The fall is followed over this long before the touch-down, seconds.
const FALL_S: f64 = 0.16;

/// … and over at most this part of its duration: the body leaves a box gradually.
const FREE_SHARE: f64 = 0.8;

/// Samples needed for its speed.
const MIN_SAMPLES: usize = 3;

/// Weight of a sample by its distance in time from the touch-down, positive into the fall, seconds. The feet stretch towards
/// the ground: only the last moments tell where they meet it, and the first ones after, in which the heels still sink.
const WINDOW_S: Window = [-0.04, -0.02, 0.02, 0.04];

/// Passes of the instant against the speed.
const ITERATIONS: usize = 12;

/// The end of a fall.
#[derive(Clone, Copy, Debug)]
pub struct Touchdown {
    /// First contact, seconds.
    pub at_s: f64,
    /// Spread of the single samples' estimates, seconds.
    pub spread_s: f64,
    /// Frames that took part.
    pub frames: usize,
    /// Speed of the fall at that instant, statures per second.
    pub speed: f64,
}

impl Touchdown {
    /// Searches backwards from an instant on the ground; `gravity` is in statures per second squared.
    pub(crate) fn find(
        course: &Course,
        feet: &Feet,
        on_ground_s: f64,
        gravity: f64,
    ) -> Result<Self, Rejection> {
        let mut touchdown = Self {
            at_s: last_airborne(course, feet, on_ground_s).ok_or(Rejection::NoDrop)?,
            spread_s: 0.0,
            frames: 0,
            speed: 0.0,
        };
        for _ in 0..ITERATIONS {
            let at = touchdown.at_s;
            let event = Event {
                contact_height: ContactHeight::DROP_TOUCHDOWN.base,
                ..arrival(course, at, touchdown.speed, gravity).ok_or(Rejection::NoDrop)?
            };
            let refined = event.refine(course, feet).ok_or(Rejection::TooFewFrames)?;
            touchdown = Self {
                at_s: 0.5 * (at + refined.at),
                spread_s: refined.spread_s,
                frames: refined.frames,
                speed: event.speed,
            };
        }
        Ok(touchdown)
    }

    /// The height at contact that would have made a known touch-down right, in statures, and the speed of the fall there in
    /// statures per second.
    pub fn calibration(course: &Course, feet: &Feet, touchdown_s: f64, gravity: f64) -> Option<(f64, f64)> {
        let mut event = arrival(course, touchdown_s, 0.0, gravity)?;
        event = arrival(course, touchdown_s, event.speed, gravity)?;
        Some((event.height_that_fits(course, feet)?, event.speed))
    }
}

/// A touch-down at an instant, with the speed of the fall before it. `speed` is what is known of that speed, 0 if nothing.
fn arrival(course: &Course, at: f64, speed: f64, gravity: f64) -> Option<Event> {
    let reach = if speed > 0.0 {
        FALL_S.min(FREE_SHARE * speed / gravity)
    } else {
        FALL_S
    };
    Some(Event {
        at,
        into_flight: -1.0,
        speed: falling_speed(course, at, reach, gravity)?,
        gravity,
        contact_height: 0.0,
        window: WINDOW_S,
    })
}

/// Where the feet, followed backwards from the ground, rise above it.
fn last_airborne(course: &Course, feet: &Feet, on_ground_s: f64) -> Option<f64> {
    let mut later: Option<(f64, f64)> = None;
    for (t, height) in feet.heights(course.between(f64::NEG_INFINITY, on_ground_s)).rev() {
        if height > AIRBORNE_HEIGHT {
            return later.map(|(t1, h1)| crossing(t, height, t1, h1, AIRBORNE_HEIGHT));
        }
        later = Some((t, height));
    }
    None
}

/// Speed of the centre of mass at the end of a free fall, statures per second, positive downwards.
fn falling_speed(course: &Course, touchdown_s: f64, reach_s: f64, gravity: f64) -> Option<f64> {
    let samples = course.between(touchdown_s - reach_s, touchdown_s);
    if samples.len() < MIN_SAMPLES {
        return None;
    }
    // without gravity's share the fall is a straight line
    let mut fit = PolynomialFit::new(1);
    for s in samples {
        let tau = s.t - touchdown_s;
        fit.add(tau, s.com / course.stature_px + 0.5 * gravity * tau * tau, 1.0);
    }
    let [_, slope, _, _] = fit.solve()?;
    (slope < 0.0).then_some(-slope)
}
