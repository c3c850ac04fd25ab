//! Analyses from the store into memory: at the start of the daemon, and when somebody asks for an old one.

use super::Analysis;
use super::scribe::News;
use crate::serve::config::Config;
use crate::serve::hub::Capacity;
use crate::serve::store::{Store, StoreError};
use kinemotion_pipelines::live::SessionState;
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
            Err(error) => {
                tracing::error!(event = "analysis_unreadable", analysis = id, %error, "a stored analysis cannot be read");
            }
        }
    }
    Ok(analyses)
}

/// An analysis of which no more will be heard, or a file that waits for a worker or has one; `None` when there is none of this
/// name.
pub(super) async fn one(store: &Store, id: &str, config: &Config) -> Result<Option<Analysis>, StoreError> {
    let analysis = restore(store, id, config).await?;
    Ok(analysis.inspect(|analysis| {
        if !analysis.order.is_file() {
            analysis.hub.close();
        }
    }))
}

/// An analysis as another daemon has stored it, which may still run it; `None` when there is none of this name.
pub(super) async fn of_another(
    store: &Store,
    id: &str,
    config: &Config,
) -> Result<Option<Analysis>, StoreError> {
    let Some(stored) = store.read(id).await? else {
        return Ok(None);
    };
    Analysis::of_another(id.to_owned(), stored, store.clone(), capacity(config)).map(Some)
}

/// An analysis as it was stored; `None` when there is none of this name.
pub(super) async fn restore(
    store: &Store,
    id: &str,
    config: &Config,
) -> Result<Option<Analysis>, StoreError> {
    let Some(stored) = store.read(id).await? else {
        return Ok(None);
    };
    Analysis::restored(id.to_owned(), stored, store.clone(), capacity(config)).map(Some)
}

/// Tells analyses that a daemon left behind unfinished that they have failed, and those of files that they wait again. One that
/// cannot be read is named in the log and left alone.
pub(super) async fn end_what_was_left(store: &Store, config: &Config) -> Result<(), StoreError> {
    const ENDED: &str = "the daemon ended while this analysis ran";
    let failed = News::failed(ENDED);
    let waits = News::Anew(SessionState::Waiting, Some(format!("{ENDED}; it is tried again")));
    for (ids, news) in [
        (store.unfinished().await?, failed),
        (store.interrupted().await?, waits),
    ] {
        for id in ids {
            match restore(store, &id, config).await {
                Ok(Some(analysis)) => analysis.take_in(&news).await,
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(event = "analysis_unreadable", analysis = id, %error, "a stored analysis cannot be read");
                }
            }
        }
    }
    Ok(())
}
