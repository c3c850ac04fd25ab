//! The analysing half of a pipeline, `kinepose ! kinephase`, and what is collected behind it.
//!
//! Results are taken where they arise, from the meta of each buffer and the events that follow the last one, so nothing
//! depends on how fast the bus is read.

use crate::elements::make;
use crate::results::FramePoses;
use crate::{AnalysisError, AnalysisSpec};
use gst::prelude::*;
use gstkinemotion::{MotionMeta, PoseMeta};
use kinemotion_models::PersonSelection;
use kinemotion_motion::{Event, EventKind, LandmarkId, MovementChoice, Pose, PoseSource, Repetition};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Landmarks whose visibility says whether a movement of the legs can be measured.
const MEASURED_LANDMARKS: std::ops::RangeInclusive<usize> =
    LandmarkId::LeftHip as usize..=LandmarkId::RightFootIndex as usize;
/// A clip whose frame intervals differ by more than this factor has a variable frame rate.
const VARIABLE_INTERVAL_RATIO: f64 = 1.5;
/// Identical warnings repeat per frame in a bad clip; this many different ones are kept.
const MOST_WARNINGS: usize = 20;

/// What passed behind the analysis so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Collected {
    pub frames: u64,
    pub width: u32,
    pub height: u32,
    pub first_s: Option<f64>,
    pub last_s: f64,
    pub measured: u64,
    pub predicted: u64,
    pub damaged: u64,
    pub persons: BTreeSet<u32>,
    pub repetitions: Vec<Arc<Repetition>>,
    pub warnings: Vec<String>,
    pub poses: Vec<FramePoses>,
    pub ended: bool,
    visibility_sum: f64,
    interval_s: Option<(f64, f64)>,
}

impl Collected {
    /// Frames per second by the timestamps.
    pub fn average_fps(&self) -> Option<f64> {
        let span = self.last_s - self.first_s?;
        (span > 0.0).then(|| (self.frames - 1) as f64 / span)
    }

    /// Whether the distance between frames changes much.
    pub fn variable_frame_rate(&self) -> bool {
        self.interval_s
            .is_some_and(|(shortest, longest)| longest > shortest * VARIABLE_INTERVAL_RATIO)
    }

    /// Mean visibility of the measured landmarks, 0..1.
    pub fn mean_visibility(&self) -> Option<f64> {
        (self.measured > 0).then(|| self.visibility_sum / self.measured as f64)
    }

    /// Adds a warning once.
    pub fn warn(&mut self, warning: String) {
        if self.warnings.len() < MOST_WARNINGS && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    fn frame(&mut self, buffer: &gst::BufferRef, keep_poses: bool) {
        self.frames += 1;
        self.damaged += u64::from(buffer.flags().contains(gst::BufferFlags::CORRUPTED));
        if let Some(poses) = PoseMeta::get(buffer) {
            self.time(poses.time);
            if let Some(person) = poses.selected() {
                self.persons.insert(person.id);
                self.pose(&person.pose);
            }
            if keep_poses {
                self.poses.push(FramePoses {
                    time_s: poses.time,
                    persons: poses.persons.clone(),
                });
            }
        }
        for event in MotionMeta::get(buffer)
            .iter()
            .flat_map(|motion| motion.events.iter())
        {
            self.event(event);
        }
    }

    fn time(&mut self, time: f64) {
        if self.first_s.is_none() {
            self.first_s = Some(time);
        } else if time > self.last_s {
            let interval = time - self.last_s;
            let (shortest, longest) = self.interval_s.unwrap_or((interval, interval));
            self.interval_s = Some((shortest.min(interval), longest.max(interval)));
        }
        self.last_s = time;
    }

    fn pose(&mut self, pose: &Pose) {
        if pose.source == PoseSource::Predicted {
            self.predicted += 1;
            return;
        }
        self.measured += 1;
        let seen = &pose.landmarks[MEASURED_LANDMARKS];
        let visibility: f32 = seen.iter().map(|landmark| landmark.visibility).sum();
        self.visibility_sum += f64::from(visibility) / seen.len() as f64;
    }

    fn event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Repetition(repetition) => self.repetitions.push(repetition.clone()),
            EventKind::Warning { message, .. } => self.warn(message.clone()),
            EventKind::Phase { .. } | EventKind::MetricUpdate { .. } => {}
        }
    }
}

/// The analysing elements.
pub(crate) struct AnalysisChain {
    pub pose: gst::Element,
    pub phase: gst::Element,
    collected: Arc<Mutex<Collected>>,
}

impl AnalysisChain {
    /// Adds the elements to a pipeline and links them behind `upstream`.
    pub fn build(
        pipeline: &gst::Pipeline,
        upstream: &gst::Element,
        spec: &AnalysisSpec,
    ) -> Result<Self, AnalysisError> {
        let pose = make("kinepose", "pose")?;
        pose.set_property_from_str("quality", spec.quality.name());
        pose.set_property("max-persons", spec.max_persons);
        pose.set_property("person", person_property(spec.person));
        let phase = make("kinephase", "phase")?;
        phase.set_property("movement", movement_property(spec.movement));
        phase.set_property("athlete-height", spec.athlete.height_m.unwrap_or_default());
        phase.set_property("athlete-mass", spec.athlete.mass_kg.unwrap_or_default());
        phase.set_property("capture-fps", spec.capture_fps.unwrap_or_default());

        let linked = pipeline.add_many([&pose, &phase]);
        linked
            .and_then(|()| gst::Element::link_many([upstream, &pose, &phase]))
            .map_err(|error| AnalysisError::Pipeline {
                element: "analysis".into(),
                reason: error.to_string(),
            })?;
        let collected = Arc::new(Mutex::new(Collected::default()));
        collect(&phase, &collected, spec.keep_poses);
        Ok(Self {
            pose,
            phase,
            collected,
        })
    }

    /// What passed so far.
    pub fn collected(&self) -> MutexGuard<'_, Collected> {
        lock(&self.collected)
    }

    /// Whether an object is part of this chain.
    pub fn contains(&self, object: &gst::Object) -> bool {
        object == &self.pose || object == &self.phase
    }

    /// Counters of the pose stage.
    pub fn pose_stats(&self) -> PoseStats {
        let stats = self.pose.property::<gst::Structure>("stats");
        PoseStats {
            inference_s: stats.get("inference-seconds").unwrap_or_default(),
            overhead_s: stats.get("overhead-seconds").unwrap_or_default(),
            detector_runs: stats.get("detector-runs").unwrap_or_default(),
            landmarker_runs: stats.get("landmarker-runs").unwrap_or_default(),
        }
    }
}

/// Counters of the pose stage.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PoseStats {
    pub inference_s: f64,
    pub overhead_s: f64,
    pub detector_runs: u64,
    pub landmarker_runs: u64,
}

fn collect(phase: &gst::Element, collected: &Arc<Mutex<Collected>>, keep_poses: bool) {
    let pad = phase.static_pad("src").expect("kinephase has a src pad");
    let collected = collected.clone();
    pad.add_probe(
        gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM,
        move |_, info| {
            let mut collected = lock(&collected);
            match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => collected.frame(buffer, keep_poses),
                Some(gst::PadProbeData::Event(event)) => match event.view() {
                    gst::EventView::Caps(caps) => {
                        if let Ok(video) = gst_video::VideoInfo::from_caps(caps.caps()) {
                            (collected.width, collected.height) = (video.width(), video.height());
                        }
                    }
                    gst::EventView::CustomDownstream(custom) => {
                        if let Some(event) = custom.structure().and_then(gstkinemotion::late_event) {
                            collected.event(&event);
                        }
                    }
                    gst::EventView::Eos(_) => collected.ended = true,
                    _ => {}
                },
                _ => {}
            }
            gst::PadProbeReturn::Ok
        },
    );
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn person_property(person: PersonSelection) -> String {
    match person {
        PersonSelection::Largest => "largest".into(),
        PersonSelection::NearestCentre => "nearest-centre".into(),
        PersonSelection::MostMoving => "most-moving".into(),
        PersonSelection::Id(id) => format!("id={id}"),
    }
}

fn movement_property(movement: MovementChoice) -> &'static str {
    match movement {
        MovementChoice::Auto => "auto",
        MovementChoice::Named(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(times: &[f64]) -> Collected {
        let mut collected = Collected::default();
        for time in times {
            collected.frames += 1;
            collected.time(*time);
        }
        collected
    }

    #[test]
    fn frame_rate_comes_from_the_timestamps() {
        let steady = at(&[0.0, 0.1, 0.2, 0.3]);
        assert!((steady.average_fps().expect("a rate") - 10.0).abs() < 1e-9);
        assert!(!steady.variable_frame_rate());
        assert!(at(&[0.0, 0.1, 0.3, 0.4]).variable_frame_rate());
        assert_eq!(at(&[0.5]).average_fps(), None);
        assert_eq!(at(&[]).average_fps(), None);
    }

    #[test]
    fn a_warning_is_kept_once_and_their_number_is_bounded() {
        let mut collected = Collected::default();
        for n in 0..1000 {
            collected.warn("same".into());
            collected.warn(format!("different {n}"));
        }
        assert_eq!(collected.warnings.len(), MOST_WARNINGS);
        assert_eq!(collected.warnings.iter().filter(|w| *w == "same").count(), 1);
    }
}
