//! One `webrtcbin` that answers.

use super::{Dtls, Offer};
use crate::elements;
use crate::live::{IceServers, LiveError};
use crate::{AnalysisError, sync};
use gst::glib;
use gst::prelude::*;
use gst_webrtc::{WebRTCICEGatheringState, WebRTCSessionDescription};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

/// The longest one step of a negotiation may take; each is a matter of milliseconds.
const LONGEST_STEP: Duration = Duration::from_secs(5);
/// The longest candidates are gathered; what is known by then is sent. A STUN server that does not answer takes longer.
pub(crate) const LONGEST_GATHERING: Duration = Duration::from_secs(2);

/// An SDP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub sdp: String,
    /// Whether it names every candidate there is.
    pub complete: bool,
}

/// What to tell people about an answer that is not complete.
pub(crate) const SLOW_GATHERING: &str = "a STUN or TURN server does not answer: connections take longer to make, and may fail from other networks";

/// One side of a connection.
pub(crate) struct Peer {
    bin: gst::Element,
    gathered: Mutex<mpsc::Receiver<()>>,
    _dtls: Dtls,
}

impl Peer {
    /// Makes the element; it still has to be added to a pipeline.
    pub fn new(ice: &IceServers) -> Result<Self, AnalysisError> {
        let bin = elements::make("webrtcbin", "peer")?;
        gather_at_once(&bin);
        bin.set_property_from_str("bundle-policy", "max-bundle");
        if let Some(stun) = &ice.stun {
            bin.set_property("stun-server", stun);
        }
        for turn in &ice.turn {
            if !bin.emit_by_name::<bool>("add-turn-server", &[turn]) {
                let reason = "a TURN address is not one GStreamer can read".into();
                let element = "webrtcbin".into();
                return Err(AnalysisError::Pipeline { element, reason });
            }
        }
        let (done, gathered) = mpsc::sync_channel(1);
        bin.connect_notify(Some("ice-gathering-state"), move |bin, _| {
            let state = bin.property::<WebRTCICEGatheringState>("ice-gathering-state");
            if state == WebRTCICEGatheringState::Complete {
                // Full when it was told before; nobody listens after the answer.
                let _ = done.try_send(());
            }
        });
        Ok(Self {
            _dtls: Dtls::of(&bin),
            bin,
            gathered: Mutex::new(gathered),
        })
    }

    /// The element.
    pub fn element(&self) -> &gst::Element {
        &self.bin
    }

    /// Answers an offer. `between` runs after the offer has been taken and before the answer is made: the only moment at
    /// which transceivers and pads that shape the answer can be added. Blocks for at most some seconds.
    pub fn answer(
        &self,
        offer: &Offer,
        between: impl FnOnce(&gst::Element) -> Result<(), LiveError>,
    ) -> Result<Answer, LiveError> {
        let wrong = |reason| LiveError::Offer { reason };
        let failed = |reason| LiveError::Negotiation { reason };
        self.ask("set-remote-description", Some(&offer.description()), wrong)?;
        between(&self.bin)?;
        let reply = self.ask("create-answer", None, failed)?;
        let answer = reply
            .and_then(|reply| reply.get::<WebRTCSessionDescription>("answer").ok())
            .ok_or_else(|| failed("GStreamer made no answer".into()))?;
        self.ask("set-local-description", Some(&answer), failed)?;
        // An answer without some candidates is better than none.
        let complete = sync::lock(&self.gathered).recv_timeout(LONGEST_GATHERING).is_ok();
        let local = self
            .bin
            .property::<Option<WebRTCSessionDescription>>("local-description")
            .ok_or_else(|| failed("GStreamer keeps no answer".into()))?;
        let sdp = local.sdp().as_text().map_err(|error| failed(error.to_string()))?;
        Ok(Answer { sdp, complete })
    }

    /// Emits a signal that replies through a promise; `refused` says what an error in the reply means.
    fn ask(
        &self,
        signal: &str,
        description: Option<&WebRTCSessionDescription>,
        refused: fn(String) -> LiveError,
    ) -> Result<Option<gst::Structure>, LiveError> {
        let unanswered = |reason| LiveError::Negotiation { reason };
        let (sender, reply) = mpsc::sync_channel(1);
        let promise = gst::Promise::with_change_func(move |reply| {
            // Nobody listens any more when the time was up.
            let _ = sender.send(reply.map(|reply| reply.map(gst::StructureRef::to_owned)));
        });
        match description {
            Some(description) => self.bin.emit_by_name::<()>(signal, &[description, &promise]),
            None => self
                .bin
                .emit_by_name::<()>(signal, &[&None::<gst::Structure>, &promise]),
        }
        match reply.recv_timeout(LONGEST_STEP) {
            Ok(Ok(reply)) => match reply.as_ref().map(|reply| reply.get::<glib::Error>("error")) {
                Some(Ok(error)) => Err(refused(error.message().to_owned())),
                _ => Ok(reply),
            },
            Ok(Err(error)) => Err(unanswered(format!("{signal}: {error:?}"))),
            Err(_) => Err(unanswered(format!("{signal} took too long"))),
        }
    }
}

/// Has the host's own candidates known at once. The agent would first look for a router that opens ports (UPnP) and wait 200 ms for
/// its answer in every session; where there is one, ports it opens are of no use to a service, which has an address of its own or TURN.
pub(crate) fn gather_at_once(webrtcbin: &gst::Element) {
    let agent = webrtcbin
        .property::<Option<glib::Object>>("ice-agent")
        .filter(|ice| ice.find_property("agent").is_some())
        .and_then(|ice| ice.property::<Option<glib::Object>>("agent"));
    if let Some(agent) = agent.filter(|agent| agent.find_property("upnp").is_some()) {
        agent.set_property("upnp", false);
    }
}
