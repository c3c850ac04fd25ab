//! Movements: one folder each, registered in one table and nowhere else.
//!
//! To add one, implement [`MovementModel`] in a new folder and add its row to the table `MOVEMENTS` in this file.

mod cmj;
mod dropjump;
mod repeatedjumps;
mod running;
mod squat;
mod squatjump;
mod walking;

use crate::history::History;
use crate::registry::{self, MetricDefinition};
use crate::strain::Strain;
use crate::view::Setup;
use crate::{Athlete, Event, EventKind, Repetition, WarningCode};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::collections::VecDeque;
use std::sync::Arc;

/// Recognises one kind of movement and measures its repetitions. The one extension point of this crate.
///
/// A model sees every measured frame once, in order of time, through [`Context::history`]; it never sees predicted
/// poses. It must not allocate unless it emits something, and it never revises a repetition it has emitted.
pub trait MovementModel: Send {
    /// Looks at the newest frame of the history.
    fn observe(&mut self, context: &Context<'_>, output: &mut Output<'_>);

    /// The stream ended: complete what can be completed, drop the rest.
    fn finish(&mut self, context: &Context<'_>, output: &mut Output<'_>) {
        let _ = (context, output);
    }

    /// The person was lost or the stream has a gap: forget everything seen. The history is empty afterwards.
    fn reset(&mut self);

    /// The phase of the present moment, one of [`Movement::phases`]; `None` when nothing can be said.
    fn phase(&self) -> Option<&'static str>;
}

/// A registered movement.
#[derive(Clone, Copy, Debug)]
pub struct Movement {
    /// Name in the command line, properties, API and files.
    pub name: &'static str,
    /// English label for people.
    pub label: &'static str,
    /// Phases in their order.
    pub phases: &'static [&'static str],
    /// Events in their order.
    pub events: &'static [&'static str],
    /// Keys of the metrics to show first, the most telling one at the head.
    pub headline: &'static [&'static str],
    /// Keys of its metrics, each defined in [`crate::registry`].
    pub metrics: &'static [&'static str],
    /// Makes a fresh model.
    pub model: fn() -> Box<dyn MovementModel>,
}

impl Movement {
    /// Definitions of its metrics, in registry order.
    pub fn definitions(&self) -> impl Iterator<Item = &'static MetricDefinition> + '_ {
        registry::METRICS
            .iter()
            .filter(|metric| self.metrics.contains(&metric.key))
    }
}

/// Name, label, phases, events and the whole definition of each metric: what a program needs to show or store results.
impl Serialize for Movement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Movement", 6)?;
        s.serialize_field("name", self.name)?;
        s.serialize_field("label", self.label)?;
        s.serialize_field("phases", self.phases)?;
        s.serialize_field("events", self.events)?;
        s.serialize_field("headline", self.headline)?;
        s.serialize_field("metrics", &self.definitions().collect::<Vec<_>>())?;
        s.end()
    }
}

/// Every movement.
static MOVEMENTS: &[Movement] = &[
    squat::MOVEMENT,
    cmj::MOVEMENT,
    squatjump::MOVEMENT,
    dropjump::MOVEMENT,
    repeatedjumps::MOVEMENT,
    running::MOVEMENT,
    walking::MOVEMENT,
];

/// All registered movements.
pub fn all() -> &'static [Movement] {
    MOVEMENTS
}

/// The movement of this name.
pub fn find(name: &str) -> Option<&'static Movement> {
    MOVEMENTS.iter().find(|m| m.name == name)
}

/// What a model may look at.
#[derive(Debug)]
pub struct Context<'a> {
    /// Measured frames of the last seconds; the newest is the one to observe.
    pub history: &'a History,
    /// What is known about the athlete.
    pub athlete: &'a Athlete,
    /// What is known about how it was filmed.
    pub setup: &'a Setup,
    /// Track id of the person.
    pub person: u32,
    /// Whether only this movement is looked for, so that what is none of it deserves an explanation.
    pub alone: bool,
}

/// Where a model's findings go.
#[derive(Debug)]
pub struct Output<'a> {
    pub(crate) events: &'a mut VecDeque<Event>,
    pub(crate) repetitions: &'a mut u32,
    pub(crate) t: f64,
    pub(crate) person: u32,
    pub(crate) strain: &'a Strain,
}

impl Output<'_> {
    fn emit(&mut self, kind: EventKind) {
        self.events.push_back(Event {
            t: self.t,
            person: self.person,
            kind,
        });
    }

    /// A phase began; interim.
    pub fn phase(&mut self, movement: &'static str, phase: &'static str, start_s: f64) {
        self.emit(EventKind::Phase {
            movement,
            phase,
            start_s,
        });
    }

    /// A number that may still change.
    pub fn metric_update(&mut self, movement: &'static str, key: &'static str, value: f64) {
        self.emit(EventKind::MetricUpdate { movement, key, value });
    }

    /// A final repetition.
    pub fn repetition(&mut self, mut repetition: Repetition) {
        self.strain.mark(&mut repetition);
        *self.repetitions += 1;
        self.emit(EventKind::Repetition(Arc::new(repetition)));
    }

    /// Something a person should know.
    pub fn warning(&mut self, code: WarningCode, message: String) {
        self.emit(EventKind::Warning { code, message });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_movement_is_found_by_its_name_and_uses_registered_metrics() {
        for movement in all() {
            assert_eq!(find(movement.name).map(|m| m.label), Some(movement.label));
            assert!(
                !movement.phases.is_empty() && !movement.events.is_empty() && !movement.metrics.is_empty()
            );
            for key in movement.headline {
                assert!(movement.metrics.contains(key), "{}: {key}", movement.name);
            }
            for key in movement.metrics {
                assert!(
                    registry::find(key).is_some(),
                    "{} uses {key}, which is not registered",
                    movement.name
                );
            }
        }
        assert!(find("no such movement").is_none());
    }
}
