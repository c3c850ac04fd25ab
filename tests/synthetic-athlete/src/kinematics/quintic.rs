//! Fifth-degree polynomials with given position, speed and acceleration at both ends.

/// Position, first and second derivative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct State {
    pub position: f64,
    pub velocity: f64,
    pub acceleration: f64,
}

impl State {
    pub fn new(position: f64, velocity: f64, acceleration: f64) -> Self {
        Self {
            position,
            velocity,
            acceleration,
        }
    }

    pub fn rest(position: f64) -> Self {
        Self::new(position, 0.0, 0.0)
    }
}

/// Polynomial of degree five over `0..=duration` seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quintic {
    coefficients: [f64; 6],
    pub duration: f64,
}

impl Quintic {
    /// The one quintic that leaves `from` and reaches `to` after `duration` seconds.
    pub fn between(from: State, to: State, duration: f64) -> Self {
        let t = duration;
        // What is still missing at the end when only the start state acts, made dimensionless by powers of t.
        let p = to.position - from.position - from.velocity * t - 0.5 * from.acceleration * t * t;
        let v = (to.velocity - from.velocity - from.acceleration * t) * t;
        let a = (to.acceleration - from.acceleration) * t * t;
        let cubic = 10.0 * p - 4.0 * v + 0.5 * a;
        let quartic = -15.0 * p + 7.0 * v - a;
        let quintic = 6.0 * p - 3.0 * v + 0.5 * a;
        let coefficients = [
            from.position,
            from.velocity,
            0.5 * from.acceleration,
            cubic / t.powi(3),
            quartic / t.powi(4),
            quintic / t.powi(5),
        ];
        Self {
            coefficients,
            duration,
        }
    }

    /// State at `t` seconds after the start.
    pub fn at(&self, t: f64) -> State {
        let c = &self.coefficients;
        State {
            position: ((((c[5] * t + c[4]) * t + c[3]) * t + c[2]) * t + c[1]) * t + c[0],
            velocity: (((5.0 * c[5] * t + 4.0 * c[4]) * t + 3.0 * c[3]) * t + 2.0 * c[2]) * t + c[1],
            acceleration: ((20.0 * c[5] * t + 12.0 * c[4]) * t + 6.0 * c[3]) * t + 2.0 * c[2],
        }
    }

    /// `steps + 1` evenly spaced states from start to end.
    pub fn samples(&self, steps: usize) -> impl Iterator<Item = State> + '_ {
        (0..=steps).map(move |i| self.at(self.duration * i as f64 / steps as f64))
    }
}

/// Smooth step from 0 to 1 with zero first and second derivative at both ends; clamped outside.
pub(crate) fn smooth(u: f64) -> f64 {
    let u = u.clamp(0.0, 1.0);
    u * u * u * (10.0 + u * (6.0 * u - 15.0))
}

pub(crate) fn lerp(a: f64, b: f64, u: f64) -> f64 {
    a + (b - a) * u
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_end_states_are_met() {
        let (a, b) = (State::new(1.0, -0.4, 2.0), State::new(0.6, 2.6, -9.8));
        let q = Quintic::between(a, b, 0.37);
        for (got, want) in [(q.at(0.0), a), (q.at(0.37), b)] {
            assert!((got.position - want.position).abs() < 1e-12);
            assert!((got.velocity - want.velocity).abs() < 1e-10);
            assert!((got.acceleration - want.acceleration).abs() < 1e-9);
        }
    }

    #[test]
    fn derivatives_agree_with_finite_differences() {
        let q = Quintic::between(State::rest(0.0), State::new(0.3, 1.0, -3.0), 0.5);
        let (t, h) = (0.21, 1e-5);
        let slope = (q.at(t + h).position - q.at(t - h).position) / (2.0 * h);
        let bend = (q.at(t + h).velocity - q.at(t - h).velocity) / (2.0 * h);
        assert!((q.at(t).velocity - slope).abs() < 1e-7);
        assert!((q.at(t).acceleration - bend).abs() < 1e-6);
    }
}
