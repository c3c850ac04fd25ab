//! `kinemotion`: measures how people move, from ordinary video. Everything of the program but its first line, so that tests which
//! send anything to its [`parsers`] can call them; there is no interface here for other programs.

mod analyze;
mod doctor;
mod exit;
mod health;
mod interrupt;
mod layout;
mod measuring;
mod models;
mod movements;
mod report;
mod serve;
mod stdout;
mod wording;

pub use serve::parsers;

use clap::{Parser, Subcommand};
use exit::Exit;

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
    /// Ask a running daemon whether it takes new work
    Health(health::HealthArgs),
    /// Write everything the daemon has stored into one file; it may run meanwhile
    Backup(serve::BackupArgs),
    /// Bring back what a backup holds, where nothing is stored yet
    Restore(serve::RestoreArgs),
    /// Write a file with what somebody needs who is to find out what is wrong; it holds nothing personal and no secret
    SupportBundle(serve::BundleArgs),
    /// Make, list and revoke keys of a daemon's tenants
    Keys(serve::operator::KeysArgs),
    /// Make and list a daemon's tenants, and set their tiers
    Tenants(serve::operator::TenantsArgs),
    /// Fetch, list, check or time the pose models and ONNX Runtime
    Models(models::ModelsArgs),
    /// Check that this machine has everything, and say how to fix what is missing
    Doctor(doctor::DoctorArgs),
}

/// Does what the command line says, and ends the process.
pub fn main() -> ! {
    let outcome = match Cli::parse().command {
        Command::Analyze(args) => analyze::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Movements(args) => movements::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Health(args) => health::run(&args),
        Command::Backup(args) => serve::backup(&args),
        Command::Restore(args) => serve::restore(&args),
        Command::SupportBundle(args) => serve::support_bundle(&args),
        Command::Keys(args) => serve::operator::keys(&args),
        Command::Tenants(args) => serve::operator::tenants(&args),
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
    exit.leave()
}
