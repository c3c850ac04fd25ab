//! Files on their way to the disk.

use crate::serve::problem::Problem;
use crate::serve::store::{Store, Upload, now_ms};
use axum::body::Body;
use futures_util::StreamExt;
use std::fs::TryLockError;
use std::io::{self, SeekFrom};
use std::path::Path;
use tempfile::{NamedTempFile, TempPath};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::task::spawn_blocking;

/// How much of an upload is noted at a time, bytes: what is sent again after the daemon was killed, or the machine lost its power.
const NOTED: u64 = 8 << 20;

/// Whether a file of this length is taken.
///
/// # Errors
/// It is longer than the `most` bytes of the configuration.
pub fn fits(length: u64, most: u64) -> Result<(), String> {
    if length <= most {
        return Ok(());
    }
    Err(format!(
        "the file is longer than the {} MB that are taken (batch.upload_mb)",
        most / 1_000_000
    ))
}

/// A file that is being written. It has a name that goes with the value.
pub struct Part {
    file: File,
    path: TempPath,
    length: u64,
}

impl Part {
    /// Begins one in a folder.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn create(folder: &Path) -> io::Result<Self> {
        let folder = folder.to_path_buf();
        let (file, path) = blocking(move || NamedTempFile::new_in(folder))
            .await?
            .into_parts();
        Ok(Self {
            file: File::from_std(file),
            path,
            length: 0,
        })
    }

    /// Bytes so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// It is whole, and on the disk itself.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn finish(mut self) -> io::Result<TempPath> {
        self.file.flush().await?;
        self.file.sync_data().await?;
        Ok(self.path)
    }

    /// It is whole, on the disk itself, and has a name that stays.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub async fn finish_as(self, name: &Path) -> io::Result<()> {
        let (path, name) = (self.finish().await?, name.to_path_buf());
        blocking(move || path.persist(name).map_err(|error| error.error)).await
    }
}

/// Does something with files for which there is no other way, where it holds up nobody.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Adds what a body carries to an upload, behind its first `offset` bytes. What has arrived is kept, also when the rest does not come;
/// how much of the upload is here then.
///
/// # Errors
/// Another request sends to it, or has sent meanwhile; more comes than was announced; a disk that is full or gone.
pub async fn append(
    store: &Store,
    tenant: &str,
    id: &str,
    offset: u64,
    body: Body,
) -> Result<Upload, Problem> {
    // As long as it is held nobody else adds to it, be it from another daemon.
    let file = File::options().write(true).open(store.folders().upload(id)).await;
    let file = file.map_err(|_| no_upload())?.into_std().await;
    // Does not wait for anybody.
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => Problem::conflict("another request sends to this upload"),
        TryLockError::Error(error) => disk(&error),
    })?;
    let upload = store.uploads().find(tenant, id, now_ms()).await;
    let upload = upload?.ok_or_else(no_upload)?;
    if upload.received != offset {
        let detail = format!("{} bytes are here: go on behind them", upload.received);
        return Err(Problem::conflict(detail).field("Upload-Offset"));
    }
    let mut file = File::from_std(file);
    file.seek(SeekFrom::Start(offset))
        .await
        .map_err(|error| disk(&error))?;
    let mut adding = Adding { store, upload, file };
    let (mut chunks, mut noted) = (body.into_data_stream(), offset);
    let outcome = loop {
        match chunks.next().await {
            None => break Ok(()),
            Some(Err(error)) => break Err(Problem::malformed(format!("the body breaks off: {error}"))),
            Some(Ok(bytes)) => {
                if let Err(problem) = adding.write(&bytes).await {
                    break Err(problem);
                }
            }
        }
        if adding.upload.received - noted >= NOTED {
            adding.note(noted).await?;
            noted = adding.upload.received;
        }
    };
    adding.note(noted).await?;
    outcome.map(|()| adding.upload)
}

/// An upload that is added to.
struct Adding<'a> {
    store: &'a Store,
    upload: Upload,
    file: File,
}

impl Adding<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let length = self.upload.received + bytes.len() as u64;
        if length > self.upload.bytes {
            let detail = format!(
                "more comes than the {} bytes that were announced",
                self.upload.bytes
            );
            return Err(Problem::too_large(detail));
        }
        self.file.write_all(bytes).await.map_err(|error| disk(&error))?;
        self.upload.received = length;
        Ok(())
    }

    /// Notes how much is here, after so much was noted: on the disk itself, so that what is noted outlives the machine.
    async fn note(&mut self, noted: u64) -> Result<(), Problem> {
        self.file.flush().await.map_err(|error| disk(&error))?;
        self.file.sync_data().await.map_err(|error| disk(&error))?;
        let uploads = self.store.uploads();
        let still = uploads.note(&self.upload.id, noted, self.upload.received).await?;
        // Removed, or used up, while it was added to.
        still.then_some(()).ok_or_else(no_upload)
    }
}

/// There is no such upload.
pub fn no_upload() -> Problem {
    Problem::not_found("there is no upload of this name, or it has expired")
}

/// What comes cannot be written: why is for whoever runs the daemon.
pub fn disk(error: &io::Error) -> Problem {
    tracing::error!(event = "upload_failed", %error, "a file that comes cannot be kept");
    Problem::internal("the file cannot be kept; the log of the daemon says why")
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    const TENANT: &str = "local";
    const ID: &str = "0199d4c0-0000-7000-8000-000000000003";

    async fn store(bytes: u64) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), None).await.expect("opens");
        store.folders().make_uploads().await.expect("a folder");
        std::fs::write(store.folders().upload(ID), b"").expect("written");
        let upload = Upload {
            id: ID.into(),
            tenant: TENANT.into(),
            name: None,
            bytes,
            received: 0,
            created_at: 0,
            expires_at: i64::MAX,
        };
        assert!(store.uploads().add(&upload, 1).await.expect("adds"));
        assert!(
            !store.uploads().add(&upload, 1).await.expect("no place"),
            "one is the most"
        );
        (folder, store)
    }

    #[tokio::test]
    async fn an_upload_that_breaks_off_goes_on_where_it_was() {
        let (_folder, store) = store(10).await;
        let broken = [Ok("01234"), Err(io::Error::other("the network is gone"))];
        let broken = Body::from_stream(stream::iter(broken));
        let problem = append(&store, TENANT, ID, 0, broken)
            .await
            .expect_err("it breaks off");
        assert_eq!(problem.status, 400);
        let wrong = append(&store, TENANT, ID, 4, "4".into())
            .await
            .expect_err("another offset");
        assert_eq!(
            (wrong.status, wrong.field.as_deref()),
            (409, Some("Upload-Offset"))
        );
        let whole = append(&store, TENANT, ID, 5, "56789".into())
            .await
            .expect("the rest");
        assert!(whole.is_complete());
        let file = std::fs::read(store.folders().upload(ID)).expect("is there");
        assert_eq!(file, b"0123456789");
    }

    #[tokio::test]
    async fn no_more_is_taken_than_was_announced_and_nothing_of_others() {
        let (_folder, store) = store(3).await;
        let problem = append(&store, TENANT, ID, 0, "0123".into())
            .await
            .expect_err("too much");
        assert_eq!(problem.status, 413);
        let others = append(&store, "other", ID, 0, "012".into())
            .await
            .expect_err("not theirs");
        assert_eq!(others.status, 404);
        assert!(append(&store, TENANT, ID, 0, "012".into()).await.is_ok());
    }

    #[tokio::test]
    async fn two_do_not_send_at_once() {
        let (_folder, store) = store(3).await;
        let first = std::fs::File::open(store.folders().upload(ID)).expect("is there");
        first.try_lock().expect("nobody sends");
        let second = append(&store, TENANT, ID, 0, "012".into())
            .await
            .expect_err("somebody sends");
        assert_eq!(second.status, 409);
    }
}
