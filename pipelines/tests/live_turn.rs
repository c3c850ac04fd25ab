//! STUN and TURN: a publisher who can only be reached through a relay, and a server that is silent.

mod support;

use kinemotion_pipelines::live::{IceServers, LiveEvent, LiveSpec, SessionState};
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::peer::Offerer;
use support::{PATIENCE, PICTURE, VP8, start, waiting};

/// A TURN server that ends with the test.
struct Turn {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Turn {
    /// Starts coturn; nothing when it is not installed.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let free = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let process = Command::new("turnserver")
            .args([
                "-n",
                "--no-cli",
                "--no-tls",
                "--no-dtls",
                "--allow-loopback-peers",
            ])
            .args(["--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1"])
            .args(["--lt-cred-mech", "--user=kine:motion", "--realm=kinemotion"])
            .arg(format!("--listening-port={port}"))
            .arg(format!("--pidfile={}", folder.path().join("pid").display()))
            .arg(format!("--userdb={}", folder.path().join("users").display()))
            .args(["--log-file=stdout", "--simple-log"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = match process {
            Ok(process) => process,
            Err(error) => {
                eprintln!("skipped: turnserver of the Debian package coturn does not start: {error}");
                return None;
            }
        };
        let server = Self {
            process,
            port,
            _folder: folder,
        };
        server.wait();
        Some(server)
    }

    /// Asks as STUN clients do (RFC 8489), again and again, until there is an answer.
    fn wait(&self) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.connect(("127.0.0.1", self.port)).expect("an address");
        socket
            .set_read_timeout(Some(Duration::from_millis(200)))
            .expect("a time");
        let mut request = [0u8; 20];
        request[..2].copy_from_slice(&1u16.to_be_bytes());
        request[4..8].copy_from_slice(&0x2112_A442_u32.to_be_bytes());
        let deadline = Instant::now() + PATIENCE;
        let mut answer = [0u8; 512];
        while socket
            .send(&request)
            .and_then(|_| socket.recv(&mut answer))
            .is_err()
        {
            assert!(Instant::now() < deadline, "turnserver does not answer");
        }
    }

    fn uri(&self) -> String {
        format!("turn://kine:motion@127.0.0.1:{}", self.port)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_publisher_who_can_only_be_reached_through_turn_is_received() {
    let Some(server) = Turn::start() else { return };
    let started = start(LiveSpec {
        ice: IceServers {
            stun: None,
            turn: vec![server.uri()],
        },
        ..waiting()
    });
    let publisher = Offerer::relayed(&format!("{PICTURE} ! {VP8} ! peer."), &server.uri());
    let offer = publisher.offer();
    let candidates: Vec<&str> = offer
        .lines()
        .filter(|line| line.starts_with("a=candidate"))
        .collect();
    assert!(
        !candidates.is_empty() && candidates.iter().all(|candidate| candidate.contains("typ relay")),
        "{candidates:?}"
    );
    let answer = started.session.answer(&offer).expect("an answer");
    assert!(
        answer.contains("typ relay"),
        "ours comes from the configuration: {answer}"
    );
    // Nothing else is left to the publisher than the way from relay to relay.
    let relayed: String = answer
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("a=candidate") || line.contains("typ relay"))
        .collect();
    publisher.accept(&relayed);
    started.wait_for_frame();
    assert_eq!(started.session.info().state, SessionState::Live);
}

#[test]
fn a_stun_server_that_says_nothing_costs_a_moment_and_is_told() {
    // It takes what comes and never answers.
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("its address");
    let started = start(LiveSpec {
        ice: IceServers {
            stun: Some(format!("stun://{address}")),
            turn: Vec::new(),
        },
        ..waiting()
    });
    let publisher = Offerer::publisher(&format!("{PICTURE} ! {VP8}"));
    let answer = started.session.answer(&publisher.offer()).expect("an answer");
    let warning = started.wait_for(|event| match event {
        LiveEvent::Warning(text) => Some(text.clone()),
        _ => None,
    });
    assert!(warning.contains("STUN"), "{warning}");
    publisher.accept(&answer);
    started.wait_for_frame();
}
