//! Fits the height of the feet at contact to recorded jumps and prints the constants of `motion::jump::ContactHeight`, with
//! what they leave in clips that took no part.

#![allow(clippy::print_stdout)] // the fit is the purpose

use anyhow::{Context, Result, ensure};
use clap::Parser;
use end_to_end::calibration::{CONSTANTS, Constant, Sample, height, time_error_s};
use end_to_end::matrix::{self, Case};
use end_to_end::parallel::on_all_cores;
use end_to_end::recording::Recording;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

#[derive(Parser)]
#[command(about = "Calibration of the contact search on rendered jumps")]
struct Arguments {
    /// Only these constants; all by default
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Seed of the matrix
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where recorded poses are kept
    #[arg(long)]
    recordings: PathBuf,
    /// Only clips that are recorded already
    #[arg(long)]
    recorded: bool,
    /// Also write the result to this file
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Print one line per jump
    #[arg(long)]
    rows: bool,
}

impl Arguments {
    /// What every other clip of the accuracy matrix, from the first or the second on, says about a constant. Clips in which
    /// somebody walks past say nothing.
    fn samples(&self, constant: &Constant, first: usize) -> Result<Vec<Sample>> {
        let suite = matrix::SUITES.iter().find(|suite| suite.kind == constant.kind);
        let clips = suite.context("a movement of the matrix")?.clips;
        let cases = matrix::cases(constant.kind, self.seed, clips);
        let cases: Vec<Case> = cases
            .into_iter()
            .skip(first)
            .step_by(2)
            .filter(|case| !case.is_crossed())
            .collect();
        let found = on_all_cores(&cases, |case| {
            let folder = &self.recordings;
            let recording = if self.recorded {
                Recording::load(case, folder)
            } else {
                Some(Recording::kept_or_made(case, Some(folder))?)
            };
            recording.map_or(Ok(Vec::new()), |recording| constant.samples(&recording))
        })?;
        Ok(found.into_iter().flatten().collect())
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let wanted = |constant: &&Constant| {
        arguments.only.is_empty() || arguments.only.iter().any(|only| only == constant.name)
    };
    let mut text = String::new();
    for constant in CONSTANTS.iter().filter(wanted) {
        let [fitted, held_out] = [0, 1].map(|first| arguments.samples(constant, first));
        let (fitted, held_out) = (fitted?, held_out?);
        if arguments.rows {
            rows(&fitted);
            rows(&held_out);
        }
        text += &report(constant, &fitted, &held_out)?;
    }
    println!("{text}");
    if let Some(path) = arguments.output {
        let header = format!(
            "# Calibration of the contact search\n\nMade by `make calibrate` (seed {}, every other clip of each movement in the accuracy \
             matrix). The constants belong into `motion/src/jump/contact_height.rs`. Their deviation and the errors of time are those of the \
             other clips.\n\n",
            arguments.seed
        );
        std::fs::write(&path, header + text.trim_end() + "\n").with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn rows(samples: &[Sample]) {
    for s in samples {
        println!(
            "{}: {:.0} fps, stretch {:+.4}, growth {:+.4}, heights {:+.4?}, speed {:.2}",
            s.clip,
            1.0 / s.view.interval_s,
            s.view.stretch,
            s.view.growth,
            s.heights,
            s.speed,
        );
    }
}

/// The constant, fitted on some clips, and what it leaves in others.
fn report(constant: &Constant, fitted: &[Sample], held_out: &[Sample]) -> Result<String> {
    ensure!(!held_out.is_empty(), "{}: no clip to judge it by", constant.name);
    let model = constant.robust_fit(&fitted.iter().collect::<Vec<_>>())?;
    let residuals: Vec<Vec<f64>> = held_out
        .iter()
        .map(|s| s.heights.iter().map(|h| h - height(&model, &s.view)).collect())
        .collect();
    let deviation = root_mean_square(residuals.iter().flatten().copied());
    let errors_ms: Vec<f64> = held_out.iter().map(|s| 1e3 * time_error_s(&model, s)).collect();
    let n = errors_ms.len() as f64;
    let bias = errors_ms.iter().sum::<f64>() / n;
    let [base, lag, stretch, growth] = model;
    let mut text = format!("## {}\n\n", constant.name);
    writeln!(
        text,
        "```rust\nContactHeight {{ base: {base:.4}, lag: {lag:.3}, stretch: {stretch:.3}, growth: {growth:.3}, deviation: \
         {deviation:.4} }}\n```\n"
    )?;
    writeln!(
        text,
        "Fitted to {} jumps in {} clips. Over {} jumps in {} other clips: {} with a bias of {bias:+.1} ms, a mean absolute error of {:.1} ms \
         and a standard deviation of {:.1} ms.{}\n",
        fitted.len(),
        clips(fitted),
        held_out.len(),
        clips(held_out),
        constant.times,
        errors_ms.iter().map(|e| e.abs()).sum::<f64>() / n,
        root_mean_square(errors_ms.iter().map(|e| e - bias)),
        between_ends(&residuals, deviation),
    )?;
    Ok(text)
}

fn clips(samples: &[Sample]) -> usize {
    samples
        .iter()
        .map(|s| s.clip.as_str())
        .collect::<BTreeSet<_>>()
        .len()
}

fn root_mean_square(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = values.clone().count().max(1);
    (values.map(|x| x * x).sum::<f64>() / n as f64).sqrt()
}

/// How the heights at take-off and landing of one flight go together.
fn between_ends(heights: &[Vec<f64>], deviation: f64) -> String {
    let products: Vec<f64> = heights
        .iter()
        .filter_map(|ends| Some(ends.first()? * ends.get(1)?))
        .collect();
    if products.is_empty() {
        return String::new();
    }
    let correlation = products.iter().sum::<f64>() / products.len() as f64 / deviation.powi(2);
    format!(" Heights at take-off and landing correlate by {correlation:.2}.")
}
