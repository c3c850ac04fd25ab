//! From a token to whoever holds it.

use super::browser_token::{BrowserToken, is_browser_token};
use super::jwks::KeySet;
use super::keys::{self, is_key};
use super::principal::{Actor, LOCAL, Principal, is_tenant_name};
use super::recent::Recent;
use super::scopes::Scopes;
use super::{jwt, same};
use crate::serve::config::{Config, Jwt};
use crate::serve::problem::Problem;
use crate::serve::store::{Accounts, Key, StoreError, Tenant, now_ms};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long what is known of a key or a token counts: so long a revoked one may still be good on another daemon.
const KNOWN_FOR: Duration = Duration::from_secs(5);
/// Keys that are known at once. When there are more, all are looked up again.
const MOST_KNOWN: usize = 10_000;
/// The use of a key is noted this often.
const NOTED_EVERY: Duration = Duration::from_secs(300);
/// Tier of those who are not told apart.
const UNLIMITED: &str = "unlimited";

/// Knows people by their tokens. Clones belong together.
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

struct Inner {
    accounts: Accounts,
    known: Mutex<HashMap<[u8; 32], Known>>,
    /// Those with a token of the identity provider.
    subjects: Recent<Principal>,
    provider: KeySet,
    /// What signs tokens for browsers where the configuration names nothing.
    secret: [u8; 32],
    /// Whether there is any key, and since when that is known.
    any: Mutex<Option<(bool, Instant)>>,
    /// How often keys were forgotten: what was looked up before that is not remembered after it.
    forgotten: AtomicU64,
    /// Tells whoever has been let in that keys have changed.
    changed: watch::Sender<()>,
}

#[derive(Clone)]
struct Known {
    key: Option<Arc<Key>>,
    since: Instant,
    noted: Option<Instant>,
}

impl Authenticator {
    /// One that looks keys up here.
    ///
    /// # Errors
    /// No random numbers, or no TLS.
    pub fn new(accounts: Accounts) -> anyhow::Result<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
        Ok(Self(Arc::new(Inner {
            accounts,
            known: Mutex::default(),
            subjects: Recent::new(KNOWN_FOR, MOST_KNOWN),
            provider: KeySet::new()?,
            secret,
            any: Mutex::default(),
            forgotten: AtomicU64::new(0),
            changed: watch::Sender::new(()),
        })))
    }

    /// Whether everybody may ask: there is neither a token, nor a key, nor an identity provider.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn is_open(&self, config: &Config) -> Result<bool, StoreError> {
        if !config.auth.tokens.is_empty() || config.jwt.is_on() {
            return Ok(false);
        }
        let known = *self.0.any.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((any, since)) = known
            && since.elapsed() < KNOWN_FOR
        {
            return Ok(!any);
        }
        let before = self.forgotten();
        let any = self.0.accounts.keys.any().await?;
        let mut known = self.0.any.lock().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten() == before {
            *known = Some((any, Instant::now()));
        }
        Ok(!any)
    }

    /// Who holds a token.
    ///
    /// # Errors
    /// Nobody, or a database that cannot be read.
    pub async fn identify(&self, token: Option<&str>, config: &Config) -> Result<Principal, Problem> {
        if self.is_open(config).await? {
            return Ok(local(Actor::Anybody));
        }
        let Some(token) = token else {
            return Err(Problem::unauthorized("send Authorization: Bearer TOKEN"));
        };
        // Whatever they look like.
        if let Some(actor) = listed(token, &config.auth.tokens) {
            return Ok(local(actor));
        }
        if is_key(token) {
            return self.by_key(token).await;
        }
        if is_browser_token(token) {
            return self.by_browser_token(token, config);
        }
        if config.jwt.is_on() && jwt::is_jwt(token) {
            return self.by_provider(token, &config.jwt).await;
        }
        Err(Problem::unauthorized("this token is not known here"))
    }

    /// A token that says this.
    pub fn sign(&self, said: &BrowserToken, config: &Config) -> String {
        said.sign(self.secret(config))
    }

    /// A key has changed: it is looked up anew.
    pub fn forget(&self) {
        self.0.forgotten.fetch_add(1, Ordering::SeqCst);
        self.0
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.0.subjects.clear();
        *self.0.any.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.changed.send_replace(());
    }

    /// Tells from now on when keys are made or revoked here.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    /// Whether somebody who was let in would be let in still. What was begun with a short-lived token goes on when the token ends.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn still_lets_in(&self, principal: &Principal, config: &Config) -> Result<bool, StoreError> {
        match &principal.actor {
            Actor::Anybody => self.is_open(config).await,
            Actor::Token(number) => Ok(config
                .auth
                .tokens
                .iter()
                .any(|token| told_apart(token) == *number)),
            Actor::Key(id) => {
                let key = self.0.accounts.keys.find(&principal.tenant, id).await?;
                Ok(key.is_some_and(|key| key.is_good(now_ms())))
            }
            Actor::Subject(_) | Actor::Browser(_) => Ok(true),
        }
    }

    fn forgotten(&self) -> u64 {
        self.0.forgotten.load(Ordering::SeqCst)
    }

    async fn by_key(&self, token: &str) -> Result<Principal, Problem> {
        let key = self.key(keys::hash(token)).await?;
        let good = key.filter(|key| key.is_good(now_ms()));
        let key =
            good.ok_or_else(|| Problem::unauthorized("this key is not known, has expired or was revoked"))?;
        Ok(Principal {
            tenant: key.tenant.clone(),
            actor: Actor::Key(key.id.clone()),
            // A scope of a newer version is not understood here, so it is not there.
            scopes: key.scopes.parse().unwrap_or_default(),
            tier: key.tier.clone(),
        })
    }

    fn by_browser_token(&self, token: &str, config: &Config) -> Result<Principal, Problem> {
        let said = BrowserToken::read(token, self.secret(config), now_ms());
        let said =
            said.ok_or_else(|| Problem::unauthorized("this token is not known here, or has expired"))?;
        Ok(Principal {
            tenant: said.tenant,
            actor: Actor::Browser(said.analysis),
            scopes: said.scopes.parse().unwrap_or_default(),
            tier: said.tier,
        })
    }

    fn secret<'a>(&'a self, config: &'a Config) -> &'a [u8] {
        match config.auth.session_secret.as_bytes() {
            [] => &self.0.secret,
            named => named,
        }
    }

    /// Whoever the identity provider says it is; as it was some seconds ago at most.
    async fn by_provider(&self, token: &str, settings: &Jwt) -> Result<Principal, Problem> {
        let hash = keys::hash(token);
        if let Some(principal) = self.0.subjects.get(&hash) {
            return Ok(principal);
        }
        let claims = jwt::read(token, settings, &self.0.provider).await;
        let claims =
            claims.map_err(|reason| Problem::unauthorized(format!("this token is not good: {reason}")))?;
        let tenant = self.tenant(claims.tenant, settings).await?;
        let principal = Principal {
            tenant: tenant.id,
            actor: Actor::Subject(claims.subject),
            scopes: claims.scopes,
            tier: tenant.tier,
        };
        self.0.subjects.put(hash, principal.clone());
        Ok(principal)
    }

    /// The tenant of this name, made when the configuration wants that.
    async fn tenant(&self, id: String, settings: &Jwt) -> Result<Tenant, Problem> {
        let tenants = &self.0.accounts.tenants;
        if let Some(tenant) = tenants.find(&id).await? {
            return Ok(tenant);
        }
        if settings.tier_of_new_tenants.is_empty() || !is_tenant_name(&id) {
            return Err(Problem::forbidden(
                "the tenant that this token names is not known here",
            ));
        }
        let tenant = Tenant {
            name: id.clone(),
            id,
            tier: settings.tier_of_new_tenants.clone(),
            created_at: now_ms(),
        };
        // Somebody else of the same tenant may have been first.
        let made = tenants.add(&tenant).await?;
        if made {
            tracing::info!(
                event = "tenant_made",
                user_id = tenant.id,
                tier = tenant.tier,
                "a new tenant"
            );
        }
        Ok(tenant)
    }

    /// The key with this hash; as it was some seconds ago at most.
    async fn key(&self, hash: [u8; 32]) -> Result<Option<Arc<Key>>, StoreError> {
        let before = self.forgotten();
        let known = self.known(&hash);
        let fresh = known.as_ref().filter(|known| known.since.elapsed() < KNOWN_FOR);
        let key = match fresh {
            Some(known) => known.key.clone(),
            None => self.0.accounts.keys.with_hash(hash).await?.map(Arc::new),
        };
        let noted = known.as_ref().and_then(|known| known.noted);
        let due = noted.is_none_or(|noted| noted.elapsed() >= NOTED_EVERY);
        if let Some(key) = key.as_ref().filter(|_| due) {
            self.0.accounts.keys.used(&key.id, now_ms()).await?;
        }
        if fresh.is_none() || due {
            self.remember(
                hash,
                Known {
                    key: key.clone(),
                    since: fresh.map_or_else(Instant::now, |known| known.since),
                    noted: if due { Some(Instant::now()) } else { noted },
                },
                before,
            );
        }
        Ok(key)
    }

    fn known(&self, hash: &[u8; 32]) -> Option<Known> {
        self.0
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(hash)
            .cloned()
    }

    /// Remembers a key, unless keys were forgotten while it was looked up; `before` is how often they had been by then.
    fn remember(&self, hash: [u8; 32], known: Known, before: u64) {
        let mut all = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten() != before {
            return;
        }
        if all.len() >= MOST_KNOWN {
            all.clear();
        }
        all.insert(hash, known);
    }
}

/// Whoever has a token of the configuration.
fn listed(token: &str, tokens: &[String]) -> Option<Actor> {
    // All are compared, each in full, so that the time taken says nothing about them.
    let known = tokens
        .iter()
        .fold(false, |known, candidate| known | same(candidate, token));
    known.then(|| Actor::Token(told_apart(token)))
}

/// A number that tells tokens of the configuration apart.
fn told_apart(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}

fn local(actor: Actor) -> Principal {
    Principal {
        tenant: LOCAL.into(),
        actor,
        scopes: Scopes::ALL,
        tier: UNLIMITED.into(),
    }
}
