//! The people of a stream between the pose meta and their analyzers.
//!
//! Contract: time never goes backwards between calls of [`Crowd::push`]; the caller starts a new one when it does.

use crate::meta::{PersonMotion, Poses, scale_pose};
use kinemotion_models::TrackedPose;
use kinemotion_motion::{AnalyzerConfig, Cohort, Event, Picture, Seen};
use std::sync::Arc;

/// Everybody under analysis.
pub(super) struct Crowd {
    cohort: Cohort,
    /// Rows of the first picture: the unit of length for the whole stream, so that a new size changes nothing.
    reference_height: Option<u32>,
}

impl Crowd {
    /// Nobody yet.
    pub(super) fn new(config: AnalyzerConfig) -> Self {
        Self {
            cohort: Cohort::new(config),
            reference_height: None,
        }
    }

    /// Feeds one frame at `time` on the analysis clock and collects what it made known.
    pub(super) fn push(&mut self, time: f64, poses: &Poses, everybody: bool, events: &mut Vec<Event>) {
        let rows = poses.frame.height.max(1);
        let reference = *self.reference_height.get_or_insert(rows);
        let rescaled: Vec<TrackedPose>;
        let unit = reference as f32 / rows as f32;
        let persons = if reference == rows {
            &poses.persons[..]
        } else {
            rescaled = in_unit(&poses.persons, unit);
            &rescaled
        };
        let picture = Picture {
            size: Some([poses.frame.square_width() * unit, rows as f32 * unit]),
            shift: poses.shift.map(|shift| shift.scaled(unit, unit)),
            degraded: poses.degraded,
        };
        let seen: Vec<Seen<'_>> = persons
            .iter()
            .map(|person| Seen {
                person: person.id,
                pose: &person.pose,
                wanted: everybody || person.selected,
            })
            .collect();
        self.cohort.push_in(time, &picture, &seen, events);
    }

    /// Completes or drops what is under way.
    pub(super) fn finish(&mut self, events: &mut Vec<Event>) {
        self.cohort.finish(events);
    }

    /// What is known about each person now.
    pub(super) fn snapshot(&self, poses: &Poses) -> Arc<[PersonMotion]> {
        let selected = poses.selected().map(|person| person.id);
        self.cohort
            .members()
            .map(|(id, member)| PersonMotion {
                id,
                selected: selected == Some(id),
                live: member.live().clone(),
                last_repetition: member.last_repetition().cloned(),
            })
            .collect()
    }
}

fn in_unit(persons: &[TrackedPose], scale: f32) -> Vec<TrackedPose> {
    let mut persons = persons.to_vec();
    for person in &mut persons {
        scale_pose(&mut person.pose, scale, scale);
    }
    persons
}
