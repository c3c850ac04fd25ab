//! The answering side of WebRTC: what offers and candidates must be like, and `webrtcbin` for viewers. Publishers are
//! answered by `whipserversrc` (`source/whip`).
//!
//! Both send results over a [data channel](channel) of the publisher.
//!
//! An offer is checked before GStreamer sees it, negotiation is bounded in time, and the answer carries every candidate
//! that was gathered: nobody has to trickle.

mod channel;
mod dtls;
mod fragment;
mod negotiation;
mod offer;

use crate::elements;
use crate::live::LiveError;

pub(crate) use channel::Channel;
pub use channel::Worth;
pub(crate) use dtls::Dtls;
pub(crate) use fragment::Fragment;
pub(crate) use negotiation::{Answer, LONGEST_GATHERING, Peer, SLOW_GATHERING, gather_at_once};
pub(crate) use offer::{Offer, TRANSPORT_WIDE_CC};

/// Reads an offer and a fragment of candidates that belongs to it, as a session does before it uses them.
///
/// # Errors
/// What is wrong with either.
pub fn look_at(offer: &str, fragment: &str) -> Result<(), LiveError> {
    elements::init()?;
    let offer = Offer::parse(offer)?;
    offer.video_formats(&["H264", "VP8"], &[TRANSPORT_WIDE_CC]);
    Fragment::parse(fragment, &offer).map(drop)
}
