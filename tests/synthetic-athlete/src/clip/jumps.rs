//! Knobs of jumps and squats.

use crate::error::{ClipError, check};
use serde::{Deserialize, Serialize};

/// How a jump is landed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Landing {
    /// Knee flexion at first contact beyond that at take-off, degrees. With 0 the postures are equal and the flight
    /// lasts exactly 2v/g; more makes the flight longer than the jump is high. 0 to 45.
    pub flexion_deg: f64,
    /// How far the centre of mass sinks below standing height, m. 0.05 to 0.5.
    pub depth_m: f64,
}

impl Default for Landing {
    fn default() -> Self {
        Self {
            flexion_deg: 0.0,
            depth_m: 0.22,
        }
    }
}

impl Landing {
    pub(super) fn check(&self) -> Result<(), ClipError> {
        check("landing.flexion_deg", self.flexion_deg, 0.0, 45.0)?;
        check("landing.depth_m", self.depth_m, 0.05, 0.5)
    }
}

/// Countermovement jump.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cmj {
    /// Rise of the centre of mass from take-off to apex, m. 0.03 to 0.9.
    pub height_m: f64,
    /// Drop of the centre of mass from standing to the lowest point, m. 0.08 to 0.55.
    pub depth_m: f64,
    /// From the first movement to the lowest point, s.
    pub eccentric_s: f64,
    /// From the lowest point to take-off, s; by default what suits height and depth.
    pub concentric_s: Option<f64>,
    /// Swing the arms instead of keeping the hands on the hips.
    pub arm_swing: bool,
    /// How it is landed.
    pub landing: Landing,
    /// Jumps in the clip, one after the other. 1 to 50.
    pub repetitions: u32,
    /// Added to the height with each repetition, m.
    pub height_change_m: f64,
    /// Standing still before each jump, s. 0.1 to 30.
    pub lead_s: f64,
    /// Standing still at the end, s. 0 to 30.
    pub tail_s: f64,
}

impl Default for Cmj {
    fn default() -> Self {
        Self {
            height_m: 0.35,
            depth_m: 0.30,
            eccentric_s: 0.72,
            concentric_s: None,
            arm_swing: false,
            landing: Landing::default(),
            repetitions: 1,
            height_change_m: 0.0,
            lead_s: 0.8,
            tail_s: 0.9,
        }
    }
}

impl Cmj {
    /// Height of repetition `i`, m.
    pub fn height_of(&self, i: u32) -> f64 {
        self.height_m + self.height_change_m * f64::from(i)
    }

    pub(super) fn check(&self) -> Result<(), ClipError> {
        check("repetitions", f64::from(self.repetitions), 1.0, 50.0)?;
        check("height_m", self.height_m, 0.03, 0.9)?;
        check(
            "height_m of the last repetition",
            self.height_of(self.repetitions - 1),
            0.03,
            0.9,
        )?;
        check("depth_m", self.depth_m, 0.08, 0.55)?;
        check("eccentric_s", self.eccentric_s, 0.1, 5.0)?;
        check("concentric_s", self.concentric_s.unwrap_or(0.3), 0.05, 3.0)?;
        check("lead_s", self.lead_s, 0.1, 30.0)?;
        check("tail_s", self.tail_s, 0.0, 30.0)?;
        self.landing.check()
    }
}

/// Squat jump: a slow lowering, a motionless hold, then upwards only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SquatJump {
    /// Rise of the centre of mass from take-off to apex, m. 0.03 to 0.9.
    pub height_m: f64,
    /// Drop of the centre of mass from standing to the squat, m. 0.08 to 0.55.
    pub depth_m: f64,
    /// Time of the lowering, s.
    pub lowering_s: f64,
    /// Time of the motionless hold, s.
    pub hold_s: f64,
    /// How far the centre of mass sinks from the hold before it rises, m: a hidden countermovement. 0 to 0.15.
    pub dip_m: f64,
    /// From the first upward movement to take-off, s; by default what suits height and depth.
    pub concentric_s: Option<f64>,
    /// How it is landed.
    pub landing: Landing,
    /// Jumps in the clip. 1 to 50.
    pub repetitions: u32,
    /// Standing still before each jump, s. 0.1 to 30.
    pub lead_s: f64,
    /// Standing still at the end, s. 0 to 30.
    pub tail_s: f64,
}

impl Default for SquatJump {
    fn default() -> Self {
        Self {
            height_m: 0.30,
            depth_m: 0.30,
            lowering_s: 1.15,
            hold_s: 1.2,
            dip_m: 0.0,
            concentric_s: None,
            landing: Landing::default(),
            repetitions: 1,
            lead_s: 0.8,
            tail_s: 0.9,
        }
    }
}

impl SquatJump {
    pub(super) fn check(&self) -> Result<(), ClipError> {
        check("height_m", self.height_m, 0.03, 0.9)?;
        check("depth_m", self.depth_m, 0.08, 0.55)?;
        check("lowering_s", self.lowering_s, 0.2, 10.0)?;
        check("hold_s", self.hold_s, 0.0, 30.0)?;
        check("dip_m", self.dip_m, 0.0, 0.15)?;
        check("concentric_s", self.concentric_s.unwrap_or(0.3), 0.05, 3.0)?;
        check("repetitions", f64::from(self.repetitions), 1.0, 50.0)?;
        check("lead_s", self.lead_s, 0.1, 30.0)?;
        check("tail_s", self.tail_s, 0.0, 30.0)?;
        self.landing.check()
    }
}

/// Drop jump from a box. The step-off is idealised as a release with constant forward speed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DropJump {
    /// Rise of the centre of mass from take-off to apex, m. 0.03 to 0.9.
    pub height_m: f64,
    /// Height of the box, m. 0.1 to 0.8.
    pub box_m: f64,
    /// Ground contact time, s. 0.1 to 0.6.
    pub contact_s: f64,
    /// Stay where one has come down: a step off the box, without a jump.
    pub stay: bool,
    /// How it is landed.
    pub landing: Landing,
    /// Standing still on the box, s. 0.1 to 30.
    pub lead_s: f64,
    /// Standing still at the end, s. 0 to 30.
    pub tail_s: f64,
}

impl Default for DropJump {
    fn default() -> Self {
        let landing = Landing {
            flexion_deg: 0.0,
            depth_m: 0.25,
        };
        Self {
            height_m: 0.30,
            box_m: 0.40,
            contact_s: 0.25,
            stay: false,
            landing,
            lead_s: 0.8,
            tail_s: 0.9,
        }
    }
}

impl DropJump {
    pub(super) fn check(&self) -> Result<(), ClipError> {
        check("height_m", self.height_m, 0.03, 0.9)?;
        check("box_m", self.box_m, 0.1, 0.8)?;
        check("contact_s", self.contact_s, 0.1, 0.6)?;
        check("lead_s", self.lead_s, 0.1, 30.0)?;
        check("tail_s", self.tail_s, 0.0, 30.0)?;
        self.landing.check()
    }
}

/// Repeated jumps: an opening countermovement jump and rebounds straight from each landing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RepeatedJumps {
    /// Rise of the centre of mass in the opening jump, m. 0.05 to 0.6.
    pub opening_m: f64,
    /// Rise in the first rebound, m. 0.05 to 0.6.
    pub height_m: f64,
    /// Added to the rise with each rebound, m.
    pub height_change_m: f64,
    /// Ground contact time of the first rebound, s. 0.1 to 0.4.
    pub contact_s: f64,
    /// Added to the contact time with each rebound, s.
    pub contact_change_s: f64,
    /// Rebounds. 1 to 60.
    pub rebounds: u32,
    /// How the last one is landed.
    pub landing: Landing,
    /// Standing still before the opening jump, s. 0.1 to 30.
    pub lead_s: f64,
    /// Standing still at the end, s. 0 to 30.
    pub tail_s: f64,
}

impl Default for RepeatedJumps {
    fn default() -> Self {
        Self {
            opening_m: 0.25,
            height_m: 0.25,
            height_change_m: -0.004,
            contact_s: 0.20,
            contact_change_s: 0.003,
            rebounds: 10,
            landing: Landing::default(),
            lead_s: 0.8,
            tail_s: 0.9,
        }
    }
}

impl RepeatedJumps {
    /// Rise and contact time of rebound `i`, m and s.
    pub fn rebound(&self, i: u32) -> (f64, f64) {
        (
            self.height_m + self.height_change_m * f64::from(i),
            self.contact_s + self.contact_change_s * f64::from(i),
        )
    }

    pub(super) fn check(&self) -> Result<(), ClipError> {
        check("rebounds", f64::from(self.rebounds), 1.0, 60.0)?;
        check("opening_m", self.opening_m, 0.05, 0.6)?;
        for i in [0, self.rebounds - 1] {
            let (height, contact) = self.rebound(i);
            check("height_m of the first and last rebound", height, 0.05, 0.6)?;
            check("contact_s of the first and last rebound", contact, 0.1, 0.4)?;
        }
        check("lead_s", self.lead_s, 0.1, 30.0)?;
        check("tail_s", self.tail_s, 0.0, 30.0)?;
        self.landing.check()
    }
}

/// Squats: down, perhaps a pause, up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Squat {
    /// Drop of the centre of mass from standing to the lowest point, m. 0.08 to 0.55.
    pub depth_m: f64,
    /// Time of the descent, s. 0.4 to 10.
    pub descent_s: f64,
    /// Time at the lowest point, s. 0 to 10.
    pub pause_s: f64,
    /// Time of the ascent, s. 0.4 to 10.
    pub ascent_s: f64,
    /// Squats in the clip. 1 to 50.
    pub repetitions: u32,
    /// Standing still before each squat, s. 0.1 to 30.
    pub lead_s: f64,
    /// Standing still at the end, s. 0 to 30.
    pub tail_s: f64,
}

impl Default for Squat {
    fn default() -> Self {
        Self {
            depth_m: 0.35,
            descent_s: 1.2,
            pause_s: 0.0,
            ascent_s: 0.9,
            repetitions: 2,
            lead_s: 0.6,
            tail_s: 0.6,
        }
    }
}

impl Squat {
    pub(super) fn check(&self) -> Result<(), ClipError> {
        check("depth_m", self.depth_m, 0.08, 0.55)?;
        check("descent_s", self.descent_s, 0.4, 10.0)?;
        check("pause_s", self.pause_s, 0.0, 10.0)?;
        check("ascent_s", self.ascent_s, 0.4, 10.0)?;
        check("repetitions", f64::from(self.repetitions), 1.0, 50.0)?;
        check("lead_s", self.lead_s, 0.1, 30.0)?;
        check("tail_s", self.tail_s, 0.0, 30.0)
    }
}
