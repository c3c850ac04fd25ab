//! Finds when the feet pass each other.

use super::Gait;
use super::marks::Interval;
use super::view::{View, heel_to_toe, scissors};
use crate::body::Frame;
use crate::history::History;
use crate::numeric::{crossing, median};

/// The ankles pass each other while they are nearer than this, in statures. Which of them is left is not asked: where they
/// are near, the pose model exchanges them.
const NEAR: f64 = 0.10;

/// They have passed when they are this far apart again.
const PASSED: f64 = 0.13;

/// Between two frames of a slow camera fast feet pass from this much together on one side to the other.
const LEAPT: f64 = 0.40;

/// Half the window of the median of the signed distance, seconds. Frames in which both legs are seen in one place, or in
/// each other's, last less; where the feet do pass, the distance is monotone, and a median leaves it as it is.
const RUNNING_MEDIAN_S: f64 = 0.04;
const WALKING_MEDIAN_S: f64 = 0.07;

/// Frames in that window, at most.
const MEDIAN_FRAMES: usize = 48;

/// With so few frames in that window a passing may show in one of them only, its neighbours nearer than this in statures.
const FEW_FRAMES: usize = 3;
const CLOSE: f64 = 0.3;

/// A passing this soon after another is the same one, seconds, or as a part of the step before.
const SAME_PASSING_S: f64 = 0.1;
const SHORTEST_STEP: f64 = 0.68;

/// Time constant with which size and direction follow the frames, seconds.
const VIEW_TIME_S: f64 = 0.5;

/// Time between passings: a step. Sprinters make five a second, joggers two and a half, slow walkers one (Winter 1991).
const RUNNING_STEP_S: std::ops::Range<f64> = 0.16..0.55;
const WALKING_STEP_S: std::ops::Range<f64> = 0.28..1.1;

/// A step that lasts this many times the one before hides a passing that was not seen.
const LONGEST_STEP: f64 = 1.55;

/// Follows the feet from frame to frame and cuts time where they pass each other.
#[derive(Debug, Default)]
pub struct PassingWatch {
    size: f64,
    heel_to_toe: f64,
    last_t: Option<f64>,
    /// Time and scissors (statures) of the two frames before, the newer one first.
    before: [Option<(f64, f64)>; 2],
    /// When the ankles came near each other.
    near_since_s: Option<f64>,
    /// When they were near last.
    near_until_s: f64,
    passing_s: Option<f64>,
    /// Duration of the last step; 0 when there is none.
    step_s: f64,
}

/// What the newest frame brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Passed {
    /// A complete interval between two passings.
    Step(Interval),
    /// The feet do not take turns any more, or turned round.
    Ended,
}

impl PassingWatch {
    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// How the person is seen at present.
    pub fn view(&self) -> View {
        View::new(self.size, self.heel_to_toe)
    }

    fn follow(&mut self, frame: &Frame) {
        let toes = heel_to_toe(frame).unwrap_or(0.0);
        match self.last_t {
            None => (self.size, self.heel_to_toe) = (frame.size, toes),
            Some(last) => {
                let share = ((frame.t - last) / VIEW_TIME_S).clamp(0.0, 1.0);
                self.size += share * (frame.size - self.size);
                self.heel_to_toe += share * (toes - self.heel_to_toe);
            }
        }
        self.last_t = Some(frame.t);
    }

    fn median_s(gait: Gait) -> f64 {
        match gait {
            Gait::Running => RUNNING_MEDIAN_S,
            Gait::Walking => WALKING_MEDIAN_S,
        }
    }

    /// Looks at the newest frame of a gait.
    pub fn observe(&mut self, history: &History, gait: Gait) -> Option<Passed> {
        let frame = history.latest()?;
        let before = self.view().direction;
        let fresh = self.last_t.is_none();
        self.follow(frame);
        if !fresh && self.view().direction != before {
            self.passing_s = None;
            self.step_s = 0.0;
            return Some(Passed::Ended);
        }
        let Some(passing) = self.passing(history, gait) else {
            return self.overdue(frame.t);
        };
        let since = self.passing_s.replace(passing)?;
        let step = passing - since;
        if step < SAME_PASSING_S.max(SHORTEST_STEP * self.step_s) {
            self.passing_s = Some(since);
            return None;
        }
        let plausible = match gait {
            Gait::Running => RUNNING_STEP_S,
            Gait::Walking => WALKING_STEP_S,
        };
        let hidden = self.step_s > 0.0 && step > LONGEST_STEP * self.step_s;
        if hidden || !plausible.contains(&step) {
            self.step_s = 0.0;
            return Some(Passed::Ended);
        }
        self.step_s = if self.step_s > 0.0 {
            0.5 * (self.step_s + step)
        } else {
            step
        };
        let interval = Interval::measure(history, self.view(), gait, (since, passing));
        Some(interval.map_or(Passed::Ended, Passed::Step))
    }

    /// The instant of a passing that the newest frame completes.
    fn passing(&mut self, history: &History, gait: Gait) -> Option<f64> {
        let now = self.apart(history, Self::median_s(gait))?;
        let (t, apart) = now;
        let [newer, older] = self.before;
        if newer.is_some_and(|newer| newer.0 >= t) {
            return None;
        }
        self.before = [Some(now), newer];
        let (newer_t, newer) = newer?;
        let level = |(t0, a): (f64, f64), (t1, b): (f64, f64)| crossing(t0, a.abs(), t1, b.abs(), NEAR);
        if apart.abs() < NEAR {
            self.near_since_s.get_or_insert(level((newer_t, newer), now));
            return None;
        }
        if let Some(since) = self.near_since_s {
            if newer.abs() < NEAR {
                self.near_until_s = level((newer_t, newer), now);
            }
            if apart.abs() < PASSED {
                return None;
            }
            self.near_since_s = None;
            return Some(0.5 * (since + self.near_until_s));
        }
        let (older_t, older) = older?;
        // never seen near each other: they leapt past, and the frame after agrees
        let leapt = older * newer < 0.0 && newer * apart > 0.0 && older.abs() + newer.abs() < LEAPT;
        leapt.then(|| older_t + (newer_t - older_t) * older / (older - newer))
    }

    /// Time and signed distance of the ankles in statures, a median around a frame a little before the newest.
    fn apart(&self, history: &History, half: f64) -> Option<(f64, f64)> {
        let latest = history.latest()?.t;
        let index = history.index_at(latest - half);
        let centre = history.get(index).t;
        let mut values = [0.0; MEDIAN_FRAMES];
        let mut count = 0;
        let around = history.window(centre - half, centre + half);
        for apart in around.filter_map(scissors).take(MEDIAN_FRAMES) {
            values[count] = apart / self.view().stature_px;
            count += 1;
        }
        let own = scissors(history.get(index))? / self.view().stature_px;
        // few frames: one in which the feet are together is a passing when they were near before and after
        let farthest = values[..count].iter().fold(0.0, |far: f64, v| far.max(v.abs()));
        if count <= FEW_FRAMES && own.abs() < NEAR && farthest < CLOSE {
            return Some((centre, own));
        }
        Some((centre, median(&mut values[..count])?))
    }

    /// Whether no passing came for so long that the gait is over.
    fn overdue(&mut self, now: f64) -> Option<Passed> {
        let patience = if self.step_s > 0.0 {
            LONGEST_STEP * self.step_s + 2.0 * WALKING_MEDIAN_S
        } else {
            WALKING_STEP_S.end
        };
        let late = self.passing_s.is_some_and(|passing| now - passing > patience);
        if late {
            self.passing_s = None;
            self.step_s = 0.0;
        }
        late.then_some(Passed::Ended)
    }
}
