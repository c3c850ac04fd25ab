//! What must hold for a run to be good.

use super::arguments::share;
use super::report::Report;
use std::str::FromStr;
use std::time::Duration;

/// Goals of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Slo(Vec<Goal>);

/// One goal; times in milliseconds, shares from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
struct Goal {
    name: String,
    bound: f64,
}

/// What a goal is about.
struct Measure {
    name: &'static str,
    unit: Unit,
    /// `None` when it could not be measured, which breaks every goal.
    value: fn(&Report) -> Option<f64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    /// At most so long.
    Time,
    /// At most such a share.
    Share,
    /// At least so many per second.
    Rate,
}

const MEASURES: [Measure; 11] = [
    Measure {
        name: "p50",
        unit: Unit::Time,
        value: |report| report.latency(0.5),
    },
    Measure {
        name: "p95",
        unit: Unit::Time,
        value: |report| report.latency(0.95),
    },
    Measure {
        name: "p99",
        unit: Unit::Time,
        value: |report| report.latency(0.99),
    },
    Measure {
        name: "setup",
        unit: Unit::Time,
        value: |report| report.setup(0.95),
    },
    Measure {
        name: "refusal",
        unit: Unit::Time,
        value: |report| report.refusals.last().copied(),
    },
    Measure {
        name: "errors",
        unit: Unit::Share,
        value: |report| Some(report.errors_share()),
    },
    Measure {
        name: "refused",
        unit: Unit::Share,
        value: |report| Some(report.refused_share()),
    },
    Measure {
        name: "degraded",
        unit: Unit::Share,
        value: |report| report.degraded,
    },
    Measure {
        name: "unmatched",
        unit: Unit::Share,
        value: |report| report.unmatched_share(),
    },
    Measure {
        name: "skipped",
        unit: Unit::Share,
        value: |report| report.skipped_share(),
    },
    Measure {
        name: "poses",
        unit: Unit::Rate,
        value: |report| report.rates.first().copied(),
    },
];

impl FromStr for Slo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl FromStr for Goal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, bound) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is no goal; write it like p95=200ms"))?;
        let measure = measure(name).ok_or_else(|| {
            let known: Vec<&str> = MEASURES.iter().map(|measure| measure.name).collect();
            format!("`{name}` is not measured; known are {}", known.join(", "))
        })?;
        let bound = match measure.unit {
            Unit::Time => milliseconds(humantime::parse_duration(bound).map_err(|e| format!("{name}: {e}"))?),
            Unit::Share => share(bound)?,
            Unit::Rate => bound
                .parse()
                .map_err(|_| format!("{name}: `{bound}` is no number"))?,
        };
        Ok(Self {
            name: name.into(),
            bound,
        })
    }
}

fn measure(name: &str) -> Option<&'static Measure> {
    MEASURES.iter().find(|measure| measure.name == name)
}

fn milliseconds(time: Duration) -> f64 {
    1e3 * time.as_secs_f64()
}

impl Unit {
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Time | Self::Share => value <= bound,
            Self::Rate => value >= bound,
        }
    }

    fn text(self, value: f64) -> String {
        match self {
            Self::Time => format!("{value:.0} ms"),
            Self::Share => format!("{:.1} %", 100.0 * value),
            Self::Rate => format!("{value:.1} per second"),
        }
    }
}

impl Slo {
    /// What does not hold, in words.
    pub fn broken(&self, report: &Report) -> Vec<String> {
        let judged = self.0.iter().filter_map(|goal| {
            let measure = measure(&goal.name)?;
            let (unit, name) = (measure.unit, measure.name);
            let bound = unit.text(goal.bound);
            match (measure.value)(report) {
                Some(value) if unit.holds(value, goal.bound) => None,
                Some(value) => Some(format!("{name} is {}, the goal is {bound}", unit.text(value))),
                None => Some(format!("{name} was not measured, the goal is {bound}")),
            }
        });
        judged.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(goals: &str, report: &Report) -> Vec<String> {
        goals.parse::<Slo>().expect("goals").broken(report)
    }

    #[test]
    fn a_goal_that_is_missed_is_named_with_what_was_measured() {
        let report = Report {
            latencies: vec![10.0, 20.0, 300.0],
            sessions: 50,
            failed: 1,
            rates: vec![8.0, 30.0],
            frames: 90,
            skipped: 10,
            ..Report::default()
        };
        assert!(broken("p50=20ms,errors=2%,poses=8,skipped=10%", &report).is_empty());
        assert_eq!(
            broken("p95=200ms,errors=1%,poses=10,skipped=1%", &report),
            [
                "p95 is 300 ms, the goal is 200 ms",
                "errors is 2.0 %, the goal is 1.0 %",
                "poses is 8.0 per second, the goal is 10.0 per second",
                "skipped is 10.0 %, the goal is 1.0 %"
            ]
        );
    }

    #[test]
    fn what_was_not_measured_breaks_every_goal() {
        let expected = ["p95 was not measured, the goal is 200 ms"];
        assert_eq!(broken("p95=200ms", &Report::default()), expected);
    }

    #[test]
    fn goals_that_make_no_sense_are_refused() {
        for bad in ["", "p95", "p96=1s", "p95=5%", "errors=200ms", "poses=many"] {
            assert!(bad.parse::<Slo>().is_err(), "{bad}");
        }
    }
}
