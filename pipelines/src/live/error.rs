//! Why something about a live session failed. Each message names the thing.

use super::SessionState;
use crate::AnalysisError;

/// Why something about a live session failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// A piece cannot be built or started: an element is missing, models are missing …
    #[error(transparent)]
    Setup(#[from] AnalysisError),
    /// The source cannot be reached, opened or read.
    #[error("source {source_name}: {reason}")]
    Source {
        /// The source, without credentials.
        source_name: String,
        /// What failed.
        reason: String,
    },
    /// The address of a source is not one this service may open.
    #[error("source {uri} is refused: {reason}")]
    Refused {
        /// The address, without credentials.
        uri: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// Nothing installed here decodes what the source sends, or everything that could has failed.
    #[error("nothing decodes {codec}: {reason}")]
    NoDecoder {
        /// Name of the codec.
        codec: String,
        /// What was tried.
        reason: String,
    },
    /// The picture is larger than the session may have.
    #[error("the picture is {width}x{height}, more than the {limit} pixels a session may have")]
    TooLarge {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// Most pixels.
        limit: u32,
    },
    /// The source sends more than the session may have.
    #[error("the source sends {kbps} kbit/s, more than the {limit} a session may have")]
    TooFast {
        /// What it sends.
        kbps: u64,
        /// The most.
        limit: u64,
    },
    /// No frame for too long.
    #[error("no frame for {seconds:.1} s")]
    Silent {
        /// How long.
        seconds: f64,
    },
    /// Frames go into a part of the analysis and none comes out.
    #[error("frames go into {part} and none has come out for {seconds:.0} s")]
    Stuck {
        /// The part.
        part: &'static str,
        /// How long.
        seconds: f64,
    },
    /// A session that was to end did not get its last frames through.
    #[error("the last frames did not get through within {seconds:.0} s: results are missing")]
    Unfinished {
        /// How long was waited.
        seconds: f64,
    },
    /// An SDP offer that makes no sense or asks for what cannot be had.
    #[error("SDP offer: {reason}")]
    Offer {
        /// What is wrong with it.
        reason: String,
    },
    /// A trickle fragment that makes no sense.
    #[error("ICE fragment: {reason}")]
    Fragment {
        /// What is wrong with it.
        reason: String,
    },
    /// The other side did not answer in time, or negotiation broke.
    #[error("WebRTC negotiation: {reason}")]
    Negotiation {
        /// What failed.
        reason: String,
    },
    /// Somebody publishes already.
    #[error("somebody publishes to this session already")]
    Busy,
    /// The request does not fit the kind of source.
    #[error("this session does not take a publisher: its source is {source_name}")]
    NotPublishable {
        /// What the source is.
        source_name: &'static str,
    },
    /// The request comes too early or too late.
    #[error("the session is {state:?}: {reason}")]
    WrongState {
        /// The present state.
        state: SessionState,
        /// What would be needed.
        reason: &'static str,
    },
    /// Encoding, sending or writing video failed.
    #[error("video output: {reason}")]
    Output {
        /// What failed.
        reason: String,
    },
}

impl LiveError {
    /// Stable code for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Setup(error) => error.code(),
            Self::Source { .. } => "source",
            Self::Refused { .. } => "source_refused",
            Self::NoDecoder { .. } => "no_decoder",
            Self::TooLarge { .. } => "picture_too_large",
            Self::TooFast { .. } => "bitrate_too_high",
            Self::Silent { .. } => "silent",
            Self::Stuck { .. } => "stuck",
            Self::Unfinished { .. } => "unfinished",
            Self::Offer { .. } => "invalid_offer",
            Self::Fragment { .. } => "invalid_ice_fragment",
            Self::Negotiation { .. } => "negotiation",
            Self::Busy => "busy",
            Self::NotPublishable { .. } => "not_publishable",
            Self::WrongState { .. } => "wrong_state",
            Self::Output { .. } => "output",
        }
    }
}
