//! What the daemon writes about its doings, to standard error.

use super::config::{Log, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

/// Changes what is written.
pub struct Filter(reload::Handle<Targets, Registry>);

impl Filter {
    /// Writes what this filter lets through from now on.
    ///
    /// # Errors
    /// A filter that makes no sense.
    pub fn set(&self, filter: &str) -> anyhow::Result<()> {
        Ok(self.0.reload(filter.parse::<Targets>()?)?)
    }
}

/// Starts to write.
///
/// # Errors
/// When something else writes already.
pub fn start(log: &Log) -> anyhow::Result<Filter> {
    let (filter, handle) = reload::Layer::new(log.filter.parse::<Targets>()?);
    let terminal = std::io::stderr().is_terminal();
    let pretty = match log.format {
        LogFormat::Auto => terminal,
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if pretty {
        lines.with_ansi(terminal).with_target(false).boxed()
    } else {
        lines.json().flatten_event(true).boxed()
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init()?;
    Ok(Filter(handle))
}
