//! What the daemon counts. Each family is declared once, with its help, unit, labels and bounds; `docs/operations/metrics.md` is made
//! from the declarations. Labels are never names of analyses or addresses, and what is known of their values is there from the start.
//!
//! | module | families |
//! |---|---|
//! | `catalogue` | how a family is declared and registered |
//! | `analyses` | analyses by state, who was let in, how soon it began, decoders |
//! | `frames` | what a frame takes, poses, frames that were dropped |
//! | `events`, `movements` | events, repetitions and their grades, warnings; who reads them |
//! | `backlog` | files and deliveries that wait in the database |
//! | `webhooks` | what becomes of deliveries |
//! | `http` | requests |
//! | `machine`, `memory_limit` | how the machine is shared out; what was built |
//! | `cluster` | Redis and replicas |
//!
//! Counters and histograms are fed where things happen. Gauges are looked at when somebody asks: what takes a moment is bounded, so that
//! numbers come also while a database does not answer.

mod analyses;
mod backlog;
mod catalogue;
mod cluster;
mod events;
mod frames;
mod http;
mod machine;
mod memory_limit;
mod movements;
#[cfg(test)]
mod page_tests;
mod webhooks;

pub use webhooks::Outcome;

use crate::serve::clock::Clock;
use crate::serve::sessions::Sessions;
use crate::serve::store::Store;
use analyses::Analyses;
use anyhow::Context;
use backlog::Waiting;
use catalogue::Catalogue;
use cluster::Cluster;
use events::Events;
use frames::Frames;
use http::Http;
use machine::Machine;
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, Registry, TextEncoder};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use webhooks::Webhooks;

/// What every name begins with, but those of the process, which are the same in every program.
const PREFIX: &str = "kinemotion";
/// Bounds of times until an answer, seconds.
const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// What waits in the database is counted no more often than this.
const COUNTED_EVERY: Duration = Duration::from_secs(5);
/// A database that has not answered after so long is not waited for: whoever asks for numbers waits some seconds.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// Everything that is counted. Clones belong together.
#[derive(Clone)]
pub struct Metrics(Arc<Families>);

/// The families by idea.
pub struct Families {
    catalogue: Catalogue,
    process: Registry,
    /// Held while somebody looks; when what waits was counted last.
    looking: Mutex<Option<Instant>>,
    /// Who was let in, and what became of it.
    pub analyses: Analyses,
    /// Frames of live analyses, and poses.
    pub frames: Frames,
    /// What analyses say, and to whom.
    pub events: Events,
    waiting: Waiting,
    /// Deliveries.
    pub webhooks: Webhooks,
    /// Requests.
    pub http: Http,
    /// What there is of the machine.
    pub machine: Machine,
    /// Redis and replicas.
    pub cluster: Cluster,
}

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
    /// Two of the same name, or one that does not say its unit, which would be a mistake here.
    pub fn new() -> prometheus::Result<Self> {
        let mut catalogue = Catalogue::new(PREFIX)?;
        let process = Registry::new();
        process.register(Box::new(ProcessCollector::for_self()))?;
        let families = Families {
            analyses: Analyses::register(&mut catalogue)?,
            frames: Frames::register(&mut catalogue)?,
            events: Events::register(&mut catalogue)?,
            waiting: Waiting::register(&mut catalogue)?,
            webhooks: Webhooks::register(&mut catalogue)?,
            http: Http::register(&mut catalogue)?,
            machine: Machine::register(&mut catalogue)?,
            cluster: Cluster::register(&mut catalogue)?,
            process,
            looking: Mutex::default(),
            catalogue,
        };
        Ok(Self(Arc::new(families)))
    }

    /// Everything as text in the Prometheus format, as it is at this moment.
    ///
    /// # Errors
    /// A family that contradicts itself, which would be a mistake here.
    pub async fn render(&self, sessions: &Sessions) -> anyhow::Result<Vec<u8>> {
        Ok(text(&self.gather(sessions).await?)?)
    }

    /// Everything that is counted, as it is at this moment.
    ///
    /// # Errors
    /// Counting panicked.
    pub async fn gather(&self, sessions: &Sessions) -> anyhow::Result<Vec<MetricFamily>> {
        let mut counted = self.looking.lock().await;
        let load = sessions.load();
        let places = sessions.places_left_at(load.as_ref());
        self.machine.look(load.as_ref());
        let (ready, ()) = tokio::join!(
            timeout(ANSWERS_WITHIN, sessions.not_ready(places)),
            self.count_what_waits(sessions.store(), &mut counted)
        );
        self.analyses.look_at_room(places, ready == Ok(None));
        let (own, all) = (self.clone(), sessions.all());
        // Sessions are asked how they are.
        let gathered = spawn_blocking(move || {
            own.analyses.look(&all);
            own.families()
        });
        gathered.await.context("counting panicked")
    }

    /// Counts what waits in the database, where that was not done a moment ago.
    async fn count_what_waits(&self, store: &Store, counted: &mut Option<Instant>) {
        if counted.is_some_and(|counted| counted.elapsed() < COUNTED_EVERY) {
            return;
        }
        match timeout(ANSWERS_WITHIN, store.backlog()).await {
            Ok(Ok(backlog)) => {
                self.waiting.look(&backlog, store.clock().now_ms());
                *counted = Some(Instant::now());
            }
            Ok(Err(error)) => {
                tracing::warn!(event = "not_counted", %error, "what waits in the database cannot be counted");
            }
            Err(_) => tracing::warn!(
                event = "not_counted",
                "what waits in the database cannot be counted: no answer within {} s",
                ANSWERS_WITHIN.as_secs()
            ),
        }
    }

    fn families(&self) -> Vec<MetricFamily> {
        let mut families = self.catalogue.registry().gather();
        families.extend(self.process.gather());
        families
    }
}

fn text(families: &[MetricFamily]) -> prometheus::Result<Vec<u8>> {
    let mut text = Vec::new();
    TextEncoder::new().encode(families, &mut text)?;
    Ok(text)
}
