//! Words and numbers as they stand on screen.

use kinemotion_motion::{Grade, Metric, Repetition, registry};

/// One line of a panel.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub label: String,
    pub value: String,
    pub unit: &'static str,
    /// With its plus-minus sign, or empty.
    pub error: String,
}

/// Everything the report panel says about a repetition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Report {
    pub number: u32,
    pub grade: Grade,
    pub hero: Option<Row>,
    pub rows: Vec<Row>,
}

/// Lines in a panel.
pub(super) const MOST_ROWS: usize = 4;

/// Metrics shown first when measured, in this order; the rest follow as the registry lists them.
const SHOWN_FIRST: [&str; 8] = [
    "jump_height_m",
    "cadence_spm",
    "ground_contact_time_ms",
    "flight_time_ms",
    "countermovement_depth_m",
    "rsi_modified",
    "peak_concentric_velocity_m_s",
    "speed_m_s",
];

/// Place of a metric among those that are shown. All that are not shown first share the last one: a stable sort leaves them in
/// the order of the registry.
pub fn shown_rank(key: &str) -> usize {
    let place = SHOWN_FIRST.iter().position(|first| *first == key);
    place.unwrap_or(SHOWN_FIRST.len())
}

/// The label of a metric that is short enough for a panel, where the registry's is not.
pub fn short_label(key: &str) -> Option<&'static str> {
    Some(match key {
        "jump_height_com_rise_m" => "CoM rise",
        "jump_height_above_standing_m" => "Total rise",
        "countermovement_depth_m" => "Depth",
        "rsi_modified" => "RSI mod",
        "peak_concentric_velocity_m_s" => "Peak speed",
        "takeoff_velocity_m_s" => "Take-off v",
        "total_movement_time_ms" => "Time to t.-o.",
        "eccentric_duration_ms" => "Eccentric",
        "concentric_duration_ms" => "Concentric",
        "ground_contact_time_ms" => "Contact",
        "double_support_percent" => "Dbl. support",
        "vertical_oscillation_m" => "Oscillation",
        "ankle_angle_deg" => "Ankle flex.",
        _ => return None,
    })
}

fn unit_sign(unit: &'static str) -> &'static str {
    match unit {
        "1" => "",
        "m/s^2" => "m/s²",
        unit => unit,
    }
}

/// A live or final number of a registered metric; `None` for a key nobody defined.
pub(super) fn row(key: &str, value: f64, uncertainty: Option<f64>) -> Option<Row> {
    let definition = registry::find(key)?;
    let decimals = definition.decimals;
    // -0 is 0 to a spectator.
    let value = format!("{value:.decimals$}");
    let zero = value
        .trim_start_matches('-')
        .chars()
        .all(|c| matches!(c, '0' | '.'));
    let value = if zero {
        value.trim_start_matches('-').to_owned()
    } else {
        value
    };
    let (value, unit) = match definition.unit {
        // A degree sign belongs to its number.
        "deg" => (value + "°", ""),
        unit => (value, unit_sign(unit)),
    };
    Some(Row {
        label: short_label(key).unwrap_or(definition.label).to_owned(),
        value,
        unit,
        error: uncertainty
            .map(|error| format!("±{error:.decimals$}"))
            .unwrap_or_default(),
    })
}

/// A name from the motion core for people: `first_contact` becomes FIRST CONTACT.
pub(super) fn headline(name: &str) -> String {
    name.replace('_', " ").to_uppercase()
}

/// The repetition's panel.
pub(super) fn report(repetition: &Repetition, number: u32) -> Report {
    let mut measured: Vec<&Metric> = repetition
        .metrics
        .iter()
        .filter(|metric| metric.value.is_some())
        .collect();
    measured.sort_by_key(|metric| shown_rank(metric.key));
    let mut rows = measured
        .into_iter()
        .filter_map(|metric| row(metric.key, metric.value?, metric.uncertainty))
        .take(MOST_ROWS + 1);
    Report {
        number,
        grade: repetition.quality.grade,
        hero: rows.next(),
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_decimals_of_its_definition_and_no_negative_zero() {
        let row = row("knee_angle_deg", -0.2, Some(3.4)).expect("a registered key");
        assert_eq!(
            (row.value.as_str(), row.unit, row.error.as_str()),
            ("0°", "", "±3")
        );
    }

    #[test]
    fn a_key_nobody_defined_is_left_out() {
        assert_eq!(row("no_such_key", 1.0, None), None);
    }
}
