//! What is exactly true about a clip.
//!
//! All times are seconds of media time (the first frame is at 0), named as everywhere in the project.

use crate::clip::{Camera, Facing};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything known about a clip apart from its pictures. Serialises to the truth JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Movement name, e.g. `cmj`.
    pub movement: String,
    /// Nominal frames per second.
    pub fps: f64,
    /// Number of frames.
    pub frames: usize,
    /// Picture width, px.
    pub width: u32,
    /// Picture height, px.
    pub height: u32,
    /// Length of the movement, s.
    pub duration_s: f64,
    /// Height of the athlete, m.
    pub stature_m: f64,
    /// Mass of the athlete, kg.
    pub mass_kg: f64,
    /// Which way the athlete looks.
    pub facing: Facing,
    /// Pixels per metre in the vertical plane through the athlete that faces the camera.
    pub px_per_m: f64,
    /// Where the camera was.
    pub camera: Camera,
    /// Jumps in order; empty for movements without.
    pub repetitions: Vec<RepetitionTruth>,
    /// Steps of running or walking.
    pub gait: Option<GaitTruth>,
}

/// What is true about one jump.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RepetitionTruth {
    /// First movement, s.
    pub start_s: f64,
    /// Standing again, s.
    pub end_s: f64,
    /// Instants by name, s: `onset_s`, `lowest_s`, `takeoff_s`, `apex_s`, `landing_s`; drop jumps also `dropoff_s`,
    /// `touchdown_s`; `hip_lowest_s` is when the mid-hip, not the centre of mass, is lowest.
    pub events: BTreeMap<String, f64>,
    /// Numbers by key. Of the centre of mass, unless the key says `hip`.
    pub metrics: BTreeMap<String, f64>,
}

impl RepetitionTruth {
    /// Time of an event, s.
    pub fn event(&self, key: &str) -> Option<f64> {
        self.events.get(key).copied()
    }

    /// Value of a metric.
    pub fn metric(&self, key: &str) -> Option<f64> {
        self.metrics.get(key).copied()
    }

    pub(crate) fn with_event(mut self, key: &str, t: f64) -> Self {
        self.events.insert(key.to_owned(), t);
        self
    }

    pub(crate) fn with_metric(mut self, key: &str, value: f64) -> Self {
        self.metrics.insert(key.to_owned(), value);
        self
    }

    pub(crate) fn shifted(mut self, by: f64) -> Self {
        self.start_s += by;
        self.end_s += by;
        self.events.values_mut().for_each(|t| *t += by);
        self
    }
}

/// Contacts of one foot in order, s.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FootTruth {
    /// When the foot meets the ground.
    pub initial_contact_s: Vec<f64>,
    /// When it leaves it.
    pub toe_off_s: Vec<f64>,
}

/// What is true about the steps of a runner or walker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GaitTruth {
    /// Left foot.
    pub left: FootTruth,
    /// Right foot.
    pub right: FootTruth,
    /// Numbers by key. Of the centre of mass, unless the key says `hip`.
    pub metrics: BTreeMap<String, f64>,
}

impl GaitTruth {
    /// Value of a metric.
    pub fn metric(&self, key: &str) -> Option<f64> {
        self.metrics.get(key).copied()
    }

    /// The same with every time later by `by`, keeping what lies between 0 and `end`.
    pub(crate) fn shifted(mut self, by: f64, end: f64) -> Self {
        for foot in [&mut self.left, &mut self.right] {
            for times in [&mut foot.initial_contact_s, &mut foot.toe_off_s] {
                times.iter_mut().for_each(|t| *t += by);
                times.retain(|t| (0.0..=end).contains(t));
            }
        }
        self
    }
}
