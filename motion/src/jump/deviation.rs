//! How far the times of take-off and landing can be off.

use super::Contact;

/// Correlation of the two contact heights of one jump: the same feet seen by the same model.
const CONTACT_CORRELATION: f64 = 0.35;

/// Standard deviation of one sample's estimate that grows with the time between frames, in frames: the feet move on
/// while the region follows one frame behind.
const SAMPLING_DEVIATION_FRAMES: f64 = 0.3;

/// Standard deviation of the apex of the centre of mass' parabola, seconds.
const APEX_DEVIATION_S: f64 = 0.006;

/// Above this deviation of a contact time, relative to it, contact time and what follows from it are withheld.
const MAX_RELATIVE_DEVIATION: f64 = 0.09;

/// Standard deviations of a flight's times, seconds.
#[derive(Clone, Copy, Debug)]
pub struct EventDeviation {
    /// Of the take-off.
    pub takeoff_s: f64,
    /// Of the time from take-off to apex.
    pub ascent_s: f64,
    /// Of the flight time.
    pub flight_s: f64,
    /// The parts of the take-off's that come from the height at contact and from the single samples.
    takeoff_parts: (f64, f64),
}

impl EventDeviation {
    /// From the spread of the fit, the frame interval and the standard deviation of the height at contact. `speed` is the
    /// launch speed in statures per second.
    pub fn new(contact: &Contact, frame_interval: f64, speed: f64, height: f64) -> Self {
        let systematic = height / speed;
        let takeoff = random(contact.takeoff_spread_s, contact.frames[0], frame_interval);
        let landing = random(contact.landing_spread_s, contact.frames[1], frame_interval);
        Self {
            takeoff_s: systematic.hypot(takeoff),
            ascent_s: systematic.hypot(takeoff).hypot(APEX_DEVIATION_S),
            flight_s: (2.0 * (1.0 + CONTACT_CORRELATION) * systematic * systematic
                + takeoff * takeoff
                + landing * landing)
                .sqrt(),
            takeoff_parts: (systematic, takeoff),
        }
    }
}

/// What the spread of single samples and the frame interval leave in an event, seconds.
fn random(spread_s: f64, frames: usize, frame_interval: f64) -> f64 {
    let n = frames.max(1) as f64;
    spread_s.hypot(SAMPLING_DEVIATION_FRAMES * frame_interval) / n.sqrt()
}

/// Standard deviations of a contact that begins with a touch-down and ends with the take-off of a flight.
#[derive(Clone, Copy, Debug)]
pub struct ContactDeviation {
    /// Of the touch-down, seconds.
    pub touchdown_s: f64,
    /// Of the contact time, seconds.
    pub contact_s: f64,
    /// Of contact and flight time together, seconds squared: one take-off ends the one and begins the other, and feet
    /// seen too low make the one long and the other short.
    covariance: f64,
}

impl ContactDeviation {
    /// For a touch-down before a flight: the spread of its samples and their number, the frame interval, and what the standard
    /// deviation of the height at contact makes of its time, seconds.
    pub fn new(
        (spread_s, frames): (f64, usize),
        frame_interval: f64,
        systematic: f64,
        flight: &EventDeviation,
    ) -> Self {
        let own = random(spread_s, frames, frame_interval);
        let (at_takeoff, takeoff) = flight.takeoff_parts;
        let rho = CONTACT_CORRELATION;
        Self {
            touchdown_s: systematic.hypot(own),
            contact_s: (systematic.powi(2)
                + at_takeoff.powi(2)
                + 2.0 * rho * systematic * at_takeoff
                + own.powi(2)
                + takeoff.powi(2))
            .sqrt(),
            covariance: -(2.0 * rho * systematic * at_takeoff
                + (1.0 + rho) * at_takeoff.powi(2)
                + takeoff.powi(2)),
        }
    }

    /// Whether a contact of this duration is timed well enough to be reported.
    pub fn times_well(&self, contact_s: f64) -> bool {
        self.contact_s < MAX_RELATIVE_DEVIATION * contact_s
    }

    /// Relative standard deviation of flight time to the power of `exponent` over contact time.
    pub fn of_ratio(&self, exponent: f64, flight_s: f64, contact_s: f64, flight: &EventDeviation) -> f64 {
        let (a, b) = (exponent * flight.flight_s / flight_s, self.contact_s / contact_s);
        let shared = exponent * self.covariance / (flight_s * contact_s);
        (a * a + b * b - 2.0 * shared).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_frames_and_faster_jumps_are_surer() {
        let contact = |n| Contact {
            takeoff_s: 0.0,
            landing_s: 0.5,
            takeoff_spread_s: 0.004,
            landing_spread_s: 0.004,
            frames: [n, n],
        };
        let slow = EventDeviation::new(&contact(2), 1.0 / 30.0, 1.4, 0.007);
        let fast = EventDeviation::new(&contact(9), 1.0 / 120.0, 1.4, 0.007);
        assert!(fast.flight_s < slow.flight_s);
        assert!(EventDeviation::new(&contact(2), 1.0 / 30.0, 2.0, 0.007).flight_s < slow.flight_s);
        assert!(slow.flight_s > slow.takeoff_s);
    }
}
