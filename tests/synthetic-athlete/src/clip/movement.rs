//! What the athlete does.

use super::{Cmj, DropJump, RepeatedJumps, Running, Squat, SquatJump, Standing, Walking};
use crate::error::ClipError;
use serde::{Deserialize, Serialize};

/// The movement of a clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Movement {
    Cmj(Cmj),
    SquatJump(SquatJump),
    DropJump(DropJump),
    RepeatedJumps(RepeatedJumps),
    Squat(Squat),
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
    RepeatedJumps,
    Squat,
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
    /// The default clip of the movement of this name; `None` when the athlete knows none.
    pub fn named(name: &str) -> Option<Self> {
        let mut kinds = MovementKind::ALL.into_iter();
        kinds.find(|kind| kind.name() == name).map(Self::from)
    }

    /// Which movement it is.
    pub fn kind(&self) -> MovementKind {
        match self {
            Movement::Cmj(_) => MovementKind::Cmj,
            Movement::SquatJump(_) => MovementKind::SquatJump,
            Movement::DropJump(_) => MovementKind::DropJump,
            Movement::RepeatedJumps(_) => MovementKind::RepeatedJumps,
            Movement::Squat(_) => MovementKind::Squat,
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
            Movement::RepeatedJumps(m) => m.check(),
            Movement::Squat(m) => m.check(),
            Movement::Running(m) => m.check(),
            Movement::Walking(m) => m.check(),
            Movement::Standing(m) => m.check(),
        }
    }
}

impl MovementKind {
    /// All movements.
    pub const ALL: [MovementKind; 8] = [
        MovementKind::Cmj,
        MovementKind::SquatJump,
        MovementKind::DropJump,
        MovementKind::RepeatedJumps,
        MovementKind::Squat,
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
            MovementKind::RepeatedJumps => "repeatedjumps",
            MovementKind::Squat => "squat",
            MovementKind::Running => "running",
            MovementKind::Walking => "walking",
            MovementKind::Standing => "standing",
        }
    }
}

macro_rules! movement_from {
    ($($name:ident),*) => {
        impl From<MovementKind> for Movement {
            fn from(kind: MovementKind) -> Self {
                match kind {
                    $(MovementKind::$name => $name::default().into(),)*
                }
            }
        }
        $(impl From<$name> for Movement {
            fn from(m: $name) -> Self { Movement::$name(m) }
        })*
    };
}
movement_from!(
    Cmj,
    SquatJump,
    DropJump,
    RepeatedJumps,
    Squat,
    Running,
    Walking,
    Standing
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_movement_is_found_by_its_name() {
        for kind in MovementKind::ALL {
            let movement = Movement::named(kind.name()).expect("a movement");
            assert_eq!(movement.kind(), kind);
            movement.check().expect("a clip that can be drawn");
        }
        assert_eq!(Movement::named("curling"), None);
    }
}
