//! Copies of a database that is in use.

use super::{StoreError, broken};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// How long a copy may wait for one who writes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Copies a database to a new file, as it is at one moment. A daemon may use it meanwhile.
pub async fn take(database: &Path, target: &Path) -> Result<(), StoreError> {
    let target = target
        .to_str()
        .ok_or_else(|| broken(format!("{} is no text that SQLite takes", target.display())))?;
    let mut connection = open(database).await?;
    sqlx::query("VACUUM INTO ?1")
        .bind(target)
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

/// Names of the analyses in a copy.
pub async fn analyses(copy: &Path) -> Result<BTreeSet<String>, StoreError> {
    let mut connection = open(copy).await?;
    let names: Vec<(String,)> = sqlx::query_as("SELECT id FROM analyses")
        .fetch_all(&mut connection)
        .await?;
    connection.close().await?;
    Ok(names.into_iter().map(|(id,)| id).collect())
}

/// Looks whether a copy is whole.
pub async fn check(copy: &Path) -> Result<(), StoreError> {
    let mut connection = open(copy).await?;
    let (said,): (String,) = sqlx::query_as("PRAGMA integrity_check")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    if said == "ok" { Ok(()) } else { Err(broken(said)) }
}

async fn open(database: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .busy_timeout(PATIENCE)
        .disable_statement_logging();
    Ok(options.connect().await?)
}
