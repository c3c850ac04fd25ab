//! Sends crops of one stream's frame to the engine and takes the answers.

use crate::crop::{Border, ValueRange, crop};
use crate::detector::{self, Detection, Part};
use crate::engine::{Delivery, Flaw, Lane, Patience, Place};
use crate::landmarks::{self, Measured};
use crate::store::Network;
use crate::tracking::Sight;
use crate::{Engine, EngineError, FrameView, Quality, Region};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Input values of the networks. Source: the options of MediaPipe's `ImageToTensorCalculator` in both modules.
const DETECTOR_RANGE: ValueRange = ValueRange {
    black: -1.0,
    white: 1.0,
};
const LANDMARKER_RANGE: ValueRange = ValueRange {
    black: 0.0,
    white: 1.0,
};

/// What happened since the counters were last taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Work {
    pub detector_runs: u64,
    pub landmarker_runs: u64,
    pub not_finite: u64,
    /// Inferences that nobody began in time.
    pub given_up: u64,
    /// Blocked on the engine, without the time it spent decoding.
    pub inference: Duration,
}

/// The stream's lanes to the engine. Whatever is submitted must be taken before the frame is over, in the same order.
pub(super) struct Inference {
    engine: Arc<Engine>,
    detector: Lane,
    landmarkers: Vec<Lane>,
    detections: Vec<Detection>,
    /// What the detector was last sent.
    looked_at: Part,
    /// Submitted and not yet taken.
    outstanding: usize,
    work: Work,
}

impl Inference {
    pub fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            detector: Lane::default(),
            landmarkers: Vec::new(),
            detections: Vec::new(),
            looked_at: Part::Whole,
            outstanding: 0,
            work: Work::default(),
        }
    }

    pub fn take_work(&mut self) -> Work {
        std::mem::take(&mut self.work)
    }

    /// Sends a part of the frame to the detector.
    pub fn submit_detection(
        &mut self,
        frame: &FrameView<'_>,
        part: Part,
        threshold: f32,
        patience: Patience,
    ) {
        self.looked_at = part;
        let parcel = self.detector.parcel(Network::Detector);
        parcel.detection_threshold = threshold;
        let square = part.square(frame.width, frame.height);
        crop::<{ detector::INPUT_SIDE }>(frame, &square, Border::Black, DETECTOR_RANGE, &mut parcel.input);
        self.detector
            .submit(&self.engine, patience, place(&mut self.outstanding));
    }

    /// The part of the frame that the submitted detection looked at and the people found there, best first. `None` when nobody
    /// looked in time.
    pub fn take_detections(
        &mut self,
        frame: &FrameView<'_>,
    ) -> Result<Option<(Part, &[Detection])>, EngineError> {
        self.detections.clear();
        self.outstanding -= 1;
        let delivery = timed(&mut self.work, &mut self.detector, &self.engine)?;
        if delivery == Delivery::TooLate {
            self.work.given_up += 1;
            return Ok(None);
        }
        self.work.detector_runs += 1;
        let parcel = self.detector.delivered();
        if parcel.flaw == Some(Flaw::NotFinite) {
            self.work.not_finite += 1;
        } else {
            let square = self.looked_at.square(frame.width, frame.height);
            let found = parcel.detections.iter();
            self.detections
                .extend(found.filter_map(|detection| detector::place(detection, &square)));
        }
        Ok(Some((self.looked_at, &self.detections)))
    }

    /// Sends a region, which must be usable, to a landmark model on lane `index`.
    pub fn submit_landmarks(
        &mut self,
        index: usize,
        frame: &FrameView<'_>,
        region: &Region,
        quality: Quality,
        patience: Patience,
    ) {
        if self.landmarkers.len() <= index {
            self.landmarkers.resize_with(index + 1, Lane::default);
        }
        let lane = &mut self.landmarkers[index];
        let parcel = lane.parcel(Network::Landmarker(quality));
        crop::<{ landmarks::INPUT_SIDE }>(
            frame,
            region,
            Border::Replicate,
            LANDMARKER_RANGE,
            &mut parcel.input,
        );
        lane.submit(&self.engine, patience, place(&mut self.outstanding));
    }

    /// What lane `index` saw in the `region` it was sent.
    pub fn take_landmarks(
        &mut self,
        index: usize,
        region: &Region,
        threshold: f32,
    ) -> Result<Sight, EngineError> {
        self.outstanding -= 1;
        let lane = &mut self.landmarkers[index];
        if timed(&mut self.work, lane, &self.engine)? == Delivery::TooLate {
            self.work.given_up += 1;
            return Ok(Sight::Skipped);
        }
        self.work.landmarker_runs += 1;
        let parcel = lane.delivered();
        if parcel.flaw == Some(Flaw::NotFinite) {
            self.work.not_finite += 1;
            return Ok(Sight::Nobody);
        }
        if parcel.landmarks.score <= threshold {
            return Ok(Sight::Nobody);
        }
        let measured: Measured = parcel.landmarks.project(region, &parcel.input);
        Ok(Sight::Person(measured))
    }
}

/// The first parcel of a frame is run by the stream's own thread, which takes it first; the others beside it.
fn place(outstanding: &mut usize) -> Place {
    *outstanding += 1;
    if *outstanding == 1 {
        Place::Here
    } else {
        Place::Beside
    }
}

/// Waits for a lane and counts the time.
fn timed(work: &mut Work, lane: &mut Lane, engine: &Engine) -> Result<Delivery, EngineError> {
    let start = Instant::now();
    let delivery = lane.wait(engine);
    let decoding = match delivery {
        Ok(Delivery::Done) => lane.delivered().decode_time,
        _ => Duration::ZERO,
    };
    work.inference += start.elapsed().saturating_sub(decoding);
    delivery
}
