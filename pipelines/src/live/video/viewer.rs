//! One viewer over WebRTC (WHEP): a small pipeline of its own.

use super::fanout::{Stamps, Subscriber};
use crate::AnalysisError;
use crate::elements::make;
use crate::live::webrtc::{Offer, Peer};
use crate::live::{IceServers, LiveError};
use crate::stopping::Stopping;
use gst::prelude::*;
use gst_app::AppSrc;
use gst_webrtc::{WebRTCPeerConnectionState, WebRTCRTPTransceiver, WebRTCRTPTransceiverDirection};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A connected viewer. Dropping it ends the connection.
pub(super) struct Viewer {
    subscriber: Arc<Subscriber>,
    gone: AtomicBool,
    _pipeline: Stopping,
    _peer: Peer,
}

impl Viewer {
    /// Connects whoever made this offer; `left` is called from a streaming thread when they go away.
    pub fn connect(
        offer: &str,
        ice: &IceServers,
        left: impl Fn() + Send + Sync + Clone + 'static,
    ) -> Result<(Self, String), LiveError> {
        let offer = Offer::parse(offer)?;
        let format = wanted_format(&offer)?;
        let payload: i32 = format.get("payload").map_err(|error| LiveError::Offer {
            reason: error.to_string(),
        })?;
        // The same SSRC in caps and payloader: otherwise the answer names SSRC 0 and browsers show nothing.
        let ssrc = RandomState::new().hash_one(payload) as u32;
        // Set up before its pipeline starts: a source that runs cannot become live any more.
        let subscriber = Subscriber::new(AppSrc::builder().build(), Stamps::OnArrival, false);
        let payloader = make("rtph264pay", "payloader")?;
        payloader.set_property("pt", payload as u32);
        payloader.set_property("ssrc", ssrc);
        payloader.set_property("config-interval", -1i32);
        payloader.set_property_from_str("aggregate-mode", "zero-latency");
        let stream = gst::Caps::builder("application/x-rtp")
            .field("media", "video")
            .field("encoding-name", "H264")
            .field("clock-rate", 90_000i32)
            .field("payload", payload)
            .field("ssrc", ssrc)
            .build();
        let filter = make("capsfilter", "stream")?;
        filter.set_property("caps", &stream);
        let peer = Peer::new(ice)?;
        let pipeline = Stopping(gst::Pipeline::new());
        let chain = [subscriber.source.upcast_ref(), &payloader, &filter];
        pipeline
            .0
            .add_many(chain)
            .and_then(|()| pipeline.0.add(peer.element()))
            .and_then(|()| gst::Element::link_many(chain))
            .map_err(|error| broken(&error.to_string()))?;
        observe(&pipeline.0, &peer, left);
        pipeline
            .0
            .set_state(gst::State::Playing)
            .map_err(|_| broken("the pipeline of a viewer does not start"))?;
        let answer = peer.answer(&offer, |bin| send(bin, &filter, &stream, &format))?;
        let viewer = Self {
            subscriber,
            gone: AtomicBool::new(false),
            _pipeline: pipeline,
            _peer: peer,
        };
        Ok((viewer, answer))
    }

    /// What it takes.
    pub fn subscriber(&self) -> &Arc<Subscriber> {
        &self.subscriber
    }

    /// Notes that nobody is there any more.
    pub fn mark_gone(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// Whether nobody is there any more.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}

/// The H.264 format of the offer that every decoder of its maker plays: constrained baseline, in packets of any size.
fn wanted_format(offer: &Offer) -> Result<gst::Structure, LiveError> {
    let formats = offer.video_formats(&["H264"]);
    let score = |format: &gst::StructureRef| {
        let text = |field| format.get::<&str>(field).unwrap_or_default();
        let fragments = text("packetization-mode") == "1";
        let profile = text("profile-level-id").to_ascii_lowercase();
        (fragments, profile.starts_with("42e0"), profile.starts_with("42"))
    };
    // The first of the best: max_by_key would take the last.
    formats
        .iter()
        .rev()
        .max_by_key(|format| score(format))
        .map(gst::StructureRef::to_owned)
        .ok_or_else(|| LiveError::Offer {
            reason: "its video section does not have H264, the codec video is sent in".into(),
        })
}

/// Adds the stream between offer and answer.
fn send(
    bin: &gst::Element,
    filter: &gst::Element,
    stream: &gst::Caps,
    format: &gst::Structure,
) -> Result<(), LiveError> {
    let sink = bin
        .pad_template("sink_%u")
        .and_then(|template| bin.request_pad(&template, Some("sink_0"), Some(stream)))
        .ok_or_else(|| broken("GStreamer takes no stream for it"))?;
    let source = filter.static_pad("src").expect("capsfilter has a src pad");
    source.link(&sink).map_err(|error| broken(&error.to_string()))?;
    let mut preferred = format.clone();
    if let Some(ssrc) = stream.structure(0).and_then(|stream| stream.value("ssrc").ok()) {
        preferred.set_value("ssrc", ssrc.clone());
    }
    let transceiver = sink.property::<WebRTCRTPTransceiver>("transceiver");
    transceiver.set_direction(WebRTCRTPTransceiverDirection::Sendonly);
    transceiver.set_property("do-nack", true);
    transceiver.set_property("codec-preferences", gst::Caps::from(preferred));
    Ok(())
}

/// Notices that the viewer went away.
fn observe(pipeline: &gst::Pipeline, peer: &Peer, left: impl Fn() + Send + Sync + Clone + 'static) {
    let state = "connection-state";
    let closed = left.clone();
    peer.element().connect_notify(Some(state), move |bin, _| {
        let now = bin.property::<WebRTCPeerConnectionState>(state);
        if matches!(
            now,
            WebRTCPeerConnectionState::Failed | WebRTCPeerConnectionState::Closed
        ) {
            closed();
        }
    });
    let bus = pipeline.bus().expect("a pipeline has a bus");
    bus.set_sync_handler(move |_, message| {
        if message.type_() == gst::MessageType::Error {
            left();
        }
        gst::BusSyncReply::Drop
    });
}

fn broken(reason: &str) -> LiveError {
    AnalysisError::Pipeline {
        element: "viewer".into(),
        reason: reason.to_owned(),
    }
    .into()
}
