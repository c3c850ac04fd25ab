//! Signals: the first Ctrl-C or SIGTERM ends in good order, the second at once; SIGHUP reads the configuration again.

use super::config::{Config, changes};
use super::tls::Tls;
use super::{App, ServeArgs, log};
use kinemotion_pipelines::live::decoders;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// The signals listened to.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When signals cannot be handled.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits to be told to end.
    pub async fn end(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Follows changes of the configuration until told to end.
///
/// # Errors
/// A configuration file whose folder cannot be watched.
pub async fn until_told_to_end(
    signals: &mut Signals,
    app: &App,
    tls: Option<&Tls>,
    args: &ServeArgs,
    filter: &log::Filter,
) -> io::Result<()> {
    let mut changed = args.config.as_deref().map(changes::of).transpose()?;
    loop {
        tokio::select! {
            _ = signals.interrupt.recv() => return Ok(()),
            _ = signals.terminate.recv() => return Ok(()),
            _ = signals.hangup.recv() => {
                reload(app, args, filter);
                if let Some(tls) = tls {
                    tls.reload();
                }
            }
            () = next(&mut changed) => reload(app, args, filter),
        }
    }
}

/// The next change; never when no file is watched.
async fn next(changed: &mut Option<mpsc::Receiver<()>>) {
    let told = match changed {
        Some(changes) => changes.recv().await,
        None => None,
    };
    if told.is_none() {
        std::future::pending::<()>().await;
    }
}

/// Takes over what may change. A file that makes no sense changes nothing.
fn reload(app: &App, args: &ServeArgs, filter: &log::Filter) {
    let new: Config = match args.load() {
        Ok(new) => new,
        Err(error) => {
            tracing::error!(event = "config_refused", %error, "the configuration is not taken over");
            return;
        }
    };
    let before = app.config.get();
    let need_restart = app.config.update(&new);
    let after = app.config.get();
    if before != after {
        if let Err(error) = filter.set(&after.log.filter) {
            tracing::error!(event = "config_refused", %error, "the log filter is not changed");
        }
        decoders::apply(after.decoders.order.clone());
        if let Some(governor) = app.sessions.governor() {
            governor.configure((&after.load).into());
        }
        tracing::info!(event = "config_changed", "the configuration has changed");
    }
    if !need_restart.is_empty() {
        tracing::warn!(
            event = "config_needs_restart",
            keys = need_restart.join(", "),
            "these keys need a restart"
        );
    }
}
