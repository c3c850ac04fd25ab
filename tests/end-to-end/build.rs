//! Names the present state of everything that decides what the pose stage sees of a rendered clip, so that recordings
//! made by another state are not mistaken for this one's.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// Source folders from a clip's description to the poses in its frames.
const FOLDERS: [&str; 5] = [
    "tests/synthetic-athlete/src",
    "models/src",
    "gst-kinemotion/src/kinepose",
    "pipelines/src",
    "models/models.lock",
];

fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = BTreeMap::new();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        collect(&root, &root.join(folder), &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    println!("cargo::rustc-env=POSE_STAGE={:016x}", hasher.finish());
    Ok(())
}

fn collect(root: &Path, path: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            collect(root, &entry?.path(), files)?;
        }
    } else {
        let name = path
            .strip_prefix(root)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned();
        files.insert(name, std::fs::read(path)?);
    }
    Ok(())
}
