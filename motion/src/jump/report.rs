//! The numbers every jump reports, each with its uncertainty, and the verdict on them.

use super::{Course, EventDeviation, MeasuredFlight};
use crate::Grade;
use crate::angles::{self, ANGLE_DEVIATION_DEG, ANKLE_DEVIATION_DEG};
use crate::measure::{Measurements, Verdict};
use crate::movements::Context;
use crate::scale::{DISAGREEMENT, Scale};
use crate::units::{GRAVITY, MS_PER_S, Z95, height_from_flight_time};
use crate::view::{Estimate, Moments};

/// From this frame interval on times of contact are coarse, seconds per frame.
const COARSE_INTERVAL_S: f64 = 1.0 / 45.0;

/// Missing frames around the events longer than this degrade the result, seconds.
const MAX_GAP_S: f64 = 0.1;

/// A foot weight under which neither foot is well seen.
const POOR_FOOT_WEIGHT: f64 = 0.35;

/// Heights at single instants are smoothed over this half width, seconds; at low rates over this many frames.
const SMOOTHING_S: f64 = 0.04;
const SMOOTHING_FRAMES: f64 = 1.6;

/// Why metres are withheld without a scale.
pub const NO_SCALE: &str = "there is no scale; give the athlete's height";

/// One measured flight with what is needed to write about it.
#[derive(Clone, Copy, Debug)]
pub struct FlightReport<'a> {
    /// The flight.
    pub flight: &'a MeasuredFlight,
    /// The course it was measured on.
    pub course: &'a Course,
    /// Where the person's frames and data are.
    pub context: &'a Context<'a>,
    /// Mean time between frames, seconds.
    pub interval_s: f64,
    /// Standard deviations of its times.
    pub events: EventDeviation,
    /// How the athlete was seen.
    pub view: Estimate,
}

impl<'a> FlightReport<'a> {
    /// For a repetition whose frames count from `from_s`, with the stretch in which the athlete stood before.
    pub fn new(
        flight: &'a MeasuredFlight,
        course: &'a Course,
        context: &'a Context<'a>,
        from_s: f64,
        standing: Option<(f64, f64)>,
    ) -> Self {
        let moments = Moments {
            whole: (from_s, flight.end_s),
            standing,
            flight: Some((flight.contact.takeoff_s, flight.contact.landing_s)),
        };
        let n = course.between(from_s, flight.end_s).len();
        let interval_s = if n > 1 {
            (flight.end_s - from_s) / (n - 1) as f64
        } else {
            1.0
        };
        let stature_m = course.stature_px / flight.px_per_m;
        let speed = 0.5 * GRAVITY * flight.flight_s() / stature_m;
        Self {
            flight,
            course,
            context,
            interval_s,
            events: EventDeviation::new(
                &flight.contact,
                interval_s,
                speed,
                flight.feet.at_contact.deviation,
            ),
            view: Estimate::of(context.history, &moments, context.setup),
        }
    }

    /// Height, flight time, take-off velocity, height by the ascent, rise of the centre of mass.
    pub fn flight(&self, m: &mut Measurements) {
        const METHOD: &str = "flight_time";
        let flight_s = self.flight.flight_s();
        let deviation = self.events.flight_s;
        m.record(
            "jump_height_m",
            METHOD,
            self.height_m(),
            self.height_deviation_m(),
        );
        m.record(
            "flight_time_ms",
            "foot_ballistics",
            MS_PER_S * flight_s,
            MS_PER_S * deviation,
        );
        m.record(
            "takeoff_velocity_m_s",
            METHOD,
            0.5 * GRAVITY * flight_s,
            0.5 * GRAVITY * deviation,
        );
        let ascent_s = self.flight.ascent_s();
        m.record(
            "jump_height_ascent_m",
            "ascent_time",
            ascent_height(ascent_s),
            GRAVITY * ascent_s * self.events.ascent_s,
        );
        self.com_rise(m);
    }

    /// Height by flight time, metres.
    pub fn height_m(&self) -> f64 {
        height_from_flight_time(self.flight.flight_s())
    }

    /// Its standard deviation, metres.
    pub fn height_deviation_m(&self) -> f64 {
        0.25 * GRAVITY * self.flight.flight_s() * self.events.flight_s
    }

    fn com_rise(&self, m: &mut Measurements) {
        const KEY: &str = "jump_height_com_rise_m";
        let Some(scale) = self.scale_of_stature() else {
            let reason =
                "a scale from the flight would only repeat the ascent time; give the athlete's height";
            return match self.flight.scale {
                Some(scale) => m.withhold(KEY, scale.source.name(), reason),
                None => m.withhold(KEY, "none", NO_SCALE),
            };
        };
        let method = scale.source.name();
        let rise = self.flight.com_rise_px() / scale.px_per_m;
        let timing = 2.0 * self.events.ascent_s / self.flight.ascent_s();
        let relative = scale
            .relative_deviation
            .hypot(timing.hypot(self.flight.gravity.relative_deviation));
        m.record(KEY, method, rise, rise * relative);
        m.record(
            "jump_height_difference_m",
            method,
            self.height_m() - rise,
            (rise * relative).hypot(self.height_deviation_m()),
        );
    }

    /// The scale that knows nothing of the flight, so that heights by it can be held against the flight time.
    fn scale_of_stature(&self) -> Option<Scale> {
        Scale::of_stature(self.context.athlete.height_m, self.course.stature_px)
    }

    /// The joint angles at an event, as far as they are among the movement's keys.
    pub fn joint_angles(&self, event: &str, t: f64, keys: &[&'static str], m: &mut Measurements) {
        let seen = (self.context.history, &self.view);
        angles::record((event, t), seen, self.interval_s, keys, m);
    }

    /// How far hip, knee and ankle extend together from an instant to take-off.
    pub fn triple_extension(&self, from_s: f64, m: &mut Measurements) {
        const KEY: &str = "triple_extension_deg";
        const METHOD: &str = "picture_plane";
        let at =
            |t| angles::at(self.context.history, t, self.interval_s).map(|(a, _)| a.hip + a.knee + a.ankle);
        match at(from_s).zip(at(self.flight.contact.takeoff_s)) {
            Some((bent, long)) => {
                let joint = ANGLE_DEVIATION_DEG
                    .hypot(ANGLE_DEVIATION_DEG)
                    .hypot(ANKLE_DEVIATION_DEG);
                m.record(KEY, METHOD, bent - long, joint * 2f64.sqrt());
            }
            None => m.withhold(KEY, METHOD, "the joints were not seen well enough"),
        }
    }

    /// Half width of the window in which heights at single instants are smoothed, seconds.
    pub fn smoothing_s(&self) -> f64 {
        SMOOTHING_S.max(SMOOTHING_FRAMES * self.interval_s)
    }

    /// The verdict on what every jump needs: frame rate, feet, gaps since `from_s`, heights and scales that agree.
    pub fn judge(&self, from_s: f64) -> Verdict {
        let mut verdict = Verdict::default();
        let (flight, interval) = (self.flight, self.interval_s);
        verdict.obstacles(self.context.history, (from_s, flight.end_s), &self.view);
        if interval > COARSE_INTERVAL_S {
            let between_frames = self.course.mean_interval(from_s, flight.end_s);
            let rate = between_frames.unwrap_or(interval).recip().round();
            verdict.at_best(Grade::B, format!("{rate} frames per second: use 60 or more"));
        }
        if flight.feet.weights().into_iter().fold(0.0, f64::max) < POOR_FOOT_WEIGHT {
            verdict.at_best(
                Grade::C,
                "the feet are hardly visible: show them whole and light them",
            );
        }
        if self.course.longest_gap(from_s, flight.end_s) > MAX_GAP_S.max(2.5 * interval) {
            verdict.at_best(
                Grade::C,
                "the body was lost for some frames during the jump: show it whole, alone and well lit",
            );
        }
        let difference = self.height_m() - ascent_height(flight.ascent_s());
        if difference.abs() > Z95 * GRAVITY * flight.ascent_s() * self.events.ascent_s {
            verdict.at_best(
                Grade::B,
                "height estimates disagree: the body landed in another posture than it took off; land with straight legs",
            );
        }
        if let Some(scale) = self.scale_of_stature() {
            let ratio = flight.gravity.px_per_m / scale.px_per_m - 1.0;
            if ratio.abs() > DISAGREEMENT.max(Z95 * flight.gravity.relative_deviation) {
                verdict.at_best(
                    Grade::C,
                    "the athlete's height and the fall of the body give different scales: check the height that was given",
                );
            }
        }
        verdict
    }
}

/// Rise during an ascent of this many seconds: `½·g·t²`.
fn ascent_height(ascent_s: f64) -> f64 {
    0.5 * GRAVITY * ascent_s * ascent_s
}
