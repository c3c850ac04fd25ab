//! Running and walking: what was found against what is true.

use crate::matrix::Case;
use crate::measure::{Comparison, Outcome, remark};
use crate::recording::Recording;
use crate::report::Row;
use anyhow::{Context, Result};
use kinemotion_motion::{MovementChoice, Repetition, StepSpan};
use std::collections::BTreeMap;
use synthetic_athlete::{Facing, FootTruth, GaitTruth, MovementKind};

/// A found contact is the true one if they are this close, seconds.
const SAME_CONTACT_S: f64 = 0.1;

/// Metrics compared under their own key.
const SAME: &[&str] = &[
    "cadence_spm",
    "ground_contact_time_ms",
    "flight_time_ms",
    "double_support_ms",
    "duty_factor",
    "stride_time_ms",
    "speed_m_s",
    "step_length_m",
    "stride_length_m",
    "vertical_oscillation_m",
    "contact_asymmetry_percent",
    "foot_angle_at_contact_deg",
];

/// What the tables list, and the factor to their unit.
pub const ROWS: &[Row] = &[
    Row::new("cadence_percent", "cadence, %", 1.0),
    Row::new("contact_near_ms", "contact time, near leg, ms", 1.0),
    Row::new("contact_far_ms", "contact time, far leg, ms", 1.0),
    Row::new("ground_contact_time_ms", "contact time, both, ms", 1.0),
    Row::new("flight_time_ms", "flight time, ms", 1.0),
    Row::new("double_support_ms", "double support, ms", 1.0),
    Row::new("duty_factor", "duty factor, %", 100.0),
    Row::new("stance_percent", "stance, %", 1.0),
    Row::new("stride_time_ms", "stride time, ms", 1.0),
    Row::new("speed_m_s", "speed, cm/s", 100.0),
    Row::new("stride_length_m", "stride length, cm", 100.0),
    Row::new("vertical_oscillation_m", "vertical oscillation, cm", 100.0),
    Row::new("contact_asymmetry_percent", "contact time asymmetry, %", 1.0),
    Row::new("foot_angle_at_contact_deg", "foot angle at contact, °", 1.0),
    Row::new("contact_s", "single contact, ms", 1000.0),
    Row::new("toe_off_s", "single toe-off, ms", 1000.0),
];

/// A true asymmetry from which its sign must be right, per cent.
pub const CLEAR_ASYMMETRY: f64 = 8.0;

/// What the analysis makes of a recorded clip of running or walking against the truth: one entry per bout and one per
/// step. A clip without a bout is missed; bouts of another movement and contacts nobody made are invented. The toe-off of a
/// true contact counts with whatever error it has.
pub fn judge(recording: &Recording) -> Result<Outcome> {
    let case = &recording.case;
    let truth = case.clip.build().with_context(|| case.name.clone())?.truth();
    let gait = truth.gait.context("a clip of running or walking")?;
    let mut outcome = Outcome {
        case: case.clone(),
        matched: Vec::new(),
        missed: 0,
        misnamed: 0,
        invented: 0,
        remarks: Vec::new(),
    };
    let found = recording.repetitions(MovementChoice::Auto);
    let of_athlete = |r: &&std::sync::Arc<Repetition>| steps_match(r, &gait);
    for repetition in found.iter().filter(of_athlete) {
        if repetition.movement != truth.movement {
            outcome.invented += 1;
            outcome.remarks.push(remark("invented", repetition));
            continue;
        }
        outcome.matched.push(bout(repetition, &gait, case));
        for step in &repetition.steps {
            let foot = foot(&gait, step);
            let row = [
                (
                    "contact_s",
                    nearest(&foot.initial_contact_s, step.contact_s),
                    step.contact_s,
                ),
                (
                    "toe_off_s",
                    nearest(&foot.toe_off_s, step.toe_off_s),
                    step.toe_off_s,
                ),
            ];
            let (_, contact, measured) = row[0];
            if contact.is_some_and(|contact| (contact - measured).abs() < SAME_CONTACT_S) {
                let row = row
                    .into_iter()
                    .filter_map(|(key, truth, t)| Some((key.to_owned(), exact(truth?, t))));
                outcome.matched.push(row.collect());
            } else {
                outcome.invented += 1;
            }
        }
    }
    // a bystander may walk past: that is no invention
    let bystander = case.is_crossed();
    let others = found.iter().filter(|r| !of_athlete(r));
    for other in others.filter(|r| !(bystander && r.movement == MovementKind::Walking.name())) {
        outcome.invented += 1;
        outcome.remarks.push(remark("invented", other));
    }
    outcome.missed = usize::from(!outcome.matched.iter().any(|m| m.contains_key("cadence_percent")));
    Ok(outcome)
}

/// Whether most steps of a repetition are steps of this gait, whatever the foot.
fn steps_match(repetition: &Repetition, gait: &GaitTruth) -> bool {
    let near = |t: f64| {
        [&gait.left, &gait.right]
            .iter()
            .any(|foot| nearest(&foot.initial_contact_s, t).is_some_and(|x| (x - t).abs() < SAME_CONTACT_S))
    };
    let right = repetition.steps.iter().filter(|s| near(s.contact_s)).count();
    2 * right > repetition.steps.len()
}

/// The foot a step is said to be of; where that is not known, the one with the nearer contact.
fn foot<'a>(gait: &'a GaitTruth, step: &StepSpan) -> &'a FootTruth {
    let off = |foot: &FootTruth| {
        nearest(&foot.initial_contact_s, step.contact_s).map(|t| (t - step.contact_s).abs())
    };
    match step.side {
        "left" => &gait.left,
        "right" => &gait.right,
        _ if off(&gait.left) < off(&gait.right) => &gait.left,
        _ => &gait.right,
    }
}

fn nearest(times: &[f64], t: f64) -> Option<f64> {
    times
        .iter()
        .copied()
        .min_by(|a, b| (a - t).abs().total_cmp(&(b - t).abs()))
}

fn exact(truth: f64, measured: f64) -> Comparison {
    Comparison {
        truth,
        measured,
        uncertainty: None,
    }
}

fn bout(repetition: &Repetition, gait: &GaitTruth, case: &Case) -> BTreeMap<String, Comparison> {
    let compare = |key: &str, truth: f64, factor: f64| {
        let metric = repetition.metrics.iter().find(|m| m.key == key)?;
        Some(Comparison {
            truth: factor * truth,
            measured: metric.value.map_or(f64::NAN, |value| factor * value),
            uncertainty: metric.uncertainty.map(|u| factor * u),
        })
    };
    let mut row = BTreeMap::new();
    for key in SAME {
        let compared = gait.metric(key).and_then(|truth| compare(key, truth, 1.0));
        row.extend(compared.map(|c| ((*key).to_owned(), c)));
    }
    let cadence = gait.metric("cadence_spm").unwrap_or(f64::NAN);
    let near = if case.clip.facing == Facing::Right {
        "right"
    } else {
        "left"
    };
    for side in ["left", "right"] {
        let key = format!("ground_contact_time_{side}_ms");
        let name = if side == near {
            "contact_near_ms"
        } else {
            "contact_far_ms"
        };
        let compared = gait.metric(&key).and_then(|truth| compare(&key, truth, 1.0));
        row.extend(compared.map(|c| (name.to_owned(), c)));
    }
    let stance = 100.0 * gait.metric("duty_factor").unwrap_or(f64::NAN);
    let derived = [
        (
            "cadence_percent",
            compare("cadence_spm", cadence, 100.0 / cadence),
        ),
        ("stance_percent", compare("stance_percent", stance, 1.0)),
    ];
    row.extend(
        derived
            .into_iter()
            .filter_map(|(key, c)| Some((key.to_owned(), c?))),
    );
    row
}

/// Of the clips with a clear contact-time asymmetry: how many, and how many show its sign.
pub fn signs(outcomes: &[Outcome], keep: impl Fn(&Outcome) -> bool) -> (usize, usize) {
    let rows = outcomes
        .iter()
        .filter(|o| keep(o))
        .flat_map(|o| &o.matched)
        .filter_map(|m| m.get("contact_asymmetry_percent"))
        .filter(|c| c.truth.abs() >= CLEAR_ASYMMETRY && c.measured.is_finite());
    rows.fold((0, 0), |(n, right), c| {
        (n + 1, right + usize::from(c.truth * c.measured > 0.0))
    })
}
