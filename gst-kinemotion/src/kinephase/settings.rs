//! What a user can set on `kinephase`.

use crate::movement;
use gst::glib;
use gst::prelude::*;
use kinemotion_motion::{AnalyzerConfig, Athlete, Setup};
use std::sync::LazyLock;

/// Whose movement is analysed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, glib::Enum)]
#[enum_type(name = "GstKinemotionAnalyse")]
#[repr(i32)]
pub enum Analyse {
    /// Only the person `kinepose` selected.
    #[default]
    #[enum_value(name = "Only the selected person", nick = "selected")]
    Selected,
    /// Everybody who is tracked.
    #[enum_value(name = "Everybody who is tracked", nick = "all")]
    All,
}

/// The tallest person on record measured 2.72 m (Robert Wadlow, 1940).
const TALLEST_M: f64 = 2.72;
/// The heaviest person on record weighed 635 kg (Jon Brower Minnoch, 1978).
const HEAVIEST_KG: f64 = 635.0;
const FASTEST_CAPTURE_FPS: f64 = 10_000.0;
/// Nobody jumps off anything higher to measure a drop jump, metres.
const HIGHEST_BOX_M: f64 = 2.0;
/// A camera turned further stands on its side, degrees.
const LARGEST_ANGLE_DEG: f64 = 45.0;
/// Stands for an angle that nobody gave, degrees.
const UNKNOWN_ANGLE_DEG: f64 = 360.0;

/// Everything a user can set.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub movement: String,
    pub athlete_height: f64,
    pub athlete_mass: f64,
    pub camera_roll: f64,
    pub camera_yaw: f64,
    pub camera_pitch: f64,
    pub box_height: f64,
    pub capture_fps: f64,
    pub analyse: Analyse,
    /// Counts changes that need fresh analyzers.
    pub revision: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            movement: movement::AUTO.into(),
            athlete_height: 0.0,
            athlete_mass: 0.0,
            camera_roll: UNKNOWN_ANGLE_DEG,
            camera_yaw: UNKNOWN_ANGLE_DEG,
            camera_pitch: UNKNOWN_ANGLE_DEG,
            box_height: 0.0,
            capture_fps: 0.0,
            analyse: Analyse::default(),
            revision: 0,
        }
    }
}

impl Settings {
    /// Settings of every analyzer but its person; an error names the property that is wrong.
    pub(super) fn analyzer(&self) -> Result<AnalyzerConfig, String> {
        let known = |value: f64| (value > 0.0).then_some(value);
        let angle = |degrees: f64| (degrees.abs() <= LARGEST_ANGLE_DEG).then_some(degrees);
        Ok(AnalyzerConfig {
            movement: movement::choice(&self.movement)?,
            athlete: Athlete {
                height_m: known(self.athlete_height),
                mass_kg: known(self.athlete_mass),
            },
            setup: Setup {
                camera_roll_deg: angle(self.camera_roll),
                camera_yaw_deg: angle(self.camera_yaw),
                camera_pitch_deg: angle(self.camera_pitch),
                box_height_m: known(self.box_height),
            },
            ..AnalyzerConfig::default()
        })
    }

    /// Takes a property value; the type has been checked by GObject.
    pub(super) fn set(&mut self, name: &str, value: &glib::Value) {
        fn take<'a, T: glib::value::FromValue<'a>>(value: &'a glib::Value) -> T {
            value
                .get()
                .unwrap_or_else(|_| unreachable!("GObject checks the type of a property value"))
        }
        match name {
            "movement" => {
                self.movement = take::<Option<String>>(value).unwrap_or_else(|| movement::AUTO.into());
            }
            "athlete-height" => self.athlete_height = take(value),
            "athlete-mass" => self.athlete_mass = take(value),
            "camera-roll" => self.camera_roll = take(value),
            "camera-yaw" => self.camera_yaw = take(value),
            "camera-pitch" => self.camera_pitch = take(value),
            "box-height" => self.box_height = take(value),
            "capture-fps" => self.capture_fps = take(value),
            "analyse" => {
                self.analyse = take(value);
                return;
            }
            other => unreachable!("no writable property {other} was installed"),
        }
        self.revision += 1;
    }

    /// Gives a property value.
    pub(super) fn get(&self, name: &str) -> glib::Value {
        match name {
            "movement" => self.movement.to_value(),
            "athlete-height" => self.athlete_height.to_value(),
            "athlete-mass" => self.athlete_mass.to_value(),
            "camera-roll" => self.camera_roll.to_value(),
            "camera-yaw" => self.camera_yaw.to_value(),
            "camera-pitch" => self.camera_pitch.to_value(),
            "box-height" => self.box_height.to_value(),
            "capture-fps" => self.capture_fps.to_value(),
            "analyse" => self.analyse.to_value(),
            other => unreachable!("no property {other} was installed"),
        }
    }
}

/// The property table.
pub(super) fn properties() -> &'static [glib::ParamSpec] {
    static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
        let default = Settings::default();
        let angle = |name, nick, blurb| {
            glib::ParamSpecDouble::builder(name)
                .nick(nick)
                .blurb(blurb)
                .minimum(-LARGEST_ANGLE_DEG)
                .maximum(UNKNOWN_ANGLE_DEG)
                .default_value(UNKNOWN_ANGLE_DEG)
                .mutable_playing()
                .build()
        };
        vec![
            glib::ParamSpecString::builder("movement")
                .nick("Movement")
                .blurb(&movement::blurb())
                .default_value(Some(default.movement.as_str()))
                .mutable_playing()
                .build(),
            glib::ParamSpecDouble::builder("athlete-height")
                .nick("Athlete's height")
                .blurb("Stature in metres (0 = unknown); gives lengths and speeds their scale")
                .minimum(0.0)
                .maximum(TALLEST_M)
                .default_value(default.athlete_height)
                .mutable_playing()
                .build(),
            glib::ParamSpecDouble::builder("athlete-mass")
                .nick("Athlete's mass")
                .blurb("Body mass in kilograms (0 = unknown); needed for power and force")
                .minimum(0.0)
                .maximum(HEAVIEST_KG)
                .default_value(default.athlete_mass)
                .mutable_playing()
                .build(),
            angle(
                "camera-roll",
                "Camera roll",
                "Degrees by which the picture is turned clockwise (360 = estimate)",
            ),
            angle(
                "camera-yaw",
                "Camera yaw",
                "Degrees by which the camera is off the right angle to the movement (360 = estimate)",
            ),
            angle(
                "camera-pitch",
                "Camera pitch",
                "Degrees by which the camera looks down (360 = take it for level)",
            ),
            glib::ParamSpecDouble::builder("box-height")
                .nick("Box height")
                .blurb("Height of the box of drop jumps in metres (0 = measure it)")
                .minimum(0.0)
                .maximum(HIGHEST_BOX_M)
                .default_value(default.box_height)
                .mutable_playing()
                .build(),
            glib::ParamSpecDouble::builder("capture-fps")
                .nick("Capture rate")
                .blurb("Frames per second at which a slow-motion file was filmed (0 = as stamped)")
                .minimum(0.0)
                .maximum(FASTEST_CAPTURE_FPS)
                .default_value(default.capture_fps)
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("analyse", default.analyse)
                .nick("Analyse")
                .blurb("Whose movement is analysed")
                .mutable_playing()
                .build(),
        ]
    });
    &PROPERTIES
}
