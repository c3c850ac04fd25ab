//! The numbers the project wants to reach, beside what was measured.

use crate::gait::signs;
use crate::measure::Outcome;
use crate::report::{Summary, coverage, fast, summary_of};
use std::fmt::Write as _;
use synthetic_athlete::MovementKind;

/// Share of true values that is wanted inside their 95 % intervals: 90 to 98 %.
const COVERAGE_MIDDLE: f64 = 0.94;
const COVERAGE_SLACK: f64 = 0.04;

/// Which movements a goal is about.
type Kinds = &'static [MovementKind];

const JUMPS: Kinds = &[
    MovementKind::Cmj,
    MovementKind::SquatJump,
    MovementKind::DropJump,
    MovementKind::RepeatedJumps,
];

/// A limit for one quantity.
struct Goal {
    label: &'static str,
    kinds: Kinds,
    key: &'static str,
    factor: f64,
    relative: bool,
    of: fn(&Summary) -> f64,
    /// At 60 frames per second and more, and at 30. Withheld numbers do not count.
    limits: [f64; 2],
}

const fn mae(s: &Summary) -> f64 {
    s.mae
}

const fn bias(s: &Summary) -> f64 {
    s.bias.abs()
}

const fn goal(
    label: &'static str,
    kinds: Kinds,
    key: &'static str,
    of: fn(&Summary) -> f64,
    factor: f64,
    limits: [f64; 2],
) -> Goal {
    Goal {
        label,
        kinds,
        key,
        factor,
        relative: false,
        of,
        limits,
    }
}

/// The goals.
const GOALS: &[Goal] = &[
    goal(
        "flight time, mean abs. error, ms",
        JUMPS,
        "flight_time_ms",
        mae,
        1.0,
        [6.0, 12.0],
    ),
    goal(
        "flight time, bias, ms",
        JUMPS,
        "flight_time_ms",
        bias,
        1.0,
        [3.0, 5.0],
    ),
    goal(
        "jump height, mean abs. error, cm",
        JUMPS,
        "jump_height_m",
        mae,
        100.0,
        [0.8, 1.6],
    ),
    goal(
        "countermovement depth, mean abs. error, cm",
        &[MovementKind::Cmj],
        "countermovement_depth_m",
        mae,
        100.0,
        [2.5, 3.0],
    ),
    goal(
        "drop-jump contact time, mean abs. error, ms",
        &[MovementKind::DropJump],
        "ground_contact_time_ms",
        mae,
        1.0,
        [8.0, 15.0],
    ),
    Goal {
        relative: true,
        ..goal(
            "reactive strength index, mean relative error, %",
            &[MovementKind::DropJump, MovementKind::RepeatedJumps],
            "reactive_strength_index",
            mae,
            100.0,
            [5.0, 10.0],
        )
    },
    goal(
        "running contact time (near leg), mean abs. error, ms",
        &[MovementKind::Running],
        "contact_near_ms",
        mae,
        1.0,
        [12.0, f64::INFINITY],
    ),
    goal(
        "cadence, mean abs. error, %",
        &[MovementKind::Running, MovementKind::Walking],
        "cadence_percent",
        mae,
        1.0,
        [0.5, 0.5],
    ),
];

/// The table of goals over everything that was measured, clips in which somebody walks past behind the athlete included.
pub fn table(outcomes: &[Outcome], reencoded: &[[f64; 2]]) -> String {
    let mut text = String::from(
        "## Goals\n\n| quantity | ≥ 60 frames/s | goal | 30 frames/s | goal |\n|---|---|---|---|---|\n",
    );
    for goal in GOALS {
        let cell = |quick: bool| {
            let keep = |o: &Outcome| fast(o) == quick && goal.kinds.contains(&o.case.clip.movement.kind());
            let summary = summary_of(outcomes, goal.key, goal.relative, keep);
            let limit = goal.limits[usize::from(!quick)];
            let shown = match summary {
                Some(s) => {
                    let value = goal.factor * (goal.of)(&s);
                    let withheld = match s.withheld {
                        0 => String::new(),
                        n => format!(", {n} withheld"),
                    };
                    format!("{value:.2} (n = {}{withheld}){}", s.count, verdict(value, limit))
                }
                None if outcomes.iter().filter(|o| keep(o)).any(|o| o.repetitions() > 0) => {
                    "withheld".to_owned()
                }
                None => "–".to_owned(),
            };
            let limit = if limit.is_finite() {
                format!("{limit}")
            } else {
                "withheld".to_owned()
            };
            format!("{shown} | {limit}")
        };
        line(
            &mut text,
            &format!("| {} | {} | {} |", goal.label, cell(true), cell(false)),
        );
    }
    let [right, slow] = [true, false].map(|quick| signs(outcomes, |o| fast(o) == quick));
    let sign = |(n, right): (usize, usize)| match n {
        0 => "–".to_owned(),
        n => format!("{:.0} % of {n}", 100.0 * right as f64 / n as f64),
    };
    line(
        &mut text,
        &format!(
            "| sign of a contact asymmetry of 8 % and more | {} | 95 % | {} | – |",
            sign(right),
            sign(slow)
        ),
    );
    for (label, of) in [
        ("missed", (|o| o.missed) as fn(&Outcome) -> usize),
        ("under another name", |o| o.misnamed),
        ("invented", |o| o.invented),
    ] {
        let sum = |quick: bool| {
            let clips = outcomes.iter().filter(|o| fast(o) == quick);
            let n = clips.map(of).sum::<usize>();
            format!("{n}{}", verdict(n as f64, 0.0))
        };
        line(
            &mut text,
            &format!("| repetitions {label} | {} | 0 | {} | 0 |", sum(true), sum(false)),
        );
    }
    let inside = |quick: bool| match coverage(outcomes, |o| fast(o) == quick) {
        Some((n, share)) => {
            let verdict = verdict((share - COVERAGE_MIDDLE).abs(), COVERAGE_SLACK);
            format!("{:.1} % of {n}{verdict}", 100.0 * share)
        }
        None => "–".to_owned(),
    };
    line(
        &mut text,
        &format!(
            "| true values inside their 95 % interval, all metrics | {} | 90–98 % | {} | 90–98 % |",
            inside(true),
            inside(false)
        ),
    );
    let moved = |quick: usize, limit: f64| {
        let spreads: Vec<f64> = reencoded
            .iter()
            .map(|s| s[quick])
            .filter(|s| s.is_finite())
            .collect();
        match spreads.len() {
            0 => "–".to_owned(),
            n => {
                let most = 100.0 * spreads.iter().copied().fold(0.0, f64::max);
                let mean = 100.0 * spreads.iter().sum::<f64>() / n as f64;
                format!(
                    "{mean:.2} on average, {most:.2} at most (n = {n}){}",
                    verdict(most, limit)
                )
            }
        }
    };
    line(
        &mut text,
        &format!(
            "| crf 18 to 34 moves the height by, cm | {} | 0.5 | {} | 1.0 |",
            moved(0, 0.5),
            moved(1, 1.0)
        ),
    );
    text + "\n"
}

/// What is said about a goal that is not reached.
fn verdict(value: f64, limit: f64) -> &'static str {
    if value <= limit { "" } else { " **not reached**" }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a string cannot fail");
}
