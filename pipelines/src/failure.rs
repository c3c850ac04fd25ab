//! From GStreamer's error messages to errors a person can act on.

use crate::AnalysisError;
use std::path::Path;

/// Where a failure arose.
pub(crate) enum Culprit<'a> {
    /// Reading or decoding this file.
    Input(&'a Path),
    /// Pose estimation or movement analysis.
    Analysis,
    /// Writing this file.
    Output(&'a Path),
}

/// A stream nothing here can decode.
#[derive(Clone, Debug)]
pub(crate) struct MissingCodec {
    name: String,
    kind: Kind,
}

/// What the undecodable data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Video,
    Sound,
    Other,
}

impl Kind {
    fn of(media_type: &str) -> Self {
        match media_type.split('/').next() {
            Some("video" | "image") => Self::Video,
            Some("audio") => Self::Sound,
            _ => Self::Other,
        }
    }
}

/// Reads a missing-plugin message.
pub(crate) fn missing_codec(message: &gst::message::Element) -> Option<MissingCodec> {
    let structure = message.structure()?;
    if structure.name() != "missing-plugin" {
        return None;
    }
    // The detail is a property name for missing elements of other kinds.
    let caps = structure.get::<gst::Caps>("detail").ok()?;
    let kind = Kind::of(caps.structure(0)?.name());
    Some(MissingCodec {
        name: codec_name(&caps),
        kind,
    })
}

/// A codec's name with its profile, e.g. `H.264 (High Profile)`.
pub(crate) fn codec_name(caps: &gst::Caps) -> String {
    if !caps.is_fixed() {
        // Only fixed caps can be described.
        return caps
            .structure(0)
            .map(|s| s.name().to_string())
            .unwrap_or_default();
    }
    gst_pbutils::pb_utils_get_codec_description(caps).into()
}

/// A file in which no video stream could be shown: it has none, or one that nothing here decodes.
pub(crate) fn without_video(path: &Path, missing: &[MissingCodec]) -> AnalysisError {
    let path = path.to_owned();
    let of_kind = |kind: Kind| missing.iter().find(|codec| codec.kind == kind);
    match (of_kind(Kind::Video), of_kind(Kind::Other)) {
        (Some(codec), _) => AnalysisError::MissingDecoder {
            path,
            codec: codec.name.clone(),
            cure: "install gstreamer1.0-libav and gstreamer1.0-plugins-bad; `kinemotion doctor` lists what is there"
                .into(),
        },
        (None, Some(other)) => {
            AnalysisError::NotVideo { path, reason: format!("nothing installed here reads {}", other.name) }
        }
        (None, None) => AnalysisError::NoVideoStream { path },
    }
}

/// Explains an error message.
pub(crate) fn explain(
    culprit: &Culprit<'_>,
    message: &gst::message::Error,
    missing: &[MissingCodec],
) -> AnalysisError {
    let reason = message.error().message().trim_end_matches('.').to_owned();
    match culprit {
        Culprit::Analysis => AnalysisError::Inference { reason },
        Culprit::Output(path) => AnalysisError::Output {
            path: path.to_path_buf(),
            reason,
        },
        Culprit::Input(path) => explain_input(path, message, lower_first(&reason), missing),
    }
}

fn explain_input(
    path: &Path,
    message: &gst::message::Error,
    reason: String,
    missing: &[MissingCodec],
) -> AnalysisError {
    let path = path.to_owned();
    let error = message.error();
    let debug = message.debug().unwrap_or_default();
    if error.matches(gst::StreamError::CodecNotFound) || error.matches(gst::CoreError::MissingPlugin) {
        return without_video(&path, missing);
    }
    if error.matches(gst::StreamError::TypeNotFound) || error.matches(gst::StreamError::WrongType) {
        return AnalysisError::NotVideo { path, reason };
    }
    if error.matches(gst::ResourceError::NotFound)
        || error.matches(gst::ResourceError::OpenRead)
        || error.matches(gst::ResourceError::Read)
    {
        return AnalysisError::Unreadable { path, reason };
    }
    if debug.contains("not-negotiated") {
        let element = message.src().map(|source| source.to_string()).unwrap_or_default();
        return AnalysisError::Pipeline {
            element,
            reason: "elements do not agree on a format".into(),
        };
    }
    AnalysisError::Damaged { path, reason }
}

/// A sentence of somebody else as the end of one of ours.
fn lower_first(sentence: &str) -> String {
    let mut chars = sentence.chars();
    match (chars.next(), chars.clone().next()) {
        // An abbreviation keeps its capitals.
        (Some(_), Some(second)) if second.is_uppercase() => sentence.to_owned(),
        (Some(first), _) => first.to_lowercase().chain(chars).collect(),
        (None, _) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codec_is_named_with_its_profile() {
        gst::init().expect("GStreamer");
        let caps = gst::Caps::builder("video/x-h264")
            .field("profile", "high")
            .build();
        assert!(codec_name(&caps).starts_with("H.264"), "{}", codec_name(&caps));
    }

    #[test]
    fn a_missing_audio_decoder_is_not_a_missing_video_decoder() {
        let path = Path::new("clip.mp4");
        let missing = |name: &str, kind| MissingCodec {
            name: name.into(),
            kind,
        };
        let (sound, video) = (missing("AAC", Kind::Sound), missing("ProRes", Kind::Video));
        assert!(matches!(
            without_video(path, std::slice::from_ref(&sound)),
            AnalysisError::NoVideoStream { .. }
        ));
        let error = without_video(path, &[sound, video]).to_string();
        assert!(
            error.contains("ProRes") && error.contains("gstreamer1.0-libav"),
            "{error}"
        );
        let program = missing("application/x-executable", Kind::of("application/x-executable"));
        assert!(matches!(
            without_video(path, &[program]),
            AnalysisError::NotVideo { .. }
        ));
    }

    #[test]
    fn somebody_elses_sentence_continues_ours() {
        assert_eq!(lower_first("This appears to be text"), "this appears to be text");
        assert_eq!(lower_first("MP4 is broken"), "MP4 is broken");
        assert_eq!(lower_first(""), "");
    }
}
