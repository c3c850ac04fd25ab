//! The numbers of a walking bout: the gait table of the clinic (Perry & Burnfield, *Gait Analysis*).

pub use super::super::running::foot_strike;
use crate::body::Side;
use crate::gait::numbers::{Stat, Steps};
use crate::gait::report::{Report, Systematic};
use crate::movements::Context;
use crate::units::MS_PER_S;
use crate::{Metric, Quality};

/// Keys of this movement, in registry order.
pub const KEYS: &[&str] = &[
    "steps",
    "cadence_spm",
    "ground_contact_time_ms",
    "ground_contact_time_left_ms",
    "ground_contact_time_right_ms",
    "stance_percent",
    "swing_percent",
    "double_support_percent",
    "double_support_ms",
    "step_time_ms",
    "stride_time_ms",
    "speed_m_s",
    "step_length_m",
    "stride_length_m",
    "vertical_oscillation_m",
    "trunk_lean_deg",
    "contact_asymmetry_percent",
    "step_time_asymmetry_percent",
    "step_length_asymmetry_percent",
    "step_time_variability_percent",
];

/// Residuals of the calibration over clips; see `docs/gait-calibration.md`.
const SYSTEMATIC: Systematic = Systematic {
    contact_s: 0.013,
    between_s: 0.010,
    asymmetry_s: 0.012,
    step_asymmetry_s: 0.010,
    frames: 0.1,
    speed: 0.05,
    speed_gain: 1.04,
    rise: 0.004,
    rise_gain: 1.0,
};

const EVENTS: &str = "foot_reach";
const TRAVEL: &str = "stance_foot_speed";

/// Standard deviation of the trunk's angle, degrees (single-camera trackers: 4–7°).
const ANGLE_DEVIATION_DEG: f64 = 5.0;

/// Everything a bout reports beside its times.
pub fn compute(steps: &Steps<'_>, context: &Context<'_>) -> (Vec<Metric>, Vec<String>, Quality) {
    let mut r = Report::new(steps, context, SYSTEMATIC);
    r.rhythm(EVENTS);
    r.contacts(EVENTS);
    support(&mut r);
    r.travel(TRAVEL);
    r.step_length_asymmetry(TRAVEL);
    r.oscillation("centre_of_mass");
    r.angle(
        "trunk_lean_deg",
        steps.posture(|p| p.trunk_deg),
        ANGLE_DEVIATION_DEG,
    );
    r.finish()
}

/// Stance, swing and double support; double support comes twice in a stride.
fn support(r: &mut Report<'_>) {
    let steps = r.steps;
    let contact = r.both(|side| steps.contact(side));
    let overlap = r.both(|side: Side| {
        let flight = steps.flight(side);
        Stat {
            mean: -flight.mean,
            ..flight
        }
    });
    r.time("double_support_ms", EVENTS, overlap, SYSTEMATIC.between_s);
    let Some((pace, _)) = r.pace else {
        for key in ["stance_percent", "swing_percent", "double_support_percent"] {
            r.m.withhold(key, EVENTS, "too few steps");
        }
        return;
    };
    let stride_ms = 2.0 * MS_PER_S * pace;
    let percent = |stat: Stat, systematic_s: f64| {
        let deviation = r.deviation_s(stat, systematic_s);
        (
            100.0 * MS_PER_S * stat.mean / stride_ms,
            100.0 * MS_PER_S * deviation / stride_ms,
        )
    };
    let (stance, overlap) = (
        percent(contact, SYSTEMATIC.contact_s),
        percent(overlap, SYSTEMATIC.between_s),
    );
    r.m.record("stance_percent", EVENTS, stance.0, stance.1);
    r.m.record("swing_percent", EVENTS, 100.0 - stance.0, stance.1);
    r.m.record("double_support_percent", EVENTS, 2.0 * overlap.0, 2.0 * overlap.1);
}
