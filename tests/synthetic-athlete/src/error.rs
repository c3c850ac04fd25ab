//! What can be wrong with the description of a clip.

/// A clip that cannot be made, with the reason.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClipError {
    /// A number outside what makes sense.
    #[error("{name} is {value}; it must lie between {low} and {high}")]
    OutOfRange {
        /// Which field.
        name: &'static str,
        /// What was given.
        value: f64,
        /// Smallest value accepted.
        low: f64,
        /// Largest value accepted.
        high: f64,
    },
    /// The feet would have to pull on the ground.
    #[error(
        "the {phase} phase asks for {acceleration:.2} m/s^2, which would need a pulling ground; \
         make it longer, or the depth or height smaller"
    )]
    PullingGround {
        /// Name of the phase.
        phase: &'static str,
        /// Lowest vertical acceleration of the centre of mass.
        acceleration: f64,
    },
    /// The body cannot take the posture the movement asks for.
    #[error("the body cannot follow the movement at {time_s:.3} s of the {phase} phase: {reason}")]
    Unreachable {
        /// Name of the phase.
        phase: &'static str,
        /// When, from the start of the movement.
        time_s: f64,
        /// What goes wrong.
        reason: &'static str,
    },
    /// Stance and swing times that contradict each other.
    #[error("these gait timings leave no {missing}: {detail}")]
    GaitTiming {
        /// What would vanish.
        missing: &'static str,
        /// The numbers.
        detail: String,
    },
    /// Text that is no frame rate.
    #[error("`{0}` is no frame rate; write it like 60 or 30000/1001")]
    Rate(String),
}

/// Accepts `value` when it is finite and in range.
pub(crate) fn check(name: &'static str, value: f64, low: f64, high: f64) -> Result<(), ClipError> {
    if value.is_finite() && (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(ClipError::OutOfRange {
            name,
            value,
            low,
            high,
        })
    }
}
