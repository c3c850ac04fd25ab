//! Delivers what waits: at least once, in the order of each analysis, for a day.

use super::post::{Message, Post, Reply};
use super::schedule;
use super::signature::Secret;
use crate::serve::store::{Attempt, Deliveries, Due, StoreError, Webhook, Webhooks, now_ms};
use futures_util::future::join_all;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Deliveries under way at once. More wait: the table is the queue, so nothing is lost.
const AT_ONCE: u32 = 32;
/// A delivery under way belongs to whoever took it for so long, longer than an attempt takes; whoever has not said how it went by then has
/// died.
const LEASE: Duration = Duration::from_secs(20);
/// What waits for later is looked for this often.
const LOOK: Duration = Duration::from_secs(1);

/// The time of day, which tests make up.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;
}

/// The clock of this machine.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        now_ms()
    }
}

/// Carries messages; tests make up receivers.
pub trait Carrier: Send + Sync {
    /// Sends a message. Whatever happens is in the reply.
    fn carry(&self, message: Message) -> impl Future<Output = Reply> + Send;
}

impl Carrier for Post {
    async fn carry(&self, message: Message) -> Reply {
        self.send(message).await
    }
}

/// See the module.
pub struct Courier<T, C> {
    pub webhooks: Webhooks,
    pub deliveries: Deliveries,
    pub carrier: T,
    pub clock: C,
}

impl<T: Carrier, C: Clock> Courier<T, C> {
    /// Delivers until told to end; what is under way then is taken up again at the next start.
    pub async fn run(self, end: CancellationToken) {
        loop {
            let busy = match self.round().await {
                Ok(delivered) => delivered > 0,
                Err(error) => {
                    tracing::error!(%error, "webhooks are not delivered");
                    false
                }
            };
            tokio::select! {
                () = end.cancelled() => return,
                () = self.deliveries.arrival(), if !busy => {}
                () = tokio::time::sleep(LOOK), if !busy => {}
                () = std::future::ready(()), if busy => {}
            }
        }
    }

    /// Takes what is due and tries it once; how many that were.
    pub async fn round(&self) -> Result<usize, StoreError> {
        let now = self.clock.now_ms();
        let taken = self
            .deliveries
            .take(now, now + milliseconds(LEASE), AT_ONCE)
            .await?;
        let tried = join_all(taken.iter().map(|due| self.attempt(due))).await;
        tried
            .into_iter()
            .collect::<Result<Vec<()>, _>>()
            .map(|tried| tried.len())
    }

    async fn attempt(&self, due: &Due) -> Result<(), StoreError> {
        // It was removed meanwhile, and its deliveries with it.
        let Some(webhook) = self.webhooks.get(&due.webhook_id).await? else {
            return Ok(());
        };
        let reply = match message(&webhook, due, self.clock.now_ms()) {
            Ok(message) => self.carrier.carry(message).await,
            Err(error) => Reply {
                error: Some(error),
                ..Reply::default()
            },
        };
        let now = self.clock.now_ms();
        let since_first = Duration::from_millis(u64::try_from(now - due.first_at).unwrap_or_default());
        let wait = schedule::next(due.attempts + 1, since_first, reply.retry_after);
        let due_at = wait.map(|wait| now + milliseconds(wait));
        if let Some(error) = &reply.error {
            let patience = now - milliseconds(schedule::DISABLED_AFTER);
            if self
                .webhooks
                .note_failure(&webhook.id, now, patience, error)
                .await?
            {
                tracing::warn!(
                    webhook = webhook.id,
                    error,
                    "webhook is disabled: it has taken nothing for days"
                );
            }
        } else {
            self.webhooks.note_success(&webhook.id).await?;
        }
        let attempt = Attempt {
            status: reply.status,
            answer: reply.answer,
            error: reply.error,
        };
        self.deliveries.note(&due.id, &attempt, due_at, now).await
    }
}

fn message(webhook: &Webhook, due: &Due, now_ms: i64) -> Result<Message, String> {
    let url = webhook
        .url
        .parse()
        .map_err(|error| format!("its address cannot be read: {error}"))?;
    let secret = Secret::read(&webhook.secret).ok_or("its secret cannot be read")?;
    let timestamp_s = now_ms.div_euclid(1000);
    Ok(Message {
        url,
        id: due.event_id.clone(),
        timestamp_s,
        signature: secret.sign(&due.event_id, timestamp_s, &due.body),
        body: due.body.clone(),
    })
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
