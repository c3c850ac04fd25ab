//! Fits the height of the feet at contact to recorded jumps and prints the constants of `motion::jump::ContactHeight`, with
//! what they leave: the error of each clip under a fit made without it.

#![allow(clippy::print_stdout)] // the fit is the purpose

use anyhow::{Context, Result, ensure};
use clap::Parser;
use end_to_end::calibration::{Sample, flight_error_s, robust_fit, samples};
use end_to_end::matrix;
use end_to_end::parallel::on_all_cores;
use end_to_end::recording::Recording;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use synthetic_athlete::MovementKind;

#[derive(Parser)]
#[command(about = "Calibration of the contact search on rendered jumps")]
struct Arguments {
    /// Clips of the matrix, of which every other one takes part
    #[arg(long, default_value_t = 96)]
    clips: usize,
    /// Seed of the matrix
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where recorded poses are kept
    #[arg(long)]
    recordings: PathBuf,
    /// Also write the result to this file
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Print one line per jump
    #[arg(long)]
    rows: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut cases = matrix::cases(MovementKind::Cmj, arguments.seed, arguments.clips);
    // the other half of the accuracy matrix plays no part, so that it can tell how well the constants hold
    cases = cases.into_iter().step_by(2).collect();
    cases.retain(|case| !case.is_crossed());
    let found = on_all_cores(&cases, |case| {
        let recording = Recording::kept_or_made(case, Some(&arguments.recordings))?;
        samples(&recording)
    })?;
    let samples: Vec<Sample> = found.into_iter().flatten().collect();
    if arguments.rows {
        rows(&samples);
    }
    let text = report(&samples)?;
    println!("{text}");
    if let Some(path) = arguments.output {
        let header = format!(
            "# Calibration of the contact search\n\nMade by `make calibrate` (seed {}). The constants belong into \
             `motion/src/jump/contact_height.rs`.\n\n",
            arguments.seed
        );
        std::fs::write(&path, header + &text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn rows(samples: &[Sample]) {
    for s in samples {
        println!(
            "{}: {:.0} fps, stretch {:+.4}, growth {:+.4}, take-off {:+.4}, landing {:+.4}, speed {:.2}",
            s.clip,
            1.0 / s.view.interval_s,
            s.view.stretch,
            s.view.growth,
            s.heights[0],
            s.heights[1],
            s.speed,
        );
    }
}

fn report(samples: &[Sample]) -> Result<String> {
    let all: Vec<&Sample> = samples.iter().collect();
    let model = robust_fit(&all)?;
    let clips: BTreeSet<&str> = samples.iter().map(|s| s.clip.as_str()).collect();
    let mut errors = Vec::with_capacity(samples.len());
    for clip in &clips {
        let (own, others): (Vec<&Sample>, Vec<&Sample>) = samples.iter().partition(|s| s.clip == *clip);
        let without = robust_fit(&others)?;
        errors.extend(own.iter().map(|s| 1e3 * flight_error_s(&without, s)));
    }
    ensure!(!errors.is_empty(), "no jump was recorded");
    let n = errors.len() as f64;
    let mean = errors.iter().sum::<f64>() / n;
    let absolute = errors.iter().map(|e| e.abs()).sum::<f64>() / n;
    let deviation = (errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / n).sqrt();
    let sides = [0, 1].map(|side| {
        let errors = samples
            .iter()
            .map(|s| 1e3 * (s.heights[side] - end_to_end::calibration::height(&model, &s.view)) / s.speed);
        errors.sum::<f64>() / n
    });
    let [base, lag, stretch, growth] = model;
    let mut text = String::new();
    writeln!(
        text,
        "```rust\nContactHeight {{ base: {base:.4}, lag: {lag:.3}, stretch: {stretch:.3}, growth: {growth:.3} }}\n```\n"
    )?;
    writeln!(
        text,
        "{} jumps in {} clips. Flight time of each clip under a fit without it: bias {mean:+.1} ms, mean absolute error \
         {absolute:.1} ms, standard deviation {deviation:.1} ms. Take-off {:+.1} ms early, landing {:+.1} ms late on average.",
        samples.len(),
        clips.len(),
        sides[0],
        sides[1],
    )?;
    Ok(text)
}
