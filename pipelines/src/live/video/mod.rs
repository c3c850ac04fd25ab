//! The picture with overlay, encoded once for everybody who wants it.
//!
//! ```text
//! frames of the session ─► appsrc ! kineoverlay ! encoder ! appsink ─► fan-out ─┬─► a viewer's pipeline
//!                                                                              ├─► a push's pipeline
//!                                                                              └─► the recording's pipeline
//! ```
//! There is one such line for each form of the video ([`Form`]): the picture, and the graphics alone for the two inputs of a
//! keyer (docs/adr/0012). The encoder and each consumer are pipelines of their own: what fails in one touches neither the analysis nor another.
//! The encoder exists only while somebody takes its output. Every queue is bounded: the encoder takes the newest frame,
//! and a consumer that is too slow loses everything up to the next key frame.

mod encoder;
mod fanout;
mod push;
mod rendition;
mod snapshot;
mod target;
mod viewer;

use super::webrtc::SLOW_GATHERING;
use super::{IceServers, LiveError, Push, PushId, PushInfo, SessionState, ViewerId};
use crate::sync::lock;
use push::RunningPush;
use rendition::{Form, Rendition};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use target::Target;
use viewer::Viewer;

/// The video that leaves a session.
pub(crate) struct Video {
    ice: IceServers,
    /// One for each form, in the order of [`Form::ALL`].
    renditions: [Rendition; 3],
    latest: Mutex<Option<gst::Sample>>,
    viewers: Mutex<BTreeMap<String, Viewer>>,
    pushes: Mutex<BTreeMap<u64, RunningPush>>,
    names: AtomicU64,
    /// Makes the watch of the session call [`Video::tend`].
    wake: Arc<dyn Fn() + Send + Sync>,
    warn: Arc<dyn Fn(String) + Send + Sync>,
}

impl Video {
    /// Video nobody takes yet.
    pub fn new(
        ice: IceServers,
        overlay: bool,
        wake: Arc<dyn Fn() + Send + Sync>,
        warn: Arc<dyn Fn(String) + Send + Sync>,
    ) -> Self {
        Self {
            ice,
            // Who takes the graphics alone wants them whatever the picture shows.
            renditions: Form::ALL
                .map(|form| Rendition::new(form, overlay || form != Form::Programme, wake.clone())),
            latest: Mutex::default(),
            viewers: Mutex::default(),
            pushes: Mutex::default(),
            names: AtomicU64::new(1),
            wake,
            warn,
        }
    }

    /// Takes a frame that has been analysed. Called on the streaming thread: it neither waits nor copies.
    pub fn frame(&self, buffer: &gst::Buffer, caps: &gst::Caps) {
        let sample = gst::Sample::builder().buffer(buffer).caps(caps).build();
        for rendition in &self.renditions {
            rendition.frame(&sample);
        }
        *lock(&self.latest) = Some(sample);
    }

    fn rendition(&self, form: Form) -> &Rendition {
        &self.renditions[form as usize]
    }

    /// Draws the graphics on the picture from now on, or not.
    pub fn set_overlay(&self, on: bool) {
        self.rendition(Form::Programme).set_graphics(on);
    }

    /// Forms of the video that are being encoded.
    pub fn encoders(&self) -> usize {
        self.renditions
            .iter()
            .filter(|rendition| rendition.is_running())
            .count()
    }

    /// Whether somebody is sent the picture with graphics.
    pub fn draws_graphics(&self) -> bool {
        let programme = self.rendition(Form::Programme);
        programme.is_running() && programme.graphics()
    }

    /// The present picture as JPEG.
    pub fn snapshot(&self, state: SessionState) -> Result<Vec<u8>, LiveError> {
        let sample = lock(&self.latest).clone();
        let reason = "no frame has come yet";
        let sample = sample.ok_or(LiveError::WrongState { state, reason })?;
        snapshot::jpeg(&sample, self.rendition(Form::Programme).graphics())
    }

    /// Connects a viewer; returns the answer to its offer.
    pub fn watch(self: &Arc<Self>, offer: &str) -> Result<(ViewerId, String), LiveError> {
        let id = format!("v{}", self.names.fetch_add(1, Ordering::Relaxed));
        let (video, name) = (Arc::downgrade(self), id.clone());
        let left = move || {
            if let Some(video) = video.upgrade() {
                if let Some(viewer) = lock(&video.viewers).get(&name) {
                    viewer.mark_gone();
                }
                (video.wake)();
            }
        };
        let (viewer, answer) = Viewer::connect(offer, &self.ice, left)?;
        let subscriber = viewer.subscriber().clone();
        lock(&self.viewers).insert(id.clone(), viewer);
        if let Err(error) = self.rendition(Form::Programme).subscribe(subscriber) {
            self.unwatch(&ViewerId(id));
            return Err(error);
        }
        if !answer.complete {
            (self.warn)(SLOW_GATHERING.into());
        }
        Ok((ViewerId(id), answer.sdp))
    }

    /// Ends a viewer; whether there was one of this name.
    pub fn unwatch(&self, viewer: &ViewerId) -> bool {
        let viewer = lock(&self.viewers).remove(&viewer.0);
        if let Some(viewer) = &viewer {
            self.rendition(Form::Programme).unsubscribe(viewer.subscriber());
        }
        viewer.is_some()
    }

    /// How many viewers there are.
    pub fn viewers(&self) -> usize {
        lock(&self.viewers).len()
    }

    /// Starts to push video somewhere.
    pub fn push(self: &Arc<Self>, to: Push) -> Result<PushId, LiveError> {
        self.start_push(Target::of(to)?)
    }

    /// Starts to record into an MP4 file.
    pub fn record(self: &Arc<Self>, path: &Path) -> Result<PushId, LiveError> {
        self.start_push(Target::recording(path)?)
    }

    fn start_push(self: &Arc<Self>, target: Target) -> Result<PushId, LiveError> {
        let id = self.names.fetch_add(1, Ordering::Relaxed);
        let running = RunningPush::start(id, target, self)?;
        lock(&self.pushes).insert(id, running);
        Ok(PushId(id))
    }

    /// Ends a push in good order.
    pub fn unpush(&self, push: PushId) {
        let push = lock(&self.pushes).remove(&push.0);
        drop(push);
    }

    /// How the pushes go.
    pub fn pushes(&self) -> Vec<PushInfo> {
        lock(&self.pushes).values().map(RunningPush::info).collect()
    }

    /// Does what streaming threads only ask for: lets go of viewers who left, replaces an encoder that failed.
    pub fn tend(&self) {
        let gone: Vec<String> = lock(&self.viewers)
            .iter()
            .filter(|(_, viewer)| viewer.is_gone())
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            self.unwatch(&ViewerId(id));
        }
        for failure in self.renditions.iter().flat_map(Rendition::replace_failed) {
            (self.warn)(failure);
        }
    }

    /// Ends everything in good order: what has been analysed is encoded, sent and written. Blocks for a bounded time.
    pub fn finish(&self) {
        for rendition in &self.renditions {
            rendition.drain();
        }
        self.stop();
    }

    /// Ends everything.
    pub fn stop(&self) {
        let viewers = std::mem::take(&mut *lock(&self.viewers));
        for viewer in viewers.values() {
            self.rendition(Form::Programme).pause(viewer.subscriber());
        }
        drop(viewers);
        for push in lock(&self.pushes).values() {
            push.ask_to_stop();
        }
        let pushes: Vec<_> = lock(&self.pushes)
            .values_mut()
            .filter_map(RunningPush::take_thread)
            .collect();
        for thread in pushes {
            // A push that panicked has nothing left to wait for.
            let _ = thread.join();
        }
        for rendition in &self.renditions {
            rendition.stop();
        }
        *lock(&self.latest) = None;
    }
}
