//! The phase of the present moment, causal and interim.

use super::phase;
use crate::history::History;

/// Speed is taken over this long, seconds.
const SPEED_WINDOW_S: f64 = 0.1;

/// Time constant with which the standing level follows a still body, seconds.
const LEVEL_TIME_S: f64 = 0.4;

/// Below standing by this part of body size begins the countermovement.
const DESCENT: f64 = 0.03;

/// Back at standing within this part of body size.
const RETURNED: f64 = 0.02;

/// Slower than this is still, body sizes per second (0.1 m/s for a typical adult).
const STILL: f64 = 0.07;

/// Follows the centre of mass against its standing level.
#[derive(Debug, Default)]
pub struct LivePhase {
    level: Option<f64>,
    last_s: f64,
    phase: Option<&'static str>,
}

impl LivePhase {
    /// The present phase.
    pub fn phase(&self) -> Option<&'static str> {
        self.phase
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Takes over a phase that something surer than this has seen; whether it is new.
    pub fn set(&mut self, phase: &'static str) -> bool {
        self.phase.replace(phase) != Some(phase)
    }

    /// Looks at the newest frame while the feet are on the ground; the phase when it is new.
    pub fn observe(&mut self, history: &History) -> Option<&'static str> {
        let now = history.latest()?;
        let before = history.get(history.index_at(now.t - SPEED_WINDOW_S));
        let elapsed = now.t - before.t;
        if elapsed <= 0.0 {
            return None;
        }
        let speed = (now.com - before.com) / now.size / elapsed;
        let level = *self.level.get_or_insert(now.com);
        let below = (level - now.com) / now.size;
        if speed.abs() < STILL && self.phase.is_none_or(|p| p == phase::STANDING) {
            let share = ((now.t - self.last_s) / LEVEL_TIME_S).clamp(0.0, 1.0);
            self.level = Some(level + share * (now.com - level));
        }
        self.last_s = now.t;
        let next = match self.phase {
            None => phase::STANDING,
            Some(phase::STANDING | phase::CONCENTRIC) if below > DESCENT && speed < -STILL => {
                phase::ECCENTRIC
            }
            Some(phase::ECCENTRIC) if speed > STILL => phase::CONCENTRIC,
            Some(phase::ECCENTRIC | phase::CONCENTRIC | phase::LANDING)
                if below < RETURNED && speed.abs() < STILL =>
            {
                phase::STANDING
            }
            Some(phase::FLIGHT) => phase::LANDING,
            Some(other) => other,
        };
        self.set(next).then_some(next)
    }
}
