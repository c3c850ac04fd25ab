//! Consecutive steps of one gait.

use super::Gait;
use super::marks::Interval;
use super::step::Step;
use crate::history::History;

/// Continuous gait is reported at least this often, seconds.
pub const LONGEST_S: f64 = 10.0;

/// Complete contacts that make a bout, between five passings of the feet at least: fewer are a step aside.
pub const FEWEST_STEPS: usize = 3;

/// A step lasts at most this many times the one before, and the other way round: a start from blocks slows down by a
/// third within a step, a stumble more.
const MAX_CHANGE: f64 = 1.6;

/// Steps reserved: the longest bout of the fastest runner.
const CAPACITY: usize = 72;

/// The steps of a bout under way.
#[derive(Debug)]
pub struct Bout {
    gait: Gait,
    steps: Vec<Step>,
    last: Option<Interval>,
    /// Whether the step that the next interval completes has been taken already.
    closed: bool,
}

/// What became of the bout with an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing yet: the first interval.
    Begun,
    /// Another step is complete.
    Step,
    /// The interval does not continue the bout: take its steps, then offer the interval again.
    Broken,
    /// The bout is long enough: take its steps; it goes on.
    Full,
    /// The interval is not of this gait and nothing was under way.
    Foreign,
}

impl Bout {
    /// Nothing yet.
    pub fn new(gait: Gait) -> Self {
        Self {
            gait,
            steps: Vec::with_capacity(CAPACITY),
            last: None,
            closed: false,
        }
    }

    /// The steps so far.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The same, to read their marks again with what all of them tell.
    pub fn steps_mut(&mut self) -> &mut [Step] {
        &mut self.steps
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.steps.clear();
        self.last = None;
        self.closed = false;
    }

    /// The last interval of a bout that is long enough to be closed with its next toe-off.
    pub fn long(&self) -> Option<&Interval> {
        let first = self.steps.first()?;
        let last = self.last.as_ref()?;
        let next_toe_off = last.to_s + last.duration_s();
        (next_toe_off - first.marks.contact_s.unwrap_or(first.between_s.0) > LONGEST_S).then_some(last)
    }

    /// Adds the last step of a long bout from an interval of which only the toe-off has been seen; the interval is still to
    /// be pushed when it is complete.
    pub fn close(&mut self, begun: &Interval, history: &History) {
        if let Some(last) = self.last {
            self.steps.push(Step::measure(history, self.gait, &last, begun));
            self.closed = true;
        }
    }

    /// Forgets the steps that have been taken; the next step continues.
    pub fn taken(&mut self) {
        self.steps.clear();
    }

    fn is_gait(&self, interval: &Interval) -> bool {
        (interval.runs > 0.0) == (self.gait == Gait::Running)
    }

    /// Adds an interval.
    pub fn push(&mut self, interval: &Interval, history: &History) -> Progress {
        let Some(last) = self.last else {
            if !self.is_gait(interval) {
                return Progress::Foreign;
            }
            self.last = Some(*interval);
            return Progress::Begun;
        };
        let change = interval.duration_s() / last.duration_s();
        let continues = interval.from_s == last.to_s
            && (1.0 / MAX_CHANGE..MAX_CHANGE).contains(&change)
            && self.is_gait(interval);
        if !continues {
            return Progress::Broken;
        }
        if std::mem::take(&mut self.closed) {
            self.last = Some(*interval);
            return Progress::Begun;
        }
        let overdue = self.long().is_some();
        let step = Step::measure(history, self.gait, &last, interval);
        self.last = Some(*interval);
        // the ground moves backwards under somebody who moves forwards
        if step.speed.is_some_and(|v| v <= 0.0) {
            return Progress::Broken;
        }
        self.steps.push(step);
        if overdue || self.steps.len() == CAPACITY {
            Progress::Full
        } else {
            Progress::Step
        }
    }
}
