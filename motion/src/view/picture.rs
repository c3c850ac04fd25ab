//! The picture as a whole: how large it is and where the camera looks.

use serde::{Deserialize, Serialize};

/// How far the background has moved in the picture since the camera was first watched.
///
/// Two shifts can be compared only when they belong to the same course: when the background was lost from sight, as at
/// a cut, a new course begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PictureShift {
    /// Pixels to the right. Exactly 0 while the camera stands still.
    pub x: f32,
    /// Pixels downwards.
    pub y: f32,
    /// Which course it belongs to, counted from 0.
    pub course: u32,
}

impl PictureShift {
    /// The same shift in a picture that is larger by these factors.
    pub fn scaled(self, x: f32, y: f32) -> Self {
        Self {
            x: self.x * x,
            y: self.y * y,
            ..self
        }
    }
}

/// What the camera did between two frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CameraMotion {
    /// The background does not tell.
    #[default]
    Unknown,
    /// Nothing.
    Stands,
    /// It moved a little, which was taken out of the landmarks.
    Drifts,
    /// It followed somebody or turned away; the landmarks are as in the picture.
    Follows,
}

/// What is known about the picture of one frame, in the pixels of the landmarks. All of it may be unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Picture {
    /// Width and height in pixels.
    pub size: Option<[f32; 2]>,
    /// Where the camera looks; `None` when the background does not tell.
    pub shift: Option<PictureShift>,
    /// Whether people in it were measured less well than was asked for, because the machine was busy.
    pub degraded: bool,
}
