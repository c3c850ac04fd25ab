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

/// Standing is looked at for so long after the ascent has been seen to end, seconds.
const SETTLE_S: f64 = 0.12;

/// Whoever is down for longer does something else, seconds.
const LONGEST_S: f64 = 9.0;

/// Finds squats in one person's stream.
#[derive(Debug, Default)]
struct Squats {
    stages: Stages,
    /// Since when the present squat has gone on; `None` after anything that is none.
    since_s: Option<f64>,
    /// Begin of a squat that has ended, and when that was noticed.
    settling: Option<(f64, f64)>,
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
        if self.stages.has_jumped() {
            (self.since_s, self.settling) = (None, None);
        }
        if phase != before {
            match (before, phase) {
                (Some(phase::STANDING), Some(phase::DESCENT)) => self.since_s = Some(now),
                (Some(phase::ASCENT), Some(phase::STANDING)) => {
                    self.settling = self.since_s.take().map(|since| (since, now));
                }
                // straight into the next one
                (Some(phase::ASCENT), Some(phase::DESCENT))
                    if self.conclude(self.since_s, context, output) =>
                {
                    self.since_s = Some(now);
                }
                _ => {}
            }
            if let Some(phase) = phase.filter(|_| context.alone) {
                output.phase(NAME, phase, now);
            }
        }
        if let Some((since, ended)) = self.settling
            && (now > ended + SETTLE_S || self.since_s.is_some())
        {
            self.settling = None;
            self.conclude(Some(since), context, output);
        }
    }

    fn finish(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        let since = self.settling.take().map(|(since, _)| since);
        self.conclude(since, context, output);
    }

    fn reset(&mut self) {
        self.stages.reset();
        (self.since_s, self.settling) = (None, None);
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
    /// Measures the squat that began about `since` and has ended; whether it was one.
    fn conclude(&mut self, since: Option<f64>, context: &Context<'_>, output: &mut Output<'_>) -> bool {
        let now = context.history.latest().map_or(f64::INFINITY, |f| f.t);
        let recent = since.filter(|since| now - since < LONGEST_S);
        let measure = |since| Squat::measure(&mut self.course, &mut self.smoothed, context, since);
        let Some(squat) = recent.and_then(measure) else {
            return false;
        };
        output.repetition(squat.into_repetition(&self.course, context));
        true
    }
}
