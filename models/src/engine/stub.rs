//! A provider without networks, for load tests of everything else: whatever the picture shows, one person stands still in
//! the middle of it. No number that comes of it is real.

use super::runner::{Outputs, Provider, Runner};
use super::{EngineError, ExecutionProvider};
use crate::detector::{self, ANCHOR_COUNT, BOX_VALUES};
use crate::landmarks::{self, HEATMAP_SIDE, LandmarkTensors, POINT_COUNT, POINT_VALUES, WORLD_VALUES};
use crate::region::REGION_SCALE;
use crate::store::Network;
use std::sync::{Arc, LazyLock};

const NOTICE: &str = "the provider is stub: every picture is said to show somebody who stands in its middle, NUMBERS ARE NOT REAL";

/// Logits of what is certain, and of what is certainly not.
const SURE: f32 = 8.0;
const NEVER: f32 = -30.0;
/// Half of the detector's picture that the person takes, hip to the circle around the body, input pixels.
const RADIUS: f32 = 0.4 * detector::INPUT_SIDE as f32;
/// Stature of the person in units of the circle's radius, and in metres.
const STATURE: f32 = 1.7;
const STATURE_M: f32 = 1.75;

/// Somebody who stands and faces the camera: right side of the body at smaller x, heights above the floor, both in
/// statures. Drillis and Contini's segment lengths as in Winter 2009, figure 4.1, to two digits; the face by eye.
const FIGURE: [[f32; 2]; 33] = {
    let face = [
        [0.0, 0.92],
        [0.01, 0.94],
        [0.02, 0.94],
        [0.03, 0.94],
        [-0.01, 0.94],
        [-0.02, 0.94],
        [-0.03, 0.94],
        [0.04, 0.93],
        [-0.04, 0.93],
        [0.01, 0.90],
        [-0.01, 0.90],
    ];
    // Left side: shoulder, elbow, wrist, little finger, index finger, thumb; hip, knee, ankle, heel, toes.
    let left = [
        [0.13, 0.82],
        [0.14, 0.63],
        [0.15, 0.49],
        [0.16, 0.40],
        [0.15, 0.39],
        [0.14, 0.42],
        [0.10, 0.53],
        [0.10, 0.29],
        [0.10, 0.04],
        [0.10, 0.02],
        [0.11, 0.01],
    ];
    let mut figure = [[0.0; 2]; 33];
    let mut i = 0;
    while i < face.len() {
        figure[i] = face[i];
        i += 1;
    }
    let mut i = 0;
    while i < left.len() {
        let [x, y] = left[i];
        figure[11 + 2 * i] = [x, y];
        figure[12 + 2 * i] = [-x, y];
        i += 1;
    }
    figure
};
/// Height of the middle of the hips in statures.
const HIP: f32 = 0.53;

/// Gives everybody the same tensors.
pub(super) struct Stub(Arc<Tensors>);

struct Tensors {
    boxes: Vec<f32>,
    logits: Vec<f32>,
    landmarks: Vec<f32>,
    heatmap: Vec<f32>,
    world: Vec<f32>,
}

impl Stub {
    pub fn new() -> Self {
        static TENSORS: LazyLock<Arc<Tensors>> = LazyLock::new(|| Arc::new(Tensors::new()));
        Self(TENSORS.clone())
    }
}

impl Provider for Stub {
    fn runner(&self) -> Result<Box<dyn Runner>, EngineError> {
        Ok(Box::new(Self(self.0.clone())))
    }

    fn name(&self) -> &'static str {
        ExecutionProvider::Stub.name()
    }

    fn notices(&self) -> Vec<String> {
        vec![NOTICE.into()]
    }
}

impl Runner for Stub {
    fn run(
        &mut self,
        network: Network,
        _input: &[f32],
        sink: &mut dyn FnMut(Outputs<'_>),
    ) -> Result<(), EngineError> {
        match network {
            Network::Detector => sink(Outputs::Detector {
                boxes: &self.0.boxes,
                logits: &self.0.logits,
            }),
            Network::Landmarker(_) => sink(Outputs::Landmarks(LandmarkTensors {
                landmarks: &self.0.landmarks,
                presence: 1.0,
                heatmap: &self.0.heatmap,
                world: &self.0.world,
            })),
        }
        Ok(())
    }
}

impl Tensors {
    fn new() -> Self {
        let (boxes, logits) = detection();
        let (landmarks, world) = figure();
        Self {
            boxes,
            logits,
            landmarks,
            heatmap: vec![NEVER; POINT_COUNT * HEATMAP_SIDE * HEATMAP_SIDE],
            world,
        }
    }
}

/// One person in the middle of the picture.
fn detection() -> (Vec<f32>, Vec<f32>) {
    let (mut boxes, mut logits) = (vec![0.0; ANCHOR_COUNT * BOX_VALUES], vec![NEVER; ANCHOR_COUNT]);
    let anchor = detector::MIDDLE_ANCHOR;
    // Centre and size of a face, then mid-hip and the point on the circle above it; the other two are not used.
    let values = [0.0, -0.5 * RADIUS, 20.0, 20.0, 0.0, 0.0, 0.0, -RADIUS];
    boxes[anchor * BOX_VALUES..][..values.len()].copy_from_slice(&values);
    logits[anchor] = SURE;
    (boxes, logits)
}

/// The figure such that the region made of it is the crop itself, and in metres.
fn figure() -> (Vec<f32>, Vec<f32>) {
    let middle = landmarks::INPUT_SIDE as f32 / 2.0;
    let radius = middle / REGION_SCALE;
    let (mut points, mut world) = (Vec::new(), Vec::new());
    for i in 0..POINT_COUNT {
        let [x, y] = match i {
            34 => [0.0, HIP + 1.0 / STATURE],
            _ => FIGURE.get(i).copied().unwrap_or([0.0, HIP]),
        };
        let up = y - HIP;
        points.extend([
            middle + STATURE * radius * x,
            middle - STATURE * radius * up,
            0.0,
            SURE,
            SURE,
        ]);
        world.extend([STATURE_M * x, -STATURE_M * up, 0.0]);
    }
    debug_assert_eq!(
        (points.len(), world.len()),
        (POINT_COUNT * POINT_VALUES, POINT_COUNT * WORLD_VALUES)
    );
    (points, world)
}
