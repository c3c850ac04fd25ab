//! The shadow on the floor: every cone thrown along the light onto a small grid of the floor, then softened.

use super::cone::RoundCone;
use super::shade::KEY_LIGHT;

/// Size of a cell, m.
const CELL_M: f32 = 0.025;
/// The grid covers this much around the athlete, m.
const REACH_M: f32 = 3.2;
const CELLS: usize = (2.0 * REACH_M / CELL_M) as usize;
/// Softening radius in cells.
const SOFT: usize = 2;
/// Light taken away where the shadow is full.
const DEPTH: f32 = 0.45;

/// Darkness of the floor around the athlete.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    cells: Vec<f32>,
    swap: Vec<f32>,
    /// Middle of the grid.
    centre: [f32; 2],
    /// Touched cells: from and to, in x and y.
    bounds: [[usize; 2]; 2],
}

impl Shadow {
    /// Throws the shadow of the cones.
    pub fn cast<'a>(&mut self, cones: impl Iterator<Item = &'a RoundCone> + Clone) {
        self.cells.clear();
        self.cells.resize(CELLS * CELLS, 0.0);
        let thrown = |p: crate::vec3::Vec3f| {
            let height = p.z.max(0.0) / KEY_LIGHT.z;
            [p.x - KEY_LIGHT.x * height, p.y - KEY_LIGHT.y * height]
        };
        let (n, sum) = cones
            .clone()
            .map(|c| thrown(c.a))
            .fold((0.0f32, [0.0f32; 2]), |(n, s), p| {
                (n + 1.0, [s[0] + p[0], s[1] + p[1]])
            });
        self.centre = sum.map(|v| v / n.max(1.0));
        let centre = self.centre;
        let to_cell = |v: f32, axis: usize| (v - centre[axis] + REACH_M) / CELL_M;
        let mut bounds = [[CELLS, 0], [CELLS, 0]];
        for cone in cones {
            let (a, b) = (thrown(cone.a), thrown(cone.b()));
            let a = [to_cell(a[0], 0), to_cell(a[1], 1)];
            let b = [to_cell(b[0], 0), to_cell(b[1], 1)];
            let r = cone.radius() / CELL_M;
            let range = |axis: usize| {
                let low = (a[axis].min(b[axis]) - r).floor().clamp(0.0, CELLS as f32) as usize;
                let high = (a[axis].max(b[axis]) + r).ceil().clamp(0.0, CELLS as f32) as usize;
                [low, high]
            };
            let (rx, ry) = (range(0), range(1));
            for (bound, r) in bounds.iter_mut().zip([rx, ry]) {
                *bound = [bound[0].min(r[0]), bound[1].max(r[1])];
            }
            self.stamp(a, b, r, rx, ry);
        }
        let wider = |[low, high]: [usize; 2]| [low.saturating_sub(2 * SOFT), (high + 2 * SOFT).min(CELLS)];
        self.bounds = [wider(bounds[0]), wider(bounds[1])];
        self.soften();
    }

    /// Fills the cells within `r` of the segment.
    fn stamp(&mut self, a: [f32; 2], b: [f32; 2], r: f32, rx: [usize; 2], ry: [usize; 2]) {
        let d = [b[0] - a[0], b[1] - a[1]];
        let inverse = 1.0 / (d[0] * d[0] + d[1] * d[1]).max(1e-6);
        for y in ry[0]..ry[1] {
            for x in rx[0]..rx[1] {
                let w = [x as f32 + 0.5 - a[0], y as f32 + 0.5 - a[1]];
                let s = ((w[0] * d[0] + w[1] * d[1]) * inverse).clamp(0.0, 1.0);
                let off = [w[0] - s * d[0], w[1] - s * d[1]];
                if off[0] * off[0] + off[1] * off[1] < r * r {
                    self.cells[y * CELLS + x] = 1.0;
                }
            }
        }
    }

    /// Box filter along x, then along y.
    fn soften(&mut self) {
        let [[x0, x1], [y0, y1]] = self.bounds;
        let weight = 1.0 / (2 * SOFT + 1) as f32;
        self.swap.clear();
        self.swap.resize(CELLS * CELLS, 0.0);
        for y in y0..y1 {
            for x in x0.max(SOFT)..x1.min(CELLS - SOFT) {
                let row = &self.cells[y * CELLS + x - SOFT..=y * CELLS + x + SOFT];
                self.swap[y * CELLS + x] = row.iter().sum::<f32>() * weight;
            }
        }
        for y in y0.max(SOFT)..y1.min(CELLS - SOFT) {
            for x in x0..x1 {
                let sum: f32 = (y - SOFT..=y + SOFT).map(|j| self.swap[j * CELLS + x]).sum();
                self.cells[y * CELLS + x] = sum * weight;
            }
        }
    }

    /// Corners of the floor that can be darker: x from and to, y from and to, m.
    pub fn extent(&self) -> [[f32; 2]; 2] {
        let to_m = |c: usize, axis: usize| c as f32 * CELL_M - REACH_M + self.centre[axis];
        [0, 1].map(|axis| [to_m(self.bounds[axis][0], axis), to_m(self.bounds[axis][1], axis)])
    }

    /// Part of the light left at a place on the floor.
    pub fn light(&self, [x, y]: [f32; 2]) -> f32 {
        let u = (x - self.centre[0] + REACH_M) / CELL_M - 0.5;
        let v = (y - self.centre[1] + REACH_M) / CELL_M - 0.5;
        let edge = (CELLS - 2) as f32;
        if !(u > 0.0 && v > 0.0 && u < edge && v < edge) {
            return 1.0;
        }
        let (i, j) = (u as usize, v as usize);
        let (fu, fv) = (u - i as f32, v - j as f32);
        let at = |i: usize, j: usize| self.cells[j * CELLS + i];
        let top = at(i, j) + (at(i + 1, j) - at(i, j)) * fu;
        let bottom = at(i, j + 1) + (at(i + 1, j + 1) - at(i, j + 1)) * fu;
        1.0 - DEPTH * (top + (bottom - top) * fv)
    }
}
