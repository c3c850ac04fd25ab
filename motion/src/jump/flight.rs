//! The flight as a ballistic curve.

use super::Course;
use crate::numeric::PolynomialFit;
use crate::units::GRAVITY;

/// Part of the flight, centred on its middle, used for the fit: near the ground the pose model and the event times are
/// least certain.
const CORE: f64 = 0.84;

/// Samples needed for a parabola that means something.
const MIN_SAMPLES: usize = 5;

/// Relative standard deviation of the scale that systematic landmark motion leaves even in a noise-free fit of the centre of
/// mass: over rendered jumps of known scale (`make accuracy`). The hip alone reads −16…+9 %.
const SYSTEMATIC_SCALE_DEVIATION: f64 = 0.04;

/// The centre of mass in flight: a parabola with free apex and curvature.
#[derive(Clone, Copy, Debug)]
pub struct GravityFit {
    /// Time of the highest point, seconds.
    pub apex_s: f64,
    /// Height of the highest point, pixels upwards.
    pub apex_px: f64,
    /// Scale that makes the curvature gravity, pixels per metre.
    pub px_per_m: f64,
    /// Relative standard deviation of the scale.
    pub relative_deviation: f64,
    /// Root mean square distance of the samples from the parabola, pixels.
    pub residual_px: f64,
}

/// Fits the centre of mass between two instants; `None` with too few samples or when it does not fall.
pub fn fit_gravity(course: &Course, takeoff_s: f64, landing_s: f64) -> Option<GravityFit> {
    let middle = 0.5 * (takeoff_s + landing_s);
    let half = 0.5 * CORE * (landing_s - takeoff_s);
    let samples = course.between(middle - half, middle + half);
    if samples.len() < MIN_SAMPLES {
        return None;
    }
    let origin = samples[0].com;
    let mut fit = PolynomialFit::new(2);
    for s in samples {
        fit.add((s.t - middle) / half, s.com - origin, 1.0);
    }
    let [c0, c1, c2, _] = fit.solve()?;
    if c2 >= 0.0 {
        return None;
    }
    let apex = -c1 / (2.0 * c2);
    let squares: f64 = samples
        .iter()
        .map(|s| {
            let x = (s.t - middle) / half;
            (s.com - origin - c0 - x * (c1 + x * c2)).powi(2)
        })
        .sum();
    let n = samples.len() as f64;
    let variance = squares / (n - 3.0).max(1.0);
    // variance of the quadratic coefficient over evenly spaced x in -1..1 is 45/4 · σ²/n
    let curvature_deviation = (11.25 * variance / n).sqrt() / c2.abs();
    Some(GravityFit {
        apex_s: middle + apex * half,
        apex_px: origin + c0 - c1 * c1 / (4.0 * c2),
        px_per_m: -2.0 * c2 / (half * half) / GRAVITY,
        relative_deviation: curvature_deviation.hypot(SYSTEMATIC_SCALE_DEVIATION),
        residual_px: (squares / n).sqrt(),
    })
}
