//! The description of a clip: everything that decides what is in the picture and what is true about it.

mod gaits;
mod jumps;
mod look;
mod movement;
mod rate;
mod shot;
mod standing;

pub use gaits::{Running, Travel, Walking};
pub use jumps::{Cmj, DropJump, Landing, RepeatedJumps, Squat, SquatJump};
pub use look::{Background, Body, Facing, Look, Rgb};
pub use movement::{Movement, MovementKind};
pub use rate::Rate;
pub use shot::{Bystander, BystanderAction, Camera, Image};
pub use standing::{Action, Standing};

use crate::error::{ClipError, check};
use crate::footage::Footage;
use serde::{Deserialize, Serialize};

/// A clip to be made. `Clip::default()` is a countermovement jump of 0.35 m at 60 frames/s in 640 x 360.
///
/// Every field is plain data with a default, so a clip can be stored as JSON and made again, bit for bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clip {
    /// What the athlete does.
    pub movement: Movement,
    /// Height of the athlete in metres, 1.2 to 2.2.
    pub stature_m: f64,
    /// Mass of the athlete in kilograms, 30 to 200.
    pub mass_kg: f64,
    /// Which way the athlete looks.
    pub facing: Facing,
    /// How the athlete is drawn.
    pub body: Body,
    /// Colours of the athlete.
    pub look: Look,
    /// What is behind the athlete.
    pub background: Background,
    /// A second person behind the athlete.
    pub bystander: Option<Bystander>,
    /// Where the camera is and how large its picture.
    pub camera: Camera,
    /// What light and sensor do to the picture.
    pub image: Image,
    /// Frames per second.
    pub fps: Rate,
    /// When the first frame is taken, as a fraction of the frame time after the start of the movement, 0 to 1.
    /// Media time starts with the first frame, so this shifts every true event.
    pub sampling_phase: f64,
    /// Variable frame rate: each frame is late by a random part of this fraction of the frame time, 0 to 0.9.
    pub frame_jitter: f64,
    /// Seed of everything random: background variety, noise, jitter.
    pub seed: u64,
}

impl Default for Clip {
    fn default() -> Self {
        Self {
            movement: Movement::default(),
            stature_m: 1.78,
            mass_kg: 75.0,
            facing: Facing::default(),
            body: Body::default(),
            look: Look::default(),
            background: Background::default(),
            bystander: None,
            camera: Camera::default(),
            image: Image::default(),
            fps: Rate::from(60),
            sampling_phase: 0.0,
            frame_jitter: 0.0,
            seed: 1,
        }
    }
}

impl Clip {
    /// A default clip of another movement.
    pub fn of(movement: impl Into<Movement>) -> Self {
        Self {
            movement: movement.into(),
            ..Self::default()
        }
    }

    /// Checks every number and works out the movement.
    ///
    /// # Errors
    /// [`ClipError`] names the field that is out of range, or the phase of the movement that no body could do.
    pub fn build(&self) -> Result<Footage, ClipError> {
        self.check()?;
        Footage::new(self)
    }

    fn check(&self) -> Result<(), ClipError> {
        check("stature_m", self.stature_m, 1.2, 2.2)?;
        check("mass_kg", self.mass_kg, 30.0, 200.0)?;
        check("fps", self.fps.as_f64(), 1.0, 1000.0)?;
        check("sampling_phase", self.sampling_phase, 0.0, 1.0)?;
        check("frame_jitter", self.frame_jitter, 0.0, 0.9)?;
        self.movement.check()?;
        self.camera.check()?;
        self.image.check()?;
        if let Some(bystander) = &self.bystander {
            bystander.check()?;
        }
        Ok(())
    }
}
