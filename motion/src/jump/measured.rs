//! One flight, measured: when the feet left and came back, the curve between, the scale.

use super::course::SIZE_PER_STATURE;
use super::{Contact, ContactError, ContactHeight, Course, Feet, GravityFit, Rejection, checks, fit_gravity};
use crate::movements::Context;
use crate::scale::{Scale, gravity_in_statures};
use crate::units::GRAVITY;

/// Half width of the window in which the lowest point after landing is smoothed, seconds.
const LANDING_SMOOTHING_S: f64 = 0.07;

/// Passes of contact times and gravity fit: the fit needs the flight, the flight needs gravity.
const PASSES: usize = 2;

/// A flight that was noticed while it happened.
#[derive(Clone, Copy, Debug)]
pub struct Noticed {
    /// About when the feet left the ground, seconds.
    pub left_s: f64,
    /// About when they came back.
    pub returned_s: f64,
    /// How high they were at both instants, body sizes.
    pub clearance: f64,
    /// When the feet last fell below the ground they had stood on.
    pub fell_s: Option<f64>,
}

impl Noticed {
    /// About when the flight began and ended, seconds. Feet are noticed only some way up, which is half of a low jump. `gravity` is
    /// in statures per second squared.
    fn whole(&self, gravity: f64) -> (f64, f64) {
        let noticed = self.returned_s - self.left_s;
        let below = SIZE_PER_STATURE * self.clearance - ContactHeight::CALIBRATED.base;
        let whole = (noticed * noticed + 8.0 * below / gravity).sqrt();
        let lead = 0.5 * (whole - noticed);
        (self.left_s - lead, self.returned_s + lead)
    }
}

/// A noticed flight on whose course the body rose and fell as a thrown body does.
#[derive(Clone, Copy, Debug)]
pub struct Thrown {
    /// First fit of the flight.
    pub gravity: GravityFit,
    /// Working scale of the event search, pixels per metre.
    pub px_per_m: f64,
}

impl Thrown {
    /// Loads the course from `lead_s` before the feet left and confirms the flight.
    pub fn confirm(
        course: &mut Course,
        context: &Context<'_>,
        flight: &Noticed,
        lead_s: f64,
    ) -> Result<Self, Rejection> {
        let now = context.history.latest().ok_or(Rejection::TooFewFrames)?.t;
        course.load(context.history, flight.left_s - lead_s, now);
        let height = context.athlete.height_m;
        let (left, returned) = flight.whole(gravity_in_statures(height, course.stature_px, None));
        let gravity = fit_gravity(course, left, returned).ok_or(Rejection::NotBallistic)?;
        let px_per_m =
            gravity_in_statures(height, course.stature_px, Some(&gravity)) * course.stature_px / GRAVITY;
        checks::flight(course, &gravity, (left, returned), px_per_m)?;
        checks::track(course, flight.left_s - checks::TRACK_LEAD_S, now)?;
        Ok(Self { gravity, px_per_m })
    }
}

/// A measured flight.
#[derive(Clone, Copy, Debug)]
pub struct MeasuredFlight {
    /// The feet and their ground.
    pub feet: Feet,
    /// Take-off and landing.
    pub contact: Contact,
    /// The curve of the centre of mass.
    pub gravity: GravityFit,
    /// Pixels per metre, where they can be had.
    pub scale: Option<Scale>,
    /// Working scale of the event search, pixels per metre.
    pub px_per_m: f64,
    /// End of the landing: its lowest point, or the last frame seen when that comes later.
    pub end_s: f64,
}

impl MeasuredFlight {
    /// Finds take-off and landing of a confirmed flight between feet whose ground is known, and takes the ground after the
    /// landing into it.
    pub fn measure(
        course: &mut Course,
        context: &Context<'_>,
        thrown: &Thrown,
        standing: &Feet,
    ) -> Result<Self, Rejection> {
        Self::by(course, context, thrown, |course, apex_s, gravity| {
            Contact::find(course, standing, apex_s, gravity)
        })
    }

    /// The same over the known ground alone: after the landing the feet do not come to rest.
    pub fn measure_on(
        course: &mut Course,
        context: &Context<'_>,
        thrown: &Thrown,
        standing: &Feet,
    ) -> Result<Self, Rejection> {
        Self::by(course, context, thrown, |course, apex_s, gravity| {
            Contact::between(course, standing, apex_s, gravity).map(|contact| (contact, *standing))
        })
    }

    fn by(
        course: &mut Course,
        context: &Context<'_>,
        thrown: &Thrown,
        find: impl Fn(&mut Course, f64, f64) -> Result<(Contact, Feet), ContactError>,
    ) -> Result<Self, Rejection> {
        let now = context.history.latest().ok_or(Rejection::TooFewFrames)?.t;
        let height = context.athlete.height_m;
        let mut gravity = thrown.gravity;
        let mut found = None;
        for _ in 0..PASSES {
            let g = gravity_in_statures(height, course.stature_px, Some(&gravity));
            let (contact, feet) = find(course, gravity.apex_s, g)?;
            gravity =
                fit_gravity(course, contact.takeoff_s, contact.landing_s).ok_or(Rejection::NotBallistic)?;
            found = Some((contact, feet));
        }
        let (contact, feet) = found.ok_or(Rejection::NoFlight)?;
        checks::feet(course, &feet, &contact)?;
        checks::levels(course, &contact)?;
        if !(contact.takeoff_s < gravity.apex_s && gravity.apex_s < contact.landing_s) {
            return Err(Rejection::NotBallistic);
        }
        Ok(Self {
            feet,
            contact,
            gravity,
            scale: Scale::choose(height, course.stature_px, Some(&gravity)),
            px_per_m: thrown.px_per_m,
            end_s: landing_end(course, contact.landing_s, now),
        })
    }

    /// Flight time in seconds.
    pub fn flight_s(&self) -> f64 {
        self.contact.landing_s - self.contact.takeoff_s
    }

    /// Rise of the centre of mass from take-off to apex on its parabola, pixels.
    pub fn com_rise_px(&self) -> f64 {
        0.5 * GRAVITY * self.gravity.px_per_m * self.ascent_s().powi(2)
    }

    /// Time from take-off to apex in seconds.
    pub fn ascent_s(&self) -> f64 {
        self.gravity.apex_s - self.contact.takeoff_s
    }
}

/// Lowest point of the centre of mass after landing when it lies inside what was seen, otherwise the last frame.
fn landing_end(course: &Course, landing_s: f64, now: f64) -> f64 {
    let after = course.between(landing_s + LANDING_SMOOTHING_S, now);
    let lowest = after
        .iter()
        .min_by(|a, b| a.com.total_cmp(&b.com))
        .map_or(now, |s| s.t);
    let vertex = course
        .com_at(lowest, LANDING_SMOOTHING_S)
        .filter(|f| f.curvature > 0.0);
    match vertex.map(|f| lowest - f.slope / f.curvature) {
        Some(t) if t > landing_s && t < now => t,
        _ => now.max(landing_s + f64::EPSILON * landing_s.abs().max(1.0)),
    }
}
