//! How much encoded video a source may send.

use super::LiveError;
use crate::elements::DROPPED;
use crate::sync::lock;
use gst::prelude::*;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The rate is that over so long: key frames are many times larger than the others.
const SPAN: Duration = Duration::from_secs(5);

/// Ends a session whose source sends more bit/s than it may, through `refuse`. 0 is no limit.
pub(super) fn guard(encoded: &gst::Pad, limit: u64, refuse: Arc<dyn Fn(LiveError) + Send + Sync>) {
    if limit == 0 {
        return;
    }
    let flow = Mutex::new(Flow::new(Instant::now()));
    encoded.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let bytes = info.buffer().map_or(0, |buffer| buffer.size() as u64);
        match lock(&flow).add(bytes, Instant::now()) {
            Some(rate) if rate > limit => {
                refuse(LiveError::TooFast {
                    kbps: rate / 1000,
                    limit: limit / 1000,
                });
                DROPPED
            }
            _ => gst::PadProbeReturn::Ok,
        }
    });
}

/// Bytes of the present span.
struct Flow {
    since: Instant,
    bytes: u64,
}

impl Flow {
    fn new(now: Instant) -> Self {
        Self { since: now, bytes: 0 }
    }

    /// Counts bytes; bit/s of a span that is over.
    fn add(&mut self, bytes: u64, now: Instant) -> Option<u64> {
        self.bytes += bytes;
        let span = now - self.since;
        if span < SPAN {
            return None;
        }
        let rate = (8 * self.bytes) as f64 / span.as_secs_f64();
        *self = Self::new(now);
        Some(rate as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_told_once_per_span() {
        let start = Instant::now();
        let mut flow = Flow::new(start);
        let told: Vec<u64> = (1..=100)
            .filter_map(|n| flow.add(12_500, start + n * Duration::from_millis(100)))
            .collect();
        assert_eq!(told, [1_000_000, 1_000_000]);
    }
}
