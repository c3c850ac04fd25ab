//! The stretch of history around one jump, reduced to heights.

use crate::body::{Frame, Joint, Side};
use crate::history::{HISTORY_S, History};
use crate::numeric::{LocalFit, local_fit, quantile};

/// Samples reserved: a whole history at the highest stored rate.
const CAPACITY: usize = (HISTORY_S * 250.0) as usize;

/// [`Frame::size`] (trunk + thigh + shank) as a part of stature, as the pose model sees it: mean over rendered athletes of
/// known stature, standard deviation 0.009. Joint centres give 0.779 (Drillis & Contini 1966).
pub(super) const SIZE_PER_STATURE: f64 = 0.770;

/// Quantile of the body size over a course that counts as its true value: projection and crouching only shorten it.
const SIZE_QUANTILE: f64 = 0.6;

/// Heights of one foot's landmarks in pixels, upwards.
#[derive(Clone, Copy, Debug)]
pub struct FootSample {
    /// Ankle joint.
    pub ankle: f64,
    /// Heel.
    pub heel: f64,
    /// Tip of the foot.
    pub toe: f64,
    /// Whether all three are usable.
    pub usable: bool,
    /// Mean visibility of the three.
    pub visibility: f64,
}

/// One frame of a course.
#[derive(Clone, Copy, Debug)]
pub struct CourseSample {
    /// Media time, seconds.
    pub t: f64,
    /// Centre of mass height, pixels upwards.
    pub com: f64,
    /// Mid-hip height, pixels upwards.
    pub hip: f64,
    /// Trunk + thigh + shank, pixels.
    pub size: f64,
    /// Left and right foot.
    pub feet: [FootSample; 2],
}

impl CourseSample {
    fn new(frame: &Frame) -> Self {
        let feet = Side::BOTH.map(|side| {
            let [ankle, heel, toe] = [Joint::Ankle, Joint::Heel, Joint::Toe].map(|j| frame.joint(side, j));
            FootSample {
                ankle: f64::from(ankle.y),
                heel: f64::from(heel.y),
                toe: f64::from(toe.y),
                usable: ankle.usable() && heel.usable() && toe.usable(),
                visibility: frame.foot_visibility(side),
            }
        });
        Self {
            t: frame.t,
            com: frame.com,
            hip: frame.hip(),
            size: frame.size,
            feet,
        }
    }

    /// Height of the ankles, sides weighted by visibility: a leg that is hidden is guessed. `None` when neither is seen.
    pub fn ankle(&self) -> Option<f64> {
        let [left, right] = &self.feet;
        let visibility = left.visibility + right.visibility;
        let sum = left.visibility * left.ankle + right.visibility * right.ankle;
        (visibility > 0.0).then(|| sum / visibility)
    }
}

/// The samples of one jump and its surroundings. Reused from jump to jump, so its memory is reserved once.
#[derive(Debug)]
pub struct Course {
    samples: Vec<CourseSample>,
    scratch: Vec<f64>,
    /// Stature of the person in pixels.
    pub stature_px: f64,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            samples: Vec::with_capacity(CAPACITY),
            scratch: Vec::with_capacity(CAPACITY),
            stature_px: 1.0,
        }
    }
}

impl Course {
    /// Loads the frames of `from..=to` seconds.
    pub fn load(&mut self, history: &History, from: f64, to: f64) {
        self.samples.clear();
        self.scratch.clear();
        for frame in history
            .window(from, to + f64::EPSILON * to.abs().max(1.0))
            .take(CAPACITY)
        {
            self.samples.push(CourseSample::new(frame));
            self.scratch.push(frame.size);
        }
        self.stature_px = quantile(&mut self.scratch, SIZE_QUANTILE).unwrap_or(1.0) / SIZE_PER_STATURE;
    }

    /// All samples.
    pub fn samples(&self) -> &[CourseSample] {
        &self.samples
    }

    /// The samples of `from..=to` seconds.
    pub fn between(&self, from: f64, to: f64) -> &[CourseSample] {
        let start = self.samples.partition_point(|s| s.t < from);
        let end = self.samples.partition_point(|s| s.t <= to);
        &self.samples[start..end.max(start)]
    }

    /// Median of a quantity over `from..=to` seconds, `None` without samples.
    pub fn median(&mut self, from: f64, to: f64, of: impl Fn(&CourseSample) -> Option<f64>) -> Option<f64> {
        self.quantile(from, to, 0.5, of)
    }

    /// Quantile of a quantity over `from..=to` seconds, `None` without samples.
    pub fn quantile(
        &mut self,
        from: f64,
        to: f64,
        q: f64,
        of: impl Fn(&CourseSample) -> Option<f64>,
    ) -> Option<f64> {
        let start = self.samples.partition_point(|s| s.t < from);
        let end = self.samples.partition_point(|s| s.t <= to).max(start);
        self.scratch.clear();
        self.scratch
            .extend(self.samples[start..end].iter().filter_map(of));
        quantile(&mut self.scratch, q)
    }

    /// Median distance between successive samples of `from..=to` in seconds, `None` with fewer than two.
    pub fn frame_interval(&mut self, from: f64, to: f64) -> Option<f64> {
        let start = self.samples.partition_point(|s| s.t < from);
        let end = self.samples.partition_point(|s| s.t <= to).max(start);
        self.scratch.clear();
        self.scratch.extend(
            self.samples[start..end]
                .windows(2)
                .map(|pair| pair[1].t - pair[0].t),
        );
        quantile(&mut self.scratch, 0.5)
    }

    /// Mean distance between the samples of `from..=to` in seconds, `None` with fewer than two.
    pub fn mean_interval(&self, from: f64, to: f64) -> Option<f64> {
        let samples = self.between(from, to);
        let (first, last) = (samples.first()?, samples.last()?);
        (samples.len() > 1).then(|| (last.t - first.t) / (samples.len() - 1) as f64)
    }

    /// Longest distance between successive samples of `from..=to` in seconds.
    pub fn longest_gap(&self, from: f64, to: f64) -> f64 {
        self.between(from, to)
            .windows(2)
            .map(|pair| pair[1].t - pair[0].t)
            .fold(0.0, f64::max)
    }

    /// Zero-phase smoothed centre of mass at `at` with the given half window; pixels and seconds.
    pub fn com_at(&self, at: f64, half_width: f64) -> Option<LocalFit> {
        let samples = self.between(at - half_width, at + half_width);
        local_fit(samples.iter().map(|s| (s.t, s.com, 1.0)), at, half_width)
    }

    /// How much nearer the hip is to the ankles during a stretch than at a take-off, in statures; `None` without samples.
    pub fn knee_bend(&self, (from, to): (f64, f64), takeoff_s: f64) -> Option<f64> {
        let leg = |from, to| {
            let lengths = self
                .between(from, to)
                .iter()
                .filter_map(|s| Some(s.hip - s.ankle()?));
            let (sum, n) = lengths.fold((0.0, 0usize), |(sum, n), length| (sum + length, n + 1));
            (n > 0).then(|| sum / n as f64)
        };
        let long = leg(takeoff_s - 0.03, takeoff_s + 0.06)?;
        Some((long - leg(from, to)?) / self.stature_px)
    }

    /// When the centre of mass is lowest between two instants.
    pub fn lowest_s(&self, from: f64, to: f64) -> Option<f64> {
        let lower = |a: &&CourseSample, b: &&CourseSample| a.com.total_cmp(&b.com);
        self.between(from, to).iter().min_by(lower).map(|s| s.t)
    }
}
