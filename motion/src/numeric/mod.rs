//! Small numerical tools that allocate nothing.

mod polynomial;

pub use polynomial::{LinearFit, LocalFit, PolynomialFit, local_fit};

/// Median of the finite values; reorders them. `None` when there are none.
pub fn median(values: &mut [f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// Quantile `q` in 0..=1 of the values by nearest rank; reorders them. Values must not be NaN. `None` when empty.
pub fn quantile(values: &mut [f64], q: f64) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let rank = ((values.len() - 1) as f64 * q.clamp(0.0, 1.0)).round() as usize;
    let (_, value, _) = values.select_nth_unstable_by(rank, f64::total_cmp);
    Some(*value)
}

/// Robust standard deviation: 1.4826 × median absolute deviation (exact for a normal distribution); reorders the values.
pub fn robust_deviation(values: &mut [f64]) -> Option<f64> {
    let centre = median(values)?;
    for v in values.iter_mut() {
        *v = (*v - centre).abs();
    }
    median(values).map(|m| 1.4826 * m)
}

/// Where the segment from `(t0, y0)` to `(t1, y1)` takes the value `level`; `t1` when it is flat.
pub fn crossing(t0: f64, y0: f64, t1: f64, y1: f64, level: f64) -> f64 {
    let rise = y1 - y0;
    if rise.abs() < f64::EPSILON {
        t1
    } else {
        t0 + (t1 - t0) * ((level - y0) / rise).clamp(0.0, 1.0)
    }
}

/// 0 up to `low`, 1 from `high` on, linear between.
pub fn ramp(value: f64, low: f64, high: f64) -> f64 {
    ((value - low) / (high - low)).clamp(0.0, 1.0)
}

/// Where a monotonous function is zero; `None` when that is not between the limits or the function has no value.
pub fn bisect(of: impl Fn(f64) -> Option<f64>, (mut low, mut high): (f64, f64)) -> Option<f64> {
    const STEPS: usize = 40;
    let sign = of(low)?.signum();
    if of(high)?.signum() == sign {
        return None;
    }
    for _ in 0..STEPS {
        let middle = f64::midpoint(low, high);
        if of(middle)?.signum() == sign {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_take_the_nearest_rank() {
        let mut v = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(median(&mut v), Some(3.0));
        assert_eq!(quantile(&mut v, 0.0), Some(1.0));
        assert_eq!(quantile(&mut v, 1.0), Some(5.0));
        assert_eq!(median(&mut []), None);
    }

    #[test]
    fn one_wild_value_does_not_move_the_robust_deviation() {
        let mut calm = [1.0, 2.0, 3.0, 4.0, 5.0];
        let mut wild = [1.0, 2.0, 3.0, 4.0, 5000.0];
        assert_eq!(robust_deviation(&mut calm), robust_deviation(&mut wild));
    }

    #[test]
    fn bisection_finds_the_zero_or_says_that_there_is_none() {
        let root = bisect(|x| Some(x * x * x - 2.0), (0.0, 2.0)).expect("between the limits");
        assert!((root - 2f64.cbrt()).abs() < 1e-9);
        assert_eq!(bisect(|x| Some(x + 1.0), (0.0, 2.0)), None);
        assert_eq!(bisect(|_| None, (0.0, 2.0)), None);
    }

    #[test]
    fn a_crossing_stays_inside_its_segment() {
        assert_eq!(crossing(0.0, 0.0, 1.0, 2.0, 1.0), 0.5);
        assert_eq!(crossing(0.0, 0.0, 1.0, 2.0, 9.0), 1.0);
        assert_eq!(crossing(0.0, 1.0, 1.0, 1.0, 1.0), 1.0);
    }
}
