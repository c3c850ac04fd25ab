//! The model that every kind of jump shares: notice a flight, wait until its landing has settled, measure it once.

use super::{Course, Noticed, Origin, Rejection, SmoothedCom, Stage, Stages, Watched};
use crate::history::History;
use crate::movements::{Context, MovementModel, Output};
use crate::units::{MS_PER_S, height_from_flight_time};
use crate::{Repetition, WarningCode};
use std::fmt::Debug;

/// A jump is final with the last frame that comes at most this long after its landing, seconds of media time: enough to
/// see the feet flat and the body sink.
const SETTLE_S: f64 = 0.27;

/// At the end of a stream this much after the landing is enough, seconds.
const SETTLE_AT_END_S: f64 = 0.06;

/// A fall this long ago has nothing to do with a jump any more, seconds.
const FORGET_FALL_S: f64 = 2.0;

/// Memory for measuring, reused from jump to jump.
#[derive(Debug)]
pub struct Bench {
    /// The stretch of history around the jump.
    pub course: Course,
    /// The centre of mass on it.
    pub smoothed: SmoothedCom,
    /// Last landing before the jump, seconds; negative infinity when there was none.
    pub last_landing_s: f64,
}

/// What tells one kind of jump from another.
pub trait JumpKind: Default + Debug + Send {
    /// Name of the movement.
    const NAME: &'static str;

    /// How such a jump comes about.
    const ORIGIN: Origin;

    /// Name of the phase in which this kind sees a stage; `None` where it has none.
    fn phase(stage: Stage) -> Option<&'static str>;

    /// Measures a flight, or says why it is none of this kind.
    fn measure(
        &mut self,
        bench: &mut Bench,
        context: &Context<'_>,
        flight: &Noticed,
    ) -> Result<Repetition, Rejection>;

    /// The person was lost: forget everything seen.
    fn reset(&mut self) {}
}

/// Finds jumps of one kind in one person's stream.
#[derive(Debug)]
pub struct JumpModel<K> {
    kind: K,
    stages: Stages,
    shown: Option<&'static str>,
    settling: Option<Noticed>,
    fell_s: Option<f64>,
    bench: Bench,
}

impl<K: JumpKind> Default for JumpModel<K> {
    fn default() -> Self {
        Self {
            kind: K::default(),
            stages: Stages::default(),
            shown: None,
            settling: None,
            fell_s: None,
            bench: Bench {
                course: Course::default(),
                smoothed: SmoothedCom::default(),
                last_landing_s: f64::NEG_INFINITY,
            },
        }
    }
}

impl<K: JumpKind> JumpModel<K> {
    /// Measures the flight that has settled and emits it or says why not.
    fn conclude(&mut self, flight: &Noticed, context: &Context<'_>, output: &mut Output<'_>) {
        match self.kind.measure(&mut self.bench, context, flight) {
            Ok(jump) => {
                self.bench.last_landing_s = jump.event("landing_s").unwrap_or(flight.returned_s);
                output.repetition(jump);
            }
            Err(reason) => {
                if reason.was_a_flight() {
                    self.bench.last_landing_s = flight.returned_s;
                }
                if let Some(seen) = reason.seen()
                    && (context.alone || !reason.is_another_kind() && K::ORIGIN == Origin::Standing)
                {
                    let message = format!("{seen} was seen; it is not measured as {}", K::NAME);
                    output.warning(WarningCode::NotMeasured, message);
                }
            }
        }
    }

    /// Whether the jump under way is, or may become, one of this kind.
    fn is_ours(&self, context: &Context<'_>) -> bool {
        context.alone || self.stages.origin() == K::ORIGIN
    }

    /// Shows the present stage under the name this kind has for it.
    fn show(&mut self, since_s: f64, context: &Context<'_>, output: &mut Output<'_>) {
        let stage = self.stages.stage().filter(|_| self.is_ours(context));
        let phase = stage.and_then(K::phase);
        if self.shown != phase {
            self.shown = phase;
            if let Some(phase) = phase {
                output.phase(K::NAME, phase, since_s);
            }
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

impl<K: JumpKind> MovementModel for JumpModel<K> {
    fn observe(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        let Some(now) = context.history.latest().map(|f| f.t) else {
            return;
        };
        let mut since_s = now;
        match self.stages.observe(context.history) {
            Some(Watched::Left { at }) => {
                // a new flight ends the settling of the last one
                if let Some(flight) = self.settling.take() {
                    self.conclude(&flight, context, output);
                }
                since_s = at;
            }
            Some(Watched::Returned { left, at, clearance }) => {
                self.settling = Some(Noticed {
                    left_s: left,
                    returned_s: at,
                    clearance,
                    fell_s: self.fell_s.filter(|fell| left - fell < FORGET_FALL_S),
                });
                since_s = at;
                if self.is_ours(context) {
                    let flight_s = at - left;
                    output.metric_update(K::NAME, "flight_time_ms", MS_PER_S * flight_s);
                    output.metric_update(K::NAME, "jump_height_m", height_from_flight_time(flight_s));
                }
            }
            Some(Watched::Fell { at }) => {
                self.fell_s = Some(at);
                since_s = at;
            }
            Some(Watched::Dismissed) | None => {}
        }
        self.show(since_s, context, output);
        let interval = last_interval(context.history);
        if let Some(flight) = self.settling
            && now + interval > flight.returned_s + SETTLE_S
        {
            self.settling = None;
            self.conclude(&flight, context, output);
        }
    }

    fn finish(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        let Some(now) = context.history.latest().map(|f| f.t) else {
            return;
        };
        if let Some(flight) = self.settling.take()
            && now >= flight.returned_s + SETTLE_AT_END_S
        {
            self.conclude(&flight, context, output);
        }
    }

    fn reset(&mut self) {
        self.kind.reset();
        self.stages.reset();
        self.shown = None;
        self.settling = None;
        self.fell_s = None;
        self.bench.last_landing_s = f64::NEG_INFINITY;
    }

    fn phase(&self) -> Option<&'static str> {
        self.shown
    }
}
