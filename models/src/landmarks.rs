//! BlazePose's landmark model: decoding, heatmap refinement and projection into the picture.
//!
//! Constants as in MediaPipe's `pose_landmark` module (`TensorsToLandmarksCalculator`,
//! `RefineLandmarksFromHeatmapCalculator`, `LandmarkProjectionCalculator`, `WorldLandmarkProjectionCalculator`).

use crate::Region;
use crate::detector::{NotFinite, sigmoid};
use crate::shirt::Shirt;
use kinemotion_motion::{LANDMARK_COUNT, Landmark, Pose, PoseSource, WorldPoint};

/// Side of the square input tensor, pixels.
pub(crate) const INPUT_SIDE: usize = 256;
/// Points in the output tensors: 33 of the body, two auxiliary, four unused.
pub(crate) const POINT_COUNT: usize = 39;
/// Values per point: x, y, z, visibility logit, presence logit.
pub(crate) const POINT_VALUES: usize = 5;
/// Values per point in the world tensor.
pub(crate) const WORLD_VALUES: usize = 3;
/// Side of a point's heatmap, cells.
pub(crate) const HEATMAP_SIDE: usize = 64;
/// Auxiliary point: centre of the next region.
const CENTER_POINT: usize = 33;
/// Auxiliary point: on the circle around the body.
const CIRCLE_POINT: usize = 34;
/// Points kept after decoding.
const KEPT_POINTS: usize = 35;
/// Half of the refinement window's side minus the middle, cells. Measured: MediaPipe 0.10.14 uses 9 x 9 cells, the
/// calculator's default, although its graph file asks for a `kernel_size` of 7; with 9 its points are met to 1/1000
/// of a pixel, with 7 they are missed by half a pixel.
const REFINE_RADIUS: usize = 4;
/// A window without such a confident cell moves nothing (`min_confidence_to_refine`).
const REFINE_MIN_CONFIDENCE: f32 = 0.5;

/// The landmark model's tensors of one picture.
#[derive(Clone, Copy, Debug)]
pub struct LandmarkTensors<'a> {
    /// 39 x (x, y, z in input pixels, visibility logit, presence logit).
    pub landmarks: &'a [f32],
    /// Probability that there is a person.
    pub presence: f32,
    /// 39 x 64 x 64 logits.
    pub heatmap: &'a [f32],
    /// 39 x (x, y, z in metres), in the orientation of the crop.
    pub world: &'a [f32],
}

/// Decoded landmarks in units of the crop (0..1), refined.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CropLandmarks {
    pub points: [Landmark; KEPT_POINTS],
    pub world: [WorldPoint; LANDMARK_COUNT],
    pub score: f32,
}

impl Default for CropLandmarks {
    fn default() -> Self {
        Self {
            points: [Landmark::default(); KEPT_POINTS],
            world: [WorldPoint::default(); LANDMARK_COUNT],
            score: 0.0,
        }
    }
}

/// Landmarks in the picture and what the next region is made from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measured {
    pub pose: Pose,
    /// Points 33 and 34: x, y, pixels.
    pub auxiliary: [[f32; 2]; 2],
    /// `None` when the trunk was not in the crop.
    pub shirt: Option<Shirt>,
}

impl CropLandmarks {
    /// Decodes and refines. `Err` when a value is not finite.
    pub fn decode(tensors: &LandmarkTensors<'_>) -> Result<Self, NotFinite> {
        let LandmarkTensors {
            landmarks,
            presence,
            heatmap,
            world,
        } = *tensors;
        let finite = |values: &[f32]| values.iter().all(|v| v.is_finite());
        if !(presence.is_finite() && finite(landmarks) && finite(world)) {
            return Err(NotFinite);
        }
        let mut decoded = Self {
            score: presence,
            ..Self::default()
        };
        let rows = landmarks
            .chunks_exact(POINT_VALUES)
            .zip(heatmap.chunks_exact(HEATMAP_SIDE * HEATMAP_SIDE));
        for (point, (values, heat)) in decoded.points.iter_mut().zip(rows) {
            let side = INPUT_SIDE as f32;
            *point = Landmark {
                x: values[0] / side,
                y: values[1] / side,
                z: values[2] / side,
                visibility: sigmoid(values[3]),
                presence: sigmoid(values[4]),
            };
            refine(point, heat)?;
        }
        for (point, values) in decoded.world.iter_mut().zip(world.chunks_exact(WORLD_VALUES)) {
            *point = WorldPoint {
                x: values[0],
                y: values[1],
                z: values[2],
            };
        }
        Ok(decoded)
    }

    /// Projects from the crop of `region` into the picture. `input` is the crop as the model saw it.
    pub fn project(&self, region: &Region, input: &[f32]) -> Measured {
        let mut pose = Pose {
            score: self.score,
            source: PoseSource::Measured,
            ..Pose::default()
        };
        for (out, point) in pose.landmarks.iter_mut().zip(&self.points) {
            let [x, y] = region.project(point.x, point.y);
            *out = Landmark {
                x,
                y,
                z: point.z * region.side,
                ..*point
            };
        }
        let (sin, cos) = region.rotation.sin_cos();
        for (out, p) in pose.world.iter_mut().zip(&self.world) {
            *out = WorldPoint {
                x: cos * p.x - sin * p.y,
                y: sin * p.x + cos * p.y,
                z: p.z,
            };
        }
        let auxiliary =
            [CENTER_POINT, CIRCLE_POINT].map(|i| region.project(self.points[i].x, self.points[i].y));
        Measured {
            pose,
            auxiliary,
            shirt: Shirt::seen(input, self),
        }
    }
}

/// Moves a point to the centroid of the heat around it.
fn refine(point: &mut Landmark, heat: &[f32]) -> Result<(), NotFinite> {
    let side = HEATMAP_SIDE as f32;
    // Truncation towards zero, as in the source: −0.9 counts as cell 0.
    let (column, row) = ((point.x * side) as i32, (point.y * side) as i32);
    let cells = 0..HEATMAP_SIDE as i32;
    if !cells.contains(&column) || !cells.contains(&row) {
        return Ok(());
    }
    let window = |middle: i32| {
        let middle = middle as usize;
        middle.saturating_sub(REFINE_RADIUS)..(middle + REFINE_RADIUS + 1).min(HEATMAP_SIDE)
    };
    let (columns, rows) = (window(column), window(row));
    let (mut sum, mut sum_x, mut sum_y, mut best) = (0.0, 0.0, 0.0, 0.0_f32);
    for y in rows {
        let line = &heat[y * HEATMAP_SIDE..][columns.clone()];
        for (x, &logit) in columns.clone().zip(line) {
            let weight = sigmoid(logit);
            sum += weight;
            sum_x += weight * x as f32;
            sum_y += weight * y as f32;
            best = best.max(weight);
        }
    }
    if !sum.is_finite() {
        return Err(NotFinite);
    }
    if best >= REFINE_MIN_CONFIDENCE {
        point.x = sum_x / sum / side;
        point.y = sum_y / sum / side;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELLS: usize = HEATMAP_SIDE * HEATMAP_SIDE;

    struct Fixture {
        landmarks: Vec<f32>,
        heatmap: Vec<f32>,
        world: Vec<f32>,
    }

    impl Fixture {
        fn new() -> Self {
            Self {
                landmarks: [128.0, 64.0, 32.0, 0.0, 2.0].repeat(POINT_COUNT),
                heatmap: vec![-30.0; POINT_COUNT * CELLS],
                world: [1.0, 2.0, 3.0].repeat(POINT_COUNT),
            }
        }

        fn decode(&self) -> Result<CropLandmarks, NotFinite> {
            let Self {
                landmarks,
                heatmap,
                world,
            } = self;
            CropLandmarks::decode(&LandmarkTensors {
                landmarks,
                presence: 0.9,
                heatmap,
                world,
            })
        }
    }

    #[test]
    fn values_are_scaled_to_the_crop() {
        let d = Fixture::new().decode().unwrap();
        let p = d.points[0];
        assert_eq!((p.x, p.y, p.z, p.visibility), (0.5, 0.25, 0.125, 0.5));
        assert!((p.presence - 0.880_797).abs() < 1e-5);
        assert_eq!(d.score, 0.9);
    }

    #[test]
    fn heat_moves_its_own_point_only() {
        let mut f = Fixture::new();
        // Point 2 sits in cell (32, 16); two equally hot cells lie right of and below it.
        f.heatmap[2 * CELLS + 16 * 64 + 34] = 30.0;
        f.heatmap[2 * CELLS + 18 * 64 + 34] = 30.0;
        let d = f.decode().unwrap();
        assert!((d.points[2].x - 34.0 / 64.0).abs() < 1e-6 && (d.points[2].y - 17.0 / 64.0).abs() < 1e-6);
        assert_eq!((d.points[1].x, d.points[1].y), (0.5, 0.25));
    }

    #[test]
    fn weak_or_distant_heat_moves_nothing() {
        let mut f = Fixture::new();
        f.heatmap[16 * 64 + 33] = -0.1; // below one half
        f.heatmap[CELLS + 16 * 64 + 37] = 30.0; // outside the window of 9
        let d = f.decode().unwrap();
        assert_eq!((d.points[0].x, d.points[1].x), (0.5, 0.5));
    }

    #[test]
    fn points_outside_the_crop_are_left_alone() {
        let mut f = Fixture::new();
        f.landmarks[..2].copy_from_slice(&[-1e9, 1e9]);
        f.heatmap.fill(30.0);
        let d = f.decode().unwrap();
        assert_eq!(d.points[0].x, -1e9 / 256.0);
    }

    #[test]
    fn values_that_are_not_finite_are_reported() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut f = Fixture::new();
            f.landmarks[77] = bad;
            assert!(f.decode().is_err());
            let mut f = Fixture::new();
            f.world[3] = bad;
            assert!(f.decode().is_err());
        }
        let mut f = Fixture::new();
        f.heatmap[16 * 64 + 32] = f32::NAN;
        assert!(f.decode().is_err());
    }

    #[test]
    fn projection_rotates_image_and_world_alike() {
        let d = Fixture::new().decode().unwrap();
        let quarter = std::f32::consts::FRAC_PI_2;
        let region = Region {
            center_x: 100.0,
            center_y: 50.0,
            side: 40.0,
            rotation: quarter,
        };
        let m = d.project(&region, &[0.0; 3 * INPUT_SIDE * INPUT_SIDE]);
        let p = m.pose.landmarks[0];
        // (0, −10) from the centre, turned clockwise, is (10, 0).
        assert!(
            (p.x - 110.0).abs() < 1e-4 && (p.y - 50.0).abs() < 1e-4 && p.z == 5.0,
            "{p:?}"
        );
        let w = m.pose.world[0];
        assert!((w.x + 2.0).abs() < 1e-6 && (w.y - 1.0).abs() < 1e-6 && w.z == 3.0);
    }
}
