//! Files of analyses that have ended, in a bucket, where every daemon finds them.

use super::StoreError;
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path as Key;
use object_store::{Error, GetOptions, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, WriteMultipart};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

/// Length of the parts in which a file is sent, bytes. S3 takes none below 5 MiB but the last.
const PART: usize = 8 << 20;
/// Parts under way at once.
const AT_ONCE: usize = 2;
/// Read at once from a file, bytes.
const CHUNK: usize = 64 << 10;

/// The bucket. Clones belong together.
#[derive(Clone, Debug)]
pub struct Archive(Arc<dyn ObjectStore>);

impl Archive {
    /// In this bucket.
    pub fn new(bucket: impl ObjectStore) -> Self {
        Self(Arc::new(bucket))
    }

    /// Puts files of an analysis there, each by its name within its folder.
    pub async fn put(&self, id: &str, files: &[(String, PathBuf)]) -> Result<(), StoreError> {
        for (name, path) in files {
            let upload = self.0.put_multipart(&key(id, name)).await?;
            let mut writer = WriteMultipart::new_with_chunk_size(upload, PART);
            match send(path, &mut writer).await {
                Ok(()) => {
                    writer.finish().await?;
                }
                Err(error) => {
                    writer.abort().await?;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// What is known of a file; `None` when it is not there.
    pub async fn look(&self, id: &str, name: &str) -> Result<Option<ObjectMeta>, StoreError> {
        match self.0.head(&key(id, name)).await {
            Err(Error::NotFound { .. }) => Ok(None),
            found => Ok(Some(found?)),
        }
    }

    /// A part of a file.
    pub async fn get(&self, id: &str, name: &str, range: Range<u64>) -> Result<GetResult, StoreError> {
        let options = GetOptions::default();
        // Nothing is no range.
        let options = options.with_range((!range.is_empty()).then_some(range));
        Ok(self.0.get_opts(&key(id, name), options).await?)
    }

    /// Names of all files of an analysis, with their lengths.
    pub async fn list(&self, id: &str) -> Result<Vec<(String, u64)>, StoreError> {
        let below = Key::from(id);
        let all: Vec<ObjectMeta> = self.0.list(Some(&below)).try_collect().await?;
        let name = |object: ObjectMeta| {
            let parts: Vec<String> = object
                .location
                .prefix_match(&below)?
                .map(|part| part.as_ref().to_owned())
                .collect();
            Some((parts.join("/"), object.size))
        };
        Ok(all.into_iter().filter_map(name).collect())
    }

    /// Removes all files of an analysis.
    pub(super) async fn remove(&self, id: &str) -> Result<(), StoreError> {
        let all = self.0.list(Some(&Key::from(id)));
        let keys = all.map_ok(|object| object.location).boxed();
        let _removed: Vec<Key> = self.0.delete_stream(keys).try_collect().await?;
        Ok(())
    }
}

fn key(id: &str, name: &str) -> Key {
    Key::from(format!("{id}/{name}"))
}

async fn send(path: &Path, writer: &mut WriteMultipart) -> Result<(), StoreError> {
    let failed = |source| StoreError::Folder {
        path: path.into(),
        source,
    };
    let mut file = File::open(path).await.map_err(failed)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = file.read(&mut chunk).await.map_err(failed)?;
        if length == 0 {
            return Ok(());
        }
        writer.wait_for_capacity(AT_ONCE).await?;
        writer.write(&chunk[..length]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;

    #[tokio::test]
    async fn what_was_put_away_is_found_in_parts_and_goes_as_a_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        // More than one part.
        let video: Vec<u8> = (0..PART + 1000).map(|n| n as u8).collect();
        let files = [
            ("recording.mp4", video.as_slice()),
            ("hls/index.m3u8", b"#EXTM3U".as_slice()),
        ];
        let mut paths = Vec::new();
        for (n, (name, text)) in files.into_iter().enumerate() {
            let path = folder.path().join(n.to_string());
            std::fs::write(&path, text).expect("writes");
            paths.push((name.to_owned(), path));
        }
        let archive = Archive::new(InMemory::new());
        archive.put("a", &paths).await.expect("puts");
        archive.put("ab", &paths[1..]).await.expect("puts");
        let looked = archive.look("a", "recording.mp4").await.expect("looks");
        let size = looked.expect("is there").size;
        assert_eq!(size, video.len() as u64);
        let middle = archive.get("a", "recording.mp4", 10..20).await.expect("gets");
        assert_eq!(middle.bytes().await.expect("reads"), &video[10..20]);
        let mut names = archive.list("a").await.expect("lists");
        names.sort();
        assert_eq!(
            names,
            [
                ("hls/index.m3u8".to_owned(), 7),
                ("recording.mp4".to_owned(), size)
            ]
        );
        archive.remove("a").await.expect("removes");
        assert!(archive.list("a").await.expect("lists").is_empty());
        assert!(archive.look("a", "recording.mp4").await.expect("looks").is_none());
        assert_eq!(archive.list("ab").await.expect("lists").len(), 1, "another one");
        let gone = [("x".to_owned(), folder.path().join("gone"))];
        assert!(archive.put("a", &gone).await.is_err());
    }
}
