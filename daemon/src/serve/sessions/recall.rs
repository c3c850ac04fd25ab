//! Analyses from the store into memory: at the start of the daemon, and when somebody asks for an old one.

use super::Analysis;
use super::scribe::News;
use crate::serve::config::Config;
use crate::serve::hub::Capacity;
use crate::serve::store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How much an analysis remembers of what may be forgotten.
pub(super) fn capacity(config: &Config) -> Capacity {
    Capacity {
        interim: config.sessions.interim_events,
        poses: config.sessions.recent_poses,
    }
}

/// The youngest stored analyses. One that cannot be read is named in the log and left alone.
pub(super) async fn youngest(
    store: &Store,
    config: &Config,
) -> Result<BTreeMap<String, Arc<Analysis>>, StoreError> {
    let mut analyses = BTreeMap::new();
    for id in store.youngest(config.storage.remembered).await? {
        match one(store, &id, config).await {
            Ok(Some(analysis)) => {
                analyses.insert(id, Arc::new(analysis));
            }
            Ok(None) => {}
            Err(error) => tracing::error!(analysis = id, %error, "a stored analysis cannot be read"),
        }
    }
    Ok(analyses)
}

/// An analysis of which no more will be heard; `None` when there is none of this name.
pub(super) async fn one(store: &Store, id: &str, config: &Config) -> Result<Option<Analysis>, StoreError> {
    let analysis = restore(store, id, config).await?;
    Ok(analysis.inspect(|analysis| analysis.hub.close()))
}

/// An analysis as it was stored; `None` when there is none of this name.
async fn restore(store: &Store, id: &str, config: &Config) -> Result<Option<Analysis>, StoreError> {
    let Some(stored) = store.read(id).await? else {
        return Ok(None);
    };
    Analysis::restored(id.to_owned(), stored, store.clone(), capacity(config)).map(Some)
}

/// Tells analyses that a daemon left behind unfinished that they have failed. One that cannot be read is named in the log
/// and left alone.
pub(super) async fn end_what_was_left(store: &Store, config: &Config) -> Result<(), StoreError> {
    let failed = News::failed("the daemon ended while this analysis ran");
    for id in store.unfinished().await? {
        match restore(store, &id, config).await {
            Ok(Some(analysis)) => analysis.take_in(&failed).await,
            Ok(None) => {}
            Err(error) => tracing::error!(analysis = id, %error, "a stored analysis cannot be read"),
        }
    }
    Ok(())
}
