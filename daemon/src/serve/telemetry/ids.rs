//! The trace of an analysis. Its name says which it is, so whatever is done for an analysis belongs together, by whichever replica and
//! however long after it ended, and is sampled together.

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use sha2::{Digest, Sha256};
use std::cell::Cell;

/// The trace of an analysis, and the span all others of it are within.
pub fn of_analysis(analysis_id: &str) -> (TraceId, SpanId) {
    let hash: [u8; 32] = Sha256::digest(analysis_id.as_bytes()).into();
    let (mut trace, mut span) = ([0; 16], [0; 8]);
    trace.copy_from_slice(&hash[..16]);
    span.copy_from_slice(&hash[16..24]);
    (TraceId::from_bytes(trace), SpanId::from_bytes(span))
}

thread_local! {
    /// What the next span of this thread is called, where that is known.
    static KNOWN: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// Makes a span that is the whole of an analysis.
pub fn called<T>(ids: (TraceId, SpanId), make: impl FnOnce() -> T) -> T {
    KNOWN.set(Some(ids));
    let made = make();
    KNOWN.set(None);
    made
}

/// Names spans by chance, but for those that are the whole of an analysis.
#[derive(Debug, Default)]
pub struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        KNOWN
            .get()
            .map_or_else(|| self.0.new_trace_id(), |(trace, _)| trace)
    }

    fn new_span_id(&self) -> SpanId {
        KNOWN.get().map_or_else(|| self.0.new_span_id(), |(_, span)| span)
    }
}
