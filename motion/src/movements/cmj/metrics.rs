//! The numbers of a jump, each with its uncertainty, and the verdict on them.

use super::angles;
use super::jump::CmjJump;
use crate::jump::Course;
use crate::measure::{Measurements, Verdict};
use crate::movements::Context;
use crate::scale::{DISAGREEMENT, ScaleSource};
use crate::uncertainty::EventDeviation;
use crate::units::{GRAVITY, MS_PER_S, Z95, height_from_flight_time};
use crate::{Grade, Metric, Quality};

/// Keys of this movement, in registry order.
pub const KEYS: &[&str] = &[
    "jump_height_m",
    "flight_time_ms",
    "takeoff_velocity_m_s",
    "jump_height_ascent_m",
    "jump_height_com_rise_m",
    "jump_height_above_standing_m",
    "countermovement_depth_m",
    "eccentric_duration_ms",
    "unweighting_duration_ms",
    "braking_duration_ms",
    "concentric_duration_ms",
    "total_movement_time_ms",
    "transition_time_ms",
    "peak_eccentric_velocity_m_s",
    "peak_concentric_velocity_m_s",
    "rsi_modified",
    "hip_angle_at_takeoff_deg",
    "knee_angle_at_takeoff_deg",
    "ankle_angle_at_takeoff_deg",
    "trunk_angle_at_takeoff_deg",
    "hip_angle_at_lowest_deg",
    "knee_angle_at_lowest_deg",
    "ankle_angle_at_lowest_deg",
    "trunk_angle_at_lowest_deg",
    "hip_angle_at_landing_deg",
    "knee_angle_at_landing_deg",
    "ankle_angle_at_landing_deg",
    "trunk_angle_at_landing_deg",
];

/// Standard deviation of the onset, seconds: how early a body's first stir shows over landmark noise.
const ONSET_DEVIATION_S: f64 = 0.065;

/// Standard deviation of the lowest point, seconds, beside a third of a frame: the smoothed curve is flat there.
const LOWEST_DEVIATION_S: f64 = 0.012;

/// Standard deviation of the instant of fastest descent, seconds.
const FASTEST_DEVIATION_S: f64 = 0.03;

/// Standard deviation of a height difference of the centre of mass between two postures, in statures.
const POSTURE_DEVIATION: f64 = 0.008;

/// The pose model sees a crouch too shallow, also where joint centres give its depth within 2 %: true over measured depth,
/// mean over rendered jumps of 22–40 cm depth measured with BlazePose full.
const CROUCH_GAIN: f64 = 1.085;

/// Smoothing and the pose model blunt the fastest ascent: true over measured speed on the same jumps.
const ASCENT_GAIN: f64 = 1.08;

/// Relative standard deviation of a smoothed peak speed, beside the scale's.
const SPEED_DEVIATION: f64 = 0.05;

/// Standard deviation of a joint angle in the picture plane, degrees (single-camera trackers: 4–7°).
const ANGLE_DEVIATION_DEG: f64 = 5.0;

/// The ankle's is larger: the pose model under-follows plantar flexion.
const ANKLE_DEVIATION_DEG: f64 = 9.0;

/// Slower than this, times of two or three frames cannot be told, seconds per frame.
const MAX_INTERVAL_FOR_TRANSITION_S: f64 = 1.0 / 48.0;

/// From this frame interval on the flight time is coarse, seconds per frame.
const COARSE_INTERVAL_S: f64 = 1.0 / 45.0;

/// Missing frames around the events longer than this degrade the result, seconds.
const MAX_GAP_S: f64 = 0.1;

/// A foot weight under which neither foot is well seen.
const POOR_FOOT_WEIGHT: f64 = 0.35;

/// Everything a repetition reports beside its times.
pub fn compute(
    jump: &CmjJump,
    course: &Course,
    context: &Context<'_>,
) -> (Vec<Metric>, Vec<String>, Quality) {
    let mut m = Measurements::default();
    let interval = frame_interval(course, jump);
    let stature_m = course.stature_px / jump.px_per_m;
    let events = EventDeviation::new(
        &jump.contact,
        interval,
        0.5 * GRAVITY * jump.flight_s() / stature_m,
    );
    flight(jump, &events, &mut m);
    timing(jump, &events, interval, &mut m);
    lengths(jump, course, &events, &mut m);
    for (event, t) in [
        ("takeoff", jump.contact.takeoff_s),
        ("lowest", jump.timeline.lowest_s),
        ("landing", jump.contact.landing_s),
    ] {
        joint_angles(event, t, context, interval, &mut m);
    }
    let verdict = judge(jump, course, interval, &events);
    let (metrics, mut warnings) = m.into_parts();
    if !jump.timeline.onset_seen {
        warnings.push(
            "the beginning of the movement was not seen; durations count from the first frame".to_owned(),
        );
    }
    (metrics, warnings, verdict.into_quality())
}

/// Rise during an ascent of this many seconds: `½·g·t²`.
fn ascent_height(ascent_s: f64) -> f64 {
    0.5 * GRAVITY * ascent_s * ascent_s
}

fn frame_interval(course: &Course, jump: &CmjJump) -> f64 {
    let n = course.between(jump.timeline.onset_s, jump.end_s).len();
    if n > 1 {
        (jump.end_s - jump.timeline.onset_s) / (n - 1) as f64
    } else {
        1.0
    }
}

fn flight(jump: &CmjJump, events: &EventDeviation, m: &mut Measurements) {
    const METHOD: &str = "flight_time";
    let flight_s = jump.flight_s();
    let height = height_from_flight_time(flight_s);
    m.record(
        "jump_height_m",
        METHOD,
        height,
        0.25 * GRAVITY * flight_s * events.flight_s,
    );
    let ascent_s = jump.ascent_s();
    let ascent_deviation = GRAVITY * ascent_s * events.ascent_s;
    m.record(
        "jump_height_ascent_m",
        "ascent_time",
        ascent_height(ascent_s),
        ascent_deviation,
    );
    m.record(
        "flight_time_ms",
        "foot_ballistics",
        MS_PER_S * flight_s,
        MS_PER_S * events.flight_s,
    );
    m.record(
        "takeoff_velocity_m_s",
        METHOD,
        0.5 * GRAVITY * flight_s,
        0.5 * GRAVITY * events.flight_s,
    );
    let to_takeoff = jump.contact.takeoff_s - jump.timeline.onset_s;
    let relative = (2.0 * events.flight_s / flight_s).hypot(ONSET_DEVIATION_S / to_takeoff);
    if jump.timeline.onset_seen {
        m.record(
            "rsi_modified",
            METHOD,
            height / to_takeoff,
            height / to_takeoff * relative,
        );
    } else {
        m.withhold(
            "rsi_modified",
            METHOD,
            "the beginning of the movement was not seen",
        );
    }
}

fn timing(jump: &CmjJump, events: &EventDeviation, interval: f64, m: &mut Measurements) {
    const METHOD: &str = "com_velocity";
    let t = &jump.timeline;
    let lowest = LOWEST_DEVIATION_S.hypot(interval / 3.0);
    let takeoff_s = jump.contact.takeoff_s;
    let mut duration = |key, from: f64, to: f64, a: f64, b: f64| {
        m.record(key, METHOD, MS_PER_S * (to - from), MS_PER_S * a.hypot(b));
    };
    duration(
        "concentric_duration_ms",
        t.lowest_s,
        takeoff_s,
        lowest,
        events.takeoff_s,
    );
    duration(
        "braking_duration_ms",
        t.fastest_descent_s,
        t.lowest_s,
        FASTEST_DEVIATION_S,
        lowest,
    );
    if t.onset_seen {
        duration(
            "eccentric_duration_ms",
            t.onset_s,
            t.lowest_s,
            ONSET_DEVIATION_S,
            lowest,
        );
        duration(
            "unweighting_duration_ms",
            t.onset_s,
            t.fastest_descent_s,
            ONSET_DEVIATION_S,
            FASTEST_DEVIATION_S,
        );
        duration(
            "total_movement_time_ms",
            t.onset_s,
            takeoff_s,
            ONSET_DEVIATION_S,
            events.takeoff_s,
        );
    } else {
        for key in [
            "eccentric_duration_ms",
            "unweighting_duration_ms",
            "total_movement_time_ms",
        ] {
            m.withhold(key, METHOD, "the beginning of the movement was not seen");
        }
    }
    if interval < MAX_INTERVAL_FOR_TRANSITION_S {
        m.record(
            "transition_time_ms",
            METHOD,
            MS_PER_S * t.pause_s,
            MS_PER_S * lowest,
        );
    } else {
        m.withhold(
            "transition_time_ms",
            METHOD,
            "the frame rate is too low; 50 frames per second are needed",
        );
    }
}

fn lengths(jump: &CmjJump, course: &Course, events: &EventDeviation, m: &mut Measurements) {
    const KEYS: [&str; 5] = [
        "jump_height_com_rise_m",
        "jump_height_above_standing_m",
        "countermovement_depth_m",
        "peak_eccentric_velocity_m_s",
        "peak_concentric_velocity_m_s",
    ];
    let Some(scale) = jump.scale else {
        for key in KEYS {
            m.withhold(key, "none", "there is no scale; give the athlete's height");
        }
        return;
    };
    let method = scale.source.name();
    let t = &jump.timeline;
    let posture_px = POSTURE_DEVIATION * course.stature_px;
    let mut length = |key, px: f64, deviation_px: f64| {
        let metres = px / scale.px_per_m;
        m.record(
            key,
            method,
            metres,
            (metres * scale.relative_deviation).hypot(deviation_px / scale.px_per_m),
        );
    };
    if scale.source == ScaleSource::AthleteHeight {
        let rise_px = jump.com_rise_px();
        let timing = 2.0 * events.ascent_s / jump.ascent_s();
        length(
            "jump_height_com_rise_m",
            rise_px,
            rise_px * timing.hypot(jump.gravity.relative_deviation),
        );
    }
    if t.standing_s.is_some() {
        length(
            "jump_height_above_standing_m",
            jump.gravity.apex_px - t.standing_px,
            posture_px,
        );
    }
    length(
        "countermovement_depth_m",
        CROUCH_GAIN * (t.standing_px - t.lowest_px),
        posture_px,
    );
    let speed = |px_s: f64| {
        let value = px_s / scale.px_per_m;
        (value, value * scale.relative_deviation.hypot(SPEED_DEVIATION))
    };
    let (down, up) = (speed(t.descent_px_s), speed(ASCENT_GAIN * t.ascent_px_s));
    if scale.source != ScaleSource::AthleteHeight {
        let reason = "a scale from the flight would only repeat the ascent time; give the athlete's height";
        m.withhold("jump_height_com_rise_m", method, reason);
    }
    if t.standing_s.is_none() {
        m.withhold(
            "jump_height_above_standing_m",
            method,
            "no standing was seen before the jump",
        );
    }
    m.record("peak_eccentric_velocity_m_s", method, down.0, down.1);
    m.record("peak_concentric_velocity_m_s", method, up.0, up.1);
}

fn joint_angles(event: &str, t: f64, context: &Context<'_>, interval: f64, m: &mut Measurements) {
    const METHOD: &str = "picture_plane";
    let found = angles::at(context.history, t, interval);
    for &key in KEYS
        .iter()
        .filter(|key| key.ends_with("_deg") && key.contains(event))
    {
        match found {
            Some(a) if key.starts_with("hip") => m.record(key, METHOD, a.hip, ANGLE_DEVIATION_DEG),
            Some(a) if key.starts_with("knee") => m.record(key, METHOD, a.knee, ANGLE_DEVIATION_DEG),
            Some(a) if key.starts_with("ankle") => m.record(key, METHOD, a.ankle, ANKLE_DEVIATION_DEG),
            Some(a) => m.record(key, METHOD, a.trunk, ANGLE_DEVIATION_DEG),
            None => m.withhold(key, METHOD, "the joints were not seen well enough"),
        }
    }
}

fn judge(jump: &CmjJump, course: &Course, interval: f64, events: &EventDeviation) -> Verdict {
    let mut verdict = Verdict::default();
    if interval > COARSE_INTERVAL_S {
        let rate = (1.0 / interval).round();
        verdict.at_best(Grade::B, format!("{rate} frames per second: use 60 or more"));
    }
    if jump.feet.weights().into_iter().fold(0.0, f64::max) < POOR_FOOT_WEIGHT {
        verdict.at_best(
            Grade::C,
            "the feet are hardly visible: show them whole and light them",
        );
    }
    if course.longest_gap(jump.timeline.lowest_s, jump.end_s) > MAX_GAP_S.max(2.5 * interval) {
        verdict.at_best(Grade::C, "the body was lost for some frames during the jump");
    }
    if jump.timeline.standing_s.is_none() {
        verdict.at_best(
            Grade::B,
            "no quiet standing before the jump: stand still for a second",
        );
    }
    let (by_flight, by_ascent) = (
        height_from_flight_time(jump.flight_s()),
        ascent_height(jump.ascent_s()),
    );
    let spread = GRAVITY * jump.ascent_s() * events.ascent_s;
    if (by_flight - by_ascent).abs() > Z95 * spread {
        verdict.at_best(
            Grade::B,
            "height estimates disagree: the body landed in another posture than it took off",
        );
    }
    if let Some(scale) = jump.scale.filter(|s| s.source == ScaleSource::AthleteHeight) {
        let ratio = jump.gravity.px_per_m / scale.px_per_m - 1.0;
        if ratio.abs() > DISAGREEMENT.max(Z95 * jump.gravity.relative_deviation) {
            verdict.at_best(
                Grade::C,
                "the athlete's height and the fall of the body give different scales",
            );
        }
    }
    verdict
}
