//! Puts the pages where they are embedded from: those that `make web` built, or one that says how to get them.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>kinemotion</title>\
    <p>The pages are built by <code>make build</code>; this daemon was built without them. \
    The <a href=\"/api/v1/docs\">API</a> works.</p></html>\n";

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let target = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?).join("pages");
    let built = root.join("../web/dist");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    fs::create_dir_all(&target)?;
    println!("cargo::rerun-if-changed=build.rs");
    if root.join("../web").is_dir() {
        // A folder that is not there counts as changed at every build; an empty one does not.
        fs::create_dir_all(&built)?;
        println!("cargo::rerun-if-changed={}", built.display());
    }
    if built.join("index.html").is_file() {
        copy(&built, &target)
    } else {
        fs::write(target.join("index.html"), NOT_BUILT)?;
        fs::write(target.join("overlay.html"), NOT_BUILT)
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
