//! Daemons that share the database: who is there, who runs what, and what others have stored.

use super::analyses::line_of;
use super::pool::Pool;
use super::statement::{Builder, statement};
use super::{Outage, StoreError};
use crate::serve::clock::SharedClock;
use crate::serve::hub::Line;
use std::time::Instant;

/// The clock of the database, milliseconds since 1970: those of replicas may differ.
macro_rules! now {
    () => {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    };
}

/// Most events that are read at once.
const AT_ONCE: i64 = 1000;

/// Who runs an analysis that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Name of the replica.
    pub replica: String,
    /// Where it is reached, unless it is gone.
    pub address: Option<String>,
    /// Whose analysis it is.
    pub tenant: String,
}

/// The table of replicas. Clones belong together. Only daemons on a Postgres server share a database.
#[derive(Clone, Debug)]
pub struct Replicas {
    pub(super) pool: Pool,
    pub(super) clock: SharedClock,
    pub(super) outage: Outage,
}

impl Replicas {
    /// A replica is there at this moment; what the clock of the database shows is heard on the way.
    pub async fn beat(&self, replica: &str, address: &str) -> Result<(), StoreError> {
        let beat = concat!(
            "INSERT INTO replicas (id, address, seen_at) VALUES ($1, $2, ",
            now!(),
            ") ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at RETURNING seen_at"
        );
        let asked = Instant::now();
        if let Some((now,)) = self
            .pool
            .one::<(i64,)>(statement!(beat, replica, address))
            .await?
        {
            self.clock.hear(asked, now);
        }
        self.outage.seems_over(Instant::now());
        Ok(())
    }

    /// A replica ends.
    pub async fn leave(&self, replica: &str) -> Result<(), StoreError> {
        let leave = statement!("DELETE FROM replicas WHERE id = $1", replica);
        self.pool.execute(leave).await.map(drop)
    }

    /// How many were heard of within so many milliseconds.
    pub async fn present(&self, within_ms: i64) -> Result<i64, StoreError> {
        let present = concat!("SELECT COUNT(*) FROM replicas WHERE seen_at >= ", now!(), " - $1");
        let present = self.pool.one::<(i64,)>(statement!(present, within_ms)).await?;
        Ok(present.map_or(0, |(count,)| count))
    }

    /// Names of those that were not heard of for so many milliseconds, and of those that are gone and have left live analyses.
    pub async fn absent(&self, for_ms: i64) -> Result<Vec<String>, StoreError> {
        let absent = concat!(
            "SELECT id FROM replicas WHERE seen_at < ",
            now!(),
            " - $1
             UNION SELECT a.replica FROM analyses a LEFT JOIN replicas r ON r.id = a.replica
             WHERE a.ended_at IS NULL AND a.kind = 'live' AND a.replica IS NOT NULL AND r.id IS NULL"
        );
        let absent: Vec<(String,)> = self.pool.all(statement!(absent, for_ms)).await?;
        Ok(absent.into_iter().map(|(id,)| id).collect())
    }

    /// Live analyses that a replica has not ended, the oldest first; those of no replica were left by a daemon that had the database
    /// for itself.
    pub async fn left_by(&self, replica: Option<&str>) -> Result<Vec<String>, StoreError> {
        let left = "SELECT id FROM analyses WHERE ended_at IS NULL AND kind = 'live' AND replica IS NOT DISTINCT FROM $1
                    ORDER BY id";
        let left: Vec<(String,)> = self.pool.all(statement!(left, replica)).await?;
        Ok(left.into_iter().map(|(id,)| id).collect())
    }

    /// Whoever runs an analysis that has not ended, a file's as long as its worker holds the lease; `None` when nobody does.
    pub async fn owner(&self, analysis_id: &str) -> Result<Option<Owner>, StoreError> {
        let owner = concat!(
            "SELECT a.replica, r.address, a.tenant FROM analyses a
                     LEFT JOIN replicas r ON r.id = a.replica LEFT JOIN jobs j ON j.analysis_id = a.id
                     WHERE a.id = $1 AND a.ended_at IS NULL AND a.replica IS NOT NULL
                       AND (a.kind = 'live' OR (j.state = 'running' AND j.leased_until > ",
            now!(),
            "))"
        );
        let owner = statement!(owner, analysis_id);
        let owner: Option<(String, Option<String>, String)> = self.pool.one(owner).await?;
        Ok(owner.map(|(replica, address, tenant)| Owner {
            replica,
            address,
            tenant,
        }))
    }

    /// Events of an analysis from a number on, and before another where one is given; not all of them at once. `None` when there is no such
    /// analysis any more.
    pub async fn events(
        &self,
        analysis_id: &str,
        from: u64,
        before: Option<u64>,
    ) -> Result<Option<Vec<Line>>, StoreError> {
        let mut query = Builder::default();
        query
            .push("SELECT sequence, type, line FROM events WHERE analysis_id = ")
            .value(analysis_id)
            .push(" AND sequence >= ")
            .value(from.cast_signed())
            .when(" AND sequence < ", before.map(u64::cast_signed))
            .push(" ORDER BY sequence LIMIT ")
            .value(AT_ONCE);
        let rows: Vec<(i64, String, String)> = self.pool.all(query.build()).await?;
        if rows.is_empty() && !self.is_there(analysis_id).await? {
            return Ok(None);
        }
        rows.into_iter().map(line_of).collect::<Result<_, _>>().map(Some)
    }

    async fn is_there(&self, analysis_id: &str) -> Result<bool, StoreError> {
        let there = statement!("SELECT id FROM analyses WHERE id = $1", analysis_id);
        Ok(self.pool.one::<(String,)>(there).await?.is_some())
    }
}
