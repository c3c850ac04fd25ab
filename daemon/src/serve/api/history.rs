//! Repetitions that were measured before, and what numbers do over time.

use super::athletes::find;
use super::moment;
use super::page::{self, hundred, split};
use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::extract::Query;
use crate::serve::history::{Cursor, Trend, trend};
use crate::serve::problem::Problem;
use crate::serve::store::{Direction, Repetition, Wanted};
use axum::extract::{Extension, Path, State};
use kinemotion_motion::{Grade, registry};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;
use utoipa::ToSchema;

/// Repetitions a trend is made of, at most; the youngest.
const MOST_OF_A_TREND: u32 = 10_000;

/// Which repetitions are wanted; what is absent does not matter.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// `athlete_id` or `external_id` of an athlete.
    pub(super) athlete: Option<String>,
    /// Only of this analysis.
    pub(super) analysis_id: Option<String>,
    /// Only of this training session.
    pub(super) training_session_id: Option<String>,
    /// Only of this movement.
    #[param(example = "cmj")]
    pub(super) sport_type: Option<String>,
    /// Only of this grade: `A`, `B`, `C` or `F`.
    #[param(example = "A")]
    pub(super) grade: Option<String>,
    /// Only from this moment on, RFC 3339.
    #[param(example = "2026-11-01T00:00:00Z")]
    pub(super) from: Option<String>,
    /// Only before this moment, RFC 3339.
    pub(super) until: Option<String>,
}

/// Which page of repetitions is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RepetitionQuery {
    #[serde(flatten)]
    #[param(ignore)]
    filter: Filter,
    /// `at` or the key of a metric; with a minus in front, the youngest or highest comes first. Repetitions without that number are
    /// left out.
    #[serde(default = "youngest_first")]
    #[param(default = "-at", example = "-jump_height_m")]
    sort: String,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// At most so many, 1 to 1000.
    #[serde(default = "hundred")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u32,
    /// What else is said means nothing here.
    #[serde(flatten)]
    #[param(ignore)]
    unknown: BTreeMap<String, IgnoredAny>,
}

fn youngest_first() -> String {
    "-at".into()
}

/// By what repetitions are sorted.
enum Sort {
    Moment,
    Metric(&'static str),
}

/// What `sort` says.
fn sort(text: &str) -> Result<(Sort, Direction), Problem> {
    let (name, direction) = match text.strip_prefix('-') {
        Some(name) => (name, Direction::Down),
        None => (text, Direction::Up),
    };
    if name == "at" {
        return Ok((Sort::Moment, direction));
    }
    let metric = registry::METRICS.iter().find(|metric| metric.key == name);
    let metric = metric.ok_or_else(|| {
        Problem::invalid(
            "give at or the key of a metric, such as jump_height_m, with or without a minus in front",
        )
        .field("sort")
    })?;
    Ok((Sort::Metric(metric.key), direction))
}

/// A repetition.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepetitionView {
    /// Its name.
    repetition_id: String,
    /// Where it was measured.
    analysis_id: String,
    /// The number of its event there.
    sequence: i64,
    /// Who did it.
    athlete_id: Option<String>,
    /// The training session it belongs to.
    training_session_id: Option<String>,
    /// Movement.
    #[schema(example = "cmj")]
    sport_type: String,
    /// When it was done, RFC 3339.
    at: String,
    /// `A`, `B`, `C` or `F`.
    grade: String,
    /// Everything that was measured: the `data` of its event.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
}

/// A page of repetitions.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepetitionList {
    /// The repetitions, sorted as was said.
    repetitions: Vec<RepetitionView>,
    /// `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// List repetitions
///
/// Of all analyses, the youngest first unless `sort` says something else.
#[utoipa::path(
    get, path = "/api/v1/repetitions", tag = "history", params(Filter, RepetitionQuery),
    responses((status = 200, description = "A page of repetitions", body = RepetitionList))
)]
pub async fn repetitions(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<RepetitionQuery>,
) -> Result<axum::Json<RepetitionList>, Problem> {
    principal.may(Scope::ReadHistory)?;
    if let Some(name) = query.unknown.keys().next() {
        return Err(Problem::invalid(format!("there is no `{name}` here")).field(name));
    }
    let (sort, direction) = sort(&query.sort)?;
    let wanted = wanted(&app, &principal, query.filter).await?;
    let (history, cursor) = (app.sessions.store().history(), query.cursor.as_deref());
    let (found, next_cursor) = match sort {
        Sort::Moment => {
            let (behind, limit) = page::read(cursor, query.limit)?;
            let found = history
                .repetitions(&wanted, direction, behind.as_ref(), limit + 1)
                .await;
            split(found?, limit, |last| Cursor {
                at: last.at,
                id: last.id.clone(),
            })
        }
        Sort::Metric(metric) => {
            let (behind, limit) = page::read(cursor, query.limit)?;
            let found = history
                .ranked(&wanted, metric, direction, behind.as_ref(), limit + 1)
                .await;
            let (found, next_cursor) = split(found?, limit, |last| Cursor {
                at: last.value,
                id: last.repetition.id.clone(),
            });
            (
                found.into_iter().map(|number| number.repetition).collect(),
                next_cursor,
            )
        }
    };
    let repetitions = found
        .into_iter()
        .map(RepetitionView::of)
        .collect::<Result<_, _>>()?;
    Ok(axum::Json(RepetitionList {
        repetitions,
        next_cursor,
    }))
}

/// What numbers of an athlete do over time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trends {
    /// Movement.
    #[schema(example = "cmj")]
    sport_type: String,
    /// One for each metric that was measured, in the order of the registry.
    trends: Vec<MetricTrend>,
}

/// What one number does over time.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetricTrend {
    /// Key of the metric, with its unit.
    #[schema(example = "jump_height_m")]
    metric: &'static str,
    #[serde(flatten)]
    trend: Trend,
    /// Every value, the oldest first.
    series: Vec<Point>,
}

/// A value.
#[derive(Debug, Serialize, ToSchema)]
pub struct Point {
    /// When, RFC 3339.
    at: String,
    /// The value.
    value: f64,
    /// Half the width of its 95 % interval.
    uncertainty: Option<f64>,
}

/// Which trend is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrendQuery {
    /// Movement.
    #[param(example = "cmj")]
    sport_type: String,
    /// Keys of metrics with commas between them; all when absent.
    #[param(example = "jump_height_m,flight_time_ms")]
    metrics: Option<String>,
    /// Only from this moment on, RFC 3339.
    from: Option<String>,
    /// Only before this moment, RFC 3339.
    until: Option<String>,
}

/// What an athlete's numbers do over time
///
/// Highest, lowest, mean and change of each, with their 95 % intervals.
#[utoipa::path(
    get, path = "/api/v1/athletes/{id}/trends", tag = "history",
    params(("id" = String, Path, description = "`athlete_id` or `external_id`"), TrendQuery),
    responses((status = 200, description = "The trends", body = Trends))
)]
pub async fn trends(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(query): Query<TrendQuery>,
) -> Result<axum::Json<Trends>, Problem> {
    principal.may(Scope::ReadHistory)?;
    let filter = Filter {
        athlete: Some(id),
        analysis_id: None,
        training_session_id: None,
        sport_type: Some(query.sport_type.clone()),
        grade: None,
        from: query.from,
        until: query.until,
    };
    let wanted = wanted(&app, &principal, filter).await?;
    let named: Option<Vec<&str>> = query
        .metrics
        .as_deref()
        .map(|names| names.split(',').map(str::trim).collect());
    if let Some(unknown) = named.iter().flatten().find(|name| registry::find(name).is_none()) {
        return Err(Problem::invalid(format!("there is no metric {unknown}")).field("metrics"));
    }
    let history = app.sessions.store().history();
    let mut trends = Vec::new();
    for metric in registry::METRICS.iter().map(|metric| metric.key) {
        if named.as_ref().is_some_and(|named| !named.contains(&metric)) {
            continue;
        }
        let series = history.series(&wanted, metric, MOST_OF_A_TREND).await?;
        let Some(trend) = trend(&series) else { continue };
        let point = |observation: &crate::serve::history::Observation| Point {
            at: moment(observation.at),
            value: observation.value,
            uncertainty: observation.uncertainty,
        };
        trends.push(MetricTrend {
            metric,
            trend,
            series: series.iter().map(point).collect(),
        });
    }
    Ok(axum::Json(Trends {
        sport_type: query.sport_type,
        trends,
    }))
}

/// What a filter means to the store.
pub async fn wanted(app: &App, principal: &Principal, filter: Filter) -> Result<Wanted, Problem> {
    if let Some(name) = &filter.sport_type {
        super::model::movement(name)?;
    }
    if let Some(grade) = &filter.grade
        && !Grade::ALL.iter().any(|known| known.name() == grade)
    {
        return Err(Problem::invalid("give A, B, C or F").field("grade"));
    }
    let athlete_id = match &filter.athlete {
        Some(name) => Some(
            find(app, principal, name)
                .await
                .map_err(|problem| problem.field("athlete"))?
                .id,
        ),
        None => None,
    };
    Ok(Wanted {
        tenant: principal.tenant.clone(),
        athlete_id,
        analysis_id: filter.analysis_id,
        session_id: filter.training_session_id,
        sport: filter.sport_type,
        grade: filter.grade,
        from: filter
            .from
            .as_deref()
            .map(|text| instant("from", text))
            .transpose()?,
        until: filter
            .until
            .as_deref()
            .map(|text| instant("until", text))
            .transpose()?,
    })
}

/// Milliseconds since 1970 of RFC 3339.
///
/// # Errors
/// It is no such text; names the field.
pub fn instant(field: &str, text: &str) -> Result<i64, Problem> {
    let wrong = || Problem::invalid("give a moment like 2026-11-25T18:00:00Z").field(field);
    let at = humantime::parse_rfc3339(text).map_err(|_| wrong())?;
    let since = at.duration_since(UNIX_EPOCH).map_err(|_| wrong())?;
    i64::try_from(since.as_millis()).map_err(|_| wrong())
}

impl RepetitionView {
    fn of(repetition: Repetition) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Envelope {
            data: Box<RawValue>,
        }
        let event: Envelope = serde_json::from_str(&repetition.line)
            .map_err(|error| Problem::internal(format!("a stored event cannot be read: {error}")))?;
        Ok(Self {
            repetition_id: repetition.id,
            analysis_id: repetition.analysis_id,
            sequence: repetition.sequence,
            athlete_id: repetition.athlete_id,
            training_session_id: repetition.session_id,
            sport_type: repetition.sport,
            at: moment(repetition.at),
            grade: repetition.grade,
            data: event.data,
        })
    }
}
