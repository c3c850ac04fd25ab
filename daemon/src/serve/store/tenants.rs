//! Tenants: whose data there is.

use super::StoreError;
use super::pool::Pool;
use super::statement::statement;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its name in keys and tokens.
    pub id: String,
    /// For people.
    pub name: String,
    /// A section `[tiers.NAME]` of the configuration.
    pub tier: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

type Row = (String, String, String, i64);

fn of((id, name, tier, created_at): Row) -> Tenant {
    Tenant {
        id,
        name,
        tier,
        created_at,
    }
}

/// The table of tenants. Clones belong together.
#[derive(Clone, Debug)]
pub struct Tenants(pub(super) Pool);

impl Tenants {
    /// Adds one; `false` when there is one of this name already.
    pub async fn add(&self, tenant: &Tenant) -> Result<bool, StoreError> {
        let add = "INSERT INTO tenants (id, name, tier, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
        let add = statement!(add, &tenant.id, &tenant.name, &tenant.tier, tenant.created_at);
        Ok(self.0.execute(add).await? > 0)
    }

    /// The one of this name.
    pub async fn find(&self, id: &str) -> Result<Option<Tenant>, StoreError> {
        let row = statement!("SELECT id, name, tier, created_at FROM tenants WHERE id = $1", id);
        Ok(self.0.one(row).await?.map(of))
    }

    /// All of them by name.
    pub async fn all(&self) -> Result<Vec<Tenant>, StoreError> {
        let rows = statement!("SELECT id, name, tier, created_at FROM tenants ORDER BY id");
        Ok(self.0.all(rows).await?.into_iter().map(of).collect())
    }

    /// Moves one to another tier; whether there was one.
    pub async fn set_tier(&self, id: &str, tier: &str) -> Result<bool, StoreError> {
        let set = statement!("UPDATE tenants SET tier = $1 WHERE id = $2", tier, id);
        Ok(self.0.execute(set).await? > 0)
    }
}
