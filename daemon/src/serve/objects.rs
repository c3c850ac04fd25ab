//! Objects in S3-compatible storage: how a bucket is reached.

use super::config::S3;
use super::outgoing;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{HttpClient, HttpConnector};
use object_store::{ClientOptions, RetryConfig};
use reqwest::redirect::Policy;
use std::time::Duration;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the storage may say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// How often a request is sent again that the storage did not take.
const MOST_RETRIES: usize = 3;
/// From then on it is not sent again.
const RETRIED_FOR: Duration = Duration::from_secs(60);

/// A bucket of the storage that the configuration names. Nothing is asked of it yet.
///
/// # Errors
/// Half of a pair of keys, or no TLS.
pub fn bucket(settings: &S3, name: &str) -> object_store::Result<AmazonS3> {
    let mut builder = if settings.access_key.is_empty() {
        AmazonS3Builder::from_env()
    } else {
        AmazonS3Builder::new()
            .with_access_key_id(&settings.access_key)
            .with_secret_access_key(&settings.secret_key)
    };
    if !settings.endpoint.is_empty() {
        // The key that wins over whatever the environment says.
        builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, &settings.endpoint);
    }
    builder
        .with_region(&settings.region)
        .with_bucket_name(name)
        .with_retry(RetryConfig {
            max_retries: MOST_RETRIES,
            retry_timeout: RETRIED_FOR,
            ..RetryConfig::default()
        })
        .with_http_connector(Connector)
        .build()
}

/// Has requests to the storage sent as all others are.
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = outgoing::builder()
            // Signatures are for the host that was meant.
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build();
        client
            .map(HttpClient::new)
            .map_err(|error| object_store::Error::Generic {
                store: "S3",
                source: Box::new(error),
            })
    }
}
