//! Weighted least-squares polynomials up to the third degree.

/// Highest number of coefficients.
const MAX_TERMS: usize = 4;

/// A pivot smaller than this part of the total weight means that the samples do not determine the polynomial.
const SINGULAR: f64 = 1e-12;

/// Accumulates samples and solves for a polynomial `Σ cᵢ·xⁱ`.
#[derive(Clone, Debug)]
pub struct PolynomialFit {
    terms: usize,
    /// Σ w·x^k, k = 0..2·degree.
    moments: [f64; 2 * MAX_TERMS - 1],
    /// Σ w·y·x^k.
    products: [f64; MAX_TERMS],
}

impl PolynomialFit {
    /// An empty fit of this degree, at most 3.
    pub fn new(degree: usize) -> Self {
        Self {
            terms: (degree + 1).min(MAX_TERMS),
            moments: [0.0; 2 * MAX_TERMS - 1],
            products: [0.0; MAX_TERMS],
        }
    }

    /// Adds a sample. Choose the origin of `x` near the samples.
    pub fn add(&mut self, x: f64, y: f64, weight: f64) {
        let mut power = weight;
        for k in 0..2 * self.terms - 1 {
            self.moments[k] += power;
            if k < self.terms {
                self.products[k] += power * y;
            }
            power *= x;
        }
    }

    /// The coefficients, lowest power first; `None` when the samples do not determine them.
    pub fn solve(&self) -> Option<[f64; MAX_TERMS]> {
        let n = self.terms;
        let mut matrix = [[0.0; MAX_TERMS + 1]; MAX_TERMS];
        for (row, line) in matrix.iter_mut().enumerate().take(n) {
            line[..n].copy_from_slice(&self.moments[row..row + n]);
            line[MAX_TERMS] = self.products[row];
        }
        eliminate(&mut matrix, n)
    }
}

/// Accumulates samples and solves for the weights of up to four functions whose sum comes nearest to them. The first
/// function is the constant 1, and the others are no larger.
#[derive(Clone, Debug)]
pub struct LinearFit {
    terms: usize,
    matrix: [[f64; MAX_TERMS + 1]; MAX_TERMS],
}

impl LinearFit {
    /// An empty fit of this many functions, at most four.
    pub fn new(terms: usize) -> Self {
        Self {
            terms: terms.min(MAX_TERMS),
            matrix: [[0.0; MAX_TERMS + 1]; MAX_TERMS],
        }
    }

    /// Adds a sample: the functions at its place, its value.
    pub fn add(&mut self, functions: &[f64; MAX_TERMS], y: f64, weight: f64) {
        for (row, a) in self.matrix.iter_mut().zip(functions).take(self.terms) {
            for (cell, b) in row.iter_mut().zip(functions) {
                *cell += weight * a * b;
            }
            row[MAX_TERMS] += weight * a * y;
        }
    }

    /// The weights; 0 beyond the functions asked for, `None` when the samples do not determine them.
    pub fn solve(&self) -> Option<[f64; MAX_TERMS]> {
        let mut matrix = self.matrix;
        eliminate(&mut matrix, self.terms)
    }
}

/// Gauss elimination with partial pivoting on the leading `n` rows and columns; the last column is the right-hand side.
fn eliminate(matrix: &mut [[f64; MAX_TERMS + 1]; MAX_TERMS], n: usize) -> Option<[f64; MAX_TERMS]> {
    // the sum of weights, which the moments of x in -1..1 stay below
    let scale = matrix[0][0].abs();
    for column in 0..n {
        let pivot =
            (column..n).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        let size = matrix[pivot][column].abs();
        if size.is_nan() || size <= SINGULAR * scale {
            return None;
        }
        matrix.swap(column, pivot);
        for row in 0..n {
            if row == column {
                continue;
            }
            let factor = matrix[row][column] / matrix[column][column];
            for k in (column..n).chain([MAX_TERMS]) {
                matrix[row][k] -= factor * matrix[column][k];
            }
        }
    }
    let mut solution = [0.0; MAX_TERMS];
    for (k, value) in solution.iter_mut().enumerate().take(n) {
        *value = matrix[k][MAX_TERMS] / matrix[k][k];
        if !value.is_finite() {
            return None;
        }
    }
    Some(solution)
}

/// Value and first two derivatives of a smoothed signal at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalFit {
    /// Smoothed value.
    pub value: f64,
    /// First derivative per second.
    pub slope: f64,
    /// Second derivative per second squared.
    pub curvature: f64,
}

/// Local quadratic regression of `(t, y, weight)` samples around `at`, tricube-weighted over `±half_width` seconds: a
/// zero-phase smoother for unevenly spaced samples. Needs three samples inside the window.
pub fn local_fit(
    samples: impl Iterator<Item = (f64, f64, f64)>,
    at: f64,
    half_width: f64,
) -> Option<LocalFit> {
    let mut fit = PolynomialFit::new(2);
    let mut count = 0;
    for (t, y, weight) in samples {
        let x = (t - at) / half_width;
        if x.abs() >= 1.0 || weight <= 0.0 {
            continue;
        }
        let tricube = (1.0 - x.abs().powi(3)).powi(3);
        fit.add(x, y, weight * tricube);
        count += 1;
    }
    if count < 3 {
        return None;
    }
    let c = fit.solve()?;
    Some(LocalFit {
        value: c[0],
        slope: c[1] / half_width,
        curvature: 2.0 * c[2] / (half_width * half_width),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic_is_recovered_from_uneven_samples() {
        let mut fit = PolynomialFit::new(3);
        for x in [-1.0, -0.7, -0.1, 0.2, 0.9, 1.0] {
            fit.add(x, 1.0 - 2.0 * x + 3.0 * x * x - 4.0 * x * x * x, 0.5 + x * x);
        }
        let c = fit.solve().expect("six samples determine a cubic");
        for (got, want) in c.iter().zip([1.0, -2.0, 3.0, -4.0]) {
            assert!((got - want).abs() < 1e-9, "{c:?}");
        }
    }

    #[test]
    fn the_weights_of_any_functions_are_found() {
        let mut fit = LinearFit::new(3);
        for i in 0..9 {
            let x = f64::from(i) / 8.0;
            fit.add(
                &[1.0, x.sin(), x * x, 7.0],
                2.0 - 3.0 * x.sin() + 0.5 * x * x,
                1.0,
            );
        }
        let c = fit.solve().expect("nine samples");
        for (got, want) in c.iter().zip([2.0, -3.0, 0.5, 0.0]) {
            assert!((got - want).abs() < 1e-9, "{c:?}");
        }
    }

    #[test]
    fn samples_at_one_instant_do_not_determine_a_line() {
        let mut fit = PolynomialFit::new(1);
        fit.add(1.0, 1.0, 1.0);
        fit.add(1.0, 2.0, 1.0);
        assert_eq!(fit.solve(), None);
    }

    #[test]
    fn a_parabola_keeps_its_derivatives_through_the_local_fit() {
        let samples = (0..40)
            .map(|i| (f64::from(i) * 0.016, f64::from(i) * 0.016))
            .map(|(t, x)| (t, 3.0 * x * x, 1.0));
        let fit = local_fit(samples, 0.3, 0.08).expect("enough samples");
        assert!((fit.value - 0.27).abs() < 1e-9 && (fit.slope - 1.8).abs() < 1e-9);
        assert!((fit.curvature - 6.0).abs() < 1e-6);
    }
}
