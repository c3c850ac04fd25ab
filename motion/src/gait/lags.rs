//! How late each mark is on a body whose events are known.
//!
//! Fitted by `calibrate-gait` in `tests/end-to-end` over rendered runners and walkers (30–120 frames per second, yaw up
//! to 30°, both facings) measured with BlazePose full; its output is in `docs/gait-calibration.md`. The perfect landmarks
//! of the same clips give the same lags within a few milliseconds.

use super::Gait;
use super::chain::{Observation, Spread};

/// Fastest runner of the calibration, statures per second: beyond, a lag is not known to grow on.
const FASTEST: f64 = 3.0;

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
    constant: 0.0005,
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

/// The mark of a runner's contact is that of the toes, which come down later the more the foot points up at contact: seconds
/// per degree of the foot's angle, and the angle of the runners for whom the lag above holds. Linear fit over the 28 rendered
/// runners at 60 and more frames per second, landing flat or on the heel (`make accuracy`).
const TOES_LATER_S_PER_DEG: f64 = 0.00047;
const USUAL_FOOT_DEG: f64 = 12.0;

/// Angles beyond these are a lost foot, degrees.
const PLAUSIBLE_FOOT_DEG: (f64, f64) = (-5.0, 45.0);

/// Spread of the marks over clips and steps, and of the places where events usually lie.
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

/// Marks with their lags removed. `foot_deg` is the usual angle of the feet at contact.
pub fn removed(gait: Gait, marks: &Observation, speed: f64, foot_deg: Option<f64>) -> Observation {
    let toes_later = match (gait, foot_deg) {
        (Gait::Running, Some(deg)) => {
            let plausible = deg.clamp(PLAUSIBLE_FOOT_DEG.0, PLAUSIBLE_FOOT_DEG.1);
            TOES_LATER_S_PER_DEG * (plausible - USUAL_FOOT_DEG)
        }
        _ => 0.0,
    };
    let (contact, toe_off) = match gait {
        Gait::Running => (RUNNING_CONTACT, RUNNING_TOE_OFF),
        Gait::Walking => (WALKING_CONTACT, WALKING_TOE_OFF),
    };
    Observation {
        contact_s: marks.contact_s.map(|t| t - contact.at(speed) - toes_later),
        toe_off_s: marks.toe_off_s.map(|t| t - toe_off.at(speed)),
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
