//! When a stream was measured less well than was asked for, because the machine was busy.

use crate::{Grade, Repetition};
use std::collections::VecDeque;

/// Stretches that are remembered; of more the two oldest count as one, with what lies between them.
const MOST_STRETCHES: usize = 32;

/// Frames further apart than this belong to two stretches, seconds.
const GAP_S: f64 = 1.0;

/// Why a repetition is marked.
const REASON: &str = "the machine was busy, so fewer frames than asked for, or a lighter model, were used";

/// Stretches of degraded frames, in order of time.
#[derive(Debug)]
pub struct Strain {
    stretches: VecDeque<(f64, f64)>,
}

impl Default for Strain {
    fn default() -> Self {
        Self {
            stretches: VecDeque::with_capacity(MOST_STRETCHES + 1),
        }
    }
}

impl Strain {
    /// Notes a degraded frame. Times rise.
    pub fn note(&mut self, t: f64) {
        match self.stretches.back_mut() {
            Some((_, end)) if t - *end <= GAP_S => *end = t,
            _ => self.stretches.push_back((t, t)),
        }
        if self.stretches.len() > MOST_STRETCHES
            && let Some((start, _)) = self.stretches.pop_front()
        {
            self.stretches[0].0 = start;
        }
    }

    /// Marks a repetition that was under way in one of the stretches. Its intervals are wider already, as they follow from the
    /// frames that were measured.
    pub fn mark(&self, repetition: &mut Repetition) {
        let (from, to) = (repetition.start_s, repetition.end_s);
        let touched = self
            .stretches
            .iter()
            .any(|&(start, end)| start <= to && end >= from);
        if touched {
            let quality = &mut repetition.quality;
            quality.degraded = true;
            quality.grade = quality.grade.max(Grade::B);
            quality.reasons.push(REASON.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Quality;

    fn is_marked(strain: &Strain, start_s: f64, end_s: f64) -> bool {
        let quality = Quality {
            grade: Grade::A,
            reasons: vec![],
            degraded: false,
        };
        let mut repetition = Repetition::of_phases("cmj", 1, vec![], vec![], (vec![], vec![], quality));
        (repetition.start_s, repetition.end_s) = (start_s, end_s);
        strain.mark(&mut repetition);
        assert_eq!(repetition.quality.grade == Grade::B, repetition.quality.degraded);
        repetition.quality.degraded
    }

    #[test]
    fn only_what_was_under_way_in_a_stretch_is_marked() {
        let mut strain = Strain::default();
        assert!(!is_marked(&strain, 0.0, 10.0));
        for t in [2.0, 2.5, 3.0, 7.0] {
            strain.note(t);
        }
        for (start, end, marked) in [
            (0.0, 1.9, false),
            (1.0, 2.0, true),
            (2.6, 2.9, true),
            (3.1, 6.9, false),
            (6.0, 8.0, true),
        ] {
            assert_eq!(is_marked(&strain, start, end), marked, "{start}..{end}");
        }
    }

    #[test]
    fn memory_is_bounded_and_forgets_nothing() {
        let mut strain = Strain::default();
        for n in 0..100 {
            strain.note(10.0 * f64::from(n));
        }
        assert_eq!(strain.stretches.len(), MOST_STRETCHES);
        assert!(is_marked(&strain, 0.0, 0.1) && is_marked(&strain, 990.0, 991.0));
    }
}
