//! Removes uploads that nobody uses.

use crate::serve::store::{Folders, Store, StoreError, now_ms};
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often.
const EVERY: Duration = Duration::from_secs(60);

/// Tidies up until told to end.
pub async fn run(store: Store, end: CancellationToken) {
    loop {
        if let Err(error) = tidy(&store).await {
            tracing::error!(event = "uploads_not_removed", %error, "uploads that have expired are not removed");
        }
        tokio::select! {
            () = end.cancelled() => return,
            // Time alone makes them expire.
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Removes what has expired, and files that belong to no upload: the rest of requests that the daemon did not survive.
async fn tidy(store: &Store) -> Result<(), StoreError> {
    for name in store.uploads().expire(now_ms()).await? {
        Folders::remove_file(&store.folders().upload(&name)).await?;
    }
    for name in store.folders().uploaded().await? {
        let path = store.folders().upload(&name);
        if !store.uploads().is_there(&name).await? && is_old(&path).await {
            Folders::remove_file(&path).await?;
        }
    }
    Ok(())
}

/// Whether nothing was written to a file for so long that nobody can be at it.
async fn is_old(path: &Path) -> bool {
    let modified = tokio::fs::metadata(path).await.and_then(|data| data.modified());
    // One that is gone meanwhile needs nothing.
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > ABANDONED))
}

/// A request that carries a file is over after so long without a byte.
const ABANDONED: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::store::Upload;

    #[tokio::test]
    async fn what_has_expired_goes_with_its_file_and_the_rest_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), None).await.expect("opens");
        store.folders().make_uploads().await.expect("a folder");
        let old = std::time::SystemTime::now() - 2 * ABANDONED;
        for (id, expires_at) in [
            ("expired", 1),
            ("good", i64::MAX),
            ("nobodys", 0),
            ("received", 0),
        ] {
            let path = store.folders().upload(id);
            let file = std::fs::File::create(&path).expect("a file");
            if id == "nobodys" {
                file.set_modified(old).expect("a time");
            }
            if expires_at > 0 {
                let upload = Upload {
                    id: id.into(),
                    tenant: "local".into(),
                    name: None,
                    bytes: 1,
                    received: 0,
                    created_at: 0,
                    expires_at,
                };
                assert!(store.uploads().add(&upload, 9).await.expect("adds"));
            }
        }
        tidy(&store).await.expect("tidies up");
        let mut left = store.folders().uploaded().await.expect("reads");
        left.sort();
        assert_eq!(left, ["good", "received"]);
    }
}
