//! What a live session is to do.

use super::load::Share;
use crate::People;
use kinemotion_models::{EngineConfig, Quality};
use kinemotion_motion::{Athlete, MovementChoice, Setup};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// One live session.
#[derive(Clone, Debug)]
pub struct LiveSpec {
    /// Names the session in threads and logs.
    pub id: String,
    /// Where frames come from.
    pub source: LiveSource,
    /// Which movement to look for.
    pub movement: MovementChoice,
    /// Which landmark model runs.
    pub quality: Quality,
    /// What is known about the athlete.
    pub athlete: Athlete,
    /// What is known about how it is filmed.
    pub setup: Setup,
    /// Whose movement is measured when several people are in the picture.
    pub people: People,
    /// People followed at once, 1..=16.
    pub max_persons: u32,
    /// What runs the networks; sessions with equal settings share it.
    pub engine: EngineConfig,
    /// Whether the video that leaves carries the graphics.
    pub overlay: bool,
    /// Whether poses are given to the event sink, once per frame.
    pub poses: bool,
    /// Where the video is pushed from the start.
    pub outputs: Vec<Push>,
    /// MP4 file that is written while the session runs.
    pub recording: Option<PathBuf>,
    /// Which addresses a source may name.
    pub access: UriAccess,
    /// How publishers and viewers find a way through the network.
    pub ice: IceServers,
    /// What the session may cost.
    pub limits: Limits,
    /// Its share of the machine; without one it takes what it wants.
    pub share: Option<Arc<Share>>,
}

impl LiveSpec {
    /// A session with default settings: any movement, balanced quality, the largest person, overlay, poses, no pushes.
    pub fn new(id: impl Into<String>, source: LiveSource) -> Self {
        Self {
            id: id.into(),
            source,
            movement: MovementChoice::Auto,
            quality: Quality::default(),
            athlete: Athlete::default(),
            setup: Setup::default(),
            people: People::One(kinemotion_models::PersonSelection::Largest),
            max_persons: 1,
            engine: EngineConfig::default(),
            overlay: true,
            poses: true,
            outputs: Vec::new(),
            recording: None,
            access: UriAccess::default(),
            ice: IceServers::default(),
            limits: Limits::default(),
            share: None,
        }
    }

    /// Videos that are encoded from the start.
    pub(crate) fn encoders(&self) -> usize {
        let keyed = |push: &&Push| matches!(push, Push::Fill(_) | Push::Matte(_));
        let keyers = self.outputs.iter().filter(keyed).count();
        let programme = self.recording.is_some() || self.outputs.len() > keyers;
        keyers + usize::from(programme)
    }
}

/// Where frames come from.
#[derive(Clone, Debug)]
pub enum LiveSource {
    /// A browser, OBS or a hardware encoder publishes over WebRTC.
    Whip(WhipOptions),
    /// `file`, `rtsp`, `rtsps`, `srt`, `http` or `https`.
    Uri(String),
    /// A V4L2 device.
    Camera(PathBuf),
    /// The synthetic athlete, so that everything can be tried without a camera.
    Demo(Demo),
}

/// How a publisher is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WhipOptions {
    /// What the jitter buffer waits for packets that are missing or out of order, ms. It holds nothing back while they come in order.
    pub jitter_ms: u32,
}

impl Default for WhipOptions {
    fn default() -> Self {
        // A retransmission takes a round trip and some 20 ms, and may get lost itself: twice that over most mobile networks.
        Self { jitter_ms: 250 }
    }
}

/// Which addresses [`LiveSource::Uri`] may name. By default: the internet at large, no file, nothing in the network this
/// machine stands in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UriAccess {
    /// Folders whose files may be read.
    pub folders: Vec<PathBuf>,
    /// Whether private, loopback and link-local addresses may be opened.
    pub private_hosts: bool,
    /// Names and addresses of hosts that may be opened whatever they resolve to.
    pub hosts: Vec<String>,
}

/// Servers that help publishers and viewers to find a way through the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceServers {
    /// `stun://host:port`.
    pub stun: Option<String>,
    /// `turn://user:password@host:port` or `turns://…`.
    pub turn: Vec<String>,
}

/// The synthetic athlete. It does the movement of the session, a counter-movement jump when that is `Auto`, again and again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demo {
    /// Ends after so many seconds; never when absent.
    pub duration: Option<Duration>,
}

/// A place video is sent to while the session runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Push {
    /// `rtmp://…` or `rtmps://…`.
    Rtmp(String),
    /// `srt://host:port?…`.
    Srt(String),
    /// `srt://host:port?…`, the graphics alone, on black: the fill of a keyer. They are premultiplied.
    Fill(String),
    /// `srt://host:port?…`, the opacity of the graphics as grey: the key of a keyer.
    Matte(String),
    /// A folder that receives `index.m3u8` and its segments.
    Hls(PathBuf),
}

/// What a session may cost and how long it may be silent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Largest picture in pixels, width times height; a larger one ends the session.
    pub pixels: u32,
    /// Most frames per second; more are dropped before the analysis.
    pub fps: f64,
    /// Most bit/s of encoded video over some seconds; more ends the session. 0 is no limit.
    pub bitrate: u64,
    /// Without a frame for so many seconds a session is stalled, and after as much again it has failed.
    pub silence_s: f64,
    /// A publisher who leaves without ending the session may come back within so many seconds; with 0 the session ends at once.
    pub reconnect_s: f64,
    /// When frames go in and none comes out of the analysis for so many seconds, the session has failed.
    pub stuck_s: f64,
    /// A session that ends and has not got its last frames through within so many seconds has failed.
    pub finish_s: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pixels: 1920 * 1200,
            fps: 60.0,
            bitrate: 0,
            silence_s: 5.0,
            reconnect_s: 10.0,
            stuck_s: 10.0,
            finish_s: 10.0,
        }
    }
}

/// Where a session is in its life. `Done` and `Failed` are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionState {
    /// Nobody publishes yet.
    Waiting,
    /// A source is being connected; no frame has come.
    Connecting,
    /// Frames come.
    Live,
    /// Frames have stopped coming, or the publisher left and may come back.
    Stalled,
    /// What is under way is being completed.
    Finishing,
    /// The source ended and everything has been said.
    Done,
    /// Something broke; the reason says what.
    Failed,
}

impl SessionState {
    /// Whether frames may come.
    pub(crate) fn is_running(self) -> bool {
        matches!(self, Self::Live | Self::Stalled)
    }

    /// Whether the session is over.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// An address without user, password and query.
pub(crate) fn without_secrets(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return uri.to_owned();
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}
