//! Track ids that outlive a change of picture size.
//!
//! A browser that changes its resolution in mid-stream makes the estimator start over, with new ids. The athlete has not
//! changed, so whoever is found where somebody was seen just before keeps that id, and the jump under way is not lost.

use kinemotion_models::TrackedPose;
use std::collections::BTreeMap;

/// Somebody found later than this after the change is somebody new, seconds.
const REUNION_S: f64 = 1.0;
/// Boxes of the same person overlap at least this much (intersection over union).
const SAME_PERSON: f32 = 0.3;

/// A box in fractions of the picture.
type Fractions = [f32; 4];

/// Gives people the ids by which they are known outside.
#[derive(Debug, Default)]
pub(super) struct Identity {
    /// Estimator's id to the id known outside, where they differ.
    known_as: BTreeMap<u32, u32>,
    /// Where people were in the last frame.
    last: Vec<(u32, Fractions)>,
    /// Those in sight when the size changed, until somebody takes their place.
    waiting: Vec<(u32, Fractions)>,
    changed_at: Option<f64>,
    last_time: f64,
}

impl Identity {
    /// The picture gets another size.
    pub(super) fn size_changed(&mut self) {
        self.waiting = std::mem::take(&mut self.last);
        self.changed_at = Some(self.last_time);
    }

    /// Renames the people of a frame of this size. True when somebody was recognised.
    pub(super) fn rename(
        &mut self,
        persons: &mut [TrackedPose],
        (width, height): (f32, f32),
        time: f64,
    ) -> bool {
        self.last_time = time;
        if self
            .changed_at
            .is_some_and(|at| !(0.0..=REUNION_S).contains(&(time - at)))
        {
            self.waiting.clear();
            self.changed_at = None;
        }
        let mut recognised = false;
        self.last.clear();
        for person in persons {
            let [left, top, right, bottom] = person.bounds;
            let place = [left / width, top / height, right / width, bottom / height];
            if !self.known_as.contains_key(&person.id)
                && let Some(index) = self.best_match(&place)
            {
                self.known_as.insert(person.id, self.waiting.swap_remove(index).0);
                recognised = true;
            }
            person.id = self.known_as.get(&person.id).copied().unwrap_or(person.id);
            self.last.push((person.id, place));
        }
        recognised
    }

    /// The estimator's id of somebody known outside as `id`.
    pub(super) fn estimators_id(&self, id: u32) -> u32 {
        self.known_as
            .iter()
            .rev()
            .find(|(_, outside)| **outside == id)
            .map_or(id, |(inside, _)| *inside)
    }

    fn best_match(&self, place: &Fractions) -> Option<usize> {
        let overlaps = self.waiting.iter().map(|(_, before)| overlap(before, place));
        let (index, best) = overlaps.enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
        (best >= SAME_PERSON).then_some(index)
    }
}

/// Intersection over union.
fn overlap(a: &Fractions, b: &Fractions) -> f32 {
    let area = |r: &Fractions| (r[2] - r[0]).max(0.0) * (r[3] - r[1]).max(0.0);
    let common = area(&[a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    let all = area(a) + area(b) - common;
    if all > 0.0 { common / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: u32, bounds: [f32; 4]) -> TrackedPose {
        TrackedPose {
            id,
            selected: true,
            bounds,
            pose: Default::default(),
        }
    }

    fn ids(identity: &mut Identity, persons: &[TrackedPose], size: (f32, f32), time: f64) -> Vec<u32> {
        let mut persons = persons.to_vec();
        identity.rename(&mut persons, size, time);
        persons.iter().map(|person| person.id).collect()
    }

    const LARGE: (f32, f32) = (640.0, 360.0);
    const SMALL: (f32, f32) = (480.0, 270.0);

    #[test]
    fn people_keep_their_ids_when_the_picture_shrinks() {
        let mut identity = Identity::default();
        let before = [
            person(0, [100.0, 50.0, 200.0, 350.0]),
            person(1, [400.0, 50.0, 500.0, 350.0]),
        ];
        assert_eq!(ids(&mut identity, &before, LARGE, 1.0), [0, 1]);
        identity.size_changed();
        let after = [
            person(2, [301.0, 39.0, 375.0, 262.0]),
            person(3, [76.0, 36.0, 151.0, 263.0]),
        ];
        assert_eq!(ids(&mut identity, &after, SMALL, 1.1), [1, 0]);
        assert_eq!(ids(&mut identity, &after, SMALL, 9.0), [1, 0], "for good");
        assert_eq!((identity.estimators_id(0), identity.estimators_id(1)), (3, 2));
    }

    #[test]
    fn somebody_elsewhere_or_much_later_is_somebody_new() {
        let mut identity = Identity::default();
        ids(
            &mut identity,
            &[person(0, [100.0, 50.0, 200.0, 350.0])],
            LARGE,
            1.0,
        );
        identity.size_changed();
        assert_eq!(
            ids(
                &mut identity,
                &[person(1, [380.0, 36.0, 470.0, 263.0])],
                SMALL,
                1.1
            ),
            [1]
        );
        assert_eq!(
            ids(
                &mut identity,
                &[person(2, [76.0, 36.0, 151.0, 263.0])],
                SMALL,
                3.0
            ),
            [2]
        );
    }
}
