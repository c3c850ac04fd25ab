//! The analysing half of a pipeline, `kinepose ! kinephase`, and what is collected behind it.
//!
//! Results are taken where they arise, from the meta of each buffer and the events that follow the last one, so nothing
//! depends on how fast the bus is read.

use crate::measuring::Measuring;
use crate::results::FramePoses;
use crate::sync::lock;
use crate::{AnalysisError, AnalysisSpec, People};
use gst::prelude::*;
use gstkinemotion::{MotionMeta, PoseMeta};
use kinemotion_motion::{Event, EventKind, LandmarkId, Picture, Pose, PoseSource, Repetition};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

/// Landmarks whose visibility says whether a movement of the legs can be measured.
const MEASURED_LANDMARKS: std::ops::RangeInclusive<usize> =
    LandmarkId::LeftHip as usize..=LandmarkId::RightFootIndex as usize;
/// A clip whose frame intervals differ by more than this factor has a variable frame rate.
const VARIABLE_INTERVAL_RATIO: f64 = 1.5;
/// A pause between frames of this many average intervals is a hole in the clip …
const GAP_INTERVALS: f64 = 4.0;
/// … if it is also this long, seconds.
const GAP_S: f64 = 0.15;
/// A clip that ends this much before its header says is reported, as a share of its length …
const MISSING_SHARE: f64 = 0.05;
/// … if it is also this much in seconds.
const MISSING_S: f64 = 0.5;
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
    /// Shortest interval between frames, and the longest with the time of the frame before it.
    intervals: Option<(f64, Interval)>,
}

#[derive(Clone, Copy, Debug)]
struct Interval {
    from_s: f64,
    length_s: f64,
}

impl Collected {
    /// Frames per second by the timestamps.
    pub fn average_fps(&self) -> Option<f64> {
        let span = self.last_s - self.first_s?;
        (span > 0.0).then(|| (self.frames - 1) as f64 / span)
    }

    /// Whether the distance between frames changes much.
    pub fn variable_frame_rate(&self) -> bool {
        self.intervals
            .is_some_and(|(shortest_s, longest)| longest.length_s > shortest_s * VARIABLE_INTERVAL_RATIO)
    }

    /// A sentence about the longest hole in the clip, if there is one.
    fn gap(&self) -> Option<String> {
        let (_, Interval { from_s, length_s }) = self.intervals?;
        let usual_s = 1.0 / self.average_fps()?;
        (length_s > GAP_S && length_s > GAP_INTERVALS * usual_s)
            .then(|| format!("frames are missing: there is none for {length_s:.2} s after {from_s:.2} s"))
    }

    /// Adds what the whole of the frames says about the clip, once the last one has passed.
    pub fn judge(&mut self, duration_s: Option<f64>) {
        let truncated = ends_early(duration_s, self.last_s);
        let damaged = self.damaged;
        let damage =
            (damaged > 0).then(|| format!("{damaged} frames are damaged; poses in them may be wrong"));
        truncated
            .into_iter()
            .chain(self.gap())
            .chain(damage)
            .for_each(|warning| self.warn(warning));
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

    fn frame(&mut self, buffer: &gst::BufferRef, spec: &AnalysisSpec) {
        self.frames += 1;
        self.damaged += u64::from(buffer.flags().contains(gst::BufferFlags::CORRUPTED));
        if let Some(poses) = PoseMeta::get(buffer) {
            self.time(poses.time);
            let everybody = spec.people == People::Everybody;
            let counting = poses.persons.iter().filter(|p| everybody || p.selected);
            self.persons.extend(counting.clone().map(|p| p.id));
            if let Some(person) = counting.max_by_key(|p| p.selected) {
                self.pose(&person.pose);
            }
            if spec.keep_poses {
                self.poses.push(FramePoses {
                    time_s: poses.time,
                    persons: poses.persons.clone(),
                    picture: Picture {
                        size: Some([poses.frame.square_width(), poses.frame.height as f32]),
                        shift: poses.shift,
                        degraded: poses.degraded,
                    },
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
            let interval = Interval {
                from_s: self.last_s,
                length_s: time - self.last_s,
            };
            let (shortest_s, longest) = self.intervals.unwrap_or((interval.length_s, interval));
            let longest = if interval.length_s > longest.length_s {
                interval
            } else {
                longest
            };
            self.intervals = Some((shortest_s.min(interval.length_s), longest));
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

/// A sentence when the last frame comes long before the end the header promises.
fn ends_early(duration_s: Option<f64>, last_s: f64) -> Option<String> {
    let duration_s = duration_s?;
    let missing_s = duration_s - last_s;
    (missing_s > MISSING_S && missing_s > MISSING_SHARE * duration_s).then(|| {
        format!("the video ends at {last_s:.2} s although the file promises {duration_s:.2} s: it is truncated or damaged")
    })
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
        let [pose, phase] = Measuring::from(spec).elements()?;
        let linked = pipeline.add_many([&pose, &phase]);
        linked
            .and_then(|()| gst::Element::link_many([upstream, &pose, &phase]))
            .map_err(|error| AnalysisError::Pipeline {
                element: "analysis".into(),
                reason: error.to_string(),
            })?;
        let collected = Arc::new(Mutex::new(Collected::default()));
        collect(&phase, &collected, spec.clone());
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

fn collect(phase: &gst::Element, collected: &Arc<Mutex<Collected>>, spec: AnalysisSpec) {
    let pad = phase.static_pad("src").expect("kinephase has a src pad");
    let collected = collected.clone();
    pad.add_probe(
        gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM,
        move |_, info| {
            let mut collected = lock(&collected);
            match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => collected.frame(buffer, &spec),
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
    fn only_a_clip_that_misses_a_noticeable_part_is_called_truncated() {
        assert!(ends_early(Some(10.0), 6.0).is_some());
        assert!(ends_early(Some(10.0), 9.9).is_none());
        assert!(ends_early(Some(100.0), 99.0).is_none());
        assert!(ends_early(None, 1.0).is_none());
    }

    #[test]
    fn a_hole_in_a_clip_is_reported_with_its_place() {
        let mut times: Vec<f64> = (0..100).map(|n| f64::from(n) / 30.0).collect();
        assert_eq!(at(&times).gap(), None);
        times.drain(40..60);
        let gap = at(&times).gap().expect("twenty frames are missing");
        assert!(gap.contains("0.70 s after 1.30 s"), "{gap}");
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
