//! Names the present state of everything that decides what the pose stage sees of a rendered clip, so that recordings
//! made by another state are not mistaken for this one's.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// Sources from the posed body of a clip to the poses in its frames. How a body is posed is not among them: a recording
/// carries a digest of that itself.
const SOURCES: [&str; 19] = [
    "tests/synthetic-athlete/src/body",
    "tests/synthetic-athlete/src/render",
    "tests/synthetic-athlete/src/video",
    "tests/synthetic-athlete/src/camera.rs",
    "tests/synthetic-athlete/src/video.rs",
    "tests/synthetic-athlete/src/yuv.rs",
    "models/src/crop",
    "models/src/background",
    "models/src/engine",
    "models/src/estimator",
    "models/src/tracking",
    "models/src/detector.rs",
    "models/src/frame.rs",
    "models/src/one_euro.rs",
    "models/src/region.rs",
    "models/src/landmarks.rs",
    "gst-kinemotion/src/kinepose",
    "pipelines/src/decode.rs",
    "models/models.lock",
];

fn main() -> std::io::Result<()> {
    // Asked when it runs: another checkout may have compiled this program into the same target folder.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").ok_or(std::io::ErrorKind::NotFound)?;
    let root = Path::new(&here).join("../..");
    let mut files = BTreeMap::new();
    for folder in SOURCES {
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
