//! What is old enough to go.

use super::StoreError;
use super::folders::Folders;
use super::pool::Pool;
use super::statement::{Builder, statement};
use crate::serve::history::Cursor;

/// Analyses looked for at once: a sweep goes on behind the last one until there are no more.
const AT_ONCE: u32 = 100;
/// Rows that one statement removes at most: nobody else who writes has to wait for more.
const REMOVED_AT_ONCE: u32 = 1000;

/// Finds and removes what is old. Clones belong together.
#[derive(Clone, Debug)]
pub struct Aged {
    pub(super) pool: Pool,
    pub(super) folders: Folders,
}

impl Aged {
    /// Some of the analyses that ended before a moment, RFC 3339 as stored, the oldest first; those behind a cursor.
    pub async fn analyses(
        &self,
        ended_before: &str,
        behind: Option<&Cursor<String>>,
    ) -> Result<Vec<Cursor<String>>, StoreError> {
        self.ended("", ended_before, behind).await
    }

    /// Those of them that have files.
    pub async fn with_files(
        &self,
        ended_before: &str,
        behind: Option<&Cursor<String>>,
    ) -> Result<Vec<Cursor<String>>, StoreError> {
        self.ended("has_files = 1 AND ", ended_before, behind).await
    }

    async fn ended(
        &self,
        which: &'static str,
        before: &str,
        behind: Option<&Cursor<String>>,
    ) -> Result<Vec<Cursor<String>>, StoreError> {
        let mut query = Builder::default();
        query
            .push("SELECT ended_at, id FROM analyses WHERE ")
            .push(which)
            .push("ended_at IS NOT NULL AND ended_at < ")
            .value(before);
        if let Some(Cursor { at, id }) = behind {
            query.push(" AND (ended_at, id) > (").value(at);
            query.push(", ").value(id).push(")");
        }
        query.push(" ORDER BY ended_at, id LIMIT ").value(AT_ONCE);
        let old: Vec<(String, String)> = self.pool.all(query.build()).await?;
        Ok(old.into_iter().map(|(at, id)| Cursor { at, id }).collect())
    }

    /// Removes the files of an analysis.
    pub async fn remove_files(&self, id: &str) -> Result<(), StoreError> {
        self.folders.remove(id).await?;
        let none = statement!("UPDATE analyses SET has_files = 0 WHERE id = $1", id);
        self.pool.execute(none).await.map(drop)
    }

    /// Removes deliveries that were first due before a moment, milliseconds since 1970; how many.
    pub async fn remove_deliveries(&self, before: i64) -> Result<u64, StoreError> {
        let some = "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE first_at < $1 ORDER BY first_at LIMIT $2)";
        self.remove(some, before).await
    }

    /// Removes from the audit log what happened before a moment; how much.
    pub async fn remove_audit(&self, before: i64) -> Result<u64, StoreError> {
        let some = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at LIMIT $2)";
        self.remove(some, before).await
    }

    /// Removes keys of orders that were sent before a moment; how many.
    pub async fn remove_idempotency(&self, before: i64) -> Result<u64, StoreError> {
        let some = "DELETE FROM idempotency WHERE (tenant, key) IN
                      (SELECT tenant, key FROM idempotency WHERE created_at < $1 ORDER BY created_at LIMIT $2)";
        self.remove(some, before).await
    }

    /// Removes what is older than a moment by a statement that removes some of it, until it finds less; how much. What is removed stays
    /// removed when the sweep is cut off.
    async fn remove(&self, some: &'static str, before: i64) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let now = self
                .pool
                .execute(statement!(some, before, REMOVED_AT_ONCE))
                .await?;
            removed += now;
            if now < u64::from(REMOVED_AT_ONCE) {
                return Ok(removed);
            }
        }
    }
}
