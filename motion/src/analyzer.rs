//! The streaming analyzer of one person.

use crate::{Event, Pose};

/// Which movement to look for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MovementChoice {
    /// Recognise it, repetition by repetition.
    #[default]
    Auto,
    /// Only this one; the name of a registered movement.
    Named(&'static str),
}

/// What is known about the athlete.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Athlete {
    /// Stature in metres.
    pub height_m: Option<f64>,
    /// Body mass in kilograms.
    pub mass_kg: Option<f64>,
}

/// Settings of an [`Analyzer`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AnalyzerConfig {
    /// Which movement.
    pub movement: MovementChoice,
    /// Who.
    pub athlete: Athlete,
    /// Track id written into every event.
    pub person: u32,
}

/// What is going on right now, for an overlay. Interim by nature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveState {
    /// Movement recognised or chosen.
    pub movement: Option<&'static str>,
    /// Present phase.
    pub phase: Option<&'static str>,
    /// Present knee flexion, hip flexion and trunk lean in degrees where visible, and other live numbers: (registry key, value).
    pub values: Vec<(&'static str, f64)>,
    /// Completed repetitions so far.
    pub repetitions: u32,
}

/// Turns the poses of one person into events. See the crate documentation for its contract.
pub struct Analyzer {
    config: AnalyzerConfig,
}

impl Analyzer {
    /// A fresh analyzer.
    pub fn new(config: AnalyzerConfig) -> Self {
        Self { config }
    }

    /// Feeds one frame: its media time in seconds and the pose, or `None` when nobody was seen.
    pub fn push(&mut self, _t: f64, _pose: Option<&Pose>) {
        let _ = self.config;
    }

    /// Declares the end of the stream: completes or drops what is under way.
    pub fn finish(&mut self) {}

    /// Takes the next event, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        None
    }

    /// What is going on right now.
    pub fn live(&self) -> &LiveState {
        static EMPTY: LiveState =
            LiveState { movement: None, phase: None, values: Vec::new(), repetitions: 0 };
        &EMPTY
    }
}
