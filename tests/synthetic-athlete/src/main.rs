//! Makes clips with known truth: `synthetic-athlete cmj --height-m 0.35 --video cmj.mp4 --truth cmj.json`.

mod arguments;

use anyhow::{Context, Result};
use arguments::{Arguments, Command, Output};
use clap::Parser;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use synthetic_athlete::video::{self, EncodeOptions};
use synthetic_athlete::{Clip, Footage, Truth};

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when the error stream is closed.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Matrix(matrix) => {
            std::fs::create_dir_all(&matrix.out)
                .with_context(|| format!("cannot create {}", matrix.out.display()))?;
            for (i, clip) in Clip::matrix(matrix.movement.into(), matrix.count, matrix.seed)
                .iter()
                .enumerate()
            {
                let name = format!("{}-{}-{i:03}", clip.movement.kind().name(), matrix.seed);
                let file = |extension: &str| Some(matrix.out.join(format!("{name}.{extension}")));
                let output = Output {
                    video: file("mp4"),
                    truth: file("json"),
                    ..matrix.output()
                };
                make(clip, &output).with_context(|| name.clone())?;
            }
            Ok(())
        }
        Command::Clip { file, output } => {
            let text =
                std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let clip =
                serde_json::from_str(&text).with_context(|| format!("{} is no clip", file.display()))?;
            make(&clip, &output)
        }
        Command::One(one) => {
            let (clip, output) = one.into_clip();
            make(&clip, &output)
        }
    }
}

/// What the truth file holds: the truth, the description of the clip, and the places of the joints frame by frame.
#[derive(serde::Serialize)]
struct TruthFile<'a> {
    #[serde(flatten)]
    truth: Truth,
    clip: &'a Clip,
    times_s: Vec<f64>,
    /// x and y in pixels of the 33 BlazePose landmarks.
    landmarks_px: Vec<Vec<[f64; 2]>>,
}

fn make(clip: &Clip, output: &Output) -> Result<()> {
    let footage = clip.build()?;
    if let Some(path) = &output.video {
        let options = EncodeOptions {
            crf: output.crf,
            colorimetry: output.colorimetry.into(),
            quarter_turns: output.quarter_turns,
            threads: output
                .threads
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        };
        let terminal = std::io::stderr().is_terminal();
        video::write(&footage, path, &options, |done, total| {
            if terminal {
                // A progress line that cannot be shown is no reason to stop.
                let _ = write!(
                    std::io::stderr(),
                    "\r{}: frame {done} of {total} ",
                    path.display()
                );
            }
        })?;
        if terminal {
            let _ = writeln!(std::io::stderr());
        }
    }
    match &output.truth {
        Some(path) => write_truth(&footage, path),
        None if output.video.is_none() => {
            let text = serde_json::to_string_pretty(&footage.truth())?;
            writeln!(std::io::stdout(), "{text}").context("cannot write the truth")
        }
        None => Ok(()),
    }
}

fn write_truth(footage: &Footage, path: &Path) -> Result<()> {
    let round = |v: f64| (v * 1e3).round() / 1e3;
    let file = TruthFile {
        truth: footage.truth(),
        clip: footage.clip(),
        times_s: (0..footage.frame_count()).map(|i| footage.time(i)).collect(),
        landmarks_px: (0..footage.frame_count())
            .map(|i| {
                footage
                    .landmarks(i)
                    .iter()
                    .map(|p| [round(p[0]), round(p[1])])
                    .collect()
            })
            .collect(),
    };
    let text = serde_json::to_string(&file)?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
