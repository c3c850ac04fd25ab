//! `kinemotion health`: whether a daemon takes new work. For health checks of containers and for scripts, so it asks over a bare
//! connection: no runtime, no certificates, no proxy of the environment.

use crate::exit::{Exit, UsageError};
use crate::stdout::print;
use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use url::{Position, Url};

/// Most bytes of an answer.
const ANSWER_BYTES: usize = 64 * 1024;

/// Ask a running daemon whether it takes new work: exit code 0 when it does, 1 when it does not or does not answer.
#[derive(Args)]
pub struct HealthArgs {
    /// The daemon's listener for operators, `admin.listen` of its configuration
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8081")]
    url: String,

    /// Seconds to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
}

/// Runs the command.
pub fn run(args: &HealthArgs) -> anyhow::Result<Exit> {
    let url = readiness(&args.url).map_err(UsageError)?;
    let answer = ask(&url, Duration::from_secs(args.timeout));
    let answer = answer.with_context(|| format!("nobody says at {url} whether the daemon is ready"))?;
    match answer.status {
        200 => print("ready\n")?,
        _ => bail!("the daemon is not ready: {}", answer.reason()),
    }
    Ok(Exit::Done)
}

/// Where a daemon says whether it is ready, by the address of its listener.
fn readiness(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|error| format!("--url {text}: {error}"))?;
    if url.scheme() != "http" || !url.has_host() {
        return Err(format!("--url {text}: give an address as http://127.0.0.1:8081"));
    }
    let path = format!("{}/readyz", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// What a daemon answers.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    body: String,
}

/// The member of a problem document that people read.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl Answer {
    /// From the bytes of an answer by HTTP/1.
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut words = head.lines().next()?.split_whitespace();
        words.next().filter(|version| version.starts_with("HTTP/1."))?;
        Some(Self {
            status: words.next()?.parse().ok()?,
            body: body.to_owned(),
        })
    }

    /// Why it is not ready.
    fn reason(&self) -> String {
        match serde_json::from_str::<Problem>(&self.body) {
            Ok(problem) => problem.detail,
            Err(_) => format!("it answered {}", self.status),
        }
    }
}

/// Asks, and waits no longer than this for all of the answer.
fn ask(url: &Url, patience: Duration) -> anyhow::Result<Answer> {
    let deadline = Instant::now() + patience;
    let mut stream = connect(url, deadline)?;
    let host = &url[Position::BeforeHost..Position::AfterPort];
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n",
        url.path()
    );
    stream.set_write_timeout(Some(left(deadline)?))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while answer.len() < ANSWER_BYTES {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(bytes) => answer.extend_from_slice(&buffer[..bytes]),
            // As the system calls it that the time is up.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
    Answer::read(&answer).context("what is answered is no HTTP")
}

/// Connects to the first address of a host that answers.
fn connect(url: &Url, deadline: Instant) -> anyhow::Result<TcpStream> {
    let mut last = io::Error::other("the name leads nowhere");
    for address in url.socket_addrs(|| None)? {
        match TcpStream::connect_timeout(&address, left(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last.into())
}

/// Time until a deadline.
fn left(deadline: Instant) -> anyhow::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        bail!("there was no answer in time");
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_asked_for_below_the_address_that_is_given() {
        for (given, asked) in [
            ("http://127.0.0.1:8081", "http://127.0.0.1:8081/readyz"),
            ("http://[::1]:8081/", "http://[::1]:8081/readyz"),
            ("http://host/daemon/?x=1#y", "http://host/daemon/readyz"),
        ] {
            assert_eq!(readiness(given).expect("an address").as_str(), asked);
        }
        for wrong in ["127.0.0.1:8081", "https://127.0.0.1:8081", "unix:/run/x", ""] {
            let error = readiness(wrong).expect_err("no address");
            assert!(error.contains(&format!("--url {wrong}")), "{error}");
        }
    }

    #[test]
    fn an_answer_says_why_where_it_does() {
        let problem = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\r\n{\"detail\":\"all places are taken\"}";
        let answer = Answer::read(problem).expect("an answer");
        assert_eq!(
            (answer.status, answer.reason().as_str()),
            (503, "all places are taken")
        );
        let bare = Answer::read(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>").expect("an answer");
        assert_eq!(bare.reason(), "it answered 502");
        for no_answer in [
            &b""[..],
            b"SSH-2.0-x\r\n\r\n",
            b"HTTP/1.1 many\r\n\r\n",
            b"HTTP/1.1 200 OK",
        ] {
            assert_eq!(Answer::read(no_answer), None);
        }
    }
}
