//! Analyses: where they are in their lives, who was let in, and how soon it began.

use super::SECONDS;
use super::catalogue::{Catalogue, Family, Label, Unit};
use crate::serve::sessions::{Analysis, states};
use prometheus::{Histogram, IntCounterVec, IntGauge, IntGaugeVec, Result};
use std::sync::Arc;

const STATE: Label = Label::all("state", || states::ALL.map(states::name).to_vec());
const END: Label = Label::all("state", || vec!["done", "failed"]);
const SOURCE: Label = Label::all("source", || vec!["whip", "uri", "camera", "demo", "file"]);
const REASON: Label = Label::all("reason", || {
    vec![
        "draining",
        "full",
        "token",
        "memory",
        "load",
        "queue",
        "analyses_per_month",
        "live_streams",
    ]
});
/// Nothing is decoded: the family is there all the same.
const NO_DECODER: [&str; 2] = ["none", "false"];
const DECODER: Label = Label::occurring(
    "decoder",
    "GStreamer elements of this machine that decode, or none",
    &[NO_DECODER[0]],
);
const HARDWARE: Label = Label::occurring("hardware", "true, false", &[NO_DECODER[1]]);

/// See the module.
pub struct Analyses {
    present: IntGaugeVec,
    places: IntGauge,
    ready: IntGauge,
    started: IntCounterVec,
    ended: IntCounterVec,
    refused: IntCounterVec,
    decoders: IntGaugeVec,
    /// Time from the request to publish until the answer.
    pub publish_time: Histogram,
    /// Time from the request for media, to publish or to open a source, until the first pose is announced.
    pub first_pose_time: Histogram,
}

impl Analyses {
    pub(super) fn register(catalogue: &mut Catalogue) -> Result<Self> {
        Ok(Self {
            present: catalogue.gauges(
                &Family::of(
                    "analyses",
                    "Analyses in memory, live and of files, by where they are in their lives",
                )
                .labels(&[STATE]),
            )?,
            places: catalogue.gauge(&Family::of(
                "analyses_places_left",
                "Live analyses that could start now, by sessions.most and by what the machine has room for",
            ))?,
            ready: catalogue.gauge(&Family::of(
                "ready",
                "1 when a new live analysis would be taken, as /readyz has it, else 0",
            ))?,
            started: catalogue
                .counters(&Family::of("analyses_started_total", "Analyses started").labels(&[SOURCE]))?,
            ended: catalogue
                .counters(&Family::of("analyses_ended_total", "Analyses that ended").labels(&[END]))?,
            refused: catalogue.counters(
                &Family::of(
                    "analyses_refused_total",
                    "Analyses refused for lack of places, or of what a tenant may have",
                )
                .labels(&[REASON]),
            )?,
            decoders: catalogue.gauges(
                &Family::of("decoders", "Running analyses by what decodes them").labels(&[DECODER, HARDWARE]),
            )?,
            publish_time: catalogue.histogram(
                &Family::of(
                    "publish_duration_seconds",
                    "Time from the request to publish until its answer",
                )
                .unit(Unit::Seconds)
                .buckets(&SECONDS),
            )?,
            first_pose_time: catalogue.histogram(
                &Family::of(
                    "first_pose_duration_seconds",
                    "Time from the request to publish or to open a source until the first pose is announced",
                )
                .unit(Unit::Seconds)
                .buckets(&SECONDS),
            )?,
        })
    }

    /// An analysis of this source started.
    pub fn started(&self, source: &str) {
        self.started.with_label_values(&[source]).inc();
    }

    /// An analysis ended in this state.
    pub fn ended(&self, state: &str) {
        self.ended.with_label_values(&[state]).inc();
    }

    /// An analysis was refused for this reason.
    pub fn refused(&self, reason: &'static str) {
        self.refused.with_label_values(&[reason]).inc();
    }

    /// Takes over whether more would be taken.
    pub(super) fn look_at_room(&self, places: usize, ready: bool) {
        self.places.set(i64::try_from(places).unwrap_or(i64::MAX));
        self.ready.set(ready.into());
    }

    /// Asks every analysis how it is, so it may take a moment.
    pub(super) fn look(&self, all: &[Arc<Analysis>]) {
        for state in states::ALL {
            let count = all.iter().filter(|analysis| analysis.state() == state).count();
            self.present
                .with_label_values(&[states::name(state)])
                .set(count as i64);
        }
        self.decoders.reset();
        self.decoders.with_label_values(&NO_DECODER).set(0);
        for analysis in all.iter().filter(|analysis| !analysis.has_ended()) {
            let source = analysis.doing().source;
            if let Some(decoder) = &source.decoder {
                let hardware = source.hardware.unwrap_or_default().to_string();
                self.decoders
                    .with_label_values(&[decoder.as_str(), &hardware])
                    .inc();
            }
        }
    }
}
