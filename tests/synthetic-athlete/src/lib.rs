//! Ground-truth footage made by code: athletes whose every event and joint is known exactly.
//!
//! A [`Clip`] says what is in the picture; [`Clip::build`] works out the movement and gives [`Footage`], which draws
//! frames and knows what is true in them. Nothing is stored but the description: the same clip always gives the same
//! bytes.
//!
//! ```
//! use synthetic_athlete::{Clip, Cmj};
//!
//! let clip = Clip::of(Cmj { height_m: 0.30, ..Cmj::default() });
//! let footage = clip.build()?;
//! let mut rgb = Vec::new();
//! footage.render(0, &mut rgb);
//! assert_eq!(rgb.len(), 640 * 360 * 3);
//! let jump = &footage.truth().repetitions[0];
//! assert_eq!(jump.metric("jump_height_m"), Some(0.30));
//! # Ok::<(), synthetic_athlete::ClipError>(())
//! ```
//!
//! Axes of the world: x to the right of the picture, y away from the camera, z up, metres; the athlete at the origin.
//! Times are seconds of media time; the first frame is at 0.

#![forbid(unsafe_code)]

mod body;
mod bystanders;
mod camera;
mod clip;
mod error;
mod footage;
mod kinematics;
mod matrix;
mod random;
mod render;
mod truth;
mod vec3;
#[cfg(feature = "video")]
pub mod video;
mod yuv;

pub use body::landmarks::LANDMARK_COUNT;
pub use clip::{
    Action, Background, Body, Bystander, BystanderAction, Camera, Clip, Cmj, DropJump, Facing, Image,
    Landing, Look, Movement, MovementKind, Rate, RepeatedJumps, Rgb, Running, Squat, SquatJump, Standing,
    Travel, Walking,
};
pub use error::ClipError;
pub use footage::Footage;
pub use kinematics::GRAVITY;
pub use truth::{FootTruth, GaitTruth, RepetitionTruth, Truth};
pub use yuv::Colorimetry;
