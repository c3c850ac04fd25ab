//! A publisher over WebRTC: a browser, OBS, a hardware encoder (WHIP, RFC 9725). HTTP is somebody else's.

use super::{Intake, Surroundings};
use crate::live::meter::Meter;
use crate::live::rotation::VIDEO_ORIENTATION;
use crate::live::webrtc::{Fragment, Offer, Peer, TRANSPORT_WIDE_CC};
use crate::live::{IceServers, LiveError, SessionState, WhipOptions};
use crate::sync::lock;
use gst::prelude::*;
use gst_webrtc::{
    WebRTCDataChannel, WebRTCDataChannelState, WebRTCICEConnectionState, WebRTCRTPTransceiver,
    WebRTCRTPTransceiverDirection,
};
use std::sync::{Arc, Mutex};

/// Codecs that are received.
const CODECS: [&str; 3] = ["VP8", "VP9", "H264"];
/// Header extensions of RTP that are understood.
const EXTENSIONS: [&str; 2] = [TRANSPORT_WIDE_CC, VIDEO_ORIENTATION];
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
}

enum Publisher {
    None,
    Negotiating,
    Connected { peer: Arc<Peer>, offer: Arc<Offer> },
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
        }
    }

    /// Connects the publisher who made this offer.
    pub fn answer(&self, offer: &str) -> Result<String, LiveError> {
        let offer = Arc::new(Offer::parse(offer)?);
        let formats = offer.video_formats(&CODECS, &EXTENSIONS);
        if formats.is_empty() {
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
        let connected = self.connect(&offer, &formats);
        *lock(&self.publisher) = match &connected {
            Ok((peer, _)) => Publisher::Connected {
                peer: peer.clone(),
                offer,
            },
            Err(_) => Publisher::None,
        };
        connected.map(|(_, answer)| answer)
    }

    fn connect(&self, offer: &Offer, formats: &gst::Caps) -> Result<(Arc<Peer>, String), LiveError> {
        let pipeline = self.pipeline.upgrade().ok_or(LiveError::WrongState {
            state: SessionState::Done,
            reason: "it takes no publisher any more",
        })?;
        let peer = Arc::new(Peer::new(&self.ice)?);
        self.observe(&peer);
        let broken = |error: String| LiveError::Negotiation { reason: error };
        let bin = peer.element();
        bin.set_property("latency", self.options.jitter_ms);
        pipeline.add(bin).map_err(|error| broken(error.to_string()))?;
        let answer = bin
            .sync_state_with_parent()
            .map_err(|error| broken(error.to_string()))
            .and_then(|()| peer.answer(offer, |bin| receive(bin, formats)));
        if answer.is_err() {
            // Neither can fail in a way that anybody could act on: the peer is being thrown away.
            let _ = bin.set_state(gst::State::Null);
            let _ = pipeline.remove(bin);
        }
        Ok((peer, answer?))
    }

    fn observe(&self, peer: &Peer) {
        let metrics = self.metrics.clone();
        peer.on_data_channel(move |channel| {
            if channel.label().as_deref() == Some(METRICS) {
                *lock(&metrics) = Some(channel);
            }
        });
        let intake = self.intake.clone();
        let refuse = self.refuse.clone();
        peer.element().connect_pad_added(move |_, pad| {
            if pad.direction() == gst::PadDirection::Src
                && let Err(error) = intake.accept(pad)
            {
                refuse(error);
            }
        });
        let lost = self.lost.clone();
        let state = "ice-connection-state";
        peer.element().connect_notify(Some(state), move |bin, _| {
            if bin.property::<WebRTCICEConnectionState>(state) == WebRTCICEConnectionState::Failed {
                lost("the network path to the publisher broke");
            }
        });
    }

    /// Adds the candidates of a trickle fragment.
    pub fn candidate(&self, fragment: &str) -> Result<(), LiveError> {
        let (peer, offer) = match &*lock(&self.publisher) {
            Publisher::Connected { peer, offer } => (peer.clone(), offer.clone()),
            Publisher::None | Publisher::Negotiating => {
                return Err(LiveError::WrongState {
                    state: SessionState::Waiting,
                    reason: "candidates come after an offer",
                });
            }
        };
        for (section, candidate) in Fragment::parse(fragment, &offer)?.candidates {
            peer.add_candidate(section, &candidate);
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
            Publisher::Connected { peer, .. } => {
                object == peer.element() || object.has_as_ancestor(peer.element())
            }
            _ => false,
        }
    }

    /// Lets go of what would keep the connection alive.
    pub fn release(&self) {
        *lock(&self.metrics) = None;
    }
}

/// Asks for the video of the offer, with lost packets sent again.
fn receive(bin: &gst::Element, formats: &gst::Caps) -> Result<(), LiveError> {
    let direction = WebRTCRTPTransceiverDirection::Recvonly;
    bin.emit_by_name::<Option<WebRTCRTPTransceiver>>("add-transceiver", &[&direction, formats])
        .map(|transceiver| transceiver.set_property("do-nack", true))
        .ok_or_else(|| LiveError::Negotiation {
            reason: "GStreamer takes none of the offered formats".into(),
        })
}
