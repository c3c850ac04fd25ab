//! Means, spreads and asymmetries of a bout.

use super::chain::Times;
use super::posture::Posture;
use super::report::COARSE_INTERVAL_S;
use super::step::Step;
use crate::body::Side;

/// How the middles of contacts scatter about an even rhythm, seconds, and the number of steps that this knowledge is worth:
/// few steps may agree by chance.
const USUAL_SCATTER_S: f64 = 0.008;
const WORTH_STEPS: f64 = 3.0;

/// Up to this many steps are few.
const FEW_STEPS: usize = 3;

/// Standard deviation of a passing of the feet, seconds.
const PASSING_DEVIATION_S: f64 = 0.012;

/// Mean and spread of some values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stat {
    /// Mean; 0 without values.
    pub mean: f64,
    /// Standard deviation; 0 with fewer than two values.
    pub deviation: f64,
    /// Number of values.
    pub count: usize,
}

impl Stat {
    /// Of these values.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut count, mut mean, mut squares) = (0usize, 0.0, 0.0);
        for value in values {
            count += 1;
            let off = value - mean;
            mean += off / count as f64;
            squares += off * (value - mean);
        }
        let deviation = if count > 1 {
            (squares / (count - 1) as f64).sqrt()
        } else {
            0.0
        };
        Self {
            mean,
            deviation,
            count,
        }
    }

    /// Standard error of the mean. With one value nothing is known about the spread and it is the value itself.
    pub fn error(&self) -> f64 {
        match self.count {
            0 | 1 => self.mean.abs(),
            n => self.deviation / (n as f64).sqrt(),
        }
    }
}

/// The steps of a finished bout with their final times.
#[derive(Debug)]
pub struct Steps<'a> {
    /// What was measured of each.
    pub steps: &'a [Step],
    /// When each began and ended.
    pub times: &'a [Times],
    /// The posture of the leg in each.
    pub postures: &'a [Posture],
    /// Whose the first one is; the feet take turns.
    pub first: Side,
    /// Whether left and right can be told apart.
    pub sides_known: bool,
}

impl Steps<'_> {
    /// Whose step `index` is.
    pub fn side(&self, index: usize) -> Side {
        match (self.first, index % 2) {
            (Side::Left, 0) | (Side::Right, 1) => Side::Left,
            _ => Side::Right,
        }
    }

    /// Indices of the steps of a foot.
    fn of(&self, side: Side) -> impl Iterator<Item = usize> {
        let first = usize::from(self.side(0) != side);
        (first..self.times.len()).step_by(2)
    }

    /// Mean visibility of a foot.
    pub fn visibility(&self, side: Side) -> f64 {
        Stat::of(self.of(side).map(|k| self.steps[k].visibility)).mean
    }

    /// Of every step something that some have.
    pub fn stat(&self, of: impl Fn(&Step) -> Option<f64>) -> Stat {
        Stat::of(self.steps.iter().filter_map(of))
    }

    /// Of every posture something that some have.
    pub fn posture(&self, of: impl Fn(&Posture) -> Option<f64>) -> Stat {
        Stat::of(self.postures.iter().filter_map(of))
    }

    /// Contact times of one foot, seconds.
    pub fn contact(&self, side: Side) -> Stat {
        Stat::of(
            self.of(side)
                .map(|k| self.times[k].toe_off_s - self.times[k].contact_s),
        )
    }

    /// From the toe-off of this foot to the next contact of the other, seconds; negative in double support.
    pub fn flight(&self, side: Side) -> Stat {
        let next = |k: usize| Some(self.times.get(k + 1)?.contact_s - self.times[k].toe_off_s);
        Stat::of(self.of(side).filter_map(next))
    }

    /// From the contact of the other foot to the contact of this one, seconds.
    pub fn step_time(&self, side: Side) -> Stat {
        let last = |k: usize| Some(self.times[k].contact_s - self.times.get(k.checked_sub(1)?)?.contact_s);
        Stat::of(self.of(side).filter_map(last))
    }

    /// From the contact of the other foot to the contact of this one, statures: what the hips travel at `speed` statures per
    /// second, and how much farther ahead of them this foot comes down.
    pub fn step_length(&self, side: Side, speed: f64) -> Stat {
        let last = |k: usize| {
            let before = k.checked_sub(1)?;
            let way = speed * (self.times[k].contact_s - self.times[before].contact_s);
            Some(way + self.postures[k].ahead? - self.postures[before].ahead?)
        };
        Stat::of(self.of(side).filter_map(last))
    }

    /// Mean step time and its standard error, seconds. `None` without steps.
    pub fn pace(&self) -> Option<(f64, f64)> {
        let coarse = self
            .steps
            .first()
            .is_some_and(|step| step.frame_s > COARSE_INTERVAL_S);
        if coarse && self.times.len() <= FEW_STEPS {
            self.pace_of_passings()
        } else {
            self.pace_of_contacts()
        }
    }

    /// Of few coarsely seen steps: the time between their first and last passing of the feet, of which there are more than contacts.
    fn pace_of_passings(&self) -> Option<(f64, f64)> {
        let (first, last) = (self.steps.first()?, self.steps.last()?);
        let intervals = self.steps.len() as f64 + 1.0;
        let scatter = PASSING_DEVIATION_S.hypot(0.5 * first.frame_s);
        let pace = (last.between_s.1 - first.between_s.0) / intervals;
        Some((pace, std::f64::consts::SQRT_2 * scatter / intervals))
    }

    /// The slope of the middles of contact over their number, each foot with an intercept of its own, so that a limp does
    /// not matter.
    fn pace_of_contacts(&self) -> Option<(f64, f64)> {
        let (mut products, mut squares, mut residuals) = (0.0, 0.0, 0.0);
        let sides = [0, 1].map(|first| {
            let of_side = || self.times.iter().enumerate().skip(first).step_by(2);
            let n = of_side().count() as f64;
            let k = of_side().map(|(k, _)| k as f64).sum::<f64>() / n;
            let t = of_side().map(|(_, t)| t.contact_s + t.toe_off_s).sum::<f64>() / (2.0 * n);
            (k, t)
        });
        let off = |i: usize, t: &Times| {
            let (k, mean) = sides[i % 2];
            (i as f64 - k, 0.5 * (t.contact_s + t.toe_off_s) - mean)
        };
        for (i, t) in self.times.iter().enumerate() {
            let (k, t) = off(i, t);
            products += k * t;
            squares += k * k;
        }
        let pace = products / squares;
        for (i, t) in self.times.iter().enumerate() {
            let (k, t) = off(i, t);
            residuals += (t - pace * k).powi(2);
        }
        let freedom = self.times.len().checked_sub(3)? as f64;
        let known = WORTH_STEPS * USUAL_SCATTER_S.powi(2);
        let worth = freedom + WORTH_STEPS;
        // the tails of Student's t at 95 %
        let error = (1.0 + 1.8 / worth) * ((residuals + known) / (worth * squares)).sqrt();
        (pace.is_finite() && pace > 0.0).then_some((pace, error))
    }
}

/// Signed symmetry index of right against left in per cent, `100·(R − L)/(½(R + L))` (Robinson et al. 1987), and its
/// standard error.
pub fn asymmetry(right: Stat, left: Stat) -> (f64, f64) {
    let mean = 0.5 * (right.mean + left.mean);
    let value = 100.0 * (right.mean - left.mean) / mean;
    (value, 100.0 * right.error().hypot(left.error()) / mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statistic_knows_mean_spread_and_error() {
        let s = Stat::of([1.0, 2.0, 3.0, 4.0].into_iter());
        assert!((s.mean - 2.5).abs() < 1e-12 && (s.deviation - 1.290_994).abs() < 1e-6);
        assert!((s.error() - 0.645_497).abs() < 1e-6);
        assert_eq!(Stat::of([3.0].into_iter()).error(), 3.0);
    }

    #[test]
    fn a_limp_does_not_change_the_pace_and_right_longer_is_positive() {
        let times: Vec<Times> = (0..9)
            .map(|k| {
                let contact_s = 0.4 * f64::from(k) + if k % 2 == 0 { 0.03 } else { 0.0 };
                Times {
                    contact_s,
                    toe_off_s: contact_s + 0.2,
                }
            })
            .collect();
        let steps = Steps {
            steps: &[],
            times: &times,
            postures: &[],
            first: Side::Left,
            sides_known: true,
        };
        let (pace, error) = steps.pace().expect("nine steps");
        assert!((pace - 0.4).abs() < 1e-9 && error < 1e-3);
        let stat = |mean| Stat {
            mean,
            deviation: 0.0,
            count: 4,
        };
        assert!((asymmetry(stat(0.22), stat(0.20)).0 - 9.52).abs() < 0.01);
    }
}
