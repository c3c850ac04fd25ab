//! What a session says while it runs.

use super::load::Service;
use super::{LiveError, SessionState};
use gstkinemotion::{PersonMotion, Poses};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    /// A frame has passed the analysis, and all that it made known has been told before.
    Frame(FrameTimes),
    /// A frame was dropped before the analysis.
    Dropped(Dropped),
}

/// The people in one frame and what they are doing.
#[derive(Clone, Debug)]
pub struct LivePose {
    /// Landmarks in square pixels, size of the picture, media time.
    pub poses: Poses,
    /// Movement, phase and numbers of the analysed people, in order of id.
    pub motion: Arc<[PersonMotion]>,
}

/// How long a frame took on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameTimes {
    /// When its results were there.
    pub passed: Instant,
    /// From its arrival until then: of RTP since it was put together from its packets, of other sources that are on now since the
    /// moment of its timestamp. `None` of a file, whose frames come when they are wanted.
    pub latency: Option<Duration>,
    /// From its arrival until it was decoded, the decoder's own queues included; `None` of what does not come as RTP.
    pub decode: Option<Duration>,
    /// In inference, waiting for a worker included; `None` when no network was asked, as of a frame whose pose is predicted.
    pub inference: Option<Duration>,
    /// From the pose to what it means, phases, numbers and repetitions: in `kinephase`. `None` where its way in was not seen.
    pub analysis: Option<Duration>,
}

/// Why a frame was dropped before the analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// It waited for the analysis, which was behind, and a younger one took its place.
    Replaced,
    /// The source sends more frames per second than a session may have.
    TooFast,
}

impl Dropped {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::Replaced, Self::TooFast];

    /// As written in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::TooFast => "too_fast",
        }
    }
}
