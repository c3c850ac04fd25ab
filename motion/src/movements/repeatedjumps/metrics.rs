//! The numbers of a rebound and of the series it belongs to.

use super::Rebound;
use super::series::{BEST, Series};
use crate::jump::{ContactDeviation, Course, FlightReport};
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
    "series_jumps",
    "series_fast_contacts",
    "best_five_rsi",
    "best_five_rsi_sd",
    "rsi_drift_percent",
    "series_power_w_kg",
    "triple_extension_deg",
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
];

/// Everything a repetition reports beside its times.
pub fn compute(
    rebound: &Rebound,
    series: &Series,
    course: &Course,
    context: &Context<'_>,
) -> (Vec<Metric>, Vec<String>, Quality) {
    let mut m = Measurements::default();
    let contact = &rebound.contact;
    let report = FlightReport::new(&rebound.flight, course, context, contact.touchdown_s, None);
    let touchdown = &rebound.touchdown;
    let deviation = ContactDeviation::new(
        touchdown.spread,
        report.interval_s,
        rebound.flight.feet.at_contact.deviation / touchdown.speed,
        &report.events,
    );
    report.flight(&mut m);
    contact.report(&report, &deviation, &mut m);
    contact.durations(&report, &deviation, &mut m);
    report.triple_extension(contact.lowest_s, &mut m);
    if deviation.times_well(contact.duration_s()) {
        let (contact_s, flight_s) = (contact.duration_s(), rebound.flight.flight_s());
        let relative = deviation.of_ratio(1.0, flight_s, contact_s, &report.events);
        numbers_of(series, relative, &mut m);
    }
    for (event, t) in [
        ("touchdown", contact.touchdown_s),
        ("takeoff", contact.takeoff_s),
        ("lowest", contact.lowest_s),
    ] {
        report.joint_angles(event, t, KEYS, &mut m);
    }
    let (metrics, warnings) = m.into_parts();
    (
        metrics,
        warnings,
        report.judge(contact.touchdown_s).into_quality(),
    )
}

/// The series so far. `relative` is the relative standard deviation of one reactive strength index; half of its variance is
/// taken to be common to the series, because the same feet are seen by the same model.
fn numbers_of(series: &Series, relative: f64, m: &mut Measurements) {
    const METHOD: &str = "series";
    let of_mean = |n: usize| relative * (0.5 + 0.5 / n as f64).sqrt();
    let count = series.count();
    m.record("series_jumps", METHOD, count as f64, 0.0);
    m.record(
        "series_power_w_kg",
        METHOD,
        series.power_w_kg(),
        series.power_w_kg() * of_mean(count),
    );
    let Some((mean, sd)) = series.best_five() else {
        return;
    };
    m.record("series_fast_contacts", METHOD, series.fast_contacts() as f64, 0.5);
    m.record("best_five_rsi", METHOD, mean, mean * of_mean(BEST));
    let single = mean * relative * 0.5f64.sqrt();
    m.record(
        "best_five_rsi_sd",
        METHOD,
        sd,
        single / (2.0 * (BEST - 1) as f64).sqrt(),
    );
    if let Some(drift) = series.drift_percent() {
        let n = count as f64;
        // variance of a slope over n evenly spaced samples is 12·σ²/n³
        let deviation = 100.0 * relative * 0.5f64.sqrt() * (12.0 / n.powi(3)).sqrt();
        m.record("rsi_drift_percent", METHOD, drift, deviation);
    }
}
