//! Whose numbers count.

use crate::PersonSelection;

/// A rival must be better for this long before it is chosen, seconds.
const PATIENCE_S: f64 = 0.5;
/// A rival must be larger by this factor.
const LARGER: f32 = 1.15;
/// A rival must be nearer to the centre by this share of the picture's diagonal.
const NEARER: f32 = 0.05;
/// A rival must move more by this factor…
const MOVES_MORE: f32 = 1.3;
/// …and by this much, regions per second, so that noise of people at rest does not count.
const MOVES_MORE_BY: f32 = 0.05;
/// How long the choice waits for a person who is out of sight, seconds.
pub(crate) const RETURN_S: f64 = 1.0;

/// What the choice is made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Person {
    pub id: u32,
    /// Side of the region, pixels.
    pub size: f32,
    /// Distance of the mid-hip from the picture's centre, in diagonals.
    pub off_centre: f32,
    /// Regions per second.
    pub movement: f32,
}

/// Keeps to one person until another is clearly and for some time the better choice.
#[derive(Default)]
pub(crate) struct Selector {
    chosen: Option<(u32, f64)>,
    rival: Option<(u32, f64)>,
}

impl Selector {
    /// The chosen one of the people in sight at `t`. A chosen person out of sight is waited for if `waits`.
    pub fn choose(
        &mut self,
        selection: PersonSelection,
        people: impl Iterator<Item = Person> + Clone,
        t: f64,
        waits: bool,
    ) -> Option<u32> {
        if let PersonSelection::Id(id) = selection {
            return people.into_iter().map(|p| p.id).find(|&p| p == id);
        }
        let rank = |p: &Person| match selection {
            PersonSelection::Largest => p.size,
            PersonSelection::NearestCentre => -p.off_centre,
            PersonSelection::MostMoving | PersonSelection::Id(_) => p.movement,
        };
        let best = people
            .clone()
            .max_by(|a, b| rank(a).total_cmp(&rank(b)).then(b.id.cmp(&a.id)))?;
        let present = self
            .chosen
            .and_then(|(id, _)| people.into_iter().find(|p| p.id == id));
        let Some(present) = present else {
            if waits && self.chosen.is_some_and(|(_, seen)| t - seen < RETURN_S) {
                return None;
            }
            return self.take(best.id, t);
        };
        let clearly = match selection {
            PersonSelection::Largest => best.size > present.size * LARGER,
            PersonSelection::NearestCentre => best.off_centre < present.off_centre - NEARER,
            PersonSelection::MostMoving | PersonSelection::Id(_) => {
                best.movement > (present.movement * MOVES_MORE).max(present.movement + MOVES_MORE_BY)
            }
        };
        if !clearly {
            return self.take(present.id, t);
        }
        let since = self
            .rival
            .filter(|(id, _)| *id == best.id)
            .map_or(t, |(_, since)| since);
        if t - since >= PATIENCE_S {
            return self.take(best.id, t);
        }
        self.rival = Some((best.id, since));
        self.chosen = Some((present.id, t));
        Some(present.id)
    }

    fn take(&mut self, id: u32, t: f64) -> Option<u32> {
        *self = Self {
            chosen: Some((id, t)),
            rival: None,
        };
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGEST: PersonSelection = PersonSelection::Largest;

    fn person(id: u32, size: f32) -> Person {
        Person {
            id,
            size,
            off_centre: 0.0,
            movement: 0.0,
        }
    }

    fn choose(s: &mut Selector, selection: PersonSelection, people: &[Person], t: f64) -> Option<u32> {
        s.choose(selection, people.iter().copied(), t, true)
    }

    #[test]
    fn a_little_larger_is_not_enough() {
        let mut s = Selector::default();
        assert_eq!(
            choose(&mut s, LARGEST, &[person(1, 100.0), person(2, 99.0)], 0.0),
            Some(1)
        );
        for i in 0..100 {
            let t = f64::from(i) / 30.0;
            assert_eq!(
                choose(&mut s, LARGEST, &[person(1, 100.0), person(2, 110.0)], t),
                Some(1)
            );
        }
    }

    #[test]
    fn clearly_larger_wins_after_some_time_only() {
        let mut s = Selector::default();
        choose(&mut s, LARGEST, &[person(1, 100.0)], 0.0);
        let rivals = [person(1, 100.0), person(2, 130.0)];
        assert_eq!(choose(&mut s, LARGEST, &rivals, 1.0), Some(1));
        assert_eq!(choose(&mut s, LARGEST, &rivals, 1.4), Some(1));
        // An interruption starts the clock anew.
        assert_eq!(
            choose(&mut s, LARGEST, &[person(1, 100.0), person(2, 100.0)], 1.45),
            Some(1)
        );
        assert_eq!(choose(&mut s, LARGEST, &rivals, 1.6), Some(1));
        assert_eq!(choose(&mut s, LARGEST, &rivals, 2.1), Some(2));
    }

    #[test]
    fn a_person_out_of_sight_is_waited_for() {
        let mut s = Selector::default();
        choose(&mut s, LARGEST, &[person(1, 100.0), person(2, 50.0)], 0.0);
        assert_eq!(choose(&mut s, LARGEST, &[person(2, 50.0)], 0.5), None);
        assert_eq!(
            choose(&mut s, LARGEST, &[person(1, 100.0), person(2, 50.0)], 0.9),
            Some(1)
        );
        assert_eq!(choose(&mut s, LARGEST, &[person(2, 50.0)], 1.8), None);
        assert_eq!(choose(&mut s, LARGEST, &[person(2, 50.0)], 2.0), Some(2));
        assert_eq!(
            s.choose(LARGEST, [person(3, 50.0)].into_iter(), 2.1, false),
            Some(3)
        );
    }

    #[test]
    fn nearest_to_the_centre_and_most_moving_have_hysteresis_too() {
        let at = |id, off_centre, movement| Person {
            id,
            size: 1.0,
            off_centre,
            movement,
        };
        let mut s = Selector::default();
        let nearest = PersonSelection::NearestCentre;
        assert_eq!(
            choose(&mut s, nearest, &[at(1, 0.2, 0.0), at(2, 0.1, 0.0)], 0.0),
            Some(2)
        );
        assert_eq!(
            choose(&mut s, nearest, &[at(1, 0.08, 0.0), at(2, 0.1, 0.0)], 9.0),
            Some(2)
        );
        assert_eq!(
            choose(&mut s, nearest, &[at(1, 0.01, 0.0), at(2, 0.1, 0.0)], 10.0),
            Some(2)
        );
        assert_eq!(
            choose(&mut s, nearest, &[at(1, 0.01, 0.0), at(2, 0.1, 0.0)], 10.5),
            Some(1)
        );
        let mut s = Selector::default();
        let moving = PersonSelection::MostMoving;
        assert_eq!(
            choose(&mut s, moving, &[at(1, 0.0, 0.01), at(2, 0.0, 0.0)], 0.0),
            Some(1)
        );
        assert_eq!(
            choose(&mut s, moving, &[at(1, 0.0, 0.01), at(2, 0.0, 0.05)], 5.0),
            Some(1)
        );
        assert_eq!(
            choose(&mut s, moving, &[at(1, 0.0, 0.01), at(2, 0.0, 0.5)], 6.0),
            Some(1)
        );
        assert_eq!(
            choose(&mut s, moving, &[at(1, 0.0, 0.01), at(2, 0.0, 0.5)], 7.0),
            Some(2)
        );
    }

    #[test]
    fn an_id_means_that_person_or_nobody() {
        let mut s = Selector::default();
        assert_eq!(
            choose(
                &mut s,
                PersonSelection::Id(7),
                &[person(1, 9.0), person(7, 1.0)],
                0.0
            ),
            Some(7)
        );
        assert_eq!(
            choose(&mut s, PersonSelection::Id(7), &[person(1, 9.0)], 9.0),
            None
        );
    }

    #[test]
    fn nobody_in_sight_is_nobody_chosen() {
        assert_eq!(choose(&mut Selector::default(), LARGEST, &[], 0.0), None);
    }
}
