//! The machine: how it is shared out, what runs on it, and how much of it there is.

use super::catalogue::{Catalogue, Family, Label, Unit};
use super::memory_limit;
use kinemotion_models::{Engine, ExecutionProvider};
use kinemotion_pipelines::live::load::{LoadState, Step};
use prometheus::{Gauge, GaugeVec, IntCounterVec, IntGauge, IntGaugeVec, Result};
use std::sync::{Arc, OnceLock, Weak};

/// Steps that take something away.
const STEP: Label = Label::all("step", || Step::ALL[1..].iter().map(|step| step.name()).collect());
const WHICH: Label = Label::all("which", || vec!["all", "busy", "inference"]);
const PROVIDER: Label = Label::all("provider", || {
    ExecutionProvider::ALL.map(ExecutionProvider::name).to_vec()
});
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Said by whoever builds a release; a build of somebody who says nothing may hold anything.
const COMMIT: &str = match option_env!("KINEMOTION_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};
const BUILD: [Label; 2] = [
    Label::occurring("version", "that of this program", &[VERSION]),
    Label::occurring(
        "commit",
        "KINEMOTION_COMMIT when it was built, or unknown",
        &[COMMIT],
    ),
];

/// See the module.
pub struct Machine {
    step: IntGauge,
    degraded: IntGauge,
    degradations: IntCounterVec,
    processors: GaugeVec,
    engine_busy: Gauge,
    provider: IntGaugeVec,
    memory_limit: IntGauge,
    /// Asked what it does whenever somebody looks.
    engine: OnceLock<Weak<Engine>>,
}

impl Machine {
    pub(super) fn register(catalogue: &mut Catalogue) -> Result<Self> {
        let build = catalogue
            .gauges(&Family::of("build_info", "1 for the version and the commit that run").labels(&BUILD))?;
        build.with_label_values(&[VERSION, COMMIT]).set(1);
        Ok(Self {
            step: catalogue.gauge(&Family::of(
                "load_step",
                "How much less live analyses get: 0 nothing, 1 fewer poses, 2 no model above balanced, 3 the lightest model, 4 no \
                 overlay",
            ))?,
            degraded: catalogue.gauge(&Family::of(
                "analyses_degraded",
                "Live analyses that get less than they asked for",
            ))?,
            degradations: catalogue.counters(
                &Family::of(
                    "degradations_total",
                    "How often a step was taken that gives live analyses less, see load_step",
                )
                .labels(&[STEP]),
            )?,
            processors: catalogue.real_gauges(
                &Family::of(
                    "processors",
                    "Processors: those this process may use, those busy whoever uses them, those that run networks for it",
                )
                .labels(&[WHICH]),
            )?,
            engine_busy: catalogue.real_gauge(
                &Family::of(
                    "inference_busy_ratio",
                    "Share of their time that inference workers are busy",
                )
                .unit(Unit::Ratio),
            )?,
            provider: catalogue.gauges(
                &Family::of(
                    "inference_provider",
                    "1 for the execution provider that runs the networks, else 0",
                )
                .labels(&[PROVIDER]),
            )?,
            memory_limit: catalogue.gauge(
                &Family::of(
                    "memory_limit_bytes",
                    "Memory this process may use: the least memory.max of its control groups (cgroup v2), or all of the machine",
                )
                .unit(Unit::Bytes),
            )?,
            engine: OnceLock::new(),
        })
    }

    /// The engine whose doings are told from now on.
    pub fn watch(&self, engine: &Arc<Engine>) {
        // There is one per daemon.
        let _ = self.engine.set(Arc::downgrade(engine));
    }

    /// Takes over how the machine is shared out, once it is. Called by one at a time.
    pub(super) fn look(&self, load: Option<&LoadState>) {
        match memory_limit::bytes() {
            Ok(bytes) => self.memory_limit.set(i64::try_from(bytes).unwrap_or(i64::MAX)),
            Err(error) => {
                tracing::warn!(event = "memory_limit_unknown", %error, "nobody knows how much memory there is");
            }
        }
        if let Some(engine) = self.engine.get().and_then(Weak::upgrade) {
            for provider in ExecutionProvider::ALL.map(ExecutionProvider::name) {
                self.provider
                    .with_label_values(&[provider])
                    .set((provider == engine.provider()).into());
            }
        }
        let Some(load) = load else { return };
        self.step.set(load.step as i64);
        self.degraded.set(load.degraded as i64);
        for (step, taken) in Step::ALL.into_iter().zip(load.taken).skip(1) {
            let counter = self.degradations.with_label_values(&[step.name()]);
            counter.inc_by(taken.saturating_sub(counter.get()));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn load(taken: [u64; Step::ALL.len()]) -> LoadState {
        LoadState {
            step: Step::Balanced,
            taken,
            degraded: 2,
            room: 0,
            cores: 4.0,
            busy: 3.5,
            inference: 3.0,
            engine_busy: 0.9,
        }
    }

    #[test]
    fn steps_that_were_taken_are_counted_once_however_often_somebody_looks() {
        let mut catalogue = Catalogue::new("test").expect("a prefix");
        let machine = Machine::register(&mut catalogue).expect("registers");
        let count = |step| machine.degradations.with_label_values(&[step]).get();
        machine.look(Some(&load([0, 1, 1, 0, 0])));
        machine.look(Some(&load([0, 1, 1, 0, 0])));
        assert_eq!((count("pose_rate"), count("balanced"), count("fast")), (1, 1, 0));
        machine.look(Some(&load([0, 3, 1, 0, 0])));
        assert_eq!((count("pose_rate"), count("balanced")), (3, 1));
        assert_eq!((machine.step.get(), machine.degraded.get()), (2, 2));
        assert!(machine.memory_limit.get() > 1 << 20);
    }
}
