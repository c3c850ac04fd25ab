//! One live session: a source that is on now, its analysis, and what leaves while it runs.
//!
//! ```text
//! source ─► decoder ─► kinepose ─► kinephase ─┬─► results tapped on kinephase's src pad ─► EventSink
//!                                             └─► frames, while somebody watches ─► overlay ─► encoder ─► fan-out
//! ```
//!
//! | module | job |
//! |---|---|
//! | `spec` | what to do, as data |
//! | `session` | the handle: start, answer, watch, push, snapshot, finish |
//! | `source` | where frames come from: WHIP, URI, camera, demo |
//! | `intake` | whatever a source gives, to upright frames in system memory |
//! | `bitrate` | how much a source may send |
//! | `rotation` | how a publisher's camera is held |
//! | [`decoders`] | which decoder decodes, and what happens when one fails in mid-stream |
//! | `tap` | results taken where they arise, and the counters |
//! | [`load`], `served` | what each session gets of the machine, and how many fit |
//! | `life`, `watch` | states with reasons; messages, silence, publishers who leave, the end |
//! | `timeline`, `stations` | media time that goes on and jumps; where a frame is stuck |
//! | `diagnostics`, `graph` | what is kept for whoever has to find out why a session failed |
//! | `webrtc` | answering offers, for publishers and viewers |
//! | `event`, `error` | what a session says, and why something failed |
//! | `info`, `meter` | how it is doing |
//! | `warm_up` | what the first session of a process would wait for |
//! | `video` | the picture with overlay: encoder, fan-out, viewers, pushes, recording, snapshot |
//!
//! Live streams drop the older frame: the queue before the analysis holds two, every consumer of encoded video has a
//! bounded queue of its own and starts again at a key frame when it was too slow. Nothing here blocks a streaming
//! thread, and no lock is held while a buffer is pushed.

mod bitrate;
pub mod decoders;
mod diagnostics;
mod error;
mod event;
mod graph;
mod info;
mod intake;
mod life;
pub mod load;
mod meter;
mod rotation;
mod served;
mod session;
mod source;
mod spec;
mod stations;
mod tap;
mod timeline;
mod video;
mod warm_up;
mod watch;
mod webrtc;

pub use diagnostics::{EngineInfo, LiveDiagnostics, Note, NoteKind};
pub use error::LiveError;
pub use event::{Dropped, EventSink, FrameTimes, LiveEvent, LivePose};
pub use info::{DecoderInfo, LatencyInfo, LiveInfo, PushInfo, PushState, SourceInfo};
pub use session::{LiveSession, PushId, ViewerId};
pub use source::is_public;
pub(crate) use spec::without_secrets;
pub use spec::{Demo, IceServers, Limits, LiveSource, LiveSpec, Push, SessionState, UriAccess, WhipOptions};
pub use warm_up::warm_up;
pub use webrtc::{Worth, look_at};
