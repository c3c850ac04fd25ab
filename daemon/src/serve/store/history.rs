//! What was measured, as it is looked for. `numbers` has the numbers.

use super::StoreError;
use super::pool::Pool;
use super::statement::Builder;
use crate::serve::history::Cursor;

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
    pub(super) fn behind(self) -> &'static str {
        match self {
            Self::Up => ") > (",
            Self::Down => ") < (",
        }
    }

    pub(super) fn name(self) -> &'static str {
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

pub(super) type Row = (
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
    pub(super) fn of(
        (id, analysis_id, sequence, athlete_id, session_id, sport, at, grade, line): Row,
    ) -> Self {
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
        query.push(SELECT).push(" FROM repetitions r").push(WITH_EVENTS);
        filter(&mut query, wanted);
        by_time(&mut query, direction, behind);
        query.push(" LIMIT ").value(limit);
        let rows: Vec<Row> = self.0.all(query.build()).await?;
        Ok(rows.into_iter().map(Repetition::of).collect())
    }
}

/// What is read of a repetition, in the order of [`Row`].
pub(super) const SELECT: &str =
    "SELECT r.id, r.analysis_id, r.sequence, r.athlete_id, r.session_id, r.sport, r.at, r.grade, e.line";
/// Where their events are.
pub(super) const WITH_EVENTS: &str =
    " JOIN events e ON e.analysis_id = r.analysis_id AND e.sequence = r.sequence";

/// Behind a cursor in the order of time. Both databases compare pairs by the index.
pub(super) fn by_time(query: &mut Builder, direction: Direction, behind: Option<&Cursor>) {
    if let Some(Cursor { at, id }) = behind {
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
}

pub(super) fn filter(query: &mut Builder, wanted: &Wanted) {
    query
        .push(" WHERE r.tenant = ")
        .value(&wanted.tenant)
        .when(" AND r.athlete_id = ", wanted.athlete_id.as_ref());
    which(query, wanted);
}

/// Which are wanted of whoever they belong to.
pub(super) fn which(query: &mut Builder, wanted: &Wanted) {
    query
        .when(" AND r.analysis_id = ", wanted.analysis_id.as_ref())
        .when(" AND r.session_id = ", wanted.session_id.as_ref())
        .when(" AND r.sport = ", wanted.sport.as_ref())
        .when(" AND r.grade = ", wanted.grade.as_ref())
        .when(" AND r.at >= ", wanted.from)
        .when(" AND r.at < ", wanted.until);
}
