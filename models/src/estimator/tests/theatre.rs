//! People made of numbers: the picture tells the scripted networks where a crop lies, the scene tells them who is there. What
//! they wear is blue paint in the picture, which the networks do not see.

pub(super) use crate::engine::EngineConfig;
pub(super) use crate::estimator::*;
pub(super) use crate::store::Network;
pub(super) use crate::{
    ColorMatrix, ColorRange, LandmarkTensors, Outputs, PixelFormat, Plane, Provider, Runner,
};
pub(super) use kinemotion_motion::LandmarkId;
pub(super) use std::sync::Mutex;

/// Side of the square picture. Its red is x and its green is y.
pub(super) const SIDE: usize = 256;
const HEATMAP: usize = 39 * 64 * 64;
pub(super) const NOBODY: [u32; 0] = [];

/// A person of the scene, pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Actor {
    pub x: f32,
    pub y: f32,
    /// Mid-hip to the point above the head.
    pub radius: f32,
    pub score: f32,
    /// How blue they are.
    pub shirt: u8,
}

impl Actor {
    pub fn at(x: f32, y: f32) -> Self {
        Self {
            x,
            y,
            radius: 40.0,
            score: 0.9,
            shirt: 0,
        }
    }

    pub fn wearing(self, shirt: u8) -> Self {
        Self { shirt, ..self }
    }

    pub fn region_side(&self) -> f32 {
        2.5 * self.radius
    }

    /// Landmark `i`: 33 and 34 are the auxiliary points.
    pub fn point(&self, i: usize) -> [f32; 2] {
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
pub(super) struct Scene {
    pub people: Vec<Actor>,
    /// Replaces every value of the landmark tensors.
    pub landmark_values: Option<f32>,
    /// Replaces every value of the detector's boxes.
    pub box_values: Option<f32>,
    pub presence: Option<f32>,
    /// Whom the next crop shows, wherever it lies.
    pub mistaken: Option<Actor>,
    pub fails: bool,
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
pub(super) struct Theatre {
    pub scene: Arc<Mutex<Scene>>,
    pub engine: Arc<Engine>,
    pub estimator: PoseEstimator,
    pub picture: Vec<u8>,
    pub frame: u32,
}

impl Theatre {
    pub fn new(config: EstimatorConfig, people: &[Actor]) -> Self {
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

    pub fn single(people: &[Actor]) -> Self {
        Self::new(EstimatorConfig::default(), people)
    }

    pub fn several(max_persons: usize, people: &[Actor]) -> Self {
        Self::new(
            EstimatorConfig {
                max_persons,
                ..EstimatorConfig::default()
            },
            people,
        )
    }

    pub fn change(&self, change: impl FnOnce(&mut Scene)) {
        change(&mut self.scene.lock().unwrap());
    }

    pub fn set(&self, people: &[Actor]) {
        self.change(|scene| scene.people = people.to_vec());
    }

    pub fn time(&self) -> f64 {
        f64::from(self.frame) / 30.0
    }

    /// Paints the shirts into the picture, the first of the scene behind the others.
    fn paint(&mut self) {
        self.picture
            .iter_mut()
            .skip(2)
            .step_by(3)
            .for_each(|blue| *blue = 0);
        for a in &self.scene.lock().unwrap().people {
            for (i, pixel) in self.picture.chunks_exact_mut(3).enumerate() {
                let (dx, dy) = ((i % SIDE) as f32 - a.x, (i / SIDE) as f32 - a.y);
                if dx.hypot(dy) < 0.5 * a.radius {
                    pixel[2] = a.shirt;
                }
            }
        }
    }

    /// The next frame.
    pub fn next(&mut self) -> Vec<TrackedPose> {
        self.try_next().unwrap()
    }

    pub fn try_next(&mut self) -> Result<Vec<TrackedPose>, EstimatorError> {
        self.paint();
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
    pub fn ids_after(&mut self, n: u32) -> Vec<u32> {
        (1..n).for_each(|_| drop(self.next()));
        self.next().iter().map(|p| p.id).collect()
    }
}

pub(super) fn mid_hip(pose: &Pose) -> [f32; 2] {
    let (l, r) = (&pose[LandmarkId::LeftHip], &pose[LandmarkId::RightHip]);
    [(l.x + r.x) / 2.0, (l.y + r.y) / 2.0]
}
