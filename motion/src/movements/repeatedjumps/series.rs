//! Numbers of a series of rebounds, in memory that does not grow with it.

use crate::numeric::PolynomialFit;
use crate::units::GRAVITY;

/// Rebounds of a 10/5 test, and the best of them that count.
pub const TEST: usize = 10;
pub const BEST: usize = 5;

/// A contact shorter than this uses the fast stretch-shortening cycle, seconds (Schmidtbleicher 1992; common practice in
/// the 10/5 test).
const FAST_CONTACT_S: f64 = 0.25;

/// The rebounds of a series so far.
#[derive(Clone, Debug)]
pub struct Series {
    /// Contact and flight times of the last ten, seconds; the oldest is overwritten.
    last: [(f64, f64); TEST],
    count: usize,
    flights_s: f64,
    contacts_s: f64,
    drift: PolynomialFit,
    rsi: f64,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            last: [(0.0, 0.0); TEST],
            count: 0,
            flights_s: 0.0,
            contacts_s: 0.0,
            drift: PolynomialFit::new(1),
            rsi: 0.0,
        }
    }
}

impl Series {
    /// Adds a rebound: contact and flight time in seconds.
    pub fn add(&mut self, contact_s: f64, flight_s: f64) {
        self.last[self.count % TEST] = (contact_s, flight_s);
        self.drift.add(self.count as f64, flight_s / contact_s, 1.0);
        self.count += 1;
        self.flights_s += flight_s;
        self.contacts_s += contact_s;
        self.rsi += flight_s / contact_s;
    }

    /// Rebounds so far.
    pub fn count(&self) -> usize {
        self.count
    }

    fn last(&self) -> &[(f64, f64)] {
        &self.last[..self.count.min(TEST)]
    }

    /// Those of the last ten with a fast contact.
    pub fn fast_contacts(&self) -> usize {
        let fast = |(contact, _): &&(f64, f64)| *contact < FAST_CONTACT_S;
        self.last().iter().filter(fast).count()
    }

    /// Mean and standard deviation of the five best reactive strength indices of the last ten; `None` with fewer than five.
    pub fn best_five(&self) -> Option<(f64, f64)> {
        let mut indices = [0.0; TEST];
        let n = self.last().len();
        for (index, (contact, flight)) in indices.iter_mut().zip(self.last()) {
            *index = flight / contact;
        }
        let sorted = &mut indices[..n];
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        let best = sorted.get(..BEST)?;
        let mean = best.iter().sum::<f64>() / BEST as f64;
        let squares: f64 = best.iter().map(|index| (index - mean).powi(2)).sum();
        Some((mean, (squares / (BEST - 1) as f64).sqrt()))
    }

    /// Change of the index per rebound, in per cent of its mean; `None` with fewer than five.
    pub fn drift_percent(&self) -> Option<f64> {
        if self.count < BEST {
            return None;
        }
        let [_, slope, _, _] = self.drift.solve()?;
        Some(100.0 * slope * self.count as f64 / self.rsi)
    }

    /// Mean power per body mass in W/kg: `g²·ΣT·(ΣT + Σt)/(4·n·Σt)` (Bosco et al. 1983, doi:10.1007/BF00422166).
    pub fn power_w_kg(&self) -> f64 {
        let total = self.flights_s + self.contacts_s;
        GRAVITY * GRAVITY * self.flights_s * total / (4.0 * self.count as f64 * self.contacts_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_five_of_the_last_ten_count() {
        let mut series = Series::default();
        for contact in [0.5, 0.2, 0.4, 0.25, 0.4] {
            assert_eq!(series.best_five(), None);
            series.add(contact, 0.5);
        }
        let (mean, _) = series.best_five().expect("five rebounds");
        assert!((mean - (1.0 + 2.5 + 1.25 + 2.0 + 1.25) / 5.0).abs() < 1e-12);
        for _ in 0..5 {
            series.add(0.2, 0.6);
        }
        let (mean, sd) = series.best_five().expect("ten rebounds");
        assert!((mean - 3.0).abs() < 1e-12 && sd < 1e-9);
        assert_eq!((series.count(), series.fast_contacts()), (10, 6));
        for _ in 0..10 {
            series.add(0.3, 0.3);
        }
        assert_eq!(series.best_five().map(|(mean, _)| mean), Some(1.0));
    }

    #[test]
    fn fatigue_shows_as_a_negative_drift_and_power_follows_bosco() {
        let mut series = Series::default();
        for i in 0..10 {
            series.add(0.2, 0.5 - 0.005 * f64::from(i));
        }
        // the index falls by 0.025 a jump around a mean of 2.3875
        let drift = series.drift_percent().expect("ten rebounds");
        assert!((drift + 100.0 * 0.025 / 2.3875).abs() < 1e-9, "{drift}");
        let mut steady = Series::default();
        steady.add(0.2, 0.5);
        assert!((steady.power_w_kg() - GRAVITY * GRAVITY * 0.5 * 0.7 / 0.8).abs() < 1e-9);
    }
}
