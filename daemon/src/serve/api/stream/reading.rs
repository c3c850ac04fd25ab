//! A reader that is counted while it reads.

use crate::serve::hub::{Delivery, Reader};
use crate::serve::metrics::Metrics;
use futures_util::Stream;
use std::pin::Pin;

/// Ends when whoever reads may not any more, and says why.
pub type Dismissal = Pin<Box<dyn Future<Output = &'static str> + Send>>;

/// A client reading events.
pub struct Reading {
    reader: Reader,
    /// Gone when it has ended.
    dismissal: Option<Dismissal>,
    metrics: Metrics,
    transport: &'static str,
}

/// What comes next.
pub enum Next {
    /// Events.
    Events(Vec<Delivery>),
    /// The end, before that of the analysis, and why.
    Dismissed(&'static str),
}

impl Reading {
    /// Starts to read.
    pub fn new(metrics: &Metrics, transport: &'static str, reader: Reader, dismissal: Dismissal) -> Self {
        metrics.events.readers(transport).inc();
        Self {
            reader,
            dismissal: Some(dismissal),
            metrics: metrics.clone(),
            transport,
        }
    }

    /// What comes next; `None` behind the last event, and for those who were dismissed.
    pub async fn next(&mut self) -> Option<Next> {
        let dismissal = self.dismissal.as_mut()?;
        let deliveries = tokio::select! {
            reason = dismissal => {
                self.dismissal = None;
                return Some(Next::Dismissed(reason));
            }
            deliveries = self.reader.next() => deliveries?,
        };
        let dropped = deliveries.iter().map(|delivery| delivery.dropped).sum();
        self.metrics.events.dropped.inc_by(dropped);
        Some(Next::Events(deliveries))
    }

    /// Everything until the end.
    pub fn into_stream(self) -> impl Stream<Item = Next> {
        futures_util::stream::unfold(self, |mut reading| async move {
            let next = reading.next().await?;
            Some((next, reading))
        })
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.metrics.events.readers(self.transport).dec();
    }
}
