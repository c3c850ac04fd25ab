//! Notices flights while they happen, cheaply. What it reports is a suspicion; the movement confirms or drops it.

use super::REBOUND_S;
use crate::body::{Frame, Joint, Side};
use crate::history::History;
use crate::numeric::{quantile, ramp};

/// The level of the ground is learnt over this long, seconds.
const GROUND_WINDOW_S: f64 = 1.2;

/// Least time of watching before a flight can be noticed, seconds.
const MIN_WATCHED_S: f64 = 0.2;

/// Quantile of foot heights that counts as the ground: feet are down at least that share of the time, even when hopping.
const GROUND_QUANTILE: f64 = 0.12;

/// Foot height over body size (trunk + thigh + shank) that counts as airborne: 5 % is 4 % of stature, above the heel
/// raise of the last contact, below the apex of a 6 cm jump.
const AIRBORNE: f64 = 0.05;

/// The same shortly after a landing: a body that is on its way up again has shown that it jumps, and hops are low. 3 % is 2 % of
/// stature, the apex of a hop of 4 cm.
const REBOUNDING: f64 = 0.03;

/// Foot height over body size below the ground that counts as falling from it: 6 % is 5 % of stature, or an 8 cm step.
const BELOW: f64 = -0.06;

/// … with the body sinking at least this fast, body sizes per second (0.8 m/s for a typical adult), so that a walker who
/// comes nearer or a lost foot is no fall.
const MIN_FALL: f64 = 0.6;

/// The body must be rising at least this fast when its feet leave, body sizes per second (0.4 m/s for a typical adult;
/// a 5 cm jump starts with 1 m/s). A walking body never rises that fast.
const MIN_RISE: f64 = 0.3;

/// The rise is taken over this long, seconds.
const RISE_WINDOW_S: f64 = 0.1;

/// Longer than any human jump (1.3 m high): the ground was elsewhere. Seconds.
const MAX_FLIGHT_S: f64 = 1.3;

/// Shorter crossings are noise, seconds.
const MIN_FLIGHT_S: f64 = 0.1;

/// Most samples of the ground window: 1.2 s at the highest stored rate, and some for jitter.
const SCRATCH: usize = 512;

/// A change noticed with the newest frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Watched {
    /// The feet seem to have left the ground.
    Left {
        /// About when, seconds.
        at: f64,
    },
    /// They seem to be back.
    Returned {
        /// About when they left, seconds.
        left: f64,
        /// About when they came back.
        at: f64,
        /// Height over the ground at both instants, body sizes.
        clearance: f64,
    },
    /// What seemed to be a flight was none.
    Dismissed,
    /// The feet fall below the ground they stood on: the body has left a box.
    Fell {
        /// About since when.
        at: f64,
    },
}

/// Watches the height of the feet over a slowly learnt ground.
#[derive(Debug)]
pub struct FlightWatch {
    ground: [f64; 2],
    weight: [f64; 2],
    size: f64,
    since: Option<f64>,
    /// When the last flight ended, seconds.
    returned: f64,
    /// The ground is learnt from frames after this, seconds: before, the feet stood on something else.
    ground_since: f64,
    /// Last three clearances with their times; the middle value counts.
    recent: [(f64, f64); 3],
    seen: usize,
    scratch: Vec<f64>,
}

impl Default for FlightWatch {
    fn default() -> Self {
        Self {
            ground: [0.0; 2],
            weight: [0.0; 2],
            size: 0.0,
            since: None,
            returned: f64::NEG_INFINITY,
            ground_since: f64::NEG_INFINITY,
            recent: [(0.0, 0.0); 3],
            seen: 0,
            scratch: Vec::with_capacity(SCRATCH),
        }
    }
}

/// Foot height of one side: mean of ankle and toe, which stay together when the foot turns about its middle.
fn foot_height(frame: &Frame, side: Side) -> Option<f64> {
    let (ankle, toe) = (frame.joint(side, Joint::Ankle), frame.joint(side, Joint::Toe));
    (ankle.usable() && toe.usable()).then(|| f64::from(0.6 * ankle.y + 0.4 * toe.y))
}

impl FlightWatch {
    /// Whether a flight seems to be under way.
    pub fn airborne(&self) -> bool {
        self.since.is_some()
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.since = None;
        self.returned = f64::NEG_INFINITY;
        self.ground_since = f64::NEG_INFINITY;
        self.seen = 0;
        self.size = 0.0;
    }

    /// Looks at the newest frame.
    pub fn observe(&mut self, history: &History) -> Option<Watched> {
        let frame = history.latest()?;
        if self.since.is_none() {
            self.learn_ground(history, frame.t);
        }
        let clearance = self.clearance(frame)?;
        self.recent.rotate_left(1);
        self.recent[2] = (frame.t, clearance);
        self.seen += 1;
        if self.seen < 3 || frame.t - history.get(0).t < MIN_WATCHED_S {
            return None;
        }
        let middle = self.recent[0]
            .1
            .max(self.recent[1].1)
            .min(self.recent[0].1.min(self.recent[1].1).max(self.recent[2].1));
        let at = self.recent[1].0;
        let airborne = if self.since.unwrap_or(at) - self.returned < REBOUND_S {
            REBOUNDING
        } else {
            AIRBORNE
        };
        match self.since {
            None if middle < BELOW && self.rise(history) < -MIN_FALL => {
                let fell = at > self.ground_since + GROUND_WINDOW_S;
                self.ground_since = at;
                fell.then_some(Watched::Fell { at })
            }
            None if middle > airborne && self.rise(history) > MIN_RISE => {
                self.since = Some(at);
                Some(Watched::Left { at })
            }
            Some(left) if middle <= airborne => {
                self.since = None;
                Some(if at - left >= MIN_FLIGHT_S {
                    self.returned = at;
                    Watched::Returned {
                        left,
                        at,
                        clearance: airborne,
                    }
                } else {
                    Watched::Dismissed
                })
            }
            Some(left) if at - left > MAX_FLIGHT_S => {
                self.since = None;
                Some(Watched::Dismissed)
            }
            _ => None,
        }
    }

    /// How fast the centre of mass goes up, body sizes per second.
    fn rise(&self, history: &History) -> f64 {
        let Some(now) = history.latest() else { return 0.0 };
        let before = history.get(history.index_at(now.t - RISE_WINDOW_S).saturating_sub(1));
        if now.t > before.t && self.size > 0.0 {
            (now.com - before.com) / self.size / (now.t - before.t)
        } else {
            0.0
        }
    }

    /// Height of the feet over the ground in body sizes, sides weighted by visibility.
    fn clearance(&self, frame: &Frame) -> Option<f64> {
        if self.size <= 0.0 {
            return None;
        }
        let (mut sum, mut weights) = (0.0, 0.0);
        for side in Side::BOTH {
            if let Some(height) = foot_height(frame, side) {
                let weight = self.weight[side as usize];
                sum += weight * (height - self.ground[side as usize]);
                weights += weight;
            }
        }
        (weights > 0.0).then(|| sum / weights / self.size)
    }

    fn learn_ground(&mut self, history: &History, now: f64) {
        let window = history.window((now - GROUND_WINDOW_S).max(self.ground_since), f64::INFINITY);
        for side in Side::BOTH {
            self.scratch.clear();
            self.scratch
                .extend(window.clone().filter_map(|f| foot_height(f, side)).take(SCRATCH));
            if let Some(ground) = quantile(&mut self.scratch, GROUND_QUANTILE) {
                self.ground[side as usize] = ground;
            }
        }
        self.scratch.clear();
        self.scratch.extend(window.map(|f| f.size).take(SCRATCH));
        self.size = quantile(&mut self.scratch, 0.6).unwrap_or(self.size);
        let Some(frame) = history.latest() else { return };
        for side in Side::BOTH {
            let trust = ramp(frame.foot_visibility(side), 0.5, 1.0).powi(2).max(0.02);
            let weight = &mut self.weight[side as usize];
            // a slow mean, so that one hidden frame does not move the ground
            *weight = if self.seen == 0 {
                trust
            } else {
                0.9 * *weight + 0.1 * trust
            };
        }
    }
}
