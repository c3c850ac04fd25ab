//! Knobs of running and walking.

use crate::error::{ClipError, check};
use serde::{Deserialize, Serialize};

/// How a walker or runner gets along in the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Travel {
    /// On the spot; camera and background stand still.
    #[default]
    Treadmill,
    /// Over ground; the camera moves along, so the background slides by.
    Panned,
    /// Over ground, through the picture of a standing camera; in its middle at half time.
    Through,
}

/// Running with a half-sine ground reaction force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Running {
    /// Forward speed, m/s. 1.5 to 7.
    pub speed_m_s: f64,
    /// Steps per minute. 130 to 240.
    pub cadence_spm: f64,
    /// Contact time over stride time; less than 0.5, so that there is flight. 0.2 to 0.5.
    pub duty_factor: f64,
    /// Contact time right minus left over their mean; flight times stay equal. -0.3 to 0.3.
    pub asymmetry: f64,
    /// Angle of the foot at contact, degrees: 0 lands flat, more lands on the heel with the toes up. 0 to 25.
    pub strike_deg: f64,
    /// How it shows.
    pub travel: Travel,
    /// Length of the clip, s. 0.2 to 600.
    pub seconds: f64,
}

impl Default for Running {
    fn default() -> Self {
        Self {
            speed_m_s: 3.2,
            cadence_spm: 170.0,
            duty_factor: 0.32,
            asymmetry: 0.0,
            strike_deg: 0.0,
            travel: Travel::default(),
            seconds: 4.0,
        }
    }
}

impl Running {
    pub(super) fn check(&self) -> Result<(), ClipError> {
        check("speed_m_s", self.speed_m_s, 1.5, 7.0)?;
        check("cadence_spm", self.cadence_spm, 130.0, 240.0)?;
        check("duty_factor", self.duty_factor, 0.2, 0.5)?;
        check("asymmetry", self.asymmetry, -0.3, 0.3)?;
        check("strike_deg", self.strike_deg, 0.0, 25.0)?;
        check("seconds", self.seconds, 0.2, 600.0)
    }
}

/// Walking with heel strike, foot flat, heel rise and toe-off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Walking {
    /// Forward speed, m/s. 0.5 to 2.
    pub speed_m_s: f64,
    /// Steps per minute. 70 to 145.
    pub cadence_spm: f64,
    /// Contact time over stride time; above 0.5, so that both feet are on the ground in between. 0.5 to 0.7.
    pub duty_factor: f64,
    /// Contact time right minus left over their mean; steps stay even. -0.1 to 0.1.
    pub asymmetry: f64,
    /// How it shows.
    pub travel: Travel,
    /// Length of the clip, s. 0.2 to 600.
    pub seconds: f64,
}

impl Default for Walking {
    fn default() -> Self {
        Self {
            speed_m_s: 1.3,
            cadence_spm: 112.0,
            duty_factor: 0.61,
            asymmetry: 0.0,
            travel: Travel::default(),
            seconds: 5.0,
        }
    }
}

impl Walking {
    pub(super) fn check(&self) -> Result<(), ClipError> {
        check("speed_m_s", self.speed_m_s, 0.5, 2.0)?;
        check("cadence_spm", self.cadence_spm, 70.0, 145.0)?;
        check("duty_factor", self.duty_factor, 0.5, 0.7)?;
        check("asymmetry", self.asymmetry, -0.1, 0.1)?;
        check("seconds", self.seconds, 0.2, 600.0)
    }
}
