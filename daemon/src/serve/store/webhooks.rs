//! Webhooks: who is told of what.

use super::StoreError;
use super::pool::{Pool, now_ms};
use super::statement::{Statement, statement};
use super::usage::room_for_webhook;
use crate::serve::sessions::Order;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long what is known of a tenant's webhooks counts: so long one that was registered at another daemon is not told yet.
const KNOWN_FOR: Duration = Duration::from_secs(2);
/// Tenants that are known at once. When there are more, all are looked up again.
const MOST_KNOWN: usize = 10_000;

/// A webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// Its name.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// Where to.
    pub url: String,
    /// What signs, as text.
    pub secret: String,
    /// Types of events; none stands for the usual ones.
    pub events: Vec<String>,
    /// Movements; none stands for all.
    pub sports: Vec<String>,
    /// The one analysis it is about; else all are.
    pub analysis_id: Option<String>,
    /// Milliseconds since 1970, as all moments here.
    pub created_at: i64,
    /// Since when nothing was taken.
    pub failing_since: Option<i64>,
    /// When it was disabled.
    pub disabled_at: Option<i64>,
    /// Why.
    pub reason: Option<String>,
}

type Row = (
    String,
    String,
    String,
    String,
    String,
    String,
    Option<String>,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
);

impl Webhook {
    fn of(row: Row) -> Self {
        let (
            id,
            tenant,
            url,
            secret,
            events,
            sports,
            analysis_id,
            created_at,
            failing_since,
            disabled_at,
            reason,
        ) = row;
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Self {
            id,
            tenant,
            url,
            secret,
            events: words(&events),
            sports: words(&sports),
            analysis_id,
            created_at,
            failing_since,
            disabled_at,
            reason,
        }
    }

    /// The one that was ordered with an analysis, about it alone.
    pub(super) fn about(analysis_id: &str, order: &Order) -> Option<Self> {
        let own = order.webhook.clone()?;
        Some(Self {
            id: own.id,
            tenant: order.tenant.clone(),
            url: own.url,
            secret: own.secret,
            events: Vec::new(),
            sports: Vec::new(),
            analysis_id: Some(analysis_id.to_owned()),
            created_at: now_ms(),
            failing_since: None,
            disabled_at: None,
            reason: None,
        })
    }

    /// Whether it is told of an event.
    pub fn wants(&self, event: &str, sport: &str) -> bool {
        let listed = |list: &[String], name| list.is_empty() || list.iter().any(|entry| entry == name);
        self.disabled_at.is_none() && listed(&self.events, event) && listed(&self.sports, sport)
    }
}

/// The columns of a [`Row`].
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, tenant, url, secret, events, sports, analysis_id, created_at, failing_since, disabled_at, reason FROM webhooks ",
            $rest
        )
    };
}

/// What adds a webhook.
pub(super) fn insert(webhook: &Webhook) -> Statement {
    let add = "INSERT INTO webhooks (id, tenant, url, secret, events, sports, analysis_id, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    statement!(
        add,
        &webhook.id,
        &webhook.tenant,
        &webhook.url,
        &webhook.secret,
        webhook.events.join(" "),
        webhook.sports.join(" "),
        webhook.analysis_id.clone(),
        webhook.created_at,
    )
}

type Known = (Arc<Vec<Webhook>>, Instant);

/// The table of webhooks. Clones belong together.
#[derive(Clone, Debug)]
pub struct Webhooks {
    pool: Pool,
    /// Of each tenant, as they were a moment ago: every event asks for them.
    known: Arc<Mutex<HashMap<String, Known>>>,
}

impl Webhooks {
    /// The table in a database.
    pub(super) fn new(pool: Pool) -> Self {
        Self {
            pool,
            known: Arc::default(),
        }
    }

    /// Those a tenant has registered, as they were a moment ago.
    pub async fn known(&self, tenant: &str) -> Result<Arc<Vec<Webhook>>, StoreError> {
        let fresh = |(webhooks, since): &Known| (since.elapsed() < KNOWN_FOR).then(|| webhooks.clone());
        if let Some(webhooks) = self.lock().get(tenant).and_then(fresh) {
            return Ok(webhooks);
        }
        let webhooks = Arc::new(self.of(tenant).await?);
        let mut known = self.lock();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(tenant.to_owned(), (webhooks.clone(), Instant::now()));
        Ok(webhooks)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one, where its tenant has fewer than so many; 0 is no limit.
    pub async fn add(&self, webhook: &Webhook, most: u32) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        room_for_webhook(&mut transaction, &webhook.tenant, most).await?;
        transaction.execute(insert(webhook)).await?;
        transaction.commit().await?;
        self.lock().remove(&webhook.tenant);
        Ok(())
    }

    /// Those a tenant has registered, the oldest first. Those that are about one analysis are found by it.
    pub async fn of(&self, tenant: &str) -> Result<Vec<Webhook>, StoreError> {
        let of = select!("WHERE tenant = $1 AND analysis_id IS NULL ORDER BY created_at, id");
        let rows = statement!(of, tenant);
        Ok(self.pool.all(rows).await?.into_iter().map(Webhook::of).collect())
    }

    /// One of a tenant.
    pub async fn find(&self, tenant: &str, id: &str) -> Result<Option<Webhook>, StoreError> {
        let row = statement!(select!("WHERE tenant = $1 AND id = $2"), tenant, id);
        Ok(self.pool.one(row).await?.map(Webhook::of))
    }

    /// One, whoever's it is.
    pub async fn get(&self, id: &str) -> Result<Option<Webhook>, StoreError> {
        let row = statement!(select!("WHERE id = $1"), id);
        Ok(self.pool.one(row).await?.map(Webhook::of))
    }

    /// Removes one with its deliveries; whether there was one.
    pub async fn remove(&self, tenant: &str, id: &str) -> Result<bool, StoreError> {
        let remove = statement!("DELETE FROM webhooks WHERE tenant = $1 AND id = $2", tenant, id);
        let removed = self.pool.execute(remove).await? > 0;
        self.lock().remove(tenant);
        Ok(removed)
    }

    /// Something was taken.
    pub async fn note_success(&self, id: &str) -> Result<(), StoreError> {
        let note = "UPDATE webhooks SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL";
        self.pool.execute(statement!(note, id)).await.map(drop)
    }

    /// Something was not taken. One that has taken nothing since before `patience` is disabled; whether this one was, now.
    pub async fn note_failure(
        &self,
        id: &str,
        now: i64,
        patience: i64,
        why: &str,
    ) -> Result<bool, StoreError> {
        let note = "UPDATE webhooks SET failing_since = COALESCE(failing_since, $1) WHERE id = $2";
        self.pool.execute(statement!(note, now, id)).await?;
        let disable = "UPDATE webhooks SET disabled_at = $1, reason = $2
                       WHERE id = $3 AND disabled_at IS NULL AND failing_since <= $4";
        let disabled = self
            .pool
            .execute(statement!(disable, now, why, id, patience))
            .await?
            > 0;
        if disabled {
            self.lock().clear();
        }
        Ok(disabled)
    }

    /// Lets a disabled one be tried again.
    pub async fn enable(&self, tenant: &str, id: &str) -> Result<bool, StoreError> {
        let enable = "UPDATE webhooks SET disabled_at = NULL, failing_since = NULL, reason = NULL
                      WHERE tenant = $1 AND id = $2";
        let enabled = self.pool.execute(statement!(enable, tenant, id)).await? > 0;
        self.lock().remove(tenant);
        Ok(enabled)
    }
}
