//! Memory of analyses that have ended is given back. Memory over budget: new analyses are refused, and when that is not enough the youngest is
//! ended.

use super::{Analysis, Inner, running};
use crate::serve::allocator;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How often is looked: memory grows by some megabytes per second at most.
const EVERY: Duration = Duration::from_secs(1);

/// From this share of the budget on an analysis is ended, so that refusing comes first.
const TOO_MUCH: f64 = 1.1;

/// After an analysis was ended, memory is given so long to come back before the next one is.
const SETTLES: Duration = Duration::from_secs(10);

/// Why an analysis is ended.
const REASON: &str = "the daemon is short of memory";

/// Whether the process uses more than a budget in MB; 0 is no budget.
pub fn is_over(budget_mb: u64) -> bool {
    budget_mb > 0 && share_of(budget_mb) > 1.0
}

/// Used memory as a share of a budget.
fn share_of(budget_mb: u64) -> f64 {
    let budget = budget_mb as f64 * 1e6;
    match resident_bytes() {
        Ok(used) => used as f64 / budget,
        Err(error) => {
            // Without procfs nobody can say; a budget that cannot be kept must not stop the daemon.
            tracing::error!(event = "memory_unreadable", %error, "used memory cannot be read");
            0.0
        }
    }
}

/// Memory of this process that is in use, bytes: VmRSS in its status (proc(5)), which is in kB.
fn resident_bytes() -> std::io::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let resident = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = resident.and_then(|text| text.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    let kib = kib.ok_or_else(|| std::io::Error::other("the status of the process names no VmRSS"))?;
    Ok(kib * 1024)
}

/// Looks at memory as long as there are sessions, and ends the youngest analysis when there is too little.
pub(super) async fn watch(sessions: Weak<Inner>) {
    loop {
        sleep(EVERY).await;
        let Some(inner) = sessions.upgrade() else { return };
        if inner.let_go.swap(false, Ordering::Relaxed) {
            give_back().await;
        }
        let budget_mb = inner.config.get().sessions.memory_mb;
        if budget_mb == 0 || share_of(budget_mb) <= TOO_MUCH {
            continue;
        }
        let youngest = youngest(&inner);
        drop(inner);
        if let Some(analysis) = youngest {
            tracing::warn!(
                event = "memory_short",
                analysis = analysis.id,
                budget_mb,
                "{REASON}: the youngest analysis is ended"
            );
            analysis.ask_to_end(REASON);
            analysis.hub.closed().await;
            sleep(SETTLES).await;
        }
    }
}

/// Gives back what the allocator has kept of analyses that were taken down.
async fn give_back() {
    if spawn_blocking(allocator::give_back).await.is_err() {
        tracing::error!(event = "panicked", "giving memory back panicked");
    }
}

fn youngest(inner: &Inner) -> Option<Arc<Analysis>> {
    let analyses = inner.analyses.read().unwrap_or_else(PoisonError::into_inner);
    running(&analyses).last().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_uses_more_than_a_megabyte_and_less_than_a_million() {
        assert!(is_over(1));
        assert!(!is_over(1_000_000));
        assert!(!is_over(0), "no budget");
    }
}
