//! The one table of metrics: key, unit, label, definition, formula, source and plausibility bounds.

mod gait;

/// Definition of a metric. Docs, CSV headers, overlay labels and API descriptions are made from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricDefinition {
    /// Key in JSON, CSV and API; ends in its unit.
    pub key: &'static str,
    /// Short English label for people.
    pub label: &'static str,
    /// SI or display unit, `1` for a pure number.
    pub unit: &'static str,
    /// What it is, in one sentence.
    pub definition: &'static str,
    /// Where the definition or formula comes from.
    pub source: &'static str,
    /// Decimals worth printing.
    pub decimals: usize,
    /// Values outside are physically implausible and withheld.
    pub bounds: (f64, f64),
}

/// The definition of a key.
pub fn find(key: &str) -> Option<&'static MetricDefinition> {
    METRICS.iter().find(|m| m.key == key)
}

const FLIGHT_TIME: &str = "Asmussen & Bonde-Petersen 1974; Linthorne 2001, doi:10.1119/1.1397460";
const PHASES: &str = "McMahon et al. 2018, doi:10.1519/SSC.0000000000000375";
const MOIR: &str = "Moir 2008, doi:10.1080/10913670802349766";
const ANGLES: &str = "OpenSim sign convention, in the picture plane; Sports2D, angle conventions";

/// A row of angles at one event.
macro_rules! angles_at {
    ($event:literal, $when:literal) => {
        [
            MetricDefinition {
                key: concat!("hip_angle_at_", $event, "_deg"),
                label: concat!("Hip flexion at ", $when),
                unit: "deg",
                definition: concat!(
                    "Hip flexion at ",
                    $when,
                    "; 0 when trunk and thigh align, positive in flexion."
                ),
                source: ANGLES,
                decimals: 0,
                bounds: (-60.0, 160.0),
            },
            MetricDefinition {
                key: concat!("knee_angle_at_", $event, "_deg"),
                label: concat!("Knee flexion at ", $when),
                unit: "deg",
                definition: concat!(
                    "Knee flexion at ",
                    $when,
                    "; 0 when straight, positive in flexion."
                ),
                source: ANGLES,
                decimals: 0,
                bounds: (-30.0, 170.0),
            },
            MetricDefinition {
                key: concat!("ankle_angle_at_", $event, "_deg"),
                label: concat!("Ankle dorsiflexion at ", $when),
                unit: "deg",
                definition: concat!(
                    "Ankle dorsiflexion at ",
                    $when,
                    "; 0 at a right angle of shank and foot, negative in plantar flexion."
                ),
                source: ANGLES,
                decimals: 0,
                bounds: (-90.0, 70.0),
            },
            MetricDefinition {
                key: concat!("trunk_angle_at_", $event, "_deg"),
                label: concat!("Trunk lean at ", $when),
                unit: "deg",
                definition: concat!(
                    "Lean of the trunk from vertical at ",
                    $when,
                    "; positive forwards."
                ),
                source: ANGLES,
                decimals: 0,
                bounds: (-60.0, 120.0),
            },
        ]
    };
}

const TAKEOFF_ANGLES: [MetricDefinition; 4] = angles_at!("takeoff", "take-off");
const LOWEST_ANGLES: [MetricDefinition; 4] = angles_at!("lowest", "the lowest point");
const LANDING_ANGLES: [MetricDefinition; 4] = angles_at!("landing", "landing");

/// Every metric, in the order in which results list them.
pub static METRICS: &[MetricDefinition] = &ALL;

/// The families one after the other.
static ALL: [MetricDefinition; JUMPS.len() + gait::METRICS.len()] = {
    let mut all = [JUMPS[0]; JUMPS.len() + gait::METRICS.len()];
    let mut i = 0;
    while i < all.len() {
        all[i] = if i < JUMPS.len() {
            JUMPS[i]
        } else {
            gait::METRICS[i - JUMPS.len()]
        };
        i += 1;
    }
    all
};

/// Metrics of jumps, and live angles.
const JUMPS: &[MetricDefinition] = &[
    MetricDefinition {
        key: "jump_height_m",
        label: "Jump height",
        unit: "m",
        definition: "Rise of the centre of mass from take-off to apex, from the flight time: g·T²/8 with g = 9.80665 m/s². \
                     Assumes the same posture at take-off and landing.",
        source: FLIGHT_TIME,
        decimals: 3,
        bounds: (0.02, 1.30),
    },
    MetricDefinition {
        key: "flight_time_ms",
        label: "Flight time",
        unit: "ms",
        definition: "Time from the last contact of the feet to the first contact after it.",
        source: FLIGHT_TIME,
        decimals: 0,
        bounds: (5.0, 1300.0),
    },
    MetricDefinition {
        key: "takeoff_velocity_m_s",
        label: "Take-off velocity",
        unit: "m/s",
        definition: "Vertical velocity of the centre of mass at take-off, from the flight time: g·T/2.",
        source: FLIGHT_TIME,
        decimals: 2,
        bounds: (0.4, 6.4),
    },
    MetricDefinition {
        key: "jump_height_ascent_m",
        label: "Jump height, ascent time",
        unit: "m",
        definition: "Rise of the centre of mass from take-off to apex, from the time between them: ½·g·t². Does not depend \
                     on the landing posture, but on the timing of the apex.",
        source: MOIR,
        decimals: 3,
        bounds: (0.02, 1.30),
    },
    MetricDefinition {
        key: "jump_height_com_rise_m",
        label: "Jump height, centre-of-mass rise",
        unit: "m",
        definition: "Height of the centre of mass at the apex minus its height at take-off, on the parabola fitted to it, in \
                     metres of the scale.",
        source: MOIR,
        decimals: 3,
        bounds: (0.02, 1.30),
    },
    MetricDefinition {
        key: "jump_height_above_standing_m",
        label: "Jump height above standing",
        unit: "m",
        definition: "Height of the centre of mass at the apex minus its height in standing; includes the heel raise.",
        source: MOIR,
        decimals: 3,
        bounds: (0.02, 1.50),
    },
    MetricDefinition {
        key: "countermovement_depth_m",
        label: "Countermovement depth",
        unit: "m",
        definition: "Height of the centre of mass in standing minus its height at the lowest point.",
        source: PHASES,
        decimals: 3,
        bounds: (0.05, 1.10),
    },
    MetricDefinition {
        key: "eccentric_duration_ms",
        label: "Eccentric duration",
        unit: "ms",
        definition: "Time from the onset of the movement to the lowest point: unweighting and braking.",
        source: PHASES,
        decimals: 0,
        bounds: (100.0, 2000.0),
    },
    MetricDefinition {
        key: "unweighting_duration_ms",
        label: "Unweighting duration",
        unit: "ms",
        definition: "Time from the onset to the peak downward velocity of the centre of mass.",
        source: PHASES,
        decimals: 0,
        bounds: (40.0, 1500.0),
    },
    MetricDefinition {
        key: "braking_duration_ms",
        label: "Braking duration",
        unit: "ms",
        definition: "Time from the peak downward velocity of the centre of mass to the lowest point.",
        source: PHASES,
        decimals: 0,
        bounds: (40.0, 1300.0),
    },
    MetricDefinition {
        key: "concentric_duration_ms",
        label: "Concentric duration",
        unit: "ms",
        definition: "Time from the lowest point to take-off.",
        source: PHASES,
        decimals: 0,
        bounds: (80.0, 1800.0),
    },
    MetricDefinition {
        key: "total_movement_time_ms",
        label: "Time to take-off",
        unit: "ms",
        definition: "Time from the onset of the movement to take-off.",
        source: PHASES,
        decimals: 0,
        bounds: (250.0, 3000.0),
    },
    MetricDefinition {
        key: "transition_time_ms",
        label: "Transition time",
        unit: "ms",
        definition: "Time around the lowest point during which the centre of mass moves slower than 0.1 m/s vertically.",
        source: "own definition",
        decimals: 0,
        bounds: (0.0, 400.0),
    },
    MetricDefinition {
        key: "peak_eccentric_velocity_m_s",
        label: "Peak eccentric velocity",
        unit: "m/s",
        definition: "Greatest downward velocity of the centre of mass before the lowest point, as a positive number.",
        source: PHASES,
        decimals: 2,
        bounds: (0.10, 4.50),
    },
    MetricDefinition {
        key: "peak_concentric_velocity_m_s",
        label: "Peak concentric velocity",
        unit: "m/s",
        definition: "Greatest upward velocity of the centre of mass between the lowest point and take-off.",
        source: PHASES,
        decimals: 2,
        bounds: (0.30, 5.00),
    },
    MetricDefinition {
        key: "rsi_modified",
        label: "Modified reactive strength index",
        unit: "m/s",
        definition: "Jump height by flight time in metres over time to take-off in seconds.",
        source: "Ebben & Petushek 2010, doi:10.1519/JSC.0b013e3181e72466",
        decimals: 2,
        bounds: (0.02, 1.50),
    },
    TAKEOFF_ANGLES[0],
    TAKEOFF_ANGLES[1],
    TAKEOFF_ANGLES[2],
    TAKEOFF_ANGLES[3],
    LOWEST_ANGLES[0],
    LOWEST_ANGLES[1],
    LOWEST_ANGLES[2],
    LOWEST_ANGLES[3],
    LANDING_ANGLES[0],
    LANDING_ANGLES[1],
    LANDING_ANGLES[2],
    LANDING_ANGLES[3],
    live_angle(
        "hip_angle_deg",
        "Hip flexion",
        "Hip flexion now; 0 when trunk and thigh align.",
    ),
    live_angle(
        "knee_angle_deg",
        "Knee flexion",
        "Knee flexion now; 0 when straight.",
    ),
    live_angle(
        "ankle_angle_deg",
        "Ankle dorsiflexion",
        "Ankle dorsiflexion now; 0 at a right angle.",
    ),
    live_angle(
        "trunk_angle_deg",
        "Trunk lean",
        "Lean of the trunk from vertical now; positive forwards.",
    ),
];

const fn live_angle(key: &'static str, label: &'static str, definition: &'static str) -> MetricDefinition {
    MetricDefinition {
        key,
        label,
        unit: "deg",
        definition,
        source: ANGLES,
        decimals: 0,
        bounds: (-180.0, 180.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_every_definition_is_complete() {
        for (i, metric) in METRICS.iter().enumerate() {
            assert!(
                METRICS[..i].iter().all(|m| m.key != metric.key),
                "{} is defined twice",
                metric.key
            );
            assert!(metric.bounds.0 < metric.bounds.1, "{}", metric.key);
            for text in [metric.label, metric.unit, metric.definition, metric.source] {
                assert!(!text.is_empty(), "{}", metric.key);
            }
            assert_eq!(find(metric.key), Some(metric));
        }
    }

    #[test]
    fn keys_end_in_their_unit() {
        for metric in METRICS {
            let suffix = match metric.unit {
                "m/s" if metric.key == "rsi_modified" => "",
                "m/s" => "_m_s",
                "ms" => "_ms",
                "m" => "_m",
                "deg" => "_deg",
                "spm" => "_spm",
                "%" => "_percent",
                "kN/m" => "_kn_m",
                "1" => "",
                other => panic!("{}: unit {other} has no suffix", metric.key),
            };
            assert!(metric.key.ends_with(suffix), "{}", metric.key);
        }
    }
}
