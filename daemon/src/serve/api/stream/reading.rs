//! A reader that is counted while it reads.

use crate::serve::hub::{Delivery, Reader};
use crate::serve::metrics::Metrics;
use futures_util::Stream;

/// A client reading events.
pub struct Reading {
    reader: Reader,
    metrics: Metrics,
    transport: &'static str,
}

impl Reading {
    /// Starts to read.
    pub fn new(metrics: &Metrics, transport: &'static str, reader: Reader) -> Self {
        metrics.readers.with_label_values(&[transport]).inc();
        Self {
            reader,
            metrics: metrics.clone(),
            transport,
        }
    }

    /// The next events; `None` behind the last one.
    pub async fn next(&mut self) -> Option<Vec<Delivery>> {
        let deliveries = self.reader.next().await?;
        let dropped = deliveries.iter().map(|delivery| delivery.dropped).sum();
        self.metrics.reader_dropped.inc_by(dropped);
        Some(deliveries)
    }

    /// Everything until the end.
    pub fn into_stream(self) -> impl Stream<Item = Vec<Delivery>> {
        futures_util::stream::unfold(self, |mut reading| async move {
            let deliveries = reading.next().await?;
            Some((deliveries, reading))
        })
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.metrics.readers.with_label_values(&[self.transport]).dec();
    }
}
