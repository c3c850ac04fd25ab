//! Delivers what waits: at least once, in the order of each analysis, for a day.

use super::body::{About, about_webhook};
use super::post::{Message, Post, Reply};
use super::{DISABLED, Places, schedule};
use crate::serve::clock::{Clock, milliseconds};
use crate::serve::metrics::{Metrics, Outcome};
use crate::serve::store::{Attempt, Deliveries, Due, Outbox, StoreError, Webhook, Webhooks};
use crate::serve::telemetry::{self, text, whole};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A delivery under way belongs to whoever took it for so long, longer than an attempt takes; whoever has not said how it went by then has
/// died.
const LEASE: Duration = Duration::from_secs(20);
/// What waits for later is looked for this often.
const LOOK: Duration = Duration::from_secs(1);

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
    pub metrics: Metrics,
}

impl<T: Carrier, C: Clock> Courier<T, C> {
    /// Delivers until told to end; what is under way then is taken up again at the next start. Each webhook is told on its own: one that
    /// hangs keeps its own places and nobody else's.
    pub async fn run(self, end: CancellationToken)
    where
        T: 'static,
        C: 'static,
    {
        let courier = Arc::new(self);
        // Each in a task: one that has the database, or is next, goes on while more is taken.
        let (mut places, mut under_way) = (Places::default(), JoinSet::new());
        loop {
            match courier.take(&mut places).await {
                Ok(taken) => {
                    for due in taken {
                        let courier = courier.clone();
                        under_way.spawn(async move { courier.deliver(due).await });
                    }
                }
                Err(error) => {
                    tracing::error!(event = "webhooks_stopped", %error, "webhooks are not delivered");
                }
            }
            tokio::select! {
                () = end.cancelled() => return,
                Some(tried) = under_way.join_next() => match tried.map_err(JoinError::into_panic) {
                    Ok(due) => places.leave(&due.webhook_id, due.is_failing),
                    Err(panic) => std::panic::resume_unwind(panic),
                },
                () = courier.deliveries.arrival() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Takes what is due, as far as there are places.
    async fn take(&self, places: &mut Places) -> Result<Vec<Due>, StoreError> {
        let now = self.clock.now_ms();
        self.deliveries.take(now, now + milliseconds(LEASE), places).await
    }

    /// Tries once; hands back what it was.
    async fn deliver(&self, due: Due) -> Due {
        if let Err(error) = self.attempt(&due).await {
            // Its lease ends, and it is tried again.
            tracing::error!(event = "webhook_not_noted", %error, delivery = due.id, "nobody knows how a delivery went");
        }
        due
    }

    async fn attempt(&self, due: &Due) -> Result<(), StoreError> {
        // It was removed meanwhile, and its deliveries with it.
        let Some(webhook) = self.webhooks.get(&due.webhook_id).await? else {
            return Ok(());
        };
        let begun = SystemTime::now();
        let reply = match Message::to(&webhook, &due.event_id, &due.body, self.clock.now_ms()) {
            Ok(message) => self.carrier.carry(message).await,
            Err(error) => Reply {
                error: Some(error),
                ..Reply::default()
            },
        };
        tell(due, &webhook, &reply, begun);
        let now = self.clock.now_ms();
        let since_first = Duration::from_millis(u64::try_from(now - due.first_at).unwrap_or_default());
        let wait = schedule::next(due.attempts + 1, since_first, reply.retry_after);
        let due_at = wait.map(|wait| now + milliseconds(wait));
        let outcome = match (&reply.error, due_at) {
            (None, _) => Outcome::Delivered,
            (Some(_), Some(_)) => Outcome::Failed,
            (Some(_), None) => Outcome::GivenUp,
        };
        self.metrics.webhooks.tried(outcome, since_first);
        if let Some(error) = &reply.error {
            let patience = now - milliseconds(schedule::DISABLED_AFTER);
            if self
                .webhooks
                .note_failure(&webhook.id, now, patience, error)
                .await?
            {
                tracing::warn!(
                    event = "webhook_disabled",
                    user_id = webhook.tenant,
                    webhook = webhook.id,
                    "webhook is disabled: it has taken nothing for days"
                );
                self.give_notice(&webhook, error, now).await?;
            }
        } else {
            self.webhooks.note_success(&webhook.id).await?;
        }
        let attempt = Attempt {
            status: reply.status,
            answer: reply.answer,
            error: reply.error,
        };
        if !self.deliveries.note(due, &attempt, due_at, now).await? {
            tracing::warn!(
                event = "delivery_not_noted",
                delivery = due.id,
                "it was taken by somebody else, is sent again, or is gone: nothing is noted"
            );
        }
        Ok(())
    }

    /// Tells the tenant's other webhooks that want to know that one is disabled.
    async fn give_notice(&self, webhook: &Webhook, reason: &str, now: i64) -> Result<(), StoreError> {
        let event_id = Uuid::now_v7().to_string();
        let about = About {
            webhook_id: &webhook.id,
            url: &webhook.url,
            reason: Some(reason),
        };
        let body = about_webhook(&event_id, now, DISABLED, about);
        let all = self.webhooks.of(&webhook.tenant).await?;
        let wants = |other: &&Webhook| {
            other.disabled_at.is_none() && other.events.iter().any(|name| name == DISABLED)
        };
        let notice = |other: &Webhook| Outbox {
            id: Uuid::now_v7().to_string(),
            webhook_id: other.id.clone(),
            event_id: event_id.clone(),
            // It is about no analysis: what keeps the order is the name of the webhook it is about.
            analysis_id: webhook.id.clone(),
            sequence: now.cast_unsigned(),
            kind: DISABLED,
            body: body.clone(),
            at: now,
        };
        self.deliveries
            .add(all.iter().filter(wants).map(notice).collect())
            .await
    }
}

/// Tells the log of a failure, and the traces of any attempt. What a receiver answered stays in the list of deliveries.
fn tell(due: &Due, webhook: &Webhook, reply: &Reply, begun: SystemTime) {
    // A clock that was set back says nothing.
    let took = begun.elapsed().unwrap_or_default();
    let status = reply.status;
    // An answer is told by its status: the rest is what somebody else says.
    let failure = match (&reply.error, status) {
        (Some(_), Some(status)) => Some(format!("it answered {status}")),
        (Some(error), None) => Some(error.clone()),
        (None, _) => None,
    };
    if let Some(error) = &failure {
        tracing::warn!(
            event = "webhook_failed",
            user_id = webhook.tenant,
            latency_ms = (took.as_secs_f64() * 1e3).round(),
            analysis = due.analysis_id,
            webhook = webhook.id,
            delivery = due.id,
            attempt = due.attempts + 1,
            status,
            error,
            "a webhook does not take what it is told"
        );
    }
    let attributes = vec![
        text("kinemotion.webhook_id", &webhook.id),
        whole("kinemotion.attempt", due.attempts + 1),
    ];
    let (id, failure) = (&due.analysis_id, failure.as_deref());
    telemetry::stage(id, "webhook_delivery", begun, failure, attributes);
}

#[cfg(test)]
#[path = "courier_tests.rs"]
mod tests;
