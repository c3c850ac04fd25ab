//! Traces and metrics over OTLP (HTTP, protobuf), for whoever collects them ([ADR 27](../../../../../docs/adr/0027-telemetry.md)).
//!
//! | module | |
//! |---|---|
//! | `collector` | who is sent to |
//! | `ids` | the trace of an analysis, which its name says |
//! | `spans` | requests, analyses and their stages, files, deliveries |
//! | `requests` | which analysis a request is about |
//! | `families` | what is counted, as OTLP says it |
//!
//! Nothing here knows names of people, tokens or addresses: spans carry routes, states and names of analyses and tenants.

mod collector;
mod families;
mod ids;
mod requests;
mod spans;

pub use spans::{Attributes, Spans, text, whole};

use super::config;
use super::metrics::Metrics;
use super::sessions::Sessions;
use collector::Collector;
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// Spans of this process, where they are collected: there is one log, and one of these.
static SPANS: OnceLock<Spans> = OnceLock::new();

/// At the end, what is left is sent within this time or not at all.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Who makes spans, where they are collected.
pub fn spans() -> Option<&'static Spans> {
    SPANS.get()
}

/// Something that was done for an analysis is over now, and why it failed if it did.
pub fn stage(
    analysis_id: &str,
    name: &'static str,
    since: SystemTime,
    failure: Option<&str>,
    attributes: Attributes,
) {
    if let Some(spans) = spans() {
        spans.stage(analysis_id, name, since, failure, attributes);
    }
}

/// What is sent, and to whom.
pub struct Telemetry {
    collector: Collector,
    resource: Resource,
    interval: Duration,
    started: SystemTime,
}

impl Telemetry {
    /// Begins to collect spans; `None` where nobody wants them. To be called in the runtime that sends them.
    ///
    /// # Errors
    /// No TLS, or headers that are none.
    pub fn start(settings: &config::Telemetry, instance: &str) -> anyhow::Result<Option<Self>> {
        if settings.endpoint.is_empty() {
            return Ok(None);
        }
        let collector = Collector::new(&settings.endpoint, settings.header_map()?)?;
        let resource = resource(&settings.service_name, instance);
        let spans = Spans::new(
            collector.exporter(Handle::current()),
            resource.clone(),
            settings.sample_ratio,
        );
        // There is one per process.
        let _ = SPANS.set(spans);
        Ok(Some(Self {
            collector,
            resource,
            interval: Duration::from_secs(settings.interval_s),
            started: SystemTime::now(),
        }))
    }

    /// Sends what is counted until told to end, and then once more, with the spans that are left.
    pub async fn run(self, metrics: Metrics, sessions: Sessions, end: CancellationToken) {
        loop {
            let turn = async {
                tokio::time::sleep(self.interval).await;
                self.send(&metrics, &sessions).await;
            };
            tokio::select! {
                () = turn => {}
                () = end.cancelled() => break,
            }
        }
        let last = spawn_blocking(|| spans().map(|spans| spans.finish(LAST_WORDS)));
        let numbers = tokio::time::timeout(LAST_WORDS, self.send(&metrics, &sessions));
        let (last, _) = tokio::join!(last, numbers);
        if last.is_err() {
            tracing::error!(event = "panicked", "sending the last spans panicked");
        }
    }

    async fn send(&self, metrics: &Metrics, sessions: &Sessions) {
        let counted = match metrics.gather(sessions).await {
            Ok(counted) => counted,
            Err(error) => {
                tracing::error!(event = "not_counted", %error, "what is counted cannot be sent");
                return;
            }
        };
        let request = families::request(&counted, &self.resource, self.started, SystemTime::now());
        // Whether it arrives is said by the collector; what is counted is sent again in a while.
        let _ = self.collector.send(collector::METRICS, request).await;
    }
}

/// Who sends.
fn resource(service_name: &str, instance: &str) -> Resource {
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", service_name.to_owned()),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance.to_owned()),
        ])
        .build()
}

#[cfg(test)]
mod tests;
