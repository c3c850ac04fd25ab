//! The people being analysed, one analyzer each.
//!
//! Contract: time never goes backwards between calls of [`Cohort::push`]; the caller starts a new cohort when it does.

use crate::meta::{PersonMotion, Poses, scale_pose};
use kinemotion_models::TrackedPose;
use kinemotion_motion::{Analyzer, AnalyzerConfig, Event, EventKind, Repetition};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A person away for longer is finished and forgotten, seconds. Long enough to step out and back in.
const LONGEST_ABSENCE_S: f64 = 3.0;
/// People analysed at once, as many as `kinepose` can follow.
const MOST_PERSONS: usize = 16;

struct Follower {
    analyzer: Analyzer,
    wanted_at: f64,
    selected: bool,
    last_repetition: Option<Arc<Repetition>>,
}

impl Follower {
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

/// All analyzers of a stream.
pub(super) struct Cohort {
    config: AnalyzerConfig,
    followers: BTreeMap<u32, Follower>,
    /// Rows of the first picture: the unit of length for the whole stream, so that a new size changes nothing.
    reference_height: Option<u32>,
}

impl Cohort {
    /// Nobody yet.
    pub(super) fn new(config: AnalyzerConfig) -> Self {
        Self {
            config,
            followers: BTreeMap::new(),
            reference_height: None,
        }
    }

    /// Feeds one frame at `time` on the analysis clock and collects what it made known.
    pub(super) fn push(&mut self, time: f64, poses: &Poses, everybody: bool, events: &mut Vec<Event>) {
        let reference = *self.reference_height.get_or_insert(poses.frame.height.max(1));
        let scale = reference as f32 / poses.frame.height.max(1) as f32;
        for person in poses.persons.iter().filter(|person| everybody || person.selected) {
            self.want(person.id, time, events);
        }
        for (id, follower) in &mut self.followers {
            let person = poses.persons.iter().find(|person| person.id == *id);
            follower.selected = person.is_some_and(|person| person.selected);
            feed(&mut follower.analyzer, time, person, scale);
            follower.drain(events);
        }
        self.followers.retain(|_, follower| {
            let stays = time - follower.wanted_at <= LONGEST_ABSENCE_S;
            if !stays {
                follower.finish(events);
            }
            stays
        });
    }

    /// Completes or drops what is under way.
    pub(super) fn finish(&mut self, events: &mut Vec<Event>) {
        for follower in self.followers.values_mut() {
            follower.finish(events);
        }
        self.followers.clear();
    }

    /// What is known about each person now.
    pub(super) fn snapshot(&self) -> Arc<[PersonMotion]> {
        self.followers
            .iter()
            .map(|(id, follower)| PersonMotion {
                id: *id,
                selected: follower.selected,
                live: follower.analyzer.live().clone(),
                last_repetition: follower.last_repetition.clone(),
            })
            .collect()
    }

    /// Makes sure a person is followed. Beyond the limit the one unwanted for longest makes room.
    fn want(&mut self, id: u32, time: f64, events: &mut Vec<Event>) {
        if let Some(follower) = self.followers.get_mut(&id) {
            follower.wanted_at = time;
            return;
        }
        if self.followers.len() >= MOST_PERSONS {
            let oldest = self
                .followers
                .iter()
                .min_by(|a, b| a.1.wanted_at.total_cmp(&b.1.wanted_at));
            if let Some(mut follower) = oldest
                .map(|(id, _)| *id)
                .and_then(|id| self.followers.remove(&id))
            {
                follower.finish(events);
            }
        }
        let analyzer = Analyzer::new(AnalyzerConfig {
            person: id,
            ..self.config
        });
        self.followers.insert(
            id,
            Follower {
                analyzer,
                wanted_at: time,
                selected: false,
                last_repetition: None,
            },
        );
    }
}

fn feed(analyzer: &mut Analyzer, time: f64, person: Option<&TrackedPose>, scale: f32) {
    match person {
        Some(person) if scale != 1.0 => {
            let mut pose = person.pose.clone();
            scale_pose(&mut pose, scale, scale);
            analyzer.push(time, Some(&pose));
        }
        person => analyzer.push(time, person.map(|person| &person.pose)),
    }
}
