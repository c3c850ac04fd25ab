//! How high the feet are at the instant of contact, as the pose model sees them.

/// A stretch or growth beyond this, in statures, is posture or a lost limb, not measurement error.
const MAX_STRETCH: f64 = 0.03;

/// What the height at contact depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ContactView {
    /// Time between frames, seconds. The pose model looks where the body was one frame ago, so the feet trail a little.
    pub interval_s: f64,
    /// Growth of the distance from ankle to hip between standing and take-off, in statures. The leg is as long at take-off
    /// as in standing; where it looks longer the feet are seen too low, here and at landing.
    pub stretch: f64,
    /// Growth of the segment lengths between standing and flight, in statures. Bones do not grow; where they seem to, the
    /// feet are seen too low.
    pub growth: f64,
}

/// Height of the mixture of ankle, heel and toe above its level on flat feet at the instants of contact, in statures, as
/// a linear function of the view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContactHeight {
    /// Height on tiptoe, in statures.
    pub base: f64,
    /// Statures per second between frames.
    pub lag: f64,
    /// Per stretch of the leg.
    pub stretch: f64,
    /// Per growth of the body.
    pub growth: f64,
    /// Standard deviation of the height about this model from jump to jump, in statures.
    pub deviation: f64,
}

impl ContactHeight {
    /// From standing. Like the constants below, least squares over rendered jumps as the pose model saw them: `make calibrate`
    /// fits them on every other clip of the accuracy matrix, takes the deviation from the rest, and keeps both in
    /// docs/calibration.md.
    pub const CALIBRATED: Self = Self {
        base: 0.0176,
        lag: -0.011,
        stretch: -0.272,
        growth: 0.092,
        deviation: 0.007,
    };

    /// At take-off and landing over a floor read in the contact after a fall and after the landing.
    pub const AFTER_DROP: Self = Self::constant(0.0182, 0.0085);

    /// At the touch-down of a fall over that floor.
    pub const DROP_TOUCHDOWN: Self = Self::constant(0.0346, 0.0090);

    /// In a series of rebounds over the ground read in its contacts.
    pub const REBOUND: Self = Self {
        base: 0.0271,
        lag: 0.0,
        stretch: 0.0,
        growth: -0.524,
        deviation: 0.0057,
    };

    const fn constant(base: f64, deviation: f64) -> Self {
        Self {
            base,
            lag: 0.0,
            stretch: 0.0,
            growth: 0.0,
            deviation,
        }
    }

    /// The height under this view.
    pub fn of(&self, view: &ContactView) -> f64 {
        let view = view.limited();
        self.base + self.lag * view.interval_s + self.stretch * view.stretch + self.growth * view.growth
    }
}

impl ContactView {
    /// With what cannot be measurement error cut off.
    pub fn limited(&self) -> Self {
        Self {
            interval_s: self.interval_s,
            stretch: self.stretch.clamp(-MAX_STRETCH, MAX_STRETCH),
            growth: self.growth.clamp(-MAX_STRETCH, MAX_STRETCH),
        }
    }
}
