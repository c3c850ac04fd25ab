//! The data channel that results are sent over, and how much of what was said has not left yet.
//!
//! `buffered-amount` of a channel ends where GStreamer hands a message to its SCTP stack, which takes another quarter of a
//! megabyte before it says that it is full. On a network that loses packets, congestion control lets less through than a
//! session says, and everything would be as late as that is long: five seconds. So the stack is watched from outside. What
//! was given to it and has not been sent for the first time is waiting.

use crate::sync::lock;
use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCDataChannelState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Bytes that may wait when something lasting is said: more than two seconds of everything. What comes then is dropped.
const MOST_WAITING: u64 = 256 * 1024;
/// Bytes that may wait when something is said that is soon worth nothing: a few poses.
const MOST_WAITING_OF_MOMENTS: u64 = 8 * 1024;

/// For how long it is worth saying something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// Until the next of its kind: a pose.
    Moment,
    /// For good.
    Lasting,
}

impl Worth {
    fn most_waiting(self) -> u64 {
        match self {
            Worth::Moment => MOST_WAITING_OF_MOMENTS,
            Worth::Lasting => MOST_WAITING,
        }
    }
}

/// A data channel of a publisher.
#[derive(Clone)]
pub(crate) struct Channel {
    channel: WebRTCDataChannel,
    backlog: Arc<Backlog>,
}

impl Channel {
    /// A channel that a peer opened to this `webrtcbin`.
    pub fn new(webrtcbin: &gst::Bin, channel: WebRTCDataChannel) -> Self {
        let backlog = Arc::<Backlog>::default();
        // A limit in time has the stack itself throw away what waits too long: it never leaves, and is not waiting either.
        if channel.max_packet_lifetime() < 0 {
            let stacks = webrtcbin.iterate_all_by_element_factory_name("sctpenc");
            if let Some(stack) = stacks.into_iter().flatten().next() {
                backlog.watch(&stack);
            }
        }
        Self { channel, backlog }
    }

    /// Sends text. Says whether it was dropped, because more is waiting than its worth allows.
    pub fn send(&self, text: &str, worth: Worth) -> bool {
        if self.channel.ready_state() != WebRTCDataChannelState::Open {
            return false;
        }
        let waiting = self.channel.buffered_amount().max(self.backlog.waiting());
        if waiting > worth.most_waiting() {
            return true;
        }
        let taken = self.channel.send_string_full(Some(text)).is_ok();
        if taken {
            self.backlog.give(text.len());
        }
        !taken
    }
}

/// Bytes that went into an SCTP stack and did not come out of it yet.
#[derive(Debug, Default)]
struct Backlog {
    given: AtomicU64,
    /// Zero as long as nobody watches.
    sent: Mutex<Sent>,
}

#[derive(Debug, Default)]
struct Sent {
    watched: bool,
    bytes: u64,
    /// Number of the youngest chunk that was sent.
    newest: Option<u32>,
}

impl Backlog {
    fn watch(self: &Arc<Self>, stack: &gst::Element) {
        let Some(pad) = stack.static_pad("src") else {
            return;
        };
        lock(&self.sent).watched = true;
        let backlog = Arc::downgrade(self);
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let Some(backlog) = backlog.upgrade() else {
                return gst::PadProbeReturn::Remove;
            };
            if let Some(packet) = info.buffer().and_then(|buffer| buffer.map_readable().ok()) {
                lock(&backlog.sent).note(&packet);
            }
            gst::PadProbeReturn::Ok
        });
    }

    fn give(&self, bytes: usize) {
        self.given.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn waiting(&self) -> u64 {
        let sent = lock(&self.sent);
        if sent.watched {
            self.given.load(Ordering::Relaxed).saturating_sub(sent.bytes)
        } else {
            0
        }
    }
}

impl Sent {
    /// Counts the text of a packet that was not sent before.
    fn note(&mut self, packet: &[u8]) {
        for Data { number, kind, bytes } in chunks(packet) {
            // Serial numbers go round (RFC 1982).
            let new = self
                .newest
                .is_none_or(|newest| (number.wrapping_sub(newest) as i32) > 0);
            if new {
                self.newest = Some(number);
                self.bytes += if kind == TEXT { bytes as u64 } else { 0 };
            }
        }
    }
}

/// Payload protocol of text (RFC 8831, section 8).
const TEXT: u32 = 51;
/// Length of the header of a packet, of a chunk and of a chunk of data (RFC 9260, sections 3.1, 3.2 and 3.3.1).
const PACKET_HEADER: usize = 12;
const CHUNK_HEADER: usize = 4;
const DATA_HEADER: usize = 16;
/// Type of a chunk of data.
const DATA: u8 = 0;

/// A chunk of data.
#[derive(Debug, PartialEq, Eq)]
struct Data {
    /// Its transmission sequence number.
    number: u32,
    /// Payload protocol.
    kind: u32,
    /// Length of its payload.
    bytes: usize,
}

/// The chunks of data in a packet, as far as it can be read.
fn chunks(packet: &[u8]) -> impl Iterator<Item = Data> {
    let mut rest = packet.get(PACKET_HEADER..).unwrap_or_default();
    let next = move || {
        let header = rest.get(..CHUNK_HEADER)?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let chunk = rest.get(..length.max(CHUNK_HEADER))?;
        rest = rest
            .get(length.max(CHUNK_HEADER).next_multiple_of(4)..)
            .unwrap_or_default();
        let word = |at: usize| Some(u32::from_be_bytes(chunk.get(at..at + 4)?.try_into().ok()?));
        let data = match (chunk[0], word(4), word(12)) {
            (DATA, Some(number), Some(kind)) => Some(Data {
                number,
                kind,
                bytes: length - DATA_HEADER,
            }),
            _ => None,
        };
        Some(data)
    };
    std::iter::from_fn(next).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet with chunks of these types, numbers, payload protocols and payloads.
    fn packet(chunks: &[(u8, u32, u32, &[u8])]) -> Vec<u8> {
        let mut packet = vec![0; PACKET_HEADER];
        for (kind, number, protocol, payload) in chunks {
            packet.extend([*kind, 3]);
            packet.extend(((DATA_HEADER + payload.len()) as u16).to_be_bytes());
            packet.extend(number.to_be_bytes());
            packet.extend([0; 4]);
            packet.extend(protocol.to_be_bytes());
            packet.extend(*payload);
            packet.resize(packet.len().next_multiple_of(4), 0);
        }
        packet
    }

    #[test]
    fn chunks_of_data_are_found_between_others() {
        let sack = 3;
        let packet = packet(&[
            (DATA, 7, TEXT, b"hello"),
            (sack, 1, 2, b"other"),
            (DATA, 8, 50, b"ack"),
        ]);
        let found: Vec<Data> = chunks(&packet).collect();
        let data = |number, kind, bytes| Data { number, kind, bytes };
        assert_eq!(found, [data(7, TEXT, 5), data(8, 50, 3)]);
    }

    #[test]
    fn no_packet_is_too_short_to_be_read() {
        let whole = packet(&[(DATA, 7, TEXT, b"hello"), (DATA, 8, TEXT, b"again")]);
        for end in 0..whole.len() {
            assert!(chunks(&whole[..end]).count() <= 1 + end / 40);
        }
        let mut lying = whole;
        lying[PACKET_HEADER + 3] = 0;
        assert!(chunks(&lying).count() <= 1 + lying.len() / CHUNK_HEADER);
    }

    #[test]
    fn what_is_sent_again_is_counted_once_also_where_numbers_go_round() {
        let mut sent = Sent::default();
        let send = |sent: &mut Sent, number| sent.note(&packet(&[(DATA, number, TEXT, &[0; 100])]));
        send(&mut sent, u32::MAX);
        send(&mut sent, 0);
        assert_eq!(sent.bytes, 200);
        send(&mut sent, u32::MAX);
        send(&mut sent, 0);
        assert_eq!(sent.bytes, 200);
        send(&mut sent, 1);
        assert_eq!(sent.bytes, 300);
    }

    #[test]
    fn what_waits_is_what_was_given_and_not_sent() {
        let backlog = Backlog::default();
        backlog.give(300);
        assert_eq!(backlog.waiting(), 0, "nobody watches");
        lock(&backlog.sent).watched = true;
        assert_eq!(backlog.waiting(), 300);
        lock(&backlog.sent).note(&packet(&[(DATA, 1, TEXT, &[0; 100])]));
        assert_eq!(backlog.waiting(), 200);
    }
}
