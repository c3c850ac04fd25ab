//! Why an analysis did not happen. Each message names the thing and, where there is one, the cure.

use std::path::PathBuf;

/// Why an analysis did not happen.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// The input.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The content is not something GStreamer knows.
    #[error("{} is not a video: {reason}", path.display())]
    NotVideo {
        /// The input.
        path: PathBuf,
        /// What it is instead, as far as known.
        reason: String,
    },
    /// A media file without a picture.
    #[error("{} holds no video stream", path.display())]
    NoVideoStream {
        /// The input.
        path: PathBuf,
    },
    /// The codec is known but nothing installed decodes it.
    #[error("{} needs a decoder that is not installed: {codec} ({cure})", path.display())]
    MissingDecoder {
        /// The input.
        path: PathBuf,
        /// Name of the codec.
        codec: String,
        /// What to install.
        cure: String,
    },
    /// The file is broken in a place that leaves no frame to analyse.
    #[error("{} is damaged or truncated: {reason}", path.display())]
    Damaged {
        /// The input.
        path: PathBuf,
        /// What the demuxer or decoder said.
        reason: String,
    },
    /// Decoding stopped making progress.
    #[error("{} stopped giving frames at {position_s:.2} s", path.display())]
    Stalled {
        /// The input.
        path: PathBuf,
        /// Media time of the last frame.
        position_s: f64,
    },
    /// Pose models or ONNX Runtime are missing or failed.
    #[error("{reason}")]
    Inference {
        /// What failed and what to do.
        reason: String,
    },
    /// A result file cannot be written.
    #[error("cannot write {}: {reason}", path.display())]
    Output {
        /// The output.
        path: PathBuf,
        /// What failed.
        reason: String,
    },
    /// Whoever takes the event stream failed or went away.
    #[error("event stream: {reason}")]
    EventStream {
        /// Kind of failure, e.g. a broken pipe.
        kind: std::io::ErrorKind,
        /// What the system said.
        reason: String,
    },
    /// A GStreamer element is not installed.
    #[error("GStreamer element {element} is missing (install {package})")]
    MissingElement {
        /// Factory name.
        element: String,
        /// Debian package that has it.
        package: &'static str,
    },
    /// GStreamer failed in a way that says nothing about the input.
    #[error("pipeline failed in {element}: {reason}")]
    Pipeline {
        /// Element that failed.
        element: String,
        /// What it said.
        reason: String,
    },
    /// Somebody asked to stop.
    #[error("stopped")]
    Cancelled,
}

impl AnalysisError {
    /// The input is to blame: another file may well work.
    pub fn is_input(&self) -> bool {
        matches!(
            self,
            Self::Unreadable { .. }
                | Self::NotVideo { .. }
                | Self::NoVideoStream { .. }
                | Self::MissingDecoder { .. }
                | Self::Damaged { .. }
                | Self::Stalled { .. }
        )
    }

    /// Stable code for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::NotVideo { .. } => "not_video",
            Self::NoVideoStream { .. } => "no_video_stream",
            Self::MissingDecoder { .. } => "missing_decoder",
            Self::Damaged { .. } => "damaged",
            Self::Stalled { .. } => "stalled",
            Self::Inference { .. } => "inference",
            Self::Output { .. } => "output",
            Self::EventStream { .. } => "event_stream",
            Self::MissingElement { .. } => "missing_element",
            Self::Pipeline { .. } => "pipeline",
            Self::Cancelled => "cancelled",
        }
    }
}
