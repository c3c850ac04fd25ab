//! The movement model running and walking are made of.

use super::Gait;
use super::bout::{Bout, FEWEST_STEPS, Progress};
use super::chain::{self, Times};
use super::lags;
use super::marks::Interval;
use super::numbers::Steps;
use super::posture::Posture;
use super::step::{self, Step};
use super::watch::{Passed, PassingWatch};
use crate::body::Side;
use crate::movements::{Context, MovementModel, Output};
use crate::units::MS_PER_S;
use crate::{PhaseSpan, Quality, Repetition, StepSpan};

/// A toe-off does not move any more when this much has been seen after it, seconds: the parabolas through turning points
/// reach so far ([`super::marks`]).
const SETTLED_S: f64 = 0.12;

/// Metrics of a bout, warnings and verdict.
pub type Numbers = (Vec<crate::Metric>, Vec<String>, Quality);

/// Names and numbers of one gait.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Which.
    pub gait: Gait,
    /// Movement name.
    pub name: &'static str,
    /// Phase while only this foot is on the ground, left and right.
    pub support: [&'static str; 2],
    /// Phase between single supports.
    pub between: &'static str,
    /// Metrics, warnings and verdict of a bout.
    pub measure: fn(&Steps<'_>, &Context<'_>) -> Numbers,
    /// Class of a foot strike from the foot's angle in degrees.
    pub foot_strike: fn(f64) -> &'static str,
}

/// Recognises one gait and measures its bouts.
#[derive(Debug)]
pub struct GaitModel {
    kind: &'static Kind,
    watch: PassingWatch,
    bout: Bout,
    phase: Option<&'static str>,
}

impl GaitModel {
    /// Nothing seen yet.
    pub fn new(kind: &'static Kind) -> Self {
        Self {
            kind,
            watch: PassingWatch::default(),
            bout: Bout::new(kind.gait),
            phase: None,
        }
    }

    fn take(&mut self, interval: &Interval, context: &Context<'_>, output: &mut Output<'_>) {
        match self.bout.push(interval, context.history) {
            Progress::Begun | Progress::Foreign => {}
            Progress::Step => self.announce(interval, output),
            Progress::Full => {
                self.conclude(context, output);
                self.bout.taken();
                self.announce(interval, output);
            }
            Progress::Broken => {
                self.end(context, output);
                self.bout.push(interval, context.history);
            }
        }
    }

    /// Closes a long bout as soon as its last toe-off is certain, without waiting for the feet to pass each other again.
    fn close(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        let (Some(last), Some(latest)) = (self.bout.long(), context.history.latest()) else {
            return;
        };
        // as long as the step before, as far as anybody knows
        let (from, to) = (last.to_s, last.to_s + last.duration_s());
        let settled = latest.t - SETTLED_S;
        let [_, toe_off] = lags::usual(self.kind.gait);
        if settled < from + toe_off * (to - from) {
            return;
        }
        let begun = Interval::measure(context.history, self.watch.view(), self.kind.gait, (from, to));
        if let Some(begun) = begun.filter(|b| b.toe_off_s.is_some_and(|toe_off| toe_off < settled)) {
            self.bout.close(&begun, context.history);
            self.conclude(context, output);
            self.bout.taken();
        }
    }

    /// Interim news while a bout is under way.
    fn announce(&mut self, interval: &Interval, output: &mut Output<'_>) {
        let Some(step) = self.bout.steps().last() else {
            return;
        };
        if self.phase.is_none() && self.bout.steps().len() < FEWEST_STEPS {
            return;
        }
        // at a passing the foot that came down last carries the body
        let (first, _) = first_side(self.bout.steps());
        let coming = first_after(first, self.bout.steps().len());
        let phase = self.kind.support[coming as usize];
        if self.phase.replace(phase) != Some(phase) {
            output.phase(self.kind.name, phase, interval.to_s);
        }
        let marks = lags::removed(self.kind.gait, &step.marks, step.speed, step.duration_s());
        if let (Some(contact), Some(toe_off)) = (marks.contact_s, marks.toe_off_s) {
            output.metric_update(
                self.kind.name,
                "ground_contact_time_ms",
                MS_PER_S * (toe_off - contact),
            );
        }
        output.metric_update(self.kind.name, "cadence_spm", 60.0 / interval.duration_s());
    }

    /// The bout is over.
    fn end(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        self.conclude(context, output);
        self.bout.clear();
        self.phase = None;
    }

    /// Emits the steps so far as a repetition when they are enough for one.
    fn conclude(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        let steps = self.bout.steps_mut();
        if steps.len() < FEWEST_STEPS {
            return;
        }
        if self.kind.gait == Gait::Running {
            step::level(context.history, steps);
        }
        if let Some(repetition) = repetition(self.kind, steps, context) {
            output.repetition(repetition);
        }
    }
}

/// The final times of the steps.
pub fn times(gait: Gait, steps: &[Step]) -> Option<Vec<Times>> {
    let speeds = steps.iter().filter_map(|s| s.speed);
    let count = speeds.clone().count();
    let speed = (count > 0).then(|| speeds.sum::<f64>() / count as f64);
    let observed: Vec<_> = steps
        .iter()
        .map(|s| lags::removed(gait, &s.marks, speed, s.duration_s()))
        .collect();
    let frame_s = steps.iter().map(|s| s.frame_s).sum::<f64>() / steps.len().max(1) as f64;
    let mut times = chain::solve(&observed, &lags::spread(gait, frame_s))?;
    in_order(gait, &mut times);
    let whole = times.iter().all(|t| t.toe_off_s > t.contact_s);
    whole.then_some(times)
}

/// Makes the time between steps a flight in running and a double support in walking, be it ever so short: noise may
/// exchange instants that nearly coincide.
fn in_order(gait: Gait, times: &mut [Times]) {
    const SHORTEST_S: f64 = 0.001;
    for k in 1..times.len() {
        let flight = times[k].contact_s - times[k - 1].toe_off_s;
        let wrong = match gait {
            Gait::Running => SHORTEST_S - flight,
            Gait::Walking => SHORTEST_S + flight,
        };
        if wrong > 0.0 {
            let half = match gait {
                Gait::Running => 0.5 * wrong,
                Gait::Walking => -0.5 * wrong,
            };
            times[k].contact_s += half;
            times[k - 1].toe_off_s -= half;
        }
    }
}

/// Votes of this much per step tell left from right.
const SURE_SIDES: f64 = 0.5;

/// Whose the first step is, by the labels of all frames of all steps, and whether that is sure.
fn first_side(steps: &[Step]) -> (Side, bool) {
    let signs = [1.0, -1.0].into_iter().cycle();
    let vote: f64 = steps.iter().zip(signs).map(|(step, sign)| sign * step.left).sum();
    let side = if vote > 0.0 { Side::Left } else { Side::Right };
    (side, vote.abs() > SURE_SIDES * steps.len() as f64)
}

/// The foot that comes down `steps` steps after this one.
fn first_after(side: Side, steps: usize) -> Side {
    match (side, steps % 2) {
        (Side::Left, 0) | (Side::Right, 1) => Side::Left,
        _ => Side::Right,
    }
}

fn repetition(kind: &Kind, steps: &[Step], context: &Context<'_>) -> Option<Repetition> {
    let times = times(kind.gait, steps)?;
    let (first, sides_known) = first_side(steps);
    let measure = |(step, times): (&Step, &Times)| Posture::measure(context.history, step, *times);
    let postures: Vec<Posture> = steps.iter().zip(&times).map(measure).collect();
    let bout = Steps {
        steps,
        times: &times,
        postures: &postures,
        first,
        sides_known,
    };
    let (metrics, warnings, quality) = (kind.measure)(&bout, context);
    let (first, last) = (times.first()?, times.last()?);
    Some(Repetition {
        movement: kind.name,
        person: context.person,
        start_s: first.contact_s,
        end_s: last.toe_off_s,
        phases: phases(kind, &bout),
        events: vec![
            ("first_contact_s", first.contact_s),
            ("last_toe_off_s", last.toe_off_s),
        ],
        steps: times
            .iter()
            .zip(&postures)
            .enumerate()
            .map(|(k, (t, posture))| StepSpan {
                side: match bout.side(k) {
                    _ if !sides_known => "unknown",
                    Side::Left => "left",
                    Side::Right => "right",
                },
                contact_s: t.contact_s,
                toe_off_s: t.toe_off_s,
                foot_strike: posture.foot_deg.map(kind.foot_strike),
            })
            .collect(),
        metrics,
        warnings,
        quality,
    })
}

/// Single supports and what lies between them, from the first contact to the last toe-off.
fn phases(kind: &Kind, bout: &Steps<'_>) -> Vec<PhaseSpan> {
    let times = bout.times;
    let mut phases = Vec::with_capacity(2 * times.len());
    let mut from = times[0].contact_s;
    let mut add = |name, end_s: f64, phases: &mut Vec<PhaseSpan>| {
        if end_s > from {
            phases.push(PhaseSpan {
                name,
                start_s: from,
                end_s,
            });
            from = end_s;
        }
    };
    for k in 0..times.len() {
        let name = kind.support[bout.side(k) as usize];
        let Some(next) = times.get(k + 1) else {
            add(name, times[k].toe_off_s, &mut phases);
            break;
        };
        let (a, b) = match kind.gait {
            Gait::Running => (times[k].toe_off_s, next.contact_s),
            Gait::Walking => (next.contact_s, times[k].toe_off_s),
        };
        add(name, a, &mut phases);
        add(kind.between, b, &mut phases);
    }
    phases
}

impl MovementModel for GaitModel {
    fn observe(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        match self.watch.observe(context.history, self.kind.gait) {
            Some(Passed::Step(interval)) => self.take(&interval, context, output),
            Some(Passed::Ended) => self.end(context, output),
            None => self.close(context, output),
        }
    }

    fn finish(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        self.end(context, output);
    }

    fn reset(&mut self) {
        self.watch.reset();
        self.bout.clear();
        self.phase = None;
    }

    fn phase(&self) -> Option<&'static str> {
        self.phase
    }
}
