//! Filling a cache from made-up packages, with everything going wrong that can.

use super::files::hash;
use super::*;
use crate::convert::tests::network_with_pose_outputs;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

const NPM_FILE: &str = "poses.tgz";
const WHEEL: &str = "runtime-1-cp311-cp311-linux.whl";
const LIBRARY: &[u8] = b"a shared library";
const LICENSE: &[u8] = b"a licence";

/// Packages like the real ones, but small, and the lock file that pins them.
struct World {
    lock: Lock,
    packages: BTreeMap<String, Vec<u8>>,
    cache: tempfile::TempDir,
    downloads: Arc<AtomicUsize>,
}

fn tar_gz(path: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, path, content).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

fn wheel(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        archive
            .start_file(*path, zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn pin(package: &mut Package, file: &str, bytes: &[u8]) {
    package.file = file.to_owned();
    package.size = bytes.len() as u64;
    package.sha256 = hash(bytes);
}

impl World {
    fn new() -> Self {
        let tflite = network_with_pose_outputs();
        let npm = tar_gz("package/all.tflite", &tflite);
        let wheel = wheel(&[("lib/library.so", LIBRARY), ("LICENSE", LICENSE)]);

        let mut lock = Lock::embedded().clone();
        pin(&mut lock.models.package, NPM_FILE, &npm);
        for entry in &mut lock.models.networks {
            let onnx = convert_network(entry.network, &tflite, &lock.models.package).unwrap();
            entry.path = "package/all.tflite".to_owned();
            entry.range = [0, tflite.len()];
            entry.tflite_sha256 = hash(&tflite);
            entry.onnx_size = onnx.len() as u64;
            entry.onnx_sha256 = hash(&onnx);
        }
        lock.runtime.truncate(1);
        let runtime = &mut lock.runtime[0];
        runtime.architecture = std::env::consts::ARCH.to_owned();
        pin(&mut runtime.package, WHEEL, &wheel);
        let packed = |path: &str, file: &str, bytes: &[u8]| PackedFile {
            path: path.to_owned(),
            file: file.to_owned(),
            size: bytes.len() as u64,
            sha256: hash(bytes),
        };
        runtime.library = packed("lib/library.so", "library.so", LIBRARY);
        runtime.notices = vec![packed("LICENSE", "LICENSE", LICENSE)];

        let packages = BTreeMap::from([(NPM_FILE.to_owned(), npm), (WHEEL.to_owned(), wheel)]);
        Self {
            lock,
            packages,
            cache: tempfile::tempdir().unwrap(),
            downloads: Arc::default(),
        }
    }

    fn root(&self) -> PathBuf {
        self.cache.path().join("kinemotion")
    }

    fn store_with(&self, client: impl Download + 'static) -> Store {
        Store::new(self.root(), self.lock.clone(), None, Box::new(client))
    }

    /// A store whose downloads succeed with these packages.
    fn store(&self) -> Store {
        self.store_with(Registry {
            packages: self.packages.clone(),
            downloads: self.downloads.clone(),
        })
    }

    fn pull(&self) -> Result<Vec<Artifact>, StoreError> {
        self.store().pull(&mut |_| {})
    }

    /// Every file below the cache, relative to it, without the lock file.
    fn files(&self) -> Vec<String> {
        fn collect(directory: &Path, root: &Path, files: &mut Vec<String>) {
            for entry in fs::read_dir(directory).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, root, files);
                } else if path.file_name().is_some_and(|name| name != ".lock") {
                    files.push(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        let mut files = Vec::new();
        collect(&self.root(), &self.root(), &mut files);
        files.sort();
        files
    }

    fn count(&self) -> usize {
        self.downloads.load(Ordering::SeqCst)
    }
}

struct Registry {
    packages: BTreeMap<String, Vec<u8>>,
    downloads: Arc<AtomicUsize>,
}

impl Download for Registry {
    fn download(&self, package: &Package, directory: &Path) -> Result<(), DownloadError> {
        self.downloads.fetch_add(1, Ordering::SeqCst);
        fs::write(directory.join(&package.file), &self.packages[&package.file]).unwrap();
        Ok(())
    }
}

/// A client that fails, having written half of the package.
struct Failing(fn() -> DownloadError);

impl Download for Failing {
    fn download(&self, package: &Package, directory: &Path) -> Result<(), DownloadError> {
        fs::write(directory.join(&package.file), b"half").unwrap();
        Err(self.0())
    }
}

fn message(result: Result<Vec<Artifact>, StoreError>, needed: &[&str]) -> StoreError {
    let error = result.unwrap_err();
    let text = error.to_string();
    for part in needed {
        assert!(text.contains(part), "{part:?} is missing in: {text}");
    }
    assert!(!text.contains('\n'), "one sentence: {text}");
    error
}

#[test]
fn the_first_pull_fills_the_cache_and_the_second_touches_nothing() {
    let world = World::new();
    assert!(
        world
            .store()
            .list()
            .iter()
            .all(|artifact| artifact.state == State::Missing)
    );
    let artifacts = world.pull().unwrap();
    assert!(
        artifacts.iter().all(|artifact| artifact.state == State::Ready),
        "{artifacts:#?}"
    );
    let expected = [
        "models/pose_detection.onnx",
        "models/pose_landmark_full.onnx",
        "models/pose_landmark_heavy.onnx",
        "models/pose_landmark_lite.onnx",
        "onnxruntime/1.31.1/LICENSE",
        "onnxruntime/1.31.1/library.so",
    ];
    assert_eq!(world.files(), expected);
    assert_eq!(world.count(), 2);

    let mut steps = Vec::new();
    let offline = world.store_with(Failing(|| DownloadError::NotInstalled));
    offline.pull(&mut |step| steps.push(step)).unwrap();
    assert_eq!(steps, []);
    assert_eq!(world.files(), expected);
}

#[test]
fn only_what_is_damaged_is_made_again() {
    let world = World::new();
    world.pull().unwrap();
    let damaged = world.root().join("models/pose_detection.onnx");
    let mut bytes = fs::read(&damaged).unwrap();
    bytes[10] ^= 1;
    fs::write(&damaged, bytes).unwrap();

    let states = |artifacts: &[Artifact]| {
        let bad = artifacts.iter().filter(|artifact| artifact.state != State::Ready);
        bad.map(|artifact| (artifact.name.clone(), artifact.state))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        states(&world.store().verify()),
        [("detector".to_owned(), State::Corrupt)]
    );
    assert_eq!(states(&world.pull().unwrap()), []);
    assert_eq!(world.count(), 3, "the runtime must not be downloaded again");
}

#[test]
fn no_network_is_said_and_leaves_nothing() {
    let world = World::new();
    let store = world.store_with(Failing(|| DownloadError::Unreachable("ENOTFOUND".to_owned())));
    let needed = [
        "@mediapipe/pose 0.5.1675469404",
        "not reachable",
        "KINEMOTION_DOWNLOADS",
        NPM_FILE,
        "ENOTFOUND",
    ];
    let error = message(store.pull(&mut |_| {}), &needed);
    assert!(matches!(error, StoreError::NoNetwork { .. }));
    assert_eq!(world.files(), [""; 0]);
}

#[test]
fn a_full_disk_while_downloading_is_said_and_leaves_nothing() {
    let world = World::new();
    let store = world.store_with(Failing(|| DownloadError::DiskFull));
    let error = message(
        store.pull(&mut |_| {}),
        &["no space left", "@mediapipe/pose", "KINEMOTION_CACHE"],
    );
    assert!(matches!(error, StoreError::DiskFull { .. }));
    assert_eq!(world.files(), [""; 0]);
}

#[test]
fn a_missing_client_is_said_with_its_package() {
    let world = World::new();
    let store = world.store_with(Failing(|| DownloadError::NotInstalled));
    message(
        store.pull(&mut |_| {}),
        &["npm is not installed", "apt-get install npm", "@mediapipe/pose"],
    );
    assert_eq!(world.files(), [""; 0]);
}

#[test]
fn a_truncated_download_is_refused() {
    let mut world = World::new();
    let package = world.packages.get_mut(NPM_FILE).unwrap();
    package.truncate(100);
    let error = message(
        world.pull(),
        &["@mediapipe/pose", "100 bytes instead of", "run the command again"],
    );
    assert!(matches!(error, StoreError::WrongHash { .. }));
    assert_eq!(world.files(), [""; 0]);
}

#[test]
fn a_download_with_the_wrong_hash_is_refused_and_what_was_made_before_stays() {
    let mut world = World::new();
    *world.packages.get_mut(WHEEL).unwrap().last_mut().unwrap() ^= 1;
    let error = message(world.pull(), &["onnxruntime 1.31.1", "SHA-256", "thrown away"]);
    assert!(matches!(error, StoreError::WrongHash { .. }));
    assert_eq!(world.files().len(), 4, "{:?}", world.files());
    assert!(world.files().iter().all(|file| file.starts_with("models/")));
}

#[test]
fn a_package_that_lacks_a_file_is_named() {
    let mut world = World::new();
    world.lock.models.networks[2].path = "package/other.tflite".to_owned();
    message(world.pull(), &["@mediapipe/pose", "package/other.tflite"]);
}

#[test]
fn a_conversion_that_differs_from_the_lock_is_not_installed() {
    let mut world = World::new();
    world.lock.models.networks[0].onnx_sha256 = hash(b"something else");
    let error = message(world.pull(), &["pose_detection.onnx", "report"]);
    assert!(matches!(error, StoreError::Unreproducible { .. }));
    assert_eq!(world.files(), [""; 0]);
}

#[test]
fn packages_that_are_already_there_need_no_network() {
    let world = World::new();
    let provided = tempfile::tempdir().unwrap();
    for (file, bytes) in &world.packages {
        fs::write(provided.path().join(file), bytes).unwrap();
    }
    let client = Box::new(Failing(|| DownloadError::NotInstalled));
    let store = Store::new(
        world.root(),
        world.lock.clone(),
        Some(provided.path().to_owned()),
        client,
    );
    let artifacts = store.pull(&mut |_| {}).unwrap();
    assert!(artifacts.iter().all(|artifact| artifact.state == State::Ready));
    assert_eq!(
        fs::read_dir(provided.path()).unwrap().count(),
        2,
        "they belong to the user"
    );
}

#[test]
fn packages_that_are_already_there_are_checked_too() {
    let world = World::new();
    let provided = tempfile::tempdir().unwrap();
    fs::write(provided.path().join(NPM_FILE), "an error page").unwrap();
    let client = Box::new(Failing(|| DownloadError::NotInstalled));
    let store = Store::new(
        world.root(),
        world.lock.clone(),
        Some(provided.path().to_owned()),
        client,
    );
    let error = message(store.pull(&mut |_| {}), &[NPM_FILE, "13 bytes instead of"]);
    assert!(matches!(error, StoreError::WrongHash { .. }));
}

#[test]
fn pulls_at_the_same_time_download_once() {
    let world = World::new();
    let barrier = Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                let artifacts = world.pull().unwrap();
                assert!(artifacts.iter().all(|artifact| artifact.state == State::Ready));
            });
        }
    });
    assert_eq!(world.count(), 2);
}

#[test]
fn leftovers_of_a_killed_pull_go_with_the_next_one() {
    let world = World::new();
    fs::create_dir_all(world.root().join("downloads.part")).unwrap();
    fs::write(world.root().join("downloads.part/poses.tgz"), "half").unwrap();
    fs::create_dir_all(world.root().join("models")).unwrap();
    fs::write(world.root().join("models/pose_detection.onnx.part"), "half").unwrap();
    world.pull().unwrap();
    assert!(
        world.files().iter().all(|file| !file.contains("part")),
        "{:?}",
        world.files()
    );
}

#[test]
fn a_processor_without_a_pinned_runtime_still_gets_the_models() {
    let mut world = World::new();
    world.lock.runtime.clear();
    let error = message(
        world.pull(),
        &["no ONNX Runtime", std::env::consts::ARCH, "KINEMOTION_ORT"],
    );
    assert!(matches!(error, StoreError::NoRuntime { .. }));
    assert_eq!(world.files().len(), 4);
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let world = World::new();
    fs::write(world.root(), "a file where the directory should be").unwrap();
    let error = message(world.pull(), &["kinemotion"]);
    assert!(matches!(error, StoreError::File { .. }));
}

#[test]
fn the_cache_directory_follows_the_environment() {
    let from = |variables: &[(&str, &str)]| {
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        cache_dir_from(|name| variables.get(name).map(OsString::from))
    };
    let all = [
        ("KINEMOTION_CACHE", "/k"),
        ("XDG_CACHE_HOME", "/x"),
        ("HOME", "/h"),
    ];
    assert_eq!(from(&all), Some("/k".into()));
    assert_eq!(from(&all[1..]), Some("/x/kinemotion".into()));
    assert_eq!(from(&all[2..]), Some("/h/.cache/kinemotion".into()));
    assert_eq!(
        from(&[("XDG_CACHE_HOME", "relative"), ("HOME", "/h")]),
        Some("/h/.cache/kinemotion".into())
    );
    assert_eq!(from(&[]), None);
}

#[test]
fn a_missing_model_says_how_to_get_it() {
    let directory = tempfile::tempdir().unwrap();
    let error = model_path(Network::Landmarker(Quality::Fast), Some(directory.path())).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("pose_landmark_lite.onnx is missing; run `kinemotion models pull`")
    );
}
