//! The numbers both gaits report, each with its uncertainty, and the verdict on a bout.

use super::bounce;
use super::numbers::{Stat, Steps, asymmetry};
use crate::body::Side;
use crate::measure::{Measurements, Verdict};
use crate::movements::Context;
use crate::units::MS_PER_S;
use crate::{Grade, Metric, Quality};

/// Relative standard deviation of the pixel stature while the legs swing, and of real proportions.
const STATURE_DEVIATION: f64 = 0.02;

/// From this frame interval on times of contact are coarse, seconds per frame.
pub const COARSE_INTERVAL_S: f64 = 1.0 / 45.0;

/// A foot that is seen worse than this does not count.
const HIDDEN: f64 = 0.5;

/// Biacromial breadth as a part of stature (Drillis & Contini 1966: 0.259, joint centres 0.21).
const SHOULDER_BREADTH: f64 = 0.21;

/// The pose model parts the shoulders by this much in an exact side view, statures: below it nothing can be said.
const SHOULDERS_IN_SIDE_VIEW: f64 = 0.05;

/// What the time between frames adds to the relative deviation of the speed, per second.
const SPEED_PER_S: f64 = 2.0;

/// The part of the scatter from step to step that a mean over the bout keeps: where the pose model is unsure it is also
/// wrong in the same direction in every step.
const LASTING_SCATTER: f64 = 0.5;

/// Standard deviation of where a foot comes down relative to the hips, statures.
pub const FOOT_PLACE_DEVIATION: f64 = 0.012;

/// Yaw from which lengths along the way are judged, degrees.
const OBLIQUE_DEG: f64 = 20.0;

/// Standard deviation of the yaw, degrees.
const YAW_DEVIATION_DEG: f64 = 8.0;

/// Systematic standard deviations of a gait's quantities, from clip to clip, as `calibrate-gait` finds them.
#[derive(Clone, Copy, Debug)]
pub struct Systematic {
    /// Of a contact time, seconds.
    pub contact_s: f64,
    /// Of a flight time or double support, seconds.
    pub between_s: f64,
    /// Of the difference between the two feet's contact times, seconds.
    pub asymmetry_s: f64,
    /// Of the difference between left and right steps, seconds.
    pub step_asymmetry_s: f64,
    /// More per second between frames, in frames.
    pub frames: f64,
    /// Relative, of the speed in statures.
    pub speed: f64,
    /// True over measured speed.
    pub speed_gain: f64,
    /// Of the vertical oscillation, statures.
    pub rise: f64,
    /// True over measured oscillation.
    pub rise_gain: f64,
}

/// Numbers of a bout under construction.
#[derive(Debug)]
pub struct Report<'a> {
    /// The steps.
    pub steps: &'a Steps<'a>,
    /// What is known about the athlete.
    pub context: &'a Context<'a>,
    /// The gait's own errors.
    pub systematic: Systematic,
    /// Metrics so far.
    pub m: Measurements,
    /// Verdict so far.
    pub verdict: Verdict,
    /// Mean time between frames, seconds.
    pub frame_s: f64,
    /// Mean step time and its standard error, seconds.
    pub pace: Option<(f64, f64)>,
    /// Why there is none.
    no_pace: &'static str,
}

/// Reasons to withhold.
const UNKNOWN_SIDES: &str = "left and right could not be told apart";
const NO_SCALE: &str = "there is no scale; give the athlete's height";
/// Why nothing that hangs on the times of the steps is reported.
pub const NO_BOUNCE: &str = "the body does not rise and fall with the steps that were found";

impl<'a> Report<'a> {
    /// Nothing yet.
    pub fn new(steps: &'a Steps<'a>, context: &'a Context<'a>, systematic: Systematic) -> Self {
        let mut report = Self {
            steps,
            context,
            systematic,
            m: Measurements::default(),
            verdict: Verdict::default(),
            frame_s: steps.stat(|s| Some(s.frame_s)).mean,
            pace: steps.pace(),
            no_pace: "too few steps",
        };
        report.judge();
        report
    }

    fn judge(&mut self) {
        let steps = self.steps;
        if !steps.sides_known {
            let reason = "left and right could not be told apart: show the person larger and in better light";
            self.verdict.at_best(Grade::B, reason);
        }
        if self.frame_s > COARSE_INTERVAL_S {
            let rate = (1.0 / self.frame_s).round();
            let reason = format!("{rate} frames per second: use 60 or more for contact times");
            self.verdict.at_best(Grade::B, reason);
        }
        if let Some(hidden) = Side::BOTH
            .into_iter()
            .find(|side| steps.visibility(*side) < HIDDEN)
        {
            let foot = match hidden {
                _ if !steps.sides_known => "a foot",
                Side::Left => "the left foot",
                Side::Right => "the right foot",
            };
            let reason = format!(
                "{foot} is hidden most of the time: its numbers are rough; film from its side to measure it"
            );
            self.verdict.at_best(Grade::B, reason);
        }
        if self.yaw_deg() > OBLIQUE_DEG {
            let reason = "the camera looks obliquely: place it square to the way for lengths and speed";
            self.verdict.at_best(Grade::B, reason);
        }
    }

    /// Whether the body rises and falls with the steps; without that there is no pace.
    pub fn demand_bounce(&mut self) -> bool {
        let (Some((pace, _)), [first, .., last]) = (self.pace, self.steps.steps) else {
            return true;
        };
        let span = (first.between_s.0, last.between_s.1);
        let bounces = bounce::repeats(self.context.history, first.view, span, pace);
        if !bounces {
            (self.pace, self.no_pace) = (None, NO_BOUNCE);
            let reason = "legs were mixed up: show the person larger and in better light";
            self.verdict.at_best(Grade::C, reason);
        }
        bounces
    }

    /// Whether contact times can be had.
    pub fn is_coarse(&self) -> bool {
        self.frame_s > COARSE_INTERVAL_S
    }

    /// Estimated angle between the way and the picture plane, degrees.
    pub fn yaw_deg(&self) -> f64 {
        let shoulders = self.steps.stat(|s| s.shoulders).mean;
        let beyond = (shoulders * shoulders - SHOULDERS_IN_SIDE_VIEW.powi(2))
            .max(0.0)
            .sqrt();
        (beyond / SHOULDER_BREADTH).min(1.0).asin().to_degrees()
    }

    /// A systematic deviation with what the frame interval adds, seconds.
    pub fn systematic_s(&self, deviation: f64) -> f64 {
        deviation.hypot(self.systematic.frames * self.frame_s)
    }

    /// Standard deviation of a mean time with a systematic one, seconds.
    pub fn deviation_s(&self, stat: Stat, systematic_s: f64) -> f64 {
        self.systematic_s(systematic_s)
            .hypot(stat.error())
            .hypot(LASTING_SCATTER * stat.deviation)
    }

    /// Records a time in milliseconds with its systematic deviation in seconds.
    pub fn time(&mut self, key: &'static str, method: &'static str, stat: Stat, systematic_s: f64) {
        let deviation = self.deviation_s(stat, systematic_s);
        self.m
            .record(key, method, MS_PER_S * stat.mean, MS_PER_S * deviation);
    }

    /// Mean of left and right, each counted once.
    pub fn both(&self, of: impl Fn(Side) -> Stat) -> Stat {
        let [left, right] = Side::BOTH.map(of);
        let count = left.count + right.count;
        match (left.count, right.count) {
            (0, _) => right,
            (_, 0) => left,
            _ => Stat {
                mean: 0.5 * (left.mean + right.mean),
                deviation: left.deviation.hypot(right.deviation) / std::f64::consts::SQRT_2,
                count,
            },
        }
    }

    /// Cadence, step and stride times, their variability and asymmetry.
    pub fn rhythm(&mut self, method: &'static str) {
        let steps = self.steps;
        self.m.record("steps", "count", steps.times.len() as f64, 0.0);
        let Some((pace, error)) = self.pace else {
            return self.withhold_rhythm(method, self.no_pace);
        };
        self.m
            .record("cadence_spm", method, 60.0 / pace, 60.0 * error / (pace * pace));
        self.m
            .record("step_time_ms", method, MS_PER_S * pace, MS_PER_S * error);
        self.m.record(
            "stride_time_ms",
            method,
            2.0 * MS_PER_S * pace,
            2.0 * MS_PER_S * error,
        );
        let [left, right] = Side::BOTH.map(|side| steps.step_time(side));
        self.asymmetry(
            "step_time_asymmetry_percent",
            method,
            right,
            left,
            self.systematic_s(self.systematic.step_asymmetry_s),
        );
        self.variability(method, left, right);
    }

    fn withhold_rhythm(&mut self, method: &'static str, reason: &str) {
        for key in [
            "cadence_spm",
            "step_time_ms",
            "stride_time_ms",
            "step_time_asymmetry_percent",
            "step_time_variability_percent",
        ] {
            self.m.withhold(key, method, reason);
        }
    }

    fn variability(&mut self, method: &'static str, left: Stat, right: Stat) {
        const KEY: &str = "step_time_variability_percent";
        /// Strides below which a spread is mostly chance.
        const FEWEST: usize = 4;
        let strides = left.count.min(right.count);
        if strides < FEWEST {
            return self.m.withhold(KEY, method, "too few steps");
        }
        let relative = |s: Stat| 100.0 * s.deviation / s.mean;
        let value = relative(left).hypot(relative(right)) / std::f64::consts::SQRT_2;
        // sampling error of a standard deviation, and the noise of the events, which only adds
        let noise = 100.0 * self.systematic_s(self.systematic.step_asymmetry_s) / left.mean;
        self.m.record(
            KEY,
            method,
            value,
            (value / (4.0 * strides as f64).sqrt()).hypot(noise),
        );
    }

    /// Contact times of both feet, and how they differ.
    pub fn contacts(&mut self, method: &'static str) {
        let steps = self.steps;
        let [left, right] = Side::BOTH.map(|side| steps.contact(side));
        let s = self.systematic;
        let mean = self.both(|side| steps.contact(side));
        self.time("ground_contact_time_ms", method, mean, s.contact_s);
        for (key, stat) in [
            ("ground_contact_time_left_ms", left),
            ("ground_contact_time_right_ms", right),
        ] {
            if steps.sides_known {
                self.time(key, method, stat, s.contact_s);
            } else {
                self.m.withhold(key, method, UNKNOWN_SIDES);
            }
        }
        self.asymmetry(
            "contact_asymmetry_percent",
            method,
            right,
            left,
            self.systematic_s(s.asymmetry_s),
        );
    }

    /// A symmetry index; `systematic` is the deviation of the difference, in the unit of the values.
    pub fn asymmetry(
        &mut self,
        key: &'static str,
        method: &'static str,
        right: Stat,
        left: Stat,
        systematic: f64,
    ) {
        if !self.steps.sides_known {
            return self.m.withhold(key, method, UNKNOWN_SIDES);
        }
        if right.count < 2 || left.count < 2 {
            return self.m.withhold(key, method, "too few steps of one foot");
        }
        let (value, error) = asymmetry(right, left);
        let systematic = 100.0 * systematic / (0.5 * (right.mean + left.mean));
        self.m.record(key, method, value, error.hypot(systematic));
    }

    /// Speed of the ground in m/s with its standard deviation.
    pub fn speed(&self) -> Option<(f64, f64)> {
        let height = self.context.athlete.height_m?;
        let speed = self.steps.stat(|s| s.speed);
        if speed.count < 2 {
            return None;
        }
        let yaw = self.yaw_deg().to_radians();
        // what is not known about the yaw, to the second order
        let oblique = YAW_DEVIATION_DEG.to_radians() * (yaw.tan() + 0.5 * YAW_DEVIATION_DEG.to_radians());
        let value = self.systematic.speed_gain * speed.mean * height / yaw.cos();
        let relative = self
            .systematic
            .speed
            .hypot(SPEED_PER_S * self.frame_s)
            .hypot(STATURE_DEVIATION)
            .hypot(speed.error() / speed.mean)
            .hypot(oblique);
        Some((value, value * relative))
    }

    /// Speed, step and stride length.
    pub fn travel(&mut self, method: &'static str) {
        const KEYS: [&str; 3] = ["speed_m_s", "step_length_m", "stride_length_m"];
        let reason = match (self.context.athlete.height_m, self.speed(), self.pace) {
            (_, Some((speed, deviation)), Some((pace, _))) => {
                self.m.record(KEYS[0], method, speed, deviation);
                self.m.record(KEYS[1], method, speed * pace, deviation * pace);
                self.m
                    .record(KEYS[2], method, 2.0 * speed * pace, 2.0 * deviation * pace);
                return;
            }
            (None, ..) => NO_SCALE,
            _ => "the foot on the ground was not seen well enough",
        };
        for key in KEYS {
            self.m.withhold(key, method, reason);
        }
    }

    /// How the lengths of left and right steps differ. It needs no scale, only the same one for both.
    pub fn step_length_asymmetry(&mut self, method: &'static str) {
        const KEY: &str = "step_length_asymmetry_percent";
        let speed = self.steps.stat(|s| s.speed);
        if speed.count < 2 {
            return self
                .m
                .withhold(KEY, method, "the foot on the ground was not seen well enough");
        }
        let [left, right] = Side::BOTH.map(|side| self.steps.step_length(side, speed.mean));
        let time = speed.mean * self.systematic_s(self.systematic.step_asymmetry_s);
        // each foot's place counts in its own step and, the other way round, in the next
        let systematic = time.hypot(2.0 * std::f64::consts::SQRT_2 * FOOT_PLACE_DEVIATION);
        self.asymmetry(KEY, method, right, left, systematic);
    }

    /// Vertical oscillation of the centre of mass.
    pub fn oscillation(&mut self, method: &'static str) {
        const KEY: &str = "vertical_oscillation_m";
        let rise = self.steps.stat(|s| s.rise);
        let Some(height) = self.context.athlete.height_m else {
            return self.m.withhold(KEY, method, NO_SCALE);
        };
        if rise.count < 2 {
            return self.m.withhold(KEY, method, "too few steps");
        }
        let value = self.systematic.rise_gain * rise.mean * height;
        let deviation = (self.systematic.rise * height)
            .hypot(value * STATURE_DEVIATION)
            .hypot(rise.error() * height);
        self.m.record(KEY, method, value, deviation);
    }

    /// The mean of an angle over the steps.
    pub fn angle(&mut self, key: &'static str, stat: Stat, deviation_deg: f64) {
        const METHOD: &str = "picture_plane";
        if stat.count == 0 {
            return self
                .m
                .withhold(key, METHOD, "the joints were not seen well enough");
        }
        let spread = if stat.count > 1 {
            stat.error()
        } else {
            deviation_deg
        };
        self.m.record(key, METHOD, stat.mean, deviation_deg.hypot(spread));
    }

    /// The finished result.
    pub fn finish(self) -> (Vec<Metric>, Vec<String>, Quality) {
        let (metrics, warnings) = self.m.into_parts();
        (metrics, warnings, self.verdict.into_quality())
    }
}
