//! A background that slides by: painted once as long strips, one for each row of the picture.
//!
//! With a level horizon every row sees the wall or the floor at one depth, so sliding by is shifting along its strip.

use super::background::{Backdrop, Surroundings};
use crate::camera::Rays;
use crate::vec3::Vec3f;

/// The surroundings repeat after this distance, m: a whole number of wall sections.
const PERIOD_M: f32 = 17.1;

/// Strips of all rows.
#[derive(Debug)]
pub(super) struct Panorama {
    rows: Vec<Strip>,
    width: usize,
}

#[derive(Debug)]
struct Strip {
    texels: Vec<Vec3f>,
    /// Place along the strip of the middle of the first pixel when nothing has moved, in texels.
    start: f32,
    /// Texels per metre.
    per_m: f32,
    /// Depth of the row and what it shows, the same for all its pixels but for the place on the floor.
    floor_y: Option<f32>,
    first_x: f32,
}

impl Panorama {
    /// `None` when the camera is rolled, so that rows see several depths.
    pub fn new(surroundings: &Surroundings, rays: &Rays, width: usize, height: usize) -> Option<Self> {
        let rows = (0..height)
            .map(|y| Strip::new(surroundings, rays, y))
            .collect::<Option<Vec<_>>>()?;
        Some(Self { rows, width })
    }

    /// The background after sliding by `scroll` metres.
    pub fn at(&self, scroll: f32) -> Vec<Backdrop> {
        let mut out = Vec::with_capacity(self.width * self.rows.len());
        for strip in &self.rows {
            let shift = (scroll.rem_euclid(PERIOD_M)) * strip.per_m;
            let length = strip.texels.len();
            for x in 0..self.width {
                // One texel per pixel: whole steps along the strip, the fraction is the same for the whole row.
                let place = strip.start + shift + x as f32;
                let whole = place.floor();
                let i = whole as usize % length;
                let (a, b) = (
                    strip.texels[i],
                    strip.texels[if i + 1 == length { 0 } else { i + 1 }],
                );
                let floor = strip.floor_y.map(|y| [strip.first_x + x as f32 / strip.per_m, y]);
                let colour = a + (b - a) * (place - whole);
                out.push(Backdrop {
                    colour,
                    distance: f32::INFINITY,
                    floor,
                });
            }
        }
        out
    }
}

impl Strip {
    fn new(surroundings: &Surroundings, rays: &Rays, y: usize) -> Option<Self> {
        const LEVEL: f32 = 1e-5;
        let look = |x: f32, dy: f32| surroundings.meet(rays.eye, rays.through(x + 0.5, y as f32 + dy));
        let (first, second) = (look(0.0, 0.5), look(1.0, 0.5));
        if (first.point - second.point).z.abs() > LEVEL || (first.point - second.point).y.abs() > LEVEL {
            return None;
        }
        let per_m = 1.0 / (second.point.x - first.point.x);
        // A whole number of texels per period, so that the strip closes.
        let length = (PERIOD_M * per_m).ceil().max(2.0) as usize;
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
        let start = first.point.x.rem_euclid(PERIOD_M) * per_m;
        let floor_y = first.on_floor.then_some(first.point.y);
        Some(Self {
            texels,
            start,
            per_m,
            floor_y,
            first_x: first.point.x,
        })
    }
}
