//! Squares of the picture, each with the cones that can be seen in it and those that can darken it.

use super::cone::{Hit, RoundCone};
use super::shade::OCCLUSION_REACH;
use crate::camera::Rays;
use crate::vec3::Vec3f;
use std::ops::Range;

/// Side of a tile in pixels.
const SIDE: usize = 8;
/// Cones nearer to the camera than this are not drawn, m.
const NEAREST_M: f32 = 0.2;
/// Neighbouring samples farther apart than this show an edge, m.
const EDGE_M: f32 = 0.04;

/// A rectangle of the picture that grows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    low: [f32; 2],
    high: [f32; 2],
}

impl Bounds {
    pub fn empty() -> Self {
        Self {
            low: [f32::INFINITY; 2],
            high: [f32::NEG_INFINITY; 2],
        }
    }

    pub fn include(&mut self, x: f32, y: f32, margin: f32) {
        for (i, v) in [x, y].into_iter().enumerate() {
            self.low[i] = self.low[i].min(v - margin);
            self.high[i] = self.high[i].max(v + margin);
        }
    }

    pub fn join(&mut self, other: &Bounds) {
        for i in 0..2 {
            self.low[i] = self.low[i].min(other.low[i]);
            self.high[i] = self.high[i].max(other.high[i]);
        }
    }

    /// Columns and rows within a picture.
    pub fn clipped(&self, width: usize, height: usize) -> [Range<usize>; 2] {
        let range = |i: usize, size: usize| {
            let low = self.low[i].floor().clamp(0.0, size as f32) as usize;
            let high = self.high[i].ceil().clamp(0.0, size as f32) as usize;
            low..high.max(low)
        };
        [range(0, width), range(1, height)]
    }
}

/// A cone's outline in the picture: a segment with the largest radius along it, in pixels.
struct Outline {
    a: [f32; 2],
    d: [f32; 2],
    inverse: f32,
    radius: f32,
    reach: f32,
}

impl Outline {
    fn new(cone: &RoundCone, rays: &Rays) -> Option<Self> {
        let (a, b) = (rays.project(cone.a), rays.project(cone.b()));
        let depth = a.2.min(b.2) - cone.radius();
        if depth < NEAREST_M {
            return None;
        }
        let d = [b.0 - a.0, b.1 - a.1];
        Some(Self {
            a: [a.0, a.1],
            d,
            inverse: 1.0 / (d[0] * d[0] + d[1] * d[1]).max(1e-6),
            radius: rays.focal * cone.radius() / depth + 1.0,
            reach: rays.focal * (cone.radius() + OCCLUSION_REACH) / depth,
        })
    }

    /// Squared distance of a point from the segment.
    fn off(&self, x: f32, y: f32) -> f32 {
        let w = [x - self.a[0], y - self.a[1]];
        let s = ((w[0] * self.d[0] + w[1] * self.d[1]) * self.inverse).clamp(0.0, 1.0);
        let (ox, oy) = (w[0] - s * self.d[0], w[1] - s * self.d[1]);
        ox * ox + oy * oy
    }
}

/// The tiles around some cones.
pub(super) struct Tiles {
    outlines: Vec<(usize, Outline)>,
    pub bounds: Bounds,
    width: usize,
    height: usize,
}

impl Tiles {
    pub fn new(cones: &[RoundCone], rays: &Rays, width: usize, height: usize) -> Self {
        let outlines: Vec<(usize, Outline)> = cones
            .iter()
            .enumerate()
            .filter_map(|(i, c)| Outline::new(c, rays).map(|o| (i, o)))
            .collect();
        let mut bounds = Bounds::empty();
        for (_, o) in &outlines {
            bounds.include(o.a[0], o.a[1], o.radius);
            bounds.include(o.a[0] + o.d[0], o.a[1] + o.d[1], o.radius);
        }
        Self {
            outlines,
            bounds,
            width,
            height,
        }
    }

    /// Visits every tile in which something can be seen.
    pub fn for_each(&self, mut visit: impl FnMut(&Tile<'_>)) {
        const HALF_DIAGONAL: f32 = SIDE as f32 * 0.7072;
        let [columns, rows] = self.bounds.clipped(self.width, self.height);
        let (mut seen, mut around) = (Vec::new(), Vec::new());
        for top in (rows.start - rows.start % SIDE..rows.end).step_by(SIDE) {
            for left in (columns.start - columns.start % SIDE..columns.end).step_by(SIDE) {
                let (cx, cy) = ((left + SIDE / 2) as f32, (top + SIDE / 2) as f32);
                seen.clear();
                around.clear();
                for (i, outline) in &self.outlines {
                    let off = outline.off(cx, cy);
                    let near = |radius: f32| off < (radius + HALF_DIAGONAL) * (radius + HALF_DIAGONAL);
                    if near(outline.radius) {
                        seen.push(*i);
                    }
                    if near(outline.reach) {
                        around.push(*i);
                    }
                }
                if !seen.is_empty() {
                    visit(&Tile {
                        left,
                        top,
                        right: (left + SIDE).min(self.width),
                        bottom: (top + SIDE).min(self.height),
                        seen: &seen,
                        around: &around,
                    });
                }
            }
        }
    }
}

/// One square of the picture.
pub(super) struct Tile<'a> {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
    seen: &'a [usize],
    around: &'a [usize],
}

/// The cone a ray meets first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub cone: usize,
    pub hit: Hit,
}

impl Tile<'_> {
    pub fn pixels(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (left, right) = (self.left, self.right);
        (self.top..self.bottom).flat_map(move |y| (left..right).map(move |x| (x, y)))
    }

    /// The first cone along a ray that is nearer than `limit`.
    pub fn enter(&self, cones: &[RoundCone], eye: Vec3f, ray: Vec3f, limit: f32) -> Option<Seen> {
        let mut best: Option<Seen> = None;
        let mut limit = limit;
        for &i in self.seen {
            if let Some(hit) = cones[i].enter(eye, ray).filter(|hit| hit.distance < limit) {
                limit = hit.distance;
                best = Some(Seen { cone: i, hit });
            }
        }
        best
    }

    /// Cones that can darken what is seen here.
    pub fn around<'c>(&self, cones: &'c [RoundCone]) -> impl Iterator<Item = &'c RoundCone> {
        self.around.iter().map(|&i| &cones[i])
    }

    /// Samples the corners of all pixels.
    pub fn corner_samples(&self, mut sample: impl FnMut(usize, usize) -> Option<(f32, u16)>) -> Corners {
        let mut corners = Corners {
            left: self.left,
            top: self.top,
            at: [[None; SIDE + 1]; SIDE + 1],
        };
        for (row, y) in (self.top..=self.bottom).enumerate() {
            for (column, x) in (self.left..=self.right).enumerate() {
                corners.at[row][column] = sample(x, y);
            }
        }
        corners
    }
}

/// What is seen at the corners of a tile's pixels: distance and material.
pub(super) struct Corners {
    left: usize,
    top: usize,
    at: [[Option<(f32, u16)>; SIDE + 1]; SIDE + 1],
}

impl Corners {
    fn four(&self, x: usize, y: usize) -> [Option<(f32, u16)>; 4] {
        let (c, r) = (x - self.left, y - self.top);
        [
            self.at[r][c],
            self.at[r][c + 1],
            self.at[r + 1][c],
            self.at[r + 1][c + 1],
        ]
    }

    /// Whether the corners of a pixel see different things.
    pub fn edge(&self, x: usize, y: usize) -> bool {
        let [first, rest @ ..] = self.four(x, y);
        rest.iter().any(|other| match (first, other) {
            (None, None) => false,
            (Some((d, m)), Some((e, n))) => m != *n || (d - e).abs() > EDGE_M,
            _ => true,
        })
    }

    /// Whether the first corner of a pixel sees anything.
    pub fn covered(&self, x: usize, y: usize) -> bool {
        self.four(x, y)[0].is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_clipped_to_the_picture() {
        let mut bounds = Bounds::empty();
        assert!(bounds.clipped(10, 10).iter().all(|range| range.is_empty()));
        bounds.include(-3.0, 4.5, 1.0);
        bounds.include(20.0, 6.0, 1.0);
        assert_eq!(bounds.clipped(10, 10), [0..10, 3..7]);
    }
}
