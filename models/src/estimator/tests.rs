//! People made of numbers: the picture tells the scripted networks where a crop lies, the scene tells them who is there.

use super::*;
use crate::engine::EngineConfig;
use crate::store::Network;
use crate::{ColorMatrix, ColorRange, LandmarkTensors, Outputs, PixelFormat, Plane, Provider, Runner};
use kinemotion_motion::LandmarkId;
use std::sync::Mutex;

/// Side of the square picture. Its red is x and its green is y.
const SIDE: usize = 256;
const HEATMAP: usize = 39 * 64 * 64;
const NOBODY: [u32; 0] = [];

/// A person of the scene, pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Actor {
    x: f32,
    y: f32,
    /// Mid-hip to the point above the head.
    radius: f32,
    score: f32,
}

impl Actor {
    fn at(x: f32, y: f32) -> Self {
        Self {
            x,
            y,
            radius: 40.0,
            score: 0.9,
        }
    }

    fn region_side(&self) -> f32 {
        2.5 * self.radius
    }

    /// Landmark `i`: 33 and 34 are the auxiliary points.
    fn point(&self, i: usize) -> [f32; 2] {
        let spread = |k: usize| (i * k % 17) as f32 / 16.0 - 0.5;
        match i {
            23 => [self.x - 0.1 * self.radius, self.y],
            24 => [self.x + 0.1 * self.radius, self.y],
            33 => [self.x, self.y],
            34 => [self.x, self.y - self.radius],
            _ => [
                self.x + spread(5) * self.radius,
                self.y + 2.0 * spread(3) * self.radius,
            ],
        }
    }
}

/// What the networks see, and how they misbehave.
#[derive(Default)]
struct Scene {
    people: Vec<Actor>,
    /// Replaces every value of the landmark tensors.
    landmark_values: Option<f32>,
    /// Replaces every value of the detector's boxes.
    box_values: Option<f32>,
    presence: Option<f32>,
    /// Whom the next crop shows, wherever it lies.
    mistaken: Option<Actor>,
    fails: bool,
}

struct Stage(Arc<Mutex<Scene>>);

impl Provider for Stage {
    fn runner(&self) -> Result<Box<dyn Runner>, EngineError> {
        Ok(Box::new(Stage(self.0.clone())))
    }
}

impl Runner for Stage {
    fn run(
        &mut self,
        network: Network,
        input: &[f32],
        sink: &mut dyn FnMut(Outputs<'_>),
    ) -> Result<(), EngineError> {
        let mut scene = self.0.lock().unwrap();
        if scene.fails {
            return Err(EngineError::Inference("scripted".into()));
        }
        match network {
            Network::Detector => detect(&scene, sink),
            Network::Landmarker(_) => look(&mut scene, input, sink),
        }
        Ok(())
    }
}

fn detect(scene: &Scene, sink: &mut dyn FnMut(Outputs<'_>)) {
    let (mut boxes, mut logits) = (vec![0.0; 2254 * 12], vec![-20.0; 2254]);
    for (i, person) in scene.people.iter().enumerate() {
        // The cell in the middle of the coarsest grid: its anchor is the centre of the picture.
        let anchor = 1960 + (3 * 7 + 3) * 6 + i;
        let unit = |v: f32| (v / SIDE as f32 - 0.5) * 224.0;
        let size = 0.5 * person.radius / SIDE as f32 * 224.0;
        let mut values = [
            unit(person.x),
            unit(person.y),
            size,
            size,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
        ];
        for (k, point) in [33, 34].into_iter().enumerate() {
            let [x, y] = person.point(point);
            values[4 + 2 * k..][..2].copy_from_slice(&[unit(x), unit(y)]);
        }
        boxes[anchor * 12..][..12].copy_from_slice(&values);
        logits[anchor] = (person.score / (1.0 - person.score)).ln();
    }
    if let Some(value) = scene.box_values {
        boxes.fill(value);
        logits.fill(5.0);
    }
    sink(Outputs::Detector {
        boxes: &boxes,
        logits: &logits,
    });
}

fn look(scene: &mut Scene, input: &[f32], sink: &mut dyn FnMut(Outputs<'_>)) {
    // Where the crop lies: position and step per crop pixel, from the colours around its middle.
    let color = |x: usize, y: usize| [0, 1].map(|c| input[(c * 256 + y) * 256 + x] * 255.0);
    let center = color(128, 128);
    let across = [color(148, 128), color(108, 128)];
    let step = [0, 1].map(|c| (across[0][c] - across[1][c]) / 40.0);
    let scale = step[0] * step[0] + step[1] * step[1];
    let to_crop = |[x, y]: [f32; 2]| {
        let (dx, dy) = (x - center[0], y - center[1]);
        [
            128.0 + (dx * step[0] + dy * step[1]) / scale,
            128.0 + (dy * step[0] - dx * step[1]) / scale,
        ]
    };
    // The model takes whoever is nearest to the middle of what it sees.
    let off_middle = |a: &Actor| {
        let [x, y] = to_crop([a.x, a.y]);
        (x - 128.0).hypot(y - 128.0)
    };
    let seen = scene
        .people
        .iter()
        .min_by(|a, b| off_middle(a).total_cmp(&off_middle(b)));
    let seen = seen.filter(|a| off_middle(a) < 0.45 * 256.0).copied();
    let seen = scene.mistaken.take().or(seen);
    let mut landmarks = vec![0.0; 39 * 5];
    for (i, values) in landmarks.chunks_exact_mut(5).enumerate() {
        let [x, y] = seen.map_or([0.0; 2], |a| to_crop(a.point(i)));
        values.copy_from_slice(&[x, y, 0.0, 4.0, 4.0]);
    }
    let mut world = vec![0.1; 39 * 3];
    if let Some(value) = scene.landmark_values {
        landmarks.fill(value);
        world.fill(value);
    }
    let heatmap = vec![-30.0; HEATMAP];
    let presence = scene.presence.unwrap_or(if seen.is_some() { 0.99 } else { 0.01 });
    sink(Outputs::Landmarks(LandmarkTensors {
        landmarks: &landmarks,
        presence,
        heatmap: &heatmap,
        world: &world,
    }));
}

/// A scene, an estimator that watches it, and a clock of 30 frames per second.
struct Theatre {
    scene: Arc<Mutex<Scene>>,
    engine: Arc<Engine>,
    estimator: PoseEstimator,
    picture: Vec<u8>,
    frame: u32,
}

impl Theatre {
    fn new(config: EstimatorConfig, people: &[Actor]) -> Self {
        let scene = Arc::new(Mutex::new(Scene {
            people: people.to_vec(),
            ..Scene::default()
        }));
        let engine_config = EngineConfig {
            workers: 2,
            ..EngineConfig::default()
        };
        let engine = Engine::with_provider(&engine_config, Stage(scene.clone())).unwrap();
        let pixel = |i: usize| [(i % SIDE) as u8, (i / SIDE) as u8, 0];
        Self {
            scene,
            estimator: PoseEstimator::new(engine.clone(), config),
            engine,
            picture: (0..SIDE * SIDE).flat_map(pixel).collect(),
            frame: 0,
        }
    }

    fn single(people: &[Actor]) -> Self {
        Self::new(EstimatorConfig::default(), people)
    }

    fn several(max_persons: usize, people: &[Actor]) -> Self {
        Self::new(
            EstimatorConfig {
                max_persons,
                ..EstimatorConfig::default()
            },
            people,
        )
    }

    fn change(&self, change: impl FnOnce(&mut Scene)) {
        change(&mut self.scene.lock().unwrap());
    }

    fn set(&self, people: &[Actor]) {
        self.change(|scene| scene.people = people.to_vec());
    }

    fn time(&self) -> f64 {
        f64::from(self.frame) / 30.0
    }

    /// The next frame.
    fn next(&mut self) -> Vec<TrackedPose> {
        self.try_next().unwrap()
    }

    fn try_next(&mut self) -> Result<Vec<TrackedPose>, EstimatorError> {
        let t = self.time();
        self.frame += 1;
        let plane = Plane {
            data: &self.picture,
            stride: 3 * SIDE,
        };
        let planes = [plane, Plane::default(), Plane::default()];
        let (matrix, range) = (ColorMatrix::Bt601, ColorRange::Full);
        let frame = FrameView::new(PixelFormat::Rgb, SIDE, SIDE, planes, matrix, range).unwrap();
        self.estimator.process(&frame, t).map(<[TrackedPose]>::to_vec)
    }

    /// The ids in sight after `n` frames.
    fn ids_after(&mut self, n: u32) -> Vec<u32> {
        (1..n).for_each(|_| drop(self.next()));
        self.next().iter().map(|p| p.id).collect()
    }
}

fn mid_hip(pose: &Pose) -> [f32; 2] {
    let (l, r) = (&pose[LandmarkId::LeftHip], &pose[LandmarkId::RightHip]);
    [(l.x + r.x) / 2.0, (l.y + r.y) / 2.0]
}

#[test]
fn a_person_is_measured_where_they_are() {
    let actor = Actor::at(110.0, 140.0);
    let mut theatre = Theatre::single(&[actor]);
    for _ in 0..5 {
        let people = theatre.next();
        assert_eq!(people.len(), 1);
        assert!(people[0].selected);
        assert_eq!(people[0].pose.source, PoseSource::Measured);
        for (i, landmark) in people[0].pose.landmarks.iter().enumerate() {
            let [x, y] = actor.point(i);
            assert!(
                (landmark.x - x).abs() < 3.0 && (landmark.y - y).abs() < 3.0,
                "{i}: {landmark:?} {x} {y}"
            );
        }
    }
    let stats = theatre.estimator.stats();
    assert_eq!(
        (
            stats.frames,
            stats.with_pose,
            stats.detector_runs,
            stats.landmarker_runs
        ),
        (5, 5, 1, 5)
    );
}

#[test]
fn nobody_is_an_honest_no_pose_and_the_search_goes_on() {
    let mut theatre = Theatre::single(&[]);
    assert_eq!(theatre.ids_after(5), NOBODY);
    theatre.set(&[Actor::at(128.0, 128.0)]);
    assert_eq!(theatre.ids_after(1), [0]);
    assert_eq!(theatre.estimator.stats().detector_runs, 6);
}

#[test]
fn a_moving_person_keeps_the_id() {
    let mut theatre = Theatre::single(&[]);
    for i in 0..60 {
        theatre.set(&[Actor::at(60.0 + 2.0 * i as f32, 128.0)]);
        assert_eq!(theatre.ids_after(1), [0]);
    }
    assert_eq!(theatre.estimator.stats().detector_runs, 1);
}

#[test]
fn a_person_found_again_nearby_keeps_the_id_and_a_late_one_does_not() {
    let actor = Actor::at(128.0, 128.0);
    let mut theatre = Theatre::single(&[actor]);
    assert_eq!(theatre.ids_after(10), [0]);
    theatre.set(&[]);
    assert_eq!(theatre.ids_after(15), NOBODY);
    theatre.set(&[Actor::at(150.0, 128.0)]);
    assert_eq!(theatre.ids_after(5), [0]);
    theatre.set(&[]);
    assert_eq!(theatre.ids_after(35), NOBODY);
    theatre.set(&[actor]);
    assert_eq!(theatre.ids_after(5), [1]);
}

#[test]
fn somebody_else_in_the_crop_is_not_taken_for_the_athlete() {
    let (athlete, neighbour) = (Actor::at(110.0, 128.0), Actor::at(140.0, 128.0));
    assert!(
        (neighbour.x - athlete.x) / athlete.region_side() < 0.45,
        "the neighbour is in the athlete's crop"
    );
    let mut theatre = Theatre::single(&[athlete, neighbour]);
    let first = theatre.next()[0].clone();
    assert_eq!(first.id, 0);
    let stays = if mid_hip(&first.pose)[0] < 125.0 {
        athlete
    } else {
        neighbour
    };
    let other = if stays == athlete { neighbour } else { athlete };
    theatre.ids_after(5);
    // The athlete vanishes; the landmark model now sees the neighbour in the same crop.
    theatre.set(&[other]);
    let switched = theatre.next();
    assert_eq!(switched.len(), 1);
    assert_eq!(switched[0].id, 1, "the neighbour is somebody else");
    assert_eq!(theatre.ids_after(10), [1]);
}

#[test]
fn a_glitch_of_the_landmarks_does_not_lose_the_athlete() {
    let (athlete, neighbour) = (Actor::at(100.0, 128.0), Actor::at(140.0, 128.0));
    let mut theatre = Theatre::single(&[athlete]);
    theatre.ids_after(5);
    theatre.change(|scene| {
        scene.people = vec![neighbour, athlete];
        scene.mistaken = Some(neighbour);
    });
    let people = theatre.next();
    assert_eq!(people[0].id, 0);
    assert!(
        (mid_hip(&people[0].pose)[0] - 100.0).abs() < 3.0,
        "{:?}",
        mid_hip(&people[0].pose)
    );
    assert_eq!(theatre.estimator.stats().detector_runs, 2, "it looked again");
}

#[test]
fn several_people_are_followed_and_ids_are_not_reused() {
    let (a, b, c) = (
        Actor::at(50.0, 128.0),
        Actor::at(128.0, 128.0),
        Actor::at(206.0, 128.0),
    );
    let mut theatre = Theatre::several(3, &[a, b]);
    assert_eq!(theatre.ids_after(1), [0, 1]);
    // A third one is noticed at the next look, within half a second.
    theatre.set(&[a, b, c]);
    assert_eq!(theatre.ids_after(16), [0, 1, 2]);
    theatre.set(&[a, c]);
    assert_eq!(theatre.ids_after(60), [0, 2]);
    theatre.set(&[a, b, c]);
    assert_eq!(theatre.ids_after(20), [0, 2, 3]);
    theatre.estimator.reset();
    assert_eq!(theatre.ids_after(1).len(), 3);
    assert!(theatre.next().iter().all(|p| p.id > 3));
}

#[test]
fn no_more_people_are_followed_than_asked_for() {
    let people: Vec<Actor> = (0..6)
        .map(|i| Actor {
            radius: 20.0,
            ..Actor::at(28.0 + 40.0 * i as f32, 128.0)
        })
        .collect();
    let mut theatre = Theatre::several(4, &people);
    assert_eq!(theatre.ids_after(20).len(), 4);
    theatre.estimator.configure(EstimatorConfig {
        max_persons: 2,
        ..EstimatorConfig::default()
    });
    assert_eq!(theatre.ids_after(5), [0, 1]);
}

#[test]
fn two_tracks_that_meet_on_one_person_become_one() {
    let (a, b) = (Actor::at(90.0, 128.0), Actor::at(170.0, 128.0));
    let mut theatre = Theatre::several(2, &[a, b]);
    assert_eq!(theatre.ids_after(3), [0, 1]);
    // They walk towards each other until one hides the other.
    for i in 0..40 {
        let dx = i as f32;
        theatre.set(&[Actor::at(90.0 + dx, 128.0), Actor::at(170.0 - dx, 128.0)]);
        theatre.next();
    }
    theatre.set(&[Actor::at(130.0, 128.0)]);
    assert_eq!(theatre.ids_after(3), [0]);
}

#[test]
fn with_room_for_one_the_larger_of_two_certain_people_is_followed() {
    let near = Actor {
        radius: 50.0,
        score: 0.8,
        ..Actor::at(170.0, 128.0)
    };
    let far = Actor {
        radius: 20.0,
        score: 0.9,
        ..Actor::at(60.0, 128.0)
    };
    let x = |theatre: &mut Theatre| mid_hip(&theatre.next()[0].pose)[0];
    assert!(x(&mut Theatre::single(&[near, far])) > 150.0);
    // One the detector hardly believes in is not.
    let unsure = Actor { score: 0.6, ..near };
    assert!(x(&mut Theatre::single(&[unsure, far])) < 80.0);
    let central = Actor::at(120.0, 128.0);
    let config = EstimatorConfig {
        person: PersonSelection::NearestCentre,
        ..EstimatorConfig::default()
    };
    assert!((x(&mut Theatre::new(config, &[near, central])) - 120.0).abs() < 5.0);
}

#[test]
fn the_chosen_one_of_several_is_marked() {
    let (large, small) = (
        Actor {
            radius: 45.0,
            ..Actor::at(60.0, 128.0)
        },
        Actor {
            radius: 25.0,
            ..Actor::at(190.0, 128.0)
        },
    );
    let mut theatre = Theatre::several(2, &[large, small]);
    let selected = |people: &[TrackedPose]| {
        people
            .iter()
            .filter(|p| p.selected)
            .map(|p| p.id)
            .collect::<Vec<_>>()
    };
    let people = theatre.next();
    let large_id = people
        .iter()
        .max_by(|a, b| a.bounds[3].total_cmp(&b.bounds[3]))
        .unwrap()
        .id;
    assert_eq!(selected(&people), [large_id]);
    let config = EstimatorConfig {
        max_persons: 2,
        person: PersonSelection::Id(1 - large_id),
        ..EstimatorConfig::default()
    };
    theatre.estimator.configure(config);
    assert_eq!(selected(&theatre.next()), [1 - large_id]);
}

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
fn prediction_goes_on_at_constant_speed_and_ends() {
    let mut theatre = Theatre::single(&[]);
    for i in 0..10 {
        theatre.set(&[Actor::at(80.0 + 3.0 * i as f32, 128.0)]);
        theatre.next();
    }
    let last = theatre.time() - 1.0 / 30.0;
    let ahead = theatre.estimator.predict(last + 0.1).to_vec();
    assert_eq!(ahead.len(), 1);
    assert_eq!(
        (ahead[0].id, ahead[0].selected, ahead[0].pose.source),
        (0, true, PoseSource::Predicted)
    );
    // 107 px at 90 px/s for 0.1 s.
    assert!(
        (mid_hip(&ahead[0].pose)[0] - 116.0).abs() < 3.0,
        "{:?}",
        mid_hip(&ahead[0].pose)
    );
    assert_eq!(theatre.estimator.predict(last + 0.31), []);
    assert_eq!(theatre.estimator.predict(last - 1.0), []);
    assert_eq!(theatre.estimator.predict(f64::NAN), []);
    assert_eq!(theatre.estimator.stats().predicted, 4);
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
        let others: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| engine.warm_up(Quality::Fast)))
            .collect();
        while engine.stats().idle > 0 {
            std::thread::yield_now();
        }
        let people = theatre
            .estimator
            .process_within(&frame, t, Duration::ZERO)
            .unwrap();
        assert_eq!(people.len(), 1);
        assert_eq!(people[0].pose.source, PoseSource::Predicted);
        drop(held);
        others
            .into_iter()
            .for_each(|other| other.join().unwrap().unwrap());
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
fn smoothing_is_off_unless_asked_for_and_never_touches_tracking() {
    let jumpy = |i: u32| Actor::at(128.0 + (i % 2) as f32, 128.0);
    let xs = |smooth: bool| {
        let mut theatre = Theatre::new(
            EstimatorConfig {
                smooth,
                ..EstimatorConfig::default()
            },
            &[],
        );
        let measure = |i| {
            theatre.set(&[jumpy(i)]);
            theatre.next()[0].pose.landmarks[0].x
        };
        (0..20).map(measure).collect::<Vec<f32>>()
    };
    let wobble = |xs: &[f32]| xs[10..].windows(2).map(|w| (w[1] - w[0]).abs()).sum::<f32>() / 9.0;
    let (raw, smooth) = (wobble(&xs(false)), wobble(&xs(true)));
    assert!(raw > 0.5 && smooth < 0.7 * raw, "{raw} {smooth}");
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

#[test]
fn a_person_lost_in_full_run_is_expected_where_the_run_leads() {
    let mut theatre = Theatre::single(&[]);
    let runner = |i: u32| Actor::at(40.0 + 6.0 * i as f32, 128.0);
    for i in 0..15 {
        theatre.set(&[runner(i)]);
        assert_eq!(theatre.ids_after(1), [0]);
    }
    theatre.set(&[]);
    assert_eq!(theatre.ids_after(8), NOBODY);
    // Eight frames later and 48 pixels on, half a region from where the person was seen last.
    theatre.set(&[runner(23)]);
    assert_eq!(theatre.ids_after(1), [0]);
}
