//! Who sends requests to the versions: haproxy, or a route in Kubernetes. What they have now is always asked of them, nothing is
//! remembered.

mod haproxy;
mod kubectl;

pub use haproxy::Socket;
pub use kubectl::Program;

use anyhow::{Context, ensure};
use std::fmt;

/// How it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    /// What the new version gets of new requests, percent.
    pub share: u8,
    /// Why the new version could not answer. None: it is ready.
    pub trouble: Option<String>,
}

/// What shall be otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// The new version gets this share of new requests, percent. Sessions that are there stay where they are.
    Share(u8),
    /// The new version gets nothing whatever any more: no session is left on it.
    PutAway,
}

/// One command to the back end: its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Order(pub Vec<String>);

impl Order {
    fn of(text: &str) -> Self {
        Self(text.split(' ').map(String::from).collect())
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// Who sends requests to the versions.
pub trait Backend {
    /// How it stands.
    async fn look(&self) -> anyhow::Result<Sight>;

    /// The commands that make a change, in their order. Changes nothing.
    async fn orders(&self, change: Change) -> anyhow::Result<Vec<Order>>;

    /// Sends one of them.
    async fn send(&self, order: &Order) -> anyhow::Result<()>;

    /// Makes a change.
    async fn make(&self, change: Change) -> anyhow::Result<()> {
        for order in self.orders(change).await? {
            self.send(&order).await.with_context(|| order.to_string())?;
        }
        Ok(())
    }

    /// Gives the new version a share and looks whether it has it; what it has, which many servers may make a little different.
    async fn give(&self, share: u8) -> anyhow::Result<u8> {
        self.make(Change::Share(share)).await?;
        let is = self.look().await?.share;
        let some_of_all = (1..100).contains(&share) && (1..100).contains(&is);
        ensure!(
            is == share || (some_of_all && is.abs_diff(share) <= 5),
            "the new version was given {share} % and has {is} %"
        );
        Ok(is)
    }
}

/// A part in percent. Only nothing is 0, only everything is 100.
fn percent(part: u32, all: u32) -> u8 {
    let percent = (100 * part + all / 2) / all;
    let percent = match part {
        0 => 0,
        _ if part == all => 100,
        _ => percent.clamp(1, 99),
    };
    u8::try_from(percent).expect("it is at most 100")
}
