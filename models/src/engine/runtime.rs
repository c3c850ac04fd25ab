//! Finds and loads libonnxruntime. One per process: neither the library nor its environment can be loaded twice.

use super::EngineError;
use crate::store;
use ort::environment::Environment;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Variables that name the library, first match counts.
const VARIABLES: [&str; 2] = ["KINEMOTION_ORT", "ORT_DYLIB_PATH"];
/// Where distributions put shared libraries.
const SYSTEM_DIRECTORIES: [&str; 5] = [
    "/usr/local/lib",
    "/usr/lib",
    "/usr/lib64",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
];
const SYSTEM_LIBRARY: &str = "libonnxruntime.so";

static LOADED: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// The process's environment, loaded on first use from `configured` or the first place that has it.
pub(super) fn environment(configured: Option<&Path>) -> Result<Environment, EngineError> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((path, environment)) = &*loaded {
        let other = configured
            .map(canonical)
            .transpose()?
            .filter(|wanted| wanted != path);
        return match other {
            None => Ok(environment.clone()),
            Some(wanted) => Err(EngineError::Runtime(format!(
                "{} cannot be loaded: this process already uses {}",
                wanted.display(),
                path.display()
            ))),
        };
    }
    let path = find(
        configured,
        |name| std::env::var_os(name),
        store::runtime_library(),
    )?;
    let cannot = |error: &dyn std::fmt::Display| {
        EngineError::Runtime(format!(
            "{}: {error}; run `kinemotion models pull` for one that fits",
            path.display()
        ))
    };
    let builder = ort::init_from(&path).map_err(|error| cannot(&error))?;
    let environment = builder
        .with_telemetry(false)
        .build()
        .map_err(|error| cannot(&error))?;
    *loaded = Some((path, environment.clone()));
    Ok(environment)
}

/// The library in use, once something has been loaded.
pub(super) fn loaded() -> Option<PathBuf> {
    let loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    loaded.as_ref().map(|(path, _)| path.clone())
}

/// A name given by a person is meant: if it is wrong that is an error, not a reason to look elsewhere.
fn find(
    configured: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
    cached: Option<PathBuf>,
) -> Result<PathBuf, EngineError> {
    if let Some(path) = configured {
        return canonical(path);
    }
    for name in VARIABLES {
        if let Some(path) = variable(name).filter(|value| !value.is_empty()) {
            return canonical(Path::new(&path))
                .map_err(|error| EngineError::Runtime(format!("{name} is set, but {error}")));
        }
    }
    let system = SYSTEM_DIRECTORIES
        .iter()
        .map(|directory| Path::new(directory).join(SYSTEM_LIBRARY));
    let mut places = cached.into_iter().chain(system);
    places.find_map(|path| path.canonicalize().ok()).ok_or_else(|| {
        EngineError::Runtime("libonnxruntime.so was not found; run `kinemotion models pull`".into())
    })
}

/// Absolute: a relative path would be looked up beside the executable.
fn canonical(path: &Path) -> Result<PathBuf, EngineError> {
    path.canonicalize()
        .map_err(|error| EngineError::Runtime(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find_in(
        directory: &Path,
        configured: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Result<PathBuf, String> {
        let value = |name: &str| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, file)| directory.join(file).into_os_string())
        };
        let configured = configured.map(|file| directory.join(file));
        find(configured.as_deref(), value, Some(directory.join("cached"))).map_err(|e| e.to_string())
    }

    #[test]
    fn what_a_person_named_comes_first() {
        let directory = tempfile::tempdir().unwrap();
        for file in ["configured", "ours", "theirs", "cached"] {
            std::fs::write(directory.path().join(file), "").unwrap();
        }
        let both = [("ORT_DYLIB_PATH", "theirs"), ("KINEMOTION_ORT", "ours")];
        let name = |found: Result<PathBuf, String>| found.unwrap().file_name().unwrap().to_owned();
        assert_eq!(
            name(find_in(directory.path(), Some("configured"), &both)),
            "configured"
        );
        assert_eq!(name(find_in(directory.path(), None, &both)), "ours");
        assert_eq!(name(find_in(directory.path(), None, &both[..1])), "theirs");
        assert_eq!(name(find_in(directory.path(), None, &[])), "cached");
    }

    #[test]
    fn a_wrong_name_is_an_error_that_names_it() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("cached"), "").unwrap();
        let error = find_in(directory.path(), Some("absent"), &[]).unwrap_err();
        assert!(error.contains("absent"), "{error}");
        let error = find_in(directory.path(), None, &[("KINEMOTION_ORT", "gone")]).unwrap_err();
        assert!(
            error.contains("KINEMOTION_ORT") && error.contains("gone"),
            "{error}"
        );
    }
}
