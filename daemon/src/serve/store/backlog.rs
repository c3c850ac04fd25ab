//! How much waits in the database.

use super::StoreError;
use super::pool::Pool;
use super::statement::statement;

/// What waits: files for a worker, deliveries for their receivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Files that wait for a worker.
    pub files_waiting: i64,
    /// Files that have one.
    pub files_running: i64,
    /// Since when the one of those that wait which has waited longest could have had a worker, milliseconds since 1970.
    pub waiting_since: Option<i64>,
    /// Deliveries that wait for webhooks which are not disabled.
    pub deliveries: i64,
}

/// Both by their indexes of what has not ended.
const COUNT: &str =
    "SELECT state, COUNT(*), MIN(not_before) FROM jobs WHERE state IN ('queued', 'running') GROUP BY state
     UNION ALL
     SELECT 'delivery', COUNT(*), CAST(NULL AS BIGINT) FROM deliveries d
     JOIN webhooks w ON w.id = d.webhook_id AND w.disabled_at IS NULL
     WHERE d.state = 'waiting'";

impl Backlog {
    pub(super) async fn of(pool: &Pool) -> Result<Self, StoreError> {
        let mut backlog = Self::default();
        for (what, count, since) in pool.all::<(String, i64, Option<i64>)>(statement!(COUNT)).await? {
            match what.as_str() {
                "queued" => (backlog.files_waiting, backlog.waiting_since) = (count, since),
                "running" => backlog.files_running = count,
                _ => backlog.deliveries = count,
            }
        }
        Ok(backlog)
    }
}
