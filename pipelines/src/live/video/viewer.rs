//! One viewer over WebRTC (WHEP): a small pipeline of its own.

use super::fanout::{Stamps, Subscriber};
use crate::AnalysisError;
use crate::elements::make;
use crate::live::webrtc::{Answer, Offer, Peer, TRANSPORT_WIDE_CC};
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
    ) -> Result<(Self, Answer), LiveError> {
        let offer = Offer::parse(offer)?;
        let format = wanted_format(&offer)?;
        let payload: i32 = format.get("payload").map_err(|error| LiveError::Offer {
            reason: error.to_string(),
        })?;
        // The same SSRC in caps and payloader: otherwise the answer names SSRC 0 and browsers show nothing.
        let ssrc = RandomState::new().hash_one(payload) as u32;
        // Set up before its pipeline starts: a source that runs cannot become live any more.
        let subscriber = Subscriber::new(AppSrc::builder().build(), Stamps::OfSession, false);
        let payloader = make("rtph264pay", "payloader")?;
        payloader.set_property("pt", payload as u32);
        payloader.set_property("ssrc", ssrc);
        // RTP time is the time of the events, so that a page can lay a pose onto the picture it belongs to.
        payloader.set_property("timestamp-offset", 0u32);
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
        send_at_once(&pipeline.0);
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
    let formats = offer.video_formats(&["H264"], &[TRANSPORT_WIDE_CC]);
    let mut format = formats
        .iter()
        .rev()
        // The first of the best: max_by_key takes the last.
        .max_by_key(|format| (text(format, "packetization-mode") == "1", suitability(format)))
        .map(gst::StructureRef::to_owned)
        .ok_or_else(|| LiveError::Offer {
            reason: "its video section does not have H264, the codec video is sent in".into(),
        })?;
    if suitability(&format) < Suitability::ConstrainedBaseline {
        // Who plays another profile plays constrained baseline too, but the payloader would refuse it for the name's sake.
        format.remove_fields(["profile", "profile-level-id"]);
    }
    Ok(format)
}

/// How sure it is that a decoder for a format plays constrained baseline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Suitability {
    OtherProfile,
    Baseline,
    ConstrainedBaseline,
}

/// GStreamer tells the profile by its name where the offer allows levels to differ (`level-asymmetry-allowed`, as
/// browsers do), and else as `profile-level-id`.
fn suitability(format: &gst::StructureRef) -> Suitability {
    let id = text(format, "profile-level-id").to_ascii_lowercase();
    match text(format, "profile") {
        "constrained-baseline" => Suitability::ConstrainedBaseline,
        _ if id.starts_with("42e0") => Suitability::ConstrainedBaseline,
        "baseline" => Suitability::Baseline,
        _ if id.starts_with("42") => Suitability::Baseline,
        _ => Suitability::OtherProfile,
    }
}

fn text<'a>(format: &'a gst::StructureRef, field: &str) -> &'a str {
    format.get(field).unwrap_or_default()
}

/// Keeps webrtcbin from holding a frame back until its time comes: the frames carry the time of the session, which began
/// before the viewer's pipeline did.
fn send_at_once(pipeline: &gst::Pipeline) {
    pipeline.connect_deep_element_added(|_, _, element| {
        if element
            .factory()
            .is_some_and(|factory| factory.name() == "clocksync")
        {
            element.set_property("sync", false);
        }
    });
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An offer with these formats of H.264: payload type and parameters.
    fn offer(formats: &[(u8, &str)]) -> Offer {
        gst::init().expect("GStreamer");
        let types: String = formats.iter().map(|(pt, _)| format!(" {pt}")).collect();
        let lines: String = formats
            .iter()
            .map(|(pt, fmtp)| format!("a=rtpmap:{pt} H264/90000\r\na=fmtp:{pt} {fmtp}\r\n"))
            .collect();
        let sdp = format!(
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF{types}\r\nc=IN IP4 0.0.0.0\r\n\
             a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\n\
             a=mid:0\r\na=recvonly\r\n{lines}"
        );
        Offer::parse(&sdp).expect("a good offer")
    }

    fn payload(formats: &[(u8, &str)]) -> i32 {
        let format = wanted_format(&offer(formats)).expect("a format");
        format.get("payload").expect("a payload type")
    }

    #[test]
    fn constrained_baseline_is_found_among_what_a_browser_offers() {
        let chromium = [
            (
                102,
                "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
            ),
            (
                104,
                "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f",
            ),
            (
                108,
                "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
            ),
            (
                114,
                "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f",
            ),
            (
                116,
                "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f",
            ),
        ];
        assert_eq!(payload(&chromium), 108);
        let plain = [
            (96, "packetization-mode=1;profile-level-id=640028"),
            (97, "packetization-mode=1;profile-level-id=42e01f"),
        ];
        assert_eq!(payload(&plain), 97);
    }

    #[test]
    fn another_profile_does_not_keep_the_payloader_from_constrained_baseline() {
        let only = [(
            102,
            "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
        )];
        let format = wanted_format(&offer(&only)).expect("a format");
        assert!(
            !format.has_field("profile") && !format.has_field("profile-level-id"),
            "{format}"
        );
    }
}
