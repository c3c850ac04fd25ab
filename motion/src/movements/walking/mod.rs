//! Walking, seen from the side, on a treadmill, past a standing camera or followed by one. A repetition is a bout; see
//! [`crate::gait`].

mod metrics;

use super::{Movement, MovementModel};
use crate::gait::Gait;
use crate::gait::model::{GaitModel, Kind};

const NAME: &str = "walking";

/// The row of the movement table.
pub(super) const MOVEMENT: Movement = Movement {
    name: NAME,
    label: "Walking",
    phases: &["single_support_left", "double_support", "single_support_right"],
    events: &["first_contact_s", "last_toe_off_s"],
    headline: &[
        "speed_m_s",
        "cadence_spm",
        "stance_percent",
        "double_support_percent",
    ],
    metrics: metrics::KEYS,
    model: || -> Box<dyn MovementModel> { Box::new(GaitModel::new(&KIND)) },
};

static KIND: Kind = Kind {
    gait: Gait::Walking,
    name: NAME,
    support: ["single_support_left", "single_support_right"],
    between: "double_support",
    measure: metrics::compute,
    foot_strike: metrics::foot_strike,
};
