//! One clip: render, encode, analyse as a user would, match what was found with what is true.

use crate::matrix::Case;
use crate::recording::Recording;
use anyhow::{Context, Result};
use kinemotion_models::Quality;
use kinemotion_motion::{MovementChoice, Repetition};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use synthetic_athlete::RepetitionTruth;

/// A found repetition is the true one if their take-offs are this close, seconds.
const SAME_TAKEOFF_S: f64 = 0.25;

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
    same("takeoff_s"),
    same("landing_s"),
    same("onset_s"),
    same("lowest_s"),
    same("countermovement_depth_m"),
    same("eccentric_duration_ms"),
    same("concentric_duration_ms"),
    same("total_movement_time_ms"),
    same("peak_eccentric_velocity_m_s"),
    same("peak_concentric_velocity_m_s"),
    Quantity {
        name: "rsi_modified",
        measured: "rsi_modified",
        truth: RSI_BY_FLIGHT_TIME,
    },
];

/// One number against its truth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What is true.
    pub truth: f64,
    /// What was measured.
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
    /// Found repetitions that did not happen.
    pub invented: usize,
}

/// The modified reactive strength index as it is defined, from the height by flight time. The truth itself holds the one
/// from the rise of the centre of mass.
const RSI_BY_FLIGHT_TIME: &str = "rsi_modified by flight time";

fn true_value(truth: &RepetitionTruth, key: &str) -> Option<f64> {
    if key == RSI_BY_FLIGHT_TIME {
        let seconds = 1e-3 * truth.metric("total_movement_time_ms")?;
        return Some(truth.metric("flight_time_height_m")? / seconds);
    }
    truth.metric(key).or(truth.event(key))
}

/// Renders, encodes and analyses one clip in `folder`, which is left as it was.
pub fn measure(case: &Case, quality: Quality, folder: &Path) -> Result<Outcome> {
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
        invented: 0,
    };
    let walks = truth.gait.is_some() || case.is_crossed();
    let jumps = |r: &Arc<Repetition>| !walks || r.steps.is_empty();
    for found in recording
        .repetitions(MovementChoice::Auto)
        .into_iter()
        .filter(jumps)
    {
        let takeoff = found.event("takeoff_s").unwrap_or(f64::NAN);
        let same = |t: f64| (t - takeoff).abs() < SAME_TAKEOFF_S;
        let Some(place) = open.iter().position(|r| r.event("takeoff_s").is_some_and(same)) else {
            outcome.invented += 1;
            continue;
        };
        let true_one = open.swap_remove(place);
        let row = COMPARED.iter().filter_map(|quantity| {
            let truth = true_value(true_one, quantity.truth)?;
            let measured = found
                .metric(quantity.measured)
                .or(found.event(quantity.measured))?;
            let metric = found.metrics.iter().find(|m| m.key == quantity.measured);
            let uncertainty = metric.and_then(|m| m.uncertainty);
            Some((
                quantity.name.to_owned(),
                Comparison {
                    truth,
                    measured,
                    uncertainty,
                },
            ))
        });
        outcome.matched.push(row.collect());
    }
    outcome.missed = open.len();
    Ok(outcome)
}
