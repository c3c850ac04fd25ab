//! Where frames go after the analysis.

mod atomic;
mod branch;
mod events;
mod overlay;

pub use atomic::AtomicFile;
pub(crate) use atomic::folder_of;
pub(crate) use branch::{Branch, link_branches};
pub(crate) use events::EventBranch;
pub use events::EventLines;
pub(crate) use overlay::OverlayFile;
