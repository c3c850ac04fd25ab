//! One connection to a publisher: `whipserversrc`, driven by us instead of its own HTTP server.
//!
//! ```text
//! offer ─► signaller `post` ─► whipserversrc[webrtcbin] ─► RTP, one pad per stream
//! ```
//! The element decodes by itself where something that takes decoded video is linked to a new pad at once. Here a pad is
//! linked when its format is known, and so it gives RTP: the decoder is ours to choose, and to replace when it fails. Its
//! `delete` is never used, since going to NULL right after it leaks threads.

use super::CODECS;
use crate::AnalysisError;
use crate::elements::{DROPPED, make};
use crate::live::webrtc::{Answer, Channel, Dtls, LONGEST_GATHERING, Offer, gather_at_once};
use crate::live::{IceServers, LiveError, WhipOptions};
use crate::sync::lock;
use gst::glib;
use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCSessionDescription};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::Duration;

/// How a publisher was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It closed the connection without ending the session.
    Left,
    /// The path through the network broke, or never came about.
    Path,
}

impl Loss {
    /// For people to read.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Left => "the publisher left",
            Self::Path => "the network path to the publisher broke",
        }
    }
}

/// The longest an answer may take besides gathering candidates; it is a matter of milliseconds.
const LONGEST_ANSWER: Duration = Duration::from_secs(5);

/// Bit/s that a publisher's session is taken to have. A twentieth of it is for feedback (RFC 3550, section 6.2), so a small packet of
/// it may be sent every some twenty milliseconds.
const SESSION_BANDWIDTH: f64 = 1e6;

/// How often a publisher is told when its packets arrived (transport-wide congestion control); by default after every frame, which is a
/// third of all packets that are sent. Browsers expect 50 to 250 ms.
const ARRIVALS_EVERY: gst::ClockTime = gst::ClockTime::from_mseconds(100);

/// See the module.
pub(super) struct Ingest {
    element: gst::Element,
    /// The `webrtcbin` of the connection, once there is one.
    connection: Arc<OnceLock<glib::WeakRef<gst::Element>>>,
    /// Whether the connection is being ended from this side.
    released: Arc<AtomicBool>,
    /// Every data channel the publisher has opened. The element that sends over one calls it from a thread of its own, which does not
    /// hold it: a channel must not go before that thread has ended.
    channels: Arc<Mutex<Vec<WebRTCDataChannel>>>,
    dtls: Arc<Mutex<Option<Dtls>>>,
}

impl Ingest {
    /// Makes the element; it still has to be added to a pipeline that plays.
    pub fn new(ice: &IceServers, options: WhipOptions) -> Result<Self, AnalysisError> {
        let element = make("whipserversrc", "publisher")?;
        let signaller = signaller(&element).ok_or_else(|| AnalysisError::Pipeline {
            element: "whipserversrc".into(),
            reason: "it has no signaller".into(),
        })?;
        // Without an address it serves no HTTP of its own. The servers stand in the HTTP answer for both sides; ours says so.
        signaller.set_property("host-addr", None::<String>);
        signaller.set_property("stun-server", None::<String>);
        signaller.set_property("timeout", (LONGEST_GATHERING + LONGEST_ANSWER).as_secs() as u32);
        element.set_property("stun-server", ice.stun.clone());
        element.set_property("turn-servers", gst::Array::new(&ice.turn));
        element.set_property("video-codecs", gst::Array::new(CODECS));
        let connection = Arc::new(OnceLock::new());
        let dtls = Arc::<Mutex<Option<Dtls>>>::default();
        let (known, held) = (connection.clone(), dtls.clone());
        signaller.connect("webrtcbin-ready", false, move |values| {
            let bin: gst::Element = values.get(2)?.get().ok()?;
            bin.set_property("latency", options.jitter_ms);
            gather_at_once(&bin);
            set_up_receiver(&bin);
            *lock(&held) = Some(Dtls::of(&bin));
            // There is one connection in the life of this element.
            known.set(bin.downgrade()).ok();
            None
        });
        Ok(Self {
            element,
            connection,
            released: Arc::default(),
            channels: Arc::default(),
            dtls,
        })
    }

    fn signaller(&self) -> glib::Object {
        signaller(&self.element).expect("it had one when it was made")
    }

    /// The element.
    pub fn element(&self) -> &gst::Element {
        &self.element
    }

    /// Calls `found` with each data channel of this name that the publisher opens.
    pub fn on_data_channel(&self, name: &'static str, found: impl Fn(Channel) + Send + Sync + 'static) {
        let (found, channels) = (Arc::new(found), self.channels.clone());
        self.signaller().connect("webrtcbin-ready", false, move |values| {
            let bin: gst::Element = values.get(2)?.get().ok()?;
            let (found, channels) = (found.clone(), channels.clone());
            bin.connect("on-data-channel", false, move |values| {
                let webrtcbin: gst::Bin = values.first()?.get().ok()?;
                let channel: WebRTCDataChannel = values.get(1)?.get().ok()?;
                lock(&channels).push(channel.clone());
                if channel.label().as_deref() == Some(name) {
                    found(Channel::new(&webrtcbin, channel));
                }
                None
            });
            None
        });
    }

    /// Calls `found` with the pad of each stream when its format is known, from the thread that brings the stream.
    pub fn on_stream(&self, found: impl Fn(&gst::Pad) + Send + Sync + 'static) {
        let found = Arc::new(found);
        self.element.connect_pad_added(move |_, pad| {
            let (found, known) = (found.clone(), AtomicBool::new(false));
            let kinds = gst::PadProbeType::EVENT_DOWNSTREAM | gst::PadProbeType::EVENT_FLUSH;
            pad.add_probe(kinds, move |pad, info| {
                match info.event().map(|event| event.type_()) {
                    Some(gst::EventType::Caps) if !known.swap(true, Ordering::Relaxed) => found(pad),
                    // Told when the connection breaks; what came before is still to be completed.
                    Some(gst::EventType::FlushStart | gst::EventType::FlushStop) => {
                        return DROPPED;
                    }
                    _ => {}
                }
                gst::PadProbeReturn::Ok
            });
        });
    }

    /// Calls `lost` when the publisher has closed the connection, or the element has given it up, which it does when ICE
    /// fails. The end of its video stays here: another publisher may go on.
    pub fn on_loss(&self, lost: impl Fn(Loss) + Send + Sync + 'static) {
        let released = self.released.clone();
        let lost = Arc::new(move |loss| {
            if !released.load(Ordering::Acquire) {
                lost(loss);
            }
        });
        let told = lost.clone();
        // The bin around `webrtcbin` is taken out last: from then on nothing is under way in it.
        self.element.connect("element-removed", false, move |_| {
            told(Loss::Path);
            None
        });
        self.element.connect_pad_added(move |_, pad| {
            let (lost, video) = (lost.clone(), pad.name().starts_with("video"));
            pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
                if video
                    && info
                        .event()
                        .is_some_and(|event| event.type_() == gst::EventType::Eos)
                {
                    lost(Loss::Left);
                    return DROPPED;
                }
                gst::PadProbeReturn::Ok
            });
        });
    }

    /// Says that the connection is being ended from this side, so that its end is no loss.
    pub fn release(&self) {
        self.released.store(true, Ordering::Release);
    }

    /// The element has stopped, and with it whatever sends over the publisher's data channels: lets go of them.
    pub fn let_go(&self) {
        lock(&self.channels).clear();
        *lock(&self.dtls) = None;
    }

    /// Answers an offer. Blocks for a bounded time.
    pub fn answer(&self, offer: &Offer) -> Result<Answer, LiveError> {
        let failed = |reason: String| LiveError::Negotiation { reason };
        let text = offer
            .description()
            .sdp()
            .as_text()
            .map_err(|error| failed(error.to_string()))?;
        let (sender, reply) = mpsc::sync_channel(1);
        let promise = gst::Promise::with_change_func(move |reply| {
            // Nobody listens any more when the time was up.
            let _ = sender.send(reply.ok().flatten().map(gst::StructureRef::to_owned));
        });
        let body = glib::Bytes::from_owned(text.into_bytes());
        self.signaller()
            .emit_by_name::<()>("post", &[&Some("publisher"), &body, &promise]);
        let complete = |reply: &gst::StructureRef| read(reply).map(|sdp| Answer { sdp, complete: true });
        match reply.recv_timeout(LONGEST_GATHERING) {
            Ok(Some(reply)) => return complete(&reply),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            _ => return Err(failed("GStreamer made no answer".into())),
        }
        // Candidates of a server that does not answer: an answer without them is better than none.
        if let Some(sdp) = self.described() {
            return Ok(Answer { sdp, complete: false });
        }
        match reply.recv_timeout(LONGEST_ANSWER) {
            Ok(Some(reply)) => complete(&reply),
            _ => Err(failed("GStreamer made no answer in time".into())),
        }
    }

    /// The answer as far as it is known.
    fn described(&self) -> Option<String> {
        let bin = self.connection.get()?.upgrade()?;
        bin.property::<Option<WebRTCSessionDescription>>("local-description")?
            .sdp()
            .as_text()
            .ok()
    }

    /// Adds a candidate of the other side.
    pub fn add_candidate(&self, section: u32, candidate: &str) {
        if let Some(bin) = self.connection.get().and_then(glib::WeakRef::upgrade) {
            bin.emit_by_name::<()>("add-ice-candidate", &[&section, &candidate]);
        }
    }
}

/// Sets up the element inside `webrtcbin` that receives RTP.
fn set_up_receiver(webrtcbin: &gst::Element) {
    let receiver = webrtcbin
        .downcast_ref::<gst::Bin>()
        .and_then(|bin| bin.by_name("rtpbin"));
    if let Some(receiver) = receiver {
        keep_senders_clock(&receiver);
        bound_backlog(&receiver);
        ask_again_at_once(&receiver);
    }
}

/// Has frames stamped by the publisher's clock alone, beginning when the first packet comes. By default the receiver's clock
/// is followed too: a burst of packets that were read late on a busy machine then moves the times of hundreds of frames by up
/// to 13 ms each, and with them the flight time of a jump.
fn keep_senders_clock(receiver: &gst::Element) {
    receiver.set_property_from_str("buffer-mode", "synced");
}

/// Has packets dropped that the decoder does not get to in time. They would pile up without end on a machine that decodes more slowly
/// than its publishers send, and everything after them would be as late as they are.
fn bound_backlog(receiver: &gst::Element) {
    receiver.set_property("drop-on-latency", true);
}

/// Has lost packets asked for when they are missed. How often feedback may be sent follows from the bandwidth the session
/// believes it has: by default it waited for half a second, when every jitter buffer has given the packet up.
fn ask_again_at_once(receiver: &gst::Element) {
    receiver.connect("new-jitterbuffer", false, |values| {
        let receiver: gst::Element = values.first()?.get().ok()?;
        let session: u32 = values.get(2)?.get().ok()?;
        let session = receiver.emit_by_name::<Option<glib::Object>>("get-internal-session", &[&session])?;
        session.set_property("bandwidth", SESSION_BANDWIDTH);
        session.set_property("twcc-feedback-interval", ARRIVALS_EVERY.nseconds());
        None
    });
}

/// What stands between the element and HTTP. It is asked for each time, as it may not be kept by another thread.
fn signaller(element: &gst::Element) -> Option<glib::Object> {
    element
        .dynamic_cast_ref::<gst::ChildProxy>()?
        .child_by_name("signaller")
}

/// The answer in a reply of the signaller.
fn read(reply: &gst::StructureRef) -> Result<String, LiveError> {
    let status: u32 = reply.get("status").unwrap_or_default();
    let body: Option<glib::Bytes> = reply.get("body").ok();
    let body = body
        .map(|body| String::from_utf8_lossy(&body).into_owned())
        .unwrap_or_default();
    match status {
        201 => Ok(body),
        406 => Err(LiveError::Offer {
            reason: "GStreamer cannot read it".into(),
        }),
        _ => Err(LiveError::Negotiation {
            reason: format!("GStreamer made no answer: {body}"),
        }),
    }
}
