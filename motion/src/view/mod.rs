//! How the camera sees the athlete.
//!
//! | module | job |
//! |---|---|
//! | `picture` | what is known about the picture of one frame: its size, where the camera looks |
//! | `footing` | a camera that drifts is taken out of the landmarks, frame by frame |
//! | `angle` | yaw and roll over a repetition, and what they do to lengths and angles |
//! | `obstacle` | what keeps a repetition from being measured well, in words |
//! | `setup` | what somebody says about all this |

mod angle;
mod footing;
mod obstacle;
mod picture;
mod setup;

pub use angle::{Angle, Estimate, Moments, roll_by_gravity, roll_by_standing, roll_by_travel, yaw};
pub use footing::Footing;
pub use obstacle::{OBLIQUE_BEYOND_USE_DEG, Obstacle, feet_outside, is_outside};
pub use picture::{CameraMotion, Picture, PictureShift};
pub use setup::Setup;

/// [`Frame::size`](crate::body::Frame::size) as a part of stature, as the pose model sees it in side views.
pub(crate) const SIZE_PER_STATURE: f64 = 0.77;
