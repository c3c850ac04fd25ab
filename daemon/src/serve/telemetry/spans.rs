//! Spans: one for each request, one for each analysis with its stages within, for each attempt at a file and each delivery to a webhook.
//!
//! All spans of an analysis are in one trace, and all of them are kept or none. A request that names an analysis is within it. One that
//! says whose trace it belongs to (`traceparent`) is within that one, and kept when that one is.

use super::{ids, requests};
use crate::serve::log::redact;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, TraceFlags, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    Sampler, SamplingDecision, SdkTracer, SdkTracerProvider, ShouldSample, Span, SpanExporter,
};
use std::time::{Duration, SystemTime};

/// What a span says.
pub type Attributes = Vec<KeyValue>;

/// Something a span says that is a text.
pub fn text(name: &'static str, value: impl Into<String>) -> KeyValue {
    KeyValue::new(name, value.into())
}

/// Something a span says that is counted.
pub fn whole(name: &'static str, value: impl TryInto<i64>) -> KeyValue {
    KeyValue::new(name, value.try_into().unwrap_or(i64::MAX))
}

/// Name of the attribute with the name of an analysis.
const ANALYSIS: &str = "kinemotion.analysis_id";

/// Makes spans and has them sent.
#[derive(Debug)]
pub struct Spans {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    /// Whether an analysis is kept, or a request that is about none.
    sampler: Sampler,
}

impl Spans {
    /// Spans of which this share is kept.
    pub fn new(exporter: impl SpanExporter + 'static, resource: Resource, ratio: f64) -> Self {
        let sampler = Sampler::TraceIdRatioBased(ratio);
        let provider = SdkTracerProvider::builder()
            .with_id_generator(ids::Ids::default())
            .with_sampler(Sampler::ParentBased(Box::new(sampler.clone())))
            .with_resource(resource)
            .with_batch_exporter(exporter)
            .build();
        let tracer = provider.tracer(env!("CARGO_PKG_NAME"));
        Self {
            provider,
            tracer,
            sampler,
        }
    }

    /// A request begins. It is within the trace its headers name, else within that of the analysis it names.
    pub fn request(&self, asked: &Request, method: &'static str, route: &str) -> RequestSpan {
        let (headers, analysis_id) = (Headers(asked.headers()), requests::named(asked));
        let told = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
        let parent = match analysis_id {
            Some(id) if !told.span().span_context().is_valid() => self.within(id),
            _ => told,
        };
        let builder = SpanBuilder::from_name(format!("{method} {route}"))
            .with_kind(SpanKind::Server)
            .with_attributes([
                KeyValue::new("http.request.method", method),
                text("http.route", route),
            ]);
        let mut request = RequestSpan(self.tracer.build_with_context(builder, &parent));
        if let Some(id) = analysis_id {
            request.0.set_attribute(text(ANALYSIS, id));
        }
        request
    }

    /// An analysis is over: the whole of it, and why it failed if it did.
    pub fn analysis(
        &self,
        analysis_id: &str,
        since: SystemTime,
        failure: Option<&str>,
        attributes: Attributes,
    ) {
        let builder = builder("analysis", analysis_id, since, attributes);
        let span = ids::called(ids::of_analysis(analysis_id), || {
            self.tracer.build_with_context(builder, &Context::new())
        });
        end(span, failure);
    }

    /// Something that was done for an analysis is over, and why it failed if it did.
    pub fn stage(
        &self,
        analysis_id: &str,
        name: &'static str,
        since: SystemTime,
        failure: Option<&str>,
        attributes: Attributes,
    ) {
        let builder = builder(name, analysis_id, since, attributes);
        let within = self.within(analysis_id);
        end(self.tracer.build_with_context(builder, &within), failure);
    }

    /// Sends what is left, and makes no more.
    pub fn finish(&self, within: Duration) {
        if let Err(error) = self.provider.shutdown_with_timeout(within) {
            tracing::warn!(event = "telemetry_lost", %error, "the last spans are lost");
        }
    }

    /// Within the trace of an analysis.
    fn within(&self, analysis_id: &str) -> Context {
        Context::new().with_remote_span_context(self.context(analysis_id))
    }

    /// The span that is the whole of an analysis, which may have been made elsewhere or may yet be made.
    fn context(&self, analysis_id: &str) -> SpanContext {
        let (trace, span) = ids::of_analysis(analysis_id);
        let sampled = self
            .sampler
            .should_sample(None, trace, "analysis", &SpanKind::Internal, &[], &[]);
        let kept = sampled.decision == SamplingDecision::RecordAndSample;
        let flags = TraceFlags::default().with_sampled(kept);
        SpanContext::new(trace, span, flags, true, TraceState::default())
    }
}

fn builder(
    name: &'static str,
    analysis_id: &str,
    since: SystemTime,
    mut attributes: Attributes,
) -> SpanBuilder {
    attributes.push(text(ANALYSIS, analysis_id));
    SpanBuilder::from_name(name)
        .with_kind(SpanKind::Internal)
        .with_start_time(since)
        .with_attributes(attributes)
}

fn end(mut span: Span, failure: Option<&str>) {
    if let Some(reason) = failure {
        span.set_status(Status::error(redact(reason).into_owned()));
    }
    span.end();
}

/// A request that is being answered.
pub struct RequestSpan(Span);

impl RequestSpan {
    /// It is answered. One that made an analysis is linked to it.
    pub fn end(mut self, spans: &Spans, answer: &Response) {
        let status = answer.status();
        self.0
            .set_attribute(whole("http.response.status_code", status.as_u16()));
        if status.is_server_error() {
            self.0.set_status(Status::error(""));
        }
        if let Some(id) = requests::made(answer) {
            self.0.set_attribute(text(ANALYSIS, id));
            self.0.add_link(spans.context(id), Vec::new());
        }
        self.0.end();
    }
}

/// Headers of a request, to be read.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}
