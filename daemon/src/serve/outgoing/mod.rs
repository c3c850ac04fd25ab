//! Requests this daemon makes: where every HTTP client begins.
//!
//! Requests of all kinds go straight to where they are addressed: a proxy of the environment would look names up itself, and
//! nobody would have checked what they lead to.
//!
//! | module | |
//! |---|---|
//! | `resolver` | keeps requests for strangers out of the inner network |

mod resolver;

pub use resolver::Resolver;

use crate::serve::tls;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};

/// The most that is read of an answer, bytes.
const ANSWER_BYTES: usize = 1 << 20;

/// The beginning of every client.
pub fn builder() -> ClientBuilder {
    tls::choose_provider();
    Client::builder()
        .user_agent(concat!("kinemotion/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
}

/// A client for services that the operator names. It follows no redirects: the address of the configuration is the one that is
/// meant.
///
/// # Errors
/// No TLS.
pub fn client() -> reqwest::Result<Client> {
    builder().redirect(Policy::none()).build()
}

/// The body of an answer.
///
/// # Errors
/// What went wrong, or that it is too long.
pub async fn body(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| innermost(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES {
            return Err(format!("it answered more than {ANSWER_BYTES} bytes"));
        }
    }
    Ok(body)
}

/// The innermost cause, which says what a person can mend.
pub fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
