//! How a session is doing, as data that serialises.

use super::SessionState;
use super::load::Service;
use serde::Serialize;

/// How a session is doing.
#[derive(Clone, Debug, Serialize)]
pub struct LiveInfo {
    /// Name of the session.
    pub id: String,
    /// Where it is in its life.
    pub state: SessionState,
    /// Why, where there is something to say.
    pub reason: Option<String>,
    /// Movement being looked for, or `auto`.
    pub movement: &'static str,
    /// Whether the video that leaves carries the graphics.
    pub overlay: bool,
    /// What comes in.
    pub source: SourceInfo,
    /// Frames analysed.
    pub frames: u64,
    /// Frames with a measured pose.
    pub poses: u64,
    /// Frames whose pose was predicted because there was no time to measure.
    pub predicted: u64,
    /// Frames dropped before the analysis because it was behind or the source too fast.
    pub dropped: u64,
    /// What it gets of the machine.
    pub service: Service,
    /// Repetitions completed.
    pub repetitions: u64,
    /// Who watches over WebRTC.
    pub viewers: usize,
    /// Where video is pushed, the recording included.
    pub pushes: Vec<PushInfo>,
    /// Messages to the publisher's data channel that were dropped because it was full.
    pub channel_dropped: u64,
    /// From a frame's arrival to its event.
    pub latency: LatencyInfo,
}

/// What comes in.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SourceInfo {
    /// `whip`, `uri`, `camera` or `demo`.
    pub kind: &'static str,
    /// Codec with its profile, e.g. `H.264 (High Profile)`; absent when the source is not compressed.
    pub codec: Option<String>,
    /// What decodes it.
    pub decoder: Option<DecoderInfo>,
    /// Columns of the upright picture.
    pub width: u32,
    /// Rows of the upright picture.
    pub height: u32,
    /// Frames per second over the last second or so.
    pub fps: f64,
}

/// A decoder in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecoderInfo {
    /// Factory name.
    pub element: String,
    /// Whether it uses a device.
    pub hardware: bool,
}

/// Milliseconds from the arrival of a frame (its timestamp) to its event, over the last few hundred frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct LatencyInfo {
    /// Half of the frames are quicker.
    pub p50_ms: f64,
    /// 95 % are quicker.
    pub p95_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// One place video is pushed to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PushInfo {
    /// Names it within the session.
    pub id: u64,
    /// `rtmp`, `srt`, `fill`, `matte`, `hls` or `recording`.
    pub kind: &'static str,
    /// Where to, without credentials and query.
    pub target: String,
    /// How it goes.
    pub state: PushState,
    /// Why, where there is something to say.
    pub reason: Option<String>,
    /// Access units sent.
    pub sent: u64,
    /// Access units dropped because the other side was too slow.
    pub dropped: u64,
}

/// How a push goes. `Done` and `Failed` are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PushState {
    /// No video has been taken yet.
    Connecting,
    /// Video flows.
    Running,
    /// It broke and is tried again after a pause.
    Retrying,
    /// It ended as asked.
    Done,
    /// It broke, and trying again would not help.
    Failed,
}
