//! What is behind the athlete: wall, floor and, for drop jumps, the box.
//!
//! Everything is a function of the ray, painted once for a camera that stands still.

use super::cone::RoundCone;
use super::shade::{AMBIENT_SKY, KEY_LIGHT};
use crate::body::cones::Cone;
use crate::camera::Rays;
use crate::clip::Background;
use crate::kinematics::DropBox;
use crate::random::scramble;
use crate::vec3::{Vec3, Vec3f};

/// Distance of the wall behind the athlete, m.
const WALL_M: f32 = 2.6;
/// Depth given to wall and floor: behind everything.
const BEHIND: f32 = f32::INFINITY;
/// Where rays end that miss the wall, m.
const FAR_M: f32 = 100.0;
/// Samples per pixel and axis.
const SAMPLES: usize = 2;

/// The surroundings of a clip.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub background: Background,
    pub seed: u64,
    pub drop_box: Option<Cuboid>,
}

/// A place on the floor or on the wall.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub point: Vec3f,
    pub on_floor: bool,
}

/// A pixel of the background.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backdrop {
    /// Linear light.
    pub colour: Vec3f,
    /// Distance along the ray when it is something the athlete can be behind.
    pub distance: f32,
    /// Where the floor is seen, for shadows: x, y.
    pub floor: Option<[f32; 2]>,
}

impl Surroundings {
    /// One row of pixels.
    pub fn paint_row(&self, rays: &Rays, y: usize, row: &mut [Backdrop]) {
        for (x, out) in row.iter_mut().enumerate() {
            let centre = self.look(rays.eye, rays.through(x as f32 + 0.5, y as f32 + 0.5));
            let mut colour = Vec3f::default();
            for i in 0..SAMPLES * SAMPLES {
                let dx = ((i % SAMPLES) as f32 + 0.5) / SAMPLES as f32;
                let dy = ((i / SAMPLES) as f32 + 0.5) / SAMPLES as f32;
                colour += self
                    .look(rays.eye, rays.through(x as f32 + dx, y as f32 + dy))
                    .colour;
            }
            *out = Backdrop {
                colour: colour * (1.0 / (SAMPLES * SAMPLES) as f32),
                ..centre
            };
        }
    }

    fn look(&self, eye: Vec3f, ray: Vec3f) -> Backdrop {
        if let Some((distance, colour)) = self.drop_box.as_ref().and_then(|b| b.hit(eye, ray)) {
            return Backdrop {
                colour,
                distance,
                floor: None,
            };
        }
        let Place { point, on_floor } = self.meet(eye, ray);
        let colour = self.colour(on_floor, point);
        Backdrop {
            colour,
            distance: BEHIND,
            floor: on_floor.then_some([point.x, point.y]),
        }
    }

    /// Where a ray meets the wall or the floor.
    pub fn meet(&self, eye: Vec3f, ray: Vec3f) -> Place {
        let wall = if ray.y > 1e-6 {
            (WALL_M - eye.y) / ray.y
        } else {
            FAR_M
        };
        let floor = if ray.z < -1e-6 {
            -eye.z / ray.z
        } else {
            f32::INFINITY
        };
        Place {
            point: eye + ray * wall.min(floor),
            on_floor: floor < wall,
        }
    }

    /// Colour of a place on the floor or on the wall.
    pub fn colour(&self, on_floor: bool, p: Vec3f) -> Vec3f {
        if on_floor {
            self.floor(p.x, p.y)
        } else {
            self.wall(p.x, p.z)
        }
    }

    fn wall(&self, x: f32, z: f32) -> Vec3f {
        match self.background {
            Background::Gym => gym_wall(x, z, self.seed),
            Background::Outdoor => outdoor_wall(x, z, self.seed),
            Background::Plain { wall: [r, g, b], .. } => Vec3f::new(r, g, b),
        }
    }

    fn floor(&self, x: f32, y: f32) -> Vec3f {
        match self.background {
            Background::Gym => gym_floor(x, y, self.seed),
            Background::Outdoor => grass(x, y, self.seed),
            Background::Plain { floor: [r, g, b], .. } => Vec3f::new(r, g, b),
        }
    }
}

/// Repeatable value in 0..1 for a cell of a grid.
fn pick(seed: u64, i: f32, j: f32) -> f32 {
    let cell = ((i as i64 as u64) << 32) ^ (j as i64 as u64 & 0xFFFF_FFFF);
    (scramble(seed ^ scramble(cell)) >> 40) as f32 / (1u64 << 24) as f32
}

/// Smooth noise in 0..1 with cells of size 1.
fn wavy(seed: u64, x: f32, y: f32) -> f32 {
    let (i, j) = (x.floor(), y.floor());
    let ease = |u: f32| u * u * (3.0 - 2.0 * u);
    let (u, v) = (ease(x - i), ease(y - j));
    let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
    mix(
        mix(pick(seed, i, j), pick(seed, i + 1.0, j), u),
        mix(pick(seed, i, j + 1.0), pick(seed, i + 1.0, j + 1.0), u),
        v,
    )
}

fn grey(v: f32) -> Vec3f {
    Vec3f::new(v, v, v)
}

fn gym_floor(x: f32, y: f32, seed: u64) -> Vec3f {
    if (y - 1.7).abs() < 0.04 {
        return Vec3f::new(0.80, 0.66, 0.20); // court line
    }
    // Boards along the wall, each with its own tone and a little grain.
    let board = (y / 0.18).floor();
    let piece = ((x + 0.7 * board) / 1.4).floor();
    let tone = 0.34 + 0.07 * pick(seed, piece, board) + 0.03 * wavy(seed, x * 3.0, y * 40.0);
    let joint = (y / 0.18 - board) < 0.04 || ((x + 0.7 * board) / 1.4 - piece) < 0.004;
    Vec3f::new(1.18, 0.92, 0.66) * if joint { tone * 0.75 } else { tone }
}

fn gym_wall(x: f32, z: f32, seed: u64) -> Vec3f {
    const SECTION_M: f32 = 1.9;
    let section = (x / SECTION_M).floor();
    let u = x - section * SECTION_M;
    let style = pick(seed, section, 1.0);
    let poster_end = 1.0 + 0.5 * style;
    if z > 1.45 && z < 2.25 && u > 0.5 && u < poster_end {
        let border = (z - 1.45).min(2.25 - z).min(u - 0.5).min(poster_end - u);
        if border < 0.03 {
            return Vec3f::new(0.18, 0.18, 0.20);
        }
        let block = pick(seed, (u * 6.0).floor() + 100.0 * section, (z * 6.0).floor());
        return Vec3f::new(0.3 + 0.5 * style, 0.35 + 0.4 * block, 0.35 + 0.4 * block);
    }
    if style > 0.5 && z < 0.98 && u > 0.2 && u < 1.3 {
        return rack(u, z);
    }
    let joint = (x / 1.8).rem_euclid(1.0) < 0.008;
    let colour = if z < 0.12 {
        Vec3f::new(0.25, 0.25, 0.27)
    } else if (z - 1.1).abs() < 0.02 {
        Vec3f::new(0.92, 0.92, 0.90)
    } else if z < 1.1 {
        Vec3f::new(0.36, 0.46, 0.55)
    } else {
        Vec3f::new(0.78, 0.77, 0.73)
    };
    colour * if joint { 0.85 } else { 1.0 }
}

/// Shelves with round weights.
fn rack(u: f32, z: f32) -> Vec3f {
    let shelf = (z / 0.33).fract();
    let across = (u * 5.0).fract() - 0.5;
    if shelf > 0.86 || !(0.23..=1.27).contains(&u) {
        return grey(0.16);
    }
    let from_centre = across.hypot((shelf - 0.33) * 1.65);
    match from_centre {
        r if r < 0.07 => grey(0.35),
        r if r < 0.42 => grey(0.09),
        _ => grey(0.42),
    }
}

fn outdoor_wall(x: f32, z: f32, seed: u64) -> Vec3f {
    let post = (x / 2.2).rem_euclid(1.0) < 0.03;
    let rail = [0.45, 0.95].iter().any(|&at| (z - at as f32).abs() < 0.035);
    if z < 1.05 && z > 0.0 && (post || rail) {
        return Vec3f::new(0.38, 0.27, 0.17); // fence
    }
    let hedge = 1.35 + 0.8 * wavy(seed, x * 0.45, 3.0) + 0.18 * wavy(seed, x * 2.6, 7.0);
    if z < hedge {
        let leaf = wavy(seed, x * 9.0, z * 9.0) * 0.6 + wavy(seed, x * 23.0, z * 23.0) * 0.4;
        return Vec3f::new(0.13, 0.24, 0.09) * (0.55 + 0.9 * leaf);
    }
    let cloud = (wavy(seed, x * 0.35, z * 1.1) - 0.45).max(0.0) * 1.5;
    Vec3f::new(0.50, 0.66, 0.86) * (1.0 - 0.5 * cloud) + grey(0.46 * cloud)
}

fn grass(x: f32, y: f32, seed: u64) -> Vec3f {
    let blades = wavy(seed, x * 30.0, y * 12.0) * 0.5 + wavy(seed, x * 5.0, y * 3.0) * 0.5;
    Vec3f::new(0.28, 0.40, 0.15) * (0.75 + 0.5 * blades)
}

/// An upright box, turned about the vertical axis.
#[derive(Clone, Debug)]
pub(super) struct Cuboid {
    low: Vec3f,
    high: Vec3f,
    turn: f64,
}

impl Cuboid {
    /// The drop-jump box of an athlete who is turned by `turn`.
    pub fn new(drop_box: &DropBox, turn: f64) -> Self {
        let b = drop_box;
        Self {
            low: Vec3::new(b.from_x, -b.half_width, 0.0).as_f32(),
            high: Vec3::new(b.to_x, b.half_width, b.height).as_f32(),
            turn,
        }
    }

    /// Thick bars that fill the box roughly, enough for its shadow.
    pub fn bars(&self) -> Vec<RoundCone> {
        const RADIUS_M: f32 = 0.07;
        let (low, high) = (self.low, self.high);
        let mut bars = Vec::new();
        let steps = |from: f32, to: f32| {
            let n = ((to - from) / RADIUS_M).ceil().max(1.0) as usize;
            (0..=n).map(move |i| from + (to - from) * i as f32 / n as f32)
        };
        for x in steps(low.x + RADIUS_M, high.x - RADIUS_M) {
            for z in steps(0.0, high.z - RADIUS_M) {
                let end = |y: f32| Vec3::new(f64::from(x), f64::from(y), f64::from(z)).turned(self.turn);
                let (a, b) = (end(low.y + RADIUS_M), end(high.y - RADIUS_M));
                let radius = f64::from(RADIUS_M);
                bars.push(RoundCone::new(
                    &Cone {
                        a,
                        radius_a: radius,
                        b,
                        radius_b: radius,
                        colour: [0.0; 3],
                    },
                    0,
                ));
            }
        }
        bars
    }

    /// Distance and shaded colour where the ray meets the box.
    fn hit(&self, eye: Vec3f, ray: Vec3f) -> Option<(f32, Vec3f)> {
        const WOOD: Vec3f = Vec3f::new(0.62, 0.44, 0.26);
        let turned = |v: Vec3f, angle: f64| {
            let (s, c) = (angle.sin() as f32, angle.cos() as f32);
            Vec3f::new(c * v.x - s * v.y, s * v.x + c * v.y, v.z)
        };
        let (o, d) = (turned(eye, -self.turn), turned(ray, -self.turn));
        let (mut near, mut far, mut normal) = (f32::NEG_INFINITY, f32::INFINITY, Vec3f::default());
        let slabs = [
            (o.x, d.x, self.low.x, self.high.x, Vec3f::new(1.0, 0.0, 0.0)),
            (o.y, d.y, self.low.y, self.high.y, Vec3f::new(0.0, 1.0, 0.0)),
            (o.z, d.z, self.low.z, self.high.z, Vec3f::new(0.0, 0.0, 1.0)),
        ];
        for (o, d, low, high, axis) in slabs {
            let inverse = 1.0 / d; // infinite when parallel, which the comparisons below digest
            let (a, b) = ((low - o) * inverse, (high - o) * inverse);
            if a.min(b) > near {
                near = a.min(b);
                normal = axis * -d.signum();
            }
            far = far.min(a.max(b));
        }
        if near >= far || near <= 0.0 {
            return None;
        }
        let p = o + d * near;
        let edge = [
            (p.x, self.low.x, self.high.x),
            (p.y, self.low.y, self.high.y),
            (p.z, self.low.z, self.high.z),
        ]
        .iter()
        .filter(|(v, low, high)| (v - low).min(high - v) < 0.015)
        .count();
        let tone = if edge >= 2 { 0.72 } else { 1.0 };
        let n = turned(normal, self.turn);
        let light = 0.75 * n.dot(KEY_LIGHT).max(0.0) + AMBIENT_SKY * (0.9 + 0.5 * n.z);
        Some((near, WOOD * (light * tone)))
    }
}
