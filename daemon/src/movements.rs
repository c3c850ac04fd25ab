//! `kinemotion movements`: what can be measured, from the registry.

use crate::exit::Exit;
use crate::layout;
use clap::Args;
use kinemotion_motion::movements;
use std::io::Write;

/// List what can be measured.
#[derive(Args, Debug)]
pub struct MovementsArgs {
    /// The whole registry as JSON: phases, events, and key, label, unit, definition, source and bounds of every metric
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &MovementsArgs) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, movements::all()).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{}", table())?;
    }
    Ok(Exit::Done)
}

fn table() -> comfy_table::Table {
    let mut table = layout::table();
    table.set_header(["name", "", "phases", "metrics"]);
    for movement in movements::all() {
        table.add_row([
            movement.name,
            movement.label,
            &movement.phases.join(", "),
            &movement.metrics.len().to_string(),
        ]);
    }
    table
}
