//! What body mass adds to a jump: impulse, force, power. Power from regressions of height and mass is an estimate and
//! labelled so; it must not be correlated with height (Linthorne 2021, doi:10.1080/14763141.2020.1721737).

use super::FlightReport;
use crate::measure::Measurements;
use crate::units::GRAVITY;

/// Relative standard deviation of power from the regressions of Sayers and Harman: they are off by up to 20 % in other
/// populations (Canavan & Vescovi 2004, doi:10.1249/01.MSS.0000139802.96395.AC).
const REGRESSION_DEVIATION: f64 = 0.10;

/// The same of Samozino's model against force plates: below 3 %.
const SAMOZINO_DEVIATION: f64 = 0.03;

/// Standard deviation of the push-off distance read from the centre of mass, in statures.
const PUSH_OFF_DEVIATION: f64 = 0.015;

/// Keys in registry order.
#[cfg(test)]
const KEYS: [&str; 8] = [
    "push_off_distance_m",
    "net_impulse_n_s",
    "peak_power_w",
    "peak_power_harman_w",
    "mean_power_harman_w",
    "mean_force_samozino_n",
    "mean_velocity_samozino_m_s",
    "mean_power_samozino_w",
];

/// Mean force in newtons, mean velocity in m/s of a push-off over `distance_m` that ends in a jump of `height_m` (Samozino et
/// al. 2008, doi:10.1016/j.jbiomech.2008.07.028).
fn samozino(mass_kg: f64, height_m: f64, distance_m: f64) -> (f64, f64) {
    let force = mass_kg * GRAVITY * (height_m / distance_m + 1.0);
    (force, (0.5 * GRAVITY * height_m).sqrt())
}

/// Peak power in watts (Sayers et al. 1999, doi:10.1097/00005768-199904000-00013).
fn sayers(mass_kg: f64, height_m: f64) -> f64 {
    60.7 * 100.0 * height_m + 45.3 * mass_kg - 2055.0
}

/// Peak and mean power in watts (Harman et al. 1991).
fn harman(mass_kg: f64, height_m: f64) -> (f64, f64) {
    let cm = 100.0 * height_m;
    (
        61.9 * cm + 36.0 * mass_kg - 1822.0,
        21.2 * cm + 23.0 * mass_kg - 1393.0,
    )
}

impl FlightReport<'_> {
    /// Push-off distance, and with body mass impulse, force and power. `push_off_px` is the rise of the centre of mass from
    /// its lowest point to take-off.
    pub fn strength(&self, push_off_px: f64, m: &mut Measurements) {
        let (height, deviation) = (self.height_m(), self.height_deviation_m());
        let push_off = self.flight.scale.map(|scale| {
            let metres = push_off_px / scale.px_per_m;
            let stature = self.course.stature_px / scale.px_per_m;
            let deviation = (metres * scale.relative_deviation).hypot(PUSH_OFF_DEVIATION * stature);
            m.record("push_off_distance_m", scale.source.name(), metres, deviation);
            (metres, deviation)
        });
        let Some(mass) = self.context.athlete.mass_kg else {
            return;
        };
        let velocity = 0.5 * GRAVITY * self.flight.flight_s();
        m.record(
            "net_impulse_n_s",
            "flight_time",
            mass * velocity,
            mass * 0.5 * GRAVITY * self.events.flight_s,
        );
        let mut regression = |key, method, watts: f64, per_m: f64| {
            m.record(
                key,
                method,
                watts,
                (REGRESSION_DEVIATION * watts).hypot(per_m * deviation),
            );
        };
        regression("peak_power_w", "sayers", sayers(mass, height), 6070.0);
        let (peak, mean) = harman(mass, height);
        regression("peak_power_harman_w", "harman", peak, 6190.0);
        regression("mean_power_harman_w", "harman", mean, 2120.0);
        if let Some((distance, distance_deviation)) = push_off.filter(|(metres, _)| *metres > 0.0) {
            let (force, velocity) = samozino(mass, height, distance);
            let over_weight = force - mass * GRAVITY;
            let of_height = deviation / height;
            let of_force = over_weight * of_height.hypot(distance_deviation / distance) / force;
            let mut model = |key, value: f64, relative: f64| {
                m.record(key, "samozino", value, value * relative.hypot(SAMOZINO_DEVIATION));
            };
            model("mean_force_samozino_n", force, of_force);
            model("mean_velocity_samozino_m_s", velocity, 0.5 * of_height);
            model(
                "mean_power_samozino_w",
                force * velocity,
                of_force.hypot(0.5 * of_height),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_of_a_75_kg_athlete_jumping_40_cm() {
        assert!((sayers(75.0, 0.40) - 3770.5).abs() < 1e-9);
        let (peak, mean) = harman(75.0, 0.40);
        assert!((peak - 3354.0).abs() < 1e-9 && (mean - 1180.0).abs() < 1e-9);
    }

    #[test]
    fn pushing_over_as_much_as_one_rises_takes_twice_the_weight() {
        let (force, velocity) = samozino(80.0, 0.4, 0.4);
        assert!((force - 2.0 * 80.0 * GRAVITY).abs() < 1e-9);
        assert!((velocity - 1.4005).abs() < 1e-3);
    }

    #[test]
    fn keys_are_registered() {
        for key in KEYS {
            assert!(crate::registry::find(key).is_some(), "{key}");
        }
    }
}
