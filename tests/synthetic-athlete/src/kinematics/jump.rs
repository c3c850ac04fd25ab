//! Countermovement and squat jumps.
//!
//! Centre of mass: hold, quintic down to the lowest point, quintic up to the take-off state (speed `v`, acceleration
//! `-g`), ballistic flight, quintic landing from the state at first contact, recovery.

use super::GRAVITY;
use super::flight::{Flight, FlightStyle};
use super::quintic::{Quintic, State};
use super::stance::{Arms, Key, Path, crouch_at_height, stand};
use super::timeline::{Swing, Timeline};
use crate::body::Anthropometry;
use crate::clip::{Cmj, Landing, SquatJump};
use crate::error::ClipError;
use crate::truth::RepetitionTruth;

/// Upward acceleration of the centre of mass at the lowest point of a countermovement, in g, and in depth per square of
/// the eccentric time: beyond 20 the body would have to rise before it sinks.
const BOTTOM_ACCELERATION_G: f64 = 1.15;
const BOTTOM_ACCELERATION_DESCENT: f64 = 18.0;
/// Upward acceleration at the lowest point of the landing, in g, and in depth per square of the recovery time: beyond
/// 20 the body would overshoot its standing height.
const LANDING_ACCELERATION_G: f64 = 0.9;
const LANDING_ACCELERATION_RECOVERY: f64 = 12.0;
/// Default push-off: rise of the centre of mass over take-off speed and this, s.
const CMJ_PUSH: f64 = 0.52;
const SQUAT_PUSH: f64 = 0.42;
/// Time of the hidden countermovement of a squat jump, s.
const DIP_S: f64 = 0.22;
/// Landing lasts so many times the sink over the speed at contact.
const LANDING_STRETCH: f64 = 1.9;
/// From the lowest point of the landing back to standing, s.
const RECOVERY_S: f64 = 0.75;

/// Height at the take-off and landing posture of a jump, and its speeds.
struct Ballistics {
    take_off_height: f64,
    take_off_speed: f64,
    landing_speed: f64,
    flight: f64,
}

impl Ballistics {
    fn new(take_off_height: f64, landing_height: f64, rise: f64) -> Self {
        let take_off_speed = (2.0 * GRAVITY * rise).sqrt();
        let flight = Flight::duration(take_off_height, take_off_speed, landing_height);
        let landing_speed = GRAVITY * flight - take_off_speed;
        Self {
            take_off_height,
            take_off_speed,
            landing_speed,
            flight,
        }
    }
}

/// Crouch `depth` below standing; an error when the body cannot.
fn crouch_below(
    body: &Anthropometry,
    arms: Arms,
    standing: f64,
    depth: f64,
    phase: &'static str,
) -> Result<Key, ClipError> {
    crouch_at_height(body, arms, standing - depth).ok_or(ClipError::Unreachable {
        phase,
        time_s: 0.0,
        reason: "the body cannot crouch so deep",
    })
}

/// Adds flight, landing and recovery after a push-off that ended at [`Key::TAKE_OFF`] with `arms`. Returns the
/// repetition with its flight events and metrics.
pub(super) fn fly_and_land(
    timeline: &mut Timeline,
    body: &Anthropometry,
    rise: f64,
    landing: &Landing,
    arms: [Arms; 2],
    rest: Arms,
) -> Result<RepetitionTruth, ClipError> {
    let take_off = stand(body, &Key::TAKE_OFF, arms[0]);
    let contact_key = Key::landing(landing.flexion_deg.to_radians());
    let contact = stand(body, &contact_key, arms[1]);
    let jump = Ballistics::new(take_off.1, contact.1, rise);

    let take_off_s = timeline.duration();
    timeline.flight(
        "flight",
        Flight {
            from: take_off.0,
            to: contact.0,
            x: Key::TAKE_OFF.ahead * body.scale(),
            z: jump.take_off_height,
            speed_x: 0.0,
            speed_z: jump.take_off_speed,
            duration: jump.flight,
            style: FlightStyle::Stretched,
        },
    );
    let landing_s = timeline.duration();

    absorb(
        timeline,
        body,
        (contact_key, jump.landing_speed),
        landing,
        [arms[1], rest],
    )?;

    Ok(RepetitionTruth {
        end_s: timeline.duration(),
        ..Default::default()
    }
    .with_event("takeoff_s", take_off_s)
    .with_event("apex_s", take_off_s + jump.take_off_speed / GRAVITY)
    .with_event("landing_s", landing_s)
    .with_metric("jump_height_m", rise)
    .with_metric("flight_time_ms", 1e3 * jump.flight)
    .with_metric("flight_time_height_m", GRAVITY * jump.flight * jump.flight / 8.0)
    .with_metric("takeoff_velocity_m_s", jump.take_off_speed)
    .with_metric("landing_velocity_m_s", jump.landing_speed)
    .with_metric(
        "rise_above_standing_m",
        jump.take_off_height + rise - stand(body, &Key::STAND, rest).1,
    ))
}

/// Adds landing and recovery after a fall that ends in the posture of take-off.
pub(super) fn come_down(
    timeline: &mut Timeline,
    body: &Anthropometry,
    speed: f64,
    landing: &Landing,
    arms: Arms,
) -> Result<(), ClipError> {
    absorb(timeline, body, (Key::TAKE_OFF, speed), landing, [arms; 2])
}

/// Adds landing and recovery from a posture at first contact and the speed there. Arms at contact and at rest.
fn absorb(
    timeline: &mut Timeline,
    body: &Anthropometry,
    (contact_key, landing_speed): (Key, f64),
    landing: &Landing,
    [arms, rest]: [Arms; 2],
) -> Result<(), ClipError> {
    let landing_height = stand(body, &contact_key, arms).1;
    let standing = stand(body, &Key::STAND, rest).1;
    let low = crouch_below(body, arms, standing, landing.depth_m, "landing")?;
    let low_height = standing - landing.depth_m;
    let sink = landing_height - low_height;
    let gentle = LANDING_ACCELERATION_RECOVERY * landing.depth_m / (RECOVERY_S * RECOVERY_S);
    let bottom = State::new(low_height, 0.0, gentle.min(LANDING_ACCELERATION_G * GRAVITY));
    let touch = State::new(landing_height, -landing_speed, -GRAVITY);
    let absorb = Quintic::between(touch, bottom, LANDING_STRETCH * sink / landing_speed);
    timeline.stance(
        "landing",
        Path {
            from: contact_key,
            to: low,
        },
        Swing::none(arms),
        absorb,
    )?;
    let rise_again = Quintic::between(bottom, State::rest(standing), RECOVERY_S);
    let lower_arms = Swing {
        from: arms,
        to: rest,
        begin: 0.1,
        end: 0.9,
    };
    timeline.stance(
        "recovery",
        Path {
            from: low,
            to: Key::STAND,
        },
        lower_arms,
        rise_again,
    )?;
    Ok(())
}

/// Largest speed along a quintic in direction `sign`, m/s.
fn peak_speed(centre: &Quintic, sign: f64) -> f64 {
    centre
        .samples(2000)
        .map(|s| sign * s.velocity)
        .fold(0.0, f64::max)
}

/// Largest ground reaction force along a quintic, in body weights.
pub(super) fn peak_force(centre: &Quintic) -> f64 {
    centre
        .samples(2000)
        .map(|s| s.acceleration)
        .fold(f64::NEG_INFINITY, f64::max)
        / GRAVITY
        + 1.0
}

/// Countermovement jumps, one after the other.
pub(super) fn countermovement(body: &Anthropometry, m: &Cmj, mass: f64) -> Result<Timeline, ClipError> {
    let [rest, back, up, front] = if m.arm_swing {
        [Arms::HANGING, Arms::BACK, Arms::UP, Arms::FRONT]
    } else {
        [Arms::ON_HIPS; 4]
    };
    let standing = stand(body, &Key::STAND, rest).1;
    let bottom_key = crouch_below(body, back, standing, m.depth_m, "eccentric")?;
    let take_off_height = stand(body, &Key::TAKE_OFF, up).1;
    let gentle = BOTTOM_ACCELERATION_DESCENT * m.depth_m / (m.eccentric_s * m.eccentric_s);
    let bottom = State::new(
        standing - m.depth_m,
        0.0,
        gentle.min(BOTTOM_ACCELERATION_G * GRAVITY),
    );
    let down = Quintic::between(State::rest(standing), bottom, m.eccentric_s);
    let way_down = Path {
        from: Key::STAND,
        to: bottom_key,
    };
    let way_up = Path {
        from: bottom_key,
        to: Key::TAKE_OFF,
    };

    let mut timeline = Timeline::default();
    for i in 0..m.repetitions {
        let rise = m.height_of(i);
        let speed = (2.0 * GRAVITY * rise).sqrt();
        let push_s = m
            .concentric_s
            .unwrap_or((take_off_height - bottom.position) / (CMJ_PUSH * speed));
        let up_quintic = Quintic::between(bottom, State::new(take_off_height, speed, -GRAVITY), push_s);

        timeline.hold(body, "standing", m.lead_s, Key::STAND, rest);
        let onset = timeline.duration();
        timeline.stance(
            "eccentric",
            way_down,
            Swing {
                from: rest,
                to: back,
                begin: 0.3,
                end: 1.0,
            },
            down,
        )?;
        let lowest = timeline.duration();
        timeline.stance(
            "concentric",
            way_up,
            Swing {
                from: back,
                to: up,
                begin: 0.1,
                end: 1.0,
            },
            up_quintic,
        )?;
        let hip = timeline.lowest_hip(body, onset, timeline.duration());
        let truth = fly_and_land(&mut timeline, body, rise, &m.landing, [up, front], rest)?;
        let time_to_take_off = m.eccentric_s + push_s;
        let flight_height = truth.metric("flight_time_height_m").unwrap_or(rise);
        let hip_standing = stand(body, &Key::STAND, rest).0.pelvis[1];
        timeline.repetitions.push(
            RepetitionTruth {
                start_s: onset,
                ..truth
            }
            .with_event("onset_s", onset)
            .with_event("lowest_s", lowest)
            .with_event("hip_lowest_s", hip.0)
            .with_metric("countermovement_depth_m", m.depth_m)
            .with_metric("hip_countermovement_depth_m", hip_standing - hip.1)
            .with_metric("eccentric_duration_ms", 1e3 * m.eccentric_s)
            .with_metric("concentric_duration_ms", 1e3 * push_s)
            .with_metric("total_movement_time_ms", 1e3 * time_to_take_off)
            .with_metric("rsi_modified", flight_height / time_to_take_off)
            .with_metric("rsi_modified_com_rise", rise / time_to_take_off)
            .with_metric("peak_eccentric_velocity_m_s", peak_speed(&down, -1.0))
            .with_metric("peak_concentric_velocity_m_s", peak_speed(&up_quintic, 1.0))
            .with_metric("peak_force_n", peak_force(&up_quintic) * mass * GRAVITY),
        );
    }
    timeline.hold(body, "standing", m.tail_s, Key::STAND, rest);
    Ok(timeline)
}

/// Squat jumps: lowering, hold, push-off.
pub(super) fn squat(body: &Anthropometry, m: &SquatJump, mass: f64) -> Result<Timeline, ClipError> {
    let arms = Arms::ON_HIPS;
    let standing = stand(body, &Key::STAND, arms).1;
    let low = standing - m.depth_m;
    let squat_key = crouch_below(body, arms, standing, m.depth_m, "lowering")?;
    let take_off_height = stand(body, &Key::TAKE_OFF, arms).1;
    let speed = (2.0 * GRAVITY * m.height_m).sqrt();
    let push_s = m
        .concentric_s
        .unwrap_or((take_off_height - low) / (SQUAT_PUSH * speed));
    let down = Quintic::between(State::rest(standing), State::rest(low), m.lowering_s);
    let bottom = if m.dip_m > 0.0 {
        State::new(
            low - m.dip_m,
            0.0,
            BOTTOM_ACCELERATION_DESCENT * m.dip_m / (DIP_S * DIP_S),
        )
    } else {
        State::rest(low)
    };
    let dip_key = crouch_below(body, arms, standing, m.depth_m + m.dip_m, "dip")?;
    let dip = Quintic::between(State::rest(low), bottom, DIP_S);
    let push = Quintic::between(bottom, State::new(take_off_height, speed, -GRAVITY), push_s);
    let sunk = low
        - push
            .samples(2000)
            .map(|s| s.position)
            .fold(low - m.dip_m, f64::min);

    let mut timeline = Timeline::default();
    for _ in 0..m.repetitions {
        timeline.hold(body, "standing", m.lead_s, Key::STAND, arms);
        let start = timeline.duration();
        let (still, way_down) = (
            Swing::none(arms),
            Path {
                from: Key::STAND,
                to: squat_key,
            },
        );
        timeline.stance("lowering", way_down, still, down)?;
        let lowest = timeline.duration();
        timeline.hold(body, "hold", m.hold_s, squat_key, arms);
        if m.dip_m > 0.0 {
            let way_down = Path {
                from: squat_key,
                to: dip_key,
            };
            timeline.stance("dip", way_down, still, dip)?;
        }
        let onset = timeline.duration();
        timeline.stance(
            "concentric",
            Path {
                from: dip_key,
                to: Key::TAKE_OFF,
            },
            still,
            push,
        )?;
        let truth = fly_and_land(&mut timeline, body, m.height_m, &m.landing, [arms; 2], arms)?;
        timeline.repetitions.push(
            RepetitionTruth {
                start_s: start,
                ..truth
            }
            .with_event("onset_s", onset)
            .with_event("hold_s", lowest)
            .with_event("lowest_s", if m.dip_m > 0.0 { onset } else { lowest })
            .with_metric("squat_depth_m", m.depth_m + sunk)
            .with_metric("hidden_countermovement_m", sunk)
            .with_metric("squat_hold_duration_ms", 1e3 * (onset - lowest))
            .with_metric("concentric_duration_ms", 1e3 * push_s)
            .with_metric("peak_concentric_velocity_m_s", peak_speed(&push, 1.0))
            .with_metric("peak_force_n", peak_force(&push) * mass * GRAVITY),
        );
    }
    timeline.hold(body, "standing", m.tail_s, Key::STAND, arms);
    Ok(timeline)
}
