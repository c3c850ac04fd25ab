//! Running, seen from the side, on a treadmill, past a standing camera or followed by one. A repetition is a bout; see
//! [`crate::gait`].

mod metrics;

pub use metrics::foot_strike;

use super::{Movement, MovementModel};
use crate::gait::Gait;
use crate::gait::model::{GaitModel, Kind};

const NAME: &str = "running";

/// The row of the movement table.
pub(super) const MOVEMENT: Movement = Movement {
    name: NAME,
    label: "Running",
    phases: &["stance_left", "flight", "stance_right"],
    events: &["first_contact_s", "last_toe_off_s"],
    headline: &[
        "cadence_spm",
        "ground_contact_time_ms",
        "speed_m_s",
        "vertical_oscillation_m",
    ],
    metrics: metrics::KEYS,
    model: || -> Box<dyn MovementModel> { Box::new(GaitModel::new(&KIND)) },
};

static KIND: Kind = Kind {
    gait: Gait::Running,
    name: NAME,
    support: ["stance_left", "stance_right"],
    between: "flight",
    measure: metrics::compute,
    foot_strike,
};
