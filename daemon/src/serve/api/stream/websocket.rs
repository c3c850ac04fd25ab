//! Events over a WebSocket: one text message each, then a close that says why: a normal one when the analysis has ended.

use super::reading::{Next, Reading};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Pause between pings, so that proxies keep the connection and a client that is gone is noticed.
const PING: Duration = Duration::from_secs(20);
/// A client that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(30);
/// Largest message a client may send; nothing is expected from it.
const MESSAGE_BYTES: usize = 4096;

/// Accepts the upgrade and sends events until the analysis ends or the client goes.
pub fn answer(upgrade: WebSocketUpgrade, reading: Reading) -> Response {
    upgrade
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
        .on_upgrade(move |socket| send(socket, reading))
}

async fn send(mut socket: WebSocket, mut reading: Reading) {
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (code, reason) = loop {
        let messages = tokio::select! {
            next = reading.next() => match next {
                Some(Next::Events(deliveries)) => deliveries
                    .iter()
                    .map(|delivery| Message::text(delivery.text().into_owned()))
                    .collect(),
                Some(Next::Dismissed(reason)) => break (close_code::POLICY, reason),
                None => break (close_code::NORMAL, "the analysis has ended"),
            },
            _ = ping.tick() => vec![Message::Ping(Vec::new().into())],
            received = socket.recv() => match received {
                // Pings are answered by the library; whatever else a client says is not listened to.
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return,
            },
        };
        for message in messages {
            if !matches!(timeout(STUCK, socket.send(message)).await, Ok(Ok(()))) {
                return;
            }
        }
    };
    let close = CloseFrame {
        code,
        reason: reason.into(),
    };
    // A client that is gone by now needs no good-bye.
    let _ = timeout(STUCK, socket.send(Message::Close(Some(close)))).await;
}
