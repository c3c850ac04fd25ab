//! Knobs of clips in which nobody jumps.

use crate::error::{ClipError, check};
use serde::{Deserialize, Serialize};

/// What a standing athlete does meanwhile: things a jump detector must not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing.
    #[default]
    Still,
    /// Slow squats to 0.3 m.
    Squats,
    /// Rises on the toes and back.
    HeelRaises,
    /// Arms up in front and down again.
    ArmRaises,
    /// Bends down over straight legs, as to pick something up, and comes back.
    Bows,
}

/// Standing, without a jump.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Standing {
    /// What goes on.
    pub action: Action,
    /// Length of the clip, s. 0.2 to 600.
    pub seconds: f64,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            action: Action::default(),
            seconds: 4.0,
        }
    }
}

impl Standing {
    pub(super) fn check(&self) -> Result<(), ClipError> {
        check("seconds", self.seconds, 0.2, 600.0)
    }
}
