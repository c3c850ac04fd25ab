//! Movements whose every instant is known: closed-form courses of the centre of mass, and bodies that follow them.

pub(crate) mod drop_jump;
pub(crate) mod flight;
pub(crate) mod gait;
pub(crate) mod jump;
pub(crate) mod quintic;
pub(crate) mod repeated;
pub(crate) mod root;
pub(crate) mod running;
pub(crate) mod spline;
pub(crate) mod stance;
pub(crate) mod standing;
pub(crate) mod timeline;
pub(crate) mod walking;

#[cfg(test)]
mod invariants;

use crate::body::{Anthropometry, Posture, Skeleton};
use crate::clip::{Movement, Travel};
use crate::error::ClipError;
use crate::truth::{GaitTruth, RepetitionTruth};
use crate::vec3::Vec3;
use gait::Gait;
use timeline::Timeline;

/// Standard gravity, m/s².
pub const GRAVITY: f64 = 9.80665;

/// A movement ready to be sampled. Time is in seconds from the start of the movement.
#[derive(Debug)]
pub(crate) struct Motion {
    pub body: Anthropometry,
    course: Course,
    pub duration: f64,
    /// Height and place of the drop-jump box, when there is one.
    pub drop_box: Option<DropBox>,
}

#[derive(Debug)]
enum Course {
    Timeline(Timeline),
    Gait { gait: Box<Gait>, travel: Travel },
}

/// A box to step off from; body axes, metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DropBox {
    pub height: f64,
    /// Its extent along the direction the athlete looks.
    pub from_x: f64,
    pub to_x: f64,
    pub half_width: f64,
}

/// What a body does on the ground at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Contact {
    /// Right and left foot on the ground (or on the box).
    pub feet: [bool; 2],
    /// Height of what they stand on.
    pub ground: f64,
}

impl Motion {
    pub fn new(movement: &Movement, stature: f64, mass: f64) -> Result<Self, ClipError> {
        let body = Anthropometry::of_stature(stature);
        let mut drop_box = None;
        let (course, duration) = match movement {
            Movement::Cmj(m) => timeline(jump::countermovement(&body, m, mass)?),
            Movement::SquatJump(m) => timeline(jump::squat(&body, m, mass)?),
            Movement::DropJump(m) => {
                drop_box = Some(drop_jump::drop_box(m));
                timeline(drop_jump::drop_jump(&body, m)?)
            }
            Movement::RepeatedJumps(m) => timeline(repeated::jumps(&body, m)?),
            Movement::Squat(m) => timeline(repeated::squats(&body, m)?),
            Movement::Standing(m) => timeline(standing::standing(&body, m)?),
            Movement::Running(m) => gait(running::running(&body, m)?, m.travel, m.seconds),
            Movement::Walking(m) => gait(walking::walking(&body, m)?, m.travel, m.seconds),
        };
        let motion = Self {
            body,
            course,
            duration,
            drop_box,
        };
        motion.check()?;
        Ok(motion)
    }

    /// Joint angles at `t`; before the start and after the end the first and last posture.
    pub fn posture(&self, t: f64) -> Posture {
        match &self.course {
            Course::Timeline(timeline) => timeline.posture(&self.body, t),
            Course::Gait { gait, travel } => {
                let mut posture = gait.posture(&self.body, t);
                if *travel == Travel::Through {
                    posture.pelvis[0] += gait.speed * (t - 0.5 * self.duration);
                }
                posture
            }
        }
    }

    /// Joint positions at `t` in body axes.
    pub fn skeleton(&self, t: f64) -> Skeleton {
        Skeleton::of(&self.body, &self.posture(t))
    }

    /// Height of the centre of mass that the movement prescribes at `t`.
    pub fn prescribed_height(&self, t: f64) -> f64 {
        match &self.course {
            Course::Timeline(timeline) => timeline.height(&self.body, t),
            Course::Gait { gait, .. } => gait.centre_height(t),
        }
    }

    /// Name of the phase at `t`.
    pub fn phase(&self, t: f64) -> &'static str {
        match &self.course {
            Course::Timeline(timeline) => timeline.segment(t).0.name,
            Course::Gait { gait, .. } => gait.phase(t),
        }
    }

    /// Which feet carry at `t`.
    pub fn contact(&self, t: f64) -> Contact {
        match &self.course {
            Course::Timeline(timeline) => timeline.contact(t),
            Course::Gait { gait, .. } => Contact {
                feet: gait.contact(t),
                ground: 0.0,
            },
        }
    }

    /// How far the background has slid by at `t`, m.
    pub fn scroll(&self, t: f64) -> f64 {
        match &self.course {
            Course::Gait {
                gait,
                travel: Travel::Panned,
            } => gait.speed * t,
            _ => 0.0,
        }
    }

    /// Whether the background has to be drawn anew for each frame.
    pub fn scrolls(&self) -> bool {
        matches!(
            self.course,
            Course::Gait {
                travel: Travel::Panned,
                ..
            }
        )
    }

    /// What is true about each repetition, in seconds from the start of the movement.
    pub fn repetitions(&self) -> Vec<RepetitionTruth> {
        match &self.course {
            Course::Timeline(timeline) => timeline.repetitions.clone(),
            Course::Gait { .. } => Vec::new(),
        }
    }

    /// What is true about the steps up to the end of the movement.
    pub fn gait(&self) -> Option<GaitTruth> {
        match &self.course {
            Course::Timeline(_) => None,
            Course::Gait { gait, .. } => Some(gait.truth(&self.body, self.duration)),
        }
    }

    /// Samples the movement and refuses what the body could not follow.
    fn check(&self) -> Result<(), ClipError> {
        const STEP_S: f64 = 0.007;
        const CENTRE_TOLERANCE_M: f64 = 1e-5;
        const SOLE_TOLERANCE_M: f64 = 0.002;
        // A gait repeats itself; three seconds show all of it.
        let end = if self.gait_repeats() {
            self.duration.min(3.0)
        } else {
            self.duration
        };
        let mut t = 0.0;
        while t < end {
            let skeleton = self.skeleton(t);
            let lowest = skeleton.lowest();
            let phase = self.phase(t);
            let refuse = |reason| {
                Err(ClipError::Unreachable {
                    phase,
                    time_s: t,
                    reason,
                })
            };
            let centre: Vec3 = skeleton.centre_of_mass();
            if (centre.z - self.prescribed_height(t)).abs() > CENTRE_TOLERANCE_M {
                return refuse("no posture has the centre of mass this high");
            }
            if lowest < -SOLE_TOLERANCE_M {
                return refuse("a foot would sink into the floor");
            }
            t += STEP_S;
        }
        Ok(())
    }

    fn gait_repeats(&self) -> bool {
        matches!(self.course, Course::Gait { .. })
    }
}

fn timeline(timeline: Timeline) -> (Course, f64) {
    let duration = timeline.duration();
    (Course::Timeline(timeline), duration)
}

fn gait(gait: Gait, travel: Travel, seconds: f64) -> (Course, f64) {
    (
        Course::Gait {
            gait: Box::new(gait),
            travel,
        },
        seconds,
    )
}
