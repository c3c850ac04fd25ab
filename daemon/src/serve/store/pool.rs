//! A database of one of two kinds. A statement is written once: `$1` stands for the first value in both.

use super::StoreError;
use super::statement::{Record, Statement};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Postgres, SqlSafeStr, Sqlite};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::fs::File;

/// The steps to the tables of this version; one that was released is never changed. Both kinds have the same ones.
macro_rules! migrations {
    ($($name:literal,)*) => {
        [$((
            $name,
            include_str!(concat!("migrations/sqlite/", $name, ".sql")),
            include_str!(concat!("migrations/postgres/", $name, ".sql")),
        ),)*]
    };
}

const MIGRATIONS: [(&str, &str, &str); 3] =
    migrations!["0001_analyses", "0002_diagnostics", "0003_platform",];

/// SQLite: one connection writes at a time; the others read meanwhile.
const SQLITE_CONNECTIONS: u32 = 4;
/// SQLite: how much of the file each of them keeps, in KiB as a negative number (`PRAGMA cache_size`). A page of a list in the order of a metric
/// comes from all over the file; of a million repetitions it takes 2 MB, which is all that SQLite keeps by itself, and four times as long.
const SQLITE_CACHE: &str = "-16384";
/// Postgres: as many as requests usually wait for it at once.
const POSTGRES_CONNECTIONS: u32 = 16;
/// How long one who writes may wait for another, and for a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// Postgres: a transaction in which nothing happens is rolled back after so long.
const ABANDONED: &str = "10s";

/// Connections to a database. Clones belong together.
#[derive(Clone, Debug)]
pub enum Pool {
    /// A file of this daemon alone.
    Sqlite(SqlitePool),
    /// A server that several daemons share.
    Postgres(PgPool),
}

impl Pool {
    /// Opens the database of a folder: the one on a server where there is an address, else the file in it.
    pub async fn open(folder: &Path, server: Option<&str>) -> Result<Self, StoreError> {
        match server {
            Some(address) => Self::postgres(address).await,
            None => Self::sqlite(&folder.join("kinemotion.sqlite3")).await,
        }
    }

    /// Opens a file, makes it if there is none, and brings it up to date.
    async fn sqlite(path: &Path) -> Result<Self, StoreError> {
        // With a write-ahead log, NORMAL hands every transaction to the operating system, which survives the process;
        // forcing it onto the disk would hold up the poses behind it. The end of an analysis does that.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .pragma("cache_size", SQLITE_CACHE)
            // What is erased is overwritten.
            .pragma("secure_delete", "ON")
            .busy_timeout(PATIENCE)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(SQLITE_CONNECTIONS)
            .connect_with(options)
            .await?;
        migrator(|(_, sqlite, _)| sqlite, MIGRATIONS.len())
            .run(&pool)
            .await?;
        Ok(Self::Sqlite(pool))
    }

    /// Connects to a server, `postgres://user:password@host/database`, and brings its tables up to date.
    async fn postgres(address: &str) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_with(options(address)?)
            .await?;
        migrator(|(_, _, postgres)| postgres, MIGRATIONS.len())
            .run(&pool)
            .await?;
        Ok(Self::Postgres(pool))
    }
}

/// How a server is connected to.
pub fn options(address: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(address)?.disable_statement_logging();
    // A client whose connection was cut in a transaction must not keep its rows from those who go on.
    Ok(options.options([("idle_in_transaction_session_timeout", ABANDONED)]))
}

impl Pool {
    /// Executes a statement; how many rows it changed.
    pub async fn execute(&self, statement: Statement) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => statement.sqlite().execute(pool).await?.rows_affected(),
            Self::Postgres(pool) => statement.postgres().execute(pool).await?.rows_affected(),
        })
    }

    /// Every row a statement gives.
    pub async fn all<R: Record>(&self, statement: Statement) -> Result<Vec<R>, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => statement.sqlite_as().fetch_all(pool).await?,
            Self::Postgres(pool) => statement.postgres_as().fetch_all(pool).await?,
        })
    }

    /// The row a statement gives, if there is one.
    pub async fn one<R: Record>(&self, statement: Statement) -> Result<Option<R>, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => statement.sqlite_as().fetch_optional(pool).await?,
            Self::Postgres(pool) => statement.postgres_as().fetch_optional(pool).await?,
        })
    }

    /// Begins a transaction that writes.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(match self {
            // Whoever begins by reading could not go on to write when another has written meanwhile.
            Self::Sqlite(pool) => Transaction::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Transaction::Postgres(pool.begin().await?),
        })
    }

    /// Of two texts that say the same, the one for this kind.
    pub fn either(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    /// Has everything that was written so far on the disk itself, so that it outlives the machine.
    pub async fn force(&self) -> Result<(), StoreError> {
        match self {
            // The log is one file: forcing its end forces all of it. A checkpoint would leave that undone where somebody reads or
            // is at one already. What is in the log no more was forced on its way into the database, and on a file system
            // that cannot have a log every transaction was.
            Self::Sqlite(pool) => {
                let mut log = pool.connect_options().get_filename().as_os_str().to_owned();
                log.push("-wal");
                let path = PathBuf::from(log);
                match sync(&path).await {
                    Err(source) if source.kind() != io::ErrorKind::NotFound => {
                        return Err(StoreError::Folder { path, source });
                    }
                    _ => {}
                }
            }
            // Every transaction is when it is over.
            Self::Postgres(_) => {}
        }
        Ok(())
    }
}

impl Pool {
    /// Has what was removed gone from the disk. SQLite overwrites what it removes where it is; this ends the log that still has it.
    /// Copies from when rows were moved between pages may stay until those pages are used again. On a server, what is removed stays
    /// until it is vacuumed.
    pub async fn wipe(&self) -> Result<(), StoreError> {
        if let Self::Sqlite(pool) = self {
            let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
                .fetch_one(pool)
                .await?;
            if busy != 0 {
                return Err(StoreError::NotWiped);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
impl Pool {
    /// A file as a version has left it that knew so many steps.
    pub async fn of_an_older_version(path: &Path, steps: usize) -> Result<SqlitePool, StoreError> {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let pool = SqlitePoolOptions::new().connect_with(options).await?;
        migrator(|(_, sqlite, _)| sqlite, steps).run(&pool).await?;
        Ok(pool)
    }
}

/// A transaction that writes. Dropped, it has never been.
#[derive(Debug)]
pub enum Transaction {
    /// In a file.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// On a server.
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Transaction {
    /// Executes a statement; how many rows it changed.
    pub async fn execute(&mut self, statement: Statement) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(open) => statement.sqlite().execute(&mut **open).await?.rows_affected(),
            Self::Postgres(open) => statement.postgres().execute(&mut **open).await?.rows_affected(),
        })
    }

    /// Every row a statement gives.
    pub async fn all<R: Record>(&mut self, statement: Statement) -> Result<Vec<R>, StoreError> {
        Ok(match self {
            Self::Sqlite(open) => statement.sqlite_as().fetch_all(&mut **open).await?,
            Self::Postgres(open) => statement.postgres_as().fetch_all(&mut **open).await?,
        })
    }

    /// The row a statement gives, if there is one.
    pub async fn one<R: Record>(&mut self, statement: Statement) -> Result<Option<R>, StoreError> {
        Ok(match self {
            Self::Sqlite(open) => statement.sqlite_as().fetch_optional(&mut **open).await?,
            Self::Postgres(open) => statement.postgres_as().fetch_optional(&mut **open).await?,
        })
    }

    /// Everything done in it is done.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(open) => open.commit().await?,
            Self::Postgres(open) => open.commit().await?,
        }
        Ok(())
    }
}

/// Has what was written to a file, by whomever, on the disk itself.
async fn sync(path: &Path) -> io::Result<()> {
    File::open(path).await?.sync_data().await
}

/// The first so many steps.
fn migrator(text: fn((&'static str, &'static str, &'static str)) -> &'static str, steps: usize) -> Migrator {
    let migrations = (1..).zip(MIGRATIONS).take(steps).map(|(version, migration)| {
        // What SQLite files of older versions have noted is the name behind the number.
        let name = migration.0.split_once('_').map_or(migration.0, |(_, name)| name);
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            text(migration).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
}

/// This moment, milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
