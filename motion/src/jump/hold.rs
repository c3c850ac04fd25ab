//! From a motionless squat to take-off: the hold, a hidden countermovement, the first upward motion.

use super::approach::SmoothedCom;
use super::{Arrival, Course, Rejection, Way, WayFit};
use crate::numeric::crossing;

/// The hold is looked for in this time before take-off, seconds: lowering, hold and ascent at their longest.
const REACH_S: f64 = 7.0;

/// Half width of the window in which a resting body is smoothed, seconds: wide, because landmark noise must look still.
const HOLD_SMOOTHING_S: f64 = 0.15;

/// Slower than this is motionless, m/s: three standard deviations of the speed that landmark noise leaves in that window.
const MOTIONLESS_M_S: f64 = 0.08;

/// A shorter rest is none, seconds: a countermovement stands still at its bottom for up to 0.1 s, which the smoothing
/// stretches.
const MIN_HOLD_S: f64 = 0.35;

/// The hold ends at most this long before the ascent, seconds: there is room for a hidden countermovement.
const MAX_DIP_S: f64 = 0.6;

/// The ascent takes at most this long, seconds.
const MAX_CONCENTRIC_S: f64 = 1.0;

/// Half width of the window in which the ascent is smoothed, seconds, and in frames at low rates.
const ASCENT_SMOOTHING_S: f64 = 0.05;
const SMOOTHING_FRAMES: f64 = 2.2;

/// The ascent is timed where it reaches this part of its greatest speed: above the noise of a resting body.
const EARLY_SHARE: f64 = 0.15;

/// The first upward motion is looked for before that by this part of the time from there to the fastest ascent, on the way
/// that is fitted to the ascent and so long a rest before it, seconds.
const TRACE_BACK: f64 = 0.5;
const BEFORE_ONSET_S: f64 = 0.3;

/// The hold ends this long before the smoothing first sees motion, seconds: half a window.
const SMOOTHING_LEAD_S: f64 = 0.5 * HOLD_SMOOTHING_S;

/// A dip deeper than this, in statures, is one; the body then rises from its lowest point.
const MIN_DIP: f64 = 0.008;

/// Standing is looked for from this long before the hold, seconds; so much of it belongs to the fit of the lowering.
const STANDING_LEAD_S: f64 = 4.0;
const BEFORE_LOWERING_S: f64 = 0.3;

/// A lowering takes this long at most, seconds.
const MAX_LOWERING_S: f64 = 3.5;

/// Quantile of the heights before the hold that is standing: the lowering takes less than half of that time.
const STANDING_QUANTILE: f64 = 0.75;

/// A rest this much below what was seen before, in statures, was reached by a lowering from standing.
const MIN_LOWERING: f64 = 0.05;

/// A held squat and the ascent from it. Heights in pixels upwards, speeds in pixels per second.
#[derive(Clone, Copy, Debug)]
pub struct Hold {
    /// When the lowering began, where it was seen.
    pub lowering_s: Option<f64>,
    /// When the body came to rest.
    pub hold_s: f64,
    /// When it was last surely at rest.
    pub rest_end_s: f64,
    /// First upward motion.
    pub onset_s: f64,
    /// Height in standing, where it was seen.
    pub standing_px: Option<f64>,
    /// Height during the hold.
    pub hold_px: f64,
    /// How far the body sank from the hold before it rose.
    pub dip_px: f64,
    /// Speed of the fastest ascent before take-off.
    pub ascent_px_s: f64,
}

impl SmoothedCom {
    /// Traces the held squat that ends with the take-off. `earliest_s` is where the previous landing or the stream begins.
    pub fn held_squat(
        &mut self,
        course: &mut Course,
        earliest_s: f64,
        takeoff_s: f64,
        px_per_m: f64,
    ) -> Result<Hold, Rejection> {
        let earliest = earliest_s.max(takeoff_s - REACH_S);
        let interval = course
            .frame_interval(earliest, takeoff_s)
            .ok_or(Rejection::TooFewFrames)?;
        let (rise_s, fastest) = self.ascent(course, earliest, takeoff_s, interval)?;
        let (begin, end) = self.rest(course, earliest, rise_s, MOTIONLESS_M_S * px_per_m)?;
        let hold_px = course
            .median(begin, end, |s| Some(s.com))
            .ok_or(Rejection::TooFewFrames)?;
        let standing = course.quantile(begin - STANDING_LEAD_S, begin, STANDING_QUANTILE, |s| Some(s.com));
        let standing_px = standing.filter(|px| px - hold_px > MIN_LOWERING * course.stature_px);
        let dip = self.fits.iter().filter(|(t, _)| *t > end && *t < rise_s);
        let lowest = dip.min_by(|(_, a), (_, b)| a.value.total_cmp(&b.value));
        let (lowest_s, lowest_px) = lowest.map_or((end, hold_px), |(t, f)| (*t, f.value.min(hold_px)));
        let dip_px = hold_px - lowest_px;
        let (fastest_s, fastest) = self.fits[fastest];
        let dips = dip_px > MIN_DIP * course.stature_px;
        let (onset_s, ascent_px_s) = match ascent(course, rise_s, fastest_s) {
            Some(way) if !dips => (way.rest_s, way.other_px_s),
            _ => (if dips { lowest_s } else { rise_s }, fastest.slope),
        };
        let lowering = standing_px.and_then(|standing| lowering(course, (begin, end), standing, hold_px));
        let hold_s = lowering.map_or(begin, |way| way.other_s.min(end));
        Ok(Hold {
            lowering_s: lowering.map(|way| way.rest_s),
            hold_s,
            rest_end_s: end,
            onset_s: onset_s.max(hold_s + 0.5 * MIN_HOLD_S),
            standing_px,
            hold_px,
            dip_px,
            ascent_px_s,
        })
    }

    /// Loads the ascent finely: an instant at which it is plainly under way, and the sample at which it is fastest.
    fn ascent(
        &mut self,
        course: &Course,
        earliest: f64,
        takeoff_s: f64,
        interval: f64,
    ) -> Result<(f64, usize), Rejection> {
        let half = ASCENT_SMOOTHING_S.max(SMOOTHING_FRAMES * interval);
        let from = earliest.max(takeoff_s - MAX_CONCENTRIC_S - MAX_DIP_S);
        self.load(course, from, takeoff_s, half);
        let speed = self.fits.iter().map(|(_, f)| f.slope).fold(0.0, f64::max);
        let fastest = self
            .fits
            .iter()
            .rposition(|(_, f)| f.slope >= speed)
            .ok_or(Rejection::TooFewFrames)?;
        let level = EARLY_SHARE * speed;
        let before = (0..fastest)
            .rev()
            .find(|&i| self.fits[i].1.slope < level)
            .ok_or(Rejection::NoHold)?;
        let ((t0, f0), (t1, f1)) = (self.fits[before], self.fits[before + 1]);
        Ok((crossing(t0, f0.slope, t1, f1.slope, level), fastest))
    }

    /// The longest rest that ends shortly before the ascent.
    fn rest(
        &mut self,
        course: &Course,
        earliest: f64,
        rise_s: f64,
        motionless: f64,
    ) -> Result<(f64, f64), Rejection> {
        self.load_coarse(course, earliest, rise_s, HOLD_SMOOTHING_S);
        let mut best: Option<(f64, f64)> = None;
        let mut begin = None;
        for (t, fit) in &self.coarse {
            if fit.slope.abs() > motionless {
                begin = None;
                continue;
            }
            let from = *begin.get_or_insert(*t);
            let longer = best.is_none_or(|(b, e)| t - from >= e - b);
            if *t > rise_s - MAX_DIP_S && longer {
                best = Some((from, *t));
            }
        }
        best.map(|(begin, end)| (begin, end.min(rise_s - SMOOTHING_LEAD_S)))
            .filter(|(begin, end)| end - begin >= MIN_HOLD_S)
            .ok_or(Rejection::NoHold)
    }
}

/// The way down into a rest that was noticed between two instants: the body leaves the upper tenth of the way.
fn lowering(course: &Course, rest: (f64, f64), standing_px: f64, hold_px: f64) -> Option<Way> {
    let level = standing_px - 0.1 * (standing_px - hold_px);
    let before = course.between(rest.0 - MAX_LOWERING_S, rest.0);
    let left = before.iter().rev().find(|s| s.com > level)?.t;
    let fit = WayFit {
        samples: course.between(left - 0.3 * (rest.0 - left) - BEFORE_LOWERING_S, rest.1),
        arrival: Arrival::AtRest,
        reversed: false,
    };
    fit.both((left - 0.3 * (rest.0 - left), rest.0))
}

/// The way up that is plainly under way at `rise_s` and fastest at `fastest_s`.
fn ascent(course: &Course, rise_s: f64, fastest_s: f64) -> Option<Way> {
    let guess_s = rise_s - TRACE_BACK * (fastest_s - rise_s);
    let fit = WayFit {
        samples: course.between(guess_s - BEFORE_ONSET_S, fastest_s),
        arrival: Arrival::Fastest,
        reversed: false,
    };
    fit.resting_end(guess_s, fastest_s)
}
