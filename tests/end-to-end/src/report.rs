//! Tables of bias, mean absolute error, spread and coverage.

use crate::measure::{Comparison, Outcome};
use std::fmt::Write as _;

/// Errors of one quantity over some repetitions, in the unit of the quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Repetitions compared.
    pub count: usize,
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
    let rows: Vec<&Comparison> = outcomes
        .iter()
        .filter(|o| keep(o))
        .flat_map(|o| &o.matched)
        .filter_map(|m| m.get(key))
        .collect();
    if rows.is_empty() {
        return None;
    }
    let n = rows.len() as f64;
    let errors: Vec<f64> = rows.iter().map(|c| c.measured - c.truth).collect();
    let bias = errors.iter().sum::<f64>() / n;
    let inside: Vec<bool> = rows
        .iter()
        .filter_map(|c| c.uncertainty.map(|u| (c.measured - c.truth).abs() <= u))
        .collect();
    Some(Summary {
        count: rows.len(),
        bias,
        mae: errors.iter().map(|e| e.abs()).sum::<f64>() / n,
        sd: (errors.iter().map(|e| (e - bias).powi(2)).sum::<f64>() / n).sqrt(),
        worst: errors.iter().fold(0.0, |w: f64, e| w.max(e.abs())),
        coverage: (!inside.is_empty())
            .then(|| inside.iter().filter(|&&i| i).count() as f64 / inside.len() as f64),
    })
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
}

impl Row {
    /// Of the comparison `key`, multiplied by `factor`.
    pub const fn new(key: &'static str, label: &'static str, factor: f64) -> Self {
        Self { key, label, factor }
    }
}

/// What is compared of a jump.
pub const ROWS: &[Row] = &[
    Row {
        key: "jump_height_m",
        label: "jump height by flight time, cm",
        factor: 100.0,
    },
    Row {
        key: "rise_by_flight_time_m",
        label: "… against the true rise of the centre of mass, cm",
        factor: 100.0,
    },
    Row {
        key: "rise_by_com_m",
        label: "jump height by centre-of-mass rise, cm",
        factor: 100.0,
    },
    Row {
        key: "flight_time_ms",
        label: "flight time, ms",
        factor: 1.0,
    },
    Row {
        key: "takeoff_s",
        label: "take-off, ms",
        factor: 1000.0,
    },
    Row {
        key: "landing_s",
        label: "landing, ms",
        factor: 1000.0,
    },
    Row {
        key: "lowest_s",
        label: "lowest point, ms",
        factor: 1000.0,
    },
    Row {
        key: "onset_s",
        label: "onset, ms",
        factor: 1000.0,
    },
    Row {
        key: "countermovement_depth_m",
        label: "countermovement depth, cm",
        factor: 100.0,
    },
    Row {
        key: "eccentric_duration_ms",
        label: "eccentric duration, ms",
        factor: 1.0,
    },
    Row {
        key: "concentric_duration_ms",
        label: "concentric duration, ms",
        factor: 1.0,
    },
    Row {
        key: "total_movement_time_ms",
        label: "time to take-off, ms",
        factor: 1.0,
    },
    Row {
        key: "rsi_modified",
        label: "modified reactive strength index, 0.01 m/s",
        factor: 100.0,
    },
    Row {
        key: "peak_eccentric_velocity_m_s",
        label: "peak eccentric velocity, cm/s",
        factor: 100.0,
    },
    Row {
        key: "peak_concentric_velocity_m_s",
        label: "peak concentric velocity, cm/s",
        factor: 100.0,
    },
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
    let kept = outcomes.iter().filter(|o| keep(o));
    let (clips, missed, invented) =
        kept.fold((0, 0, 0), |(c, m, i), o| (c + 1, m + o.missed, i + o.invented));
    let mut text = format!("### {title}: {clips} clips, {missed} missed, {invented} invented\n\n");
    text.push_str("| quantity | n | bias | mean abs. error | SD | worst | inside 95 % interval |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    for row in rows {
        let Some(s) = summary(outcomes, row.key, keep) else {
            continue;
        };
        let [bias, mae, sd, worst] = [s.bias, s.mae, s.sd, s.worst].map(|v| v * row.factor);
        let coverage = s
            .coverage
            .map_or("–".to_owned(), |c| format!("{:.0} %", 100.0 * c));
        writeln!(
            text,
            "| {} | {} | {bias:+.2} | {mae:.2} | {sd:.2} | {worst:.2} | {coverage} |",
            row.label, s.count
        )
        .expect("writing to a string cannot fail");
    }
    text
}
