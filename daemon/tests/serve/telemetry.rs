//! Traces and metrics, as a collector gets them.

use crate::batch::{ended, name, send};
use crate::client::{is, is_state};
use crate::clips;
use crate::daemon::{Daemon, Log};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use hyper::Method;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::json;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;

/// What came.
#[derive(Default)]
struct Come {
    headers: Vec<HeaderMap>,
    traces: Vec<ExportTraceServiceRequest>,
    metrics: Vec<ExportMetricsServiceRequest>,
}

/// Takes what it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Come>>);

impl Collector {
    /// Starts one; its address.
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let traces = |State(own): State<Self>, headers: HeaderMap, body: Bytes| async move {
            let mut come = own.come();
            come.headers.push(headers);
            come.traces
                .push(Message::decode(body).expect("a message of OTLP"));
        };
        let metrics = |State(own): State<Self>, body: Bytes| async move {
            let message = Message::decode(body).expect("a message of OTLP");
            own.come().metrics.push(message);
        };
        let router = Router::new()
            .route("/v1/traces", post(traces))
            .route("/v1/metrics", post(metrics))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    fn come(&self) -> MutexGuard<'_, Come> {
        self.0.lock().expect("nobody panics within")
    }

    fn spans(&self) -> Vec<Span> {
        let come = self.come();
        let resources = come.traces.iter().flat_map(|request| &request.resource_spans);
        let scopes = resources.flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// What was counted last.
    fn metrics(&self) -> Vec<Metric> {
        let come = self.come();
        let last = come.metrics.last().expect("numbers came");
        let scopes = last
            .resource_metrics
            .iter()
            .flat_map(|resource| &resource.scope_metrics);
        scopes.flat_map(|scope| scope.metrics.clone()).collect()
    }
}

fn start(folder: &Path, endpoint: &str, ratio: &str) -> (Daemon, Log) {
    let settings = [
        ("TELEMETRY__ENDPOINT", endpoint),
        ("TELEMETRY__SAMPLE_RATIO", ratio),
        ("TELEMETRY__HEADERS", r#"{ authorization = "Bearer hush" }"#),
        ("WEBHOOKS__PRIVATE_HOSTS", "true"),
        ("LOG__FORMAT", "json"),
    ];
    Daemon::start_heard(folder, &settings)
}

/// What is left is sent before it has ended.
fn end(daemon: Daemon) {
    daemon.signal("TERM");
    assert!(daemon.wait().success());
}

fn text(span: &Span, name: &str) -> Option<String> {
    let said = span.attributes.iter().find(|said| said.key == name)?;
    match said.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {spans:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_one_trace_with_its_stages_its_requests_and_what_was_told_of_it() {
    let (folder, collector) = (tempfile::tempdir().expect("a folder"), Collector::default());
    let (daemon, log) = start(folder.path(), &collector.start().await, "1.0");
    // Nobody listens there.
    let order = json!({
        "sport_type": "cmj", "quality": "fast", "input": { "demo": true },
        "webhook_url": "http://127.0.0.1:9/hook?key=hush"
    });
    let id = daemon.make(&order).await;
    let path = format!("/api/v1/analyses/{id}");
    let mut lines = daemon.public.lines(&format!("{path}/stream")).await;
    lines.until(is("repetition")).await;
    log.until("webhook_failed");
    assert_eq!(daemon.public.delete(&path).await.status, 204);
    lines.until(is_state("done")).await;
    end(daemon);

    let spans = collector.spans();
    let whole = named(&spans, "analysis");
    assert!(whole.parent_span_id.is_empty(), "{whole:?}");
    assert_eq!(
        text(whole, "kinemotion.analysis_id").as_deref(),
        Some(id.as_str())
    );
    assert_eq!(text(whole, "kinemotion.movement").as_deref(), Some("cmj"));
    assert_eq!(text(whole, "kinemotion.state").as_deref(), Some("done"));
    let (stream, delete) = ("GET /api/v1/analyses/{id}/stream", "DELETE /api/v1/analyses/{id}");
    for name in ["set_up", "first_pose", "end", "webhook_delivery", stream, delete] {
        let span = named(&spans, name);
        assert_eq!(span.trace_id, whole.trace_id, "{name}");
        assert_eq!(span.parent_span_id, whole.span_id, "{name}");
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{span:?}");
    }
    let failed = named(&spans, "webhook_delivery").status.as_ref();
    assert_eq!(failed.map(|status| status.code), Some(2), "an error");
    let made = named(&spans, "POST /api/v1/analyses");
    assert_eq!(made.links[0].trace_id, whole.trace_id, "{made:?}");
    let come = collector.come();
    assert!(
        come.headers
            .iter()
            .all(|headers| headers["authorization"] == "Bearer hush")
    );
    let sent = format!("{:?}{:?}", come.traces, come.metrics);
    assert!(!sent.contains("hush"), "nothing secret is sent but in its header");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_one_trace_with_the_attempts_at_it() {
    let (folder, collector) = (tempfile::tempdir().expect("a folder"), Collector::default());
    let (daemon, _log) = start(folder.path(), &collector.start().await, "1.0");
    let order = json!({ "sport_type": "cmj", "quality": "fast", "overlay": false });
    let id = name(&send(&daemon, &order, clips::jump(), &[]).await);
    ended(&daemon, &id).await;
    end(daemon);
    let spans = collector.spans();
    let (whole, attempt) = (named(&spans, "analysis"), named(&spans, "batch_file"));
    assert_eq!(
        (&attempt.trace_id, &attempt.parent_span_id),
        (&whole.trace_id, &whole.span_id)
    );
    assert_eq!(text(whole, "kinemotion.source").as_deref(), Some("file"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sampled_is_not_sent_but_a_trace_that_somebody_else_keeps_is() {
    let (folder, collector) = (tempfile::tempdir().expect("a folder"), Collector::default());
    let (daemon, _log) = start(folder.path(), &collector.start().await, "0.0");
    let told = [(
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )];
    let answer = daemon
        .public
        .send(Method::GET, "/api/v1/sports", &told, b"")
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let id = daemon.make_demo().await;
    daemon.public.delete(&format!("/api/v1/analyses/{id}")).await;
    end(daemon);
    let spans = collector.spans();
    let [span] = spans.as_slice() else {
        panic!("{spans:?}")
    };
    assert_eq!(span.name, "GET /api/v1/sports");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&span.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(hex(&span.parent_span_id), "00f067aa0ba902b7");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_is_sent_as_it_is_at_the_operators_listener() {
    let (folder, collector) = (tempfile::tempdir().expect("a folder"), Collector::default());
    let (daemon, _log) = start(folder.path(), &collector.start().await, "0.0");
    daemon.public.get("/api/v1/sports").await;
    let shown = daemon.admin.get("/metrics").await.text();
    end(daemon);
    let metrics = collector.metrics();
    let families = shown.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for family in families {
        let (name, kind) = family.split_once(' ').expect("a name and a kind");
        let sent = metrics.iter().find(|metric| metric.name == name);
        let sent = sent.unwrap_or_else(|| panic!("{name} is not sent"));
        let fits = match &sent.data {
            Some(Data::Sum(sum)) => kind == "counter" && sum.is_monotonic,
            Some(Data::Gauge(_)) => kind == "gauge",
            Some(Data::Histogram(histogram)) => {
                let whole = |point: &opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint| {
                    point.bucket_counts.len() == point.explicit_bounds.len() + 1
                        && point.bucket_counts.iter().sum::<u64>() == point.count
                };
                kind == "histogram" && histogram.data_points.iter().all(whole)
            }
            _ => false,
        };
        assert!(fits, "{kind} {sent:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_holds_up_nothing_and_is_said_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [
        ("TELEMETRY__ENDPOINT", "http://127.0.0.1:9"),
        ("TELEMETRY__INTERVAL_S", "1"),
        ("LOG__FORMAT", "json"),
    ];
    let (daemon, log) = Daemon::start_heard(folder.path(), &settings);
    log.until("telemetry_lost");
    assert_eq!(daemon.public.get("/api/v1/sports").await.status, 200);
    daemon.signal("TERM");
    assert!(daemon.wait().success());
    let said = log.rest();
    assert!(
        !said.iter().any(|line| line.contains("takes nothing")),
        "{said:?}"
    );
}
