//! The numbers of a jump, each with its uncertainty, and the verdict on them.

use super::CmjJump;
use crate::jump::{Countermovement, Course, FlightReport, NO_SCALE};
use crate::measure::Measurements;
use crate::movements::Context;
use crate::units::MS_PER_S;
use crate::{Grade, Metric, Quality};

/// Keys of this movement, in registry order.
pub const KEYS: &[&str] = &[
    "jump_height_m",
    "flight_time_ms",
    "takeoff_velocity_m_s",
    "jump_height_ascent_m",
    "jump_height_com_rise_m",
    "jump_height_difference_m",
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
    "push_off_distance_m",
    "triple_extension_deg",
    "net_impulse_n_s",
    "peak_power_w",
    "peak_power_harman_w",
    "mean_power_harman_w",
    "mean_force_samozino_n",
    "mean_velocity_samozino_m_s",
    "mean_power_samozino_w",
    "landing_depth_m",
    "landing_stiffness_kn_m",
    "takeoff_lag_ms",
    "landing_lag_ms",
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

/// Standard deviation of the onset, seconds. Over 42 rendered jumps nobody passed behind (`make accuracy`, seed 1) it is 22 ms at 60
/// frames per second and more and 28 ms at 30; bodies that stir less smoothly than the synthetic athlete are allowed for.
const ONSET_DEVIATION_S: f64 = 0.04;

/// Standard deviation of the lowest point, seconds, beside a third of a frame: the smoothed curve is flat there.
const LOWEST_DEVIATION_S: f64 = 0.012;

/// Standard deviation of the instant of fastest descent, seconds.
const FASTEST_DEVIATION_S: f64 = 0.03;

/// Standard deviation of a height difference of the centre of mass between two postures, in statures.
const POSTURE_DEVIATION: f64 = 0.008;

/// The pose model sees a crouch too shallow, also where joint centres give its depth within 2 %: true over measured depth,
/// mean over rendered jumps of 22–40 cm depth measured with BlazePose full.
const CROUCH_GAIN: f64 = 1.085;

/// Smoothing and the pose model blunt the fastest ascent: true over measured speed, mean over 63 rendered jumps at 60 frames
/// per second and more (`make accuracy`, seed 1).
const ASCENT_GAIN: f64 = 1.045;

/// Landmark noise sharpens the fastest descent: true over measured speed on rendered jumps.
const DESCENT_GAIN: f64 = 0.95;

/// Relative standard deviations of the fastest descent and ascent, beside the scale's.
const DESCENT_DEVIATION: f64 = 0.085;
const ASCENT_DEVIATION: f64 = 0.06;

/// Slower than this, times of two or three frames cannot be told, seconds per frame.
const MAX_INTERVAL_FOR_TRANSITION_S: f64 = 1.0 / 48.0;

/// Everything a repetition reports beside its times.
pub fn compute(
    jump: &CmjJump,
    course: &Course,
    context: &Context<'_>,
) -> (Vec<Metric>, Vec<String>, Quality) {
    let mut m = Measurements::default();
    let t = &jump.approach;
    let report = FlightReport::new(
        &jump.flight,
        course,
        context,
        t.onset_s,
        t.standing_s.map(|from| (from, t.onset_s)),
    );
    report.flight(&mut m);
    rsi_modified(t, &report, &mut m);
    timing(t, &report, &mut m);
    lengths(t, &report, &mut m);
    let at_takeoff = course.com_at(jump.flight.contact.takeoff_s, report.smoothing_s());
    if let Some(takeoff) = at_takeoff {
        report.strength(takeoff.value - t.lowest_px, &mut m);
    }
    report.triple_extension(t.lowest_s, &mut m);
    report.landing(&mut m);
    for (event, t) in [
        ("takeoff", jump.flight.contact.takeoff_s),
        ("lowest", t.lowest_s),
        ("landing", jump.flight.contact.landing_s),
    ] {
        report.joint_angles(event, t, KEYS, &mut m);
    }
    let mut verdict = report.judge(t.lowest_s);
    if t.standing_s.is_none() {
        verdict.at_best(
            Grade::B,
            "no quiet standing before the jump: stand still for a second",
        );
    }
    let (metrics, mut warnings) = m.into_parts();
    if !t.onset_seen {
        warnings.push(
            "the beginning of the movement was not seen; durations count from the first frame".to_owned(),
        );
    }
    (metrics, warnings, verdict.into_quality())
}

fn rsi_modified(t: &Countermovement, report: &FlightReport<'_>, m: &mut Measurements) {
    const KEY: &str = "rsi_modified";
    const METHOD: &str = "flight_time";
    if !t.onset_seen {
        return m.withhold(KEY, METHOD, "the beginning of the movement was not seen");
    }
    let to_takeoff = report.flight.contact.takeoff_s - t.onset_s;
    let height = report.height_m();
    let relative = (report.height_deviation_m() / height).hypot(ONSET_DEVIATION_S / to_takeoff);
    m.record(KEY, METHOD, height / to_takeoff, height / to_takeoff * relative);
}

fn timing(t: &Countermovement, report: &FlightReport<'_>, m: &mut Measurements) {
    const METHOD: &str = "com_velocity";
    let (events, interval) = (&report.events, report.interval_s);
    let lowest = LOWEST_DEVIATION_S.hypot(interval / 3.0);
    let takeoff_s = report.flight.contact.takeoff_s;
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

fn lengths(t: &Countermovement, report: &FlightReport<'_>, m: &mut Measurements) {
    const KEYS: [&str; 4] = [
        "jump_height_above_standing_m",
        "countermovement_depth_m",
        "peak_eccentric_velocity_m_s",
        "peak_concentric_velocity_m_s",
    ];
    let Some(scale) = report.flight.scale else {
        for key in KEYS {
            m.withhold(key, "none", NO_SCALE);
        }
        return;
    };
    let method = scale.source.name();
    let posture_px = POSTURE_DEVIATION * report.course.stature_px;
    let mut length = |key, px: f64, deviation_px: f64| {
        let metres = px / scale.px_per_m;
        m.record(
            key,
            method,
            metres,
            (metres * scale.relative_deviation).hypot(deviation_px / scale.px_per_m),
        );
    };
    if t.standing_s.is_some() {
        length(
            "jump_height_above_standing_m",
            report.flight.gravity.apex_px - t.standing_px,
            posture_px,
        );
    }
    length(
        "countermovement_depth_m",
        CROUCH_GAIN * (t.standing_px - t.lowest_px),
        posture_px,
    );
    let speed = |px_s: f64, deviation: f64| {
        let value = px_s / scale.px_per_m;
        (value, value * scale.relative_deviation.hypot(deviation))
    };
    let down = speed(DESCENT_GAIN * t.descent_px_s, DESCENT_DEVIATION);
    let up = speed(ASCENT_GAIN * t.ascent_px_s, ASCENT_DEVIATION);
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
