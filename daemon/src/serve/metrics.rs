//! What the daemon counts: every name, unit and label in one place. Labels are never names of analyses or addresses.

use crate::serve::sessions::{Sessions, states};
use kinemotion_models::Engine;
use kinemotion_motion::{Event, EventKind};
use kinemotion_pipelines::live::load::LoadState;
use prometheus::{
    Encoder, Gauge, GaugeVec, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Registry, TextEncoder, histogram_opts, opts,
};
use std::sync::{Arc, OnceLock, Weak};

/// Everything that is counted. Clones belong together.
#[derive(Clone)]
pub struct Metrics(Arc<Families>);

/// The families, each registered once.
pub struct Families {
    registry: Registry,
    analyses: IntGaugeVec,
    places: IntGauge,
    started: IntCounterVec,
    /// Analyses that ended, by `state`.
    pub ended: IntCounterVec,
    /// Requests refused for lack of places, by `reason`.
    pub refused: IntCounterVec,
    repetitions: IntCounterVec,
    /// Events announced, by `type`.
    pub events: IntCounterVec,
    /// Poses and interim events left out because too much waited to be stored.
    pub events_left_out: IntCounter,
    /// Clients reading events, by `transport`.
    pub readers: IntGaugeVec,
    /// Events that were gone before a slow client came to read them.
    pub reader_dropped: IntCounter,
    decoders: IntGaugeVec,
    frame_latency: GaugeVec,
    load_step: IntGauge,
    degraded: IntGauge,
    processors: GaugeVec,
    engine_busy: Gauge,
    inference_provider: IntGaugeVec,
    redis_up: IntGaugeVec,
    replicas: IntGaugeVec,
    /// Asked what it does whenever somebody looks.
    engine: OnceLock<Weak<Engine>>,
    /// Requests, by `method`, `route` and `status`.
    pub requests: IntCounterVec,
    /// Time until an answer began, by `route`.
    pub request_time: HistogramVec,
    /// Time from the request to publish until the answer.
    pub publish_time: Histogram,
    /// Time from the request for media, to publish or to open a source, until the first pose is announced.
    pub first_pose_time: Histogram,
}

/// Of gauges that are there in a cluster only.
const NO_LABELS: [&str; 0] = [];
/// Bounds of times until an answer, seconds.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

impl std::ops::Deref for Metrics {
    type Target = Families;

    fn deref(&self) -> &Families {
        &self.0
    }
}

impl Metrics {
    /// Registers everything.
    ///
    /// # Errors
    /// Two of the same name, which would be a mistake here.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new_custom(Some("kinemotion".into()), None)?;
        let counters =
            |name, help, labels: &[&str]| register(&registry, IntCounterVec::new(opts!(name, help), labels)?);
        let gauges =
            |name, help, labels: &[&str]| register(&registry, IntGaugeVec::new(opts!(name, help), labels)?);
        let families = Families {
            analyses: gauges("analyses", "Analyses that are remembered, by state", &["state"])?,
            places: register(
                &registry,
                IntGauge::new("analyses_places_left", "Analyses that could start now")?,
            )?,
            started: counters("analyses_started_total", "Analyses started", &["source"])?,
            ended: counters("analyses_ended_total", "Analyses that ended", &["state"])?,
            refused: counters(
                "analyses_refused_total",
                "Analyses refused for lack of places",
                &["reason"],
            )?,
            repetitions: counters("repetitions_total", "Repetitions measured", &["movement"])?,
            events: counters("events_total", "Events of sessions taken in", &["type"])?,
            events_left_out: register(
                &registry,
                IntCounter::new(
                    "events_left_out_total",
                    "Poses and interim events left out because too much waited to be stored",
                )?,
            )?,
            readers: gauges("stream_readers", "Clients reading events", &["transport"])?,
            reader_dropped: register(
                &registry,
                IntCounter::new(
                    "stream_dropped_total",
                    "Events that were gone before a client came to read them",
                )?,
            )?,
            decoders: gauges(
                "decoders",
                "Running analyses by decoder",
                &["decoder", "hardware"],
            )?,
            frame_latency: register(
                &registry,
                GaugeVec::new(
                    opts!(
                        "frame_latency_seconds",
                        "From arrival of a frame to its event over the last few hundred frames, worst running analysis"
                    ),
                    &["quantile"],
                )?,
            )?,
            load_step: register(
                &registry,
                IntGauge::new(
                    "load_step",
                    "How much less analyses get: 0 nothing, 1 fewer poses, 2 no model above balanced, 3 the lightest model, 4 no overlay",
                )?,
            )?,
            degraded: register(
                &registry,
                IntGauge::new("analyses_degraded", "Analyses that get less than they asked for")?,
            )?,
            processors: register(
                &registry,
                GaugeVec::new(
                    opts!(
                        "processors",
                        "Processors: those there are, those busy whoever uses them, those that run networks"
                    ),
                    &["which"],
                )?,
            )?,
            engine_busy: register(
                &registry,
                Gauge::new(
                    "inference_busy_ratio",
                    "Share of their time that inference workers are busy",
                )?,
            )?,
            inference_provider: gauges(
                "inference_provider",
                "1 for the execution provider that runs the networks",
                &["provider"],
            )?,
            redis_up: gauges("redis_up", "Whether the Redis of the cluster answers", &[])?,
            replicas: gauges("replicas", "Replicas of the cluster that are there", &[])?,
            engine: OnceLock::new(),
            requests: counters("http_requests_total", "Requests", &["method", "route", "status"])?,
            request_time: register(
                &registry,
                HistogramVec::new(
                    histogram_opts!(
                        "http_request_duration_seconds",
                        "Time until an answer began",
                        SECONDS.to_vec()
                    ),
                    &["route"],
                )?,
            )?,
            publish_time: register(
                &registry,
                Histogram::with_opts(histogram_opts!(
                    "publish_duration_seconds",
                    "Time from the request to publish until its answer",
                    SECONDS.to_vec()
                ))?,
            )?,
            first_pose_time: register(
                &registry,
                Histogram::with_opts(histogram_opts!(
                    "first_pose_duration_seconds",
                    "Time from the request to publish or to open a source until the first pose is announced",
                    SECONDS.to_vec()
                ))?,
            )?,
            registry,
        };
        Ok(Self(Arc::new(families)))
    }

    /// The engine whose doings are told from now on.
    pub fn watch(&self, engine: &Arc<Engine>) {
        // There is one per daemon.
        let _ = self.engine.set(Arc::downgrade(engine));
    }

    /// Whether the Redis of the cluster answers.
    pub fn redis(&self, up: bool) {
        self.redis_up.with_label_values(&NO_LABELS).set(up.into());
    }

    /// How many replicas of the cluster are there.
    pub fn replicas(&self, present: i64) {
        self.replicas.with_label_values(&NO_LABELS).set(present);
    }

    /// An analysis started.
    pub fn started(&self, source: &str) {
        self.started.with_label_values(&[source]).inc();
    }

    /// Counts a repetition by its movement; other events are none.
    pub fn count_repetition(&self, event: &Event) {
        if let EventKind::Repetition(repetition) = &event.kind {
            self.repetitions.with_label_values(&[repetition.movement]).inc();
        }
    }

    /// Everything as text in the Prometheus format. Asks running sessions how they are, so it may take a moment.
    ///
    /// # Errors
    /// A family that contradicts itself, which would be a mistake here.
    pub fn render(&self, sessions: &Sessions) -> prometheus::Result<Vec<u8>> {
        self.look(sessions);
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }

    fn look(&self, sessions: &Sessions) {
        let all = sessions.all();
        for state in states::ALL {
            let count = all.iter().filter(|analysis| analysis.state() == state).count();
            self.analyses
                .with_label_values(&[states::name(state)])
                .set(count as i64);
        }
        self.inference_provider.reset();
        if let Some(engine) = self.engine.get().and_then(Weak::upgrade) {
            self.inference_provider
                .with_label_values(&[engine.provider()])
                .set(1);
        }
        self.places.set(sessions.places_left() as i64);
        if let Some(governor) = sessions.governor() {
            self.look_at_load(&governor.state());
        }
        self.decoders.reset();
        let (mut p50, mut p95) = (0.0_f64, 0.0_f64);
        for analysis in all.iter().filter(|analysis| !analysis.has_ended()) {
            let doing = analysis.doing();
            p50 = p50.max(doing.latency.p50_ms);
            p95 = p95.max(doing.latency.p95_ms);
            if let Some(decoder) = &doing.source.decoder {
                let hardware = doing.source.hardware.unwrap_or_default().to_string();
                self.decoders
                    .with_label_values(&[decoder.as_str(), &hardware])
                    .inc();
            }
        }
        self.frame_latency.with_label_values(&["0.5"]).set(p50 / 1e3);
        self.frame_latency.with_label_values(&["0.95"]).set(p95 / 1e3);
    }
}

impl Metrics {
    fn look_at_load(&self, load: &LoadState) {
        self.load_step.set(load.step as i64);
        self.degraded.set(load.degraded as i64);
        for (which, count) in [
            ("all", load.cores),
            ("busy", load.busy),
            ("inference", load.inference),
        ] {
            self.processors.with_label_values(&[which]).set(count);
        }
        self.engine_busy.set(load.engine_busy);
    }
}

fn register<C: prometheus::core::Collector + Clone + 'static>(
    registry: &Registry,
    family: C,
) -> prometheus::Result<C> {
    registry.register(Box::new(family.clone()))?;
    Ok(family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_their_unit_and_counters_their_total() {
        let metrics = Metrics::new().expect("registers");
        metrics.started("demo");
        metrics.request_time.with_label_values(&["/"]).observe(0.1);
        for family in metrics.registry.gather() {
            let name = family.name();
            assert!(name.starts_with("kinemotion_"), "{name}");
            let counter = family.get_field_type() == prometheus::proto::MetricType::COUNTER;
            assert_eq!(name.ends_with("_total"), counter, "{name}");
            assert!(!name.contains("_ms"), "{name}");
        }
    }
}
