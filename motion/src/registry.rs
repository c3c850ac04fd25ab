//! The one table of metrics: key, unit, label, definition, formula, source and plausibility bounds.

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
