//! Movement science without I/O.
//!
//! `(timestamp, landmarks)` go in; phases, events, repetitions and metrics with their uncertainty come out. There is no
//! clock, thread, file or video in this crate: time is an argument, so the same code serves a camera and a file, and an
//! hour of movement can be tested in a millisecond.
//!
//! # The contract of [`Analyzer`]
//!
//! **Timestamps never go backwards; after each push drain the events; a final event is never revised.**
//! A push whose timestamp is not later than the previous one, or is not finite, is ignored and counted.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod analyzer;
mod angles;
pub mod body;
mod cohort;
mod event;
pub mod gait;
pub mod history;
pub mod jump;
mod measure;
pub mod movements;
pub mod norms;
pub mod numeric;
mod pose;
pub mod registry;
mod repetition;
pub mod scale;
pub mod series;
mod strain;
pub mod units;
pub mod view;

pub use analyzer::{Analyzer, AnalyzerConfig, Athlete, LiveState, MovementChoice};
pub use cohort::{Cohort, MOST_PERSONS, Member, Seen};
pub use event::{Event, EventKind, WarningCode, WireEvent};
pub use pose::{LANDMARK_COUNT, Landmark, LandmarkId, Pose, PoseSource, WorldPoint};
pub use repetition::{Grade, Metric, PhaseSpan, Quality, Repetition, StepSpan};
pub use view::{Picture, PictureShift, Setup};
