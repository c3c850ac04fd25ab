//! `kinemotion`: measures how people move, from ordinary video.

mod analyze;
mod doctor;
mod exit;
mod interrupt;
mod layout;
mod measuring;
mod models;
mod movements;
mod report;
mod serve;
mod stdout;
mod wording;

use clap::{Parser, Subcommand};
use exit::Exit;
use std::process::ExitCode;

/// Measures how people move, from ordinary video.
///
/// Exit codes: 0 done, 1 this machine is not ready or a result could not be written, 2 bad usage, 3 a file could not
/// be read, 4 everything was analysed and nothing was found, 130 interrupted.
#[derive(Parser)]
#[command(name = "kinemotion", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure the movements in video files
    Analyze(Box<analyze::AnalyzeArgs>),
    /// Make a page of a video file: key frames, curves, numbers
    Report(Box<report::ReportArgs>),
    /// List what can be measured: movements, phases, events and the definition of every metric
    Movements(movements::MovementsArgs),
    /// Measure live: WebRTC, cameras and streams in; numbers and video with overlay out
    Serve(serve::ServeArgs),
    /// Fetch, list, check or time the pose models and ONNX Runtime
    Models(models::ModelsArgs),
    /// Check that this machine has everything, and say how to fix what is missing
    Doctor(doctor::DoctorArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Analyze(args) => analyze::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Movements(args) => movements::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Doctor(args) => doctor::run(&args),
    };
    let exit = outcome.unwrap_or_else(|error| {
        if stdout::is_broken_pipe(&error) {
            // The reader has seen enough, as in `kinemotion analyze … | head`.
            return Exit::Done;
        }
        eprintln!("error: {error:#}");
        error
            .downcast_ref::<exit::UsageError>()
            .map_or(Exit::NotReady, |_| Exit::Usage)
    });
    exit.into()
}
