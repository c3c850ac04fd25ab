//! One jump, measured.

use super::checks;
use super::timeline::{SmoothedCom, Timeline};
use super::{NAME, NotACmj, metrics, phase};
use crate::jump::{Contact, Course, Feet, GravityFit, fit_gravity};
use crate::movements::Context;
use crate::scale::{Scale, gravity_in_statures};
use crate::units::GRAVITY;
use crate::{PhaseSpan, Repetition};

/// The course begins this long before the feet leave, seconds: standing, descent and ascent at their longest.
const LEAD_S: f64 = 4.0;

/// Flat feet are looked for until this long after the onset, seconds: the heels are still down.
const GROUND_AFTER_ONSET_S: f64 = 0.1;

/// … and from this long before it when no standing was seen, seconds.
const GROUND_BEFORE_ONSET_S: f64 = 0.2;

/// Half width of the window in which the lowest point after landing is smoothed, seconds.
const LANDING_SMOOTHING_S: f64 = 0.07;

/// Passes of contact times and gravity fit: the fit needs the flight, the flight needs gravity.
const PASSES: usize = 2;

/// A measured countermovement jump.
#[derive(Clone, Debug)]
pub struct CmjJump {
    pub timeline: Timeline,
    pub feet: Feet,
    pub contact: Contact,
    pub gravity: GravityFit,
    pub scale: Option<Scale>,
    /// Working scale of the event search, pixels per metre.
    pub px_per_m: f64,
    /// End of the landing: its lowest point, or the last frame seen when that comes later.
    pub end_s: f64,
}

impl CmjJump {
    /// Measures the flight that was noticed between two instants, or says why it is none of ours.
    pub fn measure(
        course: &mut Course,
        smoothed: &mut SmoothedCom,
        context: &Context<'_>,
        (left_s, returned_s): (f64, f64),
        last_landing_s: f64,
    ) -> Result<Self, NotACmj> {
        let now = context.history.latest().ok_or(NotACmj::TooFewFrames)?.t;
        course.load(context.history, left_s - LEAD_S, now);
        let height = context.athlete.height_m;
        let mut gravity = fit_gravity(course, left_s, returned_s).ok_or(NotACmj::NotBallistic)?;
        let px_per_m =
            gravity_in_statures(height, course.stature_px, Some(&gravity)) * course.stature_px / GRAVITY;
        checks::flight(course, &gravity, (left_s, returned_s), px_per_m)?;
        checks::track(course, left_s - checks::TRACK_LEAD_S, now)?;
        let timeline = smoothed.trace(course, last_landing_s, left_s, px_per_m)?;
        checks::rebound(&timeline, last_landing_s, left_s)?;
        checks::countermovement(course, &timeline, left_s)?;
        let ground = ground_range(&timeline);
        let standing = Feet::on_ground(course, ground.0, ground.1)?;
        let mut found = None;
        for _ in 0..PASSES {
            let g = gravity_in_statures(height, course.stature_px, Some(&gravity));
            let (contact, feet) = Contact::find(course, &standing, gravity.apex_s, g)?;
            gravity =
                fit_gravity(course, contact.takeoff_s, contact.landing_s).ok_or(NotACmj::NotBallistic)?;
            found = Some((contact, feet));
        }
        let (contact, feet) = found.ok_or(NotACmj::NoFlight)?;
        checks::feet(course, &feet, &contact)?;
        checks::levels(course, &contact)?;
        let ordered = timeline.onset_s < timeline.lowest_s
            && timeline.lowest_s < contact.takeoff_s
            && contact.takeoff_s < gravity.apex_s
            && gravity.apex_s < contact.landing_s;
        if !ordered {
            return Err(NotACmj::NotBallistic);
        }
        let scale = Scale::choose(height, course.stature_px, Some(&gravity));
        let end_s = landing_end(course, contact.landing_s, now);
        Ok(Self {
            timeline,
            feet,
            contact,
            gravity,
            scale,
            px_per_m,
            end_s,
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

    /// The public result.
    pub fn into_repetition(self, course: &Course, context: &Context<'_>) -> Repetition {
        let t = &self.timeline;
        let start_s = t.standing_s.unwrap_or(t.onset_s);
        let mut phases = Vec::with_capacity(5);
        if t.standing_s.is_some() {
            phases.push(PhaseSpan {
                name: phase::STANDING,
                start_s,
                end_s: t.onset_s,
            });
        }
        let bounds = [
            t.onset_s,
            t.lowest_s,
            self.contact.takeoff_s,
            self.contact.landing_s,
            self.end_s,
        ];
        let names = [phase::ECCENTRIC, phase::CONCENTRIC, phase::FLIGHT, phase::LANDING];
        phases.extend(names.iter().zip(bounds.windows(2)).map(|(name, b)| PhaseSpan {
            name,
            start_s: b[0],
            end_s: b[1],
        }));
        let events = vec![
            ("onset_s", t.onset_s),
            ("lowest_s", t.lowest_s),
            ("takeoff_s", self.contact.takeoff_s),
            ("apex_s", self.gravity.apex_s),
            ("landing_s", self.contact.landing_s),
        ];
        let (metrics, warnings, quality) = metrics::compute(&self, course, context);
        Repetition {
            movement: NAME,
            person: context.person,
            start_s,
            end_s: self.end_s,
            phases,
            events,
            steps: Vec::new(),
            metrics,
            warnings,
            quality,
        }
    }
}

/// When the feet surely stand flat: in standing and shortly after the onset, or around the onset when no standing was seen.
fn ground_range(timeline: &Timeline) -> (f64, f64) {
    match timeline.standing_s {
        Some(standing) => (
            standing,
            (timeline.onset_s + GROUND_AFTER_ONSET_S).min(timeline.lowest_s),
        ),
        None => (
            timeline.onset_s - GROUND_BEFORE_ONSET_S,
            timeline
                .fastest_descent_s
                .max(timeline.onset_s + GROUND_AFTER_ONSET_S),
        ),
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
