//! A WebRTC peer with its socket and its network.

use super::{PublisherOptions, crypto};
use crate::footage::{Codec, Frame};
use crate::http;
use crate::link::{Link, Switch};
use crate::{PublishError, footage};
use std::net::SocketAddr;
use std::time::Instant;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, Reliability};
use str0m::format::Codec as Format;
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid, Pt};
use str0m::net::{Protocol, Receive, Transmit};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tokio::net::UdpSocket;

/// Name of the data channel that results come over.
const METRICS: &str = "metrics";
/// Payload types: any dynamic ones will do (RFC 3551, section 6).
const VIDEO: Pt = Pt::new_with_value(96);
/// Payload type of packets that are sent again.
const AGAIN: Pt = Pt::new_with_value(97);
/// Constrained Baseline, level 3.1, as browsers offer it (RFC 6184, section 8.1).
const BASELINE: u32 = 0x42_e0_1f;
/// High, level 3.1.
const HIGH: u32 = 0x64_00_1f;
/// 20 ms of silence in Opus: one frame of fullband CELT with nothing in it (RFC 6716, section 3.1).
const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];
/// Longest datagram that is read; WebRTC stays below the 1,500 bytes of Ethernet.
const LONGEST: usize = 2_000;

/// Which sections an offer has.
pub struct Sections {
    pub codec: Codec,
    pub audio: bool,
    pub data_channel: bool,
}

/// A peer.
pub struct Peer {
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    video: Mid,
    audio: Option<Mid>,
    /// How many pieces of silence have been sent.
    silences: u64,
    socket: UdpSocket,
    address: SocketAddr,
    impaired: bool,
    switch: Switch,
    up: Link<Transmit>,
    down: Link<(SocketAddr, Vec<u8>)>,
    buffer: Vec<u8>,
}

impl Peer {
    /// A peer and its offer.
    pub async fn offer(
        options: &PublisherOptions,
        sections: &Sections,
    ) -> Result<(Self, String), PublishError> {
        let (socket, address) = socket(&http::authority(&options.url)?).await?;
        let mut rtc = configuration(sections).build(Instant::now());
        let candidate = Candidate::host(address, "udp").map_err(str0m::RtcError::from)?;
        rtc.add_local_candidate(candidate);
        let mut changes = rtc.sdp_api();
        let audio = sections
            .audio
            .then(|| changes.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None));
        let video = changes.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
        if sections.data_channel {
            changes.add_channel_with_config(metrics_channel());
        }
        let (offer, pending) = changes
            .apply()
            .ok_or_else(|| PublishError::Answer("there is nothing to offer".into()))?;
        let peer = Self {
            rtc,
            pending: Some(pending),
            video,
            audio,
            silences: 0,
            socket,
            address,
            impaired: !options.impairment.is_none(),
            switch: options.switch.clone(),
            up: Link::new(options.impairment, options.seed),
            // Another seed: what is lost on the way there has nothing to do with what is lost on the way back.
            down: Link::new(options.impairment, !options.seed),
            buffer: vec![0; LONGEST],
        };
        Ok((peer, offer.to_sdp_string()))
    }

    /// Takes the answer to the offer.
    pub fn accept(mut self, answer: &str) -> Result<Self, PublishError> {
        let answer =
            SdpAnswer::from_sdp_string(answer).map_err(|error| PublishError::Answer(error.to_string()))?;
        let pending = self.pending.take();
        let pending = pending.ok_or_else(|| PublishError::Answer("it was given before".into()))?;
        self.rtc.sdp_api().accept_answer(pending, answer)?;
        match self.rtc.media(self.video).map(|media| media.direction()) {
            Some(Direction::SendOnly | Direction::SendRecv) => Ok(self),
            _ => Err(PublishError::Answer("it takes no video".into())),
        }
    }

    /// The next event, or until when there is none. Sends what there is to be sent on the way.
    pub fn poll(&mut self, now: Instant) -> Result<Result<Event, Instant>, PublishError> {
        loop {
            match self.rtc.poll_output()? {
                Output::Event(event) => return Ok(Ok(event)),
                Output::Transmit(packet) if self.impaired => self.up.push(now, packet),
                Output::Transmit(packet) => self.transmit(&packet),
                Output::Timeout(at) => {
                    let links = [self.up.next_due(), self.down.next_due()];
                    return Ok(Err(links.into_iter().flatten().fold(at, Instant::min)));
                }
            }
        }
    }

    /// Tells the peer that time goes by, and moves what is on its way.
    pub fn go_on(&mut self, now: Instant) -> Result<(), PublishError> {
        while let Some(packet) = self.up.pop(now) {
            self.transmit(&packet);
        }
        while let Some((source, datagram)) = self.down.pop(now) {
            self.take(now, source, &datagram)?;
        }
        self.rtc.handle_input(Input::Timeout(now))?;
        Ok(())
    }

    /// Waits for a datagram.
    pub async fn readable(&self) -> std::io::Result<()> {
        self.socket.readable().await
    }

    /// Takes one datagram that has come; `false` when there is none.
    pub fn receive(&mut self, now: Instant) -> Result<bool, PublishError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let received = self.socket.try_recv_from(&mut buffer);
        let taken = match received {
            Ok(_) if self.switch.is_cut() => Ok(true),
            Ok((length, source)) if self.impaired => {
                self.down.push(now, (source, buffer[..length].to_vec()));
                Ok(true)
            }
            Ok((length, source)) => self.take(now, source, &buffer[..length]).map(|()| true),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(false),
            // The other side closed its port: its silence tells in time whether it is gone.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Ok(true),
            Err(error) => Err(error.into()),
        };
        self.buffer = buffer;
        taken
    }

    /// Sends a frame, and the silence that goes with it.
    pub fn send(&mut self, now: Instant, frame: &Frame) -> Result<(), PublishError> {
        if let Some(writer) = self.rtc.writer(self.video) {
            let time = MediaTime::new(frame.ticks, Frequency::NINETY_KHZ);
            writer.write(VIDEO, now, time, frame.data.clone())?;
        }
        self.send_silence(now, frame)
    }

    /// Sends silence up to the time of a frame.
    fn send_silence(&mut self, now: Instant, frame: &Frame) -> Result<(), PublishError> {
        /// Samples of Opus in 20 ms; its clock is always 48 kHz (RFC 7587, section 4.1).
        const PIECE: u64 = 960;
        let Some(audio) = self.audio else { return Ok(()) };
        let until = frame.ticks * 50 / u64::from(footage::CLOCK_RATE);
        for piece in self.silences..until {
            let Some(writer) = self.rtc.writer(audio) else {
                break;
            };
            let Some(pt) = writer.payload_params().next().map(|format| format.pt()) else {
                break;
            };
            let time = MediaTime::new(piece * PIECE, Frequency::FORTY_EIGHT_KHZ);
            writer.write(pt, now, time, SILENCE.as_slice())?;
        }
        self.silences = until;
        Ok(())
    }

    fn take(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) -> Result<(), PublishError> {
        // What is neither STUN, DTLS, RTP nor RTCP is none of ours.
        let Ok(contents) = datagram.try_into() else {
            return Ok(());
        };
        let input = Input::Receive(
            now,
            Receive {
                proto: Protocol::Udp,
                source,
                destination: self.address,
                contents,
            },
        );
        if self.rtc.accepts(&input) {
            self.rtc.handle_input(input)?;
        }
        Ok(())
    }

    /// Sends a datagram. A network may lose it, so may we: when it is cut, the socket is full, or the other side is gone.
    fn transmit(&self, packet: &Transmit) {
        if self.switch.is_cut() {
            return;
        }
        let _ = self.socket.try_send_to(&packet.contents, packet.destination);
    }
}

/// A socket on all addresses of the family that leads to the server, and the one of its addresses that does.
async fn socket(server: &str) -> std::io::Result<(UdpSocket, SocketAddr)> {
    let server = tokio::net::lookup_host(server)
        .await?
        .next()
        .ok_or_else(|| std::io::Error::other("the server's name has no address"))?;
    let any = match server {
        SocketAddr::V4(_) => "0.0.0.0:0",
        SocketAddr::V6(_) => "[::]:0",
    };
    // Sends nothing: the kernel chooses the address it would send from.
    let probe = UdpSocket::bind(any).await?;
    probe.connect(server).await?;
    let socket = UdpSocket::bind(any).await?;
    let address = SocketAddr::new(probe.local_addr()?.ip(), socket.local_addr()?.port());
    Ok((socket, address))
}

/// The channel as the pages open it: a pose that is lost is not sent again, for the next is worth more.
fn metrics_channel() -> ChannelConfig {
    ChannelConfig {
        label: METRICS.into(),
        reliability: Reliability::MaxRetransmits { retransmits: 0 },
        ..ChannelConfig::default()
    }
}

fn configuration(sections: &Sections) -> RtcConfig {
    let mut configuration = RtcConfig::new()
        .set_crypto_provider(std::sync::Arc::new(crypto::provider()))
        .clear_codecs()
        .enable_opus(sections.audio, false);
    let codecs = configuration.codec_config();
    match sections.codec {
        Codec::Vp8 => codecs.add_config(
            VIDEO,
            Some(AGAIN),
            Format::Vp8,
            Frequency::NINETY_KHZ,
            None,
            Default::default(),
        ),
        Codec::H264Baseline => codecs.add_h264(VIDEO, Some(AGAIN), true, BASELINE),
        Codec::H264High => codecs.add_h264(VIDEO, Some(AGAIN), true, HIGH),
    }
    configuration
}
