//! Movements and metrics, straight from the registry.

use gstkinemotion::{short_label, shown_rank};
use kinemotion_motion::movements::{self, Movement};
use kinemotion_motion::registry::{self, MetricDefinition};
use serde::Serialize;
use utoipa::ToSchema;

/// What can be measured.
#[derive(Serialize, ToSchema)]
pub struct Sports {
    sports: Vec<Sport>,
    metrics: Vec<MetricInfo>,
}

/// A movement.
#[derive(Serialize, ToSchema)]
pub struct Sport {
    /// `sport_type` in requests, `movement` in results.
    #[schema(example = "cmj")]
    name: &'static str,
    /// For people.
    #[schema(example = "Countermovement jump")]
    label: &'static str,
    /// Phases in their order.
    phases: &'static [&'static str],
    /// Events in their order.
    events: &'static [&'static str],
    /// Keys of its metrics, in the order of results.
    metrics: Vec<&'static str>,
    /// The same keys in the order in which they are shown to people.
    headline: Vec<&'static str>,
}

/// A metric.
#[derive(Serialize, ToSchema)]
pub struct MetricInfo {
    /// Key in results; ends in its unit.
    #[schema(example = "jump_height_m")]
    key: &'static str,
    /// For people.
    label: &'static str,
    /// For people with little room.
    short_label: &'static str,
    /// Unit, `1` for a pure number.
    unit: &'static str,
    /// Decimals worth showing.
    decimals: usize,
    /// What it is.
    definition: &'static str,
    /// Where definition or formula come from.
    source: &'static str,
    /// Values outside are implausible and withheld.
    bounds: [f64; 2],
}

/// What can be measured
///
/// Every movement and every metric, as the registry of the science defines them.
#[utoipa::path(
    get, path = "/api/v1/sports", tag = "sports",
    responses((status = 200, description = "Movements and metrics", body = Sports))
)]
pub async fn sports() -> axum::Json<Sports> {
    axum::Json(Sports {
        sports: movements::all().iter().map(Sport::of).collect(),
        metrics: registry::METRICS.iter().map(MetricInfo::of).collect(),
    })
}

impl Sport {
    fn of(movement: &Movement) -> Self {
        let keys = registry::METRICS.iter().map(|metric| metric.key);
        let metrics: Vec<&str> = keys.filter(|key| movement.metrics.contains(key)).collect();
        let mut headline = metrics.clone();
        headline.sort_by_key(|key| shown_rank(key));
        Self {
            name: movement.name,
            label: movement.label,
            phases: movement.phases,
            events: movement.events,
            metrics,
            headline,
        }
    }
}

impl MetricInfo {
    fn of(metric: &MetricDefinition) -> Self {
        Self {
            key: metric.key,
            label: metric.label,
            short_label: short_label(metric.key).unwrap_or(metric.label),
            unit: metric.unit,
            decimals: metric.decimals,
            definition: metric.definition,
            source: metric.source,
            bounds: [metric.bounds.0, metric.bounds.1],
        }
    }
}
