//! Metrics that only squats report.

use super::MetricDefinition;

const VELOCITY: &str = "González-Badillo & Sánchez-Medina 2010, doi:10.1055/s-0030-1248333";

/// In registry order.
#[rustfmt::skip] // one row a metric
pub(super) const METRICS: &[MetricDefinition] = &[
    MetricDefinition::new("pause_duration_ms", "Pause", "ms", "Time at rest at the lowest point; 0 when the body turns at once.", VELOCITY, 0, (-1.0, 20000.0)),
    MetricDefinition::new("mean_concentric_velocity_m_s", "Mean concentric velocity", "m/s", "Depth divided by the duration of the ascent.", VELOCITY, 2, (0.02, 3.0)),
];
