//! Where a session is in its life.

use super::{EventSink, LiveError, LiveEvent, SessionState};
use crate::sync::lock;
use std::sync::Mutex;

/// The state of a session, why it is in it, and who is told.
pub(crate) struct Life {
    present: Mutex<Present>,
    /// Held while a change is made and told, so that changes are told in their order. Never taken to look.
    telling: Mutex<()>,
    events: EventSink,
}

#[derive(Clone)]
struct Present {
    state: SessionState,
    reason: Option<String>,
    /// Whether whoever sent the frames is away: those that were still under way do not make the session live.
    away: bool,
}

impl Life {
    /// Begins, and says so.
    pub fn begin(state: SessionState, events: EventSink) -> Self {
        events(LiveEvent::State { state, reason: None });
        Self {
            present: Mutex::new(Present {
                state,
                reason: None,
                away: false,
            }),
            telling: Mutex::default(),
            events,
        }
    }

    /// The present state and its reason.
    pub fn present(&self) -> (SessionState, Option<String>) {
        let present = lock(&self.present).clone();
        (present.state, present.reason)
    }

    /// The present state.
    pub fn state(&self) -> SessionState {
        lock(&self.present).state
    }

    /// Tells the event sink something that is no state.
    pub fn tell(&self, event: LiveEvent) {
        (self.events)(event);
    }

    /// Enters a state and tells so; nothing happens when that way is closed or the session is in it already.
    pub fn enter(&self, state: SessionState, reason: Option<String>) -> bool {
        let _telling = lock(&self.telling);
        self.change(state, reason)
    }

    /// Whoever sent the frames is away and may come back: stalled, for this reason.
    pub fn await_return(&self, reason: String) {
        let _telling = lock(&self.telling);
        {
            let mut present = lock(&self.present);
            if !leads_to(&present, SessionState::Stalled) {
                return;
            }
            *present = Present {
                state: SessionState::Stalled,
                reason: Some(reason.clone()),
                away: true,
            };
        }
        self.tell(LiveEvent::State {
            state: SessionState::Stalled,
            reason: Some(reason),
        });
    }

    /// Tells the error and enters `Failed`.
    pub fn fail(&self, error: LiveError) {
        let _telling = lock(&self.telling);
        if self.state().is_final() {
            return;
        }
        let reason = error.to_string();
        self.tell(LiveEvent::Error(error));
        self.change(SessionState::Failed, Some(reason));
    }

    fn change(&self, state: SessionState, reason: Option<String>) -> bool {
        {
            let mut present = lock(&self.present);
            if present.state == state || !leads_to(&present, state) {
                return false;
            }
            *present = Present {
                state,
                reason: reason.clone(),
                away: false,
            };
        }
        self.tell(LiveEvent::State { state, reason });
        true
    }
}

/// Whether a session may go from where it is to a state: an end is final, who finishes does not come alive again, and who
/// is away has to connect first.
fn leads_to(from: &Present, to: SessionState) -> bool {
    match from.state {
        SessionState::Done | SessionState::Failed => false,
        SessionState::Finishing => to.is_final(),
        _ => !(from.away && to == SessionState::Live),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn recorded() -> (Life, Arc<Mutex<Vec<SessionState>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let sink = told.clone();
        let events: EventSink = Arc::new(move |event| {
            if let LiveEvent::State { state, .. } = event {
                lock(&sink).push(state);
            }
        });
        (Life::begin(SessionState::Waiting, events), told)
    }

    #[test]
    fn every_state_is_told_once_and_an_end_is_final() {
        let (life, told) = recorded();
        assert!(life.enter(SessionState::Connecting, None));
        assert!(life.enter(SessionState::Live, None));
        assert!(!life.enter(SessionState::Live, None));
        life.fail(LiveError::Silent { seconds: 10.0 });
        assert!(!life.enter(SessionState::Live, None));
        life.fail(LiveError::Busy);
        assert_eq!(
            *lock(&told),
            [
                SessionState::Waiting,
                SessionState::Connecting,
                SessionState::Live,
                SessionState::Failed
            ]
        );
        assert_eq!(life.present().1.as_deref(), Some("no frame for 10.0 s"));
    }

    #[test]
    fn a_frame_that_comes_while_finishing_does_not_revive_the_session() {
        let (life, _) = recorded();
        life.enter(SessionState::Finishing, None);
        assert!(!life.enter(SessionState::Live, None));
        assert!(life.enter(SessionState::Done, None));
    }

    #[test]
    fn frames_that_were_under_way_do_not_bring_back_who_is_away() {
        let (life, told) = recorded();
        life.enter(SessionState::Live, None);
        life.enter(SessionState::Stalled, Some("no frame for 5.0 s".into()));
        life.await_return("the publisher left".into());
        assert!(!life.enter(SessionState::Live, None));
        assert_eq!(
            life.present(),
            (SessionState::Stalled, Some("the publisher left".into()))
        );
        assert!(life.enter(SessionState::Connecting, None));
        assert!(life.enter(SessionState::Live, None));
        life.enter(SessionState::Finishing, None);
        life.await_return("the publisher left".into());
        assert_eq!(life.state(), SessionState::Finishing);
        assert_eq!(
            lock(&told)[2..],
            [
                SessionState::Stalled,
                SessionState::Stalled,
                SessionState::Connecting,
                SessionState::Live,
                SessionState::Finishing
            ]
        );
    }
}
