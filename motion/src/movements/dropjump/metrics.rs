//! The numbers of a drop jump.

use super::Drop;
use crate::jump::{ContactDeviation, ContactHeight, Course, FlightReport, NO_SCALE};
use crate::measure::Measurements;
use crate::movements::Context;
use crate::{Grade, Metric, Quality};

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

/// Who steps off a box towards or away from the camera seems to fall less or more: standard deviation of the level of the
/// feet and of the height of the centre of mass, metres per sine of the yaw, over rendered drop jumps.
const OBLIQUE_LEVEL_M: f64 = 0.25;
const OBLIQUE_HEIGHT_M: f64 = 0.12;

/// How well somebody knows the height of a box, metres.
const GIVEN_DEVIATION_M: f64 = 0.005;

/// Standard deviation of a height difference of the centre of mass between two postures, in statures.
const POSTURE_DEVIATION: f64 = 0.012;

/// A box that looks higher or lower than said by more than this part is another box.
const MAX_BOX_DIFFERENCE: f64 = 0.3;

/// Relative standard deviation of the speed of a fall read over its last part.
const FALL_SPEED_DEVIATION: f64 = 0.05;

/// Everything a repetition reports beside its times.
pub fn compute(jump: &Drop, course: &Course, context: &Context<'_>) -> (Vec<Metric>, Vec<String>, Quality) {
    let mut m = Measurements::default();
    let contact = &jump.contact;
    let report = FlightReport::new(
        &jump.flight,
        course,
        context,
        contact.touchdown_s,
        Some(jump.on_box_s),
    );
    let deviation = ContactDeviation::new(
        (jump.touchdown.spread_s, jump.touchdown.frames),
        report.interval_s,
        ContactHeight::DROP_TOUCHDOWN.deviation / jump.touchdown.speed,
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
    let mut verdict = report.judge(jump.dropoff_s);
    if let (Some(given), Some(scale)) = (context.setup.box_height_m, jump.flight.scale) {
        let seen = jump.box_px / scale.px_per_m;
        if (seen - given).abs() > MAX_BOX_DIFFERENCE * given {
            verdict.at_best(
                Grade::C,
                format!(
                    "the box looks {:.0} cm high, not the {:.0} cm given",
                    100.0 * seen,
                    100.0 * given
                ),
            );
        }
    }
    (metrics, warnings, verdict.into_quality())
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
    let oblique = report.view.yaw.map_or(0.0, |yaw| yaw.deg.to_radians().sin());
    for (key, px, own, of_yaw) in [
        (KEYS[0], jump.box_px, LEVEL_DEVIATION, OBLIQUE_LEVEL_M),
        (KEYS[1], jump.fall_px, POSTURE_DEVIATION, OBLIQUE_HEIGHT_M),
    ] {
        let metres = px / scale.px_per_m;
        let deviation = (metres * scale.relative_deviation)
            .hypot(own * stature_m)
            .hypot(of_yaw * oblique);
        match report.context.setup.box_height_m.filter(|_| key == KEYS[0]) {
            Some(given) => m.record(key, "given", given, GIVEN_DEVIATION_M),
            None => m.record(key, scale.source.name(), metres, deviation),
        }
    }
    let speed = jump.touchdown.speed * stature_m;
    m.record(
        KEYS[2],
        scale.source.name(),
        speed,
        speed * scale.relative_deviation.hypot(FALL_SPEED_DEVIATION),
    );
}
