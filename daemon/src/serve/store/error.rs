//! Why something cannot be stored or read, and whether that passes.

use super::Exhausted;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why something cannot be stored or read.
#[derive(Debug, Error)]
#[allow(missing_docs)] // the messages say it
pub enum StoreError {
    #[error("the folder {path}: {source}", path = path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("another daemon stores in {path}", path = path.display())]
    InUse { path: PathBuf },
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the tables of the database: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("a stored analysis: {0}")]
    Broken(String),
    #[error("the database is out of reach: {0}")]
    OutOfReach(String),
    #[error("the bucket: {0}")]
    Bucket(#[from] object_store::Error),
    #[error("writing files panicked")]
    Panicked,
    #[error("another worker has this analysis now")]
    LeaseLost,
    #[error("somebody else has ended this analysis, or removed it")]
    Ended,
    #[error("{0}")]
    Exhausted(Exhausted),
    #[error("what was removed is still in the log of the database, which is in use")]
    NotWiped,
}

impl StoreError {
    /// Whether it is the database that does not answer, so that another try may help.
    pub fn may_pass(&self) -> bool {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, WorkerCrashed};
        matches!(
            self,
            Self::Database(Io(_) | PoolClosed | PoolTimedOut | WorkerCrashed)
        )
    }

    /// Whether a text that was given is none for the database: Postgres stores no U+0000 and answers with SQLSTATE 22021.
    pub fn is_about_text(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().as_deref() == Some("22021"),
            _ => false,
        }
    }

    /// Whether the database is out of reach, which passes: the same may work a moment later. SQLSTATE 08 is a connection that is
    /// gone, 57P a server that ends or begins, 53 one that lacks connections, memory or room, 25006 one that another has taken the place
    /// of, 25P03 a transaction in which nothing happened, 40001 and 40P01 one that stood in another's way; 5 is a file of SQLite in which
    /// somebody writes.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
                ["08", "57P", "53"].iter().any(|class| code.starts_with(class))
                    || ["25006", "25P03", "40001", "40P01", "5"].contains(&code.as_ref())
            }),
            Self::Database(error) => matches!(
                error,
                sqlx::Error::Io(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::Protocol(_)
                    | sqlx::Error::Tls(_)
            ),
            _ => false,
        }
    }
}

/// What is stored is not what this version stores.
pub(super) fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError::Broken(error.to_string())
}
