//! Metrics of push-off and landing, some of which need body mass.

use super::MetricDefinition;

const SAMOZINO: &str = "Samozino et al. 2008, doi:10.1016/j.jbiomech.2008.07.028";
const SAYERS: &str = "Sayers et al. 1999, doi:10.1097/00005768-199904000-00013";
const HARMAN: &str = "Harman et al. 1991, J Appl Sport Sci Res 5(3):116-120";
const IMPULSE: &str = "Linthorne 2001, doi:10.1119/1.1397460";
const LANDING: &str = "balance of energy of a body stopped by a linear spring";
const BILATERAL: &str = "Bishop et al. 2018, doi:10.1519/SSC.0000000000000371";

/// In registry order.
#[rustfmt::skip] // one row a metric
pub(super) const METRICS: &[MetricDefinition] = &[
    MetricDefinition::new("push_off_distance_m", "Push-off distance", "m", "Rise of the centre of mass from its lowest point to take-off.", SAMOZINO, 2, (0.05, 1.2)),
    MetricDefinition::new("triple_extension_deg", "Triple extension", "deg", "Extension of hip and knee and plantar flexion of the ankle from the lowest point (or the first upward motion of a squat jump) to take-off, added up.", "OpenSim sign convention, in the picture plane; Sports2D, angle conventions", 0, (-90.0, 400.0)),
    MetricDefinition::new("net_impulse_n_s", "Net impulse", "N·s", "Body mass times take-off velocity; with body mass.", IMPULSE, 0, (10.0, 1000.0)),
    MetricDefinition::new("peak_power_w", "Peak power (Sayers)", "W", "60.7·height in cm + 45.3·mass in kg − 2055; a regression, with body mass.", SAYERS, 0, (200.0, 15000.0)),
    MetricDefinition::new("peak_power_harman_w", "Peak power (Harman)", "W", "61.9·height in cm + 36.0·mass in kg − 1822; a regression, with body mass.", HARMAN, 0, (100.0, 15000.0)),
    MetricDefinition::new("mean_power_harman_w", "Mean power (Harman)", "W", "21.2·height in cm + 23.0·mass in kg − 1393; a regression, with body mass.", HARMAN, 0, (50.0, 10000.0)),
    MetricDefinition::new("mean_force_samozino_n", "Mean force (Samozino)", "N", "Body mass times g times (jump height / push-off distance + 1); with body mass.", SAMOZINO, 0, (300.0, 10000.0)),
    MetricDefinition::new("mean_velocity_samozino_m_s", "Mean velocity (Samozino)", "m/s", "√(g·jump height / 2) over the push-off; with body mass.", SAMOZINO, 2, (0.2, 4.0)),
    MetricDefinition::new("mean_power_samozino_w", "Mean power (Samozino)", "W", "Mean force times mean velocity of the push-off; with body mass.", SAMOZINO, 0, (100.0, 15000.0)),
    MetricDefinition::new("landing_depth_m", "Landing depth", "m", "How far the centre of mass sinks from the landing to its lowest point.", LANDING, 2, (0.0, 1.0)),
    MetricDefinition::new("landing_stiffness_kn_m", "Landing stiffness", "kN/m", "m·(v² + 2·g·d)/d² with body mass m, landing speed v and landing depth d.", LANDING, 1, (0.5, 200.0)),
    MetricDefinition::new("takeoff_lag_ms", "Lag of feet at take-off", "ms", "Take-off of the left foot less that of the right; positive when the left leaves later.", BILATERAL, 0, (-200.0, 200.0)),
    MetricDefinition::new("landing_lag_ms", "Lag of feet at landing", "ms", "Landing of the left foot less that of the right; positive when the left arrives later.", BILATERAL, 0, (-200.0, 200.0)),
];
