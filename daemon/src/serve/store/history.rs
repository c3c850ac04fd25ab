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
    /// The training session it belongs to.
    pub session_id: Option<String>,
    /// Movement.
    pub sport: Option<String>,
    /// Grade, A, B, C or F.
    pub grade: Option<String>,
    /// From this moment on, milliseconds since 1970.
    pub from: Option<i64>,
    /// Until before this moment.
    pub until: Option<i64>,
}

/// Which end of a list comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The lowest, or the oldest.
    Up,
    /// The highest, or the youngest.
    Down,
}

impl Direction {
    /// What compares a thing with the one it is behind.
    fn behind(self) -> &'static str {
        match self {
            Self::Up => ") > (",
            Self::Down => ") < (",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Up => " ASC",
            Self::Down => " DESC",
        }
    }
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
    /// The training session it belongs to.
    pub session_id: Option<String>,
    /// Movement.
    pub sport: String,
    /// When it was done, milliseconds since 1970.
    pub at: i64,
    /// A, B, C or F.
    pub grade: String,
    /// The event as one JSON object.
    pub line: String,
}

type Row = (
    String,
    String,
    i64,
    Option<String>,
    Option<String>,
    String,
    i64,
    String,
    String,
);

impl Repetition {
    fn of((id, analysis_id, sequence, athlete_id, session_id, sport, at, grade, line): Row) -> Self {
        Self {
            id,
            analysis_id,
            sequence,
            athlete_id,
            session_id,
            sport,
            at,
            grade,
            line,
        }
    }
}

/// Repetitions and their numbers. Clones belong together.
#[derive(Clone, Debug)]
pub struct History(pub(super) Pool);

impl History {
    /// At most `limit` repetitions behind a cursor, in the order of time.
    pub async fn repetitions(
        &self,
        wanted: &Wanted,
        direction: Direction,
        behind: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<Repetition>, StoreError> {
        let mut query = Builder::default();
        query.push(
            "SELECT r.id, r.analysis_id, r.sequence, r.athlete_id, r.session_id, r.sport, r.at, r.grade, e.line
             FROM repetitions r
             JOIN events e ON e.analysis_id = r.analysis_id AND e.sequence = r.sequence",
        );
        filter(&mut query, wanted);
        if let Some(Cursor { at, id }) = behind {
            // Both databases compare pairs by the index.
            query
                .push(" AND (r.at, r.id")
                .push(direction.behind())
                .value(*at)
                .push(", ")
                .value(id)
                .push(")");
        }
        query
            .push(" ORDER BY r.at")
            .push(direction.name())
            .push(", r.id")
            .push(direction.name());
        query.push(" LIMIT ").value(limit);
        let rows: Vec<Row> = self.0.all(query.build()).await?;
        Ok(rows.into_iter().map(Repetition::of).collect())
    }

    /// At most `limit` repetitions behind a cursor in the order of one of their numbers, each with it. Those that do not have it
    /// are not among them.
    pub async fn ranked(
        &self,
        wanted: &Wanted,
        metric: &str,
        direction: Direction,
        behind: Option<&Cursor<f64>>,
        limit: u32,
    ) -> Result<Vec<(f64, Repetition)>, StoreError> {
        let mut query = Builder::default();
        rank(&mut query, wanted, metric, direction, behind);
        query.push(" LIMIT ").value(limit);
        type Ranked = (
            String,
            String,
            i64,
            Option<String>,
            Option<String>,
            String,
            i64,
            String,
            String,
            f64,
        );
        let rows: Vec<Ranked> = self.0.all(query.build()).await?;
        let ranked =
            |(a, b, c, d, e, f, g, h, i, value): Ranked| (value, Repetition::of((a, b, c, d, e, f, g, h, i)));
        Ok(rows.into_iter().map(ranked).collect())
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

/// Asks for repetitions in the order of one of their numbers. The index of a tenant's numbers has that order, so that a page costs the same
/// however many there are, of whomever.
fn rank(
    query: &mut Builder,
    wanted: &Wanted,
    metric: &str,
    direction: Direction,
    behind: Option<&Cursor<f64>>,
) {
    query.push(
        "SELECT r.id, r.analysis_id, r.sequence, r.athlete_id, r.session_id, r.sport, r.at, r.grade, e.line, v.value
         FROM metric_values v
         JOIN repetitions r ON r.id = v.repetition_id
         JOIN events e ON e.analysis_id = r.analysis_id AND e.sequence = r.sequence",
    );
    // Whose they are is asked of the numbers, which have an index that is in their order.
    query
        .push(" WHERE v.tenant = ")
        .value(&wanted.tenant)
        .when(" AND v.athlete_id = ", wanted.athlete_id.as_ref())
        .push(" AND v.metric = ")
        .value(metric);
    which(query, wanted);
    if let Some(Cursor { at, id }) = behind {
        query
            .push(" AND (v.value, v.repetition_id")
            .push(direction.behind());
        query.value(*at).push(", ").value(id).push(")");
    }
    query.push(" ORDER BY v.value").push(direction.name());
    query.push(", v.repetition_id").push(direction.name());
}

fn filter(query: &mut Builder, wanted: &Wanted) {
    query
        .push(" WHERE r.tenant = ")
        .value(&wanted.tenant)
        .when(" AND r.athlete_id = ", wanted.athlete_id.as_ref());
    which(query, wanted);
}

/// Which are wanted of whoever they belong to.
fn which(query: &mut Builder, wanted: &Wanted) {
    query
        .when(" AND r.analysis_id = ", wanted.analysis_id.as_ref())
        .when(" AND r.session_id = ", wanted.session_id.as_ref())
        .when(" AND r.sport = ", wanted.sport.as_ref())
        .when(" AND r.grade = ", wanted.grade.as_ref())
        .when(" AND r.at >= ", wanted.from)
        .when(" AND r.at < ", wanted.until);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_list_in_the_order_of_a_number_is_read_from_the_index() {
        let folder = tempfile::tempdir().expect("a folder");
        let pool = Pool::open(folder.path(), None).await.expect("opens");
        let wanted = Wanted {
            tenant: "local".into(),
            ..Wanted::default()
        };
        let last = Cursor {
            at: 0.3,
            id: "r".into(),
        };
        for direction in [Direction::Up, Direction::Down] {
            let mut query = Builder::default();
            query.push("EXPLAIN QUERY PLAN ");
            rank(&mut query, &wanted, "jump_height_m", direction, Some(&last));
            let plan: Vec<(i64, i64, i64, String)> = pool.all(query.build()).await.expect("explains");
            let plan: Vec<String> = plan.into_iter().map(|(_, _, _, detail)| detail).collect();
            let plan = plan.join("; ");
            assert!(
                plan.contains("metric_values_in_order (tenant=? AND metric=?"),
                "{plan}"
            );
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
