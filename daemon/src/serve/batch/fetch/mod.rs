//! Files from addresses that clients name. Only bytes are taken from there; who looks at them has no network.
//!
//! | module | |
//! |---|---|
//! | `web` | `https://`, and `http://` from hosts that are named |
//! | `bucket` | `s3://` from buckets that are named |

mod bucket;
mod web;

use super::reception::{Part, fits};
use crate::serve::config::{Config, Sources};
use crate::serve::outgoing::innermost;
use axum::body::Bytes;
use bucket::Object;
use futures_util::{Stream, StreamExt};
use std::path::Path;
use std::pin::pin;
use url::Url;

/// Why a file does not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Another try would end the same way.
    Refused(String),
    /// Another try may go differently.
    Broken(String),
}

/// Whether a tenant may have a file fetched from an address: by https from public hosts, from hosts and buckets that the
/// configuration names. Names are looked up when it is opened, each time.
///
/// # Errors
/// Why not.
pub fn check(url: &Url, sources: &Sources, tenant: &str) -> Result<(), String> {
    if url.scheme() == bucket::SCHEME {
        return Object::named(url)?.check(&sources.buckets, tenant);
    }
    web::check(url, sources)
}

/// Fetches a file of at most so many bytes for a tenant.
///
/// # Errors
/// It does not come, or is too long.
pub async fn fetch(
    address: &str,
    to: &Path,
    most: u64,
    config: &Config,
    tenant: &str,
) -> Result<(), Failure> {
    let url: Url = address
        .parse()
        .map_err(|error| Failure::Refused(format!("the address: {error}")))?;
    check(&url, &config.sources, tenant).map_err(Failure::Refused)?;
    if url.scheme() == bucket::SCHEME {
        let object = Object::named(&url).map_err(Failure::Refused)?;
        return object.fetch(to, most, &config.s3).await;
    }
    web::fetch(url, to, most, &config.sources).await
}

/// Keeps what comes as a file of this name, as soon as all of it is here.
async fn keep<E: std::error::Error>(
    chunks: impl Stream<Item = Result<Bytes, E>>,
    to: &Path,
    most: u64,
) -> Result<(), Failure> {
    let disk = |error: std::io::Error| Failure::Broken(format!("the file cannot be kept: {error}"));
    let folder = to.parent().unwrap_or(Path::new("."));
    let mut part = Part::create(folder).await.map_err(disk)?;
    let mut chunks = pin!(chunks);
    while let Some(bytes) = chunks.next().await {
        let bytes = bytes.map_err(|error| broken(&error))?;
        fits(part.length() + bytes.len() as u64, most).map_err(Failure::Refused)?;
        part.write(&bytes).await.map_err(disk)?;
    }
    part.finish_as(to).await.map_err(disk)
}

/// What went wrong on the way.
fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::Broken(format!("the file does not come: {}", innermost(error)))
}
