//! The countermovement jump: from standing down, up and off the ground with both feet, and back onto them.

mod metrics;

use super::{Context, Movement};
use crate::jump::{
    Bench, Countermovement, Course, Feet, JumpKind, JumpModel, MeasuredFlight, Noticed, Origin, Rejection,
    Stage, Thrown, checks,
};
use crate::{PhaseSpan, Repetition};

/// Names of the phases.
mod phase {
    pub const STANDING: &str = "standing";
    pub const ECCENTRIC: &str = "eccentric";
    pub const CONCENTRIC: &str = "concentric";
    pub const FLIGHT: &str = "flight";
    pub const LANDING: &str = "landing";
}

/// The row of the movement table.
pub(super) const MOVEMENT: Movement = Movement {
    name: Cmj::NAME,
    label: "Countermovement jump",
    phases: &[
        phase::STANDING,
        phase::ECCENTRIC,
        phase::CONCENTRIC,
        phase::FLIGHT,
        phase::LANDING,
    ],
    events: &["onset_s", "lowest_s", "takeoff_s", "apex_s", "landing_s"],
    headline: &[
        "jump_height_m",
        "rsi_modified",
        "countermovement_depth_m",
        "total_movement_time_ms",
    ],
    metrics: metrics::KEYS,
    model: || Box::new(JumpModel::<Cmj>::default()),
};

/// The course begins this long before the feet leave, seconds: standing, descent and ascent at their longest.
const LEAD_S: f64 = 4.0;

/// The feet are flat until this long before they are noticed off the ground, seconds.
const STRETCHING_S: f64 = 0.12;

/// The kind of jump that begins with a countermovement.
#[derive(Debug, Default)]
struct Cmj;

impl JumpKind for Cmj {
    const NAME: &'static str = "cmj";
    const ORIGIN: Origin = Origin::Standing;

    fn phase(stage: Stage) -> Option<&'static str> {
        Some(match stage {
            Stage::Standing => phase::STANDING,
            Stage::Descent | Stage::Hold | Stage::Drop => phase::ECCENTRIC,
            Stage::Ascent | Stage::Contact => phase::CONCENTRIC,
            Stage::Flight => phase::FLIGHT,
            Stage::Landing => phase::LANDING,
        })
    }

    fn measure(
        &mut self,
        bench: &mut Bench,
        context: &Context<'_>,
        flight: &Noticed,
    ) -> Result<Repetition, Rejection> {
        let jump = CmjJump::measure(bench, context, flight)?;
        Ok(jump.into_repetition(&bench.course, context))
    }
}

/// A measured countermovement jump.
#[derive(Clone, Debug)]
struct CmjJump {
    approach: Countermovement,
    flight: MeasuredFlight,
}

impl CmjJump {
    /// Measures the flight, or says why it is none of ours.
    fn measure(bench: &mut Bench, context: &Context<'_>, flight: &Noticed) -> Result<Self, Rejection> {
        let course = &mut bench.course;
        let thrown = Thrown::confirm(course, context, flight, LEAD_S)?;
        let approach =
            bench
                .smoothed
                .countermovement(course, bench.last_landing_s, flight.left_s, thrown.px_per_m)?;
        checks::from_standing(&approach, flight, bench.last_landing_s)?;
        checks::countermovement(course, &approach, flight.left_s)?;
        let on_ground = (approach.onset_s, flight.left_s - STRETCHING_S);
        checks::planted(context.history, on_ground, course.stature_px)?;
        let hold = bench
            .smoothed
            .held_squat(course, bench.last_landing_s, flight.left_s, thrown.px_per_m);
        if hold.is_ok_and(|hold| checks::squat(course, (hold.hold_s, hold.rest_end_s), flight.left_s).is_ok())
        {
            return Err(Rejection::HeldSquat);
        }
        let (from, to) = approach.ground_range();
        let standing = Feet::on_ground(course, from, to)?;
        let flight = MeasuredFlight::measure(course, context, &thrown, &standing)?;
        let ordered = approach.onset_s < approach.lowest_s && approach.lowest_s < flight.contact.takeoff_s;
        if !ordered {
            return Err(Rejection::NotBallistic);
        }
        Ok(Self { approach, flight })
    }

    /// The public result.
    fn into_repetition(self, course: &Course, context: &Context<'_>) -> Repetition {
        let (t, flight) = (&self.approach, &self.flight);
        let start_s = t.standing_s.unwrap_or(t.onset_s);
        let landing_s = flight.contact.landing_s;
        let names = [
            phase::STANDING,
            phase::ECCENTRIC,
            phase::CONCENTRIC,
            phase::FLIGHT,
            phase::LANDING,
        ];
        let bounds = [
            start_s,
            t.onset_s,
            t.lowest_s,
            flight.contact.takeoff_s,
            landing_s,
            flight.end_s,
        ];
        Repetition::of_phases(
            Cmj::NAME,
            context.person,
            PhaseSpan::tiled(&names, &bounds),
            vec![
                ("onset_s", t.onset_s),
                ("lowest_s", t.lowest_s),
                ("takeoff_s", flight.contact.takeoff_s),
                ("apex_s", flight.gravity.apex_s),
                ("landing_s", landing_s),
            ],
            metrics::compute(&self, course, context),
        )
    }
}
