//! Analyses as they are listed: any number of them, without their events.

use super::StoreError;
use super::pool::Pool;
use super::statement::Builder;
use crate::serve::history::Cursor;

/// Which analyses are wanted; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WantedAnalyses {
    /// Whose they are.
    pub tenant: String,
    /// This one alone.
    pub id: Option<String>,
    /// Who was measured.
    pub athlete_id: Option<String>,
    /// The training session they belong to.
    pub session_id: Option<String>,
    /// Movement looked for.
    pub sport: Option<String>,
    /// Names of states, any of which will do; none stands for all.
    pub states: Vec<&'static str>,
    /// Made from this moment on, RFC 3339 with milliseconds, as stored.
    pub from: Option<String>,
    /// Made before this moment.
    pub until: Option<String>,
}

/// An analysis in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its name.
    pub id: String,
    /// `live` or `file`.
    pub kind: String,
    /// Name of its state.
    pub state: String,
    /// Why, where there is something to say.
    pub reason: Option<String>,
    /// Movement looked for at its beginning.
    pub sport: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// Repetitions so far.
    pub repetitions: i64,
}

type Row = (String, String, String, Option<String>, String, String, i64);

/// Lists analyses. Clones belong together.
#[derive(Clone, Debug)]
pub struct Listing(pub(super) Pool);

impl Listing {
    /// At most `limit` analyses behind a cursor, the youngest first.
    pub async fn page(
        &self,
        wanted: &WantedAnalyses,
        behind: Option<&Cursor<String>>,
        limit: u32,
    ) -> Result<Vec<Listed>, StoreError> {
        let mut query = Builder::default();
        query.push(
            "SELECT a.id, a.kind, a.state, a.reason, a.sport, a.created_at,
               (SELECT COUNT(*) FROM repetitions r WHERE r.analysis_id = a.id)
             FROM analyses a WHERE a.tenant = ",
        );
        query
            .value(&wanted.tenant)
            .when(" AND a.id = ", wanted.id.as_ref())
            .when(" AND a.athlete_id = ", wanted.athlete_id.as_ref())
            .when(" AND a.session_id = ", wanted.session_id.as_ref())
            .when(" AND a.sport = ", wanted.sport.as_ref())
            .when(" AND a.created_at >= ", wanted.from.as_ref())
            .when(" AND a.created_at < ", wanted.until.as_ref());
        for (n, state) in wanted.states.iter().enumerate() {
            query
                .push(if n == 0 { " AND a.state IN (" } else { ", " })
                .value(*state);
        }
        if !wanted.states.is_empty() {
            query.push(")");
        }
        if let Some(Cursor { at, id }) = behind {
            query
                .push(" AND (a.created_at, a.id) < (")
                .value(at)
                .push(", ")
                .value(id)
                .push(")");
        }
        query
            .push(" ORDER BY a.created_at DESC, a.id DESC LIMIT ")
            .value(limit);
        let rows: Vec<Row> = self.0.all(query.build()).await?;
        let listed = |(id, kind, state, reason, sport, created_at, repetitions)| Listed {
            id,
            kind,
            state,
            reason,
            sport,
            created_at,
            repetitions,
        };
        Ok(rows.into_iter().map(listed).collect())
    }
}
