//! `kinemotion serve` as its clients meet it: the real program, over HTTP.

mod client;
mod daemon;
mod diagnostics;
mod drain;
mod events;
mod history;
mod keys;
mod life;
mod load;
mod publish;
mod reconnect;
mod refusals;
mod surface;
mod webhooks;
mod whip;

/// Longer than any event of these tests may take to come, on a machine that is busy with other things.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
