//! The estimator measures what MediaPipe 0.10.14 measures, on rendered clips and, where they are there, on real ones.
//!
//! `fixtures/make_mediapipe_reference.py` says how the reference was made. Three questions per clip:
//!
//! - *same region*: landmarks of single frames in the region that MediaPipe looked at, every model;
//! - *single frames*: detector, region and landmarks of single frames, every model;
//! - *video*: the whole clip tracked without smoothing, the balanced model.
//!
//! Errors are distances in pixels over the joints that MediaPipe sees (visibility at least one half). The median is
//! asserted; the tail comes from the refinement step, which jumps when a point crosses a cell of the heatmap.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail and report"
)]

mod golden;

use golden::{Agreement, Fixture, Measured};
use kinemotion_models::{Engine, EngineConfig, EstimatorConfig, FrameView, PoseEstimator, Quality, Region};

const QUALITIES: [Quality; 3] = [Quality::Fast, Quality::Balanced, Quality::Accurate];
/// MediaPipe's Python solution stamps every frame with this, seconds.
const FRAME_S: f64 = 0.033_333;

/// Largest median of single frames, px: five to ten times what is reached, which is the rounding of the reference.
const SINGLE_PX: f32 = 0.1;
/// Largest mean distance of the world points of single frames, m; the reference is rounded to millimetres.
const SINGLE_WORLD_M: f32 = 0.002;
/// Largest median of tracked video, px. Each region follows from the landmarks before it, so that differences of the
/// last float digit grow until smoothing holds them; an independent reimplementation reaches no better than 0.2.
const VIDEO_PX: f32 = 0.5;
/// Smallest share of frames with the same presence decision.
const SAME_PRESENCE: f64 = 0.99;

fn estimator(quality: Quality) -> PoseEstimator {
    let engine = Engine::shared(&EngineConfig::default())
        .unwrap_or_else(|error| panic!("{error}; run `kinemotion models pull`"));
    PoseEstimator::new(
        engine,
        EstimatorConfig {
            quality,
            ..EstimatorConfig::default()
        },
    )
}

/// Single frames by one model.
struct Singles {
    quality: Quality,
    estimator: PoseEstimator,
    same_region: Agreement,
    whole_frame: Agreement,
}

impl Singles {
    fn new(quality: Quality) -> Self {
        let (same_region, whole_frame) = (Agreement::default(), Agreement::default());
        Self {
            quality,
            estimator: estimator(quality),
            same_region,
            whole_frame,
        }
    }

    fn measure(&mut self, frame: &FrameView<'_>, expected: Option<&Measured>) {
        if let Some(expected) = expected {
            let [center_x, center_y, side, rotation] = expected.region;
            let region = Region {
                center_x,
                center_y,
                side,
                rotation,
            };
            let found = self.estimator.landmarks_in(frame, &region).unwrap();
            self.same_region.add(found.as_ref(), Some(expected));
        }
        self.estimator.reset();
        let found = self.estimator.process(frame, 0.0).unwrap().first();
        self.whole_frame.add(found.map(|person| &person.pose), expected);
    }
}

fn agrees_with_mediapipe(name: &str) {
    let Some(fixture) = Fixture::load(name) else {
        return;
    };
    let mut singles = QUALITIES.map(Singles::new);
    let mut tracker = estimator(Quality::Balanced);
    let mut video = Agreement::default();
    fixture.for_each_frame(|index, frame| {
        if index.is_multiple_of(fixture.single_step) {
            for single in &mut singles {
                let expected = &fixture.singles[single.quality.name()];
                single.measure(frame, expected[index / fixture.single_step].as_ref());
            }
        }
        let found = tracker.process(frame, index as f64 * FRAME_S).unwrap().first();
        video.add_presence(found.is_some(), fixture.present_in_video(index));
        if index.is_multiple_of(fixture.video_step) {
            let expected = fixture.video[index / fixture.video_step].as_ref();
            video.add_landmarks(found.map(|person| &person.pose), expected);
        }
    });

    for Singles {
        quality,
        same_region,
        whole_frame,
        ..
    } in &singles
    {
        same_region.report(&format!("{name}, same region, {}", quality.name()));
        whole_frame.report(&format!("{name}, single frames, {}", quality.name()));
    }
    video.report(&format!("{name}, video"));

    for Singles {
        quality,
        same_region,
        whole_frame,
        ..
    } in &singles
    {
        let what = format!("{name}, {}", quality.name());
        assert_eq!(
            same_region.other_presence, 0,
            "{what}: presence in the same region"
        );
        assert!(
            same_region.median_px() <= SINGLE_PX,
            "{what}: {} px",
            same_region.median_px()
        );
        let world_m = same_region.mean_world_m();
        assert!(world_m <= SINGLE_WORLD_M, "{what}: {world_m} m");
        assert_eq!(whole_frame.other_presence, 0, "{what}: presence in single frames");
        assert!(
            whole_frame.median_px() <= SINGLE_PX,
            "{what}: {} px",
            whole_frame.median_px()
        );
    }
    assert!(video.median_px() <= VIDEO_PX, "{name}: {} px", video.median_px());
    assert!(
        video.same_presence() >= SAME_PRESENCE,
        "{name}: {} frames differ",
        video.other_presence
    );
    assert_eq!(video.elsewhere, 0, "{name}: frames on another person");
}

#[test]
fn a_rendered_countermovement_jump_is_measured_as_by_mediapipe() {
    agrees_with_mediapipe("rendered-jump");
}

#[test]
fn a_rendered_walker_outdoors_is_measured_as_by_mediapipe() {
    agrees_with_mediapipe("rendered-walk");
}

#[test]
fn a_rendered_drop_jump_with_motion_blur_is_measured_as_by_mediapipe() {
    agrees_with_mediapipe("rendered-drop");
}

#[test]
fn a_balancing_person_under_a_rolled_camera_is_measured_as_by_mediapipe() {
    agrees_with_mediapipe("pose2sim-balance-walk");
}

#[test]
fn a_sprinter_leaving_the_picture_is_measured_as_by_mediapipe() {
    agrees_with_mediapipe("hato72-sprint-b1");
}

#[test]
fn two_people_crossing_are_measured_as_by_mediapipe() {
    agrees_with_mediapipe("sports2d-walk-and-roof-jump");
}
