//! Files from S3-compatible storage.

use super::{Failure, broken, keep};
use crate::serve::batch::reception::fits;
use crate::serve::config::S3;
use crate::serve::objects;
use object_store::path::Path as Key;
use object_store::{Error, ObjectStoreExt};
use std::path::Path;
use url::Url;

/// What addresses of objects begin with.
pub const SCHEME: &str = "s3";
/// The tenant that asks, in `sources.buckets`.
const TENANT: &str = "{tenant}";

/// An object by its name.
#[derive(Debug, PartialEq, Eq)]
pub struct Object {
    bucket: String,
    key: Key,
}

impl Object {
    /// The object that `s3://BUCKET/KEY` names.
    ///
    /// # Errors
    /// Why it names none.
    pub fn named(url: &Url) -> Result<Self, String> {
        if url.query().is_some() || url.fragment().is_some() {
            return Err("write ? and # of a key as %3F and %23".into());
        }
        let bucket = url.host_str().filter(|host| !host.is_empty());
        let key = Key::from_url_path(url.path()).map_err(|error| format!("the key: {error}"))?;
        match bucket {
            Some(bucket) if !key.as_ref().is_empty() => Ok(Self {
                bucket: bucket.to_owned(),
                key,
            }),
            _ => Err("give s3://BUCKET/KEY".into()),
        }
    }

    /// Whether a tenant may have it, as `sources.buckets` says.
    ///
    /// # Errors
    /// It may not.
    pub fn check(&self, buckets: &[String], tenant: &str) -> Result<(), String> {
        let holds = |entry: &String| {
            let entry = entry.replace(TENANT, tenant);
            let (bucket, below) = entry.split_once('/').unwrap_or((&entry, ""));
            bucket == self.bucket && Key::parse(below).is_ok_and(|below| self.key.prefix_matches(&below))
        };
        if buckets.iter().any(holds) {
            return Ok(());
        }
        Err("it is in no bucket that may be read (sources.buckets)".into())
    }

    /// Fetches it, if it has at most so many bytes.
    ///
    /// # Errors
    /// It does not come, or is too long.
    pub async fn fetch(&self, to: &Path, most: u64, storage: &S3) -> Result<(), Failure> {
        let bucket = objects::bucket(storage, &self.bucket).map_err(|error| broken(&error))?;
        let found = bucket.get(&self.key).await.map_err(|error| failure(&error))?;
        fits(found.meta.size, most).map_err(Failure::Refused)?;
        keep(found.into_stream(), to, most).await
    }
}

/// Why the storage does not give an object. What it says itself names its address, which is nobody's business.
fn failure(error: &Error) -> Failure {
    match error {
        Error::NotFound { .. } => Failure::Refused("there is no such object".into()),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            Failure::Refused("the storage does not let this daemon read the object".into())
        }
        error => {
            tracing::warn!(event = "object_unreadable", %error, "the storage does not give an object");
            Failure::Broken("the storage does not give the object".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::extract::State;
    use axum::http::{HeaderMap, StatusCode, Uri, header};
    use axum::response::{IntoResponse, Response};
    use futures_util::{StreamExt, stream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::net::TcpListener;

    const FILE: &[u8] = b"frames and frames and frames";
    /// The first answer breaks off behind so many bytes.
    const TORN: usize = 10;

    /// Storage with one object, which tears the first connection.
    async fn storage(State(asked): State<Arc<AtomicUsize>>, headers: HeaderMap, uri: Uri) -> Response {
        let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().expect("text"));
        let signed = text(header::AUTHORIZATION).is_some_and(|signature| {
            signature.starts_with("AWS4-HMAC-SHA256 Credential=reader/")
                && signature.contains("/eu-test-1/s3/aws4_request")
                && signature.contains("Signature=")
        });
        match uri.path() {
            _ if !signed => return StatusCode::UNAUTHORIZED.into_response(),
            "/videos/secret.mp4" => return StatusCode::FORBIDDEN.into_response(),
            "/videos/a%20jump.mp4" => {}
            _ => return StatusCode::NOT_FOUND.into_response(),
        }
        let same = [
            (header::ETAG, "\"1\""),
            (header::LAST_MODIFIED, "Thu, 26 Nov 2026 12:00:00 GMT"),
        ];
        if asked.fetch_add(1, Ordering::Relaxed) == 0 {
            let tear = async {
                // What comes before is sent first.
                tokio::task::yield_now().await;
                Err(std::io::Error::other("torn"))
            };
            let torn = stream::iter([Ok(&FILE[..TORN])]).chain(stream::once(tear));
            let length = [(header::CONTENT_LENGTH, FILE.len().to_string())];
            return (same, length, Body::from_stream(torn)).into_response();
        }
        assert_eq!(
            text(header::RANGE),
            Some("bytes=10-27"),
            "only the rest is asked for"
        );
        let range = [(header::CONTENT_RANGE, format!("bytes {TORN}-27/{}", FILE.len()))];
        (StatusCode::PARTIAL_CONTENT, same, range, &FILE[TORN..]).into_response()
    }

    async fn fetched(address: &str, most: u64, access_key: &str) -> Result<Vec<u8>, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let settings = S3 {
            endpoint: format!("http://{}", listener.local_addr().expect("an address")),
            region: "eu-test-1".into(),
            access_key: access_key.into(),
            secret_key: "hush".into(),
        };
        let routes = Router::new()
            .fallback(storage)
            .with_state(Arc::new(AtomicUsize::new(0)));
        let server = tokio::spawn(async move { axum::serve(listener, routes).await });
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("video");
        let outcome = object(address).expect("a name").fetch(&to, most, &settings).await;
        server.abort();
        outcome.map(|()| std::fs::read(&to).expect("it is there"))
    }

    fn object(address: &str) -> Result<Object, String> {
        Object::named(&address.parse().expect("an address"))
    }

    #[tokio::test]
    async fn an_object_comes_whole_although_the_connection_is_torn() {
        let file = fetched("s3://videos/a%20jump.mp4", 1000, "reader").await;
        assert_eq!(file, Ok(FILE.to_vec()));
    }

    #[tokio::test]
    async fn what_the_storage_refuses_is_not_asked_for_again() {
        for (address, most, access_key, told) in [
            ("s3://videos/none.mp4", 1000, "reader", "there is no such object"),
            (
                "s3://videos/secret.mp4",
                1000,
                "reader",
                "does not let this daemon",
            ),
            (
                "s3://videos/a jump.mp4",
                1000,
                "stranger",
                "does not let this daemon",
            ),
            ("s3://videos/a jump.mp4", 20, "reader", "batch.upload_mb"),
        ] {
            match fetched(address, most, access_key).await {
                Err(Failure::Refused(reason)) => assert!(reason.contains(told), "{address}: {reason}"),
                other => panic!("{address}: {other:?}"),
            }
        }
    }

    #[test]
    fn objects_have_a_bucket_and_a_key() {
        let expected = Object {
            bucket: "Videos".into(),
            key: Key::from("team/a jump.mp4"),
        };
        assert_eq!(object("s3://Videos/team/a%20jump.mp4"), Ok(expected));
        for bad in [
            "s3://videos",
            "s3://videos/",
            "s3:///key",
            "s3://videos/key?v=1",
            "s3:key",
        ] {
            assert!(object(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_tenant_reads_what_is_theirs_and_what_is_everybodys() {
        let buckets = ["open".to_owned(), "uploads/{tenant}/raw".to_owned()];
        let may =
            |address: &str, tenant: &str| object(address).expect("a name").check(&buckets, tenant).is_ok();
        assert!(may("s3://open/any/thing.mp4", "club"));
        assert!(may("s3://uploads/club/raw/a.mp4", "club"));
        for others in [
            "s3://uploads/club/raw/a.mp4",
            "s3://uploads/team2/raw/a.mp4",
            "s3://uploads/team/other/a.mp4",
            "s3://uploads/team/raw/../../club/raw/a.mp4",
            "s3://opened/a.mp4",
        ] {
            assert!(!may(others, "team"), "{others}");
        }
    }
}
