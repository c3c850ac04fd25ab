//! What a person says about how the camera was set up.

/// Facts about the recording that the picture may not tell. All of them optional.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Setup {
    /// By how much the picture is turned clockwise, degrees: a standing athlete's head leans to the right.
    pub camera_roll_deg: Option<f64>,
    /// How far the athlete is turned out of the picture plane, degrees; positive away from the camera.
    pub camera_yaw_deg: Option<f64>,
    /// How far the camera looks down, degrees.
    pub camera_pitch_deg: Option<f64>,
    /// Height of the box of drop jumps, metres.
    pub box_height_m: Option<f64>,
}
