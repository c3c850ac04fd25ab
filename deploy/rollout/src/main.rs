//! `kinemotion-rollout`: takes a new version into service step by step, and takes it back by itself when it is bad.
//!
//! | module | |
//! |---|---|
//! | `plan`, `arguments` | what is to be done |
//! | `judge` | numbers in, good, bad or unknown out |
//! | `course` | time and verdicts in, the next step out |
//! | `backend` | who sends requests to the versions: haproxy, or a HTTPRoute in Kubernetes |
//! | `prometheus` | who knows how the versions do |
//! | `rollout` | all of that together |
//! | `told` | what is written to standard output |
//!
//! `docs/operations/rollout.md` is for those who use it.

#![forbid(unsafe_code)]

mod arguments;
mod backend;
mod course;
mod judge;
mod plan;
mod prometheus;
mod rollout;
mod told;

use arguments::{Arguments, Command};
use backend::{Backend, Program, Socket};
use clap::Parser;
use plan::Plan;
use prometheus::Prometheus;
use rollout::{Outcome, Rollout, Signals};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Exit codes beside 0, 1 and 2, which is clap's.
const ROLLED_BACK: u8 = 3;
const LEFT: u8 = 4;

fn main() -> anyhow::Result<ExitCode> {
    let command = Arguments::parse().command;
    let mut table = match &command {
        Command::Canary(run) | Command::BlueGreen(run) => run.table()?,
        Command::Rollback(options) | Command::Status(options) => options.table()?,
    };
    if let Command::BlueGreen(_) = command {
        table.insert("steps".into(), vec![100].into());
    }
    let plan = Plan::of(table)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match (Socket::of(&plan), Program::of(&plan)) {
            (Some(haproxy), _) => act(&command, haproxy, plan).await,
            (None, Some(kubectl)) => act(&command, kubectl, plan).await,
            (None, None) => unreachable!("a plan that was checked has one of them"),
        }
    })
}

async fn act(command: &Command, backend: impl Backend, plan: Plan) -> anyhow::Result<ExitCode> {
    let mut signals = signals()?;
    let prometheus = Prometheus::of(&plan)?;
    let keep = matches!(command, Command::Canary(run) | Command::BlueGreen(run) if run.keep_on_interrupt);
    let rollout = Rollout {
        backend,
        prometheus,
        plan,
        keep,
        tell: told::tell,
    };
    match command {
        Command::Status(_) => rollout.status().await?,
        Command::Canary(run) | Command::BlueGreen(run) if run.dry_run => rollout.dry_run().await?,
        Command::Rollback(_) => {
            let share = rollout.backend.look().await?.share;
            rollout.roll_back("asked for", share, None, &mut signals).await?;
        }
        Command::Canary(_) | Command::BlueGreen(_) => match rollout.run(&mut signals).await? {
            Outcome::Promoted => {}
            Outcome::RolledBack => return Ok(ROLLED_BACK.into()),
            Outcome::Left => return Ok(LEFT.into()),
        },
    }
    Ok(ExitCode::SUCCESS)
}

/// Names of signals that ask for an end, as they come. More than a few at once are one.
fn signals() -> anyhow::Result<Signals> {
    let (sender, receiver) = mpsc::channel(1);
    for (name, kind) in [
        ("SIGTERM", SignalKind::terminate()),
        ("SIGINT", SignalKind::interrupt()),
    ] {
        let mut signal = signal(kind)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while signal.recv().await.is_some() {
                let _ = sender.try_send(name);
            }
        });
    }
    Ok(receiver)
}
