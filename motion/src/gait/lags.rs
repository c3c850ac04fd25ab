//! How late each mark is on a body whose events are known.
//!
//! Fitted by `calibrate-gait` in `tests/end-to-end` over rendered runners and walkers (30–240 frames per second, yaw up
//! to 30°, both facings) measured with BlazePose full; its output is in `docs/gait-calibration.md`. The perfect landmarks
//! of the same clips give the same lags within a few milliseconds.

use super::Gait;
use super::chain::{Observation, Spread};
use crate::numeric::ramp;

/// Fastest runner of the calibration, statures per second: beyond, a lag is not known to grow on.
const FASTEST: f64 = 3.0;

/// Usual speeds, for a step whose own is not known (yet), statures per second.
const RUNNING_SPEED: f64 = 2.0;
const WALKING_SPEED: f64 = 0.75;

/// Mark minus truth, seconds: `constant + speed·v` with the speed of the ground in statures per second.
#[derive(Clone, Copy, Debug)]
struct Lag {
    constant: f64,
    speed: f64,
}

impl Lag {
    fn at(self, speed: f64) -> f64 {
        self.constant + self.speed * speed.clamp(0.0, FASTEST)
    }
}

const RUNNING_CONTACT: Lag = Lag {
    constant: -0.058,
    speed: 0.0,
};
const RUNNING_TOE_OFF: Lag = Lag {
    constant: -0.0027,
    speed: 0.0061,
};
const WALKING_CONTACT: Lag = Lag {
    constant: -0.0276,
    speed: 0.0169,
};
const WALKING_TOE_OFF: Lag = Lag {
    constant: 0.0400,
    speed: -0.0178,
};

/// Spread of the marks over clips and steps, and of the places where events usually lie. A runner's contact is trusted less
/// than the table says, which leaves out marks further than 80 ms from every event.
const RUNNING_SPREAD: Spread = Spread {
    contact_s: 0.018,
    toe_off_s: 0.010,
    centre_s: 0.0075,
    between_s: 0.008,
    usual_s: 0.04,
};
const WALKING_SPREAD: Spread = Spread {
    contact_s: 0.0075,
    toe_off_s: 0.0095,
    centre_s: 0.018,
    between_s: 0.018,
    usual_s: 0.05,
};

/// Where contact and toe-off usually lie between two passings, as a part of the time between them.
pub fn usual(gait: Gait) -> [f64; 2] {
    match gait {
        Gait::Running => [0.70, 0.30],
        Gait::Walking => [0.40, 0.60],
    }
}

/// Shortest step of the runners of the calibration, seconds. In faster ones a toe-off's lag is known less and less, down to the
/// steps of a sprinter, who bends the knee again before the toes leave, so that the mark is not late at all.
const SHORTEST_STEP_S: f64 = 0.31;
const SPRINT_STEP_S: f64 = 0.24;

/// Marks with their lags removed. The speed of the ground is in statures per second, the duration of a step in seconds.
pub fn removed(gait: Gait, marks: &Observation, speed: Option<f64>, step_s: f64) -> Observation {
    let (contact, toe_off, usual) = match gait {
        Gait::Running => (RUNNING_CONTACT, RUNNING_TOE_OFF, RUNNING_SPEED),
        Gait::Walking => (WALKING_CONTACT, WALKING_TOE_OFF, WALKING_SPEED),
    };
    let speed = speed.unwrap_or(usual);
    let known = match gait {
        Gait::Running => ramp(step_s, SPRINT_STEP_S, SHORTEST_STEP_S),
        Gait::Walking => 1.0,
    };
    Observation {
        contact_s: marks.contact_s.map(|t| t - contact.at(speed)),
        toe_off_s: marks.toe_off_s.map(|t| t - known * toe_off.at(speed)),
        ..*marks
    }
}

/// What the time between frames adds, in frames: the feet's marks lie between two frames, the trunk's turn within a flight
/// that slow cameras show in one or two.
const FOOT_FRAMES: f64 = 0.3;
const TRUNK_FRAMES: f64 = 0.5;

/// How far marks scatter at `frame_s` seconds between frames.
pub fn spread(gait: Gait, frame_s: f64) -> Spread {
    let s = match gait {
        Gait::Running => RUNNING_SPREAD,
        Gait::Walking => WALKING_SPREAD,
    };
    Spread {
        contact_s: s.contact_s.hypot(FOOT_FRAMES * frame_s),
        toe_off_s: s.toe_off_s.hypot(FOOT_FRAMES * frame_s),
        centre_s: s.centre_s.hypot(TRUNK_FRAMES * frame_s),
        between_s: s.between_s.hypot(TRUNK_FRAMES * frame_s),
        usual_s: s.usual_s,
    }
}
