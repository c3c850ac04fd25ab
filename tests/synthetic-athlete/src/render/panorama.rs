//! A background that slides by: painted once as long strips, one for each row of a level picture.
//!
//! With a level horizon every row sees the wall or the floor at one depth, so sliding by is shifting along its strip. A
//! rolled camera looks up its pixels between the rows of the level one.

use super::background::{Backdrop, Surroundings};
use crate::camera::Rays;
use crate::vec3::Vec3f;

/// The surroundings repeat after this distance, m: a whole number of wall sections.
const PERIOD_M: f32 = 17.1;
/// Fractions of a row below this are none.
const SAME_ROW: f32 = 1e-3;

/// Strips of all rows, and where the pixels of the picture are on them.
#[derive(Debug)]
pub(super) struct Panorama {
    strips: Vec<Strip>,
    spots: Vec<Spot>,
}

#[derive(Debug)]
struct Strip {
    texels: Vec<Vec3f>,
    /// Place along the strip of the middle of the first pixel when nothing has moved, in texels.
    start: f32,
    per_px: f32,
    per_m: f32,
}

/// A pixel of the picture in the level picture.
#[derive(Clone, Copy, Debug)]
struct Spot {
    strip: usize,
    /// How far towards the next strip, 0 to 1.
    below: f32,
    /// Pixels right of the first one.
    right: f32,
    floor: Option<[f32; 2]>,
}

impl Panorama {
    /// For the picture of `rays`; `level` is the same camera without roll.
    pub fn new(surroundings: &Surroundings, rays: &Rays, level: &Rays, width: usize, height: usize) -> Self {
        let in_level = |x: f32, y: f32| level.project(rays.eye + rays.through(x, y));
        let (w, h) = (width as f32, height as f32);
        let corners = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)].map(|(x, y)| in_level(x, y).1);
        let top = corners.into_iter().fold(f32::INFINITY, f32::min).floor() - 1.0;
        let bottom = corners.into_iter().fold(f32::NEG_INFINITY, f32::max).ceil() + 2.0;
        let strips: Vec<Strip> = (0..(bottom - top) as usize)
            .map(|i| Strip::new(surroundings, level, top + i as f32))
            .collect();
        let spot = |i: usize| {
            let (x, y) = ((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
            let (level_x, level_y, _) = in_level(x, y);
            let row = (level_y - 0.5 - top + SAME_ROW).max(0.0);
            let strip = (row as usize).min(strips.len() - 2);
            let place = surroundings.meet(rays.eye, rays.through(x, y));
            let floor = place.on_floor.then_some([place.point.x, place.point.y]);
            let below = (row - strip as f32 - SAME_ROW).clamp(0.0, 1.0);
            Spot {
                strip,
                below,
                right: level_x - 0.5,
                floor,
            }
        };
        let spots = (0..width * height).map(spot).collect();
        Self { strips, spots }
    }

    /// The background after sliding by `scroll` metres.
    pub fn at(&self, scroll: f32) -> Vec<Backdrop> {
        let scroll = scroll.rem_euclid(PERIOD_M);
        let paint = |spot: &Spot| {
            let mut colour = self.strips[spot.strip].at(spot.right, scroll);
            if spot.below > SAME_ROW {
                let next = self.strips[spot.strip + 1].at(spot.right, scroll);
                colour += (next - colour) * spot.below;
            }
            Backdrop {
                colour,
                distance: f32::INFINITY,
                floor: spot.floor,
            }
        };
        self.spots.iter().map(paint).collect()
    }
}

impl Strip {
    /// The strip of the level row whose upper edge is `top`.
    fn new(surroundings: &Surroundings, level: &Rays, top: f32) -> Self {
        let look = |x: f32, dy: f32| surroundings.meet(level.eye, level.through(x + 0.5, top + dy));
        let (first, second) = (look(0.0, 0.5).point.x, look(1.0, 0.5).point.x);
        // A whole number of texels per period, about one per pixel, so that the strip closes.
        let length = (PERIOD_M / (second - first)).ceil().max(2.0) as usize;
        let per_m = length as f32 / PERIOD_M;
        let mut texels = vec![Vec3f::default(); length];
        for dy in [0.25, 0.75] {
            let row = look(0.0, dy);
            for (i, texel) in texels.iter_mut().enumerate() {
                for dx in [-0.25, 0.25] {
                    let x = ((i as f32 + dx) / per_m).rem_euclid(PERIOD_M);
                    *texel += surroundings.colour(row.on_floor, Vec3f { x, ..row.point }) * 0.25;
                }
            }
        }
        Self {
            texels,
            start: first.rem_euclid(PERIOD_M) * per_m,
            per_px: (second - first) * per_m,
            per_m,
        }
    }

    /// Colour `right` pixels right of the first one after sliding by `scroll` metres.
    fn at(&self, right: f32, scroll: f32) -> Vec3f {
        let length = self.texels.len();
        let place = self.start + scroll * self.per_m + right * self.per_px;
        let whole = place.floor();
        let i = (whole as isize).rem_euclid(length as isize) as usize;
        let (a, b) = (
            self.texels[i],
            self.texels[if i + 1 == length { 0 } else { i + 1 }],
        );
        a + (b - a) * (place - whole)
    }
}
