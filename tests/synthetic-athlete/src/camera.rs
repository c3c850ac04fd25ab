//! The pinhole camera.

use crate::clip::Camera;
use crate::vec3::{Vec3, Vec3f};

/// The floor is this part of the picture's height above its lower edge.
const FLOOR_MARGIN: f64 = 0.10;

/// A camera in the world: x right, y away, z up; the athlete at the origin.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub eye: Vec3,
    right: Vec3,
    down: Vec3,
    forward: Vec3,
    focal: f64,
    centre: [f64; 2],
    pub width: usize,
    pub height: usize,
}

impl View {
    pub fn new(camera: &Camera) -> Self {
        let (sin, cos) = camera.pitch_deg.to_radians().sin_cos();
        let forward = Vec3::new(0.0, cos, -sin);
        let down = Vec3::new(0.0, -sin, -cos);
        let right = Vec3::new(1.0, 0.0, 0.0);
        let (roll_sin, roll_cos) = camera.roll_deg.to_radians().sin_cos();
        let target = Vec3::new(camera.offset_m, 0.0, (0.5 - FLOOR_MARGIN) * camera.view_m);
        Self {
            eye: target - forward * camera.distance_m,
            // A picture turned clockwise comes from axes turned the other way.
            right: right * roll_cos - down * roll_sin,
            down: down * roll_cos + right * roll_sin,
            forward,
            focal: f64::from(camera.height) * camera.distance_m / camera.view_m,
            centre: [0.5 * f64::from(camera.width), 0.5 * f64::from(camera.height)],
            width: camera.width as usize,
            height: camera.height as usize,
        }
    }

    /// Pixels per metre at the depth of the athlete.
    pub fn px_per_m(&self, camera: &Camera) -> f64 {
        self.focal / camera.distance_m
    }

    /// Pixels from the left and top edge, and the depth along the optical axis in metres.
    pub fn project(&self, p: Vec3) -> [f64; 3] {
        let d = p - self.eye;
        let depth = d.dot(self.forward);
        let scale = self.focal / depth;
        [
            self.centre[0] + scale * d.dot(self.right),
            self.centre[1] + scale * d.dot(self.down),
            depth,
        ]
    }

    /// Axes along the picture: right, down, away.
    pub fn in_picture_axes(&self, v: Vec3) -> Vec3 {
        Vec3::new(v.dot(self.right), v.dot(self.down), v.dot(self.forward))
    }

    /// The camera for the renderer.
    pub fn rays(&self) -> Rays {
        self.rays_along(self.right, self.down)
    }

    /// The same camera without roll.
    pub fn level_rays(&self) -> Rays {
        let right = Vec3::new(1.0, 0.0, 0.0);
        self.rays_along(right, self.forward.cross(right))
    }

    fn rays_along(&self, right: Vec3, down: Vec3) -> Rays {
        let scale = 1.0 / self.focal;
        Rays {
            eye: self.eye.as_f32(),
            corner: (self.forward - right * (self.centre[0] * scale) - down * (self.centre[1] * scale))
                .as_f32(),
            right: (right * scale).as_f32(),
            down: (down * scale).as_f32(),
            forward: self.forward.as_f32(),
            focal: self.focal as f32,
            centre: self.centre.map(|c| c as f32),
        }
    }
}

/// The same camera as seen from the renderer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rays {
    pub eye: Vec3f,
    corner: Vec3f,
    right: Vec3f,
    down: Vec3f,
    pub forward: Vec3f,
    pub focal: f32,
    centre: [f32; 2],
}

impl Rays {
    /// Direction through a point of the picture (pixels; whole numbers are corners of pixels), length 1.
    pub fn through(&self, x: f32, y: f32) -> Vec3f {
        (self.corner + self.right * x + self.down * y).unit()
    }

    /// Pixels and depth of a point.
    pub fn project(&self, p: Vec3f) -> (f32, f32, f32) {
        let d = p - self.eye;
        let depth = d.dot(self.forward);
        // `right` and `down` are as long as 1/focal, so one more focal length undoes them.
        let scale = self.focal * self.focal / depth;
        (
            self.centre[0] + scale * d.dot(self.right),
            self.centre[1] + scale * d.dot(self.down),
            depth,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tilted() -> View {
        View::new(&Camera {
            pitch_deg: 12.0,
            roll_deg: 7.0,
            offset_m: 0.3,
            ..Camera::default()
        })
    }

    #[test]
    fn rays_pass_through_what_they_project() {
        let view = tilted();
        let rays = view.rays();
        for p in [Vec3::new(0.2, 0.4, 1.1), Vec3::new(-1.0, -0.5, 0.0)] {
            let [x, y, depth] = view.project(p);
            let ray = rays.through(x as f32, y as f32);
            let hit = rays.eye + ray * ((p.as_f32() - rays.eye).length());
            assert!((hit - p.as_f32()).length() < 1e-4, "{p:?}");
            let (rx, ry, rd) = rays.project(p.as_f32());
            assert!((f64::from(rx) - x).abs() < 1e-2 && (f64::from(ry) - y).abs() < 1e-2);
            assert!((f64::from(rd) - depth).abs() < 1e-4);
        }
    }

    #[test]
    fn a_level_camera_sees_up_as_up_at_the_stated_scale() {
        let camera = Camera::default();
        let view = View::new(&camera);
        let [x0, y0, _] = view.project(Vec3::new(0.0, 0.0, 0.0));
        let [x1, y1, _] = view.project(Vec3::new(0.0, 0.0, 1.0));
        assert!((x0 - 320.0).abs() < 1e-9 && (x1 - 320.0).abs() < 1e-9);
        assert!((y0 - y1 - view.px_per_m(&camera)).abs() < 1e-9);
        assert!(
            (y0 - 324.0).abs() < 1e-9,
            "the floor is a tenth above the lower edge"
        );
    }

    #[test]
    fn the_level_camera_differs_by_roll_alone() {
        let rolled = tilted();
        let level = View::new(&Camera {
            pitch_deg: 12.0,
            offset_m: 0.3,
            ..Camera::default()
        });
        let (a, b) = (rolled.level_rays(), level.rays());
        for (x, y) in [(0.0, 0.0), (500.0, 20.0), (10.0, 350.0)] {
            assert!((a.through(x, y) - b.through(x, y)).length() < 1e-5);
        }
    }

    #[test]
    fn positive_roll_turns_the_picture_clockwise() {
        let view = View::new(&Camera {
            roll_deg: 10.0,
            ..Camera::default()
        });
        let [x0, ..] = view.project(Vec3::new(0.0, 0.0, 0.5));
        let [x1, ..] = view.project(Vec3::new(0.0, 0.0, 2.0));
        assert!(x1 > x0, "the head goes to the right");
    }
}
