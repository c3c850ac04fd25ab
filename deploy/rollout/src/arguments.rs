//! The command line. Options say what a plan says; where both do, the option holds.

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use toml::{Table, Value};

/// Takes a new version into service step by step, and takes it back by itself when it is bad.
///
/// Exit codes: 0 promoted (or told, or taken back as asked), 1 it could not be done, 2 bad usage, 3 rolled back, 4 left as it is.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Give the new version more and more of the new requests, and all of them when it is good
    Canary(Run),
    /// Give the new version all new requests at once, and take them back when it is bad
    BlueGreen(Run),
    /// Give the old version all new requests again
    Rollback(Options),
    /// Say what the new version gets, how it does, and how many sessions run
    Status(Options),
}

/// A rollout.
#[derive(Debug, Args)]
pub struct Run {
    /// What is rolled out.
    #[command(flatten)]
    pub options: Options,
    /// Say how it stands and what would be sent, change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// On SIGTERM and SIGINT leave everything as it is, for a later start that goes on from there, instead of rolling back
    #[arg(long)]
    pub keep_on_interrupt: bool,
    /// Shares of the new version one after the other, percent [default: 10,50,100]
    #[arg(long, value_delimiter = ',', value_name = "PERCENT")]
    steps: Option<Vec<u8>>,
    /// Watch each step for so many seconds
    #[arg(long, value_name = "SECONDS")]
    hold_s: Option<f64>,
}

/// What is rolled out, and what makes it bad.
#[derive(Debug, Args)]
pub struct Options {
    /// The plan, TOML; deploy/rollout/rollout.toml has every setting with its default
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Servers of the version that is in service
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    old: Option<Vec<String>>,
    /// Servers of the version that is to be
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    new: Option<Vec<String>>,
    /// The greatest share of bad answers, 0 to 1
    #[arg(long, value_name = "SHARE")]
    error_rate: Option<f64>,
    /// The greatest 95th percentile of the time until an answer, milliseconds
    #[arg(long, value_name = "MS")]
    p95_ms: Option<f64>,
    /// Fewer answers are no ground for a judgement
    #[arg(long, value_name = "NUMBER")]
    requests: Option<f64>,
    /// Take it back when it cannot be judged for so many seconds
    #[arg(long, value_name = "SECONDS")]
    blind_s: Option<f64>,
    /// Wait so many seconds for sessions to end on the version that gets nothing new any more
    #[arg(long, value_name = "SECONDS")]
    drain_s: Option<f64>,
    /// Address of Prometheus
    #[arg(long, value_name = "URL")]
    prometheus: Option<String>,
    /// Admin socket of haproxy
    #[arg(long, value_name = "SOCKET")]
    haproxy: Option<String>,
    /// Backend of haproxy
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
}

impl Run {
    /// The plan of file and options.
    ///
    /// # Errors
    /// As [`Options::table`].
    pub fn table(&self) -> anyhow::Result<Table> {
        let mut table = self.options.table()?;
        set(
            &mut table,
            "steps",
            self.steps
                .clone()
                .map(|steps| steps.into_iter().map(i64::from).collect::<Vec<_>>()),
        )?;
        set(&mut table, "hold_s", self.hold_s)?;
        Ok(table)
    }
}

impl Options {
    /// The plan of file and options.
    ///
    /// # Errors
    /// The file cannot be read or is no TOML.
    pub fn table(&self) -> anyhow::Result<Table> {
        let mut table = match &self.plan {
            None => Table::new(),
            Some(path) => {
                let name = || path.display().to_string();
                let text = std::fs::read_to_string(path).with_context(name)?;
                text.parse().with_context(name)?
            }
        };
        set(&mut table, "old", self.old.clone())?;
        set(&mut table, "new", self.new.clone())?;
        set(&mut table, "drain_s", self.drain_s)?;
        set(&mut table, "limits.error_rate", self.error_rate)?;
        set(&mut table, "limits.p95_ms", self.p95_ms)?;
        set(&mut table, "limits.requests", self.requests)?;
        set(&mut table, "limits.blind_s", self.blind_s)?;
        set(&mut table, "prometheus.url", self.prometheus.clone())?;
        set(&mut table, "haproxy.socket", self.haproxy.clone())?;
        set(&mut table, "haproxy.backend", self.backend.clone())?;
        Ok(table)
    }
}

/// Puts the value of an option, where there is one, over that of the file.
fn set(table: &mut Table, setting: &str, value: Option<impl Into<Value>>) -> anyhow::Result<()> {
    let Some(value) = value else {
        return Ok(());
    };
    let (table, key) = match setting.split_once('.') {
        None => (table, setting),
        Some((section, key)) => {
            let section_of = table.entry(section).or_insert_with(|| Table::new().into());
            let table = section_of.as_table_mut();
            (
                table.with_context(|| format!("`{section}` of the plan is no section"))?,
                key,
            )
        }
    };
    table.insert(key.to_owned(), value.into());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    fn table(arguments: &str) -> anyhow::Result<Table> {
        let words = arguments.split(' ');
        match Arguments::try_parse_from(
            [&["kinemotion-rollout"][..], &words.collect::<Vec<_>>()[..]].concat(),
        )?
        .command
        {
            Command::Canary(run) | Command::BlueGreen(run) => run.table(),
            Command::Rollback(options) | Command::Status(options) => options.table(),
        }
    }

    #[test]
    fn options_hold_where_a_plan_says_something_else() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let text = "old = ['a']\nnew = ['b']\nhold_s = 7\n[limits]\np95_ms = 1\nrequests = 3\n[haproxy]\nbackend = 'x'";
        std::fs::write(file.path(), text).expect("is written");
        let path = file.path().display();
        let options = "--old c,d --steps 20,100 --p95-ms 300 --haproxy /s";
        let plan = Plan::of(table(&format!("canary --plan {path} {options}")).expect("a table"));
        let plan = plan.expect("a plan");
        assert_eq!(
            (plan.old, plan.new),
            (vec!["c".into(), "d".into()], vec!["b".to_owned()])
        );
        assert_eq!((plan.steps, plan.hold_s), (vec![20, 100], 7.0));
        assert_eq!(
            (plan.limits.p95_ms, plan.limits.requests, plan.limits.error_rate),
            (300.0, 3.0, 0.05)
        );
        let haproxy = plan.haproxy.expect("haproxy");
        assert_eq!((haproxy.socket, haproxy.backend), ("/s".into(), "x".into()));
    }

    #[test]
    fn a_rollout_needs_no_file() {
        let table =
            table("status --old blue --new green --haproxy /run/haproxy/admin.sock").expect("a table");
        Plan::of(table).expect("a plan");
    }

    #[test]
    fn a_plan_that_cannot_be_read_is_named() {
        let error = table("status --plan /nowhere/plan.toml").expect_err("it is not there");
        assert!(error.to_string().contains("/nowhere/plan.toml"), "{error}");
    }
}
