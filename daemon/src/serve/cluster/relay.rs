//! What an analysis says, for those who listen to it at other replicas.
//!
//! The replica that runs it publishes everything its own readers hear, at the pace of Redis. Another replica follows: one subscription and
//! one hub for however many read there. Everything but poses is in the database before anybody hears of it, so what a message should
//! have brought and did not is read there: when the next message shows that one is missing, and after a second of silence, which
//! may be Redis that is gone, the replica that is gone, or nothing to say.

use super::Link;
use super::message::{Message, channel, turn};
use crate::serve::hub::{Hub, Line, Reader};
use crate::serve::store::{Replicas, StoreError};
use std::sync::Weak;
use std::time::Duration;
use tokio::time::timeout;

/// After so long without a message the database is asked.
const SILENCE: Duration = Duration::from_secs(1);

/// Tells others what is read from the number `after` on.
pub async fn publish(link: Link, analysis_id: String, mut reader: Reader, mut after: u64) {
    let channel = channel(&analysis_id);
    while let Some(deliveries) = reader.next().await {
        let message = Message::write(after, deliveries.iter().map(|delivery| &delivery.line));
        after = deliveries
            .last()
            .map_or(after, |delivery| delivery.line.sequence + 1);
        link.publish(&channel, message.as_bytes()).await;
    }
}

/// What is followed.
pub struct Follower {
    /// The replicas' database.
    pub replicas: Replicas,
    /// The analysis.
    pub analysis_id: String,
    /// Whether it is one of a file.
    pub of_file: bool,
    /// Where it is heard, as long as somebody reads there.
    pub hub: Weak<Hub>,
}

impl Follower {
    /// Follows until the end, or until nobody reads any more.
    pub async fn follow(self, link: Link) {
        let mut listening = link.listen(channel(&self.analysis_id)).await;
        // What was said until now.
        let mut message = None;
        while let Some(hub) = self.hub.upgrade() {
            let heard = match message.as_deref().and_then(Message::read) {
                Some(message) => self.hear(&hub, message).await,
                None => self.catch_up(&hub, None).await,
            };
            if let Err(error) = heard {
                tracing::warn!(event = "replica_unreadable", analysis = self.analysis_id, %error, "what another replica says cannot be read");
            }
            if hub.is_closed() {
                return;
            }
            drop(hub);
            message = timeout(SILENCE, listening.next()).await.ok();
        }
    }

    async fn hear(&self, hub: &Hub, message: Message) -> Result<(), StoreError> {
        if message.after > hub.next_sequence() {
            self.catch_up(hub, Some(message.after)).await?;
        }
        message.lines.into_iter().for_each(|line| self.pass_on(hub, line));
        Ok(())
    }

    /// Passes on what is stored, before a number where one is given.
    async fn catch_up(&self, hub: &Hub, before: Option<u64>) -> Result<(), StoreError> {
        loop {
            let from = hub.next_sequence();
            let Some(lines) = self.replicas.events(&self.analysis_id, from, before).await? else {
                // It was removed.
                hub.close();
                return Ok(());
            };
            if lines.is_empty() {
                return Ok(());
            }
            lines.into_iter().for_each(|line| self.pass_on(hub, line));
        }
    }

    fn pass_on(&self, hub: &Hub, line: Line) {
        let turn = turn(&line, self.of_file);
        hub.pass_on(line, turn);
    }
}
