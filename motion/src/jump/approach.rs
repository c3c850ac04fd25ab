//! From standing to take-off: onset, fastest descent, lowest point, fastest ascent.

use super::{Arrival, Course, Rejection, WayFit};
use crate::numeric::{LocalFit, crossing, local_fit};

/// Samples reserved: the longest squat and its jump at the highest stored rate.
const CAPACITY: usize = 2500;

/// Half width of the window in which the centre of mass is smoothed, seconds: about the Savitzky–Golay window for which
/// landmark noise and the blunting of the lowest point balance.
const SMOOTHING_S: f64 = 0.075;

/// At low frame rates the window still needs this many frames on either side.
const SMOOTHING_FRAMES: f64 = 2.2;

/// The lowest point lies at most this long before take-off, seconds.
const MAX_CONCENTRIC_S: f64 = 1.0;

/// The descent begins at most this long before the lowest point, seconds.
const MAX_ECCENTRIC_S: f64 = 2.0;

/// Vertical speed of the centre of mass below which the body counts as still, m/s.
pub const STILL_M_S: f64 = 0.1;

/// A descent must reach this speed, m/s.
const MIN_DESCENT_M_S: f64 = 0.25;

/// Of a descent whose beginning was not seen at least this much must be, seconds: less may be the end of a landing.
const MIN_SEEN_DESCENT_S: f64 = 0.25;

/// A longer stop at the bottom makes it a squat jump, seconds.
const MAX_PAUSE_S: f64 = 0.35;

/// Downward speed at which the descent has begun, m/s: above the noise of a standing body's landmarks.
const ONSET_M_S: f64 = 0.08;

/// The descent is timed where it reaches this part of its greatest speed: earlier, landmark noise and the swing of the arms
/// hide it.
const EARLY_SHARE: f64 = 0.2;

/// The onset is looked for before that by this part of the time from there to the lowest point, on the way that is fitted to
/// the descent and so long a standing before it, seconds.
const TRACE_BACK: f64 = 0.4;
const BEFORE_ONSET_S: f64 = 0.35;

/// A descent that halts and came down by this part of what is left within this time before, seconds, has begun earlier.
const HALT_SHARE: f64 = 0.15;
const HALT_S: f64 = 0.5;

/// A stillness with legs bent by more than this, in statures, interrupts the descent as well; the legs are looked at this
/// long on either side, seconds.
const STANDING_BEND: f64 = 0.05;
const BEND_WINDOW_S: f64 = 0.05;

/// Standing before the onset that is reported, at most, seconds.
const MAX_STANDING_S: f64 = 1.0;

/// The centre of mass may wander this much while standing, in statures.
const STANDING_WANDER: f64 = 0.025;

/// … and its smoothed speed may reach this, m/s: landmark noise, and the swing of the arms.
const STANDING_SPEED_M_S: f64 = 0.3;

/// Shorter standing is none, seconds.
const MIN_STANDING_S: f64 = 0.12;

/// Flat feet are looked for until this long after the onset, seconds: the heels are still down.
const GROUND_AFTER_ONSET_S: f64 = 0.1;

/// … and from this long before it when no standing was seen, seconds.
const GROUND_BEFORE_ONSET_S: f64 = 0.2;

/// A countermovement: the course of the centre of mass up to take-off. Heights in pixels upwards, speeds in pixels per
/// second.
#[derive(Clone, Copy, Debug)]
pub struct Countermovement {
    /// Begin of quiet standing, when there was any.
    pub standing_s: Option<f64>,
    /// Begin of the descent.
    pub onset_s: f64,
    /// Last sample before it at which the body was still, seconds.
    pub still_s: f64,
    /// Whether the onset was seen; otherwise the stream or the last landing cut it off.
    pub onset_seen: bool,
    /// Instant of the fastest descent.
    pub fastest_descent_s: f64,
    /// Speed of the fastest descent, positive.
    pub descent_px_s: f64,
    /// Lowest point.
    pub lowest_s: f64,
    /// Height of the lowest point.
    pub lowest_px: f64,
    /// Speed of the fastest ascent before take-off.
    pub ascent_px_s: f64,
    /// Height in standing.
    pub standing_px: f64,
    /// How long the body was still around the lowest point.
    pub pause_s: f64,
}

impl Countermovement {
    /// When the feet surely stand flat: in standing and shortly after the onset, or around the onset when no standing was
    /// seen.
    pub fn ground_range(&self) -> (f64, f64) {
        let after_onset = self.onset_s + GROUND_AFTER_ONSET_S;
        match self.standing_s {
            Some(standing) => (standing, after_onset.min(self.lowest_s)),
            None => (
                self.onset_s - GROUND_BEFORE_ONSET_S,
                self.fastest_descent_s.max(after_onset),
            ),
        }
    }
}

/// The smoothed centre of mass at the course's sample times. Reused from jump to jump.
#[derive(Debug)]
pub struct SmoothedCom {
    pub(super) fits: Vec<(f64, LocalFit)>,
    /// The same with wide smoothing, where a resting body is looked for.
    pub(super) coarse: Vec<(f64, LocalFit)>,
}

impl Default for SmoothedCom {
    fn default() -> Self {
        Self {
            fits: Vec::with_capacity(CAPACITY),
            coarse: Vec::with_capacity(CAPACITY),
        }
    }
}

impl SmoothedCom {
    /// The smoothed samples with their times.
    pub fn samples(&self) -> &[(f64, LocalFit)] {
        &self.fits
    }

    /// Smooths the fine samples.
    pub fn load(&mut self, course: &Course, from: f64, to: f64, half_width: f64) {
        smooth(&mut self.fits, course, (from, to), half_width);
    }

    /// Smooths the coarse samples.
    pub(super) fn load_coarse(&mut self, course: &Course, from: f64, to: f64, half_width: f64) {
        smooth(&mut self.coarse, course, (from, to), half_width);
    }

    /// Traces the movement that ends with the take-off. `earliest_s` is where the previous landing or the stream begins.
    pub fn countermovement(
        &mut self,
        course: &mut Course,
        earliest_s: f64,
        takeoff_s: f64,
        px_per_m: f64,
    ) -> Result<Countermovement, Rejection> {
        let earliest = earliest_s.max(takeoff_s - MAX_CONCENTRIC_S - MAX_ECCENTRIC_S - MAX_STANDING_S);
        let interval = course
            .frame_interval(earliest, takeoff_s)
            .ok_or(Rejection::TooFewFrames)?;
        self.load(
            course,
            earliest,
            takeoff_s,
            SMOOTHING_S.max(SMOOTHING_FRAMES * interval),
        );
        let lowest = self.lowest(takeoff_s).ok_or(Rejection::TooFewFrames)?;
        let (lowest_s, lowest_px) = self.vertex(lowest, interval);
        let still = STILL_M_S * px_per_m;
        let pause_s = self.pause(lowest, still);
        let ascent_px_s = self.fits[lowest..]
            .iter()
            .map(|(_, f)| f.slope)
            .fold(0.0, f64::max);
        let bent =
            |t| course.knee_bend((t - BEND_WINDOW_S, t + BEND_WINDOW_S), takeoff_s) > Some(STANDING_BEND);
        let descent = self.descent(lowest, ONSET_M_S * px_per_m, MIN_DESCENT_M_S * px_per_m, bent)?;
        let onset_s = if descent.onset_seen {
            let early_s = self.early(descent.onset, descent.fastest);
            onset(course, early_s, lowest_s).unwrap_or(early_s)
        } else {
            self.fits[descent.onset].0
        };
        if pause_s > MAX_PAUSE_S {
            return Err(Rejection::HeldSquat);
        }
        let standing = self.standing(
            descent.onset,
            STANDING_WANDER * course.stature_px,
            STANDING_SPEED_M_S * px_per_m,
        );
        let standing_from = self.fits[standing].0;
        let onset_s = onset_s.max(self.fits[0].0);
        if !descent.onset_seen && lowest_s - onset_s < MIN_SEEN_DESCENT_S {
            return Err(Rejection::NoCountermovement);
        }
        let standing_s = (onset_s - standing_from >= MIN_STANDING_S).then_some(standing_from);
        let at_onset = self.fits[descent.onset].1.value;
        let standing_px = standing_s
            .and_then(|from| course.median(from, onset_s, |s| Some(s.com)))
            .unwrap_or(at_onset);
        Ok(Countermovement {
            standing_s,
            onset_s,
            still_s: self.fits[descent.onset].0,
            onset_seen: descent.onset_seen,
            fastest_descent_s: self.fits[descent.fastest].0,
            descent_px_s: -self.fits[descent.fastest].1.slope,
            lowest_s,
            lowest_px,
            ascent_px_s,
            standing_px,
            pause_s,
        })
    }

    fn lowest(&self, takeoff_s: f64) -> Option<usize> {
        let candidates = self
            .fits
            .iter()
            .enumerate()
            .filter(|(_, (t, _))| *t >= takeoff_s - MAX_CONCENTRIC_S);
        candidates
            .min_by(|(_, (_, a)), (_, (_, b))| a.value.total_cmp(&b.value))
            .map(|(i, _)| i)
    }

    /// Time and height of the minimum of the local parabola at a sample, kept within a frame.
    fn vertex(&self, index: usize, interval: f64) -> (f64, f64) {
        let (t, fit) = self.fits[index];
        if fit.curvature <= 0.0 {
            return (t, fit.value);
        }
        let shift = (-fit.slope / fit.curvature).clamp(-interval, interval);
        (
            t + shift,
            fit.value + shift * (fit.slope + 0.5 * fit.curvature * shift),
        )
    }

    /// How long the speed stays below `still` around the lowest sample.
    fn pause(&self, lowest: usize, still: f64) -> f64 {
        let edge = |inner: usize, outer: usize| {
            let ((t0, f0), (t1, f1)) = (self.fits[inner], self.fits[outer]);
            crossing(t0, f0.slope.abs(), t1, f1.slope.abs(), still)
        };
        let begin = (1..=lowest)
            .rev()
            .find(|&i| self.fits[i - 1].1.slope.abs() > still)
            .map_or(self.fits[0].0, |i| edge(i, i - 1));
        let last = self.fits.len() - 1;
        let end = (lowest..last)
            .find(|&i| self.fits[i + 1].1.slope.abs() > still)
            .map_or(self.fits[last].0, |i| edge(i, i + 1));
        (end - begin).max(0.0)
    }

    /// Goes back from the lowest point over the fastest descent to its beginning.
    fn descent(
        &self,
        lowest: usize,
        still: f64,
        least: f64,
        bent: impl Fn(f64) -> bool,
    ) -> Result<Descent, Rejection> {
        let mut fastest = lowest;
        for i in (0..lowest).rev() {
            let (t, fit) = self.fits[i];
            if fit.slope < self.fits[fastest].1.slope {
                fastest = i;
            }
            let moving = -self.fits[fastest].1.slope > least;
            if !moving && self.fits[lowest].0 - t > MAX_PAUSE_S + SMOOTHING_S {
                return Err(Rejection::HeldSquat);
            }
            if moving && fit.slope > -still && !self.halts_halfway(i, lowest) && !bent(t) {
                return Ok(Descent {
                    fastest,
                    onset: i,
                    onset_seen: true,
                });
            }
            if self.fits[lowest].0 - t > MAX_ECCENTRIC_S {
                return Ok(Descent {
                    fastest,
                    onset: i,
                    onset_seen: false,
                });
            }
        }
        if -self.fits[fastest].1.slope > least {
            Ok(Descent {
                fastest,
                onset: 0,
                onset_seen: false,
            })
        } else {
            Err(Rejection::NoCountermovement)
        }
    }

    /// Whether the stillness at a sample only interrupts a descent that came from higher up, as the swing of the arms and
    /// landmark noise can make it.
    fn halts_halfway(&self, sample: usize, lowest: usize) -> bool {
        let (t, here) = self.fits[sample];
        let left = HALT_SHARE * (here.value - self.fits[lowest].1.value);
        let before = self.fits[..sample].iter().rev();
        before
            .take_while(|(earlier, _)| t - earlier <= HALT_S)
            .any(|(_, fit)| fit.value - here.value > left)
    }

    /// When a descent that leaves stillness about sample `begin` and is fastest at `fastest` is plainly under way.
    fn early(&self, begin: usize, fastest: usize) -> f64 {
        let level = EARLY_SHARE * self.fits[fastest].1.slope;
        let before = (begin..fastest).rev().find(|&i| self.fits[i].1.slope > level);
        before.map_or(self.fits[begin].0, |i| {
            let ((t0, f0), (t1, f1)) = (self.fits[i], self.fits[i + 1]);
            crossing(t0, f0.slope, t1, f1.slope, level)
        })
    }

    /// First sample of the quiet stretch that ends at the onset.
    fn standing(&self, onset: usize, wander: f64, speed: f64) -> usize {
        let (onset_s, reference) = self.fits[onset];
        let calm = |i: usize| {
            let (t, fit) = self.fits[i];
            onset_s - t <= MAX_STANDING_S
                && (fit.value - reference.value).abs() < wander
                && fit.slope.abs() < speed
        };
        (0..onset).rev().take_while(|&i| calm(i)).last().unwrap_or(onset)
    }
}

fn smooth(fits: &mut Vec<(f64, LocalFit)>, course: &Course, (from, to): (f64, f64), half_width: f64) {
    fits.clear();
    for sample in course.between(from, to) {
        let near = course.between(sample.t - half_width, sample.t + half_width);
        if let Some(fit) = local_fit(near.iter().map(|s| (s.t, s.com, 1.0)), sample.t, half_width) {
            fits.push((sample.t, fit));
        }
    }
}

struct Descent {
    fastest: usize,
    onset: usize,
    onset_seen: bool,
}

/// When a descent really began that is plainly under way at `early_s` and ends at `lowest_s`.
fn onset(course: &Course, early_s: f64, lowest_s: f64) -> Option<f64> {
    let guess_s = early_s - TRACE_BACK * (lowest_s - early_s);
    let fit = WayFit {
        samples: course.between(guess_s - BEFORE_ONSET_S, lowest_s),
        arrival: Arrival::Turning,
        reversed: false,
    };
    fit.resting_end(guess_s, lowest_s).map(|way| way.rest_s)
}
