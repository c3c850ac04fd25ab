//! Camera, picture and the person behind the athlete.

use super::Look;
use crate::error::{ClipError, check};
use serde::{Deserialize, Serialize};

/// Where the camera is and how large its picture.
///
/// With all angles 0 it looks straight at the athlete's side, level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Camera {
    /// Picture width in pixels, 32 to 4096. Less than the height makes a portrait picture.
    pub width: u32,
    /// Picture height in pixels, 32 to 4096.
    pub height: u32,
    /// Distance to the athlete, m. 1.5 to 50.
    pub distance_m: f64,
    /// Height of the part of the athlete's plane that is in the picture, m. 1.5 to 20.
    pub view_m: f64,
    /// How far right of the athlete the camera aims, m. -5 to 5.
    pub offset_m: f64,
    /// The athlete is turned so much out of the picture plane, degrees; positive: away from the camera when facing
    /// right. -60 to 60.
    pub yaw_deg: f64,
    /// The camera looks down so much, from correspondingly higher up, degrees. -15 to 45.
    pub pitch_deg: f64,
    /// The picture is rotated so much about its centre, degrees clockwise as seen. -30 to 30.
    pub roll_deg: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            width: 640,
            height: 360,
            distance_m: 5.0,
            view_m: 3.0,
            offset_m: 0.0,
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
        }
    }
}

impl Camera {
    pub(crate) fn check(&self) -> Result<(), ClipError> {
        check("camera.width", f64::from(self.width), 32.0, 4096.0)?;
        check("camera.height", f64::from(self.height), 32.0, 4096.0)?;
        check("camera.distance_m", self.distance_m, 1.5, 50.0)?;
        check("camera.view_m", self.view_m, 1.5, 20.0)?;
        check("camera.offset_m", self.offset_m, -5.0, 5.0)?;
        check("camera.yaw_deg", self.yaw_deg, -60.0, 60.0)?;
        check("camera.pitch_deg", self.pitch_deg, -15.0, 45.0)?;
        check("camera.roll_deg", self.roll_deg, -30.0, 30.0)
    }
}

/// What light and sensor do to the picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Image {
    /// Standard deviation of the sensor noise in grey levels. 0 to 60.
    pub noise: f32,
    /// Motion blur: the part of the frame time the shutter is open, centred on the frame's time. 0 to 1, 0 is off.
    pub shutter: f64,
    /// Factor on all light. 0.05 to 4.
    pub exposure: f32,
    /// Light and shade; off draws flat colours, with which pose models confuse the legs.
    pub shading: bool,
}

impl Default for Image {
    fn default() -> Self {
        Self {
            noise: 0.0,
            shutter: 0.0,
            exposure: 1.0,
            shading: true,
        }
    }
}

impl Image {
    pub(crate) fn check(&self) -> Result<(), ClipError> {
        check("image.noise", f64::from(self.noise), 0.0, 60.0)?;
        check("image.shutter", self.shutter, 0.0, 1.0)?;
        check("image.exposure", f64::from(self.exposure), 0.05, 4.0)
    }
}

/// What the second person does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BystanderAction {
    /// Stands and looks on.
    #[default]
    Standing,
    /// Walks past, from the left edge to the right, again and again.
    Walking,
    /// Is one of five who stand about or walk past, each way.
    Crowd,
}

/// A second person behind the athlete.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bystander {
    /// Height of the person, m. 1.2 to 2.2.
    pub stature_m: f64,
    /// How far right of the athlete, m; where a walker starts. -6 to 6.
    pub right_m: f64,
    /// How far behind the athlete, m. 0.8 to 2.2.
    pub behind_m: f64,
    /// What the person does.
    pub action: BystanderAction,
    /// Colours.
    pub look: Look,
}

impl Default for Bystander {
    fn default() -> Self {
        let look = Look {
            shirt: Look::SHIRTS[4],
            shorts: Look::SHORTS[1],
            ..Look::default()
        };
        Self {
            stature_m: 1.68,
            right_m: 1.9,
            behind_m: 1.7,
            action: BystanderAction::Standing,
            look,
        }
    }
}

impl Bystander {
    pub(crate) fn check(&self) -> Result<(), ClipError> {
        check("bystander.stature_m", self.stature_m, 1.2, 2.2)?;
        check("bystander.right_m", self.right_m, -6.0, 6.0)?;
        check("bystander.behind_m", self.behind_m, 0.8, 2.2)
    }
}
