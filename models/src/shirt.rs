//! What tells two people apart when neither place nor pose does: the colour of the trunk.

use crate::landmarks::{CropLandmarks, INPUT_SIDE};
use kinemotion_motion::{Landmark, LandmarkId};

/// Where the trunk is sampled: parts of the way from the left to the right side and from the shoulders to the hips. The middle,
/// where neither arms nor what is behind show.
const ACROSS: [f32; 3] = [0.3, 0.5, 0.7];
const DOWN: [f32; 5] = [0.2, 0.35, 0.5, 0.65, 0.8];

/// Two shirts nearer to each other than this say nothing: light and shade on one are as large. Red, green and blue in 0..1,
/// Euclidean; the shirts of the synthetic athlete are at least 0.38 apart.
const CONTRAST: f32 = 0.2;

/// Mean red, green and blue of a trunk, 0..1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shirt([f32; 3]);

impl Shirt {
    /// The shirt in a landmark model's input (planar RGB); `None` when the trunk is not in it.
    pub fn seen(input: &[f32], person: &CropLandmarks) -> Option<Self> {
        let point = |id: LandmarkId| person.points[id as usize];
        let top = [LandmarkId::LeftShoulder, LandmarkId::RightShoulder].map(point);
        let bottom = [LandmarkId::LeftHip, LandmarkId::RightHip].map(point);
        let (mut sum, mut count) = ([0.0; 3], 0);
        for u in ACROSS {
            let (from, to) = (between(&top, u), between(&bottom, u));
            for v in DOWN {
                let [x, y] = [0, 1].map(|k| ((from[k] + v * (to[k] - from[k])) * INPUT_SIDE as f32).floor());
                let inside = 0.0..INPUT_SIDE as f32;
                if inside.contains(&x) && inside.contains(&y) {
                    let at = y as usize * INPUT_SIDE + x as usize;
                    for (sum, plane) in sum.iter_mut().zip(input.chunks_exact(INPUT_SIDE * INPUT_SIDE)) {
                        *sum += plane[at];
                    }
                    count += 1;
                }
            }
        }
        (count > 0).then(|| Self(sum.map(|v| v / count as f32)))
    }

    /// Moves towards what is seen now by the part `alpha`.
    pub fn learn(&mut self, now: &Self, alpha: f32) {
        for (usual, now) in self.0.iter_mut().zip(now.0) {
            *usual += alpha * (now - *usual);
        }
    }

    /// How much `seen` looks like `other` rather than like this one, 0..1; about half when it looks like neither. `None` when the
    /// two look alike.
    pub fn lean(&self, other: &Self, seen: &Self) -> Option<f32> {
        let (own, others) = (self.distance(seen), other.distance(seen));
        (self.distance(other) >= CONTRAST).then(|| own / (own + others))
    }

    fn distance(&self, other: &Self) -> f32 {
        let squares = self.0.iter().zip(other.0).map(|(a, b)| (a - b).powi(2));
        squares.sum::<f32>().sqrt()
    }
}

/// The point a part of the way from the first to the second.
fn between([a, b]: &[Landmark; 2], part: f32) -> [f32; 2] {
    [a.x + part * (b.x - a.x), a.y + part * (b.y - a.y)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELLS: usize = INPUT_SIDE * INPUT_SIDE;

    /// A crop that is red left of `edge` and blue right of it, and somebody whose trunk is around `x`.
    fn scene(edge: usize, x: f32) -> (Vec<f32>, CropLandmarks) {
        let mut input = vec![0.0; 3 * CELLS];
        for i in 0..CELLS {
            let plane = if i % INPUT_SIDE < edge { 0 } else { 2 };
            input[plane * CELLS + i] = 1.0;
        }
        let mut person = CropLandmarks::default();
        let corners = [
            (LandmarkId::LeftShoulder, -0.1, 0.3),
            (LandmarkId::RightShoulder, 0.1, 0.3),
            (LandmarkId::LeftHip, -0.08, 0.5),
            (LandmarkId::RightHip, 0.08, 0.5),
        ];
        for (id, dx, y) in corners {
            (person.points[id as usize].x, person.points[id as usize].y) = (x + dx, y);
        }
        (input, person)
    }

    fn seen(edge: usize, x: f32) -> Shirt {
        let (input, person) = scene(edge, x);
        Shirt::seen(&input, &person).unwrap()
    }

    #[test]
    fn the_colour_is_that_of_the_trunk() {
        assert_eq!(seen(128, 0.25), Shirt([1.0, 0.0, 0.0]));
        assert_eq!(seen(128, 0.75), Shirt([0.0, 0.0, 1.0]));
        let Shirt([red, _, blue]) = seen(128, 0.5);
        assert!(red > 0.0 && blue > 0.0 && (red + blue - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_trunk_outside_the_crop_has_no_colour() {
        let (input, person) = scene(128, 3.0);
        assert_eq!(Shirt::seen(&input, &person), None);
        let (input, person) = scene(128, f32::NAN);
        assert_eq!(Shirt::seen(&input, &person), None);
    }

    #[test]
    fn a_shirt_leans_to_the_one_it_looks_like() {
        let (red, blue) = (seen(256, 0.5), seen(0, 0.5));
        assert_eq!(red.lean(&blue, &red), Some(0.0));
        assert_eq!(red.lean(&blue, &blue), Some(1.0));
        let green = red.lean(&blue, &Shirt([0.0, 1.0, 0.0])).unwrap();
        assert!((green - 0.5).abs() < 1e-6, "neither: {green}");
        assert_eq!(red.lean(&Shirt([0.9, 0.0, 0.0]), &blue), None, "two reds");
    }
}
