//! Ctrl-C and termination: the first one ends cleanly, the second one at once.

use crate::exit::Exit;
use anyhow::Context;
use kinemotion_pipelines::Cancellation;

/// A request to stop that the first signal makes.
pub fn cancellation() -> anyhow::Result<Cancellation> {
    let cancellation = Cancellation::default();
    let asked = cancellation.clone();
    ctrlc::set_handler(move || {
        if asked.is_cancelled() {
            Exit::Interrupted.leave_at_once();
        }
        asked.cancel();
    })
    .context("signals cannot be handled")?;
    Ok(cancellation)
}
