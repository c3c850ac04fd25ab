//! `kinemotion report`: one self-contained page about the movements in a clip.
//!
//! | module | job |
//! |---|---|
//! | `stills` | which pictures to take, and of which part |
//! | `page` | head, summary, glossary |
//! | `section` | everything about one repetition |
//! | `comparison` | values beside published norms |
//! | `charts`, `plot` | curves and rows of values as SVG |
//! | `html` | escaping, lists, pictures as data |

mod charts;
mod comparison;
mod html;
mod page;
mod plot;
mod section;
mod stills;

use crate::analyze::{Mover, movers};
use crate::exit::Exit;
use crate::interrupt;
use crate::measuring::{MeasuringArgs, Subject};
use anyhow::Context;
use clap::Args;
use kinemotion_motion::Repetition;
use kinemotion_pipelines::{Analysis, AnalysisSpec, AtomicFile, analyze_file, key_frames};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Make a page of a clip: key frames, curves, and every number with its interval and definition.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Video file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The page
    #[arg(short, long, value_name = "OUT.html")]
    output: PathBuf,

    #[command(flatten)]
    measuring: MeasuringArgs,
}

/// Everything the page is made of.
struct Report<'a> {
    analysis: &'a Analysis,
    subject: Subject,
    shown: Vec<Shown<'a>>,
}

/// A repetition with everything the page shows about it.
struct Shown<'a> {
    mover: &'a Mover,
    repetition: &'a Repetition,
    frames: Vec<Picture>,
}

/// A picture of the clip at a named instant.
struct Picture {
    name: &'static str,
    time_s: f64,
    jpeg: Vec<u8>,
}

/// Runs the command.
pub fn run(args: &ReportArgs) -> anyhow::Result<Exit> {
    let folder = tempfile::tempdir().context("no place for the overlay video")?;
    let overlay = folder.path().join("overlay.mp4");
    let cancellation = interrupt::cancellation()?;
    let spec = AnalysisSpec {
        overlay: Some(overlay.clone()),
        overlay_numbers: false,
        keep_poses: true,
        ..args.measuring.spec(&args.file, &cancellation)
    };
    let analysis = match analyze_file(&spec, &mut |_| {}) {
        Ok(analysis) => analysis,
        Err(error) if error.is_input() => {
            eprintln!("error: {error}");
            return Ok(Exit::Unreadable);
        }
        Err(_) if cancellation.is_cancelled() => return Ok(Exit::Interrupted),
        Err(error) => return Err(error.into()),
    };
    let movers = movers(&analysis);
    let report = Report {
        analysis: &analysis,
        subject: args.measuring.subject(),
        shown: shown(&analysis, &movers, &overlay)?,
    };
    let html = page::render(&report);
    let write = || {
        let mut file = AtomicFile::create(&args.output)?;
        file.file().write_all(html.as_bytes())?;
        file.commit()
    };
    write().with_context(|| format!("cannot write {}", args.output.display()))?;
    Ok(if report.shown.is_empty() {
        Exit::NothingFound
    } else {
        Exit::Done
    })
}

/// The repetitions in order of time with the pictures of their key instants.
fn shown<'a>(analysis: &Analysis, movers: &'a [Mover], overlay: &Path) -> anyhow::Result<Vec<Shown<'a>>> {
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
    if all.is_empty() {
        return Ok(all);
    }
    let wanted: Vec<(usize, stills::Still)> = all
        .iter()
        .enumerate()
        .flat_map(|(index, shown)| {
            stills::of(analysis, shown.repetition)
                .into_iter()
                .map(move |s| (index, s))
        })
        .collect();
    let frames: Vec<_> = wanted.iter().map(|(_, still)| still.frame).collect();
    for ((index, still), jpeg) in wanted.into_iter().zip(key_frames(overlay, &frames)?) {
        if let Some(jpeg) = jpeg {
            all[index].frames.push(Picture {
                name: still.name,
                time_s: still.time_s,
                jpeg,
            });
        }
    }
    Ok(all)
}
