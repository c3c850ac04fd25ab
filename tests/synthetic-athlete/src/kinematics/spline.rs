//! Piecewise cubics: a clamped interpolating spline and a Hermite curve with given slopes.

/// Cubic pieces through knots with a slope at every knot.
#[derive(Clone, Debug)]
pub(crate) struct Cubic {
    knots: Vec<f64>,
    values: Vec<f64>,
    slopes: Vec<f64>,
}

impl Cubic {
    /// Hermite curve: value and slope given at each knot. Knots increase.
    pub fn hermite(knots: &[f64], values: &[f64], slopes: &[f64]) -> Self {
        debug_assert!(knots.len() == values.len() && values.len() == slopes.len() && knots.len() >= 2);
        Self {
            knots: knots.to_vec(),
            values: values.to_vec(),
            slopes: slopes.to_vec(),
        }
    }

    /// Twice continuously differentiable spline through the knots with given slopes at both ends.
    ///
    /// The inner slopes `s` solve `s[i-1]/h0 + 2 s[i] (1/h0 + 1/h1) + s[i+1]/h1 = 3 (d0/h0 + d1/h1)`, where `h` are the
    /// neighbouring knot distances and `d` the secant slopes (continuity of the second derivative); Thomas algorithm.
    pub fn clamped(knots: &[f64], values: &[f64], first: f64, last: f64) -> Self {
        let n = knots.len();
        let mut slopes = vec![first; n];
        slopes[n - 1] = last;
        let width = |i: usize| knots[i + 1] - knots[i];
        let secant = |i: usize| (values[i + 1] - values[i]) / width(i);
        // Forward sweep: slope[i] = offset[i] - factor[i] * slope[i + 1].
        let (mut factor, mut offset) = (vec![0.0; n], vec![first; n]);
        for i in 1..n - 1 {
            let (left, right) = (1.0 / width(i - 1), 1.0 / width(i));
            let pivot = 2.0 * (left + right) - left * factor[i - 1];
            factor[i] = right / pivot;
            offset[i] = (3.0 * (secant(i - 1) * left + secant(i) * right) - left * offset[i - 1]) / pivot;
        }
        for i in (1..n - 1).rev() {
            slopes[i] = offset[i] - factor[i] * slopes[i + 1];
        }
        Self::hermite(knots, values, &slopes)
    }

    /// Value at `t`; outside the knots the outermost piece is continued.
    pub fn at(&self, t: f64) -> f64 {
        let last_piece = self.knots.len() - 2;
        let i = self
            .knots
            .partition_point(|&k| k <= t)
            .saturating_sub(1)
            .min(last_piece);
        let h = self.knots[i + 1] - self.knots[i];
        let u = (t - self.knots[i]) / h;
        let (u2, u3) = (u * u, u * u * u);
        self.values[i] * (2.0 * u3 - 3.0 * u2 + 1.0)
            + self.slopes[i] * h * (u3 - 2.0 * u2 + u)
            + self.values[i + 1] * (3.0 * u2 - 2.0 * u3)
            + self.slopes[i + 1] * h * (u3 - u2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clamped_spline_reproduces_a_cubic() {
        let f = |x: f64| 1.0 - 2.0 * x + 0.5 * x * x + 0.7 * x * x * x;
        let knots = [0.0, 0.3, 1.0, 1.1, 2.0];
        let values: Vec<f64> = knots.iter().map(|&x| f(x)).collect();
        let spline = Cubic::clamped(&knots, &values, -2.0, -2.0 + 2.0 + 0.7 * 12.0);
        for i in 0..=40 {
            let x = i as f64 * 0.05;
            assert!((spline.at(x) - f(x)).abs() < 1e-10, "{x}");
        }
    }

    #[test]
    fn clamped_spline_bends_continuously_at_its_knots() {
        let spline = Cubic::clamped(&[0.0, 0.2, 0.7, 1.0], &[0.0, 1.0, -0.5, 0.3], 2.0, -1.0);
        let h = 1e-4;
        let bend = |x: f64| (spline.at(x + h) - 2.0 * spline.at(x) + spline.at(x - h)) / (h * h);
        for knot in [0.2, 0.7] {
            assert!(
                (bend(knot - 2.0 * h) - bend(knot + 2.0 * h)).abs() < 0.5,
                "{knot}"
            );
        }
    }
}
