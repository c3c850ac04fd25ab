//! Public keys of an identity provider: fetched, and kept for a while.
//!
//! They are fetched by one task at a time, which nobody waits for whose key is known: a provider that hangs holds up only those who
//! come with a key that nobody has seen yet, and those for [`PATIENCE`].

use crate::serve::outgoing;
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use reqwest::Client;
use serde::Deserialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Keys are fetched again after so long.
const FRESH_FOR: Duration = Duration::from_secs(3600);
/// While they cannot be fetched, those known last count for so long.
const GOOD_FOR: Duration = Duration::from_secs(24 * 3600);
/// They are not fetched more often, whatever tokens say.
const PAUSE: Duration = Duration::from_secs(30);
/// Longest time for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Keys by their names. Clones belong together.
#[derive(Clone)]
pub struct KeySet {
    client: Client,
    since: Instant,
    known: Arc<Mutex<Known>>,
}

/// Which key is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Its name; without one, the only one there is.
    pub name: Option<&'a str>,
    /// What it is to check.
    pub algorithm: Algorithm,
}

impl Wanted<'_> {
    /// Whether it is this one. What a key is for need not be said; where it is, nothing else is done with it (RFC 7517, sections 4.2 and
    /// 4.4).
    fn is(&self, key: &Jwk) -> bool {
        let common = &key.common;
        let named = self
            .name
            .is_none_or(|name| common.key_id.as_deref() == Some(name));
        let signs = common
            .public_key_use
            .as_ref()
            .is_none_or(|used| *used == PublicKeyUse::Signature);
        let algorithm = common.key_algorithm.as_ref();
        named && signs && algorithm.is_none_or(|said| said.to_string() == format!("{:?}", self.algorithm))
    }
}

#[derive(Default)]
struct Known {
    /// Where they are from.
    url: String,
    keys: Vec<Jwk>,
    fetched: Option<Duration>,
    tried: Option<Duration>,
    /// Closed when those that are being fetched are here, or cannot be had.
    under_way: Option<watch::Receiver<()>>,
}

impl KeySet {
    /// None is known yet.
    ///
    /// # Errors
    /// No TLS.
    pub fn new() -> reqwest::Result<Self> {
        Ok(Self {
            client: outgoing::client()?,
            since: Instant::now(),
            known: Arc::default(),
        })
    }

    /// The key that is wanted, if the provider lists it.
    pub async fn find(&self, url: &str, wanted: Wanted<'_>) -> Option<Jwk> {
        let mut under_way = {
            let now = self.since.elapsed();
            let mut known = self.lock();
            known.look_at(url, now);
            if known.is_due(wanted, now) {
                let (fetching, under_way) = watch::channel(());
                known.tried = Some(now);
                known.under_way = Some(under_way);
                // It goes on when whoever asks goes away: with a request that is given up they could keep new keys from everybody.
                tokio::spawn(self.clone().fetch(url.to_owned(), now, fetching));
            }
            if let Some(key) = known.get(wanted) {
                return Some(key.clone());
            }
            known.under_way.clone()?
        };
        // Nothing is ever sent: it is closed in the end, also by a panic. What is fetched has its own time limit.
        while under_way.changed().await.is_ok() {}
        let mut known = self.lock();
        known.look_at(url, self.since.elapsed());
        known.get(wanted).cloned()
    }

    /// Fetches the keys; whoever waits for them waits for `_fetching` to go.
    async fn fetch(self, url: String, now: Duration, _fetching: watch::Sender<()>) {
        let fetched = fetch(&self.client, &url).await;
        self.lock().take_over(&url, now, fetched);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn fetch(client: &Client, url: &str) -> Result<Vec<Jwk>, String> {
    let request = client.get(url).timeout(PATIENCE);
    let response = request
        .send()
        .await
        .map_err(|error| outgoing::innermost(&error))?;
    if !response.status().is_success() {
        return Err(format!("it answered {}", response.status()));
    }
    read(&outgoing::body(response).await?)
}

impl Known {
    /// Forgets those of another provider, and those that are too old.
    fn look_at(&mut self, url: &str, now: Duration) {
        if self.url != url {
            *self = Self {
                url: url.to_owned(),
                ..Self::default()
            };
        }
        if is_older(self.fetched, GOOD_FOR, now) {
            self.keys.clear();
        }
    }

    /// Has the keys that were fetched, if those of this provider are still wanted.
    fn take_over(&mut self, url: &str, now: Duration, fetched: Result<Vec<Jwk>, String>) {
        if self.url != url {
            return;
        }
        self.under_way = None;
        match fetched {
            Ok(keys) => {
                self.keys = keys;
                self.fetched = Some(now);
            }
            Err(error) => {
                tracing::error!(
                    event = "jwks_unreachable",
                    url,
                    error,
                    "the keys of the identity provider cannot be fetched"
                );
            }
        }
    }

    /// Whether keys are to be fetched now.
    fn is_due(&self, wanted: Wanted<'_>, now: Duration) -> bool {
        let needed = is_older(self.fetched, FRESH_FOR, now) || self.get(wanted).is_none();
        needed && is_older(self.tried, PAUSE, now)
    }

    /// The key that is wanted; of several it could be, none.
    fn get(&self, wanted: Wanted<'_>) -> Option<&Jwk> {
        let mut fitting = self.keys.iter().filter(|key| wanted.is(key));
        let first = fitting.next();
        first.filter(|_| wanted.name.is_some() || fitting.next().is_none())
    }
}

/// Whether something was longer ago, or never.
fn is_older(moment: Option<Duration>, age: Duration, now: Duration) -> bool {
    moment.is_none_or(|moment| now - moment >= age)
}

/// Keys of a document as RFC 7517 defines it. Those of kinds that are not known here are left out.
fn read(document: &[u8]) -> Result<Vec<Jwk>, String> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set =
        serde_json::from_slice(document).map_err(|error| format!("it is no set of keys: {error}"))?;
    let keys = set.keys.into_iter();
    Ok(keys.filter_map(|key| serde_json::from_value(key).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    const URL: &str = "https://id.example/jwks.json";

    fn keys(names: &[&str]) -> Vec<Jwk> {
        read(document(names).as_bytes()).expect("a set")
    }

    /// What a provider with these keys answers.
    fn document(names: &[&str]) -> String {
        let keys: Vec<String> = names.iter().map(|name| key(name, r#""alg": "EdDSA""#)).collect();
        let strange = r#"{"kty": "LATTICE", "kid": "strange"}"#;
        format!(r#"{{"keys": [{strange}, {}]}}"#, keys.join(", "))
    }

    fn key(name: &str, members: &str) -> String {
        format!(
            r#"{{"kty": "OKP", "crv": "Ed25519", "kid": "{name}", {members}, "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#
        )
    }

    fn wanted(name: Option<&str>) -> Wanted<'_> {
        Wanted {
            name,
            algorithm: Algorithm::EdDSA,
        }
    }

    /// What is found of a name at a second, and how often keys were fetched so far.
    struct Provider {
        known: Known,
        answer: Result<Vec<Jwk>, String>,
        fetched: u32,
    }

    impl Provider {
        fn find(&mut self, name: &str, second: u64) -> (bool, u32) {
            let (wanted, now) = (wanted(Some(name)), Duration::from_secs(second));
            self.known.look_at(URL, now);
            if self.known.is_due(wanted, now) {
                self.fetched += 1;
                self.known.tried = Some(now);
                self.known.take_over(URL, now, self.answer.clone());
            }
            self.known.look_at(URL, now);
            (self.known.get(wanted).is_some(), self.fetched)
        }
    }

    #[test]
    fn keys_are_fetched_when_they_are_old_or_one_is_not_known_but_not_too_often() {
        let mut provider = Provider {
            known: Known::default(),
            answer: Ok(keys(&["a"])),
            fetched: 0,
        };
        assert_eq!(provider.find("a", 0), (true, 1));
        assert_eq!(provider.find("a", 10), (true, 1));
        assert_eq!(provider.find("b", 10), (false, 1), "too soon");
        provider.answer = Ok(keys(&["a", "b"]));
        assert_eq!(provider.find("b", 40), (true, 2), "the provider has a new one");
        assert_eq!(provider.find("c", 50), (false, 2));
        assert_eq!(provider.find("a", 40 + 3600), (true, 3), "an hour is over");
    }

    #[test]
    fn while_the_provider_is_down_keys_count_for_a_day() {
        let mut provider = Provider {
            known: Known::default(),
            answer: Ok(keys(&["a"])),
            fetched: 0,
        };
        provider.find("a", 0);
        provider.answer = Err("down".into());
        assert_eq!(provider.find("a", 80_000), (true, 2));
        assert_eq!(provider.find("a", 86_400), (false, 3));
        provider.answer = Ok(keys(&["a"]));
        assert_eq!(provider.find("a", 86_430), (true, 4));
    }

    /// Waits until the keys are asked for.
    async fn asked(listener: &TcpListener) -> TcpStream {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut heard).await.expect("bytes"), 0);
        }
        stream
    }

    async fn answer(mut stream: TcpStream, document: &str) {
        let length = document.len();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{document}");
        stream.write_all(answer.as_bytes()).await.expect("written");
    }

    #[tokio::test]
    async fn keys_come_also_when_whoever_asked_first_has_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/jwks", listener.local_addr().expect("an address"));
        let set = KeySet::new().expect("a client");
        let stream = tokio::select! {
            _ = set.find(&url, wanted(Some("a"))) => panic!("nobody has answered yet"),
            stream = asked(&listener) => stream,
        };
        answer(stream, &document(&["a"])).await;
        assert!(set.find(&url, wanted(Some("a"))).await.is_some());
    }

    #[tokio::test]
    async fn a_provider_that_hangs_holds_up_nobody_whose_key_is_known() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/jwks", listener.local_addr().expect("an address"));
        let set = KeySet::new().expect("a client");
        set.lock().look_at(&url, Duration::ZERO);
        set.lock().take_over(&url, Duration::ZERO, Ok(keys(&["a"])));
        let new = {
            let (set, url) = (set.clone(), url.clone());
            tokio::spawn(async move { set.find(&url, wanted(Some("b"))).await })
        };
        let stream = asked(&listener).await;
        let known = set.find(&url, wanted(Some("a"))).now_or_never();
        assert!(known.expect("at once").is_some());
        answer(stream, &document(&["a", "b"])).await;
        assert!(new.await.expect("no panic").is_some());
    }

    #[test]
    fn a_token_that_names_no_key_means_the_only_one() {
        let mut known = Known {
            keys: keys(&["a"]),
            ..Known::default()
        };
        assert!(known.get(wanted(None)).is_some());
        known.keys = keys(&["a", "b"]);
        assert!(known.get(wanted(None)).is_none());
        assert!(read(b"<html>").is_err());
    }

    #[test]
    fn a_key_for_something_else_is_not_there() {
        for (members, fits) in [
            (r#""use": "sig""#, true),
            (r#""use": "sig", "alg": "EdDSA""#, true),
            (r#""use": "enc""#, false),
            (r#""use": "other""#, false),
            (r#""alg": "ES256""#, false),
            (r#""alg": "RSA-OAEP""#, false),
        ] {
            let set = format!(r#"{{"keys": [{}]}}"#, key("a", members));
            let known = Known {
                keys: read(set.as_bytes()).expect("a set"),
                ..Known::default()
            };
            for name in [None, Some("a")] {
                assert_eq!(known.get(wanted(name)).is_some(), fits, "{members}");
            }
        }
    }
}
