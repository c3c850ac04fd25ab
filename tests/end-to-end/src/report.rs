//! Tables of bias, mean absolute error, spread and coverage.

use crate::measure::{Comparison, Outcome};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Errors of one quantity over some repetitions, in the unit of the quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Repetitions compared.
    pub count: usize,
    /// Repetitions for which the number was withheld.
    pub withheld: usize,
    /// Mean error, measured − true.
    pub bias: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Standard deviation of the error.
    pub sd: f64,
    /// Largest absolute error.
    pub worst: f64,
    /// Share of true values inside their 95 % interval, of those that have one.
    pub coverage: Option<f64>,
}

/// Errors of `key` over the outcomes that `keep` keeps; `None` when there is none.
pub fn summary(outcomes: &[Outcome], key: &str, keep: impl Fn(&Outcome) -> bool) -> Option<Summary> {
    summary_of(outcomes, key, false, keep)
}

/// The same; `relative` errors are parts of the true value.
pub fn summary_of(
    outcomes: &[Outcome],
    key: &str,
    relative: bool,
    keep: impl Fn(&Outcome) -> bool,
) -> Option<Summary> {
    let all = outcomes
        .iter()
        .filter(|o| keep(o))
        .flat_map(|o| &o.matched)
        .filter_map(|m| m.get(key));
    let (rows, withheld): (Vec<&Comparison>, Vec<&Comparison>) = all.partition(|c| c.measured.is_finite());
    if rows.is_empty() {
        return None;
    }
    let n = rows.len() as f64;
    let error = |c: &&Comparison| (c.measured - c.truth) / if relative { c.truth.abs() } else { 1.0 };
    let errors: Vec<f64> = rows.iter().map(error).collect();
    let bias = errors.iter().sum::<f64>() / n;
    let inside: Vec<bool> = rows
        .iter()
        .filter_map(|c| c.uncertainty.map(|u| (c.measured - c.truth).abs() <= u))
        .collect();
    Some(Summary {
        count: rows.len(),
        withheld: withheld.len(),
        bias,
        mae: errors.iter().map(|e| e.abs()).sum::<f64>() / n,
        sd: (errors.iter().map(|e| (e - bias).powi(2)).sum::<f64>() / n).sqrt(),
        worst: errors.iter().fold(0.0, |w: f64, e| w.max(e.abs())),
        coverage: (!inside.is_empty())
            .then(|| inside.iter().filter(|&&i| i).count() as f64 / inside.len() as f64),
    })
}

/// Over everything that was given with an interval: how much that is, and the share of true values inside.
pub fn coverage(outcomes: &[Outcome], keep: impl Fn(&Outcome) -> bool) -> Option<(usize, f64)> {
    let rows = outcomes.iter().filter(|o| keep(o)).flat_map(|o| &o.matched);
    let inside: Vec<bool> = rows
        .flat_map(BTreeMap::values)
        .filter(|c| c.measured.is_finite())
        .filter_map(|c| Some((c.measured - c.truth).abs() <= c.uncertainty?))
        .collect();
    let n = inside.len();
    (n > 0).then(|| (n, inside.iter().filter(|&&i| i).count() as f64 / n as f64))
}

/// Whether the clip has at least 60 frames per second.
pub fn fast(outcome: &Outcome) -> bool {
    outcome.case.clip.fps.as_f64() > 59.0
}

/// A line of a table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    key: &'static str,
    label: &'static str,
    factor: f64,
    relative: bool,
}

impl Row {
    /// Of the comparison `key`, multiplied by `factor`.
    pub const fn new(key: &'static str, label: &'static str, factor: f64) -> Self {
        Self {
            key,
            label,
            factor,
            relative: false,
        }
    }

    /// Of the comparison `key`, in per cent of the true value.
    pub const fn relative(key: &'static str, label: &'static str) -> Self {
        Self {
            key,
            label,
            factor: 100.0,
            relative: true,
        }
    }
}

/// What is compared of a jump or a squat.
pub const ROWS: &[Row] = &[
    Row::new("jump_height_m", "jump height by flight time, cm", 100.0),
    Row::new(
        "rise_by_flight_time_m",
        "… against the true rise of the centre of mass, cm",
        100.0,
    ),
    Row::new("rise_by_com_m", "jump height by centre-of-mass rise, cm", 100.0),
    Row::new("flight_time_ms", "flight time, ms", 1.0),
    Row::new("dropoff_s", "drop-off, ms", 1000.0),
    Row::new("touchdown_s", "touch-down, ms", 1000.0),
    Row::new("takeoff_s", "take-off, ms", 1000.0),
    Row::new("landing_s", "landing, ms", 1000.0),
    Row::new("hold_s", "begin of the hold, ms", 1000.0),
    Row::new("onset_s", "onset, ms", 1000.0),
    Row::new("lowest_s", "lowest point, ms", 1000.0),
    Row::new("end_s", "end, ms", 1000.0),
    Row::new("ground_contact_time_ms", "contact time, ms", 1.0),
    Row::relative("reactive_strength_index", "reactive strength index, %"),
    Row::relative("rsi_height_m_s", "reactive strength index by height, %"),
    Row::new("box_height_m", "box height, cm", 100.0),
    Row::new("drop_height_m", "drop height, cm", 100.0),
    Row::new("touchdown_velocity_m_s", "touch-down velocity, cm/s", 100.0),
    Row::new("countermovement_depth_m", "countermovement depth, cm", 100.0),
    Row::new("squat_depth_m", "squat depth, cm", 100.0),
    Row::new("hidden_countermovement_m", "hidden countermovement, cm", 100.0),
    Row::new("squat_hold_duration_ms", "hold, ms", 1.0),
    Row::new("eccentric_duration_ms", "eccentric duration, ms", 1.0),
    Row::new("pause_duration_ms", "pause, ms", 1.0),
    Row::new("concentric_duration_ms", "concentric duration, ms", 1.0),
    Row::new("total_movement_time_ms", "time to take-off, ms", 1.0),
    Row::new(
        "rsi_modified",
        "modified reactive strength index, 0.01 m/s",
        100.0,
    ),
    Row::new(
        "peak_eccentric_velocity_m_s",
        "peak eccentric velocity, cm/s",
        100.0,
    ),
    Row::new(
        "peak_concentric_velocity_m_s",
        "peak concentric velocity, cm/s",
        100.0,
    ),
    Row::new(
        "mean_concentric_velocity_m_s",
        "mean concentric velocity, cm/s",
        100.0,
    ),
];

/// A Markdown table of jumps for the outcomes that `keep` keeps.
pub fn table(outcomes: &[Outcome], title: &str, keep: impl Fn(&Outcome) -> bool + Copy) -> String {
    table_of(ROWS, outcomes, title, keep)
}

/// A Markdown table with these rows for the outcomes that `keep` keeps.
pub fn table_of(
    rows: &[Row],
    outcomes: &[Outcome],
    title: &str,
    keep: impl Fn(&Outcome) -> bool + Copy,
) -> String {
    let mut text = heading(outcomes, title, keep);
    text.push_str(
        "| quantity | n | withheld | bias | mean abs. error | SD | worst | inside 95 % interval |\n",
    );
    text.push_str("|---|---|---|---|---|---|---|---|\n");
    for row in rows {
        let Some(s) = summary_of(outcomes, row.key, row.relative, keep) else {
            continue;
        };
        let [bias, mae, sd, worst] = [s.bias, s.mae, s.sd, s.worst].map(|v| v * row.factor);
        let coverage = s
            .coverage
            .map_or("–".to_owned(), |c| format!("{:.0} %", 100.0 * c));
        writeln!(
            text,
            "| {} | {} | {} | {bias:+.2} | {mae:.2} | {sd:.2} | {worst:.2} | {coverage} |",
            row.label, s.count, s.withheld
        )
        .expect("writing to a string cannot fail");
    }
    text
}

fn heading(outcomes: &[Outcome], title: &str, keep: impl Fn(&Outcome) -> bool) -> String {
    let (mut clips, mut found, mut missed, mut misnamed, mut invented) = (0, 0, 0, 0, 0);
    for o in outcomes.iter().filter(|o| keep(o)) {
        clips += 1;
        found += o.repetitions();
        missed += o.missed;
        misnamed += o.misnamed;
        invented += o.invented;
    }
    format!(
        "### {title}: {clips} clips, {found} found, {missed} missed, {misnamed} under another name, {invented} invented\n\n"
    )
}
