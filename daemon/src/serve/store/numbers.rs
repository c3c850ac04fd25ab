//! The numbers of repetitions: of one metric, in the order of time or in their own.

use super::StoreError;
use super::history::{Direction, History, Repetition, SELECT, WITH_EVENTS, Wanted, by_time, filter, which};
use super::statement::Builder;
use crate::serve::history::{Cursor, Observation};

/// A number of a repetition.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// The number.
    pub value: f64,
    /// Half the width of its 95 % interval.
    pub uncertainty: Option<f64>,
    /// Whose it is.
    pub repetition: Repetition,
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
    f64,
    Option<f64>,
);

impl Number {
    fn of((a, b, c, d, e, f, g, h, i, value, uncertainty): Row) -> Self {
        Self {
            value,
            uncertainty,
            repetition: Repetition::of((a, b, c, d, e, f, g, h, i)),
        }
    }
}

impl History {
    /// At most `limit` repetitions behind a cursor in the order of one of their numbers, each with it. Those that do not have it
    /// are not among them.
    pub async fn ranked(
        &self,
        wanted: &Wanted,
        metric: &str,
        direction: Direction,
        behind: Option<&Cursor<f64>>,
        limit: u32,
    ) -> Result<Vec<Number>, StoreError> {
        let mut query = Builder::default();
        rank(&mut query, wanted, metric, direction, behind);
        self.numbers(query, limit).await
    }

    /// The same in the order of time.
    pub async fn timed(
        &self,
        wanted: &Wanted,
        metric: &str,
        direction: Direction,
        behind: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<Number>, StoreError> {
        let mut query = Builder::default();
        time(&mut query, wanted, metric, direction, behind);
        self.numbers(query, limit).await
    }

    async fn numbers(&self, mut query: Builder, limit: u32) -> Result<Vec<Number>, StoreError> {
        query.push(" LIMIT ").value(limit);
        let rows: Vec<Row> = self.0.all(query.build()).await?;
        Ok(rows.into_iter().map(Number::of).collect())
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

/// What is read beside the repetition.
const NUMBER: &str = ", v.value, v.uncertainty";

/// Asks for repetitions with one of their numbers in the order of time, which is that of the indices of an athlete's and of a tenant's
/// repetitions.
fn time(query: &mut Builder, wanted: &Wanted, metric: &str, direction: Direction, behind: Option<&Cursor>) {
    query
        .push(SELECT)
        .push(NUMBER)
        .push(" FROM repetitions r JOIN metric_values v ON v.repetition_id = r.id AND v.metric = ")
        .value(metric)
        .push(WITH_EVENTS);
    filter(query, wanted);
    by_time(query, direction, behind);
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
    query
        .push(SELECT)
        .push(NUMBER)
        .push(" FROM metric_values v JOIN repetitions r ON r.id = v.repetition_id")
        .push(WITH_EVENTS);
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

#[cfg(test)]
mod tests {
    use super::super::pool::Pool;
    use super::*;

    async fn plan(pool: &Pool, asks: impl FnOnce(&mut Builder)) -> String {
        let mut query = Builder::default();
        query.push("EXPLAIN QUERY PLAN ");
        asks(&mut query);
        let plan: Vec<(i64, i64, i64, String)> = pool.all(query.build()).await.expect("explains");
        let plan: Vec<String> = plan.into_iter().map(|(_, _, _, detail)| detail).collect();
        plan.join("; ")
    }

    #[tokio::test]
    async fn the_numbers_of_an_athlete_are_read_from_an_index_in_either_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let pool = Pool::open(folder.path(), None).await.expect("opens");
        let any = Wanted {
            tenant: "local".into(),
            athlete_id: Some("a".into()),
            ..Wanted::default()
        };
        let of_movement = Wanted {
            sport: Some("cmj".into()),
            ..any.clone()
        };
        for (wanted, index) in [
            (&any, "repetitions_of_athlete_by_time (tenant=? AND athlete_id=?"),
            (
                &of_movement,
                "repetitions_of_athlete (tenant=? AND athlete_id=? AND sport=?",
            ),
        ] {
            let last = Cursor {
                at: 1000,
                id: "r".into(),
            };
            let ask =
                |query: &mut Builder| time(query, wanted, "jump_height_m", Direction::Down, Some(&last));
            let plan = plan(&pool, ask).await;
            assert!(plan.contains(index), "{plan}");
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
        let ask = |query: &mut Builder| rank(query, &any, "jump_height_m", Direction::Up, None);
        let plan = plan(&pool, ask).await;
        assert!(
            plan.contains("metric_values_of_athlete (tenant=? AND athlete_id=? AND metric=?"),
            "{plan}"
        );
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
    }

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
            let ask = |query: &mut Builder| rank(query, &wanted, "jump_height_m", direction, Some(&last));
            let plan = plan(&pool, ask).await;
            assert!(
                plan.contains("metric_values_in_order (tenant=? AND metric=?"),
                "{plan}"
            );
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
