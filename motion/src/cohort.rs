//! Everybody in the picture, one analyzer each.

use crate::{Analyzer, AnalyzerConfig, Event, EventKind, LiveState, Picture, Pose, Repetition};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A person away for longer is finished and forgotten, seconds. Long enough to step out and back in.
const LONGEST_ABSENCE_S: f64 = 3.0;

/// People analysed at once, as many as the pose stage can follow.
pub const MOST_PERSONS: usize = 16;

/// One person as seen in one frame.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Track id.
    pub person: u32,
    /// Landmarks in a unit of length that is the same for the whole stream.
    pub pose: &'a Pose,
    /// Whether this person is to be analysed. Somebody once wanted is followed until gone for some seconds, so that a
    /// selection that flickers costs nobody a jump.
    pub wanted: bool,
}

/// A person under analysis.
pub struct Member {
    analyzer: Analyzer,
    wanted_at: f64,
    last_repetition: Option<Arc<Repetition>>,
}

impl Member {
    /// What this person is doing.
    pub fn live(&self) -> &LiveState {
        self.analyzer.live()
    }

    /// The repetition completed last.
    pub fn last_repetition(&self) -> Option<&Arc<Repetition>> {
        self.last_repetition.as_ref()
    }

    fn drain(&mut self, events: &mut Vec<Event>) {
        while let Some(event) = self.analyzer.poll_event() {
            if let EventKind::Repetition(repetition) = &event.kind {
                self.last_repetition = Some(repetition.clone());
            }
            events.push(event);
        }
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        self.analyzer.finish();
        self.drain(events);
    }
}

/// All analyzers of a stream. Time never goes backwards between calls of [`push`](Self::push); start a new cohort when it
/// does.
pub struct Cohort {
    config: AnalyzerConfig,
    members: BTreeMap<u32, Member>,
}

impl Cohort {
    /// Nobody yet. The `person` of the configuration is replaced by each one's track id.
    pub fn new(config: AnalyzerConfig) -> Self {
        Self {
            config,
            members: BTreeMap::new(),
        }
    }

    /// Feeds the people of one frame of which nothing else is known, see [`push_in`](Self::push_in).
    pub fn push(&mut self, t: f64, people: &[Seen<'_>], events: &mut Vec<Event>) {
        self.push_in(t, &Picture::default(), people, events);
    }

    /// Feeds the people of one frame at `t` seconds, with what is known about the picture in the unit of their landmarks,
    /// and appends what became known to `events`.
    pub fn push_in(&mut self, t: f64, picture: &Picture, people: &[Seen<'_>], events: &mut Vec<Event>) {
        for seen in people.iter().filter(|seen| seen.wanted) {
            self.want(seen.person, t, events);
        }
        for (id, member) in &mut self.members {
            let seen = people.iter().find(|seen| seen.person == *id);
            member.analyzer.push_in(t, picture, seen.map(|seen| seen.pose));
            member.drain(events);
        }
        self.members.retain(|_, member| {
            let stays = t - member.wanted_at <= LONGEST_ABSENCE_S;
            if !stays {
                member.finish(events);
            }
            stays
        });
    }

    /// Completes or drops what is under way and forgets everybody.
    pub fn finish(&mut self, events: &mut Vec<Event>) {
        for member in self.members.values_mut() {
            member.finish(events);
        }
        self.members.clear();
    }

    /// The people under analysis by track id.
    pub fn members(&self) -> impl Iterator<Item = (u32, &Member)> {
        self.members.iter().map(|(id, member)| (*id, member))
    }

    /// Makes sure a person is followed. Beyond [`MOST_PERSONS`] the one unwanted for longest makes room.
    fn want(&mut self, person: u32, t: f64, events: &mut Vec<Event>) {
        if let Some(member) = self.members.get_mut(&person) {
            member.wanted_at = t;
            return;
        }
        if self.members.len() >= MOST_PERSONS {
            let longest = self
                .members
                .iter()
                .min_by(|a, b| a.1.wanted_at.total_cmp(&b.1.wanted_at))
                .map(|(id, _)| *id);
            if let Some(mut member) = longest.and_then(|id| self.members.remove(&id)) {
                member.finish(events);
            }
        }
        let analyzer = Analyzer::new(AnalyzerConfig {
            person,
            ..self.config
        });
        self.members.insert(
            person,
            Member {
                analyzer,
                wanted_at: t,
                last_repetition: None,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::tests::standing;

    #[test]
    fn somebody_wanted_once_is_followed_until_gone_for_a_while() {
        let pose = standing();
        let seen = |person, wanted| Seen {
            person,
            pose: &pose,
            wanted,
        };
        let mut cohort = Cohort::new(AnalyzerConfig::default());
        let mut events = Vec::new();
        let ids = |cohort: &Cohort| cohort.members().map(|(id, _)| id).collect::<Vec<_>>();
        cohort.push(0.0, &[seen(3, true), seen(4, false)], &mut events);
        assert_eq!(ids(&cohort), [3]);
        cohort.push(1.0, &[seen(3, false), seen(4, true)], &mut events);
        assert_eq!(ids(&cohort), [3, 4]);
        cohort.push(3.5, &[seen(3, false), seen(4, true)], &mut events);
        assert_eq!(ids(&cohort), [4]);
    }

    #[test]
    fn a_crowd_beyond_the_limit_pushes_out_whoever_was_wanted_least_recently() {
        let pose = standing();
        let mut cohort = Cohort::new(AnalyzerConfig::default());
        for person in 0..=MOST_PERSONS as u32 {
            let seen = Seen {
                person,
                pose: &pose,
                wanted: true,
            };
            cohort.push(0.01 * f64::from(person), &[seen], &mut Vec::new());
        }
        let ids: Vec<u32> = cohort.members().map(|(id, _)| id).collect();
        assert_eq!(ids, (1..=MOST_PERSONS as u32).collect::<Vec<_>>());
    }
}
