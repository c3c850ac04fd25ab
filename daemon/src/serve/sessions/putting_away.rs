//! Files of analyses that have ended, on their way into the bucket. Without one there is nothing to do.
//!
//! A bucket that is away leaves them in the folder, from which they are served, and so does the end of the daemon. What lies there of
//! analyses that ended [`LEFT`] ago is tried again [`EVERY`] hour, by each daemon that sees the folder: two that do so at once put the
//! same there.

use crate::serve::clock::{milliseconds, moment};
use crate::serve::store::{Store, StoreError, now_ms};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::task::TaskTracker;

/// Analyses whose files are put away at once: each holds some parts of a file in memory.
const AT_ONCE: usize = 2;
/// How often what is left in the folder is tried again.
const EVERY: Duration = Duration::from_secs(3600);
/// Files of an analysis that ended so long ago are nobody's any more.
const LEFT: Duration = Duration::from_secs(3600);
/// When so many in a row are not taken, the bucket is away and the next would fare no better. One that is never taken holds nobody up.
const ENOUGH: u32 = 3;

/// See the module.
pub struct PuttingAway {
    store: Store,
    places: Semaphore,
    tasks: TaskTracker,
    /// Analyses whose files are under way or wait for a place.
    open: Mutex<BTreeSet<String>>,
}

impl PuttingAway {
    /// From the folder of a store into its bucket.
    pub fn new(store: Store) -> Arc<Self> {
        Arc::new(Self {
            store,
            places: Semaphore::new(AT_ONCE),
            tasks: TaskTracker::new(),
            open: Mutex::default(),
        })
    }

    /// An analysis has ended.
    pub fn begin(self: &Arc<Self>, id: &str) {
        self.lock().insert(id.to_owned());
        let (own, id) = (self.clone(), id.to_owned());
        self.tasks.spawn(async move { own.put(&id).await });
    }

    /// The daemon ends: waits for what is under way, but no longer than this, and names what stays in the folder.
    pub async fn finish(&self, longest: Duration) {
        self.tasks.close();
        if timeout(longest, self.tasks.wait()).await.is_ok() {
            return;
        }
        for id in &*self.lock() {
            tracing::warn!(
                event = "files_not_put_away",
                analysis = id,
                "its files stay in the folder: they did not reach the bucket in time"
            );
        }
    }

    /// Tries again what was left in the folder of analyses that ended before a moment, RFC 3339 as stored.
    ///
    /// # Errors
    /// A database or a folder that cannot be read.
    async fn again(&self, ended_before: &str) -> Result<(), StoreError> {
        let mut failed = 0;
        for id in self.store.left_in_folder(ended_before).await? {
            if self.tasks.is_closed() {
                break;
            }
            let is_under_way = !self.lock().insert(id.clone());
            if is_under_way {
                continue;
            }
            let done = self.tasks.track_future(self.put(&id)).await;
            failed = if matches!(done, Err(StoreError::Bucket(_))) {
                failed + 1
            } else {
                0
            };
            if failed == ENOUGH {
                break;
            }
        }
        Ok(())
    }

    /// Puts the files of an analysis away, if they can be.
    async fn put(&self, id: &str) -> Result<(), StoreError> {
        // It is never closed.
        let _place = self.places.acquire().await;
        let done = self.store.put_away(id).await;
        self.lock().remove(id);
        done.inspect_err(
            |error| tracing::error!(event = "files_not_put_away", analysis = id, %error, "its files stay in the folder for now"),
        )
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tries again now and then what was left, as long as there is somebody who puts things away.
pub async fn again(putting_away: Weak<PuttingAway>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(putting_away) = putting_away.upgrade() else {
            return;
        };
        let ended_before = moment(now_ms() - milliseconds(LEFT));
        if let Err(error) = putting_away.again(&ended_before).await {
            tracing::error!(event = "files_not_put_away", %error, "nobody knows which files were left in the folder");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::hub::{EventType, Line};
    use crate::serve::sessions::Order;
    use crate::serve::store::{Allowance, Along, Archive};
    use kinemotion_pipelines::live::SessionState;
    use object_store::memory::InMemory;
    use object_store::throttle::{ThrottleConfig, ThrottledStore};

    const ENDED: &str = "0199d4c0-0000-7000-8000-000000000001";
    const RUNS: &str = "0199d4c0-0000-7000-8000-000000000002";
    const HOUR: Duration = Duration::from_secs(3600);

    /// A store with a bucket, and a recording each of an analysis that has ended and one that runs.
    async fn store(folder: &tempfile::TempDir, archive: Archive) -> Store {
        let mut store = Store::open(folder.path(), None).await.expect("opens");
        store.put_away_in(archive);
        let order = Order {
            record: true,
            ..Order::of_a_demo()
        };
        for id in [ENDED, RUNS] {
            let created = store.create(id, &order, SessionState::Live, Allowance::default());
            created.await.expect("creates");
            std::fs::write(store.recording(id), "video").expect("writes");
        }
        let along = Along {
            state: Some((SessionState::Done, None)),
            ..Along::default()
        };
        let line = Line::stored(0, EventType::State, "{}");
        store.append(ENDED, &line, along).await.expect("appends");
        store
    }

    async fn is_in(archive: &Archive, id: &str) -> bool {
        let found = archive.look(id, "recording.mp4").await;
        found.expect("looks").is_some()
    }

    #[tokio::test]
    async fn what_was_left_in_the_folder_is_tried_again_when_it_is_nobodys_any_more() {
        let (folder, archive) = (
            tempfile::tempdir().expect("a folder"),
            Archive::new(InMemory::new()),
        );
        let store = store(&folder, archive.clone()).await;
        let putting_away = PuttingAway::new(store.clone());
        let now = now_ms();
        putting_away
            .again(&moment(now - milliseconds(HOUR)))
            .await
            .expect("looks");
        assert!(!is_in(&archive, ENDED).await, "whoever ran it may be at it");
        let later = moment(now + milliseconds(HOUR));
        putting_away.again(&later).await.expect("looks");
        assert!(is_in(&archive, ENDED).await && !store.recording(ENDED).exists());
        assert!(!is_in(&archive, RUNS).await && store.recording(RUNS).exists());
        store.aged().remove_files(ENDED).await.expect("removes");
        std::fs::create_dir(store.folders().of(ENDED)).expect("a folder");
        std::fs::write(store.recording(ENDED), "video").expect("writes");
        putting_away.again(&later).await.expect("looks");
        assert!(!is_in(&archive, ENDED).await, "it was too old to be kept");
    }

    #[tokio::test]
    async fn a_bucket_that_hangs_keeps_nobody_from_ending() {
        let folder = tempfile::tempdir().expect("a folder");
        let slow = ThrottleConfig {
            wait_put_per_call: 24 * HOUR,
            ..ThrottleConfig::default()
        };
        let archive = Archive::new(ThrottledStore::new(InMemory::new(), slow));
        let store = store(&folder, archive).await;
        let putting_away = PuttingAway::new(store.clone());
        putting_away.begin(ENDED);
        putting_away.finish(Duration::ZERO).await;
        assert!(putting_away.lock().contains(ENDED), "it is named");
        assert!(store.recording(ENDED).exists(), "and not lost");
    }

    #[tokio::test]
    async fn what_is_under_way_is_waited_for_and_leaves_the_folder() {
        let (folder, archive) = (
            tempfile::tempdir().expect("a folder"),
            Archive::new(InMemory::new()),
        );
        let store = store(&folder, archive.clone()).await;
        let putting_away = PuttingAway::new(store.clone());
        putting_away.begin(ENDED);
        putting_away.finish(HOUR).await;
        assert!(is_in(&archive, ENDED).await && !store.recording(ENDED).exists());
        assert!(putting_away.lock().is_empty());
    }
}
