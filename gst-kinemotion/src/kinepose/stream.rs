//! One stream being measured: the estimator, the video it reads, and who is who.

use super::identity::Identity;
use super::pacing::Decision;
use crate::meta::{FrameGeometry, Poses, into_square_pixels};
use crate::video::{self, PixelLayout};
use gst_video::{VideoFrameRef, VideoInfo};
use kinemotion_models::{EstimatorConfig, EstimatorError, EstimatorStats, PersonSelection, PoseEstimator};
use std::time::Duration;

/// Weight of a new frame in the mean distance of frames.
const INTERVAL_WEIGHT: f64 = 0.1;

/// A pause in media time after which nobody is assumed to be where they were, seconds.
const LONGEST_GAP_S: f64 = 1.0;

/// Why a frame gets no pose.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Buffers before caps.
    #[error("no video format has been negotiated")]
    NotNegotiated,
    /// This frame's memory cannot be read; the next may.
    #[error("{0}")]
    Unreadable(String),
    /// Inference does not work.
    #[error(transparent)]
    Estimator(#[from] EstimatorError),
}

/// The video being read, known once caps are.
struct Video {
    info: VideoInfo,
    layout: PixelLayout,
    geometry: FrameGeometry,
}

/// Lives from start to stop.
pub(super) struct Stream {
    estimator: PoseEstimator,
    config: EstimatorConfig,
    video: Option<Video>,
    identity: Identity,
    last_time: Option<f64>,
    interval_s: Option<f64>,
    /// Real seconds per second of media time; not 1 for slow motion.
    time_scale: f64,
    /// Revision of the settings that were applied.
    pub(super) revision: u64,
    /// Whether a missing timestamp has been complained about.
    pub(super) warned_no_timestamp: bool,
}

impl Stream {
    pub(super) fn new(estimator: PoseEstimator, config: EstimatorConfig, revision: u64) -> Self {
        Self {
            estimator,
            config,
            video: None,
            identity: Identity::default(),
            last_time: None,
            interval_s: None,
            time_scale: 1.0,
            revision,
            warned_no_timestamp: false,
        }
    }

    /// New video, which plays one second in `time_scale` seconds of reality; `None` for a format that cannot be read. A new
    /// size keeps the ids of people who stay where they are.
    pub(super) fn set_video(&mut self, info: VideoInfo, time_scale: f64) -> Option<()> {
        let layout = video::pixel_layout(&info)?;
        let geometry = FrameGeometry::from_info(&info);
        if self
            .video
            .as_ref()
            .is_some_and(|video| video.geometry != geometry)
        {
            self.identity.size_changed();
        }
        self.time_scale = time_scale;
        self.video = Some(Video {
            info,
            layout,
            geometry,
        });
        Some(())
    }

    /// New settings.
    pub(super) fn configure(&mut self, config: EstimatorConfig) {
        self.config = config;
        self.apply_config();
    }

    fn apply_config(&mut self) {
        let person = match self.config.person {
            PersonSelection::Id(id) => PersonSelection::Id(self.identity.estimators_id(id)),
            rule => rule,
        };
        self.estimator.configure(EstimatorConfig {
            person,
            ..self.config.clone()
        });
    }

    /// Forgets everybody, as after a seek.
    pub(super) fn forget(&mut self) {
        self.estimator.reset();
        self.last_time = None;
    }

    /// Notes a frame's time; true when it does not follow the last one, and everybody was forgotten.
    pub(super) fn jumps_to(&mut self, time: f64) -> bool {
        let jump = self
            .last_time
            .is_some_and(|last| time < last || time - last > LONGEST_GAP_S);
        if jump {
            self.forget();
        } else if let Some(last) = self.last_time {
            let interval = self.interval_s.get_or_insert(time - last);
            *interval += INTERVAL_WEIGHT * (time - last - *interval);
        }
        self.last_time = Some(time);
        jump
    }

    /// Frames per second of media time, of late; infinite before two have come.
    pub(super) fn fps(&self) -> f64 {
        1.0 / self.interval_s.unwrap_or_default()
    }

    /// The people in a frame. A live stream gives up an inference that has not begun within `patience`.
    pub(super) fn poses(
        &mut self,
        buffer: &gst::BufferRef,
        time: f64,
        decision: Decision,
        patience: Option<Duration>,
    ) -> Result<Poses, Failure> {
        let video = self.video.as_ref().ok_or(Failure::NotNegotiated)?;
        // People move in real time.
        let moment = time * self.time_scale;
        let looked = decision == Decision::Measure;
        let persons = match decision {
            Decision::NotDue | Decision::Late => self.estimator.predict(moment),
            Decision::Measure => {
                let frame = VideoFrameRef::from_buffer_ref_readable(buffer, &video.info)
                    .map_err(|_| Failure::Unreadable("its memory cannot be mapped".into()))?;
                let view = video::view(&frame, &video.layout)
                    .map_err(|error| Failure::Unreadable(error.to_string()))?;
                match patience {
                    Some(patience) => self.estimator.process_within(&view, moment, patience)?,
                    None => self.estimator.process(&view, moment)?,
                }
            }
        };
        let geometry = video.geometry;
        let mut persons: Vec<_> = persons.to_vec();
        let size = (geometry.width as f32, geometry.height as f32);
        if self.identity.rename(&mut persons, size, time)
            && matches!(self.config.person, PersonSelection::Id(_))
        {
            self.apply_config();
        }
        let shift = self.estimator.picture_shift().filter(|_| looked);
        Ok(Poses {
            persons: into_square_pixels(&persons, &geometry),
            frame: geometry,
            time,
            degraded: false,
            inference: None,
            shift: shift.map(|shift| shift.scaled(geometry.pixel_aspect, 1.0)),
        })
    }

    pub(super) fn stats(&self) -> EstimatorStats {
        self.estimator.stats()
    }
}
