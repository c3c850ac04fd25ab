//! Real clips. They show people who can be recognised, so they live beside the checkout and are never committed.

use std::path::PathBuf;

/// The path of a real clip, or `None` with a message when the folder is absent.
///
/// The folder is `KINEMOTION_FOOTAGE`, else `shared/footage` beside the checkout.
pub fn clip(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("KINEMOTION_FOOTAGE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/footage"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!("skipped: {name} is not in {}", folder.display());
    None
}
