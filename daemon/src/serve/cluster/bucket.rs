//! Buckets that all replicas take from.

use super::Link;
use redis::Script;
use std::sync::LazyLock;
use std::time::Duration;

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("bucket.lua")));

/// How a bucket was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Until it is full.
    pub full_in: Duration,
    /// When there is one again, where there was none.
    pub retry_after: Option<Duration>,
}

/// Takes one from a bucket into which another comes after `each`, and which is full after `whole`; `None` when nobody can say.
pub async fn take(link: &Link, bucket: &str, each: Duration, whole: Duration) -> Option<Found> {
    let key = format!("km:bucket:{bucket}");
    let found = link
        .run(&TAKE, &key, &[microseconds(each), microseconds(whole)])
        .await;
    let (taken, full_in, retry_after): (bool, u64, u64) = found.ok()?;
    Some(Found {
        full_in: Duration::from_micros(full_in),
        retry_after: (!taken).then(|| Duration::from_micros(retry_after)),
    })
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
