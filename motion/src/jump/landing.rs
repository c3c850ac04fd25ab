//! How a jump is landed: depth, stiffness, and whether both feet leave and arrive together.

use super::contact::Contact;
use super::{FlightReport, NO_SCALE};
use crate::measure::Measurements;
use crate::units::{GRAVITY, MS_PER_S};

/// The lowest point is taken as seen when it lies at least this long before the last frame, seconds.
const SEEN_AFTER_S: f64 = 0.02;

/// Standard deviation of how far the centre of mass sinks, in statures.
const SINK_DEVIATION: f64 = 0.012;

/// A foot is timed alone when its weight is at least this: it is about as well seen as the other.
const TIMED_ALONE: f64 = 0.25;

/// Standard deviation of the difference of two feet's instants that stays with the pose model, seconds: rendered jumps on
/// both feet at once show it.
const BETWEEN_FEET_DEVIATION_S: f64 = 0.012;

impl FlightReport<'_> {
    /// Depth and stiffness of the landing, lag between the feet.
    pub fn landing(&self, m: &mut Measurements) {
        self.landing_depth(m);
        self.lag("takeoff_lag_ms", |contact| contact.takeoff_s, m);
        self.lag("landing_lag_ms", |contact| contact.landing_s, m);
    }

    fn landing_depth(&self, m: &mut Measurements) {
        const DEPTH: &str = "landing_depth_m";
        const STIFFNESS: &str = "landing_stiffness_kn_m";
        let landing_s = self.flight.contact.landing_s;
        let Some(scale) = self.flight.scale else {
            return m.withhold(DEPTH, "none", NO_SCALE);
        };
        let method = scale.source.name();
        let last = self.course.samples().last().map_or(landing_s, |s| s.t);
        let at = |t| self.course.com_at(t, self.smoothing_s()).map(|fit| fit.value);
        let sink = (last > self.flight.end_s + SEEN_AFTER_S)
            .then(|| at(landing_s).zip(at(self.flight.end_s)))
            .flatten()
            .map(|(touch, low)| (touch - low) / scale.px_per_m)
            .filter(|sink| *sink > 0.0);
        let Some(sink) = sink else {
            let reason = "the body still sank when the result was due";
            return m.withhold(DEPTH, method, reason);
        };
        let stature = self.course.stature_px / scale.px_per_m;
        let deviation = (sink * scale.relative_deviation).hypot(SINK_DEVIATION * stature);
        m.record(DEPTH, method, sink, deviation);
        if let Some(mass) = self.context.athlete.mass_kg {
            let velocity = 0.5 * GRAVITY * self.flight.flight_s();
            let value = 1e-3 * landing_stiffness(mass, velocity, sink);
            m.record(STIFFNESS, "energy", value, 2.0 * value * deviation / sink);
        }
    }

    /// Left foot's instant less the right one's.
    fn lag(&self, key: &'static str, of: fn(&Contact) -> f64, m: &mut Measurements) {
        const METHOD: &str = "foot_ballistics";
        let feet = &self.flight.feet;
        if feet.weights().iter().any(|weight| *weight < TIMED_ALONE) {
            let reason = "one foot is hidden behind the other; film from the front";
            return m.withhold(key, METHOD, reason);
        }
        let gravity = GRAVITY * self.flight.px_per_m / self.course.stature_px;
        let [left, right] = [0, 1].map(|side| {
            self.flight
                .contact
                .of_one_foot(self.course, &feet.only(side), gravity)
        });
        match left.zip(right) {
            Some((left, right)) => {
                let deviation = BETWEEN_FEET_DEVIATION_S.hypot(0.25 * self.interval_s);
                m.record(
                    key,
                    METHOD,
                    MS_PER_S * (of(&left) - of(&right)),
                    MS_PER_S * deviation,
                );
            }
            None => m.withhold(key, METHOD, "too few frames beside the event"),
        }
    }
}

/// Stiffness in N/m of a spring that stops a body of this mass, arriving at this speed, over this distance:
/// `m·(v² + 2·g·d)/d²`, from the balance of energy.
fn landing_stiffness(mass_kg: f64, velocity_m_s: f64, sink_m: f64) -> f64 {
    mass_kg * (velocity_m_s.powi(2) + 2.0 * GRAVITY * sink_m) / sink_m.powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spring_that_stops_a_fall_has_taken_up_its_energy() {
        let (mass, velocity, sink) = (70.0, 2.6, 0.25);
        let stiffness = landing_stiffness(mass, velocity, sink);
        let energy = 0.5 * mass * velocity * velocity + mass * GRAVITY * sink;
        assert!((0.5 * stiffness * sink * sink - energy).abs() < 1e-9);
    }
}
