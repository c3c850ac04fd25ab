//! Why something that looked like a flight is not a repetition of the jump that was asked for.

use super::ContactError;

/// The reason a noticed flight gives no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Too few measured frames to say.
    TooFewFrames,
    /// The feet did not leave the ground and come back.
    NoFlight,
    /// The body did not move as one thrown up by its legs.
    NotBallistic,
    /// Only one foot left the ground.
    OneFoot,
    /// Take-off and landing are at different heights.
    OtherLevel,
    /// The track jumped: another person, or the landmarks were lost.
    TrackJumped,
    /// No descent before the take-off.
    NoCountermovement,
    /// The body rested in a squat before it rose: a squat jump.
    HeldSquat,
    /// The body was not at rest in a squat before it rose.
    NoHold,
    /// Straight from a landing: a rebound.
    Rebound,
    /// Straight from a fall: a drop jump.
    Drop,
    /// Nothing fell before the contact.
    NoDrop,
    /// The jump that opens a series of rebounds.
    Opening,
}

impl From<ContactError> for Rejection {
    fn from(error: ContactError) -> Self {
        match error {
            ContactError::NoGround | ContactError::TooFewFrames => Rejection::TooFewFrames,
            ContactError::NoFlight => Rejection::NoFlight,
        }
    }
}

impl Rejection {
    /// Whether the body did fly and land, although this jump does not measure it.
    pub fn was_a_flight(self) -> bool {
        !matches!(
            self,
            Rejection::TooFewFrames
                | Rejection::NoFlight
                | Rejection::NotBallistic
                | Rejection::OneFoot
                | Rejection::TrackJumped
        )
    }

    /// Whether another kind of jump may measure it.
    pub fn is_another_kind(self) -> bool {
        self.was_a_flight() && self != Rejection::OtherLevel
    }

    /// What was seen, in words that complete "… was seen"; `None` when there was no jump to see.
    pub fn seen(self) -> Option<&'static str> {
        match self {
            Rejection::NoCountermovement => Some("a jump without a countermovement"),
            Rejection::HeldSquat => Some("a jump from a held squat"),
            Rejection::NoHold => Some("a jump without a motionless hold in a squat"),
            Rejection::Rebound => Some("a rebound straight from a landing"),
            Rejection::Drop => Some("a jump straight from a fall"),
            Rejection::NoDrop => Some("a jump without a drop from a box"),
            Rejection::OtherLevel => Some("a jump between different levels"),
            _ => None,
        }
    }
}
