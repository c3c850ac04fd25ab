//! Sending to addresses that strangers name.

use super::signature::Secret;
use crate::serve::outgoing::{Resolver, innermost};
use crate::serve::store::Webhook;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, header};
use std::time::Duration;
use url::Url;

/// The longest an attempt takes.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest address.
const URL_BYTES: usize = 2048;
/// So much of an answer is read and kept, bytes.
const ANSWER_BYTES: usize = 1024;

/// What is sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// Where to.
    pub url: Url,
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, seconds since 1970.
    pub timestamp_s: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// JSON.
    pub body: String,
}

impl Message {
    /// What is sent to a webhook at this moment, milliseconds since 1970, signed.
    ///
    /// # Errors
    /// What is stored of the webhook makes no sense.
    pub fn to(webhook: &Webhook, id: &str, body: &str, now_ms: i64) -> Result<Self, String> {
        let url = Url::parse(&webhook.url).map_err(|error| format!("its address cannot be read: {error}"))?;
        let secret = Secret::read(&webhook.secret).ok_or("its secret cannot be read")?;
        let timestamp_s = now_ms.div_euclid(1000);
        Ok(Self {
            url,
            id: id.to_owned(),
            timestamp_s,
            signature: secret.sign(id, timestamp_s, body),
            body: body.to_owned(),
        })
    }
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// Status code.
    pub status: Option<u16>,
    /// The beginning of the answer.
    pub answer: Option<String>,
    /// Why it does not count as delivered.
    pub error: Option<String>,
    /// How long the receiver wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl Reply {
    fn failed(error: impl Into<String>) -> Self {
        Self {
            error: Some(error.into()),
            ..Self::default()
        }
    }
}

/// Sends. Clones belong together.
#[derive(Clone)]
pub struct Post {
    client: Client,
    resolver: Resolver,
}

impl Post {
    /// One that sends to private addresses or does not.
    ///
    /// # Errors
    /// No TLS.
    pub fn new(private: bool) -> reqwest::Result<Self> {
        Self::with_patience(private, PATIENCE)
    }

    /// One that waits no longer than this for an answer.
    ///
    /// # Errors
    /// No TLS.
    pub fn with_patience(private: bool, patience: Duration) -> reqwest::Result<Self> {
        let resolver = resolver(private);
        let client = resolver
            .client()
            // Where it leads has not been checked; whoever registered the webhook can register that instead.
            .redirect(Policy::none())
            .timeout(patience)
            .build()?;
        Ok(Self { client, resolver })
    }

    /// Sends a message. Whatever happens is in the reply.
    pub async fn send(&self, message: Message) -> Reply {
        if let Err(reason) = check(&message.url, &self.resolver) {
            return Reply::failed(reason);
        }
        let request = self
            .client
            .post(message.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp_s)
            .header("webhook-signature", message.signature)
            .body(message.body);
        match request.send().await {
            Ok(response) => reply(response).await,
            Err(error) => Reply::failed(innermost(&error)),
        }
    }
}

/// An address that may be told, or may not where it is of the inner network. Names are looked up when something is sent, each time.
///
/// # Errors
/// Why nothing is sent there.
pub fn address(text: &str, private: bool) -> Result<Url, String> {
    if text.len() > URL_BYTES {
        return Err(format!("give at most {URL_BYTES} bytes"));
    }
    let url: Url = text
        .parse()
        .map_err(|error| format!("give an absolute address: {error}"))?;
    check(&url, &resolver(private))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("leave user and password out: requests are signed".into());
    }
    Ok(url)
}

fn resolver(private: bool) -> Resolver {
    Resolver::new(private, &[], "webhooks.private_hosts")
}

/// Looks at what the resolver never sees: schemes, and addresses in place of names.
fn check(url: &Url, resolver: &Resolver) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the scheme {} is neither https nor http", url.scheme()));
    }
    resolver.check(url)
}

async fn reply(mut response: reqwest::Response) -> Reply {
    let status = response.status();
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    let location = response.headers().get(header::LOCATION);
    let location = location.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut answer = Vec::new();
    while answer.len() < ANSWER_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        answer.extend_from_slice(&chunk);
    }
    answer.truncate(ANSWER_BYTES);
    Reply {
        status: Some(status.as_u16()),
        answer: Some(String::from_utf8_lossy(&answer).into_owned()).filter(|answer| !answer.is_empty()),
        error: refusal(status, location.as_deref()),
        retry_after,
    }
}

/// Why an answer does not count as delivered.
fn refusal(status: StatusCode, location: Option<&str>) -> Option<String> {
    if status.is_success() {
        return None;
    }
    Some(match location {
        Some(location) if status.is_redirection() => {
            format!("it answered {status} and led to {location}; register that address instead")
        }
        _ => format!("it answered {status}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_addresses_of_the_inner_network_nor_other_schemes_are_sent_to() {
        let reason = address("http://127.0.0.1/", false).expect_err("inside");
        assert!(reason.contains("webhooks.private_hosts"), "{reason}");
        assert!(address("http://127.0.0.1/", true).is_ok());
        assert!(address("https://93.184.216.34/", false).is_ok());
        for bad in [
            "ftp://example.org/",
            "/hooks",
            "https://user:password@example.org/",
        ] {
            assert!(address(bad, false).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_when_it_is_resolved() {
        let post = Post::new(false).expect("a client");
        let message = Message {
            url: "http://localhost:9/".parse().expect("an address"),
            id: "m".into(),
            timestamp_s: 0,
            signature: "v1,".into(),
            body: "{}".into(),
        };
        let reply = post.send(message).await;
        let error = reply.error.expect("refused");
        assert!(error.contains("not a public address"), "{error}");
    }

    #[test]
    fn only_success_is_a_delivery_and_a_redirect_says_where_to() {
        assert_eq!(refusal(StatusCode::NO_CONTENT, None), None);
        let moved = refusal(StatusCode::FOUND, Some("https://b.example/")).expect("refused");
        assert!(moved.contains("https://b.example/"), "{moved}");
        assert!(refusal(StatusCode::GONE, None).is_some_and(|reason| reason.contains("410")));
    }
}
