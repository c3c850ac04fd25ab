//! One clip: render, encode, analyse as a user would, match what was found with what is true.

use crate::matrix::Case;
use crate::recording::Recording;
use anyhow::{Context, Result};
use kinemotion_motion::{MovementChoice, Repetition};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use synthetic_athlete::{MovementKind, RepetitionTruth};

/// A found repetition is the true one if their highest points, of squats their lowest, are this close, seconds.
const SAME_INSTANT_S: f64 = 0.25;

/// A dip from which a squat jump is a countermovement jump in disguise, and may be called one, metres.
const CLEAR_DIP_M: f64 = 0.03;

/// A quantity that is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// Name of the comparison.
    pub name: &'static str,
    /// Key of the metric or event that was measured.
    pub measured: &'static str,
    /// Key of the metric or event in the truth.
    pub truth: &'static str,
}

const fn same(name: &'static str) -> Quantity {
    Quantity {
        name,
        measured: name,
        truth: name,
    }
}

/// Everything that is compared.
///
/// The height is held against two truths: what its definition, g·T²/8, gives for the exact flight time, and how far the
/// centre of mass really rose, which differs when the landing posture is not the take-off posture.
pub const COMPARED: &[Quantity] = &[
    Quantity {
        name: "jump_height_m",
        measured: "jump_height_m",
        truth: "flight_time_height_m",
    },
    Quantity {
        name: "rise_by_flight_time_m",
        measured: "jump_height_m",
        truth: "jump_height_m",
    },
    Quantity {
        name: "rise_by_com_m",
        measured: "jump_height_com_rise_m",
        truth: "jump_height_m",
    },
    same("flight_time_ms"),
    same("dropoff_s"),
    same("touchdown_s"),
    same("takeoff_s"),
    same("landing_s"),
    same("hold_s"),
    same("onset_s"),
    same("lowest_s"),
    same("end_s"),
    same("countermovement_depth_m"),
    same("squat_depth_m"),
    same("hidden_countermovement_m"),
    same("squat_hold_duration_ms"),
    same("eccentric_duration_ms"),
    same("pause_duration_ms"),
    same("concentric_duration_ms"),
    same("total_movement_time_ms"),
    same("peak_eccentric_velocity_m_s"),
    same("peak_concentric_velocity_m_s"),
    same("mean_concentric_velocity_m_s"),
    same("ground_contact_time_ms"),
    same("reactive_strength_index"),
    same("rsi_height_m_s"),
    same("box_height_m"),
    same("drop_height_m"),
    same("touchdown_velocity_m_s"),
    same("rsi_modified"),
];

/// One number against its truth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What is true.
    pub truth: f64,
    /// What was measured; not a number when it was withheld.
    pub measured: f64,
    /// Half width of the 95 % interval, when there is one.
    pub uncertainty: Option<f64>,
}

/// What came of one clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The clip.
    pub case: Case,
    /// Matched repetitions: compared numbers by key.
    pub matched: Vec<BTreeMap<String, Comparison>>,
    /// True repetitions nobody found.
    pub missed: usize,
    /// True repetitions found as another movement.
    pub misnamed: usize,
    /// Found repetitions that did not happen.
    pub invented: usize,
    /// What was missed, misnamed or invented, for a person to look at.
    pub remarks: Vec<String>,
}

fn true_value(truth: &RepetitionTruth, key: &str) -> Option<f64> {
    truth.metric(key).or(truth.event(key))
}

impl Outcome {
    /// Repetitions found under the right name: of gaits the bouts, without their single steps.
    pub fn repetitions(&self) -> usize {
        let step = |row: &&BTreeMap<String, Comparison>| row.contains_key("contact_s");
        self.matched.len() - self.matched.iter().filter(step).count()
    }
}

/// Renders, encodes and analyses one clip in `folder`, which is left as it was.
#[cfg(feature = "record")]
pub fn measure(
    case: &Case,
    quality: kinemotion_models::Quality,
    folder: &std::path::Path,
) -> Result<Outcome> {
    judge(&Recording::make(case, quality, folder)?)
}

/// Matches what the analysis makes of a recorded clip with what is true.
pub fn judge(recording: &Recording) -> Result<Outcome> {
    let case = &recording.case;
    let footage = case.clip.build().with_context(|| case.name.clone())?;
    let truth = footage.truth();
    let mut open: Vec<_> = truth.repetitions.iter().collect();
    let mut outcome = Outcome {
        case: case.clone(),
        matched: Vec::new(),
        missed: 0,
        misnamed: 0,
        invented: 0,
        remarks: Vec::new(),
    };
    let walks = truth.gait.is_some() || case.is_crossed();
    let jumps = |r: &Arc<Repetition>| !walks || r.steps.is_empty();
    for found in recording
        .repetitions(MovementChoice::Auto)
        .into_iter()
        .filter(jumps)
    {
        let place = instant(&found).and_then(|(key, t)| {
            let same = |x: f64| (x - t).abs() < SAME_INSTANT_S;
            open.iter().position(|r| r.event(key).is_some_and(same))
        });
        let Some(place) = place else {
            if !opens_a_series(&found, &truth.repetitions) {
                outcome.invented += 1;
                outcome.remarks.push(remark("invented", &found));
            }
            continue;
        };
        let true_one = open.swap_remove(place);
        if found.movement == truth.movement || is_countermovement(&found, true_one) {
            outcome.matched.push(compare(&found, true_one));
        } else {
            outcome.misnamed += 1;
            outcome.remarks.push(remark("misnamed", &found));
        }
    }
    outcome.missed = open.len();
    let missed = open
        .iter()
        .map(|r| format!("missed: from {:.2} s to {:.2} s", r.start_s, r.end_s));
    outcome.remarks.extend(missed);
    Ok(outcome)
}

/// One line about a repetition that is not what happened.
pub(crate) fn remark(what: &str, found: &Repetition) -> String {
    format!(
        "{what}: {} from {:.2} s to {:.2} s",
        found.movement, found.start_s, found.end_s
    )
}

/// The instant by which a repetition is recognised.
fn instant(found: &Repetition) -> Option<(&'static str, f64)> {
    ["apex_s", "lowest_s"]
        .into_iter()
        .find_map(|key| Some((key, found.event(key)?)))
}

/// Whether a squat jump with a dip before the push-off is called what it then is.
fn is_countermovement(found: &Repetition, truth: &RepetitionTruth) -> bool {
    let dip = truth.metric("hidden_countermovement_m");
    found.movement == MovementKind::Cmj.name() && dip.is_some_and(|dip| dip >= CLEAR_DIP_M)
}

/// Whether a jump is the one that opens a series of rebounds: it has happened, and the truth of the series does not list it.
fn opens_a_series(found: &Repetition, truth: &[RepetitionTruth]) -> bool {
    let first = truth.first().and_then(|r| r.event("touchdown_s"));
    let touches_down = |landing: f64| first.is_some_and(|t| (t - landing).abs() < SAME_INSTANT_S);
    found.movement == MovementKind::Cmj.name() && found.event("landing_s").is_some_and(touches_down)
}

fn compare(found: &Repetition, truth: &RepetitionTruth) -> BTreeMap<String, Comparison> {
    let row = COMPARED.iter().filter_map(|quantity| {
        let truth = true_value(truth, quantity.truth)?;
        let metric = found.metrics.iter().find(|m| m.key == quantity.measured);
        let measured = match metric {
            Some(metric) => metric.value.unwrap_or(f64::NAN),
            None => found.event(quantity.measured)?,
        };
        let comparison = Comparison {
            truth,
            measured,
            uncertainty: metric.and_then(|m| m.uncertainty),
        };
        Some((quantity.name.to_owned(), comparison))
    });
    row.collect()
}
