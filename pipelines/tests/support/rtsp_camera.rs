//! An RTSP camera that shows the footage once to one player: as much of RFC 2326 as that takes, with RTP in the same
//! connection (section 10.12).

use super::PATIENCE;
use super::recipe::STAGE;
use gst::prelude::*;
use gst_app::AppSink;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=jump\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\n\
     a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:video\r\n";

/// A camera on a thread of its own.
pub struct RtspCamera {
    address: SocketAddr,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl RtspCamera {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let thread = std::thread::spawn(move || {
            let (player, _) = listener.accept().expect("a player");
            serve(player);
        });
        Self {
            address,
            thread: Some(thread),
        }
    }

    pub fn address(&self) -> String {
        format!("rtsp://{}/camera", self.address)
    }
}

impl Drop for RtspCamera {
    fn drop(&mut self) {
        // Wakes a camera nobody has called; one that was called does not listen any more.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            // The test says what went wrong.
            let _ = thread.join();
        }
    }
}

/// Answers requests until the player says `PLAY`, then sends.
fn serve(mut player: TcpStream) {
    player.set_read_timeout(Some(PATIENCE)).expect("a bounded wait");
    player.set_write_timeout(Some(PATIENCE)).expect("a bounded wait");
    let mut requests = BufReader::new(player.try_clone().expect("its other side"));
    while let Some(request) = read(&mut requests) {
        let method = request.split(' ').next().unwrap_or_default();
        let sequence = request
            .lines()
            .find(|line| line.starts_with("CSeq"))
            .unwrap_or("CSeq: 0");
        let (status, rest) = match method {
            "OPTIONS" => (
                "200 OK",
                "Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n".to_owned(),
            ),
            "DESCRIBE" => {
                let length = SDP.len();
                let head = format!("Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n");
                ("200 OK", head + SDP)
            }
            "SETUP" if request.contains("RTP/AVP/TCP") => (
                "200 OK",
                "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n".to_owned(),
            ),
            "SETUP" => ("461 Unsupported Transport", "\r\n".to_owned()),
            "PLAY" => ("200 OK", "Session: 1\r\n\r\n".to_owned()),
            _ => ("501 Not Implemented", "\r\n".to_owned()),
        };
        let answer = format!("RTSP/1.0 {status}\r\n{sequence}\r\n{rest}");
        player.write_all(answer.as_bytes()).expect("an answer");
        if method == "PLAY" {
            return send(&mut player);
        }
    }
}

/// The head of the next request; nothing when the player has hung up.
fn read(requests: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while requests.read_line(&mut head).expect("a request") > 2 {}
    (!head.is_empty()).then_some(head)
}

/// Sends the footage at the speed of life and hangs up.
fn send(player: &mut TcpStream) {
    let clip = STAGE.clip.display();
    let pipeline = gst::parse::launch(&format!(
        "filesrc location={clip} ! qtdemux ! h264parse ! rtph264pay pt=96 config-interval=1 ! appsink name=packets"
    ));
    let pipeline = pipeline
        .expect("a pipeline")
        .downcast::<gst::Pipeline>()
        .expect("a pipeline");
    let packets = pipeline.by_name("packets").expect("the packets");
    let packets = packets.downcast::<AppSink>().expect("an appsink");
    pipeline.set_state(gst::State::Playing).expect("it plays");
    while let Ok(sample) = packets.pull_sample() {
        let lists = sample.buffer_list_owned();
        let buffers = lists
            .iter()
            .flat_map(|list| list.iter_owned())
            .chain(sample.buffer_owned());
        for buffer in buffers {
            let packet = buffer.map_readable().expect("memory");
            let length = u16::try_from(packet.len()).expect("a packet").to_be_bytes();
            let frame = [&[b'$', 0, length[0], length[1]], packet.as_slice()].concat();
            if player.write_all(&frame).is_err() {
                // The player has hung up, which the test sees by what it has got.
                break;
            }
        }
    }
    pipeline.set_state(gst::State::Null).expect("it stops");
    // Hanging up over what the player still says would be an error to it.
    let _ = player.shutdown(Shutdown::Write);
    let _ = std::io::copy(player, &mut std::io::sink());
}
