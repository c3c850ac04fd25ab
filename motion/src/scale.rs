//! From pixels to metres, and how sure that is.

use crate::jump::GravityFit;
use crate::units::{GRAVITY, Z95};

/// Relative standard deviation of the pixel stature measured on a tracked person: 0.012 over rendered athletes of known
/// stature in side and oblique views; real proportions vary as much again.
const STATURE_DEVIATION: f64 = 0.02;

/// Stature assumed where only the course of the feet near the ground depends on it, metres; and its relative spread
/// among adults of both sexes (NCD Risk Factor Collaboration 2016, doi:10.7554/eLife.13410).
const TYPICAL_STATURE_M: f64 = 1.72;
const TYPICAL_STATURE_DEVIATION: f64 = 0.06;

/// Two scales further apart than this, relative, cannot both be right.
pub const DISAGREEMENT: f64 = 0.25;

/// Where a scale comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleSource {
    /// The given stature over the stature in the picture.
    AthleteHeight,
    /// The curvature of the flight is gravity.
    GravityFit,
    /// Both, each weighted by its certainty.
    Both,
}

impl ScaleSource {
    /// Name used in `methods`.
    pub fn name(self) -> &'static str {
        match self {
            ScaleSource::AthleteHeight => "athlete_height",
            ScaleSource::GravityFit => "gravity_fit",
            ScaleSource::Both => "athlete_height_and_gravity_fit",
        }
    }
}

/// Pixels per metre in the plane of the athlete.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Pixels per metre.
    pub px_per_m: f64,
    /// Relative standard deviation.
    pub relative_deviation: f64,
    /// Where it comes from.
    pub source: ScaleSource,
}

impl Scale {
    /// From the athlete's stature alone; `None` when it is not known.
    pub fn of_stature(height_m: Option<f64>, stature_px: f64) -> Option<Self> {
        height_m.map(|height| Self {
            px_per_m: stature_px / height,
            relative_deviation: STATURE_DEVIATION,
            source: ScaleSource::AthleteHeight,
        })
    }

    /// From the athlete's stature and from gravity, each weighted by its certainty; from the stature alone where the two cannot
    /// both be right, from the one there is where the other is not to be had.
    pub fn choose(height_m: Option<f64>, stature_px: f64, gravity: Option<&GravityFit>) -> Option<Self> {
        let by_stature = Self::of_stature(height_m, stature_px);
        let by_gravity = gravity.map(|fit| Self {
            px_per_m: fit.px_per_m,
            relative_deviation: fit.relative_deviation,
            source: ScaleSource::GravityFit,
        });
        match (by_stature, by_gravity) {
            (Some(stature), Some(gravity)) if stature.agrees_with(&gravity) => Some(stature.and(&gravity)),
            (stature, gravity) => stature.or(gravity),
        }
    }

    /// Whether two scales differ by no more than their uncertainty.
    fn agrees_with(&self, other: &Self) -> bool {
        let deviation = self.relative_deviation.hypot(other.relative_deviation);
        (other.px_per_m / self.px_per_m - 1.0).abs() <= Z95 * deviation
    }

    /// The weighted mean of two scales.
    fn and(&self, other: &Self) -> Self {
        let [a, b] = [self, other].map(|scale| scale.relative_deviation.powi(-2));
        Self {
            px_per_m: (a * self.px_per_m + b * other.px_per_m) / (a + b),
            relative_deviation: (a + b).sqrt().recip(),
            source: ScaleSource::Both,
        }
    }
}

/// Gravity in statures per second squared: from the stature when it is known, otherwise from the spread of human
/// statures and the curvature of the flight, each weighted by its certainty.
pub fn gravity_in_statures(height_m: Option<f64>, stature_px: f64, fit: Option<&GravityFit>) -> f64 {
    if let Some(height) = height_m {
        return GRAVITY / height;
    }
    let typical = GRAVITY / TYPICAL_STATURE_M;
    let Some(fit) = fit else { return typical };
    let fitted = GRAVITY * fit.px_per_m / stature_px;
    let (a, b) = (
        TYPICAL_STATURE_DEVIATION.powi(-2),
        fit.relative_deviation.powi(-2),
    );
    (a * typical + b * fitted) / (a + b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(px_per_m: f64) -> GravityFit {
        GravityFit {
            apex_s: 0.0,
            apex_px: 0.0,
            px_per_m,
            relative_deviation: 0.08,
            residual_px: 0.0,
        }
    }

    #[test]
    fn stature_and_gravity_are_weighed_by_their_certainty() {
        let scale = Scale::choose(Some(2.0), 400.0, Some(&fit(190.0))).expect("both are there");
        assert_eq!(scale.source, ScaleSource::Both);
        // 16 times the weight for a quarter of the deviation
        assert!((scale.px_per_m - (16.0 * 200.0 + 190.0) / 17.0).abs() < 1e-9);
        assert!(scale.relative_deviation < STATURE_DEVIATION);
        let scale = Scale::choose(None, 400.0, Some(&fit(190.0))).expect("gravity fitted");
        assert_eq!((scale.px_per_m, scale.source), (190.0, ScaleSource::GravityFit));
        assert_eq!(Scale::choose(None, 400.0, None), None);
    }

    #[test]
    fn where_both_cannot_be_right_the_stature_counts() {
        for gravity in [Some(fit(160.0)), Some(fit(240.0)), None] {
            let scale = Scale::choose(Some(2.0), 400.0, gravity.as_ref()).expect("stature given");
            assert_eq!(
                (scale.px_per_m, scale.source),
                (200.0, ScaleSource::AthleteHeight)
            );
        }
    }

    #[test]
    fn without_a_stature_gravity_lies_between_the_typical_and_the_fitted() {
        let typical = gravity_in_statures(None, 400.0, None);
        let fitted = GRAVITY * 300.0 / 400.0;
        let fused = gravity_in_statures(None, 400.0, Some(&fit(300.0)));
        assert!((typical.min(fitted)..typical.max(fitted)).contains(&fused));
        assert_eq!(gravity_in_statures(Some(2.0), 1.0, None), GRAVITY / 2.0);
    }
}
