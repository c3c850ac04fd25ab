//! Spans and numbers as they would be sent.

use super::*;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use opentelemetry::trace::{SpanContext, SpanId, Status};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prometheus::{Histogram, IntCounterVec, IntGauge, Registry, histogram_opts, opts};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Keeps what would be sent.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().expect("no test panics within").extend(batch);
        Ok(())
    }
}

/// What is sent of what this does, when this share is kept.
fn sent(ratio: f64, act: impl FnOnce(&Spans)) -> Vec<SpanData> {
    let kept = Kept::default();
    let spans = Spans::new(kept.clone(), resource("kinemotion", "test"), ratio);
    act(&spans);
    spans.finish(Duration::from_secs(60));
    std::mem::take(&mut kept.0.lock().expect("no test panics within"))
}

fn request(path: &str, traceparent: Option<&str>) -> Request {
    let request = Request::builder().uri(path);
    let request = match traceparent {
        Some(told) => request.header("traceparent", told),
        None => request,
    };
    request.body(Body::empty()).expect("a request")
}

/// Asks and answers with this status and place.
fn ask(spans: &Spans, asked: &Request, status: StatusCode, location: &str) {
    let span = spans.request(asked, "GET", "/route");
    let headers = [(header::LOCATION, location.to_owned())];
    span.end(spans, &(status, headers).into_response());
}

fn named<'a>(sent: &'a [SpanData], name: &str) -> &'a SpanData {
    let mut found = sent.iter().filter(|span| span.name == name);
    let first = found.next().unwrap_or_else(|| panic!("no {name} in {sent:?}"));
    assert_eq!(found.count(), 0, "one {name}");
    first
}

fn said(span: &SpanData, name: &str) -> Option<String> {
    let attribute = span.attributes.iter().find(|said| said.key.as_str() == name)?;
    Some(attribute.value.to_string())
}

const ID: &str = "0198f2a4-7b1c-7d3e-8f00-0123456789ab";

#[test]
fn all_of_an_analysis_is_within_one_span_whatever_is_told_first() {
    let since = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    let sent = sent(1.0, |spans| {
        spans.stage(ID, "set_up", since, None, vec![]);
        spans.stage(
            ID,
            "webhook_delivery",
            since,
            Some("http://a:hush@b/ is gone"),
            vec![],
        );
        ask(spans, &request(&format!("/whip/{ID}"), None), StatusCode::OK, "");
        spans.analysis(ID, since, None, vec![text("kinemotion.state", "done")]);
    });
    let whole = named(&sent, "analysis");
    assert_eq!(whole.parent_span_id, SpanId::INVALID);
    assert_eq!(whole.start_time, since);
    assert_eq!(said(whole, "kinemotion.state").as_deref(), Some("done"));
    for name in ["set_up", "webhook_delivery", "GET /route"] {
        let span = named(&sent, name);
        assert_eq!(
            span.span_context.trace_id(),
            whole.span_context.trace_id(),
            "{name}"
        );
        assert_eq!(span.parent_span_id, whole.span_context.span_id(), "{name}");
        assert_eq!(said(span, "kinemotion.analysis_id").as_deref(), Some(ID));
    }
    let failed = &named(&sent, "webhook_delivery").status;
    assert_eq!(*failed, Status::error("http://***@b/ is gone"));
}

#[test]
fn all_spans_of_an_analysis_are_kept_or_none() {
    let ids: Vec<String> = (0..200).map(|number| format!("analysis-{number}")).collect();
    let sent = sent(0.5, |spans| {
        for id in &ids {
            spans.stage(id, "set_up", SystemTime::now(), None, vec![]);
            spans.analysis(id, SystemTime::now(), None, vec![]);
        }
    });
    let mut kept = BTreeMap::<String, usize>::new();
    for span in &sent {
        *kept
            .entry(said(span, "kinemotion.analysis_id").expect("its name"))
            .or_default() += 1;
    }
    assert!(kept.values().all(|count| *count == 2), "{kept:?}");
    // The names are always the same, and so is what is kept.
    assert!((70..130).contains(&kept.len()), "{}", kept.len());
}

#[test]
fn a_request_is_within_the_trace_it_names_and_kept_when_that_one_is() {
    let told = |flags: &str| format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
    let path = format!("/whip/{ID}");
    let kept = sent(0.0, |spans| {
        ask(spans, &request(&path, Some(&told("01"))), StatusCode::OK, "");
        ask(spans, &request(&path, None), StatusCode::OK, "");
        ask(spans, &request("/", None), StatusCode::OK, "");
        ask(spans, &request("/", Some("nonsense")), StatusCode::OK, "");
    });
    let [span] = kept.as_slice() else {
        panic!("{kept:?}")
    };
    assert_eq!(
        span.span_context.trace_id().to_string(),
        "4bf92f3577b34da6a3ce929d0e0e4736"
    );
    assert_eq!(span.parent_span_id.to_string(), "00f067aa0ba902b7");
    let left_out = sent(1.0, |spans| {
        ask(spans, &request("/", Some(&told("00"))), StatusCode::OK, "");
    });
    assert!(left_out.is_empty(), "{left_out:?}");
}

#[test]
fn a_request_says_its_route_and_what_it_made_but_not_its_address() {
    let sent = sent(1.0, |spans| {
        let made = format!("/api/v1/analyses/{ID}");
        ask(
            spans,
            &request("/api/v1/analyses?access_token=hush", None),
            StatusCode::CREATED,
            &made,
        );
        ask(
            spans,
            &request("/whip/hush", None),
            StatusCode::BAD_GATEWAY,
            "/whip/hush",
        );
    });
    assert!(!format!("{sent:?}").contains("hush"), "{sent:?}");
    let [made, failed] = sent.as_slice() else {
        panic!("{sent:?}")
    };
    let linked: Vec<&SpanContext> = made.links.iter().map(|link| &link.span_context).collect();
    let (trace, span) = ids::of_analysis(ID);
    assert_eq!((linked[0].trace_id(), linked[0].span_id()), (trace, span));
    assert_eq!(said(made, "http.response.status_code").as_deref(), Some("201"));
    assert_eq!(said(made, "http.route").as_deref(), Some("/route"));
    assert_eq!(failed.status, Status::error(""));
}

#[test]
fn what_is_counted_is_said_as_the_registry_has_it() {
    let registry = Registry::new();
    let counter = IntCounterVec::new(opts!("served_total", "Served"), &["kind"]).expect("a counter");
    let gauge = IntGauge::new("memory_bytes", "Memory").expect("a gauge");
    let times = histogram_opts!("time_seconds", "Time", vec![0.1, 1.0]);
    let times = Histogram::with_opts(times).expect("a histogram");
    registry.register(Box::new(counter.clone())).expect("one of each");
    registry.register(Box::new(gauge.clone())).expect("one of each");
    registry.register(Box::new(times.clone())).expect("one of each");
    counter.with_label_values(&["file"]).inc_by(3);
    gauge.set(7);
    for seconds in [0.05, 0.5, 0.6, 2.0] {
        times.observe(seconds);
    }
    let moment = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let request = families::request(
        &registry.gather(),
        &resource("kinemotion", "test"),
        moment(1),
        moment(2),
    );
    let scope = &request.resource_metrics[0].scope_metrics[0];
    let metric = |name: &str| {
        let found = scope.metrics.iter().find(|metric| metric.name == name);
        found.unwrap_or_else(|| panic!("{name} in {request:?}"))
    };
    let Some(Data::Sum(sum)) = &metric("served_total").data else {
        panic!("{request:?}")
    };
    assert!(sum.is_monotonic && sum.aggregation_temporality == 2, "cumulative");
    let point = &sum.data_points[0];
    assert_eq!(point.value, Some(Value::AsDouble(3.0)));
    assert_eq!(point.attributes[0].key, "kind");
    assert_eq!(
        (point.start_time_unix_nano, point.time_unix_nano),
        (1_000_000_000, 2_000_000_000)
    );
    let Some(Data::Gauge(gauge)) = &metric("memory_bytes").data else {
        panic!("{request:?}")
    };
    assert_eq!(gauge.data_points[0].value, Some(Value::AsDouble(7.0)));
    assert_eq!(metric("memory_bytes").unit, "By");
    let Some(Data::Histogram(histogram)) = &metric("time_seconds").data else {
        panic!("{request:?}")
    };
    let point = &histogram.data_points[0];
    assert_eq!(point.explicit_bounds, [0.1, 1.0]);
    assert_eq!(
        point.bucket_counts,
        [1, 2, 1],
        "between the bounds, and above the last"
    );
    assert_eq!((point.count, metric("time_seconds").unit.as_str()), (4, "s"));
    let sender = request.resource_metrics[0].resource.as_ref().expect("who sends");
    let names: Vec<&str> = sender.attributes.iter().map(|said| said.key.as_str()).collect();
    assert!(
        names.contains(&"service.name") && names.contains(&"service.instance.id"),
        "{names:?}"
    );
}
