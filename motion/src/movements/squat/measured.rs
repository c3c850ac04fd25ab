//! One squat, measured.

use super::{NAME, phase};
use crate::jump::{Course, Crouch, NO_SCALE, SmoothedCom, checks};
use crate::measure::{Measurements, Verdict};
use crate::movements::Context;
use crate::scale::Scale;
use crate::units::MS_PER_S;
use crate::view::{Estimate, Moments};
use crate::{Grade, PhaseSpan, Repetition, angles};

/// Keys of this movement, in registry order.
#[rustfmt::skip] // a family a line
pub const KEYS: &[&str] = &[
    "eccentric_duration_ms", "concentric_duration_ms",
    "peak_eccentric_velocity_m_s", "peak_concentric_velocity_m_s",
    "squat_depth_m", "pause_duration_ms", "mean_concentric_velocity_m_s",
    "hip_angle_at_lowest_deg", "knee_angle_at_lowest_deg", "ankle_angle_at_lowest_deg", "trunk_angle_at_lowest_deg",
];

/// The course begins this long before the descent is noticed, seconds.
const LEAD_S: f64 = 1.0;

/// Half width of the window in which the centre of mass is smoothed, seconds: squats are slow.
const SMOOTHING_S: f64 = 0.12;

/// A shorter rest at the bottom is a turn, seconds.
const MIN_PAUSE_S: f64 = 0.2;

/// Part of the way down by which the body has come up when the squat is over.
const RISEN: f64 = 0.6;

/// The pose model sees a crouch too shallow: true over measured depth, as of countermovements.
const CROUCH_GAIN: f64 = 1.05;

/// Standard deviations of begin and end and of the bottom, seconds, over 15 rendered squats (`make accuracy`, seed 1); of a
/// height between two postures, in statures; of a smoothed peak speed, relative.
const EVENT_DEVIATION_S: f64 = 0.05;
const LOWEST_DEVIATION_S: f64 = 0.02;
const POSTURE_DEVIATION: f64 = 0.012;
const SPEED_DEVIATION: f64 = 0.05;

/// A measured squat.
#[derive(Clone, Copy, Debug)]
pub struct Squat {
    crouch: Crouch,
    /// When the body rests at the bottom; both the lowest point where it does not.
    bottom_s: (f64, f64),
    depth_px: f64,
}

impl Squat {
    /// Measures the squat that began about `since_s` and has just ended; `None` when it was none.
    pub fn measure(
        course: &mut Course,
        smoothed: &mut SmoothedCom,
        context: &Context<'_>,
        since_s: f64,
    ) -> Option<Self> {
        let now = context.history.latest()?;
        course.load(context.history, since_s - LEAD_S, now.t);
        smoothed.load(course, since_s - LEAD_S, now.t, SMOOTHING_S);
        let crouch = Crouch::on(course, smoothed.samples())?;
        let (descent, ascent) = (crouch.descent, crouch.ascent);
        let standing_px = course.quantile(since_s - LEAD_S, now.t, 0.9, |s| Some(s.com))?;
        let depth_px = standing_px - crouch.lowest_px;
        checks::squatted(
            course,
            context.history,
            (since_s, crouch.lowest_s, now.t),
            depth_px,
        )
        .ok()?;
        let turn = f64::midpoint(descent.other_s, ascent.other_s);
        let paused = ascent.other_s - descent.other_s > MIN_PAUSE_S;
        let rest = (descent.other_s, ascent.other_s);
        let bottom_s = if paused { rest } else { (turn, turn) };
        let up_again = now.com - crouch.lowest_px > RISEN * depth_px;
        let ordered = descent.rest_s < bottom_s.0 && bottom_s.1 < ascent.rest_s;
        (ordered && up_again).then_some(Self {
            crouch,
            bottom_s,
            depth_px: CROUCH_GAIN * depth_px,
        })
    }

    /// The public result.
    pub fn into_repetition(self, course: &Course, context: &Context<'_>) -> Repetition {
        let mut m = Measurements::default();
        let (onset_s, (down_s, up_s), end_s) = (
            self.crouch.descent.rest_s,
            self.bottom_s,
            self.crouch.ascent.rest_s,
        );
        let lowest_s = f64::midpoint(down_s, up_s);
        let moments = Moments {
            whole: (onset_s, end_s),
            ..Moments::default()
        };
        let view = Estimate::of(context.history, &moments, context.setup);
        let frames = course.between(onset_s, end_s).len();
        let interval = (end_s - onset_s) / frames.max(1) as f64;
        let bottom = LOWEST_DEVIATION_S.hypot(interval);
        let ways = EVENT_DEVIATION_S.hypot(bottom);
        for (key, from, to, deviation) in [
            ("eccentric_duration_ms", onset_s, down_s, ways),
            ("pause_duration_ms", down_s, up_s, 2.0 * bottom),
            ("concentric_duration_ms", up_s, end_s, ways),
        ] {
            m.record(key, "com_velocity", MS_PER_S * (to - from), MS_PER_S * deviation);
        }
        self.lengths(course, context, ways, &mut m);
        let seen = (context.history, &view);
        angles::record(("lowest", lowest_s), seen, interval, KEYS, &mut m);
        let mut verdict = Verdict::default();
        verdict.obstacles(context.history, (onset_s, end_s), &view);
        if course.longest_gap(onset_s, end_s) > (4.0 * interval).max(0.15) {
            verdict.at_best(
                Grade::C,
                "the body was lost for some frames during the squat: show it whole, alone and well lit",
            );
        }
        let (metrics, warnings) = m.into_parts();
        let names = [phase::DESCENT, phase::BOTTOM, phase::ASCENT];
        Repetition::of_phases(
            NAME,
            context.person,
            PhaseSpan::tiled(&names, &[onset_s, down_s, up_s, end_s]),
            vec![("onset_s", onset_s), ("lowest_s", lowest_s)],
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
        let ascent_s = self.crouch.ascent.rest_s - self.bottom_s.1;
        let of_speed = scale.relative_deviation.hypot(SPEED_DEVIATION);
        for (key, value, relative) in [
            (KEYS[0], depth, of_depth),
            (KEYS[1], depth / ascent_s, of_depth.hypot(timing_s / ascent_s)),
            (KEYS[2], self.crouch.speeds_px_s.0 / scale.px_per_m, of_speed),
            (KEYS[3], self.crouch.speeds_px_s.1 / scale.px_per_m, of_speed),
        ] {
            m.record(key, scale.source.name(), value, value * relative);
        }
    }
}
