//! One number of an athlete over time, a row for each repetition that has it.

use super::history::{Filter, wanted};
use super::moment;
use super::page::{self, hundred, split};
use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::extract::Query;
use crate::serve::history::Cursor;
use crate::serve::problem::Problem;
use crate::serve::store::{Direction, Number};
use axum::extract::{Extension, Path, State};
use kinemotion_motion::registry::{self, MetricDefinition};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Which values are wanted; what is absent does not matter.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MetricQuery {
    /// Only of this movement.
    #[param(example = "cmj")]
    sport_type: Option<String>,
    /// Only of repetitions of this grade: `A`, `B`, `C` or `F`.
    #[param(example = "A")]
    grade: Option<String>,
    /// Only from this moment on, RFC 3339.
    #[param(example = "2026-11-01T00:00:00Z")]
    from: Option<String>,
    /// Only before this moment, RFC 3339.
    until: Option<String>,
    /// `at` or `value`; with a minus in front, the youngest or highest comes first.
    #[serde(default = "youngest_first")]
    #[param(default = "-at", example = "-value", pattern = "^-?(at|value)$")]
    sort: String,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// At most so many, 1 to 1000.
    #[serde(default = "hundred")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u32,
}

fn youngest_first() -> String {
    "-at".into()
}

/// By what values are sorted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sort {
    Moment,
    Value,
}

/// What `sort` says.
fn sort(text: &str) -> Result<(Sort, Direction), Problem> {
    match text {
        "at" => Ok((Sort::Moment, Direction::Up)),
        "-at" => Ok((Sort::Moment, Direction::Down)),
        "value" => Ok((Sort::Value, Direction::Up)),
        "-value" => Ok((Sort::Value, Direction::Down)),
        _ => {
            let problem = Problem::invalid("give at or value, with or without a minus in front");
            Err(problem.field("sort"))
        }
    }
}

/// A value of a metric.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct MetricValue {
    /// When it was done, RFC 3339.
    at: String,
    /// The value.
    #[schema(example = 0.31)]
    value: f64,
    /// Half the width of its 95 % interval.
    #[schema(example = 0.01)]
    uncertainty: Option<f64>,
    /// Unit, `1` for a pure number.
    #[schema(example = "m")]
    unit: &'static str,
    /// How it was measured.
    #[schema(example = "flight_time")]
    method: Option<String>,
    /// Grade of the repetition: `A`, `B`, `C` or `F`.
    grade: String,
    /// Movement.
    #[schema(example = "cmj")]
    sport_type: String,
    /// Where it was measured.
    analysis_id: String,
    /// The repetition it belongs to.
    repetition_id: String,
}

/// A page of values.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetricSeries {
    /// Key of the metric, with its unit.
    #[schema(example = "jump_height_m")]
    metric: &'static str,
    /// The values, sorted as was said.
    values: Vec<MetricValue>,
    /// `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// One metric of an athlete
///
/// Every value with its 95 % interval and where it comes from, the youngest first unless `sort` says something else. Repetitions that
/// do not have this number are left out.
#[utoipa::path(
    get, path = "/api/v1/athletes/{id}/metrics/{metric}", tag = "history", operation_id = "metric_series",
    params(
        ("id" = String, Path, description = "`athlete_id` or `external_id`"),
        ("metric" = String, Path, description = "Key of a metric; `/api/v1/sports` lists them"),
        MetricQuery,
    ),
    responses((status = 200, description = "A page of values", body = MetricSeries))
)]
pub async fn series(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path((id, metric)): Path<(String, String)>,
    Query(query): Query<MetricQuery>,
) -> Result<axum::Json<MetricSeries>, Problem> {
    principal.may(Scope::ReadHistory)?;
    let (sort, direction) = sort(&query.sort)?;
    let filter = Filter {
        athlete: Some(id),
        analysis_id: None,
        training_session_id: None,
        sport_type: query.sport_type,
        grade: query.grade,
        from: query.from,
        until: query.until,
    };
    let wanted = wanted(&app, &principal, filter).await?;
    let metric = registry::find(&metric)
        .ok_or_else(|| Problem::not_found("there is no such metric; /api/v1/sports lists them"))?;
    let (history, cursor) = (app.sessions.store().history(), query.cursor.as_deref());
    let (found, next_cursor) = match sort {
        Sort::Moment => {
            let (behind, limit) = page::read(cursor, query.limit)?;
            let found = history
                .timed(&wanted, metric.key, direction, behind.as_ref(), limit + 1)
                .await;
            split(found?, limit, |last: &Number| Cursor {
                at: last.repetition.at,
                id: last.repetition.id.clone(),
            })
        }
        Sort::Value => {
            let (behind, limit) = page::read(cursor, query.limit)?;
            let found = history
                .ranked(&wanted, metric.key, direction, behind.as_ref(), limit + 1)
                .await;
            split(found?, limit, |last: &Number| Cursor {
                at: last.value,
                id: last.repetition.id.clone(),
            })
        }
    };
    let values = found
        .into_iter()
        .map(|number| MetricValue::of(number, metric))
        .collect::<Result<_, _>>()?;
    Ok(axum::Json(MetricSeries {
        metric: metric.key,
        values,
        next_cursor,
    }))
}

impl MetricValue {
    fn of(number: Number, metric: &MetricDefinition) -> Result<Self, Problem> {
        let repetition = number.repetition;
        Ok(Self {
            at: moment(repetition.at),
            value: number.value,
            uncertainty: number.uncertainty,
            unit: metric.unit,
            method: method(&repetition.line, metric.key)
                .map_err(|error| Problem::internal(format!("a stored event cannot be read: {error}")))?,
            grade: repetition.grade,
            sport_type: repetition.sport,
            analysis_id: repetition.analysis_id,
            repetition_id: repetition.id,
        })
    }
}

/// How a number of a repetition was measured, as its event says.
fn method(line: &str, metric: &str) -> serde_json::Result<Option<String>> {
    #[derive(Deserialize)]
    struct Envelope {
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        #[serde(default)]
        methods: BTreeMap<String, Option<String>>,
    }
    let mut event: Envelope = serde_json::from_str(line)?;
    Ok(event.data.methods.remove(metric).flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::extract::from_query;
    use crate::serve::store::Repetition;

    fn number(line: &str) -> Number {
        Number {
            value: 0.31,
            uncertainty: Some(0.01),
            repetition: Repetition {
                id: "r".into(),
                analysis_id: "a".into(),
                sequence: 7,
                athlete_id: Some("b".into()),
                session_id: None,
                sport: "cmj".into(),
                at: 1_000,
                grade: "A".into(),
                line: line.into(),
            },
        }
    }

    #[test]
    fn a_value_says_its_unit_and_how_it_was_measured() {
        let metric = registry::find("jump_height_m").expect("a metric");
        let line = r#"{"data":{"methods":{"jump_height_m":"flight_time","peak_power_w":null}}}"#;
        let value = MetricValue::of(number(line), metric).expect("an event");
        assert_eq!((value.unit, value.method.as_deref()), ("m", Some("flight_time")));
        assert_eq!(value.at, "1970-01-01T00:00:01.000Z");
        for nothing in [r#"{"data":{}}"#, r#"{"data":{"methods":{"jump_height_m":null}}}"#] {
            let value = MetricValue::of(number(nothing), metric).expect("an event");
            assert_eq!(value.method, None, "{nothing}");
        }
        assert!(MetricValue::of(number("{}"), metric).is_err());
    }

    #[test]
    fn the_youngest_come_first_unless_something_else_is_said() {
        let sort = |query: &str| from_query::<MetricQuery>(query).and_then(|query| sort(&query.sort));
        assert_eq!(sort(""), Ok((Sort::Moment, Direction::Down)));
        assert_eq!(sort("sort=value"), Ok((Sort::Value, Direction::Up)));
        let other = sort("sort=jump_height_m").expect_err("the metric is in the path");
        assert_eq!((other.status, other.field.as_deref()), (422, Some("sort")));
    }
}
