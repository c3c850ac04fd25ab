//! A WHIP server of one session that answers each frame with a pose.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use str0m::change::SdpOffer;
use str0m::crypto::from_feature_flags;
use str0m::media::{KeyframeRequestKind, MediaData};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use url::Url;

/// By how much the receiver's media times are ahead of RTP timestamps, ms: something a publisher cannot know.
pub const AHEAD_MS: f64 = 1234.567;

/// A frame that came.
pub struct ReceivedFrame {
    pub data: Vec<u8>,
}

impl ReceivedFrame {
    /// Whether it has an IDR slice of H.264 (RFC 6184, section 5.2: type 5 in the low bits behind a start code).
    pub fn is_idr(&self) -> bool {
        self.data
            .windows(4)
            .any(|bytes| bytes[..3] == [0, 0, 1] && bytes[3] & 0x1f == 5)
    }
}

/// Everything that came.
#[derive(Default)]
pub struct Received {
    pub offer: String,
    pub frames: Vec<ReceivedFrame>,
    /// Pieces of sound.
    pub silences: usize,
    /// Whether the publisher said that it goes.
    pub deleted: bool,
}

/// A server that runs until it is finished.
pub struct Receiver {
    address: SocketAddr,
    frames: watch::Receiver<usize>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Received>,
}

impl Receiver {
    pub async fn start() -> Self {
        Self::asking_after(usize::MAX).await
    }

    /// Asks for a key frame after so many frames.
    pub async fn asking_after(ask: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (say, frames) = watch::channel(0);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut session = Session::accept(&listener, ask, say).await;
            tokio::select! {
                () = session.serve(&listener) => unreachable!("it ends when it is told to"),
                _ = stopped => session.received,
            }
        });
        Self {
            address,
            frames,
            stop,
            task,
        }
    }

    pub fn url(&self) -> Url {
        format!("http://{}/whip?sport=cmj", self.address)
            .parse()
            .expect("an address")
    }

    /// Waits until so many frames have come.
    pub async fn until_frames(&self, count: usize) {
        let mut frames = self.frames.clone();
        frames.wait_for(|frames| *frames >= count).await.expect("it runs");
    }

    pub async fn finish(self) -> Received {
        self.stop.send(()).expect("it runs");
        self.task.await.expect("no panic")
    }
}

struct Session {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    ask: usize,
    channel: Option<str0m::channel::ChannelId>,
    received: Received,
    say: watch::Sender<usize>,
}

impl Session {
    /// Takes the POST.
    async fn accept(listener: &TcpListener, ask: usize, say: watch::Sender<usize>) -> Self {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let (head, body) = request(&mut stream).await;
        assert!(head.starts_with("POST /whip?sport=cmj HTTP/1.1\r\n"), "{head}");
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let mut rtc = RtcConfig::new()
            .set_crypto_provider(Arc::new(from_feature_flags()))
            .build(Instant::now());
        rtc.add_local_candidate(Candidate::host(address, "udp").expect("a candidate"));
        let offer = SdpOffer::from_sdp_string(&body).expect("an offer");
        let answer = rtc
            .sdp_api()
            .accept_offer(offer)
            .expect("an answer")
            .to_sdp_string();
        respond(&mut stream, "201 Created", "Location: /whip/it\r\n", &answer).await;
        let received = Received {
            offer: body,
            ..Received::default()
        };
        Self {
            rtc,
            socket,
            address,
            ask,
            channel: None,
            received,
            say,
        }
    }

    /// Moves datagrams and takes the DELETE.
    async fn serve(&mut self, listener: &TcpListener) {
        let mut buffer = vec![0; 2_000];
        loop {
            let until = self.poll();
            tokio::select! {
                () = tokio::time::sleep_until(until.into()) => {}
                datagram = self.socket.recv_from(&mut buffer) => {
                    if let Ok((length, source)) = datagram {
                        self.take(source, &buffer[..length]);
                    }
                }
                client = listener.accept() => {
                    let (mut stream, _) = client.expect("a client");
                    let (head, _) = request(&mut stream).await;
                    assert!(head.starts_with("DELETE /whip/it HTTP/1.1\r\n"), "{head}");
                    self.received.deleted = true;
                    respond(&mut stream, "200 OK", "", "").await;
                }
            }
            self.rtc
                .handle_input(Input::Timeout(Instant::now()))
                .expect("it goes on");
        }
    }

    fn take(&mut self, source: SocketAddr, datagram: &[u8]) {
        let receive = Receive {
            proto: Protocol::Udp,
            source,
            destination: self.address,
            contents: datagram.try_into().expect("WebRTC"),
        };
        let input = Input::Receive(Instant::now(), receive);
        self.rtc.handle_input(input).expect("a good datagram");
    }

    fn poll(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output().expect("it goes on") {
                Output::Timeout(until) => return until,
                Output::Transmit(packet) => {
                    // What the socket does not take is lost, as on any network.
                    let _ = self.socket.try_send_to(&packet.contents, packet.destination);
                }
                Output::Event(Event::ChannelOpen(id, label)) => {
                    assert_eq!(label, "metrics");
                    self.channel = Some(id);
                }
                Output::Event(Event::MediaData(data)) if data.params.spec().codec.is_audio() => {
                    self.received.silences += 1;
                }
                Output::Event(Event::MediaData(data)) => self.frame(&data),
                Output::Event(_) => {}
            }
        }
    }

    fn frame(&mut self, data: &MediaData) {
        self.received.frames.push(ReceivedFrame {
            data: data.data.to_vec(),
        });
        let count = self.received.frames.len();
        if count == self.ask {
            let mut writer = self.rtc.writer(data.mid).expect("a section");
            writer
                .request_keyframe(None, KeyframeRequestKind::Pli)
                .expect("it can be asked for");
        }
        if let Some(mut channel) = self.channel.and_then(|id| self.rtc.channel(id)) {
            let timestamp_ms = data.time.numer() as f64 / 90.0 + AHEAD_MS;
            let pose = format!(
                r#"{{"type":"pose","timestamp_ms":{timestamp_ms:.3},"sequence":{count},"data":{{"persons":[]}}}}"#
            );
            assert!(channel.write(false, pose.as_bytes()).expect("a channel"));
        }
        self.say.send_replace(count);
    }
}

/// Address of a server that has no room.
pub async fn refusing() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        request(&mut stream).await;
        let problem = r#"{"type":"about:blank","title":"Full","detail":"no room","status":503}"#;
        respond(
            &mut stream,
            "503 Service Unavailable",
            "Retry-After: 7\r\n",
            problem,
        )
        .await;
    });
    format!("http://{address}/whip").parse().expect("an address")
}

/// Head and body of a request.
async fn request(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8(bytes.clone()).expect("text");
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")?
                    .trim()
                    .parse()
                    .ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return (format!("{head}\r\n"), body.to_owned());
            }
        }
        assert!(
            stream.read_buf(&mut bytes).await.expect("a request") > 0,
            "{text}"
        );
    }
}

async fn respond(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await.expect("a client");
}
