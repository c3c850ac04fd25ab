//! `whip-load`: many publishers at once, and how long each frame takes to become a number.

#![forbid(unsafe_code)]

mod command;

use anyhow::Context;
use clap::Parser;
use command::arguments::Arguments;
use command::{csv, json, load, report::Report};
use std::process::ExitCode;
use std::sync::Arc;
use whip_load::Footage;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let footage = Footage::encode(&arguments.footage()?).context("no footage")?;
    std::thread::sleep(arguments.rest);
    eprintln!(
        "{} frames, {:.1} s, {:.0} kbit/s",
        footage.units().len(),
        footage.seconds(),
        footage.bitrate() / 1e3
    );
    // One thread: what it costs is plain to see, and never more than one processor.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let footage = Arc::new(footage);
    let run = runtime.block_on(load::run(&arguments, &footage))?;
    if let Some(path) = &arguments.csv {
        csv::write(path, &run).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let report = Report::of(&run);
    if let Some(path) = &arguments.json {
        json::write(path, &report).with_context(|| format!("cannot write {}", path.display()))?;
    }
    print(&report.to_string());
    let broken = arguments
        .slo
        .as_ref()
        .map_or_else(Vec::new, |slo| slo.broken(&report));
    for goal in &broken {
        eprintln!("broken: {goal}");
    }
    Ok(if broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The report is what the program is for: it goes to standard output.
#[allow(clippy::print_stdout)]
fn print(text: &str) {
    println!("{text}");
}
