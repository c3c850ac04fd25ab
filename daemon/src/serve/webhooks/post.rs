//! Sending to addresses that strangers name.

use kinemotion_pipelines::live::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, header};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// The longest an attempt takes.
const PATIENCE: Duration = Duration::from_secs(15);
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
    private: bool,
}

impl Post {
    /// One that sends to private addresses or does not.
    ///
    /// # Errors
    /// No TLS.
    pub fn new(private: bool) -> reqwest::Result<Self> {
        // Fails when somebody was first, who chose one that serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("kinemotion/", env!("CARGO_PKG_VERSION")))
            // Where it leads has not been checked; whoever registered the webhook can register that instead.
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .dns_resolver(Arc::new(Checked { private }))
            .build()?;
        Ok(Self { client, private })
    }

    /// Sends a message. Whatever happens is in the reply.
    pub async fn send(&self, message: Message) -> Reply {
        if let Err(reason) = self.check(&message.url) {
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

    /// Looks at what the resolver never sees: schemes, and addresses in place of names.
    ///
    /// # Errors
    /// Why nothing is sent there.
    pub fn check(&self, url: &Url) -> Result<(), String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("the scheme {} is neither https nor http", url.scheme()));
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::from(address),
            Some(Host::Ipv6(address)) => IpAddr::from(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err("it names no host".into()),
        };
        permitted(address, self.private)
    }
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

/// The innermost cause, which says what a person can mend.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn permitted(address: IpAddr, private: bool) -> Result<(), String> {
    if private || is_public(&address) {
        return Ok(());
    }
    Err(format!(
        "{address} is not a public address (webhooks.private_hosts)"
    ))
}

/// Resolves names and refuses addresses, so that what was checked is what is connected to.
struct Checked {
    private: bool,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            for address in &found {
                permitted(address.ip(), private)?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, private: bool) -> Result<(), String> {
        let post = Post::new(private).expect("a client");
        post.check(&url.parse().expect("an address"))
    }

    #[test]
    fn addresses_of_the_inner_network_are_refused_unless_allowed() {
        for inner in [
            "http://127.0.0.1/",
            "https://10.0.0.1:8443/x",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]/",
            "http://[fd00::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://0x7f000001/",
            "http://2130706433/",
        ] {
            let reason = check(inner, false).expect_err(inner);
            assert!(reason.contains("not a public address"), "{reason}");
            assert!(check(inner, true).is_ok(), "{inner}");
        }
        assert!(check("https://93.184.216.34/", false).is_ok());
        assert!(check("ftp://example.org/", false).is_err());
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
