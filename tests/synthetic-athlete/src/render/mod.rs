//! A small ray caster for people made of rounded cones, fast enough for one core.
//!
//! Only the tiles of the picture that a cone can touch are cast; each knows the few cones that matter there. Everything
//! else is the background, painted once while the camera stands still.

mod background;
mod cone;
mod finish;
mod panorama;
mod shade;
mod shadow;
mod tile;

use crate::body::cones::Cone;
use crate::camera::{Rays, View};
use crate::clip::{Background, Image};
use crate::kinematics::DropBox;
use crate::vec3::Vec3f;
use std::sync::OnceLock;

use background::{Backdrop, Cuboid, Surroundings};
use cone::RoundCone;
use finish::Tone;
use panorama::Panorama;
use shadow::Shadow;
use tile::{Bounds, Tiles};

/// Draws frames of one clip. Needs no change to itself, so several threads can share it.
#[derive(Debug)]
pub(crate) struct Renderer {
    rays: Rays,
    /// The same camera without roll.
    level: Rays,
    width: usize,
    height: usize,
    surroundings: Surroundings,
    shading: bool,
    noise: f32,
    seed: u64,
    tone: Tone,
    /// Stands in for the drop-jump box when shadows are thrown.
    box_shadow: Vec<RoundCone>,
    scrolls: bool,
    /// The background and its bytes, when it never changes; painted when the first frame needs it.
    still: OnceLock<(Vec<Backdrop>, Vec<u8>)>,
    /// The background when it slides by.
    panorama: OnceLock<Panorama>,
}

/// What surrounds the people of a clip.
pub(crate) struct Stage<'a> {
    pub background: Background,
    pub drop_box: Option<&'a DropBox>,
    /// How far the athlete, and with them the box, is turned about the vertical axis.
    pub turn: f64,
    pub seed: u64,
    pub scrolls: bool,
}

/// Positions within a pixel of the samples of an edge or of a moving body: a rotated grid.
const JITTER: [[f32; 2]; 4] = [[0.375, 0.125], [0.875, 0.375], [0.125, 0.625], [0.625, 0.875]];

impl Renderer {
    pub fn new(view: &View, image: &Image, stage: &Stage<'_>) -> Self {
        let surroundings = Surroundings {
            background: stage.background,
            seed: stage.seed,
            drop_box: stage.drop_box.map(|b| Cuboid::new(b, stage.turn)),
        };
        let box_shadow = surroundings.drop_box.iter().flat_map(Cuboid::bars).collect();
        Self {
            rays: view.rays(),
            level: view.level_rays(),
            width: view.width,
            height: view.height,
            surroundings,
            shading: image.shading,
            noise: image.noise,
            seed: stage.seed,
            tone: Tone::new(image.exposure),
            box_shadow,
            scrolls: stage.scrolls,
            still: OnceLock::new(),
            panorama: OnceLock::new(),
        }
    }

    fn background(&self, scroll: f32) -> (Vec<Backdrop>, Vec<u8>) {
        let backdrop = self.paint_background(scroll);
        let bytes = self.to_bytes(&backdrop);
        (backdrop, bytes)
    }

    fn paint_background(&self, scroll: f32) -> Vec<Backdrop> {
        if self.scrolls {
            let (width, height) = (self.width, self.height);
            let new = || Panorama::new(&self.surroundings, &self.rays, &self.level, width, height);
            return self.panorama.get_or_init(new).at(scroll);
        }
        let blank = Backdrop {
            colour: Vec3f::default(),
            distance: f32::INFINITY,
            floor: None,
        };
        let mut backdrop = vec![blank; self.width * self.height];
        for (y, row) in backdrop.chunks_mut(self.width).enumerate() {
            self.surroundings.paint_row(&self.rays, y, row);
        }
        backdrop
    }

    fn to_bytes(&self, backdrop: &[Backdrop]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(3 * backdrop.len());
        for pixel in backdrop {
            bytes.extend([pixel.colour.x, pixel.colour.y, pixel.colour.z].map(|v| self.tone.byte(v)));
        }
        bytes
    }

    /// Draws frame number `frame` into `rgb` (three bytes per pixel, row after row).
    ///
    /// `moments` are the bodies at instants spread over the open shutter; one instant is a sharp picture.
    pub fn draw(&self, moments: &[Vec<Cone>], scroll: f64, frame: u64, rgb: &mut Vec<u8>) {
        let painted;
        let (backdrop, bytes) = if self.scrolls {
            painted = self.background(scroll as f32);
            &painted
        } else {
            self.still.get_or_init(|| self.background(0.0))
        };
        rgb.clear();
        rgb.extend_from_slice(bytes);
        let moments: Vec<Vec<RoundCone>> = moments.iter().map(|cones| round(cones)).collect();
        if let Some(middle) = moments.get(moments.len() / 2).filter(|_| self.shading) {
            self.draw_shadow(middle, backdrop, rgb);
        }
        match moments.as_slice() {
            [] => {}
            [sharp] => self.draw_sharp(sharp, backdrop, rgb),
            several => self.draw_blurred(several, backdrop, rgb),
        }
        if self.noise > 0.0 {
            finish::add_noise(rgb, self.noise, self.seed, frame);
        }
    }
}

impl Renderer {
    /// 255 where the middle of a pixel is covered by one of the cones, else 0.
    pub fn mask(&self, cones: &[Cone], mask: &mut Vec<u8>) {
        mask.clear();
        mask.resize(self.width * self.height, 0);
        let cones = round(cones);
        let tiles = Tiles::new(&cones, &self.rays, self.width, self.height);
        tiles.for_each(|tile| {
            for (x, y) in tile.pixels() {
                let ray = self.rays.through(x as f32 + 0.5, y as f32 + 0.5);
                if tile.enter(&cones, self.rays.eye, ray, f32::INFINITY).is_some() {
                    mask[y * self.width + x] = 255;
                }
            }
        });
    }

    fn draw_shadow(&self, cones: &[RoundCone], backdrop: &[Backdrop], rgb: &mut [u8]) {
        let mut shadow = Shadow::default();
        shadow.cast(cones.iter().chain(&self.box_shadow));
        let [[x0, x1], [y0, y1]] = shadow.extent();
        let corners = [(x0, y0), (x0, y1), (x1, y0), (x1, y1)];
        let mut bounds = Bounds::empty();
        for (x, y) in corners {
            let (px, py, depth) = self.rays.project(Vec3f::new(x, y, 0.0));
            if depth > 0.1 {
                bounds.include(px, py, 1.0);
            }
        }
        let [columns, rows] = bounds.clipped(self.width, self.height);
        for y in rows {
            for x in columns.clone() {
                let pixel = &backdrop[y * self.width + x];
                let Some(floor) = pixel.floor else { continue };
                let light = shadow.light(floor);
                if light < 1.0 {
                    self.put(rgb, y * self.width + x, pixel.colour * light);
                }
            }
        }
    }

    fn put(&self, rgb: &mut [u8], pixel: usize, light: Vec3f) {
        let out = &mut rgb[3 * pixel..3 * pixel + 3];
        out.copy_from_slice(&[light.x, light.y, light.z].map(|v| self.tone.byte(v)));
    }

    /// Blends `share` of light over what is in the picture already.
    fn blend(&self, rgb: &mut [u8], pixel: usize, light: Vec3f, share: f32) {
        let out = &mut rgb[3 * pixel..3 * pixel + 3];
        for (byte, light) in out.iter_mut().zip([light.x, light.y, light.z]) {
            // Light is the mean over the covered part; the bytes of both parts are mixed after the tone curve.
            let over = f32::from(self.tone.byte(light));
            *byte = (over * share + f32::from(*byte) * (1.0 - share) + 0.5) as u8;
        }
    }

    fn light_of(&self, tile: &tile::Tile<'_>, cones: &[RoundCone], seen: &tile::Seen, ray: Vec3f) -> Vec3f {
        let cone = &cones[seen.cone];
        if !self.shading {
            return cone.colour;
        }
        let p = self.rays.eye + ray * seen.hit.distance;
        let openness = shade::openness(p, seen.hit.normal, tile.around(cones));
        shade::lit(cone.colour, seen.hit.normal, openness)
    }

    fn draw_sharp(&self, cones: &[RoundCone], backdrop: &[Backdrop], rgb: &mut [u8]) {
        let tiles = Tiles::new(cones, &self.rays, self.width, self.height);
        let eye = self.rays.eye;
        tiles.for_each(|tile| {
            // Sample points at the corners of the pixels tell which pixels lie on an edge.
            let corners = tile.corner_samples(|x, y| {
                let limit = backdrop[y.min(self.height - 1) * self.width + x.min(self.width - 1)].distance;
                let ray = self.rays.through(x as f32, y as f32);
                tile.enter(cones, eye, ray, limit)
                    .map(|seen| (seen.hit.distance, cones[seen.cone].material))
            });
            for (x, y) in tile.pixels() {
                let pixel = y * self.width + x;
                let limit = backdrop[pixel].distance;
                if !corners.edge(x, y) {
                    if !corners.covered(x, y) {
                        continue;
                    }
                    let ray = self.rays.through(x as f32 + 0.5, y as f32 + 0.5);
                    if let Some(seen) = tile.enter(cones, eye, ray, limit) {
                        let light = self.light_of(tile, cones, &seen, ray);
                        self.put(rgb, pixel, light);
                    }
                    continue;
                }
                let (mut sum, mut hits) = (Vec3f::default(), 0);
                for [dx, dy] in JITTER {
                    let ray = self.rays.through(x as f32 + dx, y as f32 + dy);
                    if let Some(seen) = tile.enter(cones, eye, ray, limit) {
                        sum += self.light_of(tile, cones, &seen, ray);
                        hits += 1;
                    }
                }
                if hits > 0 {
                    let share = hits as f32 / JITTER.len() as f32;
                    self.blend(rgb, pixel, sum * (1.0 / hits as f32), share);
                }
            }
        });
    }

    fn draw_blurred(&self, moments: &[Vec<RoundCone>], backdrop: &[Backdrop], rgb: &mut [u8]) {
        let mut sum = vec![(Vec3f::default(), 0u16); self.width * self.height];
        let mut bounds = Bounds::empty();
        for (i, cones) in moments.iter().enumerate() {
            let tiles = Tiles::new(cones, &self.rays, self.width, self.height);
            bounds.join(&tiles.bounds);
            let [dx, dy] = JITTER[i % JITTER.len()];
            tiles.for_each(|tile| {
                for (x, y) in tile.pixels() {
                    let pixel = y * self.width + x;
                    let ray = self.rays.through(x as f32 + dx, y as f32 + dy);
                    if let Some(seen) = tile.enter(cones, self.rays.eye, ray, backdrop[pixel].distance) {
                        sum[pixel].0 += self.light_of(tile, cones, &seen, ray);
                        sum[pixel].1 += 1;
                    }
                }
            });
        }
        let [columns, rows] = bounds.clipped(self.width, self.height);
        for y in rows {
            for x in columns.clone() {
                let pixel = y * self.width + x;
                let (light, hits) = sum[pixel];
                if hits > 0 {
                    let share = f32::from(hits) / moments.len() as f32;
                    self.blend(rgb, pixel, light * (1.0 / f32::from(hits)), share);
                }
            }
        }
    }
}

/// Cones for the renderer; those of one colour share a material.
fn round(cones: &[Cone]) -> Vec<RoundCone> {
    let mut colours: Vec<[f32; 3]> = Vec::new();
    cones
        .iter()
        .map(|cone| {
            let material = colours.iter().position(|c| *c == cone.colour).unwrap_or_else(|| {
                colours.push(cone.colour);
                colours.len() - 1
            });
            RoundCone::new(cone, material as u16)
        })
        .collect()
}
