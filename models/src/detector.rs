//! BlazePose's person detector: anchors, decoding and weighted non-maximum suppression.
//!
//! Constants as in MediaPipe's `pose_detection` module (`SsdAnchorsCalculator`, `TensorsToDetectionsCalculator`,
//! `NonMaxSuppressionCalculator`).

use crate::Region;
use std::sync::LazyLock;

/// Side of the square input tensor, pixels.
pub(crate) const INPUT_SIDE: usize = 224;
/// Number of anchors, thus of candidate boxes.
pub(crate) const ANCHOR_COUNT: usize = 2254;
/// Values per candidate box: centre, size, four keypoints.
pub(crate) const BOX_VALUES: usize = 12;
/// Keypoints per detection.
const KEYPOINTS: usize = 4;
/// Cells per side and anchors per cell of the three grids. Strides 8, 16, 32, 32, 32 with two anchors each.
const GRIDS: [(usize, usize); 3] = [(28, 2), (14, 2), (7, 6)];
/// An anchor in the middle of the picture: of the middle cell of the coarsest grid.
pub(crate) const MIDDLE_ANCHOR: usize = 28 * 28 * 2 + 14 * 14 * 2 + (3 * 7 + 3) * 6;
/// Logits are clamped to ± this before the sigmoid (`score_clipping_thresh`).
const LOGIT_LIMIT: f32 = 100.0;
/// Boxes that overlap the best one by more than this are merged into it (`min_suppression_threshold`).
const MERGE_OVERLAP: f32 = 0.3;
/// Candidates kept at most. A person yields some tens; the bound keeps suppression cheap on absurd outputs.
const MAX_CANDIDATES: usize = 512;

/// One detected person, in pixels of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// Probability, 0..1.
    pub score: f32,
    /// Left, top, right, bottom of the face or upper body box.
    pub bounds: [f32; 4],
    /// Mid-hip, point on the circle around the body, mid-shoulder, point on the circle around the upper body; x, y.
    pub keypoints: [[f32; 2]; KEYPOINTS],
}

impl Detection {
    /// Where the landmark model should look.
    pub fn region(&self) -> Region {
        Region::from_points(self.keypoints[0], self.keypoints[1])
    }

    /// Applies `f` to every point.
    fn map(mut self, f: impl Fn([f32; 2]) -> [f32; 2]) -> Self {
        let [left, top, right, bottom] = self.bounds;
        let ([left, top], [right, bottom]) = (f([left, top]), f([right, bottom]));
        self.bounds = [left, top, right, bottom];
        self.keypoints = self.keypoints.map(f);
        self
    }

    fn area(&self) -> f32 {
        (self.bounds[2] - self.bounds[0]) * (self.bounds[3] - self.bounds[1])
    }

    fn overlap(&self, other: &Detection) -> f32 {
        let shared = |low: usize, high: usize| {
            (self.bounds[high].min(other.bounds[high]) - self.bounds[low].max(other.bounds[low])).max(0.0)
        };
        let both = shared(0, 2) * shared(1, 3);
        both / (self.area() + other.area() - both)
    }

    fn is_finite(&self) -> bool {
        self.bounds
            .iter()
            .chain(self.keypoints.as_flattened())
            .all(|v| v.is_finite())
    }
}

/// Decodes the detector's tensors. Keeps its memory between frames.
#[derive(Default)]
pub(crate) struct Decoder {
    candidates: Vec<Detection>,
}

impl Decoder {
    pub fn new() -> Self {
        Self {
            candidates: Vec::with_capacity(MAX_CANDIDATES),
        }
    }

    /// Replaces `found` by the detections in `boxes` (`ANCHOR_COUNT` x `BOX_VALUES`) and `logits` (`ANCHOR_COUNT`), best
    /// first, in units of the input square. At most the capacity of `found`. `Err` when a value that counts is not finite.
    pub fn decode(
        &mut self,
        boxes: &[f32],
        logits: &[f32],
        threshold: f32,
        found: &mut Vec<Detection>,
    ) -> Result<(), NotFinite> {
        self.candidates.clear();
        found.clear();
        let candidates = boxes.chunks_exact(BOX_VALUES).zip(logits).zip(ANCHORS.iter());
        for ((values, &logit), &anchor) in candidates {
            if logit.is_nan() {
                return Err(NotFinite);
            }
            let score = sigmoid(logit.clamp(-LOGIT_LIMIT, LOGIT_LIMIT));
            if score < threshold || self.candidates.len() == MAX_CANDIDATES {
                continue;
            }
            let detection = decode_box(values, anchor, score);
            if !detection.is_finite() {
                return Err(NotFinite);
            }
            self.candidates.push(detection);
        }
        self.merge(found);
        Ok(())
    }

    /// Weighted non-maximum suppression: the best candidate and all that overlap it become one detection.
    fn merge(&mut self, found: &mut Vec<Detection>) {
        // Equal scores keep the order of their anchors: the sort must be stable, and an insertion sort needs no memory.
        for i in 1..self.candidates.len() {
            let mut at = i;
            while at > 0 && self.candidates[at - 1].score < self.candidates[at].score {
                self.candidates.swap(at - 1, at);
                at -= 1;
            }
        }
        while let Some(&best) = self.candidates.first() {
            if found.len() == found.capacity() {
                return;
            }
            let mut sum = Detection {
                score: 0.0,
                bounds: [0.0; 4],
                keypoints: [[0.0; 2]; KEYPOINTS],
            };
            self.candidates.retain(|c| {
                let near = c.overlap(&best) > MERGE_OVERLAP;
                if near {
                    add_weighted(&mut sum, c);
                }
                !near
            });
            if sum.score <= 0.0 {
                return; // a box without area overlaps nothing, not even itself
            }
            let scale = 1.0 / sum.score;
            let mean = sum.map(|[x, y]| [x * scale, y * scale]);
            found.push(Detection {
                score: best.score,
                ..mean
            });
        }
    }
}

/// A tensor held a value that is not finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotFinite;

fn add_weighted(sum: &mut Detection, c: &Detection) {
    sum.score += c.score;
    sum.bounds
        .iter_mut()
        .zip(c.bounds)
        .for_each(|(s, v)| *s += v * c.score);
    let (sums, values) = (sum.keypoints.as_flattened_mut(), c.keypoints.as_flattened());
    sums.iter_mut().zip(values).for_each(|(s, v)| *s += v * c.score);
}

fn decode_box(values: &[f32], anchor: [f32; 2], score: f32) -> Detection {
    let value = |i: usize| values[i] / INPUT_SIDE as f32;
    let (x, y) = (value(0) + anchor[0], value(1) + anchor[1]);
    let (half_width, half_height) = (value(2) / 2.0, value(3) / 2.0);
    Detection {
        score,
        bounds: [x - half_width, y - half_height, x + half_width, y + half_height],
        keypoints: std::array::from_fn(|k| [value(4 + 2 * k) + anchor[0], value(5 + 2 * k) + anchor[1]]),
    }
}

/// What the detector looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Part {
    /// The square around the whole picture.
    #[default]
    Whole,
    /// The square at the left end of a wide picture, as high as the picture.
    Left,
    /// The same in its middle: somebody there may be cut by the ends of both others.
    Middle,
    /// The same at the right end.
    Right,
}

/// A picture this much wider than high has halves that show more than the whole does.
const WIDE: f32 = 1.25;

impl Part {
    /// In the order in which they take turns.
    pub const ALL: [Self; 4] = [Self::Whole, Self::Left, Self::Middle, Self::Right];

    /// Whose turn comes next.
    pub fn next(self) -> Self {
        match self {
            Self::Whole => Self::Left,
            Self::Left => Self::Middle,
            Self::Middle => Self::Right,
            Self::Right => Self::Whole,
        }
    }

    /// The square in a picture of this size. A picture that is not wide has no halves: they are the whole.
    pub fn square(self, width: usize, height: usize) -> Region {
        let (width, height) = (width as f32, height as f32);
        let has_halves = width > WIDE * height;
        let (center_x, side) = match self {
            Self::Left if has_halves => (height / 2.0, height),
            Self::Middle if has_halves => (width / 2.0, height),
            Self::Right if has_halves => (width - height / 2.0, height),
            _ => (width / 2.0, width.max(height)),
        };
        Region {
            center_x,
            center_y: height / 2.0,
            side,
            rotation: 0.0,
        }
    }
}

/// Maps a detection from the square that was looked at to the picture. `None` when the mid-hip lies outside the square: of
/// such a person too little was seen.
pub(crate) fn place(detection: &Detection, square: &Region) -> Option<Detection> {
    let [hip, ..] = detection.keypoints;
    let inside = hip.iter().all(|v| (0.0..=1.0).contains(v));
    inside.then(|| detection.map(|[x, y]| square.project(x, y)))
}

pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Anchor centres in 0..1: row-major, all anchors of a cell together.
static ANCHORS: LazyLock<Vec<[f32; 2]>> = LazyLock::new(|| {
    let centre = |i: usize, cells: usize| (i as f32 + 0.5) / cells as f32;
    let grid = |(cells, per_cell): (usize, usize)| {
        (0..cells * cells * per_cell).map(move |i| {
            let cell = i / per_cell;
            [centre(cell % cells, cells), centre(cell / cells, cells)]
        })
    };
    GRIDS.into_iter().flat_map(grid).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    /// Tensors in which nobody is seen.
    fn nobody() -> (Vec<f32>, Vec<f32>) {
        (vec![0.0; ANCHOR_COUNT * BOX_VALUES], vec![-20.0; ANCHOR_COUNT])
    }

    /// Puts a box of 0.2 x 0.4 at `anchor`, moved by `dx`.
    fn put(tensors: &mut (Vec<f32>, Vec<f32>), anchor: usize, logit: f32, dx: f32) {
        let unit = INPUT_SIDE as f32;
        let values = [dx, 0.0, 0.2, 0.4, dx, 0.0, dx, -0.1, dx, -0.2, dx, -0.3].map(|v| v * unit);
        tensors.0[anchor * BOX_VALUES..][..BOX_VALUES].copy_from_slice(&values);
        tensors.1[anchor] = logit;
    }

    fn decode(tensors: &(Vec<f32>, Vec<f32>)) -> Vec<Detection> {
        let mut found = Vec::with_capacity(16);
        Decoder::new()
            .decode(&tensors.0, &tensors.1, 0.5, &mut found)
            .unwrap();
        found
    }

    #[test]
    fn anchors_follow_the_published_grids() {
        assert_eq!(ANCHORS.len(), ANCHOR_COUNT);
        assert_eq!(ANCHORS[0], ANCHORS[1]);
        assert_eq!(ANCHORS[0], [0.5 / 28.0, 0.5 / 28.0]);
        assert_eq!(ANCHORS[2], [1.5 / 28.0, 0.5 / 28.0]);
        assert_eq!(ANCHORS[1568], [0.5 / 14.0, 0.5 / 14.0]);
        assert_eq!(ANCHORS[1960], ANCHORS[1965]);
        assert_eq!(ANCHORS[ANCHOR_COUNT - 1], [6.5 / 7.0, 6.5 / 7.0]);
    }

    #[test]
    fn nobody_in_the_tensors_is_nobody_found() {
        assert_eq!(decode(&nobody()), []);
    }

    #[test]
    fn overlapping_boxes_become_their_weighted_mean_with_the_best_score() {
        let mut t = nobody();
        put(&mut t, 800, 2.0, 0.0);
        put(&mut t, 801, 1.0, 0.02);
        let found = decode(&t);
        assert_eq!(found.len(), 1);
        let (a, b) = (sigmoid(2.0), sigmoid(1.0));
        assert_eq!(found[0].score, a);
        let expected = ANCHORS[800][0] + 0.02 * b / (a + b);
        assert!((found[0].keypoints[0][0] - expected).abs() < 1e-6);
        assert!((found[0].bounds[2] - found[0].bounds[0] - 0.2).abs() < 1e-6);
    }

    #[test]
    fn separate_people_are_found_best_first() {
        let mut t = nobody();
        put(&mut t, 800, 1.0, 0.0);
        put(&mut t, 800 + 28, 3.0, 0.5);
        let found = decode(&t);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].score, sigmoid(3.0));
        assert_eq!(found[1].score, sigmoid(1.0));
    }

    #[test]
    fn more_people_than_there_is_room_for_are_cut_off() {
        let mut t = nobody();
        put(&mut t, 800, 1.0, 0.0);
        put(&mut t, 828, 3.0, 0.5);
        let mut found = Vec::with_capacity(1);
        Decoder::new().decode(&t.0, &t.1, 0.5, &mut found).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].score, sigmoid(3.0));
    }

    #[test]
    fn boxes_without_area_are_no_detection() {
        let mut t = nobody();
        put(&mut t, 5, 9.0, 0.0);
        t.0[5 * BOX_VALUES + 2] = 0.0;
        assert_eq!(decode(&t), []);
    }

    #[test]
    fn values_that_are_not_finite_are_reported() {
        let mut found = Vec::with_capacity(4);
        let mut t = nobody();
        t.1[7] = f32::NAN;
        assert_eq!(Decoder::new().decode(&t.0, &t.1, 0.5, &mut found), Err(NotFinite));
        let mut t = nobody();
        put(&mut t, 7, f32::INFINITY, 0.0);
        assert_eq!(
            Decoder::new().decode(&t.0, &t.1, 0.5, &mut found),
            Ok(()),
            "the logit is clamped"
        );
        t.0[7 * BOX_VALUES + 5] = f32::INFINITY;
        assert_eq!(Decoder::new().decode(&t.0, &t.1, 0.5, &mut found), Err(NotFinite));
    }

    #[test]
    fn a_tensor_that_fires_everywhere_is_survived() {
        let mut t = nobody();
        (0..ANCHOR_COUNT).for_each(|anchor| put(&mut t, anchor, 5.0, 0.0));
        assert!(!decode(&t).is_empty());
    }

    #[test]
    fn a_detection_is_mapped_from_the_part_that_was_looked_at() {
        let d = Detection {
            score: 1.0,
            bounds: [0.0, 0.5, 1.0, 0.5],
            keypoints: [[0.5, 0.5]; 4],
        };
        let placed = |part: Part| place(&d, &part.square(200, 100)).unwrap();
        assert_eq!(placed(Part::Whole).bounds, [0.0, 50.0, 200.0, 50.0]);
        assert_eq!(placed(Part::Whole).keypoints[0], [100.0, 50.0]);
        assert_eq!(placed(Part::Left).bounds, [0.0, 50.0, 100.0, 50.0]);
        assert_eq!(placed(Part::Middle).bounds, [50.0, 50.0, 150.0, 50.0]);
        assert_eq!(placed(Part::Right).keypoints[0], [150.0, 50.0]);
    }

    #[test]
    fn a_picture_that_is_not_wide_has_no_halves() {
        for (width, height) in [(100, 100), (100, 200), (120, 100)] {
            let squares = Part::ALL.map(|part| part.square(width, height));
            assert_eq!(squares, [squares[0]; 4]);
        }
    }

    #[test]
    fn somebody_whose_hips_are_outside_the_part_was_not_seen() {
        let d = Detection {
            score: 1.0,
            bounds: [0.9, 0.1, 1.0, 0.2],
            keypoints: [[1.02, 0.5]; 4],
        };
        assert_eq!(place(&d, &Part::Left.square(200, 100)), None);
    }
}
