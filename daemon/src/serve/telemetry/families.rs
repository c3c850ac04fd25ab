//! What is counted, as OTLP says it: the registry of Prometheus is the only one that counts.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource as Sender;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_sdk::Resource;
use prometheus::proto::{self, MetricFamily, MetricType};
use std::time::{SystemTime, UNIX_EPOCH};

/// Everything that was counted from one moment to another, as one message.
pub fn request(
    counted: &[MetricFamily],
    resource: &Resource,
    since: SystemTime,
    now: SystemTime,
) -> ExportMetricsServiceRequest {
    let span = Span {
        start_time_unix_nano: nanoseconds(since),
        time_unix_nano: nanoseconds(now),
    };
    let sender = ResourceAttributesWithSchema::from(resource);
    let scope = ScopeMetrics {
        scope: Some(InstrumentationScope {
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            ..InstrumentationScope::default()
        }),
        metrics: counted.iter().map(|family| span.metric(family)).collect(),
        ..ScopeMetrics::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Sender {
                attributes: sender.attributes.0,
                ..Sender::default()
            }),
            scope_metrics: vec![scope],
            schema_url: sender.schema_url.unwrap_or_default(),
        }],
    }
}

/// From when to when was counted.
struct Span {
    start_time_unix_nano: u64,
    time_unix_nano: u64,
}

impl Span {
    fn metric(&self, family: &MetricFamily) -> Metric {
        let series = family.get_metric();
        let numbers = |value: fn(&proto::Metric) -> f64| {
            series
                .iter()
                .map(|metric| self.number(metric, value(metric)))
                .collect()
        };
        let data = match family.get_field_type() {
            MetricType::COUNTER => Data::Sum(Sum {
                data_points: numbers(|metric| metric.get_counter().get_value()),
                aggregation_temporality: AggregationTemporality::Cumulative.into(),
                is_monotonic: true,
            }),
            MetricType::HISTOGRAM => Data::Histogram(Histogram {
                data_points: series.iter().map(|metric| self.histogram(metric)).collect(),
                aggregation_temporality: AggregationTemporality::Cumulative.into(),
            }),
            MetricType::GAUGE => Data::Gauge(Gauge {
                data_points: numbers(|metric| metric.get_gauge().get_value()),
            }),
            // The registry has none of these; a test says so.
            MetricType::SUMMARY | MetricType::UNTYPED => Data::Gauge(Gauge::default()),
        };
        Metric {
            name: family.name().to_owned(),
            description: family.help().to_owned(),
            unit: unit(family.name()).into(),
            data: Some(data),
            ..Metric::default()
        }
    }

    fn number(&self, metric: &proto::Metric, value: f64) -> NumberDataPoint {
        NumberDataPoint {
            attributes: attributes(metric),
            start_time_unix_nano: self.start_time_unix_nano,
            time_unix_nano: self.time_unix_nano,
            value: Some(number_data_point::Value::AsDouble(value)),
            ..NumberDataPoint::default()
        }
    }

    /// Buckets of Prometheus count everything below a bound; those of OTLP count what is between two, and what is above the last.
    fn histogram(&self, metric: &proto::Metric) -> HistogramDataPoint {
        let histogram = metric.get_histogram();
        let count = histogram.get_sample_count();
        let finite = histogram
            .get_bucket()
            .iter()
            .filter(|bucket| bucket.upper_bound().is_finite());
        let (mut bounds, mut counts, mut below) = (Vec::new(), Vec::new(), 0);
        for bucket in finite {
            bounds.push(bucket.upper_bound());
            counts.push(bucket.cumulative_count().saturating_sub(below));
            below = bucket.cumulative_count();
        }
        counts.push(count.saturating_sub(below));
        HistogramDataPoint {
            attributes: attributes(metric),
            start_time_unix_nano: self.start_time_unix_nano,
            time_unix_nano: self.time_unix_nano,
            count,
            sum: Some(histogram.get_sample_sum()),
            bucket_counts: counts,
            explicit_bounds: bounds,
            ..HistogramDataPoint::default()
        }
    }
}

fn attributes(metric: &proto::Metric) -> Vec<KeyValue> {
    let attribute = |label: &proto::LabelPair| KeyValue {
        key: label.name().to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(label.value().to_owned())),
        }),
        ..KeyValue::default()
    };
    metric.get_label().iter().map(attribute).collect()
}

/// The unit a name ends in, as UCUM writes it.
fn unit(name: &str) -> &'static str {
    let name = name.strip_suffix("_total").unwrap_or(name);
    let units = [("_seconds", "s"), ("_bytes", "By"), ("_ratio", "1")];
    units
        .into_iter()
        .find(|(end, _)| name.ends_with(end))
        .map_or("", |(_, unit)| unit)
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
