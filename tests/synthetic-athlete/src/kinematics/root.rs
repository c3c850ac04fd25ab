//! Root finding.

/// Root of `f` in `low..=high` by regula falsi with the Illinois step, to `tolerance` in `f`.
///
/// `None` when `f` has the same sign at both ends.
pub(crate) fn bracketed(low: f64, high: f64, tolerance: f64, f: impl Fn(f64) -> f64) -> Option<f64> {
    const MAX_STEPS: usize = 100;
    let (mut a, mut b) = (low, high);
    let (mut fa, mut fb) = (f(a), f(b));
    if fa.abs() <= tolerance {
        return Some(a);
    }
    if fb.abs() <= tolerance {
        return Some(b);
    }
    if (fa > 0.0) == (fb > 0.0) {
        return None;
    }
    for _ in 0..MAX_STEPS {
        let c = (fa * b - fb * a) / (fa - fb);
        let fc = f(c);
        if fc.abs() <= tolerance || (b - a).abs() < f64::EPSILON {
            return Some(c);
        }
        if (fc > 0.0) == (fb > 0.0) {
            fa *= 0.5; // the other end has not moved: halve its weight
        } else {
            (a, fa) = (b, fb);
        }
        (b, fb) = (c, fc);
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_root_of_a_lopsided_function() {
        let root = bracketed(0.0, 3.0, 1e-12, |x| x.exp() - 2.0).expect("signs differ");
        assert!((root - 2f64.ln()).abs() < 1e-10);
    }

    #[test]
    fn no_sign_change_is_no_root() {
        assert_eq!(bracketed(1.0, 2.0, 1e-9, |x| x), None);
    }
}
