//! Tenants and keys for those who operate the daemon, also while it runs.

use super::pool::Pool;
use super::{Audit, Keys, StoreError, Tenants};
use std::path::Path;

/// What an operator administers.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// Tenants.
    pub tenants: Tenants,
    /// Their keys.
    pub keys: Keys,
    /// Who changed what.
    pub audit: Audit,
}

impl Accounts {
    /// Opens the database of a daemon that may run meanwhile; makes it if there is none.
    ///
    /// # Errors
    /// A folder that cannot be written to, a server that is not there, a database of a newer version.
    pub async fn open(folder: &Path, server: Option<&str>) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder).map_err(|source| StoreError::Folder {
            path: folder.into(),
            source,
        })?;
        Ok(Self::of(&Pool::open(folder, server).await?))
    }

    /// Those in a database.
    pub(super) fn of(pool: &Pool) -> Self {
        Self {
            tenants: Tenants(pool.clone()),
            keys: Keys(pool.clone()),
            audit: Audit(pool.clone()),
        }
    }
}
