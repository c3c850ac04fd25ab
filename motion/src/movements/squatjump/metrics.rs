//! The numbers of a squat jump.

use crate::jump::{Course, FlightReport, Hold, MeasuredFlight, NO_SCALE};
use crate::measure::Measurements;
use crate::movements::Context;
use crate::units::{MS_PER_S, Z95};
use crate::{Grade, Metric, Quality};

/// Keys of this movement, in registry order.
pub const KEYS: &[&str] = &[
    "jump_height_m",
    "flight_time_ms",
    "takeoff_velocity_m_s",
    "jump_height_ascent_m",
    "jump_height_com_rise_m",
    "jump_height_difference_m",
    "concentric_duration_ms",
    "peak_concentric_velocity_m_s",
    "squat_depth_m",
    "squat_hold_duration_ms",
    "hidden_countermovement_m",
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
    "hip_angle_at_onset_deg",
    "knee_angle_at_onset_deg",
    "ankle_angle_at_onset_deg",
    "trunk_angle_at_onset_deg",
    "hip_angle_at_landing_deg",
    "knee_angle_at_landing_deg",
    "ankle_angle_at_landing_deg",
    "trunk_angle_at_landing_deg",
];

/// Standard deviation of the first upward motion, seconds: over 15 rendered squat jumps (`make accuracy`, seed 1).
const ONSET_DEVIATION_S: f64 = 0.045;

/// The same of the begin of the hold, beside half a frame.
const HOLD_DEVIATION_S: f64 = 0.016;

/// The pose model sees a crouch too shallow: true over measured depth, over the even-numbered of the same jumps.
const CROUCH_GAIN: f64 = 1.045;

/// Standard deviation of a height difference of the centre of mass between two postures, in statures.
const POSTURE_DEVIATION: f64 = 0.009;

/// The same between two nearly equal postures: what landmark noise leaves of a median and a minimum.
const SAME_POSTURE_DEVIATION: f64 = 0.003;

/// Relative standard deviation of a smoothed peak speed, beside the scale's.
const SPEED_DEVIATION: f64 = 0.05;

/// A dip deeper than this before the ascent is a countermovement, metres: what observers of squat jumps on force plates
/// let pass is of this size.
const HIDDEN_COUNTERMOVEMENT_M: f64 = 0.02;

/// Everything a repetition reports beside its times.
pub fn compute(
    hold: &Hold,
    flight: &MeasuredFlight,
    course: &Course,
    context: &Context<'_>,
) -> (Vec<Metric>, Vec<String>, Quality) {
    let mut m = Measurements::default();
    let report = FlightReport::new(flight, course, context, hold.onset_s, None);
    report.flight(&mut m);
    let takeoff_s = flight.contact.takeoff_s;
    let onset = ONSET_DEVIATION_S.hypot(report.interval_s / 3.0);
    m.record(
        "concentric_duration_ms",
        "com_velocity",
        MS_PER_S * (takeoff_s - hold.onset_s),
        MS_PER_S * onset.hypot(report.events.takeoff_s),
    );
    m.record(
        "squat_hold_duration_ms",
        "com_velocity",
        MS_PER_S * (hold.onset_s - hold.hold_s),
        MS_PER_S * onset.hypot(HOLD_DEVIATION_S).hypot(0.5 * report.interval_s),
    );
    if let Some(takeoff) = course.com_at(takeoff_s, report.smoothing_s()) {
        report.strength(takeoff.value - (hold.hold_px - hold.dip_px), &mut m);
    }
    report.triple_extension(hold.onset_s, &mut m);
    report.landing(&mut m);
    let dip = lengths(hold, &report, &mut m);
    for (event, t) in [
        ("takeoff", takeoff_s),
        ("onset", hold.onset_s),
        ("landing", flight.contact.landing_s),
    ] {
        report.joint_angles(event, t, KEYS, &mut m);
    }
    let mut verdict = report.judge(hold.onset_s);
    if let Some((dip, deviation)) = dip
        && dip > HIDDEN_COUNTERMOVEMENT_M.max(Z95 * deviation)
    {
        let cm = 100.0 * dip;
        verdict.at_best(
            Grade::C,
            format!(
                "the body sank {cm:.0} cm before it rose: a hidden countermovement, not a pure squat jump"
            ),
        );
    }
    let (metrics, warnings) = m.into_parts();
    (metrics, warnings, verdict.into_quality())
}

/// Depth, dip and speed; the dip in metres with its standard deviation.
fn lengths(hold: &Hold, report: &FlightReport<'_>, m: &mut Measurements) -> Option<(f64, f64)> {
    const KEYS: [&str; 3] = [
        "peak_concentric_velocity_m_s",
        "squat_depth_m",
        "hidden_countermovement_m",
    ];
    let Some(scale) = report.flight.scale else {
        for key in KEYS {
            m.withhold(key, "none", NO_SCALE);
        }
        return None;
    };
    let method = scale.source.name();
    let stature_m = report.course.stature_px / scale.px_per_m;
    let speed = hold.ascent_px_s / scale.px_per_m;
    m.record(
        KEYS[0],
        method,
        speed,
        speed * scale.relative_deviation.hypot(SPEED_DEVIATION),
    );
    match hold.standing_px {
        Some(standing) => {
            let depth =
                CROUCH_GAIN * (standing - hold.hold_px.min(hold.hold_px - hold.dip_px)) / scale.px_per_m;
            let deviation = (depth * scale.relative_deviation).hypot(POSTURE_DEVIATION * stature_m);
            m.record(KEYS[1], method, depth, deviation);
        }
        None => m.withhold(KEYS[1], method, "no standing was seen before the squat"),
    }
    let (dip, deviation) = (hold.dip_px / scale.px_per_m, SAME_POSTURE_DEVIATION * stature_m);
    m.record(KEYS[2], method, dip, deviation);
    Some((dip, deviation))
}
