//! The time of day.

use super::store::now_ms;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// RFC 3339 of milliseconds since 1970.
pub fn moment(ms: i64) -> String {
    let since = Duration::from_millis(ms.unsigned_abs());
    let at: SystemTime = if ms < 0 {
        UNIX_EPOCH - since
    } else {
        UNIX_EPOCH + since
    };
    humantime::format_rfc3339_millis(at).to_string()
}

/// A span as moments are stored: milliseconds.
pub fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// The time of day, which tests make up.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        now_ms()
    }
}

/// A clock that stands still until it is put forward.
#[cfg(test)]
#[derive(Clone, Debug, Default)]
pub struct HeldClock(std::sync::Arc<std::sync::atomic::AtomicI64>);

#[cfg(test)]
impl HeldClock {
    /// One that shows this moment.
    pub fn at(ms: i64) -> Self {
        let clock = Self::default();
        clock.0.store(ms, std::sync::atomic::Ordering::SeqCst);
        clock
    }

    /// Puts it forward.
    pub fn forward(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).expect("not that far");
        self.0.fetch_add(ms, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(test)]
impl Clock for HeldClock {
    fn now_ms(&self) -> i64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}
