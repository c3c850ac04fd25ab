//! Shares are weights of servers, set over haproxy's admin socket. A server without weight drains: it keeps those whose cookie names
//! it, and gets nobody new.

use super::{Backend, Change, Order, Sight, percent};
use crate::plan::Plan;
use anyhow::{Context, bail, ensure};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// It answers within this time, or is away.
const PATIENCE: Duration = Duration::from_secs(5);
/// The greatest weight.
const MOST: u32 = 256;
/// Of `srv_op_state`: it runs, and its checks pass.
const RUNS: u32 = 2;
/// Bits of `srv_admin_state`: maintenance, by whatever cause; and drain, likewise.
const MAINTENANCE: u32 = 0x01 | 0x02 | 0x04 | 0x20;
const DRAINS: u32 = 0x08 | 0x10;

/// A backend of haproxy, behind its admin socket.
pub struct Socket {
    path: PathBuf,
    backend: String,
    old: Vec<String>,
    new: Vec<String>,
}

/// A line of `show servers state`.
#[derive(Debug, Clone, Copy)]
struct Server {
    state: u32,
    admin: u32,
    weight: u32,
}

impl Socket {
    /// The back end of a plan; None: the plan has another.
    pub fn of(plan: &Plan) -> Option<Self> {
        let haproxy = plan.haproxy.as_ref()?;
        Some(Self {
            path: haproxy.socket.clone(),
            backend: haproxy.backend.clone(),
            old: plan.old.clone(),
            new: plan.new.clone(),
        })
    }

    /// The answer to a command.
    async fn ask(&self, command: &str) -> anyhow::Result<String> {
        let asked = async {
            let mut stream = UnixStream::connect(&self.path).await?;
            stream.write_all(format!("{command}\n").as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            anyhow::Ok(answer)
        };
        let answer = timeout(PATIENCE, asked).await.context("no answer in time");
        let answer = answer.and_then(|answer| answer);
        answer.with_context(|| format!("haproxy at {}", self.path.display()))
    }

    async fn servers(&self) -> anyhow::Result<HashMap<String, Server>> {
        let answer = self.ask(&format!("show servers state {}", self.backend)).await?;
        let servers =
            parse(&answer).with_context(|| format!("haproxy says of its servers: {}", answer.trim()))?;
        for name in self.old.iter().chain(&self.new) {
            ensure!(
                servers.contains_key(name),
                "backend {} of haproxy has no server {name}",
                self.backend
            );
        }
        Ok(servers)
    }

    fn weights(&self, share: u8) -> (u32, u32) {
        weights(share, self.old.len() as u32, self.new.len() as u32)
    }
}

impl Backend for Socket {
    async fn look(&self) -> anyhow::Result<Sight> {
        let servers = self.servers().await?;
        let weight = |names: &[String]| names.iter().map(|name| servers[name].gets()).sum::<u32>();
        let (old, new) = (weight(&self.old), weight(&self.new));
        ensure!(
            old + new > 0,
            "no server of backend {} has a weight",
            self.backend
        );
        let troubles = self.new.iter().filter_map(|name| servers[name].trouble(name));
        let trouble = troubles.reduce(|all, one| format!("{all}, {one}"));
        Ok(Sight {
            share: percent(new, old + new),
            trouble,
        })
    }

    async fn orders(&self, change: Change) -> anyhow::Result<Vec<Order>> {
        let server = |name: &String| format!("set server {}/{name}", self.backend);
        let Change::Share(share) = change else {
            let away = |name| Order::of(&format!("{} state maint", server(name)));
            return Ok(self.new.iter().map(away).collect());
        };
        let (old, new) = self.weights(share);
        let servers = self.old.iter().map(|name| (name, old));
        let mut servers: Vec<_> = servers.chain(self.new.iter().map(|name| (name, new))).collect();
        // Who gets something comes first: there is no moment in which nobody does.
        servers.sort_by_key(|(_, weight)| *weight == 0);
        let orders = servers.into_iter().flat_map(|(name, weight)| {
            let state = if weight == 0 { "drain" } else { "ready" };
            [
                format!("{} weight {weight}", server(name)),
                format!("{} state {state}", server(name)),
            ]
        });
        Ok(orders.map(|order| Order::of(&order)).collect())
    }

    async fn send(&self, order: &Order) -> anyhow::Result<()> {
        let answer = self.ask(&order.to_string()).await?;
        // It says nothing when it has done as it was told.
        ensure!(answer.trim().is_empty(), "haproxy answers: {}", answer.trim());
        Ok(())
    }
}

impl Server {
    /// Its part of new requests.
    fn gets(self) -> u32 {
        let out = self.admin & (MAINTENANCE | DRAINS) != 0;
        if out { 0 } else { self.weight }
    }

    fn trouble(self, name: &str) -> Option<String> {
        if self.admin & MAINTENANCE != 0 {
            Some(format!("{name} is in maintenance"))
        } else if self.state != RUNS {
            Some(format!("{name} does not pass its checks"))
        } else {
            None
        }
    }
}

/// Servers by name, of the answer to `show servers state`.
fn parse(answer: &str) -> anyhow::Result<HashMap<String, Server>> {
    let mut lines = answer.lines().filter(|line| !line.trim().is_empty());
    ensure!(lines.next() == Some("1"), "it is not version 1 of the format");
    let names = lines
        .next()
        .and_then(|line| line.strip_prefix("# "))
        .context("its columns have no names")?;
    let column = |wanted: &str| {
        let found = names.split(' ').position(|name| name == wanted);
        found.with_context(|| format!("there is no column {wanted}"))
    };
    let (name, state, admin, weight) = (
        column("srv_name")?,
        column("srv_op_state")?,
        column("srv_admin_state")?,
        column("srv_uweight")?,
    );
    let server = |line: &str| {
        let fields: Vec<&str> = line.split(' ').collect();
        let text = |column: usize| {
            fields
                .get(column)
                .copied()
                .with_context(|| format!("a line is short: {line}"))
        };
        let number = |column| anyhow::Ok(text(column)?.parse::<u32>()?);
        let server = Server {
            state: number(state)?,
            admin: number(admin)?,
            weight: number(weight)?,
        };
        anyhow::Ok((text(name)?.to_owned(), server))
    };
    let servers: HashMap<_, _> = lines.map(server).collect::<anyhow::Result<_>>()?;
    if servers.is_empty() {
        bail!("it has none");
    }
    Ok(servers)
}

/// Weights of each old and each new server that give the new ones together this share of all, as well as whole numbers can.
fn weights(share: u8, old: u32, new: u32) -> (u32, u32) {
    let (of_old, of_new) = ((100 - u32::from(share)) * new, u32::from(share) * old);
    let greatest = of_old.max(of_new);
    if greatest <= MOST {
        return (of_old, of_new);
    }
    // Little is not nothing.
    let scale = |weight: u32| {
        if weight == 0 {
            0
        } else {
            (weight * MOST / greatest).max(1)
        }
    };
    (scale(of_old), scale(of_new))
}

#[cfg(test)]
#[path = "haproxy_tests.rs"]
mod tests;
