//! Joint angles at the events of a repetition, and at the present moment.

use super::MetricDefinition;

pub(super) const ANGLES: &str = "OpenSim sign convention, in the picture plane; Sports2D, angle conventions";

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

const TOUCHDOWN_ANGLES: [MetricDefinition; 4] = angles_at!("touchdown", "touch-down");
const TAKEOFF_ANGLES: [MetricDefinition; 4] = angles_at!("takeoff", "take-off");
const LOWEST_ANGLES: [MetricDefinition; 4] = angles_at!("lowest", "the lowest point");
const ONSET_ANGLES: [MetricDefinition; 4] = angles_at!("onset", "the first upward motion");
const LANDING_ANGLES: [MetricDefinition; 4] = angles_at!("landing", "landing");

/// Angles at events, then live ones.
pub(super) const METRICS: &[MetricDefinition] = &[
    TOUCHDOWN_ANGLES[0],
    TOUCHDOWN_ANGLES[1],
    TOUCHDOWN_ANGLES[2],
    TOUCHDOWN_ANGLES[3],
    TAKEOFF_ANGLES[0],
    TAKEOFF_ANGLES[1],
    TAKEOFF_ANGLES[2],
    TAKEOFF_ANGLES[3],
    LOWEST_ANGLES[0],
    LOWEST_ANGLES[1],
    LOWEST_ANGLES[2],
    LOWEST_ANGLES[3],
    ONSET_ANGLES[0],
    ONSET_ANGLES[1],
    ONSET_ANGLES[2],
    ONSET_ANGLES[3],
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
