//! Keys and whose they are.

use super::StoreError;
use super::pool::Pool;
use super::statement::statement;

/// A key without its secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its name.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// The tenant's tier.
    pub tier: String,
    /// What people call it.
    pub name: String,
    /// Its beginning.
    pub shown: String,
    /// Names of scopes with spaces between them.
    pub scopes: String,
    /// Milliseconds since 1970, as all moments here.
    pub created_at: i64,
    /// From when on it is not good any more.
    pub expires_at: Option<i64>,
    /// When it was last used, to within some minutes.
    pub last_used_at: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

impl Key {
    /// Whether it is good at this moment.
    pub fn is_good(&self, now: i64) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|moment| now < moment)
    }
}

type Row = (
    String,
    String,
    String,
    String,
    String,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

fn of(row: Row) -> Key {
    let (id, tenant, tier, name, shown, scopes, created_at, expires_at, last_used_at, revoked_at) = row;
    Key {
        id,
        tenant,
        tier,
        name,
        shown,
        scopes,
        created_at,
        expires_at,
        last_used_at,
        revoked_at,
    }
}

/// The columns of a [`Row`].
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT k.id, k.tenant, t.tier, k.name, k.prefix, k.scopes, k.created_at, k.expires_at, k.last_used_at, k.revoked_at
             FROM keys k JOIN tenants t ON t.id = k.tenant ",
            $rest
        )
    };
}

/// The table of keys. Clones belong together.
#[derive(Clone, Debug)]
pub struct Keys(pub(super) Pool);

impl Keys {
    /// Adds one.
    pub async fn add(&self, key: &Key, hash: [u8; 32]) -> Result<(), StoreError> {
        let add = "INSERT INTO keys (id, tenant, name, prefix, hash, scopes, created_at, expires_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let add = statement!(
            add,
            &key.id,
            &key.tenant,
            &key.name,
            &key.shown,
            hash,
            &key.scopes,
            key.created_at,
            key.expires_at,
        );
        self.0.execute(add).await.map(drop)
    }

    /// The one with this hash.
    pub async fn with_hash(&self, hash: [u8; 32]) -> Result<Option<Key>, StoreError> {
        let row = statement!(select!("WHERE k.hash = $1"), hash);
        Ok(self.0.one(row).await?.map(of))
    }

    /// Those of a tenant, the oldest first.
    pub async fn of(&self, tenant: &str) -> Result<Vec<Key>, StoreError> {
        let rows = statement!(select!("WHERE k.tenant = $1 ORDER BY k.created_at, k.id"), tenant);
        Ok(self.0.all(rows).await?.into_iter().map(of).collect())
    }

    /// One of a tenant.
    pub async fn find(&self, tenant: &str, id: &str) -> Result<Option<Key>, StoreError> {
        let row = statement!(select!("WHERE k.tenant = $1 AND k.id = $2"), tenant, id);
        Ok(self.0.one(row).await?.map(of))
    }

    /// Whether there is any, of whomever: then nobody is let in without.
    pub async fn any(&self) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = self
            .0
            .one(statement!("SELECT CAST(1 AS BIGINT) FROM keys LIMIT 1"))
            .await?;
        Ok(row.is_some())
    }

    /// Lets one be good until then and no longer; whether there was one.
    pub async fn end(&self, tenant: &str, id: &str, at: i64) -> Result<bool, StoreError> {
        let end = "UPDATE keys SET expires_at = $1 WHERE tenant = $2 AND id = $3
                   AND (expires_at IS NULL OR expires_at > $1)";
        Ok(self.0.execute(statement!(end, at, tenant, id)).await? > 0)
    }

    /// Revokes one; whether there was one.
    pub async fn revoke(&self, tenant: &str, id: &str, at: i64) -> Result<bool, StoreError> {
        let revoke = "UPDATE keys SET revoked_at = COALESCE(revoked_at, $1) WHERE tenant = $2 AND id = $3";
        Ok(self.0.execute(statement!(revoke, at, tenant, id)).await? > 0)
    }

    /// Notes that one was used.
    pub async fn used(&self, id: &str, at: i64) -> Result<(), StoreError> {
        let used = statement!("UPDATE keys SET last_used_at = $1 WHERE id = $2", at, id);
        self.0.execute(used).await.map(drop)
    }
}
