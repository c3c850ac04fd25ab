//! `kinemotion models bench`: what this machine's inference can do when it does nothing else.

use crate::exit::Exit;
use crate::layout;
use crate::measuring::{ProviderArgs, QualityArg};
use crate::stdout::print;
use clap::Args;
use comfy_table::CellAlignment;
use kinemotion_models::{BareLoop, EngineConfig, Quality, bare_loop};
use serde_json::json;
use std::time::Duration;

/// Which network, and how.
#[derive(Args)]
pub struct BenchArgs {
    /// Landmark model
    #[arg(long, value_enum, default_value_t = QualityArg::Balanced)]
    quality: QualityArg,

    /// How long it runs
    #[arg(long, value_name = "S", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=3600))]
    seconds: u16,

    /// Threads, each with a session of its own [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    #[command(flatten)]
    provider: ProviderArgs,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &BenchArgs) -> anyhow::Result<Exit> {
    let quality: Quality = args.quality.into();
    let config = EngineConfig {
        workers: args.threads.unwrap_or(0).into(),
        providers: args.provider.providers.clone(),
        ..EngineConfig::default()
    };
    let result = bare_loop(&config, quality, Duration::from_secs(args.seconds.into()))?;
    let text = if args.json {
        document(quality, args.seconds, &result)
    } else {
        table(quality, &result)
    };
    print(&text)?;
    Ok(Exit::Done)
}

fn total(result: &BareLoop) -> f64 {
    result.per_second.iter().sum()
}

fn document(quality: Quality, seconds: u16, result: &BareLoop) -> String {
    let document = json!({
        "quality": quality.name(),
        "provider": result.provider,
        "notices": result.notices,
        "seconds": seconds,
        "threads": result.per_second.len(),
        "inferences_per_s": total(result),
        "inferences_per_s_by_thread": result.per_second,
    });
    format!("{document:#}\n")
}

fn table(quality: Quality, result: &BareLoop) -> String {
    let mut table = layout::table();
    table.set_header(["thread", "inferences/s", "ms each"]);
    let mut row = |name: String, per_second: f64, threads: f64| {
        let each = format!("{:.2}", 1e3 * threads / per_second);
        table.add_row([name, format!("{per_second:.1}"), each]);
    };
    for (thread, per_second) in result.per_second.iter().enumerate() {
        row((thread + 1).to_string(), *per_second, 1.0);
    }
    row("all".into(), total(result), result.per_second.len() as f64);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let notices: String = result
        .notices
        .iter()
        .map(|notice| format!("note: {notice}\n"))
        .collect();
    format!(
        "{} on {}, each thread a session of its own\n{table}\n{notices}",
        quality.name(),
        result.provider
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_add_up() {
        let result = BareLoop {
            provider: "cpu",
            notices: vec!["passed over cuda: not here".into()],
            per_second: vec![100.0, 50.0],
        };
        let text = table(Quality::Fast, &result);
        for said in ["fast on cpu", "150.0", "20.00", "13.33", "passed over cuda"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        let document: serde_json::Value =
            serde_json::from_str(&document(Quality::Fast, 5, &result)).expect("JSON");
        assert_eq!(document["inferences_per_s"], 150.0);
        assert_eq!(document["threads"], 2);
    }
}
