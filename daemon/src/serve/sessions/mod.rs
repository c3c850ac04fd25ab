//! Every analysis there is: made, found, ended, stored and read back.
//!
//! | module | job |
//! |---|---|
//! | `order` | from a request to the specification of a session |
//! | `sources` | which sources the configuration allows |
//! | `analysis` | one analysis: its events, state and results |
//! | `sink` | what a session says, on its way to the scribe |
//! | `scribe` | the one thread that numbers, stores and announces |
//! | `events` | what a session says, as events |
//! | `ledger` | what is stored along with an event |
//! | `files` | analyses of files: taken, found by their workers, removed |
//! | `recall` | analyses from the store into memory |
//! | `elsewhere` | analyses that other daemons run |
//! | `refusals` | what a session refuses, as problems |
//! | `keeper` | limits and the end of a running analysis |
//! | `putting_away` | files of what has ended, on their way into a bucket |
//! | `story` | what the log and the traces are told of an analysis |
//! | `memory` | what happens when the daemon uses too much |
//! | `ready` | whether there is room for more, and whether it would be taken |
//! | `diagnostics` | what is kept for whoever has to find out why something went wrong |
//! | `doing`, `states` | how an analysis is doing, in answers and events |

mod analysis;
mod diagnostics;
mod doing;
mod elsewhere;
mod events;
mod files;
mod keeper;
mod ledger;
mod memory;
mod order;
mod putting_away;
mod ready;
mod recall;
mod refusals;
mod scribe;
mod sink;
mod sources;
pub mod states;
mod story;

pub use analysis::Analysis;
pub use diagnostics::{Diagnostics, Kept};
pub use doing::{Counts, Doing, Latency, OutputState, ServiceView, Source};
pub use files::{NewFile, Ordered, no_such_upload};
#[cfg(test)]
pub use order::OwnWebhook;
pub use order::{FILE, FileOrder, Order};
pub use scribe::News;

use crate::serve::api::model::CreateAnalysis;
use crate::serve::auth::{Admission, Granted, Principal, Scope};
use crate::serve::cluster::{self, Cluster};
use crate::serve::config::{Config, SharedConfig};
use crate::serve::metrics::Metrics;
use crate::serve::objects;
use crate::serve::problem::Problem;
use crate::serve::store::{Archive, Exhausted, Store, StoreError};
use kinemotion_pipelines::live::load::Governor;
use kinemotion_pipelines::live::{LiveError, LiveSession, LiveSpec};
use putting_away::PuttingAway;
use scribe::Scribe;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio_util::task::TaskTracker;

/// Ended analyses whose poses are remembered, the youngest ones: whoever reads them is late by seconds, and they are most of what an analysis holds.
const WITH_POSES: usize = 8;
const NO_SUCH_ANALYSIS: &str = "there is no analysis of this name";

/// Every analysis. Clones belong together.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

struct Inner {
    config: SharedConfig,
    metrics: Metrics,
    store: Store,
    scribe: Scribe,
    admission: Admission,
    /// Where several daemons share the work.
    cluster: Option<Cluster>,
    /// By name; names rise with time. In a cluster those that are at work here: what others change is in the store alone.
    analyses: RwLock<BTreeMap<String, Arc<Analysis>>>,
    draining: AtomicBool,
    /// Whether an analysis has been taken down since memory was last given back.
    let_go: AtomicBool,
    /// Who shares the machine out, once the models are loaded.
    governor: OnceLock<Governor>,
    /// Starts of live analyses, and their keepers, which take them down.
    under_way: TaskTracker,
    /// Files of analyses that have ended, on their way into the bucket.
    putting_away: Arc<PuttingAway>,
}

impl Sessions {
    /// Reads back what is stored and is ready for more.
    ///
    /// # Errors
    /// A folder that cannot be written to, or no further thread.
    pub async fn open(config: SharedConfig, metrics: Metrics) -> anyhow::Result<Self> {
        let settings = config.get();
        let (mut store, cluster, analyses) = if settings.cluster.is_on() {
            let cluster = Cluster::new(&settings.cluster, &metrics)?;
            let storage = &settings.storage;
            let store = Store::open_shared(&storage.folder, &storage.database, cluster.replica()).await?;
            (store, Some(cluster), BTreeMap::new())
        } else {
            let server = Some(settings.storage.database.as_str()).filter(|server| !server.is_empty());
            let store = Store::open(&settings.storage.folder, server).await?;
            recall::end_what_was_left(&store, &settings).await?;
            let analyses = recall::youngest(&store, &settings).await?;
            (store, None, analyses)
        };
        if !settings.storage.bucket.is_empty() {
            let bucket = objects::bucket(&settings.s3, &settings.storage.bucket)?;
            store.put_away_in(Archive::new(bucket));
        }
        let sessions = Self(Arc::new(Inner {
            scribe: Scribe::start(metrics.clone())?,
            admission: Admission::new(config.clone())?,
            config,
            metrics,
            putting_away: PuttingAway::new(store.clone()),
            store,
            cluster,
            analyses: RwLock::new(analyses),
            draining: AtomicBool::new(false),
            let_go: AtomicBool::new(false),
            governor: OnceLock::new(),
            under_way: TaskTracker::new(),
        }));
        if sessions.0.store.folders().archive().is_some() {
            tokio::spawn(putting_away::again(Arc::downgrade(&sessions.0.putting_away)));
        }
        tokio::spawn(memory::watch(Arc::downgrade(&sessions.0)));
        sessions.join().await?;
        Ok(sessions)
    }

    /// Becomes one of several, where there are.
    async fn join(&self) -> Result<(), StoreError> {
        let Some(cluster) = self.cluster() else {
            return Ok(());
        };
        cluster.join(&self.0.store.replicas()).await?;
        self.end_what_was_left_by(None).await?;
        tokio::spawn(cluster::beat(cluster.clone()));
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(cluster::watch(cluster.clone(), move || inner.upgrade().map(Self)));
        Ok(())
    }

    /// Where several daemons share the work.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.0.cluster.as_ref()
    }

    /// Has the machine shared out among analyses that start from now on. Only the first call counts.
    pub fn govern(&self, governor: Governor) {
        // A second governor would share the same machine out again.
        let _ = self.0.governor.set(governor);
    }

    /// Who shares the machine out.
    pub fn governor(&self) -> Option<&Governor> {
        self.0.governor.get()
    }

    /// Starts an analysis. It goes on when whoever asked for it goes away.
    ///
    /// # Errors
    /// A problem that names the field, or says that there is no place.
    pub async fn create(
        &self,
        request: CreateAnalysis,
        principal: &Principal,
    ) -> Result<Arc<Analysis>, Problem> {
        let (sessions, principal) = (self.clone(), principal.clone());
        let created = async move { sessions.create_to_the_end(request, &principal).await };
        self.0
            .under_way
            .spawn(created)
            .await
            .unwrap_or_else(|_| Err(Problem::internal("starting the analysis panicked")))
    }

    async fn create_to_the_end(
        &self,
        request: CreateAnalysis,
        principal: &Principal,
    ) -> Result<Arc<Analysis>, Problem> {
        let begun = SystemTime::now();
        let config = self.0.config.get();
        let request = self.of_training_session(request, principal).await?;
        let request = self.of_athlete(request, principal).await?;
        let id = uuid::Uuid::now_v7().to_string();
        order::check(&request, &config, &principal.tenant)?;
        let mut spec = order::spec(&id, &request, &config, &self.0.store)?;
        let order = Order::of(&request, principal)?;
        let granted = Granted::to(principal, &config.tiers)?;
        self.0.admission.ask(&order, principal).await?;
        let analysis = self.take_place(&mut spec, order, &config)?;
        self.begin_to_store(&analysis, &granted).await?;
        self.publish(&analysis);
        if !analysis.order.takes_publisher() {
            analysis.await_pose(Instant::now());
        }
        let (sink, own) = (self.sink(&analysis), analysis.clone());
        let started = spawn_blocking(move || {
            let live = LiveSession::start(spec, sink).map_err(refusals::not_started)?;
            own.set_live(Some(live));
            Ok(())
        });
        let started = started
            .await
            .unwrap_or_else(|_| Err(Problem::internal("starting the session panicked")));
        if let Err(problem) = started {
            story::not_started(&analysis, begun, &problem.detail);
            self.forget(&analysis).await;
            return Err(problem);
        }
        self.0.metrics.analyses.started(&analysis.order.source);
        story::started(&analysis, begun);
        self.0
            .under_way
            .spawn(keeper::keep(self.clone(), analysis.clone()));
        Ok(analysis)
    }

    /// A request that names a training session, with the athlete who trains.
    async fn of_training_session(
        &self,
        mut request: CreateAnalysis,
        principal: &Principal,
    ) -> Result<CreateAnalysis, Problem> {
        let Some(id) = &request.training_session_id else {
            return Ok(request);
        };
        let refused = |detail: &str| Problem::invalid(detail).field("training_session_id");
        let found = self
            .0
            .store
            .training_sessions()
            .find(&principal.tenant, id)
            .await?;
        let session = found.ok_or_else(|| refused("there is no training session of this name"))?;
        request.athlete_id = match (request.athlete_id, session.athlete_id) {
            (Some(name), Some(trains)) => {
                let named = self.0.store.athletes().find(&principal.tenant, &name).await?;
                if named.is_none_or(|athlete| athlete.id != trains) {
                    return Err(refused("it is the session of another athlete"));
                }
                Some(trains)
            }
            (name, trains) => name.or(trains),
        };
        Ok(request)
    }

    /// What is known of the athlete a request names, where the request itself does not say it.
    async fn of_athlete(
        &self,
        mut request: CreateAnalysis,
        principal: &Principal,
    ) -> Result<CreateAnalysis, Problem> {
        let Some(name) = &request.athlete_id else {
            return Ok(request);
        };
        let found = self.0.store.athletes().find(&principal.tenant, name).await?;
        let athlete =
            found.ok_or_else(|| Problem::invalid("there is no athlete of this name").field("athlete_id"))?;
        request.athlete.height_m = request.athlete.height_m.or(athlete.height_m);
        request.athlete.mass_kg = request.athlete.mass_kg.or(athlete.mass_kg);
        request.athlete_id = Some(athlete.id);
        Ok(request)
    }

    /// Reserves a place and a share of the machine, so that no more analyses start than can run.
    fn take_place(
        &self,
        spec: &mut LiveSpec,
        order: Order,
        config: &Config,
    ) -> Result<Arc<Analysis>, Problem> {
        let (tenant, sport) = (order.tenant.clone(), order.sport_type.clone());
        let refuse = |reason: &'static str, detail: String| {
            self.0.metrics.analyses.refused(reason);
            story::refused(Some(&tenant), Some(&sport), reason);
            Err(Problem::unavailable(detail)
                .reason(reason)
                .retry_after(refusals::RETRY_S))
        };
        let mut analyses = self.write();
        if self.is_draining() {
            return refuse("draining", "the daemon is about to end".into());
        }
        let most = config.sessions.most;
        if running(&analyses).count() >= most {
            return refuse("full", format!("all {most} places are taken"));
        }
        let own = running(&analyses)
            .filter(|analysis| analysis.order.actor == order.actor)
            .count();
        let per_token = config.sessions.per_token;
        if per_token > 0 && own >= per_token {
            return refuse("token", format!("all {per_token} places of this token are taken"));
        }
        if memory::is_over(config.sessions.memory_mb) {
            let budget = config.sessions.memory_mb;
            return refuse(
                "memory",
                format!("the daemon uses more memory than its {budget} MB"),
            );
        }
        if let Some(governor) = self.governor() {
            match governor.admit(spec) {
                Ok(share) => spec.share = Some(share),
                Err(overload) => return refuse("load", overload.to_string()),
            }
        }
        let (id, store) = (spec.id.clone(), self.0.store.clone());
        let analysis = Arc::new(Analysis::new(id.clone(), order, store, recall::capacity(config)));
        analyses.insert(id, analysis.clone());
        Ok(analysis)
    }

    /// Stores that there is an analysis, within what its tenant may have; gives its place back when that fails.
    async fn begin_to_store(&self, analysis: &Analysis, granted: &Granted) -> Result<(), Problem> {
        let (id, state) = (&analysis.id, analysis.state());
        let stored = self
            .0
            .store
            .create(id, &analysis.order, state, granted.allowance());
        stored.await.map_err(|error| {
            self.write().remove(id);
            if let StoreError::Exhausted(what) = error {
                return self.used_up(&analysis.order.tenant, granted, what);
            }
            error.into()
        })
    }

    /// Refuses those who have used up all of something.
    fn used_up(&self, tenant: &str, granted: &Granted, what: Exhausted) -> Problem {
        let problem = granted.refuse(what, SystemTime::now());
        let reason = problem.reason.unwrap_or_default();
        self.0.metrics.analyses.refused(reason);
        story::refused(Some(tenant), None, reason);
        problem
    }

    fn tell(&self, analysis: &Arc<Analysis>, news: News) {
        self.0.scribe.tell(analysis.clone(), news);
    }

    /// The analysis of this name, for somebody who wants to do this with it; an old one is read from the store.
    ///
    /// # Errors
    /// There is none for them to see, or they may not do that.
    pub async fn find(&self, id: &str, by: &Principal, scope: Scope) -> Result<Arc<Analysis>, Problem> {
        by.may(scope)?;
        self.visible(id, by).await
    }

    /// The analysis of this name, for somebody to see.
    ///
    /// # Errors
    /// There is none for them.
    pub async fn visible(&self, id: &str, by: &Principal) -> Result<Arc<Analysis>, Problem> {
        let analysis = self.any(id).await?;
        // Somebody else's is not there at all.
        if by.sees(&analysis.order.tenant, id) {
            return Ok(analysis);
        }
        Err(Problem::not_found(NO_SUCH_ANALYSIS))
    }

    /// What was ordered under this name, for somebody who wants to do this with it: of one that is not at work here, no event is
    /// read.
    ///
    /// # Errors
    /// There is none for them to see, or they may not do that.
    pub async fn order(&self, id: &str, by: &Principal, scope: Scope) -> Result<Order, Problem> {
        by.may(scope)?;
        let order = match self.remembered(id) {
            Some(analysis) => Some(analysis.order.clone()),
            None => self.0.store.order(id).await?,
        };
        order
            .filter(|order| by.sees(&order.tenant, id))
            .ok_or_else(|| Problem::not_found(NO_SUCH_ANALYSIS))
    }

    async fn any(&self, id: &str) -> Result<Arc<Analysis>, Problem> {
        if let Some(analysis) = self.remembered(id) {
            return Ok(analysis);
        }
        let config = self.0.config.get();
        let recalled = match self.cluster() {
            Some(_) => recall::of_another(&self.0.store, id, &config).await,
            None => recall::one(&self.0.store, id, &config).await,
        };
        match recalled {
            Ok(Some(analysis)) => Ok(self.recalled(Arc::new(analysis))),
            Ok(None) => Err(Problem::not_found(NO_SUCH_ANALYSIS)),
            Err(error) => Err(error.into()),
        }
    }

    /// One of which more will be heard is the same for everybody: whoever listens and whoever works on it.
    fn recalled(&self, analysis: Arc<Analysis>) -> Arc<Analysis> {
        if analysis.has_ended() || self.cluster().is_some() {
            return analysis;
        }
        let mut analyses = self.write();
        analyses.entry(analysis.id.clone()).or_insert(analysis).clone()
    }

    /// All in memory, the youngest first.
    pub fn all(&self) -> Vec<Arc<Analysis>> {
        self.read().values().rev().cloned().collect()
    }

    /// The analysis of this name if it is in memory, where everything is known of it.
    pub fn remembered(&self, id: &str) -> Option<Arc<Analysis>> {
        self.read().get(id).cloned()
    }

    /// Ends a running analysis, keeping its results; removes an ended one with its files, and one of a file at any time.
    ///
    /// # Errors
    /// What cannot be removed.
    pub async fn end(&self, analysis: &Arc<Analysis>, reason: &str) -> Result<(), Problem> {
        if analysis.order.is_file() {
            return self.remove_file(analysis, reason).await;
        }
        if !analysis.has_ended() {
            analysis.ask_to_end(reason);
            return Ok(());
        }
        self.0.store.remove(&analysis.id).await?;
        self.write().remove(&analysis.id);
        Ok(())
    }

    /// Removes analyses with everything that belongs to them; of files, also those that wait or run.
    ///
    /// # Errors
    /// A live one of them runs, and nothing is removed; or what cannot be removed.
    pub async fn erase(&self, ids: &[String]) -> Result<(), Problem> {
        let runs = |id: &String| running(&self.read()).any(|analysis| analysis.id == *id);
        if let Some(id) = ids.iter().find(|id| runs(id)) {
            return Err(Problem::conflict(format!("the analysis {id} runs: end it first")));
        }
        self.none_runs_elsewhere(ids).await?;
        for id in ids {
            if let Some(file) = self.open_file(id).await? {
                self.remove_file(&file, "it is erased").await?;
                continue;
            }
            self.0.store.remove(id).await?;
            self.write().remove(id);
        }
        Ok(())
    }

    /// Undoes the making of an analysis that came to nothing: no place, no file, no name is left.
    pub async fn forget(&self, analysis: &Arc<Analysis>) {
        let own = analysis.clone();
        let undone = spawn_blocking(move || {
            Handle::current().block_on(own.take_in(&News::failed("nothing came of it")));
            drop(own.set_live(None));
        });
        if undone.await.is_err() {
            tracing::error!(
                event = "panicked",
                analysis = analysis.id,
                "undoing a failed start panicked"
            );
        }
        if let Err(error) = self.0.store.remove(&analysis.id).await {
            tracing::error!(event = "order_left", analysis = analysis.id, %error, "something of a failed start is left");
        }
        let order = &analysis.order;
        let usage = self.0.store.usage();
        let back = usage.take_back(&order.tenant, &order.created_at);
        if let Err(error) = back.await {
            tracing::error!(event = "usage_not_taken_back", analysis = analysis.id, %error, "a failed start is counted");
        }
        self.write().remove(&analysis.id);
    }

    /// Runs something that blocks on the session of an analysis.
    ///
    /// # Errors
    /// What the session says, or that the analysis has ended.
    pub async fn with_live<T, F>(&self, analysis: &Arc<Analysis>, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&LiveSession) -> Result<T, LiveError> + Send + 'static,
    {
        let analysis = analysis.clone();
        let done = spawn_blocking(move || match analysis.live() {
            // An ended one is still held for a moment, until it is taken down.
            Some(live) if !analysis.has_ended() => work(&live).map_err(Problem::from),
            _ if analysis.order.is_file() => {
                Err(Problem::conflict("the analysis of a file has no live session"))
            }
            _ => Err(Problem::conflict("the analysis has ended")),
        });
        done.await
            .unwrap_or_else(|_| Err(Problem::internal("the session panicked")))
    }

    /// Notes that an analysis has ended and been taken down.
    fn ended(&self, analysis: &Analysis) {
        let record = analysis.record();
        let state = states::name(record.state);
        self.0.metrics.analyses.ended(state);
        story::ended(analysis);
        let remembered = match self.cluster() {
            Some(_) => 0,
            None => self.0.config.get().storage.remembered,
        };
        let mut analyses = self.write();
        let ended: Vec<String> = analyses
            .values()
            .filter(|analysis| analysis.has_ended())
            .map(|analysis| analysis.id.clone())
            .collect();
        for id in ended.iter().take(ended.len().saturating_sub(remembered)) {
            analyses.remove(id);
        }
        let beyond = ended.len().saturating_sub(WITH_POSES);
        for analysis in ended.iter().take(beyond).filter_map(|id| analyses.get(id)) {
            analysis.hub.forget_poses();
        }
        self.0.let_go.store(true, Ordering::Relaxed);
        self.0.putting_away.begin(&analysis.id);
    }

    /// Refuses what is new, lets what runs finish within the configured time, and ends what does not. Their keepers take them down;
    /// files on their way into the bucket have as long again.
    pub async fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
        tracing::info!(
            event = "draining",
            "finishing what runs; the next signal ends at once"
        );
        let limits = self.0.config.get().sessions.clone();
        let running: Vec<Arc<Analysis>> = running(&self.read()).cloned().collect();
        for analysis in &running {
            analysis.ask_to_end("the daemon is about to end");
        }
        let longest = Duration::from_secs(limits.drain_s);
        let all_ended = futures_util::future::join_all(running.iter().map(|analysis| analysis.hub.closed()));
        if tokio::time::timeout(longest, all_ended).await.is_err() {
            for analysis in running.iter().filter(|analysis| !analysis.has_ended()) {
                tracing::warn!(
                    event = "analysis_cut",
                    analysis = analysis.id,
                    "analysis did not finish in time"
                );
                self.tell(
                    analysis,
                    News::failed("the daemon ended before the analysis had finished"),
                );
            }
        }
        let scribe = self.clone();
        let finished = spawn_blocking(move || scribe.0.scribe.finish()).await;
        if finished.is_err() {
            tracing::error!(event = "panicked", "ending the scribe panicked");
        }
        self.0.under_way.close();
        self.0.under_way.wait().await;
        self.0.putting_away.finish(longest).await;
    }

    /// Whether nothing new is taken any more.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::SeqCst)
    }

    /// Where results are stored.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Arc<Analysis>>> {
        self.0.analyses.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Arc<Analysis>>> {
        self.0.analyses.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those that run live. Files wait for workers, which are as many as are configured.
fn running(analyses: &BTreeMap<String, Arc<Analysis>>) -> impl Iterator<Item = &Arc<Analysis>> {
    analyses
        .values()
        .filter(|analysis| !analysis.has_ended() && !analysis.order.is_file())
}

#[cfg(test)]
#[path = "drain_tests.rs"]
mod tests;
