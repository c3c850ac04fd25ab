//! One stream's pose estimation.

mod inference;

#[cfg(test)]
mod tests;

use crate::background::Background;
use crate::detector::Part;
use crate::engine::Patience;
use crate::tracking::{self, MAX_PERSONS, Selector, Sight, Tracker};
use crate::{Detection, Engine, EngineError, FrameView, Quality, Region};
use inference::Inference;
use kinemotion_motion::{PictureShift, Pose, PoseSource};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Which of the tracked people the numbers are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PersonSelection {
    /// The tallest box, with hysteresis.
    #[default]
    Largest,
    /// Nearest to the picture's centre, with hysteresis.
    NearestCentre,
    /// The one that moves most over the last seconds.
    MostMoving,
    /// This track id.
    Id(u32),
}

/// Settings of a [`PoseEstimator`].
#[derive(Clone, Debug, PartialEq)]
pub struct EstimatorConfig {
    /// Landmark model.
    pub quality: Quality,
    /// People followed at once, 1..=16.
    pub max_persons: usize,
    /// Whose numbers count.
    pub person: PersonSelection,
    /// MediaPipe's landmark smoothing, for display only: it lags and damps fast movement.
    pub smooth: bool,
    /// Detections below this score are ignored.
    pub detection_threshold: f32,
    /// A pose below this presence is none and loses the track.
    pub presence_threshold: f32,
}

impl Default for EstimatorConfig {
    fn default() -> Self {
        Self {
            quality: Quality::Balanced,
            max_persons: 1,
            person: PersonSelection::Largest,
            smooth: false,
            detection_threshold: 0.5,
            presence_threshold: 0.5,
        }
    }
}

/// One person in one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackedPose {
    /// Stable while the person is tracked; never reused within a stream.
    pub id: u32,
    /// The one `PersonSelection` chose.
    pub selected: bool,
    /// Left, top, right, bottom of the visible landmarks, pixels.
    pub bounds: [f32; 4],
    /// Landmarks.
    pub pose: Pose,
}

/// Counters since the stream began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EstimatorStats {
    /// Frames given.
    pub frames: u64,
    /// Frames with at least one measured pose.
    pub with_pose: u64,
    /// Frames predicted instead of measured.
    pub predicted: u64,
    /// Detector runs.
    pub detector_runs: u64,
    /// Landmarker runs.
    pub landmarker_runs: u64,
    /// Results thrown away because a tensor held a value that is not finite.
    pub not_finite: u64,
    /// Inferences of a live stream that nobody began in time.
    pub given_up: u64,
    /// Seconds spent in inference, waiting included.
    pub inference_s: f64,
    /// Seconds spent in everything else.
    pub overhead_s: f64,
}

/// Why a frame was not analysed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EstimatorError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// The longest a look for people waits for a worker, and one at somebody who was not seen for [`LONGEST_BLIND_S`]: with
/// 25 streams that search on two cores each has its turn.
const SEARCH: Duration = Duration::from_millis(500);
/// Somebody who was not seen for so long is about to be lost: predictions end after 0.3 s. Seconds.
const LONGEST_BLIND_S: f64 = 0.2;

/// Follows the people of one stream. Not shared between threads; the [`Engine`] is.
///
/// One frame at a time: `process` and `predict` return when the frame is done. With `max_persons` 1 it does what
/// MediaPipe does, except that a lost person found again nearby keeps the id and that a crop which has caught somebody
/// else is noticed. In steady state no call allocates memory.
pub struct PoseEstimator {
    config: EstimatorConfig,
    inference: Inference,
    tracker: Tracker,
    selector: Selector,
    background: Background,
    people: Vec<TrackedPose>,
    stats: EstimatorStats,
    last_t: f64,
}

impl PoseEstimator {
    /// A fresh estimator. Loads nothing by itself; the engine loads a model on its first use.
    pub fn new(engine: Arc<Engine>, config: EstimatorConfig) -> Self {
        Self {
            config: sane(config),
            inference: Inference::new(engine),
            tracker: Tracker::new(),
            selector: Selector::default(),
            background: Background::new(),
            people: Vec::with_capacity(MAX_PERSONS),
            stats: EstimatorStats::default(),
            last_t: 0.0,
        }
    }

    /// Measures the people in a frame at media time `t` seconds. Blocks until inference is done.
    ///
    /// A `t` that is not a number counts as the time of the frame before.
    pub fn process(&mut self, frame: &FrameView<'_>, t: f64) -> Result<&[TrackedPose], EstimatorError> {
        self.run(frame, t, Patience::File)
    }

    /// As [`Self::process`] for a live stream: inference that no worker has begun after `wait` is given up, and the
    /// people concerned are predicted instead. Streams with less time left are served first.
    pub fn process_within(
        &mut self,
        frame: &FrameView<'_>,
        t: f64,
        wait: Duration,
    ) -> Result<&[TrackedPose], EstimatorError> {
        self.run(frame, t, Patience::live(wait))
    }

    /// Extrapolates to media time `t` without looking at a frame; the poses are marked as predicted. Each landmark moves
    /// on at its last speed, for 0.3 s at most; later there is no pose.
    pub fn predict(&mut self, t: f64) -> &[TrackedPose] {
        self.stats.predicted += 1;
        self.people.clear();
        for track in self.tracker.tracks() {
            if let Some(pose) = track.predict(t) {
                self.people.push(tracked(track.id, pose));
            }
        }
        self.select(t);
        &self.people
    }

    /// Looks for people without following them.
    pub fn detect(&mut self, frame: &FrameView<'_>) -> Result<&[Detection], EstimatorError> {
        let threshold = self.config.detection_threshold;
        self.inference
            .submit_detection(frame, Part::Whole, threshold, Patience::File);
        let found = self.inference.take_detections(frame)?;
        Ok(found.map_or(&[], |(_, people)| people))
    }

    /// Measures the person in a given region without following anybody. `None` when there is none, or the region is
    /// degenerate or far outside.
    pub fn landmarks_in(
        &mut self,
        frame: &FrameView<'_>,
        region: &Region,
    ) -> Result<Option<Pose>, EstimatorError> {
        if !region.is_usable(frame.width(), frame.height()) {
            return Ok(None);
        }
        self.inference
            .submit_landmarks(0, frame, region, self.config.quality, Patience::File);
        match self
            .inference
            .take_landmarks(0, region, self.config.presence_threshold)?
        {
            Sight::Person(measured) => Ok(Some(measured.pose)),
            Sight::Nobody | Sight::Skipped => Ok(None),
        }
    }

    /// Changes settings between frames. A new quality takes effect on the next frame; tracks survive.
    pub fn configure(&mut self, config: EstimatorConfig) {
        self.config = sane(config);
        self.tracker.limit(self.config.max_persons);
    }

    /// Forgets every track, as after a seek. Ids are not reused.
    pub fn reset(&mut self) {
        self.tracker.clear();
        self.selector = Selector::default();
        self.background.reset();
        self.people.clear();
    }

    /// How far the background has moved by the last frame that was looked at, pixels; `None` when it does not tell.
    pub fn picture_shift(&self) -> Option<PictureShift> {
        self.background.shift()
    }

    /// Counters since the stream began.
    pub fn stats(&self) -> EstimatorStats {
        self.stats
    }

    fn run(
        &mut self,
        frame: &FrameView<'_>,
        t: f64,
        patience: Patience,
    ) -> Result<&[TrackedPose], EstimatorError> {
        let start = Instant::now();
        let t = if t.is_finite() { t } else { self.last_t };
        self.last_t = t;
        self.stats.frames += 1;
        self.people.clear();
        let outcome = self.follow(frame, t, patience);
        if outcome.is_ok() {
            self.report(t);
        }
        let work = self.inference.take_work();
        self.stats.detector_runs += work.detector_runs;
        self.stats.landmarker_runs += work.landmarker_runs;
        self.stats.not_finite += work.not_finite;
        self.stats.given_up += work.given_up;
        self.stats.inference_s += work.inference.as_secs_f64();
        self.stats.overhead_s += start.elapsed().saturating_sub(work.inference).as_secs_f64();
        outcome?;
        Ok(&self.people)
    }

    /// Looks at everybody who is followed, and for new people when it is time.
    ///
    /// On a busy machine a frame that is late is worth little, but a look for people that is given up was for nothing, and is
    /// due again in the next frame: many streams that search would keep each other from ever finding anybody. So a search,
    /// and a look at somebody who has not been seen for long, wait longer; the frames behind are predicted meanwhile.
    fn follow(&mut self, frame: &FrameView<'_>, t: f64, patience: Patience) -> Result<(), EngineError> {
        let EstimatorConfig {
            max_persons,
            smooth,
            presence_threshold,
            detection_threshold,
            ..
        } = self.config;
        self.tracker.begin((frame.width, frame.height), t);
        let blind = self.tracker.unseen_s(t) >= LONGEST_BLIND_S;
        let patience = if blind {
            patience.at_least(SEARCH)
        } else {
            patience
        };
        for (lane, track) in self.tracker.tracks().iter().enumerate() {
            self.inference
                .submit_landmarks(lane, frame, &track.region, self.config.quality, patience);
        }
        let live = matches!(patience, Patience::Live { .. });
        let due = self.tracker.wants_detection(t, max_persons, live);
        if let Some(part) = due {
            self.inference
                .submit_detection(frame, part, detection_threshold, patience);
        }

        // While the workers are busy: people are about where they were in the frame before.
        let people = self.tracker.tracks().iter();
        self.background
            .observe(frame, people.map(|track| tracking::bounds(&track.pose)));

        // Everything submitted is taken back, whatever goes wrong on the way.
        let mut failure = None;
        let mut index = 0;
        for lane in 0..self.tracker.tracks().len() {
            let region = self.tracker.tracks()[index].region;
            let sight = self.inference.take_landmarks(lane, &region, presence_threshold);
            let sight = sight.unwrap_or_else(|error| {
                failure = Some(error);
                Sight::Skipped
            });
            index += usize::from(self.tracker.observe(index, sight, t, smooth));
        }
        self.tracker.note_crossings(t);
        self.tracker.drop_duplicates();
        self.tracker.note_slides();
        let must_detect = self.tracker.is_alarmed() && due.is_none();
        if must_detect && failure.is_none() {
            self.inference
                .submit_detection(frame, Part::Whole, detection_threshold, patience);
        }
        if due.is_some() || (must_detect && failure.is_none()) {
            self.meet(frame, t, patience)?;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Looks at the people the submitted detection finds.
    fn meet(&mut self, frame: &FrameView<'_>, t: f64, patience: Patience) -> Result<(), EngineError> {
        let EstimatorConfig {
            max_persons,
            person,
            smooth,
            presence_threshold,
            quality,
            ..
        } = self.config;
        let Some((part, found)) = self.inference.take_detections(frame)? else {
            return Ok(());
        };
        self.tracker.note_look(part, t);
        let patience = patience.at_least(SEARCH);
        let count = self.tracker.admit(found, t, max_persons, person).len();
        for lane in 0..count {
            let region = self.tracker.candidate(lane).region;
            self.inference
                .submit_landmarks(lane, frame, &region, quality, patience);
        }
        let mut failure = None;
        for lane in 0..count {
            let candidate = self.tracker.candidate(lane);
            match self
                .inference
                .take_landmarks(lane, &candidate.region, presence_threshold)
            {
                Ok(Sight::Person(measured)) => self.tracker.begin_track(candidate, &measured, t, smooth),
                Ok(Sight::Nobody | Sight::Skipped) => {}
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Makes the results of a frame from the tracks.
    fn report(&mut self, t: f64) {
        for track in self.tracker.tracks() {
            let measured = track.t == t;
            let pose = if measured {
                Some(track.shown().clone())
            } else {
                track.predict(t)
            };
            self.people.extend(pose.map(|pose| tracked(track.id, pose)));
        }
        self.select(t);
        let measured = self.people.iter().any(|p| p.pose.source == PoseSource::Measured);
        self.stats.with_pose += u64::from(measured);
        self.stats.predicted += u64::from(!measured && !self.people.is_empty());
    }

    fn select(&mut self, t: f64) {
        // With room for one person the tracker has chosen; with more, the chosen one may come back.
        let waits = self.config.max_persons > 1;
        let chosen = self
            .selector
            .choose(self.config.person, self.tracker.people(), t, waits);
        for person in &mut self.people {
            person.selected = chosen == Some(person.id);
        }
    }
}

fn tracked(id: u32, pose: Pose) -> TrackedPose {
    TrackedPose {
        id,
        selected: false,
        bounds: tracking::bounds(&pose),
        pose,
    }
}

fn sane(mut config: EstimatorConfig) -> EstimatorConfig {
    config.max_persons = config.max_persons.clamp(1, MAX_PERSONS);
    config
}
