//! What the body does at the present moment, causal and interim.

use super::{FlightWatch, Watched};
use crate::history::History;
use crate::numeric::PolynomialFit;

/// Speed is taken over this long where the body plainly moves, seconds, and over that long where landmark noise of small or
/// dark pictures would hide its rest.
const SPEED_WINDOW_S: f64 = 0.1;
const REST_WINDOW_S: f64 = 0.25;

/// Faster than this it plainly moves, body sizes per second: two and a half standard deviations of the speed that noise
/// of 0.6 % of stature leaves in the short window.
const PLAIN: f64 = 0.25;

/// Time constant with which the standing level follows a still body, seconds.
const LEVEL_TIME_S: f64 = 0.4;

/// Below standing by this part of body size begins the descent.
const DESCENT: f64 = 0.03;

/// Back at standing within this part of body size.
const RETURNED: f64 = 0.02;

/// Back up by this part of the way down the body has risen, however low it then stands.
const RISEN: f64 = 0.75;

/// A rest that is not lower than this part of body size is standing.
const NO_SQUAT: f64 = 0.055;

/// Slower than this is still, body sizes per second (0.1 m/s for a typical adult).
const STILL: f64 = 0.07;

/// Still for this long below standing is a held squat, seconds: longer than any countermovement stays at its bottom.
const HELD_S: f64 = 0.35;

/// After a fall, sinking slower than this, body sizes per second, means that the feet have met the ground.
const BRAKED: f64 = 0.6;

/// A flight that begins within this time of a landing is a rebound, seconds. Drop jumps stay 0.15–0.35 s on the ground.
pub const REBOUND_S: f64 = 0.42;

/// What the body seems to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// At rest.
    Standing,
    /// Sinking from standing.
    Descent,
    /// At rest in a squat.
    Hold,
    /// Rising with the feet on the ground.
    Ascent,
    /// Falling from a box.
    Drop,
    /// Braking a fall and rising again.
    Contact,
    /// In the air after a take-off.
    Flight,
    /// Back on the ground.
    Landing,
}

/// How a jump comes about, as far as it shows while it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From standing.
    Standing,
    /// From a held squat.
    Hold,
    /// From a fall.
    Drop,
    /// From a landing.
    Rebound,
}

/// Watches for flights and follows what the body does meanwhile.
#[derive(Debug, Default)]
pub struct Stages {
    watch: FlightWatch,
    live: LivePhase,
}

impl Stages {
    /// Looks at the newest frame; what it changed about a flight.
    pub fn observe(&mut self, history: &History) -> Option<Watched> {
        let watched = self.watch.observe(history);
        match watched {
            Some(Watched::Left { at }) => self.live.leave(at),
            Some(Watched::Returned { at, .. }) => self.live.land(at),
            Some(Watched::Fell { .. }) => self.live.fall(),
            Some(Watched::Dismissed) => self.live.dismiss(),
            None if !self.watch.airborne() => self.live.observe(history),
            None => {}
        }
        watched
    }

    /// The present stage; `None` before the first frame.
    pub fn stage(&self) -> Option<Stage> {
        self.live.stage
    }

    /// Whether the body is, or comes, down from the air.
    pub fn has_jumped(&self) -> bool {
        matches!(
            self.live.stage,
            Some(Stage::Drop | Stage::Contact | Stage::Landing)
        )
    }

    /// How the jump under way came about.
    pub fn origin(&self) -> Origin {
        self.live.origin
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.watch.reset();
        self.live = LivePhase::default();
    }
}

/// Follows the centre of mass against its standing level.
#[derive(Debug)]
struct LivePhase {
    level: Option<f64>,
    /// Lowest since the descent began.
    low: f64,
    last_s: f64,
    still_since: Option<f64>,
    landed_s: f64,
    stage: Option<Stage>,
    origin: Origin,
    /// What went on when the feet seemed to leave the ground.
    interrupted: Option<(Option<Stage>, Origin)>,
}

impl Default for LivePhase {
    fn default() -> Self {
        Self {
            level: None,
            low: f64::INFINITY,
            last_s: 0.0,
            still_since: None,
            landed_s: f64::NEG_INFINITY,
            stage: None,
            origin: Origin::Standing,
            interrupted: None,
        }
    }
}

impl LivePhase {
    /// The feet left the ground at `t`.
    fn leave(&mut self, t: f64) {
        self.interrupted = Some((self.stage, self.origin));
        if t - self.landed_s < REBOUND_S && self.origin != Origin::Drop {
            self.origin = Origin::Rebound;
        }
        self.stage = Some(Stage::Flight);
    }

    /// The feet came back at `t`.
    fn land(&mut self, t: f64) {
        self.landed_s = t;
        self.stage = Some(Stage::Landing);
    }

    /// The feet fell below the ground they stood on.
    fn fall(&mut self) {
        self.origin = Origin::Drop;
        self.stage = Some(Stage::Drop);
        self.level = None;
    }

    /// What seemed to be a flight was none: what it interrupted goes on.
    fn dismiss(&mut self) {
        if let Some((stage, origin)) = self.interrupted.take() {
            (self.stage, self.origin) = (stage, origin);
        }
    }

    /// Looks at the newest frame while the feet are on the ground.
    fn observe(&mut self, history: &History) {
        let Some(now) = history.latest() else { return };
        let Some((height, speed)) = height_and_speed(history) else {
            return;
        };
        let level = *self.level.get_or_insert(height);
        let below = (level - height) / now.size;
        let still = speed.abs() < STILL;
        if still && matches!(self.stage, None | Some(Stage::Standing)) {
            let share = ((now.t - self.last_s) / LEVEL_TIME_S).clamp(0.0, 1.0);
            self.level = Some(level + share * (height - level));
        }
        self.last_s = now.t;
        let still_since = if still {
            *self.still_since.get_or_insert(now.t)
        } else {
            self.still_since = None;
            now.t
        };
        self.low = match self.stage {
            Some(Stage::Descent | Stage::Hold | Stage::Ascent) => self.low.min(height),
            _ => height,
        };
        let risen = height - self.low > RISEN * (level - self.low);
        let next = match self.stage {
            None => Stage::Standing,
            Some(Stage::Standing | Stage::Ascent | Stage::Hold) if below > DESCENT && speed < -STILL => {
                Stage::Descent
            }
            Some(Stage::Descent) if below > DESCENT && now.t - still_since > HELD_S => {
                if below > NO_SQUAT {
                    Stage::Hold
                } else {
                    Stage::Standing
                }
            }
            Some(Stage::Descent | Stage::Hold) if speed > STILL => Stage::Ascent,
            Some(Stage::Drop) if speed > -BRAKED => Stage::Contact,
            Some(Stage::Ascent) if risen && still => Stage::Standing,
            Some(Stage::Descent | Stage::Landing) if below.abs() < RETURNED && still => Stage::Standing,
            // a floor lower than the box: its standing level has to be learnt
            Some(Stage::Contact | Stage::Landing) if now.t - still_since > HELD_S => Stage::Standing,
            Some(Stage::Flight) => Stage::Landing,
            Some(other) => other,
        };
        if next == Stage::Standing && self.stage != Some(Stage::Standing) {
            self.level = Some(height);
        }
        match next {
            Stage::Hold => self.origin = Origin::Hold,
            Stage::Standing => self.origin = Origin::Standing,
            _ => {}
        }
        self.stage = Some(next);
    }
}

/// Height of the centre of mass a moment ago, pixels, and its speed in body sizes per second; `None` before the second frame.
fn height_and_speed(history: &History) -> Option<(f64, f64)> {
    let now = history.latest()?;
    let over = |seconds: f64| {
        let mut line = PolynomialFit::new(1);
        for frame in history.window(now.t - seconds, now.t) {
            line.add((frame.t - now.t) / seconds, frame.com - now.com, 1.0);
        }
        let [end, slope, ..] = line.solve()?;
        // in the middle of the window, where a line through noise is surest
        Some((now.com + end - 0.5 * slope, slope / now.size / seconds))
    };
    let (height, speed) = over(SPEED_WINDOW_S)?;
    if speed.abs() > PLAIN {
        return Some((height, speed));
    }
    over(REST_WINDOW_S).map(|(_, speed)| (height, speed))
}
