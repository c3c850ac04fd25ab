//! One way of the centre of mass, from rest downwards or upwards: when it begins and when it ends.
//!
//! A body that sets itself in motion by will moves as smoothly as it can, along a polynomial of the fifth degree (Flash &
//! Hogan 1985, doi:10.1523/JNEUROSCI.05-07-01688.1985). That curve is fitted to the whole way, so that its first stir, which
//! landmark noise hides, follows from the part that is plain to see. A way into rest is the same with time reversed.

use super::{Course, CourseSample};
use crate::numeric::{LinearFit, LocalFit};

/// Samples of a way that are looked at; longer ways are thinned.
const MOST_SAMPLES: usize = 240;

/// Instants are searched for to this, seconds.
const RESOLUTION_S: f64 = 5e-4;

/// First steps of the search as a part of the guessed duration.
const FIRST_STEP: f64 = 0.2;

/// A shorter way is noise, seconds.
const MIN_WAY_S: f64 = 0.1;

/// A way may begin (end) this long before (after) the samples, seconds: its first part is the slowest.
const MOST_UNSEEN_S: f64 = 0.15;

/// Upward acceleration at a turn, in lengths of the way per square of its duration: bodies that turn at once brake with twice to
/// two and a half times their weight at the end of a countermovement of 0.3 m in 0.6 to 0.7 s (McMahon et al. 2018,
/// doi:10.1519/SSC.0000000000000375), which is 13 to 20. It cannot be fitted beside the duration, because what one adds the
/// other takes; within that range it is what the synthetic athlete does.
const TURN_ACCELERATION: f64 = 18.0;

/// How a way that began at rest ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// At rest; the samples may go on after it.
    AtRest,
    /// At a standstill from which the body turns back.
    Turning,
    /// At its greatest speed; the samples end there.
    Fastest,
}

/// Where the body passes this part of its greatest speed its ends are near: further out by that part of the time between on
/// the curve between two rests. The standing before or after is looked at for so long, seconds.
const EARLY_SHARE: f64 = 0.2;
const TRACE_OUT: f64 = 0.17;
const STANDING_S: f64 = 0.4;

/// A fitted way.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// When the body left rest (of a reversed way: came to rest), seconds.
    pub rest_s: f64,
    /// When it arrived (left), seconds.
    pub other_s: f64,
    /// Speed there, pixels per second upwards.
    pub other_px_s: f64,
    /// Sum of squared distances of the samples from the curve.
    squares: f64,
}

/// Down and up again, standing before and after. Heights in pixels upwards, speeds in pixels per second.
#[derive(Clone, Copy, Debug)]
pub struct Crouch {
    /// The way down; it ends where the body comes to rest or turns.
    pub descent: Way,
    /// The way up, reversed.
    pub ascent: Way,
    /// Lowest sample.
    pub lowest_s: f64,
    /// Height there.
    pub lowest_px: f64,
    /// Greatest speeds downwards and upwards, both positive.
    pub speeds_px_s: (f64, f64),
}

impl Crouch {
    /// The crouch that fills the smoothed samples of a course; `None` where they go down or up at no time.
    pub fn on(course: &Course, fits: &[(f64, LocalFit)]) -> Option<Self> {
        let lowest = (0..fits.len()).min_by(|&a, &b| fits[a].1.value.total_cmp(&fits[b].1.value))?;
        let (lowest_s, lowest_px) = (fits[lowest].0, fits[lowest].1.value);
        let slope = |i: &usize| fits[*i].1.slope;
        let down = (0..=lowest).min_by(|a, b| slope(a).total_cmp(&slope(b)))?;
        let up = (lowest..fits.len()).max_by(|a, b| slope(a).total_cmp(&slope(b)))?;
        let speeds_px_s = (-slope(&down), slope(&up));
        if speeds_px_s.0 <= 0.0 || speeds_px_s.1 <= 0.0 {
            return None;
        }
        Some(Self {
            descent: Way::about(course, fits, (down, lowest_s), false)?,
            ascent: Way::about(course, fits, (up, lowest_s), true)?,
            lowest_s,
            lowest_px,
            speeds_px_s,
        })
    }
}

impl Way {
    /// The way between two rests, or from a rest to a turn, about which the body is fastest at sample `fastest`; its samples
    /// end (of a reversed way begin) at `lowest_s`.
    fn about(
        course: &Course,
        fits: &[(f64, LocalFit)],
        (fastest, lowest_s): (usize, f64),
        reversed: bool,
    ) -> Option<Self> {
        let moves = |i: &usize| fits[*i].1.slope / fits[fastest].1.slope >= EARLY_SHARE;
        let early = fits[(0..=fastest).rev().take_while(moves).last()?].0;
        let late = fits[(fastest..fits.len()).take_while(moves).last()?].0;
        let out = TRACE_OUT * (late - early);
        let (begin, end) = (early - out, late + out);
        let (samples, guess) = if reversed {
            (course.between(lowest_s, end + STANDING_S), (end, begin))
        } else {
            (course.between(begin - STANDING_S, lowest_s), (begin, end))
        };
        let fit = WayFit {
            samples,
            arrival: Arrival::AtRest,
            reversed,
        };
        fit.both(guess)
    }
}

/// What is fitted to which samples.
#[derive(Clone, Copy, Debug)]
pub struct WayFit<'a> {
    /// The way, the rest at its resting end, and at most the rest at the other.
    pub samples: &'a [CourseSample],
    /// What the other end is like.
    pub arrival: Arrival,
    /// The way ends at rest instead of beginning there.
    pub reversed: bool,
}

impl WayFit<'_> {
    /// Finds both ends near a guess of (resting end, other end).
    pub fn both(&self, guess: (f64, f64)) -> Option<Way> {
        self.search(guess, true)
    }

    /// Finds the resting end near a guess when the other is known.
    pub fn resting_end(&self, guess_s: f64, other_s: f64) -> Option<Way> {
        self.search((guess_s, other_s), false)
    }

    /// Pattern search over the resting end and, where it is free, the other: steps of half the size when none is better.
    fn search(&self, (rest, other): (f64, f64), free: bool) -> Option<Way> {
        let mut best = self.at(rest, other)?;
        let mut step = FIRST_STEP * (other - rest).abs();
        while step > RESOLUTION_S {
            let moves = [(-step, 0.0), (step, 0.0), (0.0, -step), (0.0, step)];
            let tried = moves.iter().take(if free { 4 } else { 2 });
            let better = tried
                .filter_map(|(a, b)| self.at(best.rest_s + a, best.other_s + b))
                .min_by(|a, b| a.squares.total_cmp(&b.squares))
                .filter(|way| way.squares < best.squares);
            match better {
                Some(way) => best = way,
                None => step *= 0.5,
            }
        }
        Some(best)
    }

    /// The best curve between two instants; `None` outside the samples.
    fn at(&self, rest_s: f64, other_s: f64) -> Option<Way> {
        let (first, last) = (self.samples.first()?, self.samples.last()?);
        let (sign, begin) = if self.reversed {
            (-1.0, last.t)
        } else {
            (1.0, first.t)
        };
        let duration = sign * (other_s - rest_s);
        if duration < MIN_WAY_S || sign * (rest_s - begin) < -MOST_UNSEEN_S {
            return None;
        }
        let (terms, turn) = match self.arrival {
            Arrival::AtRest => (2, 0.0),
            Arrival::Turning => (2, -TURN_ACCELERATION),
            Arrival::Fastest => (3, 0.0),
        };
        let stride = self.samples.len().div_ceil(MOST_SAMPLES);
        let origin = first.com;
        let samples = || {
            self.samples
                .iter()
                .step_by(stride)
                .map(|s| (shape(sign * (s.t - rest_s) / duration, turn), s.com - origin))
        };
        let mut fit = LinearFit::new(terms);
        samples().for_each(|(basis, y)| fit.add(&basis, y, 1.0));
        let c = fit.solve()?;
        let squares = samples()
            .map(|(basis, y)| (y - basis.iter().zip(c).map(|(b, c)| b * c).sum::<f64>()).powi(2))
            .sum();
        Some(Way {
            rest_s,
            other_s,
            other_px_s: c[2] / (other_s - rest_s),
            squares,
        })
    }
}

/// What rest, the way, the speed and the acceleration at its other end add to the height when this part of the way is over;
/// the way with this acceleration at its end.
fn shape(part: f64, turn: f64) -> [f64; 4] {
    let u = part.clamp(0.0, 1.0);
    let cube = u * u * u;
    let acceleration = cube * (0.5 + u * (0.5 * u - 1.0));
    [
        1.0,
        cube * (10.0 + u * (6.0 * u - 15.0)) + turn * acceleration,
        cube * (-4.0 + u * (7.0 - 3.0 * u)),
        acceleration,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jump::course::FootSample;

    fn samples(height: impl Fn(f64) -> f64) -> Vec<CourseSample> {
        let foot = FootSample {
            ankle: 0.0,
            heel: 0.0,
            toe: 0.0,
            usable: true,
            visibility: 1.0,
        };
        let at = |i| f64::from(i) / 60.0;
        (0..120)
            .map(|i| CourseSample {
                t: at(i),
                com: height(at(i)),
                hip: 0.0,
                size: 100.0,
                feet: [foot; 2],
            })
            .collect()
    }

    /// Part of a way between two rests that is over.
    fn between_rests(part: f64) -> f64 {
        shape(part, 0.0)[1]
    }

    #[test]
    fn both_ends_of_a_way_are_found_far_from_the_guess_whichever_way_it_goes() {
        let down = samples(|t| 100.0 - 40.0 * between_rests((t - 0.5) / 1.1));
        let fit = |samples, reversed| WayFit {
            samples,
            arrival: Arrival::AtRest,
            reversed,
        };
        let way = fit(&down, false).both((0.65, 1.5)).expect("a way");
        assert!(
            (way.rest_s - 0.5).abs() < 3e-3 && (way.other_s - 1.6).abs() < 3e-3,
            "{way:?}"
        );
        let up = samples(|t| 60.0 + 40.0 * between_rests((t - 0.5) / 1.1));
        let way = fit(&up, true).both((1.5, 0.65)).expect("a way");
        assert!(
            (way.rest_s - 1.6).abs() < 3e-3 && (way.other_s - 0.5).abs() < 3e-3,
            "{way:?}"
        );
    }

    #[test]
    fn the_first_stir_follows_from_a_known_turn_or_the_fastest_instant() {
        let turning = samples(|t| 100.0 - 40.0 * shape((t - 0.4) / 0.7, -TURN_ACCELERATION)[1]);
        let fit = |samples, arrival| WayFit {
            samples,
            arrival,
            reversed: false,
        };
        let until = |samples: &[CourseSample], end| samples.iter().filter(|s| s.t <= end).count();
        let way = fit(&turning[..until(&turning, 1.1)], Arrival::Turning).resting_end(0.55, 1.1);
        assert!((way.expect("a way").rest_s - 0.4).abs() < 3e-3, "{way:?}");
        let moving = samples(|t| 60.0 + 40.0 * between_rests((t - 0.4) / 0.7));
        let way = fit(&moving[..until(&moving, 0.75)], Arrival::Fastest).resting_end(0.5, 0.75);
        let way = way.expect("a way");
        // a way between rests is fastest in its middle, at 15/8 of its mean speed
        assert!((way.rest_s - 0.4).abs() < 5e-3, "{way:?}");
        assert!((way.other_px_s - 40.0 / 0.7 * 15.0 / 8.0).abs() < 2.0, "{way:?}");
    }

    #[test]
    fn nothing_is_fitted_to_nothing() {
        let fit = WayFit {
            samples: &[],
            arrival: Arrival::AtRest,
            reversed: false,
        };
        assert!(fit.both((0.0, 1.0)).is_none());
    }
}
