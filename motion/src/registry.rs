//! The one table of metrics: key, unit, label, definition, formula, source and plausibility bounds.

mod angle;
mod gait;
mod jump;
mod reactive;
mod squat;
mod strength;

use serde::Serialize;

/// Definition of a metric. Docs, CSV headers, overlay labels and API descriptions are made from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MetricDefinition {
    /// Key in JSON, CSV and API; ends in its unit.
    pub key: &'static str,
    /// Short English label for people.
    pub label: &'static str,
    /// SI or display unit, `1` for a pure number.
    pub unit: &'static str,
    /// What it is, with its formula where it has one.
    pub definition: &'static str,
    /// Where the definition or formula comes from.
    pub source: &'static str,
    /// Decimals worth printing.
    pub decimals: usize,
    /// Values outside are physically implausible and withheld.
    pub bounds: (f64, f64),
}

impl MetricDefinition {
    const fn new(
        key: &'static str,
        label: &'static str,
        unit: &'static str,
        definition: &'static str,
        source: &'static str,
        decimals: usize,
        bounds: (f64, f64),
    ) -> Self {
        Self {
            key,
            label,
            unit,
            definition,
            source,
            decimals,
            bounds,
        }
    }
}

/// The definition of a key.
pub fn find(key: &str) -> Option<&'static MetricDefinition> {
    METRICS.iter().find(|m| m.key == key)
}

/// The families, in the order in which results list their metrics.
const FAMILIES: &[&[MetricDefinition]] = &[
    jump::METRICS,
    reactive::METRICS,
    strength::METRICS,
    squat::METRICS,
    angle::METRICS,
    &gait::METRICS,
];

/// Every metric, in the order in which results list them.
pub static METRICS: &[MetricDefinition] = &ALL;

/// The families one after the other.
static ALL: [MetricDefinition; count()] = {
    let mut all = [jump::METRICS[0]; count()];
    let (mut family, mut row, mut i) = (0, 0, 0);
    while i < all.len() {
        if row == FAMILIES[family].len() {
            (family, row) = (family + 1, 0);
        } else {
            all[i] = FAMILIES[family][row];
            (row, i) = (row + 1, i + 1);
        }
    }
    all
};

const fn count() -> usize {
    let (mut family, mut n) = (0, 0);
    while family < FAMILIES.len() {
        n += FAMILIES[family].len();
        family += 1;
    }
    n
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
                "W/kg" => "_w_kg",
                "W" => "_w",
                "N" => "_n",
                "N·s" => "_n_s",
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
