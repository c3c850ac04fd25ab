//! Squat repetitions: down and up again with the feet on the ground, how deep and how fast.

mod measured;

use super::{Context, Movement, MovementModel, Output};
use crate::jump::{Course, SmoothedCom, Stage, Stages};
use measured::Squat;

/// Names of the phases.
mod phase {
    pub const STANDING: &str = "standing";
    pub const DESCENT: &str = "descent";
    pub const BOTTOM: &str = "bottom";
    pub const ASCENT: &str = "ascent";
}

/// The row of the movement table.
pub(super) const MOVEMENT: Movement = Movement {
    name: NAME,
    label: "Squat",
    phases: &[phase::STANDING, phase::DESCENT, phase::BOTTOM, phase::ASCENT],
    events: &["onset_s", "lowest_s"],
    headline: &[
        "squat_depth_m",
        "mean_concentric_velocity_m_s",
        "eccentric_duration_ms",
        "concentric_duration_ms",
    ],
    metrics: measured::KEYS,
    model: || Box::new(Squats::default()),
};

const NAME: &str = "squat";

/// Finds squats in one person's stream.
#[derive(Debug, Default)]
struct Squats {
    stages: Stages,
    /// Since when the present squat has gone on; `None` after anything that is none.
    since_s: Option<f64>,
    course: Course,
    smoothed: SmoothedCom,
}

impl MovementModel for Squats {
    fn observe(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        let Some(now) = context.history.latest().map(|f| f.t) else {
            return;
        };
        let before = self.phase();
        self.stages.observe(context.history);
        let phase = self.phase();
        if phase != before {
            match (before, phase) {
                (Some(phase::STANDING), Some(phase::DESCENT)) => self.since_s = Some(now),
                (Some(phase::ASCENT), Some(phase::STANDING)) => self.conclude(context, output),
                (_, None) => self.since_s = None,
                _ => {}
            }
            if let Some(phase) = phase.filter(|_| context.alone) {
                output.phase(NAME, phase, now);
            }
        }
    }

    fn reset(&mut self) {
        self.stages.reset();
        self.since_s = None;
    }

    fn phase(&self) -> Option<&'static str> {
        match self.stages.stage()? {
            Stage::Standing => Some(phase::STANDING),
            Stage::Descent => Some(phase::DESCENT),
            Stage::Hold => Some(phase::BOTTOM),
            Stage::Ascent => Some(phase::ASCENT),
            Stage::Drop | Stage::Contact | Stage::Flight | Stage::Landing => None,
        }
    }
}

impl Squats {
    /// Measures the squat that has ended.
    fn conclude(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        let Some(since_s) = self.since_s.take() else {
            return;
        };
        if let Some(squat) = Squat::measure(&mut self.course, &mut self.smoothed, context, since_s) {
            output.repetition(squat.into_repetition(&self.course, context));
        }
    }
}
