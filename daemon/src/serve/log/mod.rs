//! What the daemon writes about its doings, to standard error: for machines one JSON object per line, for people a text.
//! [docs/operations/logs.md](../../../../../docs/operations/logs.md) says what is in it.
//!
//! | module | |
//! |---|---|
//! | `line` | one thing that happened, as JSON and as a text |
//! | `redact` | what looks like a secret is not written |
//! | `recent` | the last lines, for whoever comes later |

mod line;
mod recent;
mod redact;

pub use recent::recent;
pub use redact::redact;

use super::config::{Log, LogFormat};
use line::Line;
use std::io::{IsTerminal, Write};
use std::time::SystemTime;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

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
    let style = match log.format {
        LogFormat::Auto if terminal => Style::Text { coloured: true },
        LogFormat::Pretty => Style::Text { coloured: terminal },
        LogFormat::Auto | LogFormat::Json => Style::Json,
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(Lines(style))
        .try_init()?;
    Ok(Filter(handle))
}

/// How lines are written.
#[derive(Clone, Copy, Debug)]
enum Style {
    Json,
    Text { coloured: bool },
}

/// Writes a line for everything that happens.
struct Lines(Style);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = Line::of(event, SystemTime::now());
        let json = line.json();
        let mut text = match self.0 {
            Style::Json => json.clone(),
            Style::Text { coloured } => line.text(coloured),
        };
        text.push('\n');
        recent::keep(json);
        // Nobody is there to hear that nobody listens.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests;
