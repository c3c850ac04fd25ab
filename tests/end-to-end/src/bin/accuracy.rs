//! Measures the accuracy over a seeded matrix of rendered clips and prints it as tables. Resumable: what the pose stage saw
//! of each clip is kept, so that only the science runs again after a change of it.

#![allow(clippy::print_stdout)] // the tables are the purpose

use anyhow::{Context, Result};
use clap::Parser;
use end_to_end::matrix::{self, Case, Suite};
use end_to_end::measure::{Outcome, judge};
use end_to_end::parallel::on_all_cores;
use end_to_end::recording::Recording;
use end_to_end::report::{self, fast, table_of};
use end_to_end::{gait, goals};
use kinemotion_motion::movements;
use std::path::PathBuf;
use synthetic_athlete::MovementKind;

#[derive(Parser)]
#[command(about = "Accuracy over rendered clips with known truth")]
struct Arguments {
    /// Only these movements, "negatives" or "reencoded"; everything by default
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only clips in which somebody walks past behind the athlete
    #[arg(long)]
    crossed: bool,
    /// Only the clips of these names, as cmj-1-017
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    clips: Vec<String>,
    /// Seed of the matrix
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where recorded poses are kept; without it every clip is rendered anew
    #[arg(long)]
    recordings: Option<PathBuf>,
    /// Only clips that are recorded already: the quick look while working on the science
    #[arg(long, requires = "recordings")]
    recorded: bool,
    /// Perfect landmarks instead of rendered pictures: what the methods themselves are wrong by
    #[arg(long, conflicts_with = "recordings")]
    perfect: bool,
    /// Also write the tables to this file
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Print one line per repetition
    #[arg(long)]
    rows: bool,
}

impl Arguments {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    fn wants_clip(&self, case: &Case) -> bool {
        let named = self.clips.is_empty() || self.clips.contains(&case.name);
        named && (case.is_crossed() || !self.crossed)
    }

    /// The recording of a case; `None` when it is not wanted, or only those made before are and this was not.
    fn recording(&self, case: &Case) -> Result<Option<Recording>> {
        if !self.wants_clip(case) {
            return Ok(None);
        }
        if self.perfect {
            return Recording::perfect(case).map(Some);
        }
        let folder = self.recordings.as_deref();
        if self.recorded {
            return Ok(folder.and_then(|folder| Recording::load(case, folder)));
        }
        Recording::kept_or_made(case, folder).map(Some)
    }

    /// Measures the cases.
    fn run(
        &self,
        cases: &[Case],
        judge: impl Fn(&Recording) -> Result<Outcome> + Sync,
    ) -> Result<Vec<Outcome>> {
        let outcomes = on_all_cores(cases, |case| {
            let Some(recording) = self.recording(case)? else {
                return Ok(None);
            };
            let outcome = judge(&recording)?;
            eprintln!(
                "{}: {} found, {} missed, {} under another name, {} invented",
                case.name,
                outcome.repetitions(),
                outcome.missed,
                outcome.misnamed,
                outcome.invented
            );
            for remark in &outcome.remarks {
                eprintln!("  {}: {remark} ({})", case.name, case.conditions());
            }
            Ok(Some(outcome))
        })?;
        let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
        if self.rows {
            rows(&outcomes);
        }
        Ok(outcomes)
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut all = Vec::new();
    let mut text = String::new();
    for suite in matrix::SUITES {
        if arguments.wants(suite.kind.name()) {
            let outcomes = measure(&arguments, &suite)?;
            text += &tables(&suite, &outcomes);
            all.extend(outcomes);
        }
    }
    if arguments.wants("negatives") {
        let negatives = arguments.run(&matrix::without_a_jump(arguments.seed, matrix::NEGATIVES), judge)?;
        let invented: usize = negatives.iter().map(|o| o.invented).sum();
        text += &format!(
            "## Without a jump\n\n{} clips of standing, gestures, heel raises, steps off a box, walking, a crowd and empty rooms: {invented} \
             repetitions invented\n\n",
            negatives.len()
        );
        all.extend(negatives);
    }
    let (reencoded, copies) = if arguments.wants("reencoded") {
        reencoded(&arguments)?
    } else {
        (Vec::new(), 0)
    };
    text = goals::table(&all, &reencoded) + &text;
    println!("{text}");
    if let Some(path) = &arguments.output {
        let header = format!(
            "# Accuracy on rendered footage\n\nMade by `make accuracy` (seed {}) over {} of {} clips; see tests/end-to-end for what \
             varies. Analysed as a user would, with `--movement auto`, `balanced` and the athlete's height given; error = \
             measured − true.\n\n",
            arguments.seed,
            all.len() + copies,
            matrix::clips()
        );
        std::fs::write(path, header + text.trim_end() + "\n").with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn is_gait(kind: MovementKind) -> bool {
    matches!(kind, MovementKind::Running | MovementKind::Walking)
}

fn measure(arguments: &Arguments, suite: &Suite) -> Result<Vec<Outcome>> {
    if movements::find(suite.kind.name()).is_none() {
        eprintln!("{}: not a movement that can be measured", suite.kind.name());
        return Ok(Vec::new());
    }
    if is_gait(suite.kind) {
        arguments.run(
            &matrix::gaits(suite.kind, arguments.seed, suite.clips),
            gait::judge,
        )
    } else {
        arguments.run(&matrix::cases(suite.kind, arguments.seed, suite.clips), judge)
    }
}

/// Tables of one movement: fast and slow clips, and apart those in which somebody walks past.
fn tables(suite: &Suite, outcomes: &[Outcome]) -> String {
    let rows = if is_gait(suite.kind) {
        gait::ROWS
    } else {
        report::ROWS
    };
    let mut text = format!("## {}\n\n", suite.title);
    type Keep = fn(&Outcome) -> bool;
    let groups: [(&str, Keep); 3] = [
        ("60 frames/s and more", |o| fast(o) && !o.case.is_crossed()),
        ("30 frames/s", |o| !fast(o) && !o.case.is_crossed()),
        ("Somebody walks past behind the athlete", |o| o.case.is_crossed()),
    ];
    for (title, keep) in groups {
        if outcomes.iter().any(keep) {
            text += &format!("{}\n", table_of(rows, outcomes, title, keep));
        }
    }
    text
}

/// How far the heights of each jump lie apart over the rate factors, metres, by frame rate: [fast, slow], not a number in the
/// other; and how many copies were measured.
fn reencoded(arguments: &Arguments) -> Result<(Vec<[f64; 2]>, usize)> {
    let (mut spreads, mut measured) = (Vec::new(), 0);
    for copies in matrix::reencoded(arguments.seed, matrix::REENCODED) {
        let outcomes = arguments.run(&copies, judge)?;
        measured += outcomes.len();
        if outcomes.len() < copies.len() {
            continue;
        }
        let heights: Vec<Vec<f64>> = outcomes
            .iter()
            .map(|o| {
                o.matched
                    .iter()
                    .filter_map(|row| row.get("jump_height_m"))
                    .map(|c| c.measured)
                    .collect()
            })
            .collect();
        let jumps = heights.iter().map(Vec::len).min().unwrap_or(0);
        for jump in 0..jumps {
            let of_copies = heights.iter().map(|copy| copy[jump]);
            let (low, high) = of_copies.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), h| {
                (low.min(h), high.max(h))
            });
            let mut spread = [f64::NAN; 2];
            spread[usize::from(!fast(&outcomes[0]))] = high - low;
            spreads.push(spread);
        }
    }
    Ok((spreads, measured))
}

/// One line per repetition: what is compared, error and half width of the interval.
fn rows(outcomes: &[Outcome]) {
    for outcome in outcomes {
        for row in &outcome.matched {
            let numbers: Vec<String> = row
                .iter()
                .map(|(key, c)| {
                    let interval = c.uncertainty.map_or(String::new(), |u| format!("±{u:.4}"));
                    format!("{key}={:.4}{:+.4}{interval}", c.truth, c.measured - c.truth)
                })
                .collect();
            println!(
                "{} ({}) {}",
                outcome.case.name,
                outcome.case.conditions(),
                numbers.join(" ")
            );
        }
    }
}
