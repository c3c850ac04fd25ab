//! What waits in the database. Daemons that share one all tell the same: take the greatest, not the sum.

use super::catalogue::{Catalogue, Family, Label, Unit};
use crate::serve::store::Backlog;
use prometheus::{Gauge, IntGauge, IntGaugeVec, Result};

const WAITING: &str = "waiting";
const RUNNING: &str = "running";
const STATE: Label = Label::all("state", || vec![WAITING, RUNNING]);

/// See the module.
pub struct Waiting {
    files: IntGaugeVec,
    oldest: Gauge,
    deliveries: IntGauge,
}

impl Waiting {
    pub(super) fn register(catalogue: &mut Catalogue) -> Result<Self> {
        Ok(Self {
            files: catalogue.gauges(
                &Family::of("queue_files", "Files that wait for a worker or have one").labels(&[STATE]),
            )?,
            oldest: catalogue.real_gauge(
                &Family::of(
                    "queue_oldest_seconds",
                    "How long the file that waits longest could have had a worker; 0 when none waits",
                )
                .unit(Unit::Seconds),
            )?,
            deliveries: catalogue.gauge(&Family::of(
                "webhook_waiting",
                "Deliveries that wait for webhooks which are not disabled, those to be tried again included",
            ))?,
        })
    }

    /// Takes over what was counted at this moment, milliseconds since 1970.
    pub(super) fn look(&self, backlog: &Backlog, now: i64) {
        self.files
            .with_label_values(&[WAITING])
            .set(backlog.files_waiting);
        self.files
            .with_label_values(&[RUNNING])
            .set(backlog.files_running);
        let since = backlog.waiting_since.map_or(0, |since| (now - since).max(0));
        self.oldest.set(since as f64 / 1e3);
        self.deliveries.set(backlog.deliveries);
    }
}
