//! Measures the accuracy over a seeded matrix of rendered clips and prints it as tables. Resumable: what the pose stage saw
//! of each clip is kept, so that only the science runs again after a change of it.

#![allow(clippy::print_stdout)] // the tables are the purpose

use anyhow::{Context, Result};
use clap::Parser;
use end_to_end::gait;
use end_to_end::matrix::{self, Case};
use end_to_end::measure::{Outcome, judge};
use end_to_end::parallel::on_all_cores;
use end_to_end::recording::Recording;
use end_to_end::report::{fast, table, table_of};
use kinemotion_models::Quality;
use std::path::{Path, PathBuf};
use synthetic_athlete::MovementKind;

#[derive(Parser)]
#[command(about = "Accuracy over rendered clips with known truth")]
struct Arguments {
    /// Clips with jumps
    #[arg(long, default_value_t = 48)]
    clips: usize,
    /// Clips without a jump
    #[arg(long, default_value_t = 12)]
    negatives: usize,
    /// Clips of running
    #[arg(long, default_value_t = 24)]
    running: usize,
    /// Clips of walking
    #[arg(long, default_value_t = 16)]
    walking: usize,
    /// Only clips in which somebody walks past behind the athlete
    #[arg(long)]
    crossed: bool,
    /// Seed of the matrix
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where recorded poses are kept; without it every clip is rendered anew
    #[arg(long)]
    recordings: Option<PathBuf>,
    /// Only clips that are recorded already: the quick look while working on the science
    #[arg(long, requires = "recordings")]
    recorded: bool,
    /// Also write the tables to this file
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Print one line per repetition
    #[arg(long)]
    rows: bool,
}

impl Arguments {
    fn wants(&self, case: &Case) -> bool {
        let recorded = || {
            let folder = self.recordings.as_deref();
            folder.is_some_and(|folder| Recording::load(case, folder).is_some())
        };
        (!self.crossed || case.is_crossed()) && (!self.recorded || recorded())
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut cases = matrix::cases(MovementKind::Cmj, arguments.seed, arguments.clips);
    cases.extend(matrix::without_a_jump(arguments.seed, arguments.negatives));
    cases.retain(|case| arguments.wants(case));
    let outcomes = run(&cases, arguments.recordings.as_deref(), judge)?;
    if arguments.rows {
        rows(&outcomes);
    }
    let (jumps, negatives): (Vec<_>, Vec<_>) =
        outcomes.into_iter().partition(|o| o.case.name.starts_with("cmj"));
    let invented: usize = negatives.iter().map(|o| o.invented).sum();
    let text = format!(
        "{}\n{}\n{}\n### Without a jump: {} clips, {invented} invented\n",
        table(&jumps, "60 frames/s and more", |o| fast(o)
            && !o.case.is_crossed()),
        table(&jumps, "30 frames/s", |o| !fast(o) && !o.case.is_crossed()),
        table(
            &jumps,
            "Somebody walks past behind the athlete, any frame rate",
            |o| o.case.is_crossed()
        ),
        negatives.len(),
    ) + &gaits(&arguments)?;
    println!("{text}");
    if let Some(path) = arguments.output {
        let header = format!(
            "# Accuracy on rendered footage\n\nMade by `make accuracy` (seed {}); see tests/end-to-end for what varies. \
             `balanced`, athlete height given, error = measured − true.\n\n",
            arguments.seed
        );
        std::fs::write(&path, header + &text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Tables of running and walking.
fn gaits(arguments: &Arguments) -> Result<String> {
    let mut text = String::new();
    for (kind, count, title) in [
        (MovementKind::Running, arguments.running, "Running"),
        (MovementKind::Walking, arguments.walking, "Walking"),
    ] {
        let mut cases = matrix::cases(kind, arguments.seed, count);
        for case in &mut cases {
            // the clips without a jump have walkers of their own
            case.name = format!("gait-{}", case.name);
        }
        cases.retain(|case| arguments.wants(case));
        let outcomes = run(&cases, arguments.recordings.as_deref(), gait::judge)?;
        let (clear, right) = gait::signs(&outcomes, fast);
        let [quick, slow] = ["60 frames/s and more", "30 frames/s"].map(|rate| format!("{title}, {rate}"));
        text += &format!(
            "\n{}\n{}",
            table_of(gait::ROWS, &outcomes, &quick, fast),
            table_of(gait::ROWS, &outcomes, &slow, |o| !fast(o)),
        );
        if clear > 0 {
            text += &format!(
                "\nContact-time asymmetries of {} % and more: the sign is right in {right} of {clear} bouts.\n",
                gait::CLEAR_ASYMMETRY
            );
        }
    }
    Ok(text)
}

/// Measures the cases, from recordings where there are some.
fn run(
    cases: &[Case],
    recordings: Option<&Path>,
    judge: impl Fn(&Recording) -> Result<Outcome> + Sync,
) -> Result<Vec<Outcome>> {
    on_all_cores(cases, |case| {
        let outcome = judge(&Recording::kept_or_made(case, Quality::Balanced, recordings)?)?;
        let Outcome { missed, invented, .. } = outcome;
        eprintln!(
            "{}: {} matched, {missed} missed, {invented} invented",
            case.name,
            outcome.matched.len()
        );
        Ok(outcome)
    })
}

fn rows(outcomes: &[Outcome]) {
    for outcome in outcomes {
        for row in &outcome.matched {
            let (Some(h), Some(a), Some(b)) = (
                row.get("jump_height_m"),
                row.get("takeoff_s"),
                row.get("landing_s"),
            ) else {
                continue;
            };
            println!(
                "{} {:.0} fps, yaw {:+.0}, crf {}: height {:.3} true {:.3} ({:+.1} cm, ±{:.1}), take-off {:+.0} ms, landing {:+.0} ms, onset {:+.0} ms",
                outcome.case.name,
                outcome.case.clip.fps.as_f64(),
                outcome.case.clip.camera.yaw_deg,
                outcome.case.crf,
                h.measured,
                h.truth,
                100.0 * (h.measured - h.truth),
                100.0 * h.uncertainty.unwrap_or(f64::NAN),
                1e3 * (a.measured - a.truth),
                1e3 * (b.measured - b.truth),
                row.get("onset_s")
                    .map_or(f64::NAN, |o| 1e3 * (o.measured - o.truth)),
            );
        }
    }
}
