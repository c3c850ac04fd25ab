//! Places video is pushed to, and the pipeline of each.

use super::fanout::{Stamps, Subscriber};
use super::rendition::Form;
use crate::elements::make;
use crate::live::{LiveError, Push, without_secrets};
use crate::output::folder_of;
use crate::stopping::Stopping;
use gst::prelude::*;
use gst_app::AppSrc;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Length of a segment of HLS, seconds: as short as the distance of key frames lets it be.
const HLS_SEGMENT_S: u32 = 2;
/// Segments of HLS that are kept.
const HLS_SEGMENTS: u32 = 6;
/// Length of a fragment of a recording, ms: what a crash loses at most.
const FRAGMENT_MS: u32 = 1000;

/// A place video is pushed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Rtmp(String),
    Srt(Form, String),
    Hls(PathBuf),
    Recording(PathBuf),
}

impl Target {
    /// Checks a place.
    ///
    /// # Errors
    /// [`LiveError::Output`] names what is wrong with it.
    pub fn of(push: Push) -> Result<Self, LiveError> {
        match push {
            Push::Rtmp(uri) if has_scheme(&uri, &["rtmp", "rtmps"]) => Ok(Self::Rtmp(uri)),
            Push::Rtmp(_) => Err(wrong("an RTMP address begins with rtmp:// or rtmps://")),
            Push::Srt(uri) => Self::srt(Form::Programme, uri),
            Push::Fill(uri) => Self::srt(Form::Fill, uri),
            Push::Matte(uri) => Self::srt(Form::Matte, uri),
            Push::Hls(folder) => {
                std::fs::create_dir_all(&folder)
                    .map_err(|error| wrong(&format!("{}: {error}", folder.display())))?;
                Ok(Self::Hls(folder))
            }
        }
    }

    fn srt(form: Form, uri: String) -> Result<Self, LiveError> {
        match has_scheme(&uri, &["srt"]) {
            true => Ok(Self::Srt(form, uri)),
            false => Err(wrong("an SRT address begins with srt://")),
        }
    }

    /// Which form of the video it gets.
    pub fn form(&self) -> Form {
        match self {
            Self::Srt(form, _) => *form,
            Self::Rtmp(_) | Self::Hls(_) | Self::Recording(_) => Form::Programme,
        }
    }

    /// The times its frames carry. The frames of fill and matte that belong together carry the same.
    fn stamps(&self) -> Stamps {
        match self.form() {
            Form::Programme => Stamps::FromZero,
            Form::Fill | Form::Matte => Stamps::OfSession,
        }
    }

    /// Checks the place of a recording.
    ///
    /// # Errors
    /// [`LiveError::Output`] when its folder is not there.
    pub fn recording(path: &Path) -> Result<Self, LiveError> {
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(wrong(&format!("there is no folder {}", folder.display())));
        }
        Ok(Self::Recording(path.to_owned()))
    }

    /// Name of the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Rtmp(_) => "rtmp",
            Self::Srt(Form::Programme, _) => "srt",
            Self::Srt(Form::Fill, _) => "fill",
            Self::Srt(Form::Matte, _) => "matte",
            Self::Hls(_) => "hls",
            Self::Recording(_) => "recording",
        }
    }

    /// Whether it is worth trying again: a disk that is full stays full.
    pub fn may_recover(&self) -> bool {
        matches!(self, Self::Rtmp(_) | Self::Srt(..))
    }

    /// The place for people to read, without what is secret in it.
    pub fn shown(&self) -> String {
        match self {
            // The last part of the path is the key of the stream.
            Self::Rtmp(uri) => {
                let shown = without_secrets(uri);
                let end = shown.rfind('/').filter(|end| *end > "rtmps://".len());
                format!("{}/…", &shown[..end.unwrap_or(shown.len())])
            }
            Self::Srt(_, uri) => without_secrets(uri),
            Self::Hls(path) | Self::Recording(path) => path.display().to_string(),
        }
    }

    /// Makes a pipeline that takes access units.
    pub fn pipeline(&self) -> Result<Outgoing, LiveError> {
        let source = AppSrc::builder().build();
        let parse = make("h264parse", "parse")?;
        let mut chain = vec![source.clone().upcast(), parse.clone()];
        chain.extend(self.elements(&parse)?);
        let pipeline = Stopping(gst::Pipeline::new());
        pipeline
            .0
            .add_many(&chain)
            .and_then(|()| gst::Element::link_many(&chain))
            .map_err(|error| wrong(&error.to_string()))?;
        let last = chain.pop().expect("a chain has elements");
        Ok(Outgoing {
            pipeline,
            subscriber: Subscriber::new(source, self.stamps(), true),
            last,
        })
    }

    /// What comes after the parser.
    fn elements(&self, parse: &gst::Element) -> Result<Vec<gst::Element>, LiveError> {
        match self {
            Self::Rtmp(uri) => {
                let mux = make("flvmux", "mux")?;
                mux.set_property("streamable", true);
                let sink = sink("rtmp2sink")?;
                sink.set_property("location", uri);
                Ok(vec![mux, sink])
            }
            Self::Srt(_, uri) => {
                // A player that joins needs the headers now and then.
                parse.set_property("config-interval", 1i32);
                let mux = make("mpegtsmux", "mux")?;
                mux.set_property("alignment", 7i32);
                let sink = sink("srtsink")?;
                sink.set_property("uri", uri);
                // A listener nobody calls must not hold up its pipeline; a caller nobody answers fails all the same.
                sink.set_property("wait-for-connection", false);
                Ok(vec![mux, sink])
            }
            Self::Hls(folder) => {
                let sink = make("hlssink2", "sink")?;
                sink.set_property("location", path_text(&folder.join("segment%05d.ts")));
                sink.set_property("playlist-location", path_text(&folder.join("index.m3u8")));
                sink.set_property("target-duration", HLS_SEGMENT_S);
                // It asks for a key frame where the segment is to end, but gets it at once, and would split there and again.
                sink.set_property("send-keyframe-requests", false);
                sink.set_property("playlist-length", HLS_SEGMENTS);
                sink.set_property("max-files", HLS_SEGMENTS + 2);
                Ok(vec![sink])
            }
            Self::Recording(path) => {
                let mux = make("mp4mux", "mux")?;
                mux.set_property("fragment-duration", FRAGMENT_MS);
                mux.set_property_from_str("fragment-mode", "first-moov-then-finalise");
                let sink = make("filesink", "sink")?;
                sink.set_property("location", path);
                Ok(vec![mux, sink])
            }
        }
    }
}

/// A pipeline that sends or writes.
pub(super) struct Outgoing {
    pub pipeline: Stopping,
    pub subscriber: Arc<Subscriber>,
    /// The element that everything goes into.
    pub last: gst::Element,
}

/// A sink of the network: what comes is sent.
fn sink(element: &str) -> Result<gst::Element, LiveError> {
    let sink = make(element, "sink")?;
    sink.set_property("sync", false);
    sink.set_property("async", false);
    Ok(sink)
}

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn has_scheme(uri: &str, schemes: &[&str]) -> bool {
    uri.split_once("://")
        .is_some_and(|(scheme, rest)| schemes.contains(&scheme) && !rest.is_empty())
}

fn wrong(reason: &str) -> LiveError {
    LiveError::Output {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let shown = |push| Target::of(push).expect("a target").shown();
        assert_eq!(
            shown(Push::Rtmp("rtmp://user:word@live.example/app/KEY?x=y".into())),
            "rtmp://live.example/app/…"
        );
        assert_eq!(
            shown(Push::Srt("srt://host:9000?passphrase=word".into())),
            "srt://host:9000"
        );
    }

    #[test]
    fn an_address_of_another_kind_is_refused() {
        for push in [
            Push::Rtmp("http://host/app".into()),
            Push::Rtmp("rtmp://".into()),
            Push::Srt("rtmp://host".into()),
            Push::Srt(String::new()),
            Push::Fill("rtmp://host".into()),
            Push::Matte("http://host".into()),
        ] {
            assert!(Target::of(push.clone()).is_err(), "{push:?}");
        }
        assert!(Target::recording(Path::new("/no/such/folder/a.mp4")).is_err());
    }
}
