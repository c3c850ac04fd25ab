//! The numbers of a drop jump.

use super::Drop;
use crate::jump::{ContactDeviation, Course, FlightReport, NO_SCALE};
use crate::measure::Measurements;
use crate::movements::Context;
use crate::{Metric, Quality};

/// Keys of this movement, in registry order.
pub const KEYS: &[&str] = &[
    "jump_height_m",
    "flight_time_ms",
    "takeoff_velocity_m_s",
    "jump_height_ascent_m",
    "jump_height_com_rise_m",
    "jump_height_difference_m",
    "eccentric_duration_ms",
    "concentric_duration_ms",
    "ground_contact_time_ms",
    "reactive_strength_index",
    "rsi_height_m_s",
    "contact_sink_m",
    "heel_contact_ms",
    "contact_stiffness_kn_m",
    "box_height_m",
    "drop_height_m",
    "touchdown_velocity_m_s",
    "triple_extension_deg",
    "landing_depth_m",
    "landing_stiffness_kn_m",
    "takeoff_lag_ms",
    "landing_lag_ms",
    "hip_angle_at_touchdown_deg",
    "knee_angle_at_touchdown_deg",
    "ankle_angle_at_touchdown_deg",
    "trunk_angle_at_touchdown_deg",
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

/// Standard deviation of the level of the feet against another level, in statures.
const LEVEL_DEVIATION: f64 = 0.008;

/// Standard deviation of a height difference of the centre of mass between two postures, in statures.
const POSTURE_DEVIATION: f64 = 0.012;

/// Relative standard deviation of the speed of a fall read over its last part.
const FALL_SPEED_DEVIATION: f64 = 0.05;

/// Everything a repetition reports beside its times.
pub fn compute(jump: &Drop, course: &Course, context: &Context<'_>) -> (Vec<Metric>, Vec<String>, Quality) {
    let mut m = Measurements::default();
    let contact = &jump.contact;
    let report = FlightReport::new(&jump.flight, course, context, contact.touchdown_s);
    let deviation = ContactDeviation::new(
        (jump.touchdown.spread_s, jump.touchdown.frames),
        report.interval_s,
        jump.touchdown.speed,
        &report.events,
    );
    report.flight(&mut m);
    contact.report(&report, &deviation, &mut m);
    contact.durations(&report, &deviation, &mut m);
    drop_heights(jump, &report, &mut m);
    report.triple_extension(contact.lowest_s, &mut m);
    report.landing(&mut m);
    for (event, t) in [
        ("touchdown", contact.touchdown_s),
        ("takeoff", contact.takeoff_s),
        ("lowest", contact.lowest_s),
        ("landing", jump.flight.contact.landing_s),
    ] {
        report.joint_angles(event, t, KEYS, &mut m);
    }
    let (metrics, warnings) = m.into_parts();
    (metrics, warnings, report.judge(jump.dropoff_s).into_quality())
}

/// How high the box is, how far the body really fell, and how fast it arrived.
fn drop_heights(jump: &Drop, report: &FlightReport<'_>, m: &mut Measurements) {
    const KEYS: [&str; 3] = ["box_height_m", "drop_height_m", "touchdown_velocity_m_s"];
    let Some(scale) = jump.flight.scale else {
        for key in KEYS {
            m.withhold(key, "none", NO_SCALE);
        }
        return;
    };
    let stature_m = report.course.stature_px / scale.px_per_m;
    for (key, px, own) in [
        (KEYS[0], jump.box_px, LEVEL_DEVIATION),
        (KEYS[1], jump.fall_px, POSTURE_DEVIATION),
    ] {
        let metres = px / scale.px_per_m;
        let deviation = (metres * scale.relative_deviation).hypot(own * stature_m);
        m.record(key, scale.source.name(), metres, deviation);
    }
    let speed = jump.touchdown.speed * stature_m;
    m.record(
        KEYS[2],
        scale.source.name(),
        speed,
        speed * scale.relative_deviation.hypot(FALL_SPEED_DEVIATION),
    );
}
