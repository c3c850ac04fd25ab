//! Who may ask, and what.
//!
//! | module | |
//! |---|---|
//! | `authenticator` | from a token to whoever holds it |
//! | `principal`, `scopes` | who that is, and what they may do |
//! | `keys` | keys: how they look, and what is stored of them |

mod authenticator;
pub mod keys;
mod principal;
mod scopes;

pub use authenticator::Authenticator;
pub use principal::{Actor, LOCAL, Principal};
pub use scopes::{Scope, Scopes};

use super::App;
use super::config::Config;
use super::problem::Problem;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;

/// Query parameter that carries the token where a browser lets nobody set headers: WebSocket, EventSource, pictures, and
/// the browser source of a mixer.
pub const QUERY_TOKEN: &str = "access_token";

/// Compares without stopping at the first difference.
fn same(a: &str, b: &str) -> bool {
    let differences = a.bytes().zip(b.bytes()).fold(0, |seen, (a, b)| seen | (a ^ b));
    a.len() == b.len() && differences == 0
}

/// The origins a group of routes allows, of the settings of the moment.
pub type Origins = fn(&Config) -> &[String];

/// Middleware: lets a request through that may be answered, with its [`Principal`] among its extensions.
pub async fn guard(
    State((app, origins)): State<(App, Origins)>,
    mut request: Request,
    next: Next,
) -> Response {
    let asking = Asking::of(&request);
    match admit(&app, &asking, origins).await {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// What of a request says who makes it.
pub struct Asking {
    headers: HeaderMap,
    token: Option<String>,
}

impl Asking {
    /// Of this request.
    pub fn of(request: &Request) -> Self {
        Self {
            headers: request.headers().clone(),
            token: token(request),
        }
    }
}

/// Who makes a request that may be answered: its token is good, no page of a site that is not listed makes it, and, where
/// everybody may ask, it is meant for this daemon.
///
/// # Errors
/// What the client is told otherwise.
pub async fn admit(app: &App, asking: &Asking, origins: Origins) -> Result<Principal, Problem> {
    let config = app.config.get();
    own_page(&asking.headers, origins(&config))?;
    let principal = app
        .auth
        .identify(asking.token.as_deref(), &config.auth.tokens)
        .await?;
    if principal.actor == Actor::Anybody {
        own_name(&asking.headers, &config.server.names)?;
    }
    Ok(principal)
}

/// The token of a request.
fn token(request: &Request) -> Option<String> {
    let header = request.headers().get(header::AUTHORIZATION);
    let bearer = header.and_then(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned())
    });
    bearer.or_else(|| {
        let query = request.uri().query()?.as_bytes();
        url::form_urlencoded::parse(query)
            .find(|(name, _)| name == QUERY_TOKEN)
            .map(|(_, token)| token.into_owned())
    })
}

/// Refuses what is sent to a name that is not this daemon's. A page whose name leads here by a trick of its name server has
/// the same origin as the daemon in the eyes of a browser; only the name betrays it. Programs may send none.
fn own_name(headers: &HeaderMap, names: &[String]) -> Result<(), Problem> {
    let Some(host) = headers.get(header::HOST) else {
        return Ok(());
    };
    let name = host.to_str().map_or("", without_port);
    let literal = name.trim_start_matches('[').trim_end_matches(']');
    let own = literal.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || names.iter().any(|own| own.eq_ignore_ascii_case(name));
    own.then_some(()).ok_or_else(|| {
        let detail = format!("{name} is not among server.names in the configuration");
        Problem::other_name(detail)
    })
}

/// A host without its port; an address of IPv6 keeps its brackets.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Refuses what pages of other sites ask, WebSockets included, which CORS does not cover. Programs send no `Origin`.
fn own_page(headers: &HeaderMap, allowed: &[String]) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()) else {
        return Ok(());
    };
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let same_site = origin
        .split_once("://")
        .is_some_and(|(_, site)| Some(site) == host);
    if same_site || allowed.iter().any(|entry| entry == "*" || entry == origin) {
        return Ok(());
    }
    Err(Problem::foreign_origin(format!(
        "the configuration does not list {origin} among the origins"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[test]
    fn a_token_is_read_from_the_header_or_the_query() {
        let request = |uri: &str, authorization: Option<&str>| {
            let mut request = Request::builder().uri(uri);
            if let Some(value) = authorization {
                request = request.header(header::AUTHORIZATION, value);
            }
            request.body(Body::empty()).expect("a request")
        };
        assert_eq!(token(&request("/", Some("bearer abc"))).as_deref(), Some("abc"));
        assert_eq!(
            token(&request("/?x=1&access_token=a%20b", None)).as_deref(),
            Some("a b")
        );
        assert_eq!(token(&request("/", Some("Basic abc"))), None);
        assert_eq!(token(&request("/", None)), None);
    }

    #[test]
    fn only_addresses_and_listed_names_are_the_daemons() {
        let sent_to = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().expect("a header"));
            own_name(&headers, &["Studio.example".into()])
        };
        for own in [
            "127.0.0.1:8080",
            "192.168.0.7",
            "[::1]:8080",
            "[::1]",
            "localhost",
            "LOCALHOST:1",
            "studio.example:443",
        ] {
            assert!(sent_to(own).is_ok(), "{own}");
        }
        for other in [
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "",
            "x:y",
        ] {
            assert_eq!(sent_to(other).expect_err(other).status, 421);
        }
        assert!(own_name(&HeaderMap::new(), &[]).is_ok());
    }

    #[test]
    fn pages_of_other_sites_are_refused_unless_listed() {
        let headers = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "127.0.0.1:8080".parse().expect("a header"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().expect("a header"));
            }
            headers
        };
        assert!(own_page(&headers(None), &[]).is_ok());
        assert!(own_page(&headers(Some("http://127.0.0.1:8080")), &[]).is_ok());
        let other = headers(Some("https://elsewhere.example"));
        assert_eq!(own_page(&other, &[]).expect_err("refused").status, 403);
        assert!(own_page(&other, &["https://elsewhere.example".into()]).is_ok());
        assert!(own_page(&other, &["*".into()]).is_ok());
    }
}
