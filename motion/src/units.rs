//! Physical constants and unit conversions.

/// Standard acceleration of gravity in m/s² (3rd General Conference on Weights and Measures, 1901). Local gravity differs
/// from it by at most 0.3 %, which moves a flight-time height by at most 0.3 %.
pub const GRAVITY: f64 = 9.80665;

/// Milliseconds in a second.
pub const MS_PER_S: f64 = 1000.0;

/// Two-sided 95 % quantile of the normal distribution: half width of a 95 % interval in standard deviations.
pub const Z95: f64 = 1.959_964;

/// Height of a jump in metres from its flight time in seconds, take-off and landing in the same posture:
/// `h = g·T²/8` (Asmussen & Bonde-Petersen 1974; Linthorne 2001, doi:10.1119/1.1397460).
pub fn height_from_flight_time(seconds: f64) -> f64 {
    GRAVITY * seconds * seconds / 8.0
}

/// Flight time in seconds of a jump of this height in metres; the inverse of [`height_from_flight_time`].
pub fn flight_time_from_height(metres: f64) -> f64 {
    (8.0 * metres.max(0.0) / GRAVITY).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flight_of_534_ms_is_a_jump_of_35_cm() {
        assert!((height_from_flight_time(0.5343) - 0.35).abs() < 1e-3);
        assert!((flight_time_from_height(height_from_flight_time(0.7)) - 0.7).abs() < 1e-12);
    }
}
