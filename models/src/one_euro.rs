//! The One-Euro filter in the form MediaPipe gives it.

use std::f32::consts::PI;

/// Rate assumed until two timestamps are known, per second.
const FIRST_RATE: f32 = 30.0;

/// How strongly a filter smooths. Sources: Casiez et al. 2012; numbers from MediaPipe's `LandmarksSmoothingCalculator`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OneEuroSettings {
    /// Cut-off at rest, 1/s.
    pub min_cutoff: f32,
    /// Growth of the cut-off with speed.
    pub beta: f32,
    /// Cut-off of the speed's low-pass, 1/s.
    pub speed_cutoff: f32,
}

/// Smooths `N` values together. Unlike the published filter the speed comes from the previous *raw* value and is
/// multiplied by a scale that makes it independent of the person's size in the picture.
#[derive(Clone, Debug)]
pub(crate) struct OneEuro<const N: usize> {
    settings: OneEuroSettings,
    rate: f32,
    last: Option<State<N>>,
}

#[derive(Clone, Copy, Debug)]
struct State<const N: usize> {
    t: f64,
    value: [f32; N],
    raw: [f32; N],
    speed: [f32; N],
}

impl<const N: usize> OneEuro<N> {
    pub fn new(settings: OneEuroSettings) -> Self {
        Self {
            settings,
            rate: FIRST_RATE,
            last: None,
        }
    }

    /// Smooths `values`, measured at `t` seconds, in place. A timestamp that is not later than the one before keeps the
    /// previous rate.
    pub fn filter(&mut self, t: f64, values: &mut [f32; N], scale: f32) {
        let raw = *values;
        let Some(last) = &mut self.last else {
            self.last = Some(State {
                t,
                value: raw,
                raw,
                speed: [0.0; N],
            });
            return;
        };
        let elapsed = t - last.t;
        if elapsed > 0.0 {
            self.rate = (1.0 / elapsed) as f32;
        }
        last.t = t;
        let alpha = |cutoff: f32| 1.0 / (1.0 + self.rate / (2.0 * PI * cutoff));
        let speed_alpha = alpha(self.settings.speed_cutoff);
        for (i, value) in values.iter_mut().enumerate() {
            let speed = (*value - last.raw[i]) * scale * self.rate;
            last.speed[i] = speed_alpha * speed + (1.0 - speed_alpha) * last.speed[i];
            let a = alpha(self.settings.min_cutoff + self.settings.beta * last.speed[i].abs());
            last.value[i] = a * *value + (1.0 - a) * last.value[i];
            *value = last.value[i];
        }
        last.raw = raw;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: OneEuroSettings = OneEuroSettings {
        min_cutoff: 0.05,
        beta: 80.0,
        speed_cutoff: 1.0,
    };

    #[test]
    fn first_value_passes_unchanged() {
        let mut v = [3.0, -1.0];
        OneEuro::new(SETTINGS).filter(0.0, &mut v, 1.0);
        assert_eq!(v, [3.0, -1.0]);
    }

    #[test]
    fn rest_is_smoothed_and_speed_is_followed() {
        let at_rest = |step: f32| {
            let mut f = OneEuro::new(SETTINGS);
            f.filter(0.0, &mut [0.0], 0.01);
            let mut v = [step];
            f.filter(1.0 / 30.0, &mut v, 0.01);
            v[0] / step
        };
        assert!(at_rest(0.1) < 0.2, "{}", at_rest(0.1));
        assert!(at_rest(100.0) > 0.9, "{}", at_rest(100.0));
    }

    #[test]
    fn the_same_movement_is_smoothed_alike_at_any_frame_rate() {
        // A ramp of 1 unit/s for one second: the lag at the end depends little on the sampling.
        let lag = |fps: u32| {
            let mut f = OneEuro::new(SETTINGS);
            let mut v = [0.0];
            for i in 0..=fps {
                v = [i as f32 / fps as f32];
                f.filter(f64::from(i) / f64::from(fps), &mut v, 0.05);
            }
            1.0 - v[0]
        };
        assert!((lag(30) - lag(240)).abs() < 0.02, "{} {}", lag(30), lag(240));
        assert!(lag(30) > 0.01);
    }

    #[test]
    fn repeated_timestamps_stay_finite() {
        let mut f = OneEuro::new(SETTINGS);
        for t in [0.0, 0.0, -1.0, f64::NAN, 0.0] {
            let mut v = [1.0];
            f.filter(t, &mut v, 1.0);
            assert!(v[0].is_finite());
        }
    }
}
