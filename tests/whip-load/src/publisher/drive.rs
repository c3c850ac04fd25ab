//! The loop of a publisher: datagrams, timers and frames.

use super::peer::Peer;
use super::{End, Heard, Message};
use crate::PublishError;
use crate::footage::Reel;
use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};
use str0m::{Event, IceConnectionState};
use tokio::time::sleep_until;

/// How long the connection may take to come about once the answer is there.
const PATIENCE: Duration = Duration::from_secs(10);

/// Publishes until `end` says how to go.
pub async fn drive(
    peer: &mut Peer,
    reel: &mut Reel,
    end: impl Future<Output = End>,
    mut heard: impl FnMut(Heard),
) -> Result<End, PublishError> {
    let mut end = pin!(end);
    let mut timer = pin!(sleep_until(Instant::now().into()));
    let give_up = Instant::now() + PATIENCE;
    // When the first even step was: since the connection is there.
    let mut since = None;
    loop {
        let now = Instant::now();
        let mut wake = match poll(peer, reel, &mut heard, now)? {
            Polled::Connected => {
                since.get_or_insert(now);
                continue;
            }
            Polled::Until(at) => at,
        };
        match since {
            None if now > give_up => return Err(PublishError::NoConnection(PATIENCE)),
            None => wake = wake.min(give_up),
            Some(since) => match send_due(peer, reel, since, &mut heard)? {
                Sent::Frame => continue,
                Sent::NothingUntil(at) => wake = wake.min(at),
            },
        }
        timer.as_mut().reset(wake.into());
        tokio::select! {
            biased;
            end = &mut end => return Ok(end),
            () = &mut timer => {}
            readable = peer.readable() => {
                readable?;
                while peer.receive(Instant::now())? {}
            }
        }
        peer.go_on(Instant::now())?;
    }
}

enum Polled {
    Connected,
    Until(Instant),
}

/// Lets the peer say everything it has to say.
fn poll(
    peer: &mut Peer,
    reel: &mut Reel,
    heard: &mut impl FnMut(Heard),
    now: Instant,
) -> Result<Polled, PublishError> {
    loop {
        match peer.poll(now)? {
            Err(until) => return Ok(Polled::Until(until)),
            Ok(Event::Connected) => {
                heard(Heard::Connected);
                return Ok(Polled::Connected);
            }
            Ok(Event::KeyframeRequest(_)) => {
                reel.jump_to_key_frame();
                heard(Heard::KeyFrameAsked);
            }
            Ok(Event::ChannelData(data)) => {
                let at = Instant::now();
                let text = String::from_utf8_lossy(&data.data).into_owned();
                heard(Heard::Message(Message { text, at }));
            }
            Ok(Event::IceConnectionStateChange(IceConnectionState::Disconnected)) => {
                return Err(PublishError::Lost("the network path broke"));
            }
            Ok(Event::Closed) => return Err(PublishError::Lost("the other side closed it")),
            Ok(_) => {}
        }
    }
}

enum Sent {
    Frame,
    NothingUntil(Instant),
}

/// Sends the next frame when its time has come.
fn send_due(
    peer: &mut Peer,
    reel: &mut Reel,
    since: Instant,
    heard: &mut impl FnMut(Heard),
) -> Result<Sent, PublishError> {
    let now = Instant::now();
    let skipped = reel.catch_up((now - since).as_nanos() as u64);
    if skipped > 0 {
        heard(Heard::Skipped(skipped));
    }
    let frame = reel.peek();
    let due = since + Duration::from_nanos(frame.nanoseconds());
    if now < due {
        return Ok(Sent::NothingUntil(due));
    }
    peer.send(now, &frame)?;
    // Nothing of this moment waits in the peer afterwards.
    peer.go_on(now)?;
    reel.advance();
    heard(Heard::Sent {
        ticks: frame.ticks,
        at: now,
        behind: now - due,
    });
    Ok(Sent::Frame)
}
