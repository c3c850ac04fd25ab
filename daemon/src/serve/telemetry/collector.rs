//! Who spans and numbers are sent to.

use crate::serve::outgoing;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;

/// Where spans go.
pub const TRACES: &str = "v1/traces";
/// Where numbers go.
pub const METRICS: &str = "v1/metrics";
/// The longest an answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the module. Clones belong together.
#[derive(Clone, Debug)]
pub struct Collector(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    endpoint: String,
    headers: HeaderMap,
    /// Whether the last request was taken.
    well: AtomicBool,
}

impl Collector {
    /// One at an address such as `http://collector:4318`.
    ///
    /// # Errors
    /// No TLS.
    pub fn new(endpoint: &str, headers: HeaderMap) -> reqwest::Result<Self> {
        Ok(Self(Arc::new(Inner {
            client: outgoing::client()?,
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            headers,
            well: AtomicBool::new(true),
        })))
    }

    /// Sends a message; says in the log when that begins to fail, and when it works again.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn send(&self, path: &str, message: impl Message) -> Result<(), String> {
        let sent = self.post(path, message.encode_to_vec()).await;
        let was_well = self.0.well.swap(sent.is_ok(), Ordering::Relaxed);
        match &sent {
            Err(error) if was_well => tracing::warn!(
                event = "telemetry_lost",
                error,
                "the collector of [telemetry] takes nothing: spans are lost until it does"
            ),
            Ok(()) if !was_well => {
                tracing::info!(
                    event = "telemetry_back",
                    "the collector of [telemetry] is there again"
                );
            }
            _ => {}
        }
        sent
    }

    async fn post(&self, path: &str, body: Vec<u8>) -> Result<(), String> {
        let to = &self.0;
        let answer = to
            .client
            .post(format!("{}/{path}", to.endpoint))
            .headers(to.headers.clone())
            .header(CONTENT_TYPE, "application/x-protobuf")
            .timeout(PATIENCE)
            .body(body)
            .send()
            .await
            .map_err(|error| outgoing::innermost(&error.without_url()))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        Err(format!("it answered {status}"))
    }

    /// Takes spans from any thread and has them sent by a runtime.
    pub fn exporter(&self, runtime: Handle) -> Exporter {
        Exporter {
            collector: self.clone(),
            runtime,
            resource: ResourceAttributesWithSchema::default(),
        }
    }
}

/// Spans on their way to a collector.
#[derive(Debug)]
pub struct Exporter {
    collector: Collector,
    runtime: Handle,
    resource: ResourceAttributesWithSchema,
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let request = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(batch, &self.resource),
        };
        let collector = self.collector.clone();
        // Whoever waits here is a thread of its own, without a runtime.
        let sent = self
            .runtime
            .spawn(async move { collector.send(TRACES, request).await });
        match sent.await {
            Ok(sent) => sent.map_err(OTelSdkError::InternalFailure),
            Err(error) => Err(OTelSdkError::InternalFailure(error.to_string())),
        }
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}
