//! What a session says while it runs.

use super::load::Service;
use super::{LiveError, SessionState};
use gstkinemotion::{PersonMotion, Poses};
use std::sync::Arc;

/// Takes the events of a session. Called on streaming threads: it must neither block nor call the session.
pub type EventSink = Arc<dyn Fn(LiveEvent) + Send + Sync>;

/// Something a session has to say.
#[derive(Clone, Debug)]
pub enum LiveEvent {
    /// The people in a frame; only when the specification asks for poses.
    Pose(LivePose),
    /// A phase, number, repetition or warning of the analysis.
    Motion(kinemotion_motion::Event),
    /// The session entered a state.
    State {
        /// The state.
        state: SessionState,
        /// Why, where there is something to say.
        reason: Option<String>,
    },
    /// What the session gets of the machine has changed.
    Service(Service),
    /// Something a person should know; the session goes on.
    Warning(String),
    /// Why the session failed; the state `Failed` follows.
    Error(LiveError),
}

/// The people in one frame and what they are doing.
#[derive(Clone, Debug)]
pub struct LivePose {
    /// Landmarks in square pixels, size of the picture, media time.
    pub poses: Poses,
    /// Movement, phase and numbers of the analysed people, in order of id.
    pub motion: Arc<[PersonMotion]>,
}
