//! What was measured, as it is looked for.

use super::StoreError;
use super::pool::Pool;
use super::statement::Builder;
use crate::serve::history::{Cursor, Observation};

/// Which repetitions are wanted; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Whose data.
    pub tenant: String,
    /// Who did it.
    pub athlete_id: Option<String>,
    /// Where it was measured.
    pub analysis_id: Option<String>,
    /// Movement.
    pub sport: Option<String>,
    /// Grade, A, B, C or F.
    pub grade: Option<String>,
    /// From this moment on, milliseconds since 1970.
    pub from: Option<i64>,
    /// Until before this moment.
    pub until: Option<i64>,
}

/// A repetition with its event.
#[derive(Clone, Debug, PartialEq)]
pub struct Repetition {
    /// Its name.
    pub id: String,
    /// Where it was measured.
    pub analysis_id: String,
    /// The number of its event.
    pub sequence: i64,
    /// Who did it.
    pub athlete_id: Option<String>,
    /// Movement.
    pub sport: String,
    /// When it was done, milliseconds since 1970.
    pub at: i64,
    /// A, B, C or F.
    pub grade: String,
    /// The event as one JSON object.
    pub line: String,
}

type Row = (String, String, i64, Option<String>, String, i64, String, String);

/// Repetitions and their numbers. Clones belong together.
#[derive(Clone, Debug)]
pub struct History(pub(super) Pool);

impl History {
    /// At most `limit` repetitions behind a cursor, the youngest first.
    pub async fn repetitions(
        &self,
        wanted: &Wanted,
        behind: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<Repetition>, StoreError> {
        let mut query = Builder::default();
        query.push(
            "SELECT r.id, r.analysis_id, r.sequence, r.athlete_id, r.sport, r.at, r.grade, e.line FROM repetitions r
             JOIN events e ON e.analysis_id = r.analysis_id AND e.sequence = r.sequence",
        );
        filter(&mut query, wanted);
        if let Some(Cursor { at, id }) = behind {
            // Both databases compare pairs by the index.
            query
                .push(" AND (r.at, r.id) < (")
                .value(*at)
                .push(", ")
                .value(id)
                .push(")");
        }
        query.push(" ORDER BY r.at DESC, r.id DESC LIMIT ").value(limit);
        let rows: Vec<Row> = self.0.all(query.build()).await?;
        let repetition = |(id, analysis_id, sequence, athlete_id, sport, at, grade, line)| Repetition {
            id,
            analysis_id,
            sequence,
            athlete_id,
            sport,
            at,
            grade,
            line,
        };
        Ok(rows.into_iter().map(repetition).collect())
    }

    /// One number of the youngest repetitions, at most `limit`, in the order of time.
    pub async fn series(
        &self,
        wanted: &Wanted,
        metric: &str,
        limit: u32,
    ) -> Result<Vec<Observation>, StoreError> {
        let mut query = Builder::default();
        query.push(
            "SELECT r.at, v.value, v.uncertainty FROM repetitions r
             JOIN metric_values v ON v.repetition_id = r.id AND v.metric = ",
        );
        query.value(metric);
        filter(&mut query, wanted);
        query.push(" ORDER BY r.at DESC, r.id DESC LIMIT ").value(limit);
        let rows: Vec<(i64, f64, Option<f64>)> = self.0.all(query.build()).await?;
        let observation = |(at, value, uncertainty)| Observation {
            at,
            value,
            uncertainty,
        };
        Ok(rows.into_iter().rev().map(observation).collect())
    }
}

fn filter(query: &mut Builder, wanted: &Wanted) {
    query
        .push(" WHERE r.tenant = ")
        .value(&wanted.tenant)
        .when(" AND r.athlete_id = ", wanted.athlete_id.as_ref())
        .when(" AND r.analysis_id = ", wanted.analysis_id.as_ref())
        .when(" AND r.sport = ", wanted.sport.as_ref())
        .when(" AND r.grade = ", wanted.grade.as_ref())
        .when(" AND r.at >= ", wanted.from)
        .when(" AND r.at < ", wanted.until);
}
