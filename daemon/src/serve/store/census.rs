//! How much there is of everything, and in which version of the tables. Nothing is changed or made.

use super::pool::options;
use super::{DATABASE, StoreError};
use serde::Serialize;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::collections::BTreeMap;
use std::path::Path;

/// What a database holds, without what is in it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Census {
    /// `sqlite` or `postgres`.
    pub kind: &'static str,
    /// Version of the tables: the last migration.
    pub version: Option<i64>,
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
}

/// Counts over a connection of either kind.
macro_rules! census {
    ($kind:literal, $options:expr, $tables:literal) => {{
        let mut connection = $options.connect().await?;
        let tables: Vec<(String,)> = sqlx::query_as($tables).fetch_all(&mut connection).await?;
        let mut rows = BTreeMap::new();
        for (table,) in tables {
            // It is a name the database itself says.
            let count = AssertSqlSafe(format!("SELECT COUNT(*) FROM \"{}\"", table.replace('"', "\"\"")));
            let (count,): (i64,) = sqlx::query_as(count).fetch_one(&mut connection).await?;
            rows.insert(table, count);
        }
        let version = if rows.contains_key(MIGRATIONS) {
            let (version,): (Option<i64>,) = sqlx::query_as("SELECT MAX(version) FROM _sqlx_migrations")
                .fetch_one(&mut connection)
                .await?;
            version
        } else {
            None
        };
        connection.close().await?;
        Ok(Census {
            kind: $kind,
            version,
            rows,
        })
    }};
}

/// Where it is noted which migrations were made.
const MIGRATIONS: &str = "_sqlx_migrations";

/// Counts what is stored in a folder, or with `server` what is stored there. A daemon may store meanwhile.
///
/// # Errors
/// There is no database, or it does not answer.
pub async fn take(folder: &Path, server: Option<&str>) -> Result<Census, StoreError> {
    match server {
        Some(address) => census!(
            "postgres",
            options(address)?,
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()"
        ),
        None => census!(
            "sqlite",
            SqliteConnectOptions::new()
                .filename(folder.join(DATABASE))
                .read_only(true)
                .disable_statement_logging(),
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::*;

    #[tokio::test]
    async fn rows_are_counted_while_a_daemon_has_the_database() {
        let folder = tempfile::tempdir().expect("a folder");
        let nothing = take(folder.path(), None).await;
        nothing.expect_err("nothing is made");
        let _store = Store::open(folder.path(), None).await.expect("opens");
        let census = take(folder.path(), None).await.expect("counts");
        assert_eq!((census.kind, census.rows["analyses"]), ("sqlite", 0));
        assert!(census.version.is_some_and(|version| version > 0), "{census:?}");
    }
}
