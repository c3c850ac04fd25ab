//! Files on their way here, piece by piece.

use super::StoreError;
use super::pool::Pool;
use super::statement::statement;

/// A file that is being uploaded, or waits to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its name here.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// What they call it.
    pub name: Option<String>,
    /// How long it is going to be.
    pub bytes: u64,
    /// How much of it is here.
    pub received: u64,
    /// Milliseconds since 1970, as all moments here.
    pub created_at: i64,
    /// When it is removed, complete or not.
    pub expires_at: i64,
}

impl Upload {
    /// Whether all of it is here.
    pub fn is_complete(&self) -> bool {
        self.received == self.bytes
    }
}

type Row = (String, String, Option<String>, i64, i64, i64, i64);

fn of(row: Row) -> Upload {
    let (id, tenant, name, bytes, received, created_at, expires_at) = row;
    Upload {
        id,
        tenant,
        name,
        bytes: bytes.cast_unsigned(),
        received: received.cast_unsigned(),
        created_at,
        expires_at,
    }
}

/// The table of uploads. Clones belong together.
#[derive(Clone, Debug)]
pub struct Uploads(pub(super) Pool);

impl Uploads {
    /// Adds one, unless the tenant has `most` already; whether it was added.
    pub async fn add(&self, upload: &Upload, most: u64) -> Result<bool, StoreError> {
        let mut transaction = self.0.begin().await?;
        let there = statement!("SELECT COUNT(*) FROM uploads WHERE tenant = $1", &upload.tenant);
        let (there,) = transaction.one::<(i64,)>(there).await?.unwrap_or_default();
        if there.cast_unsigned() >= most {
            return Ok(false);
        }
        let add = "INSERT INTO uploads (id, tenant, name, bytes, received, created_at, expires_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let add = statement!(
            add,
            &upload.id,
            &upload.tenant,
            upload.name.clone(),
            upload.bytes.cast_signed(),
            upload.received.cast_signed(),
            upload.created_at,
            upload.expires_at,
        );
        transaction.execute(add).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// One of a tenant that has not expired.
    pub async fn find(&self, tenant: &str, id: &str, now: i64) -> Result<Option<Upload>, StoreError> {
        let find = "SELECT id, tenant, name, bytes, received, created_at, expires_at FROM uploads
                    WHERE tenant = $1 AND id = $2 AND expires_at > $3";
        Ok(self.0.one(statement!(find, tenant, id, now)).await?.map(of))
    }

    /// Notes that more of it is here; whether nobody else has noted something since it was `received`.
    pub async fn note(&self, id: &str, received: u64, now: u64) -> Result<bool, StoreError> {
        let note = "UPDATE uploads SET received = $1 WHERE id = $2 AND received = $3";
        let note = statement!(note, now.cast_signed(), id, received.cast_signed());
        Ok(self.0.execute(note).await? > 0)
    }

    /// Removes one; whether there was one.
    pub async fn remove(&self, tenant: &str, id: &str) -> Result<bool, StoreError> {
        let remove = statement!("DELETE FROM uploads WHERE tenant = $1 AND id = $2", tenant, id);
        Ok(self.0.execute(remove).await? > 0)
    }

    /// Removes those that have expired; their names.
    pub async fn expire(&self, now: i64) -> Result<Vec<String>, StoreError> {
        let expire = statement!("DELETE FROM uploads WHERE expires_at <= $1 RETURNING id", now);
        let expired: Vec<(String,)> = self.0.all(expire).await?;
        Ok(expired.into_iter().map(|(id,)| id).collect())
    }

    /// Whether there is one of this name, whoever's it is.
    pub async fn is_there(&self, id: &str) -> Result<bool, StoreError> {
        let there = statement!("SELECT id FROM uploads WHERE id = $1", id);
        Ok(self.0.one::<(String,)>(there).await?.is_some())
    }
}
