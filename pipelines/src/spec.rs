//! What to analyse and what to make of it.

use kinemotion_models::{EngineConfig, PersonSelection, Quality};
use kinemotion_motion::{Athlete, MovementChoice, Setup};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whose movement is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum People {
    /// Everybody who is followed, so that a bystander costs nobody their jump.
    #[default]
    Everybody,
    /// One person.
    One(PersonSelection),
}

/// One analysis of one file.
#[derive(Clone, Debug)]
pub struct AnalysisSpec {
    /// The video file.
    pub input: PathBuf,
    /// Which movement to look for.
    pub movement: MovementChoice,
    /// Which landmark model runs.
    pub quality: Quality,
    /// What is known about the athlete.
    pub athlete: Athlete,
    /// What is known about how it was filmed.
    pub setup: Setup,
    /// Frames per second the camera recorded, when the file plays slower than life.
    pub capture_fps: Option<f64>,
    /// Whose movement is measured when several people are in the picture.
    pub people: People,
    /// People followed at once, 1..=16.
    pub max_persons: u32,
    /// What runs the networks; analyses with equal settings share it.
    pub engine: EngineConfig,
    /// Where to write the video with the overlay, if wanted: H.264 in MP4.
    pub overlay: Option<PathBuf>,
    /// Whether the overlay says angles, phase and numbers beside the skeleton. They are held for a moment so that they can
    /// be read in motion, which makes them late in a still picture.
    pub overlay_numbers: bool,
    /// Written as `analysis_id` into each line of the event stream.
    pub analysis_id: Option<String>,
    /// Keep the poses of every frame in [`Analysis::poses`](crate::Analysis::poses). Memory then grows with the clip.
    pub keep_poses: bool,
    /// Ends the analysis early with [`AnalysisError::Cancelled`](crate::AnalysisError::Cancelled).
    pub cancellation: Cancellation,
}

impl AnalysisSpec {
    /// People followed at once unless somebody says otherwise: an athlete and those who usually stand around. Each costs
    /// a run of the landmark model per frame, but only while in the picture.
    pub const FOLLOWED: u32 = 4;

    /// An analysis with default settings: any movement, balanced quality, everybody in the picture, no overlay.
    pub fn new(input: impl Into<PathBuf>) -> Self {
        Self {
            input: input.into(),
            movement: MovementChoice::Auto,
            quality: Quality::default(),
            athlete: Athlete::default(),
            setup: Setup::default(),
            capture_fps: None,
            people: People::default(),
            max_persons: AnalysisSpec::FOLLOWED,
            engine: EngineConfig::default(),
            overlay: None,
            overlay_numbers: true,
            analysis_id: None,
            keep_poses: false,
            cancellation: Cancellation::default(),
        }
    }
}

/// A shared request to stop. Clones belong together.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Asks every analysis that holds a clone to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How far an analysis is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Media time analysed, seconds.
    pub position_s: f64,
    /// Length of the file in seconds as its header says, when it does.
    pub duration_s: Option<f64>,
    /// Frames analysed.
    pub frames: u64,
}
