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

use crate::analyze::{Mover, movers, unwritable};
use crate::exit::Exit;
use crate::interrupt;
use crate::measuring::{MeasuringArgs, Subject};
use anyhow::Context;
use clap::Args;
use kinemotion_motion::Repetition;
use kinemotion_pipelines::{Analysis, AnalysisSpec, AtomicFile, analyze_file, key_frames};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

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

/// A page in the making: where it goes, and what an analysis leaves for it.
pub struct Page {
    target: PathBuf,
    subject: Subject,
    /// The video with the skeleton, which the pictures are taken from.
    overlay: PathBuf,
    /// The folder of a video that nobody else wants.
    _folder: Option<TempDir>,
}

impl Page {
    /// Has an analysis leave what a page is made of. Its overlay carries no numbers, which would be late in a still picture.
    ///
    /// # Errors
    /// The page cannot be written there.
    pub fn begin(target: &Path, subject: Subject, spec: &mut AnalysisSpec) -> anyhow::Result<Self> {
        let (overlay, folder) = match spec.overlay.take() {
            Some(overlay) => (overlay, None),
            None => {
                let folder = hidden_beside(target).with_context(|| unwritable(target))?;
                (folder.path().join("overlay.mp4"), Some(folder))
            }
        };
        spec.overlay = Some(overlay.clone());
        spec.overlay_numbers = false;
        spec.keep_poses = true;
        Ok(Self {
            target: target.to_path_buf(),
            subject,
            overlay,
            _folder: folder,
        })
    }

    /// Makes the page of the analysis; how many repetitions it shows.
    ///
    /// # Errors
    /// There are no pictures, or the page cannot be written.
    pub fn write(&self, analysis: &Analysis) -> anyhow::Result<usize> {
        let movers = movers(analysis);
        let report = Report {
            analysis,
            subject: self.subject,
            shown: shown(analysis, &movers, &self.overlay)?,
        };
        let html = page::render(&report);
        let write = || {
            let mut file = AtomicFile::create(&self.target)?;
            file.file().write_all(html.as_bytes())?;
            file.commit()
        };
        write().with_context(|| unwritable(&self.target))?;
        Ok(report.shown.len())
    }
}

fn hidden_beside(target: &Path) -> std::io::Result<TempDir> {
    let folder = target.parent().filter(|folder| *folder != Path::new(""));
    tempfile::Builder::new()
        .prefix(".report-")
        .tempdir_in(folder.unwrap_or(Path::new(".")))
}

/// Runs the command.
pub fn run(args: &ReportArgs) -> anyhow::Result<Exit> {
    let cancellation = interrupt::cancellation()?;
    let mut spec = args.measuring.spec(&args.file, &cancellation);
    let page = Page::begin(&args.output, args.measuring.subject(), &mut spec)?;
    let analysis = match analyze_file(&spec, &mut |_| {}) {
        Ok(analysis) => analysis,
        Err(error) if error.is_input() => {
            eprintln!("error: {error}");
            return Ok(Exit::Unreadable);
        }
        Err(_) if cancellation.is_cancelled() => return Ok(Exit::Interrupted),
        Err(error) => return Err(error.into()),
    };
    Ok(match page.write(&analysis)? {
        0 => Exit::NothingFound,
        _ => Exit::Done,
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
