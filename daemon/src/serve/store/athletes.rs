//! Athletes.

use super::StoreError;
use super::pool::Pool;
use super::statement::{Builder, statement};
use crate::serve::history::Cursor;

/// An athlete of a tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct Athlete {
    /// Their name here.
    pub id: String,
    /// Whose athlete.
    pub tenant: String,
    /// Their name in the tenant's own books.
    pub external_id: Option<String>,
    /// For people.
    pub name: Option<String>,
    /// Stature, metres.
    pub height_m: Option<f64>,
    /// Body mass, kilograms.
    pub mass_kg: Option<f64>,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// What came of changing an athlete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// One is changed.
    One,
    /// There is none.
    None,
    /// Another one of the tenant has the external name.
    NameTaken,
}

/// Whether somebody else has what only one can have.
fn is_taken(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    error.is_some_and(|error| error.is_unique_violation())
}

type Row = (
    String,
    String,
    Option<String>,
    Option<String>,
    Option<f64>,
    Option<f64>,
    i64,
);

fn of((id, tenant, external_id, name, height_m, mass_kg, created_at): Row) -> Athlete {
    Athlete {
        id,
        tenant,
        external_id,
        name,
        height_m,
        mass_kg,
        created_at,
    }
}

/// The columns of a [`Row`].
const SELECT: &str = "SELECT id, tenant, external_id, name, height_m, mass_kg, created_at FROM athletes";

/// The table of athletes. Clones belong together.
#[derive(Clone, Debug)]
pub struct Athletes(pub(super) Pool);

impl Athletes {
    /// Adds one; `false` when the tenant has one of this external name already.
    pub async fn add(&self, athlete: &Athlete) -> Result<bool, StoreError> {
        let add = "INSERT INTO athletes (id, tenant, external_id, name, height_m, mass_kg, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, external_id) DO NOTHING";
        let add = statement!(
            add,
            &athlete.id,
            &athlete.tenant,
            athlete.external_id.clone(),
            athlete.name.clone(),
            athlete.height_m,
            athlete.mass_kg,
            athlete.created_at,
        );
        Ok(self.0.execute(add).await? > 0)
    }

    /// Changes what is given of one.
    pub async fn change(&self, athlete: &Athlete) -> Result<Changed, StoreError> {
        let change = "UPDATE athletes SET external_id = $1, name = $2, height_m = $3, mass_kg = $4
                      WHERE tenant = $5 AND id = $6";
        let change = statement!(
            change,
            athlete.external_id.clone(),
            athlete.name.clone(),
            athlete.height_m,
            athlete.mass_kg,
            &athlete.tenant,
            &athlete.id,
        );
        match self.0.execute(change).await {
            Ok(0) => Ok(Changed::None),
            Ok(_) => Ok(Changed::One),
            Err(StoreError::Database(error)) if is_taken(&error) => Ok(Changed::NameTaken),
            Err(error) => Err(error),
        }
    }

    /// One of a tenant, by name or by external name.
    pub async fn find(&self, tenant: &str, name: &str) -> Result<Option<Athlete>, StoreError> {
        let mut query = Builder::default();
        query
            .push(SELECT)
            .push(" WHERE tenant = ")
            .value(tenant)
            .push(" AND (id = ")
            .value(name)
            .push(" OR external_id = ")
            .value(name)
            .push(")");
        Ok(self.0.one(query.build()).await?.map(of))
    }

    /// At most `limit` of a tenant behind a cursor, the youngest first.
    pub async fn list(
        &self,
        tenant: &str,
        behind: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<Athlete>, StoreError> {
        let mut query = Builder::default();
        query.push(SELECT).push(" WHERE tenant = ").value(tenant);
        if let Some(Cursor { at, id }) = behind {
            query
                .push(" AND (created_at, id) < (")
                .value(*at)
                .push(", ")
                .value(id)
                .push(")");
        }
        query
            .push(" ORDER BY created_at DESC, id DESC LIMIT ")
            .value(limit);
        Ok(self.0.all(query.build()).await?.into_iter().map(of).collect())
    }

    /// Analyses of an athlete, all of which go with them.
    pub async fn analyses(&self, tenant: &str, id: &str) -> Result<Vec<String>, StoreError> {
        let names = statement!(
            "SELECT id FROM analyses WHERE tenant = $1 AND athlete_id = $2 ORDER BY id",
            tenant,
            id
        );
        let names: Vec<(String,)> = self.0.all(names).await?;
        Ok(names.into_iter().map(|(id,)| id).collect())
    }

    /// Removes one; whether there was one. Their analyses must be gone already.
    pub async fn remove(&self, tenant: &str, id: &str) -> Result<bool, StoreError> {
        let remove = statement!("DELETE FROM athletes WHERE tenant = $1 AND id = $2", tenant, id);
        Ok(self.0.execute(remove).await? > 0)
    }
}
