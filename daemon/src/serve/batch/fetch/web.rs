//! Files from web servers.

use super::{Failure, broken, keep};
use crate::serve::batch::reception::fits;
use crate::serve::config::Sources;
use crate::serve::outgoing::Resolver;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use std::path::Path;
use std::time::Duration;
use url::Url;

/// How often an address may lead to another.
const MOST_REDIRECTS: usize = 5;
/// How long the other side may say nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// Whether files may be fetched from an address: by https from public hosts, and from those that the configuration names.
///
/// # Errors
/// Why not.
pub fn check(url: &Url, sources: &Sources) -> Result<(), String> {
    let Some(host) = url.host_str() else {
        return Err("give an https:// address".into());
    };
    let resolver = resolver(sources);
    match url.scheme() {
        "https" => {}
        "http" if resolver.lets_inside(host) => {}
        "http" => {
            return Err(format!(
                "give an https:// address; {host} is not among sources.hosts"
            ));
        }
        scheme => return Err(format!("give an https:// address in place of {scheme}://")),
    }
    resolver.check(url)
}

fn resolver(sources: &Sources) -> Resolver {
    Resolver::new(sources.private_hosts, &sources.hosts, "sources.hosts")
}

/// Fetches a file of at most so many bytes from an address that was checked.
///
/// # Errors
/// It does not come, or is too long.
pub async fn fetch(url: Url, to: &Path, most: u64, sources: &Sources) -> Result<(), Failure> {
    let client = client(sources).map_err(|error| Failure::Broken(error.to_string()))?;
    let response = client
        .get(url)
        .send()
        .await
        .map_err(|error| match broken(&error) {
            // It would lead there again.
            Failure::Broken(reason) if error.is_redirect() => Failure::Refused(reason),
            failure => failure,
        })?;
    refusal(response.status())?;
    fits(response.content_length().unwrap_or_default(), most).map_err(Failure::Refused)?;
    keep(response.bytes_stream(), to, most).await
}

/// A client that looks at every address on the way, and at what every name on the way leads to.
fn client(sources: &Sources) -> reqwest::Result<Client> {
    let allowed = sources.clone();
    let redirect = Policy::custom(move |attempt| {
        if attempt.previous().len() > MOST_REDIRECTS {
            return attempt.error("it leads on and on");
        }
        match check(attempt.url(), &allowed) {
            Ok(()) => attempt.follow(),
            Err(reason) => {
                let host = attempt.url().host_str().unwrap_or_default().to_owned();
                attempt.error(format!("it leads to {host}: {reason}"))
            }
        }
    });
    resolver(sources)
        .client()
        .redirect(redirect)
        .connect_timeout(SILENCE)
        .read_timeout(SILENCE)
        .build()
}

/// What an answer says that is no file.
fn refusal(status: StatusCode) -> Result<(), Failure> {
    let said = format!("the address answers {status}");
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Err(Failure::Broken(said)),
        status if status.is_server_error() => Err(Failure::Broken(said)),
        _ => Err(Failure::Refused(said)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::response::Redirect;
    use axum::routing::get;
    use tokio::net::TcpListener;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        assert_eq!(refusal(StatusCode::OK), Ok(()));
        for (status, again) in [(503, true), (429, true), (404, false), (403, false), (304, false)] {
            let failure = refusal(StatusCode::from_u16(status).expect("a status")).expect_err("no file");
            assert_eq!(matches!(failure, Failure::Broken(_)), again, "{failure:?}");
        }
    }

    /// Fetches a file with 127.0.0.1 as the one host of this machine that may be asked.
    async fn fetched(address: &str) -> Result<Vec<u8>, Failure> {
        let sources = Sources {
            hosts: vec!["127.0.0.1".into()],
            ..Sources::default()
        };
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("video");
        fetch(address.parse().expect("an address"), &to, 1000, &sources).await?;
        Ok(std::fs::read(&to).expect("it is there"))
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_when_it_is_resolved() {
        let Err(Failure::Broken(reason)) = fetched("https://localhost:9/x").await else {
            panic!("it leads inside")
        };
        assert!(reason.contains("not a public address"), "{reason}");
    }

    #[tokio::test]
    async fn whatever_a_host_may_it_lends_to_none_that_it_leads_to() {
        let leads = |to: &'static str| get(move || async move { Redirect::temporary(to) });
        let routes = Router::new()
            .route("/file", get(|| async { "frames" }))
            .route("/here", leads("/file"))
            .route("/name", leads("https://localhost:9/x"))
            .route("/address", leads("https://127.0.0.2:9/x"))
            .route("/plain", leads("http://localhost:9/x"))
            .route("/round", leads("/round"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = tokio::spawn(async move { axum::serve(listener, routes).await });
        let fetched = async |path: &str| fetched(&format!("http://{address}{path}")).await;
        assert_eq!(fetched("/here").await, Ok(b"frames".to_vec()));
        for (path, told) in [
            ("/name", "not a public address"),
            (
                "/address",
                "it leads to 127.0.0.2: 127.0.0.2 is not a public address",
            ),
            ("/plain", "localhost is not among sources.hosts"),
            ("/round", "it leads on and on"),
        ] {
            match fetched(path).await {
                Err(Failure::Broken(reason) | Failure::Refused(reason)) => {
                    assert!(reason.contains(told), "{path}: {reason}");
                }
                Ok(_) => panic!("{path} was followed"),
            }
        }
        server.abort();
    }
}
