//! The rotated square a landmark model looks at.

use std::f32::consts::{FRAC_PI_2, PI, TAU};

/// The circle through the reference point is enlarged by this to hold the whole person.
/// Source: MediaPipe pose modules, `RectTransformationCalculator` scale of the region of interest.
pub(crate) const REGION_SCALE: f32 = 1.25;

/// A rotated square in the picture, in pixels. Rotation is clockwise as seen, 0 for an upright person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Centre, pixels from the left edge.
    pub center_x: f32,
    /// Centre, pixels from the top edge.
    pub center_y: f32,
    /// Side, pixels.
    pub side: f32,
    /// Rotation, radians in −π..π.
    pub rotation: f32,
}

impl Region {
    /// The region of a person from the mid-hip and the point above the head on the circle around the body
    /// (the detector's keypoints 0 and 1, the landmarker's points 33 and 34).
    pub fn from_points(center: [f32; 2], on_circle: [f32; 2]) -> Self {
        let (dx, dy) = (on_circle[0] - center[0], on_circle[1] - center[1]);
        let rotation = FRAC_PI_2 - (-dy).atan2(dx);
        Self {
            center_x: center[0],
            center_y: center[1],
            side: 2.0 * dx.hypot(dy) * REGION_SCALE,
            rotation: (rotation + PI).rem_euclid(TAU) - PI,
        }
    }

    /// Maps a point of the crop, (0, 0) its top left corner and (1, 1) its bottom right, to the picture.
    pub fn project(&self, u: f32, v: f32) -> [f32; 2] {
        let (sin, cos) = self.rotation.sin_cos();
        let (u, v) = ((u - 0.5) * self.side, (v - 0.5) * self.side);
        [
            self.center_x + cos * u - sin * v,
            self.center_y + sin * u + cos * v,
        ]
    }

    /// Whether a crop of it makes sense in a picture of this size: finite, not tiny, not absurdly large, and its centre
    /// not farther outside than its own side.
    pub(crate) fn is_usable(&self, width: usize, height: usize) -> bool {
        /// Smaller than this the crop holds no picture of a person, pixels.
        const MIN_SIDE: f32 = 4.0;
        /// Larger than this, in multiples of the picture, the person would fill less than the sampling grid.
        const MAX_SIDE_PER_PICTURE: f32 = 16.0;
        let (width, height) = (width as f32, height as f32);
        let inside = |c: f32, size: f32| c >= -self.side && c <= size + self.side;
        self.rotation.is_finite()
            && self.side >= MIN_SIDE
            && self.side <= MAX_SIDE_PER_PICTURE * width.max(height)
            && inside(self.center_x, width)
            && inside(self.center_y, height)
    }

    /// Distance of the centres in multiples of the larger side.
    pub(crate) fn distance(&self, other: &Region) -> f32 {
        (self.center_x - other.center_x).hypot(self.center_y - other.center_y) / self.side.max(other.side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upright_person_gives_an_upright_square() {
        let r = Region::from_points([100.0, 200.0], [100.0, 120.0]);
        assert_eq!((r.center_x, r.center_y, r.side), (100.0, 200.0, 200.0));
        assert!(r.rotation.abs() < 1e-6);
    }

    #[test]
    fn head_to_the_right_is_a_quarter_turn_clockwise() {
        let r = Region::from_points([0.0, 0.0], [10.0, 0.0]);
        assert!((r.rotation - FRAC_PI_2).abs() < 1e-6);
        // The top of the crop, where the head is, lies to the right in the picture.
        let top = r.project(0.5, 0.0);
        assert!((top[0] - 12.5).abs() < 1e-4 && top[1].abs() < 1e-4, "{top:?}");
    }

    #[test]
    fn rotation_stays_within_half_a_turn() {
        for degrees in -360..360 {
            let a = (degrees as f32).to_radians();
            let r = Region::from_points([0.0, 0.0], [a.cos(), a.sin()]);
            assert!((-PI..=PI).contains(&r.rotation), "{degrees}: {}", r.rotation);
        }
    }

    #[test]
    fn degenerate_regions_are_not_usable() {
        let good = Region {
            center_x: 50.0,
            center_y: 50.0,
            side: 20.0,
            rotation: 0.0,
        };
        assert!(good.is_usable(100, 100));
        for bad in [
            Region { side: 0.0, ..good },
            Region {
                side: f32::NAN,
                ..good
            },
            Region {
                side: f32::INFINITY,
                ..good
            },
            Region { side: 1e9, ..good },
            Region {
                center_x: f32::NAN,
                ..good
            },
            Region {
                center_y: -500.0,
                ..good
            },
            Region {
                rotation: f32::NAN,
                ..good
            },
        ] {
            assert!(!bad.is_usable(100, 100), "{bad:?}");
        }
    }
}
