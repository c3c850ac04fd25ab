//! `kinemotion models`: fetches, lists and checks the pose models and ONNX Runtime, and measures how fast they run.

mod bench;

use crate::exit::Exit;
use crate::layout;
use crate::stdout::print;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use kinemotion_models::store::{self, Artifact, Progress, State};
use std::io::IsTerminal;
use std::time::Duration;

/// Fetch, list, check or time the pose models and ONNX Runtime.
#[derive(Args)]
pub struct ModelsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Download and convert whatever is missing or damaged
    Pull,
    /// Show what is there, judged by size
    List,
    /// Check what is there, byte by byte
    Verify,
    /// Run a landmark model in a bare loop: what this machine can do when it does nothing else
    Bench(bench::BenchArgs),
}

/// Runs the command.
pub fn run(args: &ModelsArgs) -> anyhow::Result<Exit> {
    match &args.action {
        Action::Pull => pull(),
        Action::List => report(&store::list()?),
        Action::Verify => report(&store::verify()?),
        Action::Bench(args) => bench::run(args),
    }
}

fn pull() -> anyhow::Result<Exit> {
    let ticker = Ticker::new();
    let artifacts = store::pull(|progress| ticker.show(&progress))?;
    drop(ticker);
    let folder = store::cache_dir().unwrap_or_default();
    print(&format!(
        "{} files are ready in {}\n",
        artifacts.len(),
        folder.display()
    ))?;
    Ok(Exit::Done)
}

/// One line about every file. Done when all are ready.
fn report(artifacts: &[Artifact]) -> anyhow::Result<Exit> {
    let mut table = layout::table();
    table.set_header(["name", "state", "size", "made from", "licence", "path"]);
    for artifact in artifacts {
        table.add_row([
            artifact.name.clone(),
            state_name(artifact.state).to_owned(),
            megabytes(artifact.size),
            artifact.source.clone(),
            artifact.license.clone(),
            artifact.path.display().to_string(),
        ]);
    }
    print(&format!("{table}\n"))?;
    if artifacts.iter().all(|artifact| artifact.state == State::Ready) {
        return Ok(Exit::Done);
    }
    eprintln!("error: not everything is ready; run `kinemotion models pull`");
    Ok(Exit::NotReady)
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Ready => "ready",
        State::Missing => "missing",
        State::Corrupt => "damaged",
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// What a pull is doing: a spinner on a terminal, lines elsewhere.
struct Ticker(Option<ProgressBar>);

impl Ticker {
    fn new() -> Self {
        const REDRAW: Duration = Duration::from_millis(100);
        let spinner = std::io::stderr().is_terminal().then(|| {
            let spinner = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
            spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            spinner.enable_steady_tick(REDRAW);
            spinner
        });
        Self(spinner)
    }

    fn show(&self, progress: &Progress) {
        let text = progress.to_string();
        match &self.0 {
            Some(spinner) if matches!(progress, Progress::Ready { .. }) => spinner.println(text),
            Some(spinner) => spinner.set_message(text),
            None => eprintln!("{text}"),
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if let Some(spinner) = &self.0 {
            spinner.finish_and_clear();
        }
    }
}
