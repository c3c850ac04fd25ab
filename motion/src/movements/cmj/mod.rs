//! The countermovement jump: from standing down, up and off the ground with both feet, and back onto them.

mod angles;
mod checks;
mod jump;
mod live;
mod metrics;
mod timeline;

use super::{Context, Movement, MovementModel, Output};
use crate::WarningCode;
use crate::history::History;
use crate::jump::{Course, FlightWatch, Watched};
use crate::units::{MS_PER_S, height_from_flight_time};
use jump::CmjJump;
use live::LivePhase;
use timeline::SmoothedCom;

/// Names of the phases.
pub(crate) mod phase {
    pub const STANDING: &str = "standing";
    pub const ECCENTRIC: &str = "eccentric";
    pub const CONCENTRIC: &str = "concentric";
    pub const FLIGHT: &str = "flight";
    pub const LANDING: &str = "landing";
}

/// The row of the movement table.
pub(super) const MOVEMENT: Movement = Movement {
    name: NAME,
    label: "Countermovement jump",
    phases: &[
        phase::STANDING,
        phase::ECCENTRIC,
        phase::CONCENTRIC,
        phase::FLIGHT,
        phase::LANDING,
    ],
    events: &["onset_s", "lowest_s", "takeoff_s", "apex_s", "landing_s"],
    metrics: metrics::KEYS,
    model: || Box::new(Cmj::default()),
};

const NAME: &str = "cmj";

/// A jump is final with the last frame that comes at most this long after its landing, seconds of media time: enough to
/// see the feet flat and the body sink.
const SETTLE_S: f64 = 0.27;

/// At the end of a stream this much after the landing is enough, seconds.
const SETTLE_AT_END_S: f64 = 0.06;

/// Samples reserved for smoothing: the longest movement at the highest stored rate.
const SMOOTHED_CAPACITY: usize = 1024;

/// Why something that looked like a flight is not a countermovement jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotACmj {
    /// Too few measured frames to say.
    TooFewFrames,
    /// The feet did not leave the ground and come back.
    NoFlight,
    /// The body did not move as one thrown up by its legs.
    NotBallistic,
    /// Only one foot left the ground.
    OneFoot,
    /// Take-off and landing are at different heights.
    OtherLevel,
    /// The track jumped: another person, or the landmarks were lost.
    TrackJumped,
    /// No descent before the take-off.
    NoCountermovement,
    /// The body rested at the bottom: a squat jump.
    Paused,
    /// Straight from a landing: a rebound.
    Rebound,
}

impl NotACmj {
    /// What to tell a person who saw a jump and gets no result; `None` when there was no jump to see.
    fn explanation(self) -> Option<&'static str> {
        match self {
            NotACmj::NoCountermovement => Some(
                "a jump without a countermovement was seen; it is not measured as a countermovement jump",
            ),
            NotACmj::Paused => {
                Some("a jump from a held squat was seen; it is not measured as a countermovement jump")
            }
            NotACmj::Rebound => Some(
                "a rebound straight from a landing was seen; it is not measured as a countermovement jump",
            ),
            NotACmj::OtherLevel => {
                Some("a jump between different levels was seen; its flight time is not a jump height")
            }
            _ => None,
        }
    }
}

/// A flight that waits for its landing to settle.
#[derive(Clone, Copy, Debug)]
struct Settling {
    left_s: f64,
    returned_s: f64,
}

/// Finds countermovement jumps in one person's stream.
#[derive(Debug)]
struct Cmj {
    watch: FlightWatch,
    live: LivePhase,
    settling: Option<Settling>,
    /// Landing of the last flight, whatever it was.
    last_landing_s: f64,
    course: Course,
    smoothed: SmoothedCom,
}

impl Default for Cmj {
    fn default() -> Self {
        Self {
            watch: FlightWatch::default(),
            live: LivePhase::default(),
            settling: None,
            last_landing_s: f64::NEG_INFINITY,
            course: Course::default(),
            smoothed: SmoothedCom::with_capacity(SMOOTHED_CAPACITY),
        }
    }
}

impl Cmj {
    /// Measures the flight that has settled and emits it or says why not.
    fn conclude(&mut self, flight: Settling, context: &Context<'_>, output: &mut Output<'_>) {
        let measured = CmjJump::measure(
            &mut self.course,
            &mut self.smoothed,
            context,
            (flight.left_s, flight.returned_s),
            self.last_landing_s,
        );
        match measured {
            Ok(jump) => {
                self.last_landing_s = jump.contact.landing_s;
                output.repetition(jump.into_repetition(&self.course, context));
            }
            Err(reason) => {
                if matches!(
                    reason,
                    NotACmj::Rebound | NotACmj::Paused | NotACmj::NoCountermovement | NotACmj::OtherLevel
                ) {
                    self.last_landing_s = flight.returned_s;
                }
                if let Some(explanation) = reason.explanation() {
                    output.warning(WarningCode::NotMeasured, explanation.to_owned());
                }
            }
        }
    }

    fn announce(&mut self, phase: &'static str, start_s: f64, output: &mut Output<'_>) {
        if self.live.set(phase) {
            output.phase(NAME, phase, start_s);
        }
    }
}

/// Time between the two newest frames: when the next one may be expected.
fn last_interval(history: &History) -> f64 {
    match history.len() {
        0 | 1 => 0.0,
        n => history.get(n - 1).t - history.get(n - 2).t,
    }
}

impl MovementModel for Cmj {
    fn observe(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        let Some(now) = context.history.latest().map(|f| f.t) else {
            return;
        };
        match self.watch.observe(context.history) {
            Some(Watched::Left { at }) => {
                // a new flight ends the settling of the last one
                if let Some(flight) = self.settling.take() {
                    self.conclude(flight, context, output);
                }
                self.announce(phase::FLIGHT, at, output);
            }
            Some(Watched::Returned { left, at }) => {
                self.settling = Some(Settling {
                    left_s: left,
                    returned_s: at,
                });
                self.announce(phase::LANDING, at, output);
                let flight_s = at - left;
                output.metric_update(NAME, "flight_time_ms", MS_PER_S * flight_s);
                output.metric_update(NAME, "jump_height_m", height_from_flight_time(flight_s));
            }
            Some(Watched::Dismissed) => self.announce(phase::STANDING, now, output),
            None => {
                if !self.watch.airborne()
                    && let Some(phase) = self.live.observe(context.history)
                {
                    output.phase(NAME, phase, now);
                }
            }
        }
        let interval = last_interval(context.history);
        if let Some(flight) = self.settling
            && now + interval > flight.returned_s + SETTLE_S
        {
            self.settling = None;
            self.conclude(flight, context, output);
        }
    }

    fn finish(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        let Some(now) = context.history.latest().map(|f| f.t) else {
            return;
        };
        if let Some(flight) = self.settling.take()
            && now >= flight.returned_s + SETTLE_AT_END_S
        {
            self.conclude(flight, context, output);
        }
    }

    fn reset(&mut self) {
        self.watch.reset();
        self.live.reset();
        self.settling = None;
        self.last_landing_s = f64::NEG_INFINITY;
    }

    fn phase(&self) -> Option<&'static str> {
        self.live.phase()
    }
}
