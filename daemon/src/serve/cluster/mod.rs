//! Several daemons behind any load balancer, as one ([ADR 26](../../../../docs/adr/0026-replicas.md)).
//!
//! They share a database, a folder and a Redis. Each analysis runs at one of them, its owner; any of them answers for it.
//!
//! | module | job |
//! |---|---|
//! | `link` | the connection to Redis |
//! | `heartbeat` | says that this replica is there, and ends what others have left |
//! | `message`, `relay` | events of an analysis for readers at other replicas |
//! | `proxy` | requests that only the owner can answer |
//! | `hop` | how a replica knows that a request comes from another |
//! | `bucket` | how fast requests may come, counted together |

mod bucket;
mod heartbeat;
mod hop;
mod link;
mod message;
mod proxy;
mod relay;

pub use bucket::take;
pub use heartbeat::{beat, watch};
pub use hop::is_from_replica;
pub use link::Link;
pub use proxy::to_owner;

use super::config;
use super::hub::{Hub, Types};
use super::metrics::Metrics;
use super::outgoing;
use super::store::{Replicas, Store, StoreError};
use relay::Follower;
use reqwest::Client;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// This replica among the others. Clones belong together.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

struct Inner {
    link: Link,
    metrics: Metrics,
    /// Asks other replicas.
    client: Client,
    /// The name of this one, made up at every start.
    replica: String,
    /// Where the others reach it.
    address: String,
    /// Analyses of others that are read here.
    followed: Mutex<HashMap<String, Weak<Hub>>>,
}

impl Cluster {
    /// A replica that nobody knows yet.
    ///
    /// # Errors
    /// No TLS, or an address that is none.
    pub fn new(settings: &config::Cluster, metrics: &Metrics) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Inner {
            link: Link::new(&settings.redis, metrics.clone())?,
            metrics: metrics.clone(),
            client: outgoing::client()?,
            replica: uuid::Uuid::now_v7().to_string(),
            address: settings.address.trim_end_matches('/').to_owned(),
            followed: Mutex::default(),
        })))
    }

    /// The name of this replica.
    pub fn replica(&self) -> &str {
        &self.0.replica
    }

    /// The connection to Redis.
    pub fn link(&self) -> &Link {
        &self.0.link
    }

    /// Says for the first time that this replica is there.
    ///
    /// # Errors
    /// A database that cannot be written to.
    pub async fn join(&self, replicas: &Replicas) -> Result<(), StoreError> {
        tracing::info!(
            event = "replica_joined",
            replica = self.replica(),
            address = self.0.address,
            "one of several"
        );
        replicas.beat(self.replica(), &self.0.address).await
    }

    /// Tells other replicas what is said in a hub from now on.
    pub fn publish(&self, analysis_id: &str, hub: &Arc<Hub>) {
        let after = hub.next_sequence();
        let reader = hub.read(after, Types::ALL);
        let publish = relay::publish(self.0.link.clone(), analysis_id.to_owned(), reader, after);
        tokio::spawn(publish);
    }

    /// Where an analysis is heard that another replica runs: in this hub, which has what is stored, or where it is heard already.
    pub fn follow(&self, analysis_id: &str, of_file: bool, hub: &Arc<Hub>, store: &Store) -> Arc<Hub> {
        let mut followed = self.0.followed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = followed.get(analysis_id).and_then(Weak::upgrade) {
            return known;
        }
        followed.retain(|_, hub| hub.strong_count() > 0);
        followed.insert(analysis_id.to_owned(), Arc::downgrade(hub));
        let follower = Follower {
            replicas: store.replicas(),
            analysis_id: analysis_id.to_owned(),
            of_file,
            hub: Arc::downgrade(hub),
        };
        tokio::spawn(follower.follow(self.0.link.clone()));
        hub.clone()
    }

    /// The key of a replica in Redis.
    fn key(replica: &str) -> String {
        format!("km:replica:{replica}")
    }

    /// This replica ends: nobody needs to wait until it is missed.
    pub async fn leave(&self, replicas: &Replicas) {
        let mut gone = redis::cmd("DEL");
        gone.arg(Self::key(self.replica()));
        let _: redis::RedisResult<()> = self.0.link.ask(&gone).await;
        if let Err(error) = replicas.leave(self.replica()).await {
            tracing::warn!(event = "replica_not_left", %error, "this replica will be missed");
        }
    }
}
