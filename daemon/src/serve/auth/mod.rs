//! Who may ask, and what.
//!
//! | module | |
//! |---|---|
//! | `authenticator` | from a token to whoever holds it |
//! | `principal`, `scopes` | who that is, and what they may do |
//! | `keys`, `browser_token` | tokens made here: kept as a hash, or signed |
//! | `jwt`, `jwks` | tokens of an identity provider, and its keys |
//! | `tiers` | what a tenant may have |
//! | `limiter`, `address` | how fast requests may come, and from where they do |
//! | `admission` | who else is asked before an analysis begins |
//! | `audit` | what was changed, and by whom |
//! | `recent` | what was found out a moment ago |

mod address;
mod admission;
mod audit;
mod authenticator;
mod browser_token;
mod jwks;
mod jwt;
pub mod keys;
mod limiter;
mod principal;
mod recent;
mod scopes;
mod tiers;

pub use address::Peer;
pub use admission::Admission;
pub use authenticator::Authenticator;
pub use browser_token::BrowserToken;
pub use limiter::{LIMIT, Limiter, REMAINING, RESET, Standing, Who};
pub use principal::{Actor, LOCAL, Principal, is_tenant_name};
pub use scopes::{Scope, Scopes};
pub use tiers::Granted;

use super::App;
use super::cluster;
use super::config::Config;
use super::problem::Problem;
use audit::Doing;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use limiter::Rate;
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

/// Middleware: lets a request through that may be answered, with its [`Principal`] among its extensions, and notes what it
/// changed.
pub async fn guard(
    State((app, origins)): State<(App, Origins)>,
    mut request: Request,
    next: Next,
) -> Response {
    let asking = Asking::of(&request, &app.config.get());
    let mut standing = Standing::default();
    let mut response = match admit(&app, &asking, origins, &mut standing).await {
        Ok(principal) => {
            let doing = Doing::of(&request);
            request.extensions_mut().insert(principal.clone());
            let mut response = next.run(request).await;
            // For the log.
            response.extensions_mut().insert(principal.clone());
            let change = doing.and_then(|doing| doing.done(&principal, asking.address, &response));
            // The replica that was asked notes it.
            if let Some(change) = change.filter(|_| !asking.passed_on) {
                audit::note(&app, &change).await;
            }
            response
        }
        Err(problem) => problem.into_response(),
    };
    standing.say(response.headers_mut());
    response
}

/// What of a request says who makes it.
pub struct Asking {
    /// The name it was sent to.
    host: Option<HeaderValue>,
    /// The site whose page makes it.
    origin: Option<HeaderValue>,
    token: Option<String>,
    address: Option<IpAddr>,
    /// Whether another replica was asked, which has looked at everything but the token.
    passed_on: bool,
}

impl Asking {
    /// Of this request.
    pub fn of(request: &Request, config: &Config) -> Self {
        let header = |name: HeaderName| request.headers().get(name).cloned();
        Self {
            host: header(header::HOST),
            origin: header(header::ORIGIN),
            token: token(request),
            address: address::of(request, &config.server.proxies),
            passed_on: config.cluster.is_on()
                && cluster::is_from_replica(request, &config.auth.session_secret),
        }
    }
}

/// Who makes a request that may be answered: it does not come too fast, its token is good, no page of a site that is not
/// listed makes it, and, where everybody may ask, it is meant for this daemon.
///
/// # Errors
/// What the client is told otherwise.
pub async fn admit(
    app: &App,
    asking: &Asking,
    origins: Origins,
    standing: &mut Standing,
) -> Result<Principal, Problem> {
    let config = app.config.get();
    let token = asking.token.as_deref();
    if asking.passed_on {
        return app.auth.identify(token, &config).await;
    }
    let (host, origin) = (asking.host.as_ref(), asking.origin.as_ref());
    own_page(host, origin, origins(&config))?;
    // Before anything is looked up.
    if let Some(address) = asking.address {
        let rate = Rate::of_address(&config.limits);
        standing.note(app.limiter.take(Who::at(address), rate).await)?;
    }
    let principal = app.auth.identify(token, &config).await?;
    if principal.actor == Actor::Anybody {
        own_name(host, &config.server.names)?;
        return Ok(principal);
    }
    let (who, rate) = (Who::Actor(principal.actor.clone()), Rate::of_key(&config.limits));
    standing.note(app.limiter.take(who, rate).await)?;
    Ok(principal)
}

/// Reads the token of a request, as far as that needs neither keys nor a database; whether it looks like one of ours.
pub fn looks_good(request: &Request) -> bool {
    let Some(token) = token(request) else { return false };
    let signed = || BrowserToken::read(&token, b"a secret of nobody", 0).is_some();
    keys::is_key(&token) || signed() || (jwt::is_jwt(&token) && jwt::looks_good(&token))
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

/// Lets through what is sent to a name of this daemon.
///
/// # Errors
/// Another name.
pub async fn to_own_name(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let names = &app.config.get().server.names;
    own_name(request.headers().get(header::HOST), names)?;
    Ok(next.run(request).await)
}

/// Refuses what is sent to a name that is not this daemon's. A page whose name leads here by a trick of its name server has
/// the same origin as the daemon in the eyes of a browser; only the name betrays it. Programs may send none.
fn own_name(host: Option<&HeaderValue>, names: &[String]) -> Result<(), Problem> {
    let Some(host) = host else {
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
fn own_page(
    host: Option<&HeaderValue>,
    origin: Option<&HeaderValue>,
    allowed: &[String],
) -> Result<(), Problem> {
    let Some(origin) = origin else {
        return Ok(());
    };
    // One that is no text is nobody's own.
    let origin = origin.to_str().unwrap_or_default();
    let host = host.and_then(|value| value.to_str().ok());
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
            let host = host.parse().expect("a header");
            own_name(Some(&host), &["Studio.example".into()])
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
        assert!(own_name(None, &[]).is_ok());
    }

    #[test]
    fn pages_of_other_sites_are_refused_unless_listed() {
        let asked = |origin: Option<&str>, allowed: &[&str]| {
            let header = |text: &str| text.parse::<HeaderValue>().expect("a header");
            let allowed: Vec<String> = allowed.iter().map(|&site| site.to_owned()).collect();
            own_page(
                Some(&header("127.0.0.1:8080")),
                origin.map(header).as_ref(),
                &allowed,
            )
        };
        assert!(asked(None, &[]).is_ok());
        assert!(asked(Some("http://127.0.0.1:8080"), &[]).is_ok());
        let other = Some("https://elsewhere.example");
        assert_eq!(asked(other, &[]).expect_err("refused").status, 403);
        assert!(asked(other, &["https://elsewhere.example"]).is_ok());
        assert!(asked(other, &["*"]).is_ok());
        assert!(asked(Some("http://ü"), &[]).is_err());
    }
}
