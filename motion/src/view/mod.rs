//! How the camera sees the athlete.

mod footing;
mod picture;
mod setup;

pub use footing::Footing;
pub use picture::{CameraMotion, Picture, PictureShift};
pub use setup::Setup;
