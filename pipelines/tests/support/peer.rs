//! The other side of a connection: a publisher or a viewer made of GStreamer elements.

use gst::prelude::*;
use gst_webrtc::{
    WebRTCDataChannel, WebRTCICEGatheringState, WebRTCRTPTransceiver, WebRTCRTPTransceiverDirection,
    WebRTCSDPType, WebRTCSessionDescription,
};
use std::sync::mpsc;

const PEER: &str = "webrtcbin name=peer bundle-policy=max-bundle";

/// A pipeline around a `webrtcbin` that offers.
pub struct Offerer {
    pipeline: gst::Pipeline,
    bin: gst::Element,
    channel: Option<WebRTCDataChannel>,
    pub texts: mpsc::Receiver<String>,
    pub pictures: mpsc::Receiver<gst::Caps>,
}

impl Offerer {
    /// Publishes a test picture, encoded and payloaded by this description, with sound, and opens the data channel
    /// `metrics`.
    pub fn publisher(video: &str) -> Self {
        let streams = format!(
            "{video} ! peer. audiotestsrc is-live=true wave=silence ! opusenc ! rtpopuspay pt=111 ! peer."
        );
        Self::new(&format!("{PEER} {streams}"), |bin, texts| {
            let channel = bin.emit_by_name::<WebRTCDataChannel>(
                "create-data-channel",
                &[&"metrics", &None::<gst::Structure>],
            );
            channel.connect_on_message_string(move |_, text| {
                let _ = texts.send(text.unwrap_or_default().to_owned());
            });
            Some(channel)
        })
    }

    /// Publishes streams described as they are linked to `peer.`, and nothing else.
    pub fn streams(streams: &str) -> Self {
        Self::new(&format!("{PEER} {streams}"), |_, _| None)
    }

    /// The same, but it can only be reached through this TURN server.
    pub fn relayed(streams: &str, turn: &str) -> Self {
        Self::new(
            &format!("{PEER} ice-transport-policy=relay turn-server={turn} {streams}"),
            |_, _| None,
        )
    }

    /// Watches video with these RTP caps.
    pub fn viewer(caps: &str) -> Self {
        let caps: gst::Caps = caps.parse().expect("caps");
        Self::new(PEER, move |bin, _| {
            bin.emit_by_name::<WebRTCRTPTransceiver>(
                "add-transceiver",
                &[&WebRTCRTPTransceiverDirection::Recvonly, &caps],
            );
            None
        })
    }

    fn new(
        description: &str,
        prepare: impl FnOnce(&gst::Element, mpsc::Sender<String>) -> Option<WebRTCDataChannel>,
    ) -> Self {
        super::init();
        // One element alone is not made into a pipeline.
        let pipeline = match gst::parse::launch(description)
            .expect("elements")
            .downcast::<gst::Pipeline>()
        {
            Ok(pipeline) => pipeline,
            Err(element) => {
                let pipeline = gst::Pipeline::new();
                pipeline.add(&element).expect("room for it");
                pipeline
            }
        };
        let bin = pipeline.by_name("peer").expect("the peer");
        let (needed, negotiation) = mpsc::channel();
        bin.connect("on-negotiation-needed", false, move |_| {
            let _ = needed.send(());
            None
        });
        let (seen, pictures) = mpsc::channel();
        let weak = pipeline.downgrade();
        bin.connect_pad_added(move |_, pad| {
            if let Some(pipeline) = weak.upgrade()
                && pad.direction() == gst::PadDirection::Src
            {
                show(&pipeline, pad, seen.clone());
            }
        });
        pipeline.set_state(gst::State::Playing).expect("it plays");
        let (texts_sender, texts) = mpsc::channel();
        let channel = prepare(&bin, texts_sender);
        negotiation
            .recv_timeout(super::PATIENCE)
            .expect("negotiation is needed");
        Self {
            pipeline,
            bin,
            channel,
            texts,
            pictures,
        }
    }

    /// The offer, with all candidates.
    pub fn offer(&self) -> String {
        let (done, gathered) = mpsc::channel();
        self.bin
            .connect_notify(Some("ice-gathering-state"), move |bin, _| {
                let state = bin.property::<WebRTCICEGatheringState>("ice-gathering-state");
                if state == WebRTCICEGatheringState::Complete {
                    let _ = done.send(());
                }
            });
        let reply = self.ask("create-offer", None).expect("a reply");
        let offer = reply.get::<WebRTCSessionDescription>("offer").expect("an offer");
        self.ask("set-local-description", Some(&offer));
        gathered.recv_timeout(super::PATIENCE).expect("candidates");
        self.local_offer()
    }

    /// The offer that was made before.
    pub fn local_offer(&self) -> String {
        let local = self.bin.property::<WebRTCSessionDescription>("local-description");
        local.sdp().as_text().expect("text")
    }

    /// Takes the answer.
    pub fn accept(&self, answer: &str) {
        let sdp = gst_sdp::SDPMessage::parse_buffer(answer.as_bytes()).expect("an answer that is SDP");
        self.ask(
            "set-remote-description",
            Some(&WebRTCSessionDescription::new(WebRTCSDPType::Answer, sdp)),
        );
    }

    fn ask(&self, signal: &str, description: Option<&WebRTCSessionDescription>) -> Option<gst::Structure> {
        let (sender, reply) = mpsc::channel();
        let promise = gst::Promise::with_change_func(move |reply| {
            let _ = sender.send(reply.expect("a reply").map(gst::StructureRef::to_owned));
        });
        match description {
            Some(description) => self.bin.emit_by_name::<()>(signal, &[description, &promise]),
            None => self
                .bin
                .emit_by_name::<()>(signal, &[&None::<gst::Structure>, &promise]),
        }
        reply.recv_timeout(super::PATIENCE).expect("an answer")
    }

    /// Breaks the association of the data channel off, as a page does that is closed.
    pub fn close_association(&self) {
        let mut elements = self.pipeline.iterate_recurse();
        let is_sctp = |element: &gst::Element| {
            element
                .factory()
                .is_some_and(|factory| factory.name() == "sctpdec")
        };
        let association = elements.find(|element| is_sctp(&element));
        let association = association.expect("there is a data channel");
        association.set_locked_state(true);
        association.set_state(gst::State::Null).expect("it goes to NULL");
    }

    /// Sends no more pictures, and says nothing about it.
    pub fn fall_silent(&self) {
        let pad = self.element("picture").static_pad("src").expect("its pad");
        pad.add_probe(gst::PadProbeType::BUFFER, |_, _| gst::PadProbeReturn::Drop);
    }

    /// An element of the description.
    pub fn element(&self, name: &str) -> gst::Element {
        self.pipeline.by_name(name).expect("the element")
    }
}

impl Drop for Offerer {
    fn drop(&mut self) {
        self.channel = None;
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// Decodes what arrives and tells the caps of each picture.
fn show(pipeline: &gst::Pipeline, pad: &gst::Pad, seen: mpsc::Sender<gst::Caps>) {
    let bin = gst::parse::bin_from_description(
        "rtph264depay ! h264parse ! avdec_h264 ! fakesink name=screen sync=false async=false",
        true,
    )
    .expect("a screen");
    let screen = bin.by_name("screen").expect("the screen");
    let screen = screen.static_pad("sink").expect("its pad");
    screen.add_probe(gst::PadProbeType::BUFFER, move |pad, _| {
        if let Some(caps) = pad.current_caps() {
            let _ = seen.send(caps);
        }
        gst::PadProbeReturn::Ok
    });
    pipeline.add(&bin).expect("room for it");
    bin.sync_state_with_parent().expect("it plays");
    let sink = bin.static_pad("sink").expect("its pad");
    pad.link(&sink).expect("it is linked");
}
