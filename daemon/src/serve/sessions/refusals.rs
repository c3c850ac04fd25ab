//! What a session refuses or fails at, as the problems that clients are told.

use crate::serve::problem::Problem;
use kinemotion_pipelines::live::LiveError;

/// When a client that was refused for lack of places or time may try again, seconds.
pub(super) const RETRY_S: u32 = 5;

/// Why a session does not start: an output that does not work is one that was ordered.
pub(super) fn not_started(error: LiveError) -> Problem {
    match error {
        LiveError::Output { .. } => Problem::invalid(error.to_string()).field("outputs"),
        error => error.into(),
    }
}

impl From<LiveError> for Problem {
    fn from(error: LiveError) -> Self {
        let detail = error.to_string();
        match error {
            LiveError::Offer { .. } | LiveError::Fragment { .. } => Problem::malformed(detail),
            LiveError::Busy | LiveError::NotPublishable { .. } | LiveError::WrongState { .. } => {
                Problem::conflict(detail)
            }
            LiveError::Refused { .. } => Problem::invalid(detail).field("input.uri"),
            LiveError::Source { .. }
            | LiveError::NoDecoder { .. }
            | LiveError::TooLarge { .. }
            | LiveError::TooFast { .. }
            | LiveError::Silent { .. } => Problem::invalid(detail).field("input"),
            LiveError::Negotiation { .. } => Problem::unavailable(detail).retry_after(RETRY_S),
            _ => Problem::internal(detail),
        }
    }
}
