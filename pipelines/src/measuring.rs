//! The two measuring elements, `kinepose` and `kinephase`, set up as a specification says.

use crate::elements::make;
use crate::{AnalysisError, AnalysisSpec, People};
use gst::prelude::*;
use kinemotion_models::{EngineConfig, ExecutionProvider, PersonSelection, Quality};
use kinemotion_motion::{Athlete, MovementChoice, Setup};

/// What the measuring elements need to know, of a file and of a live session.
#[derive(Clone, Debug)]
pub(crate) struct Measuring {
    pub movement: MovementChoice,
    pub quality: Quality,
    pub athlete: Athlete,
    pub setup: Setup,
    pub capture_fps: Option<f64>,
    pub people: People,
    pub max_persons: u32,
    pub engine: EngineConfig,
}

impl From<&AnalysisSpec> for Measuring {
    fn from(spec: &AnalysisSpec) -> Self {
        Self {
            movement: spec.movement,
            quality: spec.quality,
            athlete: spec.athlete,
            setup: spec.setup,
            capture_fps: spec.capture_fps,
            people: spec.people,
            max_persons: spec.max_persons,
            engine: spec.engine.clone(),
        }
    }
}

impl Measuring {
    /// Makes both elements, in the order of the stream.
    pub fn elements(&self) -> Result<[gst::Element; 2], AnalysisError> {
        let pair = [self.pose()?, self.phase()?];
        for element in &pair {
            element.set_property("capture-fps", self.capture_fps.unwrap_or_default());
        }
        Ok(pair)
    }

    fn pose(&self) -> Result<gst::Element, AnalysisError> {
        let pose = make("kinepose", "pose")?;
        pose.set_property_from_str("quality", self.quality.name());
        pose.set_property("max-persons", self.max_persons);
        if let People::One(person) = self.people {
            pose.set_property("person", person_property(person));
        }
        set_engine(&pose, &self.engine);
        Ok(pose)
    }

    fn phase(&self) -> Result<gst::Element, AnalysisError> {
        let phase = make("kinephase", "phase")?;
        phase.set_property("movement", movement_name(self.movement));
        let analysed = if self.people == People::Everybody {
            "all"
        } else {
            "selected"
        };
        phase.set_property_from_str("analyse", analysed);
        phase.set_property("athlete-height", self.athlete.height_m.unwrap_or_default());
        phase.set_property("athlete-mass", self.athlete.mass_kg.unwrap_or_default());
        if let Some(roll) = self.setup.camera_roll_deg {
            phase.set_property("camera-roll", roll);
        }
        if let Some(yaw) = self.setup.camera_yaw_deg {
            phase.set_property("camera-yaw", yaw);
        }
        if let Some(pitch) = self.setup.camera_pitch_deg {
            phase.set_property("camera-pitch", pitch);
        }
        phase.set_property("box-height", self.setup.box_height_m.unwrap_or_default());
        Ok(phase)
    }
}

/// Every element that is set alike shares one engine.
fn set_engine(pose: &gst::Element, engine: &EngineConfig) {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let delay_ms = u32::try_from(engine.batch_delay.as_millis()).unwrap_or(u32::MAX);
    let providers: Vec<&str> = engine
        .providers
        .iter()
        .copied()
        .map(ExecutionProvider::name)
        .collect();
    pose.set_property("providers", providers.join(","));
    pose.set_property("workers", count(engine.workers));
    pose.set_property("threads", count(engine.threads_per_worker));
    pose.set_property("batch-delay", delay_ms);
    pose.set_property("nice", engine.nice);
    pose.set_property("live-on-workers", engine.live_on_workers);
    for (name, path) in [("runtime", &engine.runtime), ("models", &engine.models)] {
        if let Some(path) = path {
            pose.set_property(name, path.to_string_lossy().as_ref());
        }
    }
}

fn person_property(person: PersonSelection) -> String {
    match person {
        PersonSelection::Largest => "largest".into(),
        PersonSelection::NearestCentre => "nearest-centre".into(),
        PersonSelection::MostMoving => "most-moving".into(),
        PersonSelection::Id(id) => format!("id={id}"),
    }
}

/// The name of a movement in properties, CLI and JSON.
pub(crate) fn movement_name(movement: MovementChoice) -> &'static str {
    match movement {
        MovementChoice::Auto => "auto",
        MovementChoice::Named(name) => name,
    }
}
