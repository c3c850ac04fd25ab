//! One form of the video, encoded once for everybody who takes it in that form.

use super::encoder::Encoder;
use super::fanout::{Fanout, Subscriber};
use crate::live::LiveError;
use crate::sync::lock;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// What the pictures show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The athlete, with the graphics or without.
    Programme,
    /// The graphics on black, for the fill input of a keyer.
    Fill,
    /// The opacity of the graphics as grey, for the key input of a keyer.
    Matte,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Programme, Self::Fill, Self::Matte];

    /// `mode` of `kineoverlay`.
    pub fn overlay_mode(self) -> &'static str {
        match self {
            Self::Programme => "draw",
            Self::Fill => "fill",
            Self::Matte => "matte",
        }
    }
}

/// The video in one form. Its encoder exists only while somebody takes what it gives.
pub(crate) struct Rendition {
    form: Form,
    graphics: AtomicBool,
    fanout: Arc<Fanout>,
    /// Where frames go while an encoder runs.
    input: Mutex<Option<Arc<Encoder>>>,
    /// Encoders that failed on this video. Held while one is started or stopped, never by a streaming thread.
    failed: Mutex<BTreeSet<&'static str>>,
    /// Asks for [`Rendition::replace_failed`], from a streaming thread.
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Rendition {
    /// Video nobody takes yet.
    pub fn new(form: Form, graphics: bool, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            form,
            graphics: AtomicBool::new(graphics),
            fanout: Arc::default(),
            input: Mutex::default(),
            failed: Mutex::default(),
            wake,
        }
    }

    /// Takes a frame. Called on the streaming thread: it neither waits nor copies.
    pub fn frame(&self, sample: &gst::Sample) {
        let encoder = lock(&self.input).clone();
        if let Some(encoder) = encoder {
            encoder.frame(sample, self.fanout.needs_one_size());
        }
    }

    /// Whether it is being encoded.
    pub fn is_running(&self) -> bool {
        lock(&self.input).is_some()
    }

    /// Whether the graphics are drawn.
    pub fn graphics(&self) -> bool {
        self.graphics.load(Ordering::Relaxed)
    }

    /// Draws the graphics from now on, or not.
    pub fn set_graphics(&self, on: bool) {
        self.graphics.store(on, Ordering::Relaxed);
        if let Some(encoder) = lock(&self.input).as_ref() {
            encoder.set_overlay(on);
        }
    }

    /// Starts to give encoded video to a consumer, the next key frame first.
    pub fn subscribe(&self, subscriber: Arc<Subscriber>) -> Result<(), LiveError> {
        self.fanout.add(subscriber);
        self.keep_encoder()?;
        self.fanout.request_key_frame();
        Ok(())
    }

    /// Gives a consumer nothing more; the encoder goes on for now.
    pub fn pause(&self, subscriber: &Arc<Subscriber>) {
        self.fanout.remove(subscriber);
    }

    /// Gives a consumer nothing more, and stops the encoder when it was the last.
    pub fn unsubscribe(&self, subscriber: &Arc<Subscriber>) {
        self.fanout.remove(subscriber);
        // Stopping what runs cannot fail.
        let _ = self.keep_encoder();
    }

    /// Has an encoder while somebody takes its output, and none otherwise.
    fn keep_encoder(&self) -> Result<(), LiveError> {
        let failed = lock(&self.failed);
        let running = lock(&self.input).is_some();
        let wanted = !self.fanout.is_empty();
        if wanted && !running {
            let wake = self.wake.clone();
            let encoder = Encoder::start(&self.fanout, self.form, self.graphics(), &failed, move || wake())?;
            *lock(&self.input) = Some(Arc::new(encoder));
        } else if !wanted && running {
            self.stop();
        }
        Ok(())
    }

    /// Puts another encoder in the place of one that failed; says what went wrong.
    pub fn replace_failed(&self) -> Vec<String> {
        let encoder = lock(&self.input).clone();
        let failure = encoder.and_then(|encoder| Some((encoder.name(), encoder.failure()?)));
        let Some((name, failure)) = failure else {
            return Vec::new();
        };
        lock(&self.failed).insert(name);
        self.stop();
        let further = self.keep_encoder().err().map(|error| error.to_string());
        [Some(failure), further].into_iter().flatten().collect()
    }

    /// Encodes what it has been given and stops the encoder. Blocks for a bounded time.
    pub fn drain(&self) {
        let encoder = lock(&self.input).take();
        if let Some(encoder) = encoder {
            encoder.drain();
        }
    }

    /// Stops the encoder.
    pub fn stop(&self) {
        let encoder = lock(&self.input).take();
        drop(encoder);
    }
}
