//! GStreamer plugin `kinemotion`: pose estimation, movement phases, metrics and overlay inside any pipeline.
//!
//! | element | job |
//! |---|---|
//! | [`kinepose`] | finds people and their 33 body landmarks, attaches [`PoseMeta`] |
//! | [`kinephase`] | follows the movement, attaches [`MotionMeta`], posts bus messages, sends repetition events |
//! | [`kineoverlay`] | draws skeleton, joint angles, phase and numbers, or a transparent key picture |
//! | [`kinejson`] | turns everything into newline-delimited JSON |
//! | [`analysisbin`] | `kinemotion`, the first three in one bin |
//!
//! ```text
//! gst-launch-1.0 filesrc location=jump.mp4 ! decodebin3 ! videoconvert \
//!   ! kinemotion movement=cmj ! videoconvert ! autovideosink
//! ```
//!
//! As a shared library the plugin is found through `GST_PLUGIN_PATH`; a Rust program links it and calls
//! [`plugin_register_static`].

use gst::glib;

pub mod analysisbin;
mod capture_rate;
pub mod kinejson;
pub mod kineoverlay;
pub mod kinephase;
pub mod kinepose;
mod media_time;
pub mod meta;
mod movement;
mod overlay;
mod sync;
mod video;

pub use kinephase::announce::{EventData, timestamp_ms};
pub use kinephase::late_event;
pub use meta::{FrameGeometry, FrameQuality, Motion, MotionMeta, PersonMotion, PoseMeta, Poses};
pub use overlay::{short_label, shown_rank};

fn plugin_init(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    meta::custom::register();
    kinepose::register(plugin)?;
    kinephase::register(plugin)?;
    kineoverlay::register(plugin)?;
    kinejson::register(plugin)?;
    analysisbin::register(plugin)
}

/// What the macro makes is described by GStreamer; only the registration is for callers.
#[allow(missing_docs)]
mod plugin {
    use super::plugin_init;

    /// When this version was begun; it changes with the version. Not that of the commit: every commit would compile the plugin and
    /// everything above it anew.
    macro_rules! release_date {
        () => {
            "2026-11-25"
        };
    }

    gst::plugin_define!(
        kinemotion,
        env!("CARGO_PKG_DESCRIPTION"),
        plugin_init,
        env!("CARGO_PKG_VERSION"),
        "MIT/X11",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_REPOSITORY"),
        release_date!()
    );
}

/// Registers the elements and metas with the running process, for programs that link this crate. Call after
/// `gst::init()`; calling again is harmless.
pub fn plugin_register_static() -> Result<(), glib::BoolError> {
    plugin::plugin_register_static()
}
