//! Who is there. Each replica says so every second, in Redis and in the database. One that neither has heard of for [`GONE`] is gone:
//! whoever notices ends its live analyses and puts its files back into the queue.
//!
//! Both, so that a replica that loses one of them is not taken for lost. Whoever cannot ask Redis takes nobody for lost, nor does who
//! has it back for a moment only: the others say that they are there within a second.

use super::Cluster;
use crate::serve::clock::milliseconds;
use crate::serve::sessions::Sessions;
use crate::serve::store::{Replicas, StoreError};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often a replica says that it is there.
const EVERY: Duration = Duration::from_secs(1);
/// Live analyses of its own that a replica has ended without storing it are looked for once in so many times.
const OWN: u64 = 10;
/// A replica that is not heard of for so long is gone.
const GONE: Duration = Duration::from_secs(5);
/// After Redis was away, whoever is there has said so again by then.
const SETTLES: Duration = Duration::from_secs(3);

/// Says in Redis that this replica is there, as long as the process lives.
pub async fn beat(cluster: Cluster) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let key = Cluster::key(cluster.replica());
        cluster
            .link()
            .beat(&key, &cluster.0.address, GONE.as_secs())
            .await;
    }
}

/// Says in the database that this replica is there, and ends what others have left, as long as there are sessions.
pub async fn watch(cluster: Cluster, sessions: impl Fn() -> Option<Sessions>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut well = true;
    for beat in 0.. {
        ticks.tick().await;
        let Some(sessions) = sessions() else { return };
        // One that hangs must not keep this replica from saying that it is there once more.
        let looked = timeout(GONE, look(&cluster, &sessions, looks_for_own(beat))).await;
        let error = match looked {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("it does not answer within {} s", GONE.as_secs())),
        };
        match error {
            Some(error) if well => {
                tracing::warn!(
                    event = "database_lost",
                    error,
                    "the database is out of reach: this replica is not heard of there"
                );
                well = false;
            }
            None if !well => {
                tracing::info!(event = "database_back", "the database is there again");
                well = true;
            }
            _ => {}
        }
    }
}

/// Whether it is time for a look at what this replica itself has left: at the first beat, and now and then.
fn looks_for_own(beat: u64) -> bool {
    beat.is_multiple_of(OWN)
}

async fn look(cluster: &Cluster, sessions: &Sessions, own: bool) -> Result<(), StoreError> {
    let replicas = sessions.store().replicas();
    replicas.beat(cluster.replica(), &cluster.0.address).await?;
    let present = replicas.present(milliseconds(GONE)).await?;
    cluster.0.metrics.cluster.replicas(present);
    for replica in lost(cluster, &replicas).await? {
        tracing::error!(event = "replica_lost", replica, "a replica is lost");
        sessions.store().jobs().take_from(&replica).await?;
        sessions.end_what_was_left_by(Some(&replica)).await?;
        replicas.leave(&replica).await?;
    }
    if own {
        sessions.end_what_was_left_by(Some(cluster.replica())).await?;
    }
    Ok(())
}

/// Replicas that nobody has heard of.
async fn lost(cluster: &Cluster, replicas: &Replicas) -> Result<Vec<String>, StoreError> {
    let mut lost = Vec::new();
    for replica in replicas.absent(milliseconds(GONE)).await? {
        if replica != cluster.replica() && is_lost(cluster, &replica).await {
            lost.push(replica);
        }
    }
    Ok(lost)
}

async fn is_lost(cluster: &Cluster, replica: &str) -> bool {
    if cluster.link().up_for().is_none_or(|up| up < SETTLES) {
        return false;
    }
    let mut known = redis::cmd("EXISTS");
    known.arg(Cluster::key(replica));
    matches!(cluster.link().ask::<u8>(&known).await, Ok(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_beat_in_ten_looks_for_what_this_replica_has_left() {
        let looks: Vec<u64> = (0..25).filter(|beat| looks_for_own(*beat)).collect();
        assert_eq!(looks, [0, 10, 20]);
    }
}
