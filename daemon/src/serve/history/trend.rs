//! What an athlete's numbers do over time.
//!
//! Contract: pure. The spread among repetitions contains both how differently somebody moves and how differently the same is measured. It does
//! not contain what all of them share: a scale or a camera's angle that is wrong makes every jump too high. How much of a
//! repetition's own interval is shared is not known, so a mean takes all of it in; it cancels in a change, as long as the athlete is filmed
//! in the same way.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};
use utoipa::ToSchema;

/// Share of the values an interval is to hold.
const CONFIDENCE: f64 = 0.95;

/// One number of one repetition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// When it was done, milliseconds since 1970.
    pub at: i64,
    /// The number.
    pub value: f64,
    /// Half the width of its 95 % interval.
    pub uncertainty: Option<f64>,
}

/// A number with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Half the width of its 95 % interval; absent where one repetition with an unknown one is all there is.
    pub uncertainty: Option<f64>,
}

/// What a number did over time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Trend {
    /// Repetitions that have this number.
    pub count: usize,
    /// The highest.
    pub highest: Estimate,
    /// The lowest.
    pub lowest: Estimate,
    /// The mean of all.
    pub mean: Estimate,
    /// From the mean of the earlier half to that of the later one; absent below two in each.
    pub change: Option<Change>,
}

/// A change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Change {
    /// Later less earlier.
    #[serde(flatten)]
    pub by: Estimate,
    /// Whether the interval leaves no change out: then it is more than chance.
    pub certain: bool,
}

/// The trend of observations in the order of time; `None` without any.
pub fn trend(observations: &[Observation]) -> Option<Trend> {
    let by_value = |a: &&Observation, b: &&Observation| a.value.total_cmp(&b.value);
    let highest = observations.iter().max_by(by_value)?;
    let lowest = observations.iter().min_by(by_value)?;
    let of = |observation: &Observation| Estimate {
        value: observation.value,
        uncertainty: observation.uncertainty,
    };
    let mean = match observations {
        [only] => of(only),
        several => {
            let sample = Sample::of(several);
            let spread = t(sample.count - 1.0).map(|t| t * (sample.variance / sample.count).sqrt());
            Estimate {
                value: sample.mean,
                uncertainty: spread.map(|spread| spread.hypot(shared(several))),
            }
        }
    };
    let (earlier, later) = observations.split_at(observations.len() / 2);
    Some(Trend {
        count: observations.len(),
        highest: of(highest),
        lowest: of(lowest),
        mean,
        change: change(earlier, later),
    })
}

/// Half the width of the 95 % interval of an error that all observations may share: the mean of their own, of those that have one.
fn shared(observations: &[Observation]) -> f64 {
    let own: Vec<f64> = observations.iter().filter_map(|o| o.uncertainty).collect();
    if own.is_empty() {
        return 0.0;
    }
    own.iter().sum::<f64>() / own.len() as f64
}

/// Welch's t interval of the difference of two means (Welch 1947, Biometrika 34).
fn change(earlier: &[Observation], later: &[Observation]) -> Option<Change> {
    if earlier.len() < 2 || later.len() < 2 {
        return None;
    }
    let [a, b] = [earlier, later].map(Sample::of);
    let [va, vb] = [&a, &b].map(|sample| sample.variance / sample.count);
    let by = b.mean - a.mean;
    let freedom = (va + vb).powi(2) / (va * va / (a.count - 1.0) + vb * vb / (b.count - 1.0));
    // All the same twice over: the difference is what it is.
    let uncertainty = if freedom.is_finite() {
        t(freedom).map(|t| t * (va + vb).sqrt())?
    } else {
        0.0
    };
    Some(Change {
        by: Estimate {
            value: by,
            uncertainty: Some(uncertainty),
        },
        certain: by.abs() > uncertainty,
    })
}

struct Sample {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Sample {
    /// Of at least two observations.
    fn of(observations: &[Observation]) -> Self {
        let count = observations.len() as f64;
        let mean = observations.iter().map(|o| o.value).sum::<f64>() / count;
        let squares: f64 = observations.iter().map(|o| (o.value - mean).powi(2)).sum();
        Self {
            count,
            mean,
            variance: squares / (count - 1.0),
        }
    }
}

/// Student's t that leaves the confidence between its two tails.
fn t(freedom: f64) -> Option<f64> {
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some(distribution.inverse_cdf(0.5 + 0.5 * CONFIDENCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observations(values: &[f64]) -> Vec<Observation> {
        let observe = |(n, &value): (usize, &f64)| Observation {
            at: n as i64,
            value,
            uncertainty: Some(0.5),
        };
        values.iter().enumerate().map(observe).collect()
    }

    #[test]
    fn one_repetition_says_as_much_as_it_knows_and_none_says_nothing() {
        assert_eq!(trend(&[]), None);
        let alone = trend(&observations(&[31.0])).expect("one");
        assert_eq!(
            (alone.count, alone.mean.value, alone.mean.uncertainty),
            (1, 31.0, Some(0.5))
        );
        assert_eq!(
            (alone.highest, alone.lowest, alone.change),
            (alone.mean, alone.mean, None)
        );
    }

    #[test]
    fn the_mean_has_the_interval_of_students_t_and_what_all_share() {
        // Mean 3, standard deviation √2.5, t(4) = 2.776
        let five = trend(&observations(&[1.0, 2.0, 3.0, 4.0, 5.0])).expect("some");
        assert!((five.mean.value - 3.0).abs() < 1e-12);
        let half = five.mean.uncertainty.expect("known");
        let spread = 2.776_445 * (2.5_f64 / 5.0).sqrt();
        assert!((half - spread.hypot(0.5)).abs() < 1e-4, "{half}");
        assert_eq!((five.highest.value, five.lowest.value), (5.0, 1.0));
    }

    #[test]
    fn a_change_is_certain_when_it_is_larger_than_chance() {
        let none = trend(&observations(&[30.0, 33.0, 31.0, 32.0, 30.5, 33.0]))
            .and_then(|t| t.change)
            .expect("six");
        assert!(!none.certain, "{none:?}");
        let better = trend(&observations(&[30.0, 30.5, 30.2, 35.0, 35.4, 35.1]))
            .and_then(|t| t.change)
            .expect("six");
        assert!(
            better.certain && (better.by.value - 4.933).abs() < 1e-3,
            "{better:?}"
        );
        let same = trend(&observations(&[2.0; 4]))
            .and_then(|t| t.change)
            .expect("four");
        assert_eq!(
            (same.by.value, same.by.uncertainty, same.certain),
            (0.0, Some(0.0), false)
        );
        assert_eq!(
            trend(&observations(&[1.0, 2.0, 3.0])).and_then(|t| t.change),
            None
        );
    }
}
