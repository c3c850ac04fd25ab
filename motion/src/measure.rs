//! Collects the metrics of a repetition with their uncertainty, and the verdict on it.

use crate::history::History;
use crate::registry;
use crate::units::Z95;
use crate::view::{Estimate, Obstacle};
use crate::{Grade, Metric, Quality};

/// The metrics of one repetition under construction.
#[derive(Debug, Default)]
pub struct Measurements {
    metrics: Vec<Metric>,
    withheld: Vec<(String, Vec<&'static str>)>,
}

impl Measurements {
    /// Records a value with its standard deviation. A value that is not finite or outside the registry's bounds is
    /// withheld.
    pub fn record(&mut self, key: &'static str, method: &'static str, value: f64, deviation: f64) {
        let bounds = registry::find(key).map_or((f64::NEG_INFINITY, f64::INFINITY), |m| m.bounds);
        if !value.is_finite() || !deviation.is_finite() {
            return self.withhold(key, method, "could not be computed from these frames");
        }
        if value < bounds.0 || value > bounds.1 {
            let reason = format!("lies outside the plausible range {}..{}", bounds.0, bounds.1);
            return self.withhold(key, method, &reason);
        }
        self.metrics.push(Metric {
            key,
            value: Some(value),
            uncertainty: Some(Z95 * deviation),
            method,
        });
    }

    /// Records that a metric cannot be had, and why.
    pub fn withhold(&mut self, key: &'static str, method: &'static str, reason: &str) {
        self.metrics.push(Metric {
            key,
            value: None,
            uncertainty: None,
            method,
        });
        match self.withheld.iter_mut().find(|(r, _)| r == reason) {
            Some((_, keys)) => keys.push(key),
            None => self.withheld.push((reason.to_owned(), vec![key])),
        }
    }

    /// The metrics in registry order, and one warning per reason for withholding.
    pub fn into_parts(mut self) -> (Vec<Metric>, Vec<String>) {
        let rank = |m: &Metric| registry::METRICS.iter().position(|d| d.key == m.key);
        self.metrics.sort_by_key(rank);
        let warnings = self
            .withheld
            .into_iter()
            .map(|(reason, keys)| format!("{}: withheld, {reason}", keys.join(", ")))
            .collect();
        (self.metrics, warnings)
    }
}

/// The verdict under construction: the worst grade any reason allows.
#[derive(Debug)]
pub struct Verdict {
    grade: Grade,
    reasons: Vec<String>,
}

impl Default for Verdict {
    fn default() -> Self {
        Self {
            grade: Grade::A,
            reasons: Vec::new(),
        }
    }
}

impl Verdict {
    /// Caps the grade, for this reason.
    pub fn at_best(&mut self, grade: Grade, reason: impl Into<String>) {
        self.grade = self.grade.max(grade);
        self.reasons.push(reason.into());
    }

    /// Takes in what was in the way of a good measurement between two instants.
    pub fn obstacles(&mut self, history: &History, stretch: (f64, f64), view: &Estimate) {
        for obstacle in Obstacle::between(history, stretch, view) {
            self.at_best(obstacle.best_grade(), obstacle.reason());
        }
    }

    /// The finished verdict.
    pub fn into_quality(self) -> Quality {
        Quality {
            grade: self.grade,
            reasons: self.reasons,
            degraded: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implausible_values_are_withheld_with_their_reason() {
        let mut m = Measurements::default();
        m.record("flight_time_ms", "test", 5000.0, 1.0);
        m.record("jump_height_m", "test", f64::NAN, 1.0);
        m.withhold("rsi_modified", "test", "could not be computed from these frames");
        m.record("takeoff_velocity_m_s", "test", 2.0, 0.1);
        let (metrics, warnings) = m.into_parts();
        let keys: Vec<_> = metrics.iter().map(|m| (m.key, m.value.is_some())).collect();
        assert_eq!(
            keys,
            [
                ("jump_height_m", false),
                ("flight_time_ms", false),
                ("takeoff_velocity_m_s", true),
                ("rsi_modified", false)
            ]
        );
        assert_eq!(warnings.len(), 2);
        assert!(warnings[0].starts_with("flight_time_ms: withheld, lies outside"));
        assert!(warnings[1].starts_with("jump_height_m, rsi_modified: withheld"));
    }

    #[test]
    fn the_worst_reason_decides_the_grade() {
        let mut v = Verdict::default();
        v.at_best(Grade::C, "bad");
        v.at_best(Grade::B, "not so bad");
        let quality = v.into_quality();
        assert_eq!((quality.grade, quality.reasons.len()), (Grade::C, 2));
        assert_eq!(
            Verdict::default().into_quality(),
            Quality {
                grade: Grade::A,
                reasons: vec![],
                degraded: false,
            }
        );
    }
}
