//! What the athlete does, with the knobs of each movement.

use crate::error::{ClipError, check};
use serde::{Deserialize, Serialize};

/// The movement of a clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Movement {
    Cmj(Cmj),
    SquatJump(SquatJump),
    DropJump(DropJump),
    Running(Running),
    Walking(Walking),
    Standing(Standing),
}

/// The movements by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum MovementKind {
    Cmj,
    SquatJump,
    DropJump,
    Running,
    Walking,
    Standing,
}

impl Default for Movement {
    fn default() -> Self {
        Movement::Cmj(Cmj::default())
    }
}

impl Movement {
    /// Which movement it is.
    pub fn kind(&self) -> MovementKind {
        match self {
            Movement::Cmj(_) => MovementKind::Cmj,
            Movement::SquatJump(_) => MovementKind::SquatJump,
            Movement::DropJump(_) => MovementKind::DropJump,
            Movement::Running(_) => MovementKind::Running,
            Movement::Walking(_) => MovementKind::Walking,
            Movement::Standing(_) => MovementKind::Standing,
        }
    }

    pub(crate) fn check(&self) -> Result<(), ClipError> {
        match self {
            Movement::Cmj(m) => m.check(),
            Movement::SquatJump(m) => m.check(),
            Movement::DropJump(m) => m.check(),
            Movement::Running(m) => m.check(),
            Movement::Walking(m) => m.check(),
            Movement::Standing(m) => m.check(),
        }
    }
}

impl MovementKind {
    /// All movements.
    pub const ALL: [MovementKind; 6] = [
        MovementKind::Cmj,
        MovementKind::SquatJump,
        MovementKind::DropJump,
        MovementKind::Running,
        MovementKind::Walking,
        MovementKind::Standing,
    ];

    /// The name used everywhere in the project.
    pub fn name(self) -> &'static str {
        match self {
            MovementKind::Cmj => "cmj",
            MovementKind::SquatJump => "squatjump",
            MovementKind::DropJump => "dropjump",
            MovementKind::Running => "running",
            MovementKind::Walking => "walking",
            MovementKind::Standing => "standing",
        }
    }
}

macro_rules! movement_from {
    ($($name:ident),*) => { $(
        impl From<$name> for Movement {
            fn from(m: $name) -> Self { Movement::$name(m) }
        }
    )* };
}
movement_from!(Cmj, SquatJump, DropJump, Running, Walking, Standing);

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
    fn check(&self) -> Result<(), ClipError> {
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

    fn check(&self) -> Result<(), ClipError> {
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
            concentric_s: None,
            landing: Landing::default(),
            repetitions: 1,
            lead_s: 0.8,
            tail_s: 0.9,
        }
    }
}

impl SquatJump {
    fn check(&self) -> Result<(), ClipError> {
        check("height_m", self.height_m, 0.03, 0.9)?;
        check("depth_m", self.depth_m, 0.08, 0.55)?;
        check("lowering_s", self.lowering_s, 0.2, 10.0)?;
        check("hold_s", self.hold_s, 0.0, 30.0)?;
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
            landing,
            lead_s: 0.8,
            tail_s: 0.9,
        }
    }
}

impl DropJump {
    fn check(&self) -> Result<(), ClipError> {
        check("height_m", self.height_m, 0.03, 0.9)?;
        check("box_m", self.box_m, 0.1, 0.8)?;
        check("contact_s", self.contact_s, 0.1, 0.6)?;
        check("lead_s", self.lead_s, 0.1, 30.0)?;
        check("tail_s", self.tail_s, 0.0, 30.0)?;
        self.landing.check()
    }
}

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
            travel: Travel::default(),
            seconds: 4.0,
        }
    }
}

impl Running {
    fn check(&self) -> Result<(), ClipError> {
        check("speed_m_s", self.speed_m_s, 1.5, 7.0)?;
        check("cadence_spm", self.cadence_spm, 130.0, 240.0)?;
        check("duty_factor", self.duty_factor, 0.2, 0.5)?;
        check("asymmetry", self.asymmetry, -0.3, 0.3)?;
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
    fn check(&self) -> Result<(), ClipError> {
        check("speed_m_s", self.speed_m_s, 0.5, 2.0)?;
        check("cadence_spm", self.cadence_spm, 70.0, 145.0)?;
        check("duty_factor", self.duty_factor, 0.5, 0.7)?;
        check("asymmetry", self.asymmetry, -0.1, 0.1)?;
        check("seconds", self.seconds, 0.2, 600.0)
    }
}

/// What a standing athlete does meanwhile: things a jump detector must not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing.
    #[default]
    Still,
    /// Slow squats to 0.3 m.
    Squats,
    /// Rises on the toes and back.
    HeelRaises,
    /// Arms up in front and down again.
    ArmRaises,
}

/// Standing, without a jump.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Standing {
    /// What goes on.
    pub action: Action,
    /// Length of the clip, s. 0.2 to 600.
    pub seconds: f64,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            action: Action::default(),
            seconds: 4.0,
        }
    }
}

impl Standing {
    fn check(&self) -> Result<(), ClipError> {
        check("seconds", self.seconds, 0.2, 600.0)
    }
}
