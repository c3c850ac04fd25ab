//! Where frames come from.

mod access;
mod camera;
mod demo;
mod uri;
mod whip;

use super::intake::Intake;
use super::meter::Meter;
use super::{IceServers, LiveError, LiveSource, LiveSpec, without_secrets};
pub use access::is_public;
use std::sync::Arc;
pub(crate) use whip::{CODECS, Loss, Place, Whip};

/// A source that has been added to a pipeline.
pub(crate) enum Source {
    /// It takes a publisher.
    Whip(Whip),
    /// It needs nobody.
    Running,
}

/// What a source is connected to.
pub(crate) struct Surroundings<'a> {
    pub pipeline: &'a gst::Pipeline,
    pub intake: &'a Arc<Intake>,
    pub meter: &'a Arc<Meter>,
    pub ice: &'a IceServers,
    /// Whether a publisher who was not heard of for a moment may be replaced by another.
    pub reconnect: bool,
    /// Called when a publisher has left: the watch looks after it.
    pub left: Arc<dyn Fn() + Send + Sync>,
    /// Called when the source is of no use: the session has failed.
    pub refuse: Arc<dyn Fn(LiveError) + Send + Sync>,
    /// Called with something a person should know.
    pub warn: Arc<dyn Fn(String) + Send + Sync>,
}

impl Source {
    /// Adds the source to the pipeline; it hands its video to the intake when it has some.
    pub fn build(spec: &LiveSpec, around: &Surroundings<'_>) -> Result<Self, LiveError> {
        match &spec.source {
            LiveSource::Demo(options) => demo::build(around, *options, spec.movement)?,
            LiveSource::Whip(options) => return Ok(Self::Whip(Whip::new(around, *options))),
            LiveSource::Uri(uri) => uri::build(around, uri, &spec.access)?,
            LiveSource::Camera(device) => camera::build(around, device, spec.limits)?,
        }
        Ok(Self::Running)
    }

    /// The place of a publisher, if there is one.
    pub fn publisher(&self) -> Option<&Whip> {
        match self {
            Self::Whip(whip) => Some(whip),
            Self::Running => None,
        }
    }
}

/// The name of a kind of source.
pub(crate) fn kind(source: &LiveSource) -> &'static str {
    match source {
        LiveSource::Whip(_) => "whip",
        LiveSource::Uri(_) => "uri",
        LiveSource::Camera(_) => "camera",
        LiveSource::Demo(_) => "demo",
    }
}

/// Whether frames come when they are taken, rather than when they are wanted: a file waits, on a disk or behind HTTP.
pub(crate) fn is_live(source: &LiveSource) -> bool {
    let waits = ["file:", "http:", "https:"];
    !matches!(source, LiveSource::Uri(uri) if waits.iter().any(|scheme| uri.starts_with(scheme)))
}

/// The source for people to read, without what is secret in it.
pub(crate) fn shown(source: &LiveSource) -> String {
    match source {
        LiveSource::Uri(uri) => without_secrets(uri),
        LiveSource::Camera(device) => device.display().to_string(),
        other => kind(other).into(),
    }
}
