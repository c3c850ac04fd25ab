//! The short time on the ground between a fall and a take-off, and its numbers.

use super::{ContactDeviation, Course, Feet, FlightReport, NO_SCALE};
use crate::measure::Measurements;
use crate::units::MS_PER_S;
use std::f64::consts::PI;

/// Half width of the window in which the lowest point is smoothed, seconds, and in frames at low rates.
const LOWEST_SMOOTHING_S: f64 = 0.04;
const SMOOTHING_FRAMES: f64 = 1.6;

/// Standard deviation of the lowest point, seconds, beside a third of a frame.
const LOWEST_DEVIATION_S: f64 = 0.008;

/// The heel is down when it is nearer to its level on flat feet than this, statures: half of its height on tiptoe.
const HEEL_DOWN: f64 = 0.02;

/// Standard deviation of how far the centre of mass sinks, in statures.
const SINK_DEVIATION: f64 = 0.008;

/// Keys of a contact, in registry order.
const CONTACT_KEYS: [&str; 6] = [
    "ground_contact_time_ms",
    "reactive_strength_index",
    "rsi_height_m_s",
    "contact_sink_m",
    "heel_contact_ms",
    "contact_stiffness_kn_m",
];

/// One contact.
#[derive(Clone, Copy, Debug)]
pub struct GroundContact {
    /// First contact, seconds.
    pub touchdown_s: f64,
    /// Last contact.
    pub takeoff_s: f64,
    /// When the centre of mass is lowest.
    pub lowest_s: f64,
    /// How far it sinks from touch-down, pixels.
    pub sink_px: f64,
    /// How long the heels are down, seconds.
    pub heel_down_s: f64,
}

impl GroundContact {
    /// Looks at a contact between two known instants; `None` without frames in it.
    pub fn trace(course: &mut Course, feet: &Feet, (touchdown_s, takeoff_s): (f64, f64)) -> Option<Self> {
        let interval = course.frame_interval(touchdown_s - 0.2, takeoff_s + 0.2)?;
        let half = LOWEST_SMOOTHING_S.max(SMOOTHING_FRAMES * interval);
        let near = course
            .between(touchdown_s, takeoff_s)
            .iter()
            .min_by(|a, b| a.com.total_cmp(&b.com))?
            .t;
        let vertex = course.com_at(near, half)?;
        let shift = if vertex.curvature > 0.0 {
            (-vertex.slope / vertex.curvature).clamp(-interval, interval)
        } else {
            0.0
        };
        let lowest_px = vertex.value + shift * (vertex.slope + 0.5 * vertex.curvature * shift);
        let at_touchdown = course.com_at(touchdown_s, half)?.value;
        let mut heel_down_s = 0.0;
        for sample in course.between(touchdown_s, takeoff_s) {
            if feet.heel_height(sample).is_some_and(|height| height < HEEL_DOWN) {
                heel_down_s += interval;
            }
        }
        let inside = 0.25 * (takeoff_s - touchdown_s);
        Some(Self {
            touchdown_s,
            takeoff_s,
            lowest_s: (near + shift).clamp(touchdown_s + inside, takeoff_s - inside),
            sink_px: (at_touchdown - lowest_px).max(0.0),
            heel_down_s,
        })
    }

    /// Contact time in seconds.
    pub fn duration_s(&self) -> f64 {
        self.takeoff_s - self.touchdown_s
    }

    /// Contact time, both forms of the reactive strength index, sinking, heels, stiffness.
    pub fn report(&self, report: &FlightReport<'_>, deviation: &ContactDeviation, m: &mut Measurements) {
        const METHOD: &str = "foot_ballistics";
        let [time, rsi, rsi_height, sink, heel, stiffness] = CONTACT_KEYS;
        let (contact_s, flight_s) = (self.duration_s(), report.flight.flight_s());
        self.sinking(sink, report, m);
        if !deviation.times_well(contact_s) {
            let reason = "the frame rate is too low to time the contact; use 60 or more";
            for key in [time, rsi, rsi_height, heel] {
                m.withhold(key, METHOD, reason);
            }
            return;
        }
        m.record(time, METHOD, MS_PER_S * contact_s, MS_PER_S * deviation.contact_s);
        let of_ratio = |exponent| deviation.of_ratio(exponent, flight_s, contact_s, &report.events);
        let (by_time, by_height) = (flight_s / contact_s, report.height_m() / contact_s);
        m.record(rsi, METHOD, by_time, by_time * of_ratio(1.0));
        m.record(rsi_height, METHOD, by_height, by_height * of_ratio(2.0));
        m.record(
            heel,
            "heel_height",
            MS_PER_S * self.heel_down_s,
            MS_PER_S * (report.interval_s + 0.01),
        );
        if let Some(mass) = report.context.athlete.mass_kg {
            let value = 1e-3 * dalleau(mass, flight_s, contact_s);
            m.record(
                stiffness,
                "dalleau",
                value,
                2.0 * value * deviation.contact_s / contact_s,
            );
        }
    }

    /// Durations before and after the lowest point.
    pub fn durations(&self, report: &FlightReport<'_>, deviation: &ContactDeviation, m: &mut Measurements) {
        const METHOD: &str = "com_velocity";
        let lowest = LOWEST_DEVIATION_S.hypot(report.interval_s / 3.0);
        for (key, duration, event) in [
            (
                "eccentric_duration_ms",
                self.lowest_s - self.touchdown_s,
                deviation.touchdown_s,
            ),
            (
                "concentric_duration_ms",
                self.takeoff_s - self.lowest_s,
                report.events.takeoff_s,
            ),
        ] {
            m.record(key, METHOD, MS_PER_S * duration, MS_PER_S * lowest.hypot(event));
        }
    }

    fn sinking(&self, key: &'static str, report: &FlightReport<'_>, m: &mut Measurements) {
        let Some(scale) = report.flight.scale else {
            return m.withhold(key, "none", NO_SCALE);
        };
        let sink = self.sink_px / scale.px_per_m;
        let stature = report.course.stature_px / scale.px_per_m;
        let deviation = (sink * scale.relative_deviation).hypot(SINK_DEVIATION * stature);
        m.record(key, scale.source.name(), sink, deviation);
    }
}

/// Stiffness of a contact in N/m from mass in kg, flight and contact time in seconds: `m·π·(T + t) / (t²·((T + t)/π − t/4))`
/// (Dalleau et al. 2004, doi:10.1055/s-2003-45252).
fn dalleau(mass_kg: f64, flight_s: f64, contact_s: f64) -> f64 {
    let period = flight_s + contact_s;
    mass_kg * PI * period / (contact_s * contact_s * (period / PI - 0.25 * contact_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_of_200_ms_contact_and_400_ms_flight_is_as_stiff_as_published_hopping() {
        // 70·π·0.6 / (0.04·(0.19099 − 0.05)), worked by hand
        let stiffness = dalleau(70.0, 0.4, 0.2);
        assert!((stiffness - 23_397.0).abs() < 50.0, "{stiffness}");
    }
}
