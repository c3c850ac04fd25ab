//! `kinemotion report`: one self-contained page about the movements in a clip.

mod charts;
mod page;

use crate::analyze::{Mover, QualityArg, movement, movers, within};
use crate::exit::Exit;
use crate::interrupt;
use anyhow::Context;
use clap::Args;
use kinemotion_motion::{Athlete, MovementChoice, Repetition};
use kinemotion_pipelines::{Analysis, AnalysisSpec, AtomicFile, analyze_file, key_frames};
use std::io::Write;
use std::path::PathBuf;

/// Make a page of a clip: key frames, curves, and every number with its interval and definition.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Video file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The page
    #[arg(short, long, value_name = "OUT.html")]
    output: PathBuf,

    /// Movement to look for, auto to recognise it
    #[arg(long, default_value = "auto", value_parser = movement)]
    movement: MovementChoice,

    /// Landmark model: more exact costs more time
    #[arg(long, value_enum, default_value_t = QualityArg::Balanced)]
    quality: QualityArg,

    /// Stature of the athlete in metres; gives lengths and speeds their scale
    #[arg(long, value_name = "M", value_parser = within(crate::analyze::STATURE_M, "metres"))]
    athlete_height: Option<f64>,

    /// Body mass of the athlete in kilograms; needed for power
    #[arg(long, value_name = "KG", value_parser = within(crate::analyze::MASS_KG, "kilograms"))]
    athlete_mass: Option<f64>,
}

/// A picture of the clip at a named instant.
pub struct KeyFrame {
    name: &'static str,
    time_s: f64,
    jpeg: Vec<u8>,
}

/// A repetition with everything the page shows about it.
pub struct Shown<'a> {
    mover: &'a Mover,
    repetition: &'a Repetition,
    frames: Vec<KeyFrame>,
}

/// Runs the command.
pub fn run(args: &ReportArgs) -> anyhow::Result<Exit> {
    let folder = tempfile::tempdir().context("no place for the overlay video")?;
    let overlay = folder.path().join("overlay.mp4");
    let athlete = Athlete {
        height_m: args.athlete_height,
        mass_kg: args.athlete_mass,
    };
    let spec = AnalysisSpec {
        movement: args.movement,
        quality: args.quality.into(),
        athlete,
        overlay: Some(overlay.clone()),
        overlay_numbers: false,
        keep_poses: true,
        cancellation: interrupt::cancellation()?,
        ..AnalysisSpec::new(&args.file)
    };
    let analysis = match analyze_file(&spec, &mut |_| {}) {
        Ok(analysis) => analysis,
        Err(error) if error.is_input() => {
            eprintln!("error: {error}");
            return Ok(Exit::Unreadable);
        }
        Err(error) => return Err(error.into()),
    };
    let movers = movers(&analysis);
    let shown = shown(&analysis, &movers, &overlay)?;
    let html = page::render(&analysis, &shown, &athlete);
    let write = || {
        let mut file = AtomicFile::create(&args.output)?;
        file.file().write_all(html.as_bytes())?;
        file.commit()
    };
    write().with_context(|| format!("cannot write {}", args.output.display()))?;
    Ok(if shown.is_empty() {
        Exit::NothingFound
    } else {
        Exit::Done
    })
}

/// The repetitions in order of time with the pictures of their key instants.
fn shown<'a>(
    analysis: &Analysis,
    movers: &'a [Mover],
    overlay: &std::path::Path,
) -> anyhow::Result<Vec<Shown<'a>>> {
    let mut all: Vec<Shown<'a>> = movers
        .iter()
        .flat_map(|mover| mover.repetitions.iter().map(move |r| (mover, r)))
        .map(|(mover, repetition)| Shown {
            mover,
            repetition,
            frames: Vec::new(),
        })
        .collect();
    all.sort_by(|a, b| a.repetition.start_s.total_cmp(&b.repetition.start_s));
    if analysis.repetitions.is_empty() {
        return Ok(all);
    }
    let wanted: Vec<(usize, &'static str, f64)> = all
        .iter()
        .enumerate()
        .flat_map(|(index, shown)| {
            instants(shown.repetition)
                .into_iter()
                .map(move |(name, t)| (index, name, t))
        })
        .collect();
    let times: Vec<f64> = wanted.iter().map(|(_, _, t)| *t).collect();
    for ((index, name, time_s), jpeg) in wanted.into_iter().zip(key_frames(overlay, &times)?) {
        if let Some(jpeg) = jpeg {
            all[index].frames.push(KeyFrame { name, time_s, jpeg });
        }
    }
    Ok(all)
}

/// The instants worth a picture: the events, or contact, middle and end of the second step of a gait.
fn instants(repetition: &Repetition) -> Vec<(&'static str, f64)> {
    match repetition.steps.get(1).or(repetition.steps.first()) {
        Some(step) => vec![
            ("contact", step.contact_s),
            ("mid-stance", step.contact_s.midpoint(step.toe_off_s)),
            ("toe-off", step.toe_off_s),
        ],
        None => {
            let mut events: Vec<_> = repetition
                .events
                .iter()
                .map(|(key, t)| (page::event_label(key), *t))
                .collect();
            events.sort_by(|a, b| a.1.total_cmp(&b.1));
            events
        }
    }
}
