//! From a token to whoever holds it.

use super::keys::{self, is_key};
use super::principal::{Actor, LOCAL, Principal};
use super::same;
use super::scopes::Scopes;
use crate::serve::problem::Problem;
use crate::serve::store::{Key, Keys, StoreError, now_ms};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long what is known of a key counts: so long a revoked one may still be good on another daemon.
const KNOWN_FOR: Duration = Duration::from_secs(5);
/// Keys that are known at once. When there are more, all are looked up again.
const MOST_KNOWN: usize = 10_000;
/// The use of a key is noted this often.
const NOTED_EVERY: Duration = Duration::from_secs(300);

/// Knows people by their tokens. Clones belong together.
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

struct Inner {
    keys: Keys,
    known: Mutex<HashMap<[u8; 32], Known>>,
    /// Whether there is any key, and since when that is known.
    any: Mutex<Option<(bool, Instant)>>,
}

#[derive(Clone)]
struct Known {
    key: Option<Arc<Key>>,
    since: Instant,
    noted: Option<Instant>,
}

impl Authenticator {
    /// One that looks keys up here.
    pub fn new(keys: Keys) -> Self {
        Self(Arc::new(Inner {
            keys,
            known: Mutex::default(),
            any: Mutex::default(),
        }))
    }

    /// Whether everybody may ask: there is neither a token nor a key.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn is_open(&self, tokens: &[String]) -> Result<bool, StoreError> {
        if !tokens.is_empty() {
            return Ok(false);
        }
        let known = *self.0.any.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((any, since)) = known
            && since.elapsed() < KNOWN_FOR
        {
            return Ok(!any);
        }
        let any = self.0.keys.any().await?;
        *self.0.any.lock().unwrap_or_else(PoisonError::into_inner) = Some((any, Instant::now()));
        Ok(!any)
    }

    /// Who holds a token.
    ///
    /// # Errors
    /// Nobody, or a database that cannot be read.
    pub async fn identify(&self, token: Option<&str>, tokens: &[String]) -> Result<Principal, Problem> {
        let unreadable = |error: StoreError| {
            tracing::error!(%error, "keys cannot be looked up");
            Problem::internal("keys cannot be looked up")
        };
        if self.is_open(tokens).await.map_err(unreadable)? {
            return Ok(local(Actor::Anybody));
        }
        let Some(token) = token else {
            return Err(Problem::unauthorized("send Authorization: Bearer TOKEN"));
        };
        if is_key(token) {
            let key = self.key(keys::hash(token)).await.map_err(unreadable)?;
            let good = key.filter(|key| key.is_good(now_ms()));
            let key = good
                .ok_or_else(|| Problem::unauthorized("this key is not known, has expired or was revoked"))?;
            return Ok(Principal {
                tenant: key.tenant.clone(),
                actor: Actor::Key(key.id.clone()),
                // A scope of a newer version is not understood here, so it is not there.
                scopes: key.scopes.parse().unwrap_or_default(),
            });
        }
        // All are compared, each in full, so that the time taken says nothing about them.
        let known = tokens
            .iter()
            .fold(false, |known, candidate| known | same(candidate, token));
        if known {
            let mut hasher = DefaultHasher::new();
            token.hash(&mut hasher);
            return Ok(local(Actor::Token(hasher.finish())));
        }
        Err(Problem::unauthorized("this token is not known here"))
    }

    /// The key with this hash; as it was some seconds ago at most.
    async fn key(&self, hash: [u8; 32]) -> Result<Option<Arc<Key>>, StoreError> {
        let known = self.known(&hash);
        let fresh = known.as_ref().filter(|known| known.since.elapsed() < KNOWN_FOR);
        let key = match fresh {
            Some(known) => known.key.clone(),
            None => self.0.keys.with_hash(hash).await?.map(Arc::new),
        };
        let noted = known.as_ref().and_then(|known| known.noted);
        let due = noted.is_none_or(|noted| noted.elapsed() >= NOTED_EVERY);
        if let Some(key) = key.as_ref().filter(|_| due) {
            self.0.keys.used(&key.id, now_ms()).await?;
        }
        if fresh.is_none() || due {
            self.remember(
                hash,
                Known {
                    key: key.clone(),
                    since: fresh.map_or_else(Instant::now, |known| known.since),
                    noted: if due { Some(Instant::now()) } else { noted },
                },
            );
        }
        Ok(key)
    }

    /// A key has changed: it is looked up anew.
    pub fn forget(&self) {
        self.0
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        *self.0.any.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn known(&self, hash: &[u8; 32]) -> Option<Known> {
        self.0
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(hash)
            .cloned()
    }

    fn remember(&self, hash: [u8; 32], known: Known) {
        let mut all = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_KNOWN {
            all.clear();
        }
        all.insert(hash, known);
    }
}

fn local(actor: Actor) -> Principal {
    Principal {
        tenant: LOCAL.into(),
        actor,
        scopes: Scopes::ALL,
    }
}
