//! How a publisher's camera is held: the RTP header extension for coordination of video orientation (CVO,
//! `urn:3gpp:video-orientation`, 3GPP TS 26.114 section 7.4.5), told downstream as the tag everything else uses.
//!
//! A phone that is turned does not turn the picture it sends; it says so in the last packet of a frame. The tag reaches the
//! one element that turns pictures, and the analysis sees them upright.

use gst::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Name of the extension in SDP.
pub(crate) const VIDEO_ORIENTATION: &str = "urn:3gpp:video-orientation";
/// The bits of the extension that say how far the picture has to be turned.
const TURN: u8 = 0b11;
/// Nothing has been said.
const UNKNOWN: u8 = u8::MAX;

/// Reads the extension on a pad with RTP of this format, and tells what it says on the pad where frames come out. Does
/// nothing when it was not negotiated.
pub(crate) fn follow(rtp: &gst::Pad, format: &gst::StructureRef, frames: &gst::Pad) {
    let Some(id) = extension(format) else { return };
    let held = Arc::new(AtomicU8::new(UNKNOWN));
    let heard = held.clone();
    rtp.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let Some(turn) = info.buffer().and_then(|packet| turn(packet, id)) {
            heard.store(turn, Ordering::Relaxed);
        }
        gst::PadProbeReturn::Ok
    });
    let told = AtomicU8::new(UNKNOWN);
    frames.add_probe(gst::PadProbeType::BUFFER, move |pad, _| {
        let turn = held.load(Ordering::Relaxed);
        if told.swap(turn, Ordering::Relaxed) != turn {
            pad.push_event(gst::event::Tag::new(tag(turn)));
        }
        gst::PadProbeReturn::Ok
    });
}

/// Number of the extension in this format.
fn extension(format: &gst::StructureRef) -> Option<u8> {
    let (name, _) = format
        .iter()
        .find(|(name, value)| name.starts_with("extmap-") && value.get::<&str>() == Ok(VIDEO_ORIENTATION))?;
    name.strip_prefix("extmap-")?.parse().ok()
}

/// What a packet says, in quarter turns clockwise; most packets say nothing.
fn turn(packet: &gst::BufferRef, id: u8) -> Option<u8> {
    let packet = gst_rtp::RTPBuffer::from_buffer_readable(packet).ok()?;
    let long = || packet.extension_twobytes_header(id, 0).map(|(_, data)| data);
    let data = packet.extension_onebyte_header(id, 0).or_else(long)?;
    data.first().map(|byte| byte & TURN)
}

fn tag(turn: u8) -> gst::TagList {
    let orientation = match turn {
        1 => "rotate-90",
        2 => "rotate-180",
        3 => "rotate-270",
        _ => "rotate-0",
    };
    let mut tags = gst::TagList::new();
    tags.make_mut()
        .add::<gst::tags::ImageOrientation>(&orientation, gst::TagMergeMode::Replace);
    tags
}
