//! The instant at which a signal is largest, between frames.

use crate::body::Frame;
use crate::history::History;
use crate::numeric::PolynomialFit;

/// Least samples for a parabola that is not merely drawn through them.
const MIN_SAMPLES: usize = 4;

/// The window may widen to this many times its width when frames are far apart.
const WIDEST: f64 = 3.0;

/// Rounds of moving the window to the peak.
const ROUNDS: usize = 4;

/// How fast a sample loses weight with its squared distance from a first fit, in mean squares (Cauchy weights).
const OUTLIER: f64 = 1.0;

/// A turning point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Seconds.
    pub t: f64,
    /// The signal there.
    pub value: f64,
}

/// Whether the highest or the lowest point is sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Maximum.
    Highest,
    /// Minimum.
    Lowest,
}

/// The turning point of a signal within `from..=to` seconds by a parabola through the samples within `half_width` of it.
/// `None` when the signal does not turn there or too few frames show it.
pub fn peak(
    history: &History,
    (from, to): (f64, f64),
    half_width: f64,
    turn: Turn,
    signal: impl Fn(&Frame) -> Option<f64>,
) -> Option<Peak> {
    let sign = match turn {
        Turn::Highest => 1.0,
        Turn::Lowest => -1.0,
    };
    let samples = |from: f64, to: f64| {
        history
            .window(from, to + f64::EPSILON * to.abs().max(1.0))
            .filter_map(|f| signal(f).map(|y| (f.t, sign * y)))
    };
    // the largest of medians of three: a single frame with a leg in the wrong place is no peak
    let mut centre = samples(from, to)
        .zip(samples(from, to).skip(1))
        .zip(samples(from, to).skip(2))
        .map(|((a, b), c)| (b.0, a.1.max(b.1).min(a.1.min(b.1).max(c.1))))
        .max_by(|a, b| a.1.total_cmp(&b.1))?
        .0;
    let mut value = f64::NAN;
    for _ in 0..ROUNDS {
        let mut width = half_width;
        while samples(centre - width, centre + width).count() < MIN_SAMPLES {
            width *= 1.3;
            if width > WIDEST * half_width {
                return None;
            }
        }
        let near = || samples(centre - width, centre + width);
        let mut fit = PolynomialFit::new(2);
        for (t, y) in near() {
            fit.add((t - centre) / width, y, 1.0);
        }
        let off = |c: &[f64; 4], t: f64, y: f64| {
            let x = (t - centre) / width;
            y - c[0] - x * (c[1] + x * c[2])
        };
        let first = fit.solve()?;
        let scale = near().map(|(t, y)| off(&first, t, y).powi(2)).sum::<f64>() / near().count() as f64;
        let mut fit = PolynomialFit::new(2);
        for (t, y) in near() {
            let r = off(&first, t, y);
            fit.add(
                (t - centre) / width,
                y,
                1.0 / (1.0 + OUTLIER * r * r / scale.max(f64::MIN_POSITIVE)),
            );
        }
        let [level, slope, curvature, _] = fit.solve()?;
        if curvature >= 0.0 {
            return None;
        }
        let shift = (-0.5 * slope / curvature).clamp(-1.0, 1.0);
        centre = (centre + width * shift).clamp(from, to);
        value = level + slope * shift + curvature * shift * shift;
    }
    Some(Peak {
        t: centre,
        value: sign * value,
    })
}
