//! The drop jump: off a box, down, a short contact, and up again.

mod metrics;

use super::{Context, Movement};
use crate::jump::{
    Bench, Course, Feet, GroundContact, JumpKind, JumpModel, MeasuredFlight, Noticed, Origin, Rejection,
    Stage, Thrown, Touchdown, checks,
};
use crate::scale::gravity_in_statures;
use crate::{PhaseSpan, Repetition};

/// Names of the phases.
mod phase {
    pub const DROP: &str = "drop";
    pub const CONTACT: &str = "contact";
    pub const FLIGHT: &str = "flight";
    pub const LANDING: &str = "landing";
}

/// The row of the movement table.
pub(super) const MOVEMENT: Movement = Movement {
    name: DropJump::NAME,
    label: "Drop jump",
    phases: &[phase::DROP, phase::CONTACT, phase::FLIGHT, phase::LANDING],
    events: &[
        "dropoff_s",
        "touchdown_s",
        "lowest_s",
        "takeoff_s",
        "apex_s",
        "landing_s",
    ],
    headline: &[
        "reactive_strength_index",
        "ground_contact_time_ms",
        "jump_height_m",
        "drop_height_m",
    ],
    metrics: metrics::KEYS,
    model: || Box::new(JumpModel::<DropJump>::default()),
};

/// The course begins this long before the feet leave the floor, seconds: standing on the box, fall and contact.
const LEAD_S: f64 = 4.0;

/// The feet stand on the box from this long to that long before they are seen below it, seconds. One foot may swing
/// forward for the last half second.
const ON_BOX_S: (f64, f64) = (1.6, 0.5);

/// … or, when less was seen of it, until this long before, seconds.
const LATEST_ON_BOX_S: f64 = 0.22;

/// Frames of standing on the box that are needed.
const MIN_BOX_FRAMES: usize = 4;

/// A longer stay on the ground is a landing with a jump after it, seconds. Slow drop jumps stay half a second.
const MAX_CONTACT_S: f64 = 0.75;

/// A box lower than this, in statures, is none.
const MIN_BOX: f64 = 0.04;

/// The fall of the centre of mass over the height that its speed at touch-down implies, and over the height of the box: far
/// from one, something else moved.
const FALL_RATIO: std::ops::Range<f64> = 0.45..2.2;

/// The kind of jump that begins with a fall.
#[derive(Debug, Default)]
struct DropJump;

impl JumpKind for DropJump {
    const NAME: &'static str = "dropjump";
    const ORIGIN: Origin = Origin::Drop;

    fn phase(stage: Stage) -> Option<&'static str> {
        match stage {
            Stage::Drop => Some(phase::DROP),
            Stage::Contact => Some(phase::CONTACT),
            Stage::Flight => Some(phase::FLIGHT),
            Stage::Landing => Some(phase::LANDING),
            Stage::Standing | Stage::Descent | Stage::Hold | Stage::Ascent => None,
        }
    }

    fn measure(
        &mut self,
        bench: &mut Bench,
        context: &Context<'_>,
        flight: &Noticed,
    ) -> Result<Repetition, Rejection> {
        let fell_s = flight.fell_s.ok_or(Rejection::NoDrop)?;
        if bench.last_landing_s > fell_s {
            return Err(Rejection::Rebound);
        }
        let jump = Drop::measure(&mut bench.course, context, flight, fell_s)?;
        Ok(jump.into_repetition(&bench.course, context))
    }
}

/// A measured drop jump.
#[derive(Clone, Debug)]
struct Drop {
    /// From when the body falls freely, seconds.
    dropoff_s: f64,
    touchdown: Touchdown,
    contact: GroundContact,
    flight: MeasuredFlight,
    /// When the athlete stood on the box, seconds.
    on_box_s: (f64, f64),
    /// Height of the box, pixels.
    box_px: f64,
    /// Height of the centre of mass on the box and at touch-down, pixels.
    fall_px: f64,
}

impl Drop {
    fn measure(
        course: &mut Course,
        context: &Context<'_>,
        noticed: &Noticed,
        fell_s: f64,
    ) -> Result<Self, Rejection> {
        let thrown = Thrown::confirm(course, context, noticed, LEAD_S)?;
        let on_box = on_box(course, fell_s);
        let box_feet = Feet::on_ground(course, on_box.0, on_box.1)?;
        let low_s = course.lowest_s(fell_s, noticed.left_s).ok_or(Rejection::NoDrop)?;
        let floor = box_feet
            .on_floor(course, low_s, noticed.returned_s)
            .ok_or(Rejection::TooFewFrames)?;
        let box_px = box_feet.above(&floor);
        if box_px < MIN_BOX * course.stature_px {
            return Err(Rejection::NoDrop);
        }
        let flight = MeasuredFlight::measure(course, context, &thrown, &floor)?;
        let takeoff_s = flight.contact.takeoff_s;
        let gravity = gravity_in_statures(context.athlete.height_m, course.stature_px, Some(&flight.gravity));
        let lowest_s = lowest_foot(course, &flight.feet, fell_s, takeoff_s).ok_or(Rejection::NoDrop)?;
        let touchdown = Touchdown::find(course, &flight.feet, lowest_s, gravity)?;
        let contact = GroundContact::trace(course, &flight.feet, (touchdown.at_s, takeoff_s))
            .ok_or(Rejection::TooFewFrames)?;
        if contact.duration_s() > MAX_CONTACT_S {
            return Err(Rejection::NoDrop);
        }
        checks::spring(course, contact.lowest_s, contact.takeoff_s)?;
        let dropoff_s = touchdown.at_s - touchdown.speed / gravity;
        let com_on_box = course
            .median(on_box.0, on_box.1, |s| Some(s.com))
            .ok_or(Rejection::TooFewFrames)?;
        let com_at_touchdown = course
            .com_at(touchdown.at_s, 0.05)
            .ok_or(Rejection::TooFewFrames)?
            .value;
        let fall_px = com_on_box - com_at_touchdown;
        // what fell, fell freely
        let free = 0.5 * touchdown.speed.powi(2) / gravity * course.stature_px;
        if !FALL_RATIO.contains(&(fall_px / free)) || !FALL_RATIO.contains(&(fall_px / box_px)) {
            return Err(Rejection::NoDrop);
        }
        Ok(Self {
            dropoff_s,
            touchdown,
            contact,
            flight,
            on_box_s: on_box,
            box_px,
            fall_px,
        })
    }

    /// The public result.
    fn into_repetition(self, course: &Course, context: &Context<'_>) -> Repetition {
        let (contact, flight) = (&self.contact, &self.flight);
        let landing_s = flight.contact.landing_s;
        let names = [phase::DROP, phase::CONTACT, phase::FLIGHT, phase::LANDING];
        let bounds = [
            self.dropoff_s,
            contact.touchdown_s,
            contact.takeoff_s,
            landing_s,
            flight.end_s,
        ];
        Repetition::of_phases(
            DropJump::NAME,
            context.person,
            PhaseSpan::tiled(&names, &bounds),
            vec![
                ("dropoff_s", self.dropoff_s),
                ("touchdown_s", contact.touchdown_s),
                ("lowest_s", contact.lowest_s),
                ("takeoff_s", contact.takeoff_s),
                ("apex_s", flight.gravity.apex_s),
                ("landing_s", landing_s),
            ],
            metrics::compute(&self, course, context),
        )
    }
}

/// When both feet surely stood on the box.
fn on_box(course: &Course, fell_s: f64) -> (f64, f64) {
    let long = (fell_s - ON_BOX_S.0, fell_s - ON_BOX_S.1);
    if course.between(long.0, long.1).len() >= MIN_BOX_FRAMES {
        long
    } else {
        (long.0, fell_s - LATEST_ON_BOX_S)
    }
}

/// When the feet are lowest between fall and take-off: an instant at which they are on the ground.
fn lowest_foot(course: &Course, feet: &Feet, fell_s: f64, takeoff_s: f64) -> Option<f64> {
    let heights = course
        .between(fell_s, takeoff_s)
        .iter()
        .filter_map(|s| feet.height(s).map(|height| (s.t, height)));
    heights.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(t, _)| t)
}
