//! Bad input and bad outputs are no pose, never a panic, and the stream goes on.

use super::theatre::*;
use crate::engine::{Delivery, Lane, Patience, Place};
use crate::store::Network;

#[test]
fn tensors_that_are_not_finite_are_no_pose_and_counted() {
    let mut theatre = Theatre::single(&[Actor::at(128.0, 128.0)]);
    assert_eq!(theatre.ids_after(2), [0]);
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        theatre.change(|scene| scene.landmark_values = Some(value));
        assert_eq!(theatre.ids_after(2), NOBODY);
        theatre.change(|scene| scene.landmark_values = None);
        assert_eq!(theatre.ids_after(2), [0]);
        theatre.change(|scene| (scene.box_values, scene.presence) = (Some(value), Some(f32::NAN)));
        assert_eq!(theatre.ids_after(2), NOBODY);
        theatre.change(|scene| (scene.box_values, scene.presence) = (None, None));
        assert_eq!(theatre.ids_after(2), [0]);
    }
    assert!(
        theatre.estimator.stats().not_finite >= 9,
        "{:?}",
        theatre.estimator.stats()
    );
}

#[test]
fn absurd_but_finite_tensors_are_survived() {
    let mut theatre = Theatre::several(4, &[Actor::at(128.0, 128.0)]);
    theatre.ids_after(3);
    for value in [0.0, 1e30, -1e30, f32::MAX, f32::MIN_POSITIVE, 1e4] {
        theatre.change(|scene| (scene.landmark_values, scene.box_values) = (Some(value), Some(value)));
        theatre.ids_after(3);
    }
    theatre.change(|scene| (scene.landmark_values, scene.box_values) = (None, None));
    assert_eq!(theatre.ids_after(3).len(), 1);
}

#[test]
fn a_presence_at_the_threshold_is_no_pose() {
    let mut theatre = Theatre::single(&[Actor::at(128.0, 128.0)]);
    theatre.change(|scene| scene.presence = Some(0.5));
    assert_eq!(theatre.ids_after(3), NOBODY);
    theatre.change(|scene| scene.presence = Some(0.51));
    assert_eq!(theatre.ids_after(1).len(), 1);
}

#[test]
fn a_failing_engine_is_an_error_and_the_next_frame_works() {
    let mut theatre = Theatre::several(2, &[Actor::at(70.0, 128.0), Actor::at(180.0, 128.0)]);
    theatre.change(|scene| scene.fails = true);
    assert!(theatre.try_next().is_err());
    theatre.change(|scene| scene.fails = false);
    assert_eq!(theatre.ids_after(1), [0, 1]);
    theatre.change(|scene| scene.fails = true);
    assert!(theatre.try_next().is_err());
    theatre.change(|scene| scene.fails = false);
    assert_eq!(theatre.ids_after(1), [0, 1]);
}

#[test]
fn a_live_frame_without_a_free_worker_is_predicted() {
    let mut theatre = Theatre::single(&[Actor::at(128.0, 128.0)]);
    theatre.ids_after(3);
    let t = theatre.time();
    let plane = Plane {
        data: &theatre.picture,
        stride: 3 * SIDE,
    };
    let planes = [plane, Plane::default(), Plane::default()];
    let frame = FrameView::new(
        PixelFormat::Rgb,
        SIDE,
        SIDE,
        planes,
        ColorMatrix::Bt601,
        ColorRange::Full,
    )
    .unwrap();
    // The scripted networks of other streams wait for the scene, so both workers are busy.
    let scene = theatre.scene.clone();
    let engine = theatre.engine.clone();
    let held = scene.lock().unwrap();
    std::thread::scope(|scope| {
        let run = || {
            let mut lane = Lane::default();
            lane.parcel(Network::Detector);
            lane.submit(&engine, Patience::File, Place::Beside);
            lane.wait(&engine)
        };
        let others: Vec<_> = (0..2).map(|_| scope.spawn(run)).collect();
        while engine.stats().idle > 0 {
            std::thread::yield_now();
        }
        // A stream that begins now needs networks that have run, so it waits for nobody.
        engine.warm_up(EstimatorConfig::default().quality).unwrap();
        let people = theatre
            .estimator
            .process_within(&frame, t, Duration::ZERO)
            .unwrap();
        assert_eq!(people.len(), 1);
        assert_eq!(people[0].pose.source, PoseSource::Predicted);
        drop(held);
        others
            .into_iter()
            .for_each(|other| assert_eq!(other.join().unwrap().unwrap(), Delivery::Done));
    });
    assert_eq!(theatre.estimator.stats().predicted, 1);
    assert_eq!(theatre.ids_after(2), [0]);
}

#[test]
fn a_jump_in_time_or_another_size_starts_afresh() {
    let mut theatre = Theatre::single(&[Actor::at(128.0, 128.0)]);
    assert_eq!(theatre.ids_after(3), [0]);
    theatre.frame += 300;
    assert_eq!(theatre.ids_after(1), [1]);
    let data = vec![0; 3 * 64 * 64];
    let planes = [
        Plane {
            data: &data,
            stride: 192,
        },
        Plane::default(),
        Plane::default(),
    ];
    let small = FrameView::new(
        PixelFormat::Rgb,
        64,
        64,
        planes,
        ColorMatrix::Bt601,
        ColorRange::Full,
    )
    .unwrap();
    theatre.set(&[]);
    assert_eq!(theatre.estimator.process(&small, theatre.time()).unwrap(), []);
    theatre.set(&[Actor::at(128.0, 128.0)]);
    assert_eq!(theatre.ids_after(1), [2]);
}

#[test]
fn times_that_stand_still_run_back_or_are_no_numbers_are_survived() {
    let mut theatre = Theatre::new(
        EstimatorConfig {
            smooth: true,
            ..EstimatorConfig::default()
        },
        &[Actor::at(128.0, 128.0)],
    );
    let data = theatre.picture.clone();
    let planes = [
        Plane {
            data: &data,
            stride: 3 * SIDE,
        },
        Plane::default(),
        Plane::default(),
    ];
    let frame = FrameView::new(
        PixelFormat::Rgb,
        SIDE,
        SIDE,
        planes,
        ColorMatrix::Bt601,
        ColorRange::Full,
    )
    .unwrap();
    for t in [
        0.0,
        0.0,
        0.1,
        0.05,
        f64::NAN,
        f64::INFINITY,
        0.2,
        -5.0,
        1e300,
        -1e300,
    ] {
        let people = theatre.estimator.process(&frame, t).unwrap();
        assert_eq!(people.len(), 1, "{t}");
        assert!(
            people[0]
                .pose
                .landmarks
                .iter()
                .all(|l| l.x.is_finite() && l.y.is_finite())
        );
    }
}

#[test]
fn regions_outside_or_without_size_have_no_landmarks() {
    let mut theatre = Theatre::single(&[Actor::at(128.0, 128.0)]);
    let data = theatre.picture.clone();
    let planes = [
        Plane {
            data: &data,
            stride: 3 * SIDE,
        },
        Plane::default(),
        Plane::default(),
    ];
    let frame = FrameView::new(
        PixelFormat::Rgb,
        SIDE,
        SIDE,
        planes,
        ColorMatrix::Bt601,
        ColorRange::Full,
    )
    .unwrap();
    let region = Region {
        center_x: 128.0,
        center_y: 128.0,
        side: 100.0,
        rotation: 0.0,
    };
    assert!(theatre.estimator.landmarks_in(&frame, &region).unwrap().is_some());
    for bad in [
        Region { side: 0.0, ..region },
        Region {
            center_x: f32::NAN,
            ..region
        },
        Region {
            center_y: 1e9,
            ..region
        },
    ] {
        assert_eq!(theatre.estimator.landmarks_in(&frame, &bad).unwrap(), None);
    }
    assert_eq!(theatre.estimator.detect(&frame).unwrap().len(), 1);
}

#[test]
fn absurd_picture_sizes_are_survived() {
    let mut theatre = Theatre::several(2, &[Actor::at(60.0, 128.0), Actor::at(200.0, 128.0)]);
    for (width, height) in [
        (1, 1),
        (2, 1),
        (1, 2),
        (3, 5),
        (7680, 4320),
        (FrameView::MAX_SIDE, 1),
        (1, FrameView::MAX_SIDE),
    ] {
        // Black I420 with strides that fit nothing in particular.
        let (luma_stride, chroma_stride) = (width + 13, width.div_ceil(2) + 7);
        let (luma, chroma) = (
            vec![16; luma_stride * height],
            vec![128; chroma_stride * height.div_ceil(2)],
        );
        let plane = |data, stride| Plane { data, stride };
        let planes = [
            plane(&luma, luma_stride),
            plane(&chroma, chroma_stride),
            plane(&chroma, chroma_stride),
        ];
        let (matrix, range) = (ColorMatrix::Bt2020, ColorRange::Limited);
        let frame = FrameView::new(PixelFormat::I420, width, height, planes, matrix, range).unwrap();
        for i in 0..3 {
            theatre.estimator.process(&frame, f64::from(i) / 30.0).unwrap();
        }
    }
}
