//! Drop jump: release from a box, fall, short contact, flight, landing.
//!
//! The body falls from its standing posture to the toe-first posture of contact, so the touch-down speed is a little
//! below that of a fall from the height of the box.

use super::flight::{Flight, FlightStyle};
use super::jump::{come_down, fly_and_land, peak_force};
use super::quintic::{Quintic, State};
use super::stance::{Arms, Key, Path, crouch_at_height, stand};
use super::timeline::{Swing, Timeline};
use super::{DropBox, GRAVITY};
use crate::body::Anthropometry;
use crate::clip::DropJump;
use crate::error::ClipError;
use crate::truth::RepetitionTruth;

/// From the place on the box to the place of landing, m.
const STEP_M: f64 = 0.62;
/// Sink during contact over touch-down speed times sinking time.
const SINK_OVER_MOMENTUM: f64 = 0.45;
/// Upward acceleration at the lowest point over the mean of both halves.
const PEAK_OVER_MEAN: f64 = 0.9;
/// Depth of the crouch towards which a short contact sinks, m at a stature of 1.78 m.
const SHALLOW_CROUCH_M: f64 = 0.05;
/// Box edges behind and ahead of the flat-foot ankle, and half its width, m.
const BOX_BEHIND: f64 = 0.30;
const BOX_AHEAD: f64 = 0.20;
const BOX_HALF_WIDTH: f64 = 0.30;

/// The box of a drop jump.
pub(super) fn drop_box(m: &DropJump) -> DropBox {
    DropBox {
        height: m.box_m,
        from_x: -STEP_M - BOX_BEHIND,
        to_x: -STEP_M + BOX_AHEAD,
        half_width: BOX_HALF_WIDTH,
    }
}

/// One drop jump.
pub(super) fn drop_jump(body: &Anthropometry, m: &DropJump) -> Result<Timeline, ClipError> {
    let arms = Arms::ON_HIPS;
    let (stand_posture, standing) = stand(body, &Key::STAND, arms);
    let (contact_posture, contact_height) = stand(body, &Key::TAKE_OFF, arms);
    let fall_height = standing + m.box_m - contact_height;
    let touch_speed = (2.0 * GRAVITY * fall_height).sqrt();
    let fall_s = touch_speed / GRAVITY;

    let mut timeline = Timeline::default();
    timeline.hold_on(body, "box", m.lead_s, Key::STAND, arms, [-STEP_M, m.box_m]);
    let release = timeline.duration();
    let from_x = Key::STAND.ahead * body.scale() - STEP_M;
    let to_x = Key::TAKE_OFF.ahead * body.scale();
    timeline.flight(
        "fall",
        Flight {
            from: stand_posture,
            to: contact_posture,
            x: from_x,
            z: standing + m.box_m,
            speed_x: (to_x - from_x) / fall_s,
            speed_z: 0.0,
            duration: fall_s,
            style: FlightStyle::StepOff,
        },
    );
    let touchdown = timeline.duration();

    if m.stay {
        come_down(&mut timeline, body, touch_speed, &m.landing, arms)?;
        timeline.hold(body, "standing", m.tail_s, Key::STAND, arms);
        return Ok(timeline);
    }
    let take_off_speed = (2.0 * GRAVITY * m.height_m).sqrt();
    let bounce = bounce(
        &mut timeline,
        body,
        m.contact_s,
        [touch_speed, take_off_speed],
        arms,
    )?;

    let truth = fly_and_land(&mut timeline, body, m.height_m, &m.landing, [arms; 2], arms)?;
    let flight_s = truth.metric("flight_time_ms").map_or(0.0, |ms| 1e-3 * ms);
    timeline.repetitions.push(
        RepetitionTruth {
            start_s: release,
            ..truth
        }
        .with_event("dropoff_s", release)
        .with_event("touchdown_s", touchdown)
        .with_event("lowest_s", bounce.lowest_s)
        .with_metric("ground_contact_time_ms", 1e3 * m.contact_s)
        .with_metric("reactive_strength_index", flight_s / m.contact_s)
        .with_metric("rsi_height_m_s", m.height_m / m.contact_s)
        .with_metric("box_height_m", m.box_m)
        .with_metric("drop_height_m", fall_height)
        .with_metric("touchdown_velocity_m_s", touch_speed)
        .with_metric("peak_force_bw", bounce.peak_force_bw),
    );
    timeline.hold(body, "standing", m.tail_s, Key::STAND, arms);
    Ok(timeline)
}

/// What is true about a short contact.
pub(super) struct Bounce {
    pub lowest_s: f64,
    /// Largest ground reaction force, body weights.
    pub peak_force_bw: f64,
}

/// Adds a contact on the toes between two flights. Speeds are those at touch-down and take-off, both positive.
pub(super) fn bounce(
    timeline: &mut Timeline,
    body: &Anthropometry,
    contact_s: f64,
    [touch_speed, take_off_speed]: [f64; 2],
    arms: Arms,
) -> Result<Bounce, ClipError> {
    let touchdown = timeline.duration();
    let contact_height = stand(body, &Key::TAKE_OFF, arms).1;
    // Sinking and rising go over the same distance, so the faster of the two takes the shorter part of the contact.
    let down_s = contact_s * take_off_speed / (take_off_speed + touch_speed);
    let up_s = contact_s - down_s;
    let low_height = contact_height - SINK_OVER_MOMENTUM * touch_speed * down_s;
    // a short contact ends its sinking on the way to this crouch, with the heels still up
    let on_the_way = stand(body, &Key::STAND, arms).1 - SHALLOW_CROUCH_M * body.scale();
    let low = crouch_at_height(body, arms, low_height.min(on_the_way)).ok_or(ClipError::Unreachable {
        phase: "braking",
        time_s: touchdown,
        reason: "this contact time is too short or too long for a contact on the toes",
    })?;
    let peak = PEAK_OVER_MEAN * 0.5 * (touch_speed / down_s + take_off_speed / up_s);
    let bottom = State::new(low_height, 0.0, peak);
    let brake = Quintic::between(State::new(contact_height, -touch_speed, -GRAVITY), bottom, down_s);
    let push = Quintic::between(bottom, State::new(contact_height, take_off_speed, -GRAVITY), up_s);
    let still = Swing::none(arms);
    let way_down = Path {
        from: Key::TAKE_OFF,
        to: low,
    };
    let way_up = Path {
        from: low,
        to: Key::TAKE_OFF,
    };
    timeline.stance("braking", way_down, still, brake)?;
    let lowest_s = timeline.duration();
    timeline.stance("propulsion", way_up, still, push)?;
    Ok(Bounce {
        lowest_s,
        peak_force_bw: peak_force(&brake).max(peak_force(&push)),
    })
}
