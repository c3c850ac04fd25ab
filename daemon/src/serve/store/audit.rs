//! Who changed what.

use super::StoreError;
use super::pool::Pool;
use super::statement::{Builder, statement};
use crate::serve::history::Cursor;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub id: String,
    /// In whose data.
    pub tenant: String,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Who made it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// From where.
    pub address: Option<String>,
}

type Row = (String, String, i64, String, String, String, Option<String>);

fn of((id, tenant, at, actor, action, subject, address): Row) -> Change {
    Change {
        id,
        tenant,
        at,
        actor,
        action,
        subject,
        address,
    }
}

/// The table of changes. Clones belong together.
#[derive(Clone, Debug)]
pub struct Audit(pub(super) Pool);

impl Audit {
    /// Adds one.
    pub async fn add(&self, change: &Change) -> Result<(), StoreError> {
        let add = "INSERT INTO audit (id, tenant, at, actor, action, subject, address)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let add = statement!(
            add,
            &change.id,
            &change.tenant,
            change.at,
            &change.actor,
            &change.action,
            &change.subject,
            change.address.clone(),
        );
        self.0.execute(add).await.map(drop)
    }

    /// Those of a tenant, the youngest first, behind one that was seen.
    pub async fn of(
        &self,
        tenant: &str,
        behind: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        let mut query = Builder::default();
        query
            .push("SELECT id, tenant, at, actor, action, subject, address FROM audit WHERE tenant = ")
            .value(tenant);
        if let Some(Cursor { at, id }) = behind {
            query
                .push(" AND (at, id) < (")
                .value(*at)
                .push(", ")
                .value(id)
                .push(")");
        }
        query.push(" ORDER BY at DESC, id DESC LIMIT ").value(limit);
        Ok(self.0.all(query.build()).await?.into_iter().map(of).collect())
    }
}
