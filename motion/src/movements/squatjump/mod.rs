//! The squat jump: down into a squat, a motionless hold, then upwards only.

mod metrics;

use super::{Context, Movement};
use crate::jump::{
    Bench, Course, Feet, Hold, JumpKind, JumpModel, MeasuredFlight, Noticed, Origin, Rejection, Stage,
    Thrown, checks,
};
use crate::{PhaseSpan, Repetition};

/// Names of the phases.
mod phase {
    pub const STANDING: &str = "standing";
    pub const LOWERING: &str = "lowering";
    pub const HOLD: &str = "hold";
    pub const CONCENTRIC: &str = "concentric";
    pub const FLIGHT: &str = "flight";
    pub const LANDING: &str = "landing";
}

/// The row of the movement table.
pub(super) const MOVEMENT: Movement = Movement {
    name: SquatJump::NAME,
    label: "Squat jump",
    phases: &[
        phase::STANDING,
        phase::LOWERING,
        phase::HOLD,
        phase::CONCENTRIC,
        phase::FLIGHT,
        phase::LANDING,
    ],
    events: &[
        "lowering_s",
        "hold_s",
        "onset_s",
        "takeoff_s",
        "apex_s",
        "landing_s",
    ],
    headline: &[
        "jump_height_m",
        "takeoff_velocity_m_s",
        "squat_depth_m",
        "hidden_countermovement_m",
    ],
    metrics: metrics::KEYS,
    model: || Box::new(JumpModel::<SquatJump>::default()),
};

/// The course begins this long before the feet leave, seconds: standing, lowering, hold and ascent at their longest.
const LEAD_S: f64 = 8.0;

/// The feet stand flat this long before the lowering, seconds, where as many frames were seen of it.
const STANDING_S: f64 = 0.6;
const MIN_STANDING_FRAMES: usize = 4;

/// The kind of jump that begins in a held squat.
#[derive(Debug, Default)]
struct SquatJump;

impl JumpKind for SquatJump {
    const NAME: &'static str = "squatjump";
    const ORIGIN: Origin = Origin::Hold;

    fn phase(stage: Stage) -> Option<&'static str> {
        Some(match stage {
            Stage::Standing => phase::STANDING,
            Stage::Descent | Stage::Drop => phase::LOWERING,
            Stage::Hold => phase::HOLD,
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
        let course = &mut bench.course;
        let thrown = Thrown::confirm(course, context, flight, LEAD_S)?;
        let earliest = flight
            .fell_s
            .map_or(bench.last_landing_s, |fell| fell.max(bench.last_landing_s));
        let hold = bench
            .smoothed
            .held_squat(course, earliest, flight.left_s, thrown.px_per_m)?;
        checks::squat(course, (hold.hold_s, hold.rest_end_s), flight.left_s)?;
        let standing = match hold.lowering_s {
            Some(lowering)
                if course.between(lowering - STANDING_S, lowering).len() >= MIN_STANDING_FRAMES =>
            {
                Feet::on_ground(course, lowering - STANDING_S, lowering)?
            }
            _ => Feet::in_squat(course, hold.hold_s, hold.rest_end_s)?,
        };
        let flight = MeasuredFlight::measure(course, context, &thrown, &standing)?;
        if hold.onset_s >= flight.contact.takeoff_s {
            return Err(Rejection::NotBallistic);
        }
        Ok(into_repetition(&hold, &flight, course, context))
    }
}

/// The public result.
fn into_repetition(
    hold: &Hold,
    flight: &MeasuredFlight,
    course: &Course,
    context: &Context<'_>,
) -> Repetition {
    let start_s = hold.lowering_s.unwrap_or(hold.hold_s);
    let (takeoff_s, landing_s) = (flight.contact.takeoff_s, flight.contact.landing_s);
    let names = [
        phase::LOWERING,
        phase::HOLD,
        phase::CONCENTRIC,
        phase::FLIGHT,
        phase::LANDING,
    ];
    let bounds = [
        start_s,
        hold.hold_s,
        hold.onset_s,
        takeoff_s,
        landing_s,
        flight.end_s,
    ];
    let mut events = Vec::with_capacity(6);
    events.extend(hold.lowering_s.map(|t| ("lowering_s", t)));
    events.extend([
        ("hold_s", hold.hold_s),
        ("onset_s", hold.onset_s),
        ("takeoff_s", takeoff_s),
        ("apex_s", flight.gravity.apex_s),
        ("landing_s", landing_s),
    ]);
    Repetition::of_phases(
        SquatJump::NAME,
        context.person,
        PhaseSpan::tiled(&names, &bounds),
        events,
        metrics::compute(hold, flight, course, context),
    )
}
