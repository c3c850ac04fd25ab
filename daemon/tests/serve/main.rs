//! `kinemotion serve` as its clients meet it: the real program, over HTTP.

mod backup;
mod batch;
mod bundle;
mod client;
mod clips;
mod daemon;
mod description;
mod diagnostics;
mod drain;
mod events;
mod health;
mod history;
mod keys;
mod life;
mod limits;
mod load;
mod logs;
mod metrics;
mod operator;
mod profile;
mod publish;
mod reconnect;
mod refusals;
mod surface;
mod telemetry;
mod tenants;
mod tls;
mod tokens;
mod uploads;
mod webhooks;
mod whip;

/// Longer than any event of these tests may take to come, on a machine that is busy with other things.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
