//! Repeated jumps and squats: the same movement again and again.

use super::GRAVITY;
use super::drop_jump::bounce;
use super::flight::{Flight, FlightStyle};
use super::jump::fly_and_land;
use super::quintic::{Quintic, State};
use super::stance::{Arms, Key, Path, crouch_at_height, stand};
use super::timeline::{Swing, Timeline};
use crate::body::Anthropometry;
use crate::clip::{RepeatedJumps, Squat};
use crate::error::ClipError;
use crate::truth::RepetitionTruth;

/// The opening jump: depth of its countermovement in m at a stature of 1.78 m, time down and time up in s.
const OPENING_DEPTH_M: f64 = 0.24;
const OPENING_DOWN_S: f64 = 0.6;
const OPENING_UP_S: f64 = 0.30;
/// Upward acceleration at its lowest point, g.
const OPENING_BOTTOM_G: f64 = 1.0;

/// An opening jump and rebounds straight from each landing.
pub(super) fn jumps(body: &Anthropometry, m: &RepeatedJumps) -> Result<Timeline, ClipError> {
    let arms = Arms::ON_HIPS;
    let mut timeline = Timeline::default();
    timeline.hold(body, "standing", m.lead_s, Key::STAND, arms);
    open(&mut timeline, body, m.opening_m, arms)?;
    let mut rise = m.opening_m;
    for i in 0..m.rebounds {
        let landing_speed = (2.0 * GRAVITY * rise).sqrt();
        fly(&mut timeline, body, rise, arms);
        let touchdown = timeline.duration();
        let (next, contact_s) = m.rebound(i);
        let take_off_speed = (2.0 * GRAVITY * next).sqrt();
        let contact = bounce(
            &mut timeline,
            body,
            contact_s,
            [landing_speed, take_off_speed],
            arms,
        )?;
        let take_off = timeline.duration();
        let flight_s = 2.0 * take_off_speed / GRAVITY;
        timeline.repetitions.push(
            RepetitionTruth {
                start_s: touchdown,
                end_s: take_off + flight_s,
                ..RepetitionTruth::default()
            }
            .with_event("touchdown_s", touchdown)
            .with_event("lowest_s", contact.lowest_s)
            .with_event("takeoff_s", take_off)
            .with_event("apex_s", take_off + 0.5 * flight_s)
            .with_event("landing_s", take_off + flight_s)
            .with_metric("jump_height_m", next)
            .with_metric("flight_time_ms", 1e3 * flight_s)
            .with_metric("flight_time_height_m", next)
            .with_metric("takeoff_velocity_m_s", take_off_speed)
            .with_metric("ground_contact_time_ms", 1e3 * contact_s)
            .with_metric("reactive_strength_index", flight_s / contact_s)
            .with_metric("rsi_height_m_s", next / contact_s)
            .with_metric("peak_force_bw", contact.peak_force_bw),
        );
        rise = next;
    }
    let last = fly_and_land(&mut timeline, body, rise, &m.landing, [arms; 2], arms)?;
    if let Some(truth) = timeline.repetitions.last_mut() {
        // the last flight ends in the posture of its landing
        for key in ["apex_s", "landing_s"] {
            if let Some(&t) = last.events.get(key) {
                truth.events.insert(key.to_owned(), t);
            }
        }
        for key in ["flight_time_ms", "flight_time_height_m"] {
            if let Some(&value) = last.metrics.get(key) {
                truth.metrics.insert(key.to_owned(), value);
            }
        }
        if let (Some(flight), Some(contact)) = (
            truth.metric("flight_time_ms"),
            truth.metric("ground_contact_time_ms"),
        ) {
            truth
                .metrics
                .insert("reactive_strength_index".to_owned(), flight / contact);
        }
        truth.end_s = last.event("landing_s").unwrap_or(truth.end_s);
    }
    timeline.hold(body, "standing", m.tail_s, Key::STAND, arms);
    Ok(timeline)
}

/// Adds the countermovement and push-off of the opening jump.
fn open(timeline: &mut Timeline, body: &Anthropometry, rise: f64, arms: Arms) -> Result<(), ClipError> {
    let standing = stand(body, &Key::STAND, arms).1;
    let low = standing - OPENING_DEPTH_M * body.scale();
    let key = crouch_at_height(body, arms, low).ok_or(ClipError::Unreachable {
        phase: "opening",
        time_s: timeline.duration(),
        reason: "the body cannot crouch so deep",
    })?;
    let bottom = State::new(low, 0.0, OPENING_BOTTOM_G * GRAVITY);
    let down = Quintic::between(State::rest(standing), bottom, OPENING_DOWN_S);
    let speed = (2.0 * GRAVITY * rise).sqrt();
    let top = State::new(stand(body, &Key::TAKE_OFF, arms).1, speed, -GRAVITY);
    let up = Quintic::between(bottom, top, OPENING_UP_S);
    let still = Swing::none(arms);
    let way_down = Path {
        from: Key::STAND,
        to: key,
    };
    let way_up = Path {
        from: key,
        to: Key::TAKE_OFF,
    };
    timeline.stance("opening", way_down, still, down)?;
    timeline.stance("opening", way_up, still, up)
}

/// Adds a flight that begins and ends on the toes.
fn fly(timeline: &mut Timeline, body: &Anthropometry, rise: f64, arms: Arms) {
    let (posture, height) = stand(body, &Key::TAKE_OFF, arms);
    let speed = (2.0 * GRAVITY * rise).sqrt();
    timeline.flight(
        "flight",
        Flight {
            from: posture,
            to: posture,
            x: Key::TAKE_OFF.ahead * body.scale(),
            z: height,
            speed_x: 0.0,
            speed_z: speed,
            duration: 2.0 * speed / GRAVITY,
            style: FlightStyle::Stretched,
        },
    );
}

/// Squats with arms in front.
pub(super) fn squats(body: &Anthropometry, m: &Squat) -> Result<Timeline, ClipError> {
    let arms = Arms::FRONT;
    let standing = stand(body, &Key::STAND, arms).1;
    let low = standing - m.depth_m;
    let key = crouch_at_height(body, arms, low).ok_or(ClipError::Unreachable {
        phase: "descent",
        time_s: 0.0,
        reason: "the body cannot crouch so deep",
    })?;
    let still = Swing::none(arms);
    let down = Quintic::between(State::rest(standing), State::rest(low), m.descent_s);
    let up = Quintic::between(State::rest(low), State::rest(standing), m.ascent_s);
    let way_down = Path {
        from: Key::STAND,
        to: key,
    };
    let way_up = Path {
        from: key,
        to: Key::STAND,
    };
    let mut timeline = Timeline::default();
    for _ in 0..m.repetitions {
        timeline.hold(body, "standing", m.lead_s, Key::STAND, arms);
        let onset = timeline.duration();
        timeline.stance("descent", way_down, still, down)?;
        let lowest = timeline.duration();
        if m.pause_s > 0.0 {
            timeline.hold(body, "bottom", m.pause_s, key, arms);
        }
        timeline.stance("ascent", way_up, still, up)?;
        let end = timeline.duration();
        timeline.repetitions.push(
            RepetitionTruth {
                start_s: onset,
                end_s: end,
                ..RepetitionTruth::default()
            }
            .with_event("onset_s", onset)
            .with_event("lowest_s", lowest + 0.5 * m.pause_s)
            .with_event("end_s", end)
            .with_metric("squat_depth_m", m.depth_m)
            .with_metric("eccentric_duration_ms", 1e3 * m.descent_s)
            .with_metric("pause_duration_ms", 1e3 * m.pause_s)
            .with_metric("concentric_duration_ms", 1e3 * m.ascent_s)
            .with_metric("mean_concentric_velocity_m_s", m.depth_m / m.ascent_s),
        );
    }
    timeline.hold(body, "standing", m.tail_s, Key::STAND, arms);
    Ok(timeline)
}
