//! One squat, measured.

use super::{NAME, phase};
use crate::jump::{Course, NO_SCALE, SmoothedCom, checks};
use crate::measure::{Measurements, Verdict};
use crate::movements::Context;
use crate::scale::{Scale, gravity_in_statures};
use crate::units::{GRAVITY, MS_PER_S};
use crate::view::{Estimate, Moments};
use crate::{Grade, PhaseSpan, Repetition, angles};

/// Keys of this movement, in registry order.
pub const KEYS: &[&str] = &[
    "eccentric_duration_ms",
    "concentric_duration_ms",
    "peak_eccentric_velocity_m_s",
    "peak_concentric_velocity_m_s",
    "squat_depth_m",
    "pause_duration_ms",
    "mean_concentric_velocity_m_s",
    "hip_angle_at_lowest_deg",
    "knee_angle_at_lowest_deg",
    "ankle_angle_at_lowest_deg",
    "trunk_angle_at_lowest_deg",
];

/// Half width of the window in which the centre of mass is smoothed, seconds: squats are slow.
const SMOOTHING_S: f64 = 0.12;

/// Vertical speed of the centre of mass below which the body counts as still, m/s.
const STILL_M_S: f64 = 0.1;

/// A shorter rest at the bottom is a turn, seconds; it begins and ends this long inside the still stretch.
const MIN_PAUSE_S: f64 = 0.2;
const REST_EDGE_S: f64 = 0.08;

/// A squat is at least this deep, and the hips come nearer to the ankles by at least that, in statures (a quarter squat,
/// and more than bending over moves them).
const MIN_DEPTH: f64 = 0.05;
const MIN_KNEE_BEND: f64 = 0.045;

/// Ankles that move up by more than this, in statures, have left the ground: a step or a heel raise.
const MAX_ANKLE_RISE: f64 = 0.05;

/// Begin and end are read where the body passes this part of its greatest speed, and lie further out by that part of the
/// time from there to the bottom: mean over squats of the synthetic athlete with true landmarks.
const EARLY_SHARE: f64 = 0.2;
const TRACE_OUT: f64 = 0.22;

/// The pose model sees a crouch too shallow: true over measured depth, as of countermovements.
const CROUCH_GAIN: f64 = 1.05;

/// Standard deviations of begin, bottom and end, seconds, of a height between two postures, in statures, and of a smoothed
/// peak speed, relative.
const EVENT_DEVIATION_S: f64 = 0.06;
const LOWEST_DEVIATION_S: f64 = 0.03;
const POSTURE_DEVIATION: f64 = 0.012;
const SPEED_DEVIATION: f64 = 0.05;

/// A measured squat. Heights in pixels upwards, speeds in pixels per second.
#[derive(Clone, Copy, Debug)]
pub struct Squat {
    onset_s: f64,
    /// When the body rests at the bottom; both the lowest point where it does not.
    bottom_s: (f64, f64),
    lowest_s: f64,
    end_s: f64,
    depth_px: f64,
    /// Fastest descent and ascent, both positive.
    speeds_px_s: (f64, f64),
}

impl Squat {
    /// Measures the squat that began about `since_s` and has just ended; `None` when it was none.
    pub fn measure(
        course: &mut Course,
        smoothed: &mut SmoothedCom,
        context: &Context<'_>,
        since_s: f64,
    ) -> Option<Self> {
        let now = context.history.latest()?.t;
        course.load(context.history, since_s - 1.0, now);
        let px_per_m = gravity_in_statures(context.athlete.height_m, course.stature_px, None)
            * course.stature_px
            / GRAVITY;
        smoothed.load(course, since_s - 1.0, now, SMOOTHING_S);
        let fits = smoothed.samples();
        let lowest = (0..fits.len()).min_by(|&a, &b| fits[a].1.value.total_cmp(&fits[b].1.value))?;
        let lowest_s = fits[lowest].0;
        let standing_px = course.quantile(since_s - 1.0, now, 0.9, |s| Some(s.com))?;
        let depth_px = standing_px - fits[lowest].1.value;
        let ankle = |s: &crate::jump::CourseSample| Some(0.5 * (s.feet[0].ankle + s.feet[1].ankle));
        let ankles =
            course.quantile(since_s, now, 0.95, ankle)? - course.quantile(since_s, now, 0.2, ankle)?;
        let bend = course.knee_bend((lowest_s - 0.06, lowest_s + 0.06), now)?;
        let is_squat = depth_px > MIN_DEPTH * course.stature_px
            && bend > MIN_KNEE_BEND
            && ankles < MAX_ANKLE_RISE * course.stature_px
            && checks::planted(context.history, (since_s, now), course.stature_px).is_ok();
        let fits = smoothed.samples();
        let slope = |i: &usize| fits[*i].1.slope;
        let down = (0..=lowest).min_by(|a, b| slope(a).total_cmp(&slope(b)))?;
        let up = (lowest..fits.len()).max_by(|a, b| slope(a).total_cmp(&slope(b)))?;
        let fastest = (-slope(&down), slope(&up));
        let descends = |i: &usize| -slope(i) >= EARLY_SHARE * fastest.0;
        let ascends = |i: &usize| slope(i) >= EARLY_SHARE * fastest.1;
        let began = fits[(0..=down).rev().take_while(descends).last()?].0;
        let ended = fits[(up..fits.len()).take_while(ascends).last()?].0;
        let still = |i: &usize| slope(i).abs() < STILL_M_S * px_per_m;
        let rest = (
            (0..=lowest)
                .rev()
                .take_while(still)
                .last()
                .map_or(lowest_s, |i| fits[i].0),
            (lowest..fits.len())
                .take_while(still)
                .last()
                .map_or(lowest_s, |i| fits[i].0),
        );
        let rest = (rest.0 + REST_EDGE_S, rest.1 - REST_EDGE_S);
        let paused = rest.1 - rest.0 > MIN_PAUSE_S;
        let (lowest_s, bottom_s) = if paused {
            (0.5 * (rest.0 + rest.1), rest)
        } else {
            (lowest_s, (lowest_s, lowest_s))
        };
        is_squat.then_some(Self {
            onset_s: (began - TRACE_OUT * (bottom_s.0 - began)).max(fits[0].0),
            bottom_s,
            lowest_s,
            end_s: ended + TRACE_OUT * (ended - bottom_s.1),
            depth_px: CROUCH_GAIN * depth_px,
            speeds_px_s: fastest,
        })
    }

    /// The public result.
    pub fn into_repetition(self, course: &Course, context: &Context<'_>) -> Repetition {
        let mut m = Measurements::default();
        let stretch = (self.onset_s, self.end_s);
        let moments = Moments {
            whole: stretch,
            ..Moments::default()
        };
        let view = Estimate::of(context.history, &moments, context.setup);
        let frames = course.between(self.onset_s, self.end_s).len();
        let interval = (self.end_s - self.onset_s) / frames.max(1) as f64;
        let (bottom, event) = (
            LOWEST_DEVIATION_S.hypot(interval),
            EVENT_DEVIATION_S.hypot(interval),
        );
        for (key, seconds, deviation) in [
            (
                "eccentric_duration_ms",
                self.bottom_s.0 - self.onset_s,
                event.hypot(bottom),
            ),
            (
                "pause_duration_ms",
                self.bottom_s.1 - self.bottom_s.0,
                2.0 * bottom,
            ),
            (
                "concentric_duration_ms",
                self.end_s - self.bottom_s.1,
                event.hypot(bottom),
            ),
        ] {
            m.record(key, "com_velocity", MS_PER_S * seconds, MS_PER_S * deviation);
        }
        self.lengths(course, context, event.hypot(bottom), &mut m);
        angles::record(
            ("lowest", self.lowest_s),
            (context.history, &view),
            interval,
            KEYS,
            &mut m,
        );
        let mut verdict = Verdict::default();
        verdict.obstacles(context.history, stretch, &view);
        if course.longest_gap(self.onset_s, self.end_s) > (4.0 * interval).max(0.15) {
            verdict.at_best(
                Grade::C,
                "the body was lost for some frames during the squat: show it whole, alone and well lit",
            );
        }
        let bounds = [self.onset_s, self.bottom_s.0, self.bottom_s.1, self.end_s];
        let (metrics, warnings) = m.into_parts();
        Repetition::of_phases(
            NAME,
            context.person,
            PhaseSpan::tiled(&[phase::DESCENT, phase::BOTTOM, phase::ASCENT], &bounds),
            vec![("onset_s", self.onset_s), ("lowest_s", self.lowest_s)],
            (metrics, warnings, verdict.into_quality()),
        )
    }

    fn lengths(&self, course: &Course, context: &Context<'_>, timing_s: f64, m: &mut Measurements) {
        const KEYS: [&str; 4] = [
            "squat_depth_m",
            "mean_concentric_velocity_m_s",
            "peak_eccentric_velocity_m_s",
            "peak_concentric_velocity_m_s",
        ];
        let Some(scale) = Scale::choose(context.athlete.height_m, course.stature_px, None) else {
            return KEYS.iter().for_each(|key| m.withhold(key, "none", NO_SCALE));
        };
        let depth = self.depth_px / scale.px_per_m;
        let posture = POSTURE_DEVIATION * course.stature_px / self.depth_px;
        let of_depth = scale.relative_deviation.hypot(posture);
        let ascent_s = self.end_s - self.bottom_s.1;
        let of_speed = scale.relative_deviation.hypot(SPEED_DEVIATION);
        for (key, value, relative) in [
            (KEYS[0], depth, of_depth),
            (KEYS[1], depth / ascent_s, of_depth.hypot(timing_s / ascent_s)),
            (KEYS[2], self.speeds_px_s.0 / scale.px_per_m, of_speed),
            (KEYS[3], self.speeds_px_s.1 / scale.px_per_m, of_speed),
        ] {
            m.record(key, scale.source.name(), value, value * relative);
        }
    }
}
