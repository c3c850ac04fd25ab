//! From a motionless squat to take-off: the hold, a hidden countermovement, the first upward motion.

use super::approach::SmoothedCom;
use super::{Course, Rejection};
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

/// The first upward motion lies before that by this part of the time from there to take-off: mean over squat jumps of
/// the synthetic athlete with true landmarks.
const TRACE_BACK: f64 = 0.65;

/// The hold ends this long before the smoothing first sees motion, seconds: half a window.
const SMOOTHING_LEAD_S: f64 = 0.5 * HOLD_SMOOTHING_S;

/// Standing is looked for from this long before the hold, seconds.
const STANDING_LEAD_S: f64 = 4.0;

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
        let (onset_s, rise_s, ascent_px_s) = self.ascent(course, earliest, takeoff_s, interval)?;
        let (begin, end) = self.rest(course, earliest, rise_s, MOTIONLESS_M_S * px_per_m)?;
        let hold_px = course
            .median(begin, end, |s| Some(s.com))
            .ok_or(Rejection::TooFewFrames)?;
        let standing = course.quantile(begin - STANDING_LEAD_S, begin, STANDING_QUANTILE, |s| Some(s.com));
        let standing_px = standing.filter(|px| px - hold_px > MIN_LOWERING * course.stature_px);
        let lowest = self
            .fits
            .iter()
            .filter(|(t, _)| *t > end)
            .map(|(_, f)| f.value)
            .fold(hold_px, f64::min);
        Ok(Hold {
            lowering_s: standing_px.map(|standing| lowering(course, begin, standing, hold_px)),
            hold_s: begin,
            rest_end_s: end,
            onset_s: onset_s.max(begin + 0.5 * MIN_HOLD_S),
            standing_px,
            hold_px,
            dip_px: hold_px - lowest,
            ascent_px_s,
        })
    }

    /// Loads the ascent finely: its first motion, an instant at which it is surely under way, its greatest speed.
    fn ascent(
        &mut self,
        course: &Course,
        earliest: f64,
        takeoff_s: f64,
        interval: f64,
    ) -> Result<(f64, f64, f64), Rejection> {
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
        let rise_s = crossing(t0, f0.slope, t1, f1.slope, level);
        Ok((rise_s - TRACE_BACK * (takeoff_s - rise_s), rise_s, speed))
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

/// When the lowering into the hold began: the body leaves the upper tenth of the way.
fn lowering(course: &Course, hold_s: f64, standing_px: f64, hold_px: f64) -> f64 {
    let level = standing_px - 0.1 * (standing_px - hold_px);
    let before = course.between(f64::NEG_INFINITY, hold_s);
    before
        .iter()
        .rev()
        .find(|s| s.com > level)
        .or_else(|| before.first())
        .map_or(hold_s, |s| s.t)
}
