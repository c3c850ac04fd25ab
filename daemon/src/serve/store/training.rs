//! Training sessions: visits to the gym whose repetitions belong together.

use super::StoreError;
use super::pool::Pool;
use super::statement::{Builder, statement};
use crate::serve::history::Cursor;

/// A training session of a tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingSession {
    /// Its name here.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// The one athlete who trains; a team's session has none.
    pub athlete_id: Option<String>,
    /// For people.
    pub name: String,
    /// When it is, milliseconds since 1970.
    pub at: i64,
}

type Row = (String, String, Option<String>, String, i64);

fn of((id, tenant, athlete_id, name, at): Row) -> TrainingSession {
    TrainingSession {
        id,
        tenant,
        athlete_id,
        name,
        at,
    }
}

/// The columns of a [`Row`].
const SELECT: &str = "SELECT id, tenant, athlete_id, name, at FROM training_sessions";

/// The table of training sessions. Clones belong together.
#[derive(Clone, Debug)]
pub struct TrainingSessions(pub(super) Pool);

impl TrainingSessions {
    /// Adds one.
    pub async fn add(&self, session: &TrainingSession) -> Result<(), StoreError> {
        let add =
            "INSERT INTO training_sessions (id, tenant, athlete_id, name, at) VALUES ($1, $2, $3, $4, $5)";
        let add = statement!(
            add,
            &session.id,
            &session.tenant,
            session.athlete_id.clone(),
            &session.name,
            session.at,
        );
        self.0.execute(add).await.map(drop)
    }

    /// Changes one; whether there is one. What was measured in it stays whose it is.
    pub async fn change(&self, session: &TrainingSession) -> Result<bool, StoreError> {
        let change =
            "UPDATE training_sessions SET athlete_id = $1, name = $2, at = $3 WHERE tenant = $4 AND id = $5";
        let change = statement!(
            change,
            session.athlete_id.clone(),
            &session.name,
            session.at,
            &session.tenant,
            &session.id,
        );
        Ok(self.0.execute(change).await? > 0)
    }

    /// One of a tenant.
    pub async fn find(&self, tenant: &str, id: &str) -> Result<Option<TrainingSession>, StoreError> {
        let mut query = Builder::default();
        query
            .push(SELECT)
            .push(" WHERE tenant = ")
            .value(tenant)
            .push(" AND id = ")
            .value(id);
        Ok(self.0.one(query.build()).await?.map(of))
    }

    /// At most `limit` of a tenant behind a cursor, the youngest first; of one athlete, or all.
    pub async fn list(
        &self,
        tenant: &str,
        athlete_id: Option<&str>,
        behind: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<TrainingSession>, StoreError> {
        let mut query = Builder::default();
        query
            .push(SELECT)
            .push(" WHERE tenant = ")
            .value(tenant)
            .when(" AND athlete_id = ", athlete_id);
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

    /// Removes one; whether there was one. What was measured in it stays, and belongs to none.
    pub async fn remove(&self, tenant: &str, id: &str) -> Result<bool, StoreError> {
        let remove = statement!(
            "DELETE FROM training_sessions WHERE tenant = $1 AND id = $2",
            tenant,
            id
        );
        Ok(self.0.execute(remove).await? > 0)
    }

    /// Removes those of one athlete.
    pub async fn remove_of(&self, tenant: &str, athlete_id: &str) -> Result<(), StoreError> {
        let remove = "DELETE FROM training_sessions WHERE tenant = $1 AND athlete_id = $2";
        self.0
            .execute(statement!(remove, tenant, athlete_id))
            .await
            .map(drop)
    }
}
