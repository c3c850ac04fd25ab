//! What travels with a buffer: [`PoseMeta`] and [`MotionMeta`] for Rust, `KinemotionMeta` for every other language.

#[cfg(feature = "analytics")]
pub(crate) mod analytics;
pub mod custom;
mod motion;
mod pose;
mod raw;

pub use motion::{Motion, MotionMeta, PersonMotion};
pub use pose::{FrameGeometry, FrameQuality, PoseMeta, Poses};
pub(crate) use pose::{into_square_pixels, scale_pose};
