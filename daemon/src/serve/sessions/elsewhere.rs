//! Analyses that other daemons run, and what of those here they need to know. Without a cluster there are none.

use super::scribe::News;
use super::{Analysis, NO_SUCH_ANALYSIS, Sessions, recall};
use crate::serve::cluster::Cluster;
use crate::serve::hub::Hub;
use crate::serve::problem::Problem;
use crate::serve::store::StoreError;
use std::sync::Arc;

/// Why an analysis has failed whose daemon is not heard of any more.
const LOST: &str = "the daemon that ran this analysis was lost";
/// Why one has failed that ran here and does not any more: the database took its end for a failure that does not pass.
const NOT_STORED: &str = "the end of this analysis could not be stored";

impl Sessions {
    /// Tells other daemons what an analysis says from now on.
    pub(super) fn publish(&self, analysis: &Analysis) {
        if let Some(cluster) = self.cluster() {
            cluster.publish(&analysis.id, &analysis.hub);
        }
    }

    /// Where an analysis is heard, whichever daemon runs it.
    pub fn heard(&self, analysis: &Analysis) -> Arc<Hub> {
        // A worker of this daemon may have taken it up meanwhile.
        if let Some(known) = self.remembered(&analysis.id) {
            return known.hub.clone();
        }
        match self.cluster() {
            Some(cluster) if !analysis.has_ended() => cluster.follow(
                &analysis.id,
                analysis.order.is_file(),
                &analysis.hub,
                &self.0.store,
            ),
            _ => analysis.hub.clone(),
        }
    }

    /// A file is worked on here from now on.
    pub(super) async fn take_up(&self, id: &str) -> Result<Arc<Analysis>, Problem> {
        let config = self.0.config.get();
        let analysis = recall::one(&self.0.store, id, &config).await;
        let analysis = analysis.map_err(|error| {
            tracing::error!(event = "analysis_unreadable", analysis = id, %error, "a stored analysis cannot be read");
            Problem::internal("the stored analysis cannot be read")
        })?;
        let analysis = Arc::new(analysis.ok_or_else(|| Problem::not_found(NO_SUCH_ANALYSIS))?);
        self.write().insert(id.to_owned(), analysis.clone());
        self.publish(&analysis);
        Ok(analysis)
    }

    /// A worker is through with a file. When it has not ended, whoever reads here asks again, and hears it from whoever goes on.
    pub fn put_down(&self, analysis: &Arc<Analysis>) {
        if self.cluster().is_none() {
            return;
        }
        let mut analyses = self.write();
        // Another worker may have taken it up again.
        let known = analyses.get(&analysis.id);
        if known.is_some_and(|known| Arc::ptr_eq(known, analysis)) {
            analyses.remove(&analysis.id);
        }
        drop(analyses);
        analysis.hub.close();
    }

    /// Whether none of these runs at another daemon.
    pub(super) async fn none_runs_elsewhere(&self, ids: &[String]) -> Result<(), Problem> {
        let Some(cluster) = self.cluster() else {
            return Ok(());
        };
        for id in ids {
            let owner = self.0.store.replicas().owner(id).await;
            let owner = owner.map_err(|error| {
                Problem::internal(format!("whoever runs {id} cannot be looked up: {error}"))
            })?;
            if owner.is_some_and(|owner| owner.replica != cluster.replica()) {
                let detail = format!("the analysis {id} runs at another daemon: end it first");
                return Err(Problem::conflict(detail));
            }
        }
        Ok(())
    }

    /// Ends the live analyses that a lost replica has left, or a daemon that had the database for itself, or this one without knowing it. Whoever else does the same at the
    /// same moment writes the same, and it is written once. One that cannot be read is named in the log and left alone.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn end_what_was_left_by(&self, replica: Option<&str>) -> Result<(), StoreError> {
        let config = self.0.config.get();
        let own = self.cluster().map(Cluster::replica);
        let why = if replica.is_some() && replica == own {
            NOT_STORED
        } else {
            LOST
        };
        for id in self.0.store.replicas().left_by(replica).await? {
            // It runs.
            if self.remembered(&id).is_some() {
                continue;
            }
            match recall::restore(&self.0.store, &id, &config).await {
                Ok(Some(analysis)) => {
                    tracing::warn!(event = "analysis_abandoned", analysis = id, "{why}");
                    analysis.take_in(&News::failed(why)).await;
                }
                Ok(None) => {}
                Err(error) if error.is_outage() => return Err(error),
                Err(error) => {
                    tracing::error!(event = "analysis_unreadable", analysis = id, %error, "a stored analysis cannot be read");
                }
            }
        }
        Ok(())
    }
}
