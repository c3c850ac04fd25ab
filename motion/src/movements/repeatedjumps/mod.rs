//! Repeated jumps: rebound after rebound, as in hopping and the 10/5 test. One repetition is one rebound: a contact and the
//! flight that follows; numbers of the series so far ride along.

mod metrics;
mod series;

use super::{Context, Movement};
use crate::jump::{
    Bench, Contact, Course, Feet, GroundContact, JumpKind, JumpModel, MeasuredFlight, Noticed, Origin,
    REBOUND_S, Rejection, Stage, Thrown, checks,
};
use crate::scale::gravity_in_statures;
use crate::{PhaseSpan, Repetition};
use series::Series;

/// Names of the phases.
mod phase {
    pub const CONTACT: &str = "contact";
    pub const FLIGHT: &str = "flight";
}

/// The row of the movement table.
pub(super) const MOVEMENT: Movement = Movement {
    name: RepeatedJumps::NAME,
    label: "Repeated jumps",
    phases: &[phase::CONTACT, phase::FLIGHT],
    events: &["touchdown_s", "lowest_s", "takeoff_s", "apex_s", "landing_s"],
    headline: &[
        "reactive_strength_index",
        "ground_contact_time_ms",
        "jump_height_m",
        "best_five_rsi",
    ],
    metrics: metrics::KEYS,
    model: || Box::new(JumpModel::<RepeatedJumps>::default()),
};

/// The course begins this long before the feet leave, seconds: standing, descent and ascent of the opening jump.
const LEAD_S: f64 = 4.0;

/// Without a countermovement before the opening jump, the feet stand flat from this long to that long before they leave,
/// seconds.
const STANDING_S: (f64, f64) = (1.6, 0.35);

/// The last landing of a series under way.
#[derive(Clone, Copy, Debug)]
struct Landed {
    at_s: f64,
    /// Spread of the single samples' estimates, seconds, and their number.
    spread: (f64, usize),
    /// Speed in statures per second.
    speed: f64,
    /// Highest point of the flight before it, seconds.
    apex_s: f64,
    /// Whether that flight opened the series.
    opens: bool,
}

impl Landed {
    /// The end of a flight; `gravity` is in statures per second squared.
    fn of(contact: &Contact, apex_s: f64, gravity: f64) -> Self {
        Self {
            at_s: contact.landing_s,
            spread: (contact.landing_spread_s, contact.frames[1]),
            speed: 0.5 * gravity * (contact.landing_s - contact.takeoff_s),
            apex_s,
            opens: false,
        }
    }
}

/// The kind of jump that begins with a landing.
#[derive(Debug, Default)]
struct RepeatedJumps {
    /// The feet on the ground, in standing before the opening jump and since then in the contacts.
    feet: Option<Feet>,
    landed: Option<Landed>,
    /// About when the feet came back from the last flight, whatever came of measuring it, seconds.
    returned_s: Option<f64>,
    series: Series,
}

impl JumpKind for RepeatedJumps {
    const NAME: &'static str = "repeatedjumps";
    const ORIGIN: Origin = Origin::Rebound;

    fn phase(stage: Stage) -> Option<&'static str> {
        match stage {
            Stage::Flight => Some(phase::FLIGHT),
            Stage::Landing => Some(phase::CONTACT),
            _ => None,
        }
    }

    fn measure(
        &mut self,
        bench: &mut Bench,
        context: &Context<'_>,
        flight: &Noticed,
    ) -> Result<Repetition, Rejection> {
        let last_landing_s = bench
            .last_landing_s
            .max(self.returned_s.unwrap_or(f64::NEG_INFINITY));
        if flight.left_s - last_landing_s > REBOUND_S {
            self.reset();
        }
        self.returned_s = Some(flight.returned_s);
        self.rebound(bench, context, flight, last_landing_s)
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

impl RepeatedJumps {
    /// Measures a flight of a series. The opening jump is measured for its landing only.
    fn rebound(
        &mut self,
        bench: &mut Bench,
        context: &Context<'_>,
        noticed: &Noticed,
        last_landing_s: f64,
    ) -> Result<Repetition, Rejection> {
        // a flight that cannot be measured leaves the contact after it without a touch-down
        let mut last = self.landed.take();
        let thrown = Thrown::confirm(&mut bench.course, context, noticed, LEAD_S)?;
        let mut feet = match self.feet {
            Some(feet) => feet,
            None => feet_before(bench, &thrown, noticed)?,
        };
        let course = &mut bench.course;
        if self.feet.is_some()
            && let Some(low_s) = course.lowest_s(last_landing_s, noticed.left_s)
        {
            feet = feet.rebounding(course, low_s);
        }
        self.feet = Some(feet);
        let gravity = gravity_in_statures(context.athlete.height_m, course.stature_px, Some(&thrown.gravity));
        if let Some(opening) = last.as_mut().filter(|landed| landed.opens) {
            // its ground is known better by now
            if let Ok(contact) = Contact::between(course, &feet, opening.apex_s, gravity) {
                *opening = Landed::of(&contact, opening.apex_s, gravity);
            }
        }
        let flight = MeasuredFlight::measure_on(course, context, &thrown, &feet)?;
        let landed = Landed::of(&flight.contact, flight.gravity.apex_s, gravity);
        self.landed = Some(Landed {
            opens: last.is_none(),
            ..landed
        });
        let last = last.ok_or(Rejection::Opening)?;
        let takeoff_s = flight.contact.takeoff_s;
        if takeoff_s <= last.at_s {
            return Err(Rejection::NotBallistic);
        }
        let contact = GroundContact::trace(course, &flight.feet, (last.at_s, takeoff_s))
            .ok_or(Rejection::TooFewFrames)?;
        checks::spring(course, contact.lowest_s, contact.takeoff_s)?;
        let landing_s = flight.contact.landing_s;
        checks::in_place(context.history, (last.at_s, landing_s), course.stature_px)?;
        self.series.add(contact.duration_s(), flight.flight_s());
        let rebound = Rebound {
            touchdown: last,
            contact,
            flight,
        };
        Ok(rebound.into_repetition(course, context, &self.series))
    }
}

/// The feet on the ground before the opening jump.
fn feet_before(bench: &mut Bench, thrown: &Thrown, noticed: &Noticed) -> Result<Feet, Rejection> {
    let (course, left_s) = (&mut bench.course, noticed.left_s);
    let earliest = noticed
        .fell_s
        .map_or(bench.last_landing_s, |fell| fell.max(bench.last_landing_s));
    let approach = bench
        .smoothed
        .countermovement(course, earliest, left_s, thrown.px_per_m);
    let feet = match approach {
        Ok(approach) => {
            let (from, to) = approach.ground_range();
            Feet::on_ground(course, from, to)?
        }
        Err(_) => Feet::in_squat(
            course,
            (left_s - STANDING_S.0).max(earliest),
            left_s - STANDING_S.1,
        )?,
    };
    Ok(feet)
}

/// A measured rebound.
#[derive(Clone, Debug)]
struct Rebound {
    touchdown: Landed,
    contact: GroundContact,
    flight: MeasuredFlight,
}

impl Rebound {
    /// The public result.
    fn into_repetition(self, course: &Course, context: &Context<'_>, series: &Series) -> Repetition {
        let (contact, landing_s) = (&self.contact, self.flight.contact.landing_s);
        let bounds = [contact.touchdown_s, contact.takeoff_s, landing_s];
        Repetition::of_phases(
            RepeatedJumps::NAME,
            context.person,
            PhaseSpan::tiled(&[phase::CONTACT, phase::FLIGHT], &bounds),
            vec![
                ("touchdown_s", contact.touchdown_s),
                ("lowest_s", contact.lowest_s),
                ("takeoff_s", contact.takeoff_s),
                ("apex_s", self.flight.gravity.apex_s),
                ("landing_s", landing_s),
            ],
            metrics::compute(&self, series, course, context),
        )
    }
}
