//! Every analysis there is: made, found, ended, stored and read back.
//!
//! | module | job |
//! |---|---|
//! | `beginning`, `ending` | of analyses |
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
mod beginning;
mod diagnostics;
mod doing;
mod elsewhere;
mod ending;
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

use crate::serve::auth::{Admission, Principal, Scope};
use crate::serve::cluster::{self, Cluster};
use crate::serve::config::SharedConfig;
use crate::serve::metrics::Metrics;
use crate::serve::objects;
use crate::serve::problem::Problem;
use crate::serve::store::{Archive, Store, StoreError};
use kinemotion_pipelines::live::load::Governor;
use kinemotion_pipelines::live::{LiveError, LiveSession};
use putting_away::PuttingAway;
use scribe::Scribe;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::task::spawn_blocking;
use tokio_util::task::TaskTracker;

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
mod drain_tests;
