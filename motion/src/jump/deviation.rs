//! How far the times of take-off and landing can be off.

use super::Contact;

/// Standard deviation of the foot's height at contact against the calibrated one, in statures: view, clothing and gait
/// of the pose model from clip to clip. Residual of the calibration on rendered athletes.
const CONTACT_HEIGHT_DEVIATION: f64 = 0.0075;

/// Correlation of the two contact heights of one jump: the same feet seen by the same model.
const CONTACT_CORRELATION: f64 = 0.35;

/// Standard deviation of one sample's estimate that grows with the time between frames, in frames: the feet move on
/// while the region follows one frame behind.
const SAMPLING_DEVIATION_FRAMES: f64 = 0.12;

/// Standard deviation of the apex of the centre of mass' parabola, seconds.
const APEX_DEVIATION_S: f64 = 0.006;

/// Standard deviations of a flight's times, seconds.
#[derive(Clone, Copy, Debug)]
pub struct EventDeviation {
    /// Of the take-off.
    pub takeoff_s: f64,
    /// Of the time from take-off to apex.
    pub ascent_s: f64,
    /// Of the flight time.
    pub flight_s: f64,
}

impl EventDeviation {
    /// From the spread of the fit, the frame interval and the calibration's own residual. `speed` is the launch speed in
    /// statures per second.
    pub fn new(contact: &Contact, frame_interval: f64, speed: f64) -> Self {
        let systematic = CONTACT_HEIGHT_DEVIATION / speed;
        let random = |spread: f64, frames: usize| {
            let n = frames.max(1) as f64;
            (spread * spread + (SAMPLING_DEVIATION_FRAMES * frame_interval).powi(2)).sqrt() / n.sqrt()
        };
        let takeoff = random(contact.takeoff_spread_s, contact.frames[0]);
        let landing = random(contact.landing_spread_s, contact.frames[1]);
        Self {
            takeoff_s: systematic.hypot(takeoff),
            ascent_s: systematic.hypot(takeoff).hypot(APEX_DEVIATION_S),
            flight_s: (2.0 * (1.0 + CONTACT_CORRELATION) * systematic * systematic
                + takeoff * takeoff
                + landing * landing)
                .sqrt(),
        }
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
        let slow = EventDeviation::new(&contact(2), 1.0 / 30.0, 1.4);
        let fast = EventDeviation::new(&contact(9), 1.0 / 120.0, 1.4);
        assert!(fast.flight_s < slow.flight_s);
        assert!(EventDeviation::new(&contact(2), 1.0 / 30.0, 2.0).flight_s < slow.flight_s);
        assert!(slow.flight_s > slow.takeoff_s);
    }
}
