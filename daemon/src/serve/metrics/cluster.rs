//! What several daemons share.

use super::catalogue::{Catalogue, Family};
use prometheus::{IntGaugeVec, Result};

const IN_A_CLUSTER: &str = "in a cluster";
const NO_LABELS: [&str; 0] = [];

/// See the module. Without a cluster there is nothing to tell: a 0 would be a Redis that is lost.
pub struct Cluster {
    redis_up: IntGaugeVec,
    replicas: IntGaugeVec,
}

impl Cluster {
    pub(super) fn register(catalogue: &mut Catalogue) -> Result<Self> {
        Ok(Self {
            redis_up: catalogue.gauges(
                &Family::of("redis_up", "1 while the Redis of the cluster answers, else 0")
                    .only(IN_A_CLUSTER),
            )?,
            replicas: catalogue.gauges(
                &Family::of("replicas", "Replicas of the cluster that are there").only(IN_A_CLUSTER),
            )?,
        })
    }

    /// Whether the Redis of the cluster answers.
    pub fn redis(&self, up: bool) {
        self.redis_up.with_label_values(&NO_LABELS).set(up.into());
    }

    /// How many replicas of the cluster are there.
    pub fn replicas(&self, present: i64) {
        self.replicas.with_label_values(&NO_LABELS).set(present);
    }
}
