//! A publisher over WebRTC: a browser, OBS, a hardware encoder (WHIP, RFC 9725). HTTP is somebody else's.

mod ingest;

use super::{Intake, Surroundings};
use crate::live::meter::Meter;
use crate::live::webrtc::{Answer, Fragment, Offer, SLOW_GATHERING};
use crate::live::{IceServers, LiveError, SessionState, WhipOptions};
use crate::sync::lock;
use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCDataChannelState};
use ingest::Ingest;
use std::sync::{Arc, Mutex};

/// Codecs that are received.
const CODECS: [&str; 3] = ["VP8", "VP9", "H264"];
/// Name of the data channel that results are sent over.
const METRICS: &str = "metrics";
/// Bytes that may wait in the data channel: more than two seconds of everything. What comes then is dropped.
const MOST_WAITING: u64 = 256 * 1024;

/// The place of a publisher in a pipeline.
pub(crate) struct Whip {
    pipeline: gst::glib::WeakRef<gst::Pipeline>,
    options: WhipOptions,
    ice: IceServers,
    intake: Arc<Intake>,
    meter: Arc<Meter>,
    publisher: Mutex<Publisher>,
    metrics: Arc<Mutex<Option<WebRTCDataChannel>>>,
    lost: Arc<dyn Fn(&str) + Send + Sync>,
    refuse: Arc<dyn Fn(LiveError) + Send + Sync>,
    warn: Arc<dyn Fn(String) + Send + Sync>,
}

enum Publisher {
    None,
    Negotiating,
    Connected { ingest: Arc<Ingest>, offer: Arc<Offer> },
}

impl Whip {
    /// A place nobody has taken yet.
    pub fn new(around: &Surroundings<'_>, options: WhipOptions) -> Self {
        Self {
            pipeline: around.pipeline.downgrade(),
            options,
            ice: around.ice.clone(),
            intake: around.intake.clone(),
            meter: around.meter.clone(),
            publisher: Mutex::new(Publisher::None),
            metrics: Arc::default(),
            lost: around.lost.clone(),
            refuse: around.refuse.clone(),
            warn: around.warn.clone(),
        }
    }

    /// Connects the publisher who made this offer.
    pub fn answer(&self, offer: &str) -> Result<String, LiveError> {
        let offer = Arc::new(Offer::parse(offer)?);
        if offer.video_formats(&CODECS, &[]).is_empty() {
            return Err(LiveError::Offer {
                reason: format!("its video section has none of the codecs {}", CODECS.join(", ")),
            });
        }
        {
            let mut publisher = lock(&self.publisher);
            if !matches!(*publisher, Publisher::None) {
                return Err(LiveError::Busy);
            }
            *publisher = Publisher::Negotiating;
        }
        let connected = self.connect(&offer);
        *lock(&self.publisher) = match &connected {
            Ok((ingest, _)) => Publisher::Connected {
                ingest: ingest.clone(),
                offer,
            },
            Err(_) => Publisher::None,
        };
        let (_, answer) = connected?;
        if !answer.complete {
            (self.warn)(SLOW_GATHERING.into());
        }
        Ok(answer.sdp)
    }

    fn connect(&self, offer: &Offer) -> Result<(Arc<Ingest>, Answer), LiveError> {
        let pipeline = self.pipeline.upgrade().ok_or(LiveError::WrongState {
            state: SessionState::Done,
            reason: "it takes no publisher any more",
        })?;
        let ingest = Arc::new(Ingest::new(&self.ice, self.options)?);
        self.observe(&ingest);
        let broken = |error: gst::glib::BoolError| LiveError::Negotiation {
            reason: error.to_string(),
        };
        let element = ingest.element();
        pipeline.add(element).map_err(broken)?;
        let answer = element
            .sync_state_with_parent()
            .map_err(broken)
            .and_then(|()| ingest.answer(offer));
        if answer.is_err() {
            ingest.release();
            // Neither can fail in a way that anybody could act on: the connection is being thrown away.
            let _ = element.set_state(gst::State::Null);
            let _ = pipeline.remove(element);
        }
        Ok((ingest, answer?))
    }

    fn observe(&self, ingest: &Ingest) {
        let metrics = self.metrics.clone();
        ingest.on_data_channel(move |channel| {
            if channel.label().as_deref() == Some(METRICS) {
                *lock(&metrics) = Some(channel);
            }
        });
        let intake = self.intake.clone();
        let refuse = self.refuse.clone();
        ingest.on_stream(move |pad| {
            if let Err(error) = intake.accept(pad) {
                refuse(error);
            }
        });
        let lost = self.lost.clone();
        ingest.on_loss(move || lost("the network path to the publisher broke"));
    }

    /// Adds the candidates of a trickle fragment.
    pub fn candidate(&self, fragment: &str) -> Result<(), LiveError> {
        let (ingest, offer) = match &*lock(&self.publisher) {
            Publisher::Connected { ingest, offer } => (ingest.clone(), offer.clone()),
            Publisher::None | Publisher::Negotiating => {
                return Err(LiveError::WrongState {
                    state: SessionState::Waiting,
                    reason: "candidates come after an offer",
                });
            }
        };
        for (section, candidate) in Fragment::parse(fragment, &offer)?.candidates {
            ingest.add_candidate(section, &candidate);
        }
        Ok(())
    }

    /// Sends text over the publisher's data channel, or drops it when the channel is full or not there.
    pub fn send(&self, text: &str) {
        let channel = lock(&self.metrics).clone();
        let Some(channel) = channel.filter(|channel| channel.ready_state() == WebRTCDataChannelState::Open)
        else {
            return;
        };
        if channel.buffered_amount() > MOST_WAITING || channel.send_string_full(Some(text)).is_err() {
            self.meter.channel_dropped.add(1);
        }
    }

    /// Whether an object is part of the connection.
    pub fn contains(&self, object: &gst::Object) -> bool {
        match &*lock(&self.publisher) {
            Publisher::Connected { ingest, .. } => {
                object == ingest.element() || object.has_as_ancestor(ingest.element())
            }
            _ => false,
        }
    }

    /// Lets go of what would keep the connection alive.
    pub fn release(&self) {
        *lock(&self.metrics) = None;
        if let Publisher::Connected { ingest, .. } = &*lock(&self.publisher) {
            ingest.release();
        }
    }
}
