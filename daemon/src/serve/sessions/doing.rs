//! How an analysis is doing, as answers and the `analysis_complete` event say it.

use kinemotion_pipelines::live::load::Service;
use kinemotion_pipelines::live::{LatencyInfo, LiveInfo, PushInfo, PushState, SourceInfo};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How an analysis is doing, or was when it ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doing {
    /// What comes in.
    pub source: Source,
    /// Frames and what became of them.
    pub counts: Counts,
    /// How late events are.
    pub latency: Latency,
    /// What it gets of the machine, while it runs.
    pub service: Option<ServiceView>,
    /// Who watches by WHEP.
    pub viewers: usize,
    /// Where the video is sent.
    pub outputs: Vec<OutputState>,
}

/// What comes in.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Source {
    /// `whip`, `uri`, `camera` or `demo`.
    pub kind: String,
    /// Codec with its profile; absent when the source is not compressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "H.264 (High Profile)")]
    pub codec: Option<String>,
    /// GStreamer element that decodes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "avdec_h264")]
    pub decoder: Option<String>,
    /// Whether the decoder uses a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<bool>,
    /// Columns of the upright picture; 0 before the first.
    pub width: u32,
    /// Rows of the upright picture.
    pub height: u32,
    /// Frames per second over the last second or so.
    pub fps: f64,
}

/// Frames and what became of them.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Counts {
    /// Frames analysed.
    pub frames: u64,
    /// Frames with a measured pose.
    pub poses: u64,
    /// Frames whose pose was predicted, because there was no time to measure it.
    pub predicted: u64,
    /// Frames dropped before the analysis.
    pub dropped: u64,
}

/// Milliseconds from the arrival of a frame to its event, over the last few hundred frames.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Latency {
    /// Half of the frames are quicker.
    pub p50_ms: f64,
    /// 95 % are quicker.
    pub p95_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// What an analysis gets of the machine: less than it asked for when the machine is busy.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ServiceView {
    /// Whether that is less than was asked for.
    pub degraded: bool,
    /// Most poses per second; absent when every frame is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 14.2)]
    pub pose_rate: Option<f64>,
    /// Landmark model in use.
    #[schema(example = "fast")]
    pub model: &'static str,
    /// Whether outgoing video may carry graphics.
    pub overlay: bool,
}

impl From<&Service> for ServiceView {
    fn from(service: &Service) -> Self {
        Self {
            degraded: service.degraded,
            pose_rate: service.pose_rate.map(tenths),
            model: service.model,
            overlay: service.overlay,
        }
    }
}

/// A place the video is sent to.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OutputState {
    /// `rtmp`, `srt`, `fill`, `matte`, `hls` or `recording`.
    pub kind: &'static str,
    /// Where to, without credentials.
    pub target: String,
    /// `connecting`, `running`, `retrying`, `done` or `failed`.
    #[schema(value_type = String)]
    pub state: PushState,
    /// Why, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Pictures left out because the other side was too slow.
    pub dropped: u64,
}

impl Doing {
    /// How a session is doing.
    pub fn of(info: &LiveInfo) -> Self {
        Self {
            source: (&info.source).into(),
            counts: Counts {
                frames: info.frames,
                poses: info.poses,
                predicted: info.predicted,
                dropped: info.dropped,
            },
            latency: info.latency.into(),
            service: Some((&info.service).into()),
            viewers: info.viewers,
            outputs: info
                .pushes
                .iter()
                .map(|push| OutputState::of(push, &info.id))
                .collect(),
        }
    }

    /// An analysis of which no more is known than the kind of its source.
    pub fn of_source(kind: &str) -> Self {
        let mut doing = Self::default();
        kind.clone_into(&mut doing.source.kind);
        doing
    }
}

impl From<&SourceInfo> for Source {
    fn from(source: &SourceInfo) -> Self {
        Self {
            kind: source.kind.into(),
            codec: source.codec.clone(),
            decoder: source.decoder.as_ref().map(|decoder| decoder.element.clone()),
            hardware: source.decoder.as_ref().map(|decoder| decoder.hardware),
            width: source.width,
            height: source.height,
            fps: tenths(source.fps),
        }
    }
}

impl From<LatencyInfo> for Latency {
    fn from(latency: LatencyInfo) -> Self {
        Self {
            p50_ms: tenths(latency.p50_ms),
            p95_ms: tenths(latency.p95_ms),
            max_ms: tenths(latency.max_ms),
        }
    }
}

impl OutputState {
    /// Files are named by the address they are served at, not by where they lie.
    fn of(push: &PushInfo, id: &str) -> Self {
        let target = match push.kind {
            "hls" => format!("/hls/{id}/index.m3u8"),
            "recording" => format!("/api/v1/analyses/{id}/recording.mp4"),
            _ => push.target.clone(),
        };
        Self {
            kind: push.kind,
            target,
            state: push.state,
            reason: push.reason.clone(),
            dropped: push.dropped,
        }
    }
}

/// `data` of the `analysis_complete` event.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Complete {
    frames: u64,
    frames_with_pose: u64,
    frames_predicted: u64,
    frames_dropped: u64,
    repetitions: usize,
    duration_s: f64,
    source: Source,
    latency: Latency,
}

impl Complete {
    /// What was found in sum.
    pub fn new(doing: &Doing, repetitions: usize, duration_s: f64) -> Self {
        Self {
            frames: doing.counts.frames,
            frames_with_pose: doing.counts.poses,
            frames_predicted: doing.counts.predicted,
            frames_dropped: doing.counts.dropped,
            repetitions,
            duration_s: (duration_s * 1e3).round() / 1e3,
            source: doing.source.clone(),
            latency: doing.latency,
        }
    }
}

impl From<Complete> for Doing {
    fn from(complete: Complete) -> Self {
        Self {
            source: complete.source,
            counts: Counts {
                frames: complete.frames,
                poses: complete.frames_with_pose,
                predicted: complete.frames_predicted,
                dropped: complete.frames_dropped,
            },
            latency: complete.latency,
            service: None,
            viewers: 0,
            outputs: Vec::new(),
        }
    }
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
