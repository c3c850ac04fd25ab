//! Names of session states.

use kinemotion_pipelines::live::SessionState;

/// Every state, in the order of a life.
pub const ALL: [SessionState; 7] = [
    SessionState::Waiting,
    SessionState::Connecting,
    SessionState::Live,
    SessionState::Stalled,
    SessionState::Finishing,
    SessionState::Done,
    SessionState::Failed,
];

/// As written in events, answers and metrics.
pub fn name(state: SessionState) -> &'static str {
    match state {
        SessionState::Waiting => "waiting",
        SessionState::Connecting => "connecting",
        SessionState::Live => "live",
        SessionState::Stalled => "stalled",
        SessionState::Finishing => "finishing",
        SessionState::Done => "done",
        SessionState::Failed => "failed",
    }
}

/// Whether an analysis that was never live is in it.
pub fn is_beginning(state: SessionState) -> bool {
    matches!(state, SessionState::Waiting | SessionState::Connecting)
}

/// The state of a name.
pub fn named(text: &str) -> Option<SessionState> {
    ALL.into_iter().find(|state| name(*state) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_events() {
        for state in ALL {
            assert_eq!(serde_json::to_value(state).expect("JSON"), name(state));
            assert_eq!(named(name(state)), Some(state));
        }
    }
}
