//! Metrics of short contacts: drop jumps and repeated jumps.

use super::MetricDefinition;

const RSI: &str = "Young 1995; Flanagan & Comyns 2008; Healy et al. 2018, doi:10.1123/ijspp.2017-0511";
const DALLEAU: &str = "Dalleau et al. 2004, doi:10.1055/s-2003-45252";
const DROP: &str = "the fall itself, not the box, decides: Biomechanics 2021 1(2):15";
const TEN_FIVE: &str =
    "Harper et al. 2011; Comyns et al. 2017; Stratford et al. 2020, doi:10.3390/biomechanics1010001";
const BOSCO: &str = "Bosco et al. 1983, doi:10.1007/BF00422166";

/// In registry order.
#[rustfmt::skip] // one row a metric
pub(super) const METRICS: &[MetricDefinition] = &[
    MetricDefinition::new("ground_contact_time_ms", "Ground contact time", "ms", "Time from first contact to take-off; in running and walking from the contact of a foot to its toe-off, mean of left and right.", RSI, 0, (60.0, 1600.0)),
    MetricDefinition::new("reactive_strength_index", "RSI", "1", "Flight time divided by contact time.", RSI, 2, (0.2, 6.0)),
    MetricDefinition::new("rsi_height_m_s", "RSI (height)", "m/s", "Jump height divided by contact time; not interchangeable with the ratio of times.", RSI, 2, (0.05, 6.0)),
    MetricDefinition::new("contact_sink_m", "Sink in contact", "m", "How far the centre of mass sinks from touch-down to its lowest point.", DALLEAU, 3, (0.0, 0.6)),
    MetricDefinition::new("heel_contact_ms", "Heels down", "ms", "How long the heels are on the ground during the contact; 0 when it stays on the forefoot.", RSI, 0, (-1.0, 1000.0)),
    MetricDefinition::new("contact_stiffness_kn_m", "Contact stiffness", "kN/m", "m·π·(T + t)/(t²·((T + t)/π − t/4)) with body mass m, flight time T and contact time t; of a drop jump only apparent, because it lands faster than it takes off.", DALLEAU, 1, (1.0, 200.0)),
    MetricDefinition::new("box_height_m", "Box height", "m", "Level of the feet before the drop less their level on the floor.", DROP, 2, (0.05, 1.5)),
    MetricDefinition::new("drop_height_m", "Drop height", "m", "Fall of the centre of mass from standing on the box to touch-down.", DROP, 2, (0.03, 1.5)),
    MetricDefinition::new("touchdown_velocity_m_s", "Touch-down velocity", "m/s", "Downward speed of the centre of mass at touch-down, from its free fall.", DROP, 2, (0.5, 6.0)),
    MetricDefinition::new("series_jumps", "Jumps in series", "1", "Rebounds of the series so far.", TEN_FIVE, 0, (1.0, 10000.0)),
    MetricDefinition::new("series_fast_contacts", "Fast contacts", "1", "Rebounds of the last ten whose contact is shorter than 250 ms.", TEN_FIVE, 0, (0.0, 10.0)),
    MetricDefinition::new("best_five_rsi", "RSI, best five", "1", "Mean of the five best reactive strength indices (flight time by contact time) of the last ten rebounds: the 10/5 test once there are ten.", TEN_FIVE, 2, (0.2, 6.0)),
    MetricDefinition::new("best_five_rsi_sd", "RSI, best five, SD", "1", "Standard deviation of those five.", TEN_FIVE, 2, (0.0, 3.0)),
    MetricDefinition::new("rsi_drift_percent", "RSI drift", "%", "Slope of the reactive strength index over the rebounds of the series by linear regression, per rebound, in per cent of their mean; negative when it fades.", TEN_FIVE, 1, (-50.0, 50.0)),
    MetricDefinition::new("series_power_w_kg", "Mean power of series", "W/kg", "g²·ΣT·(ΣT + Σt)/(4·n·Σt) over the rebounds of the series so far.", BOSCO, 1, (1.0, 120.0)),
];
