use super::*;
use crate::{ColorMatrix, ColorRange, PixelFormat, Plane};

const WIDTH: usize = 640;
const HEIGHT: usize = 360;

/// A wall with blotches of all sizes whose place is known to any part of a pixel.
fn wall(x: f32, y: f32) -> f32 {
    let mut value = 128.0;
    for k in 1..9 {
        let k = k as f32;
        let (a, b) = (0.013 * k + 0.004, 0.017 * k - 0.002);
        value += 9.0 * ((a * x + 1.7 * k).sin() * (b * y + 0.9 * k).cos());
    }
    value
}

/// Pseudo-random noise, the same on every machine.
fn noise(i: usize, seed: u32) -> f32 {
    let mut v = (i as u32).wrapping_mul(0x9E37_79B9) ^ seed.wrapping_mul(0x85EB_CA6B);
    v ^= v >> 15;
    v = v.wrapping_mul(0x2C1B_3C6D);
    v ^= v >> 12;
    (v as f32 / u32::MAX as f32 - 0.5) * 12.0
}

struct Scene {
    /// How far the wall has moved.
    shift: [f32; 2],
    brightness: f32,
    contrast: f32,
    /// A striped person at this place.
    person: Option<Box4>,
    seed: u32,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            shift: [0.0; 2],
            brightness: 0.0,
            contrast: 1.0,
            person: None,
            seed: 1,
        }
    }
}

impl Scene {
    fn at(x: f32, y: f32) -> Self {
        Self {
            shift: [x, y],
            seed: 1 + (x * 31.0 + y * 17.0).abs() as u32,
            ..Self::default()
        }
    }

    fn luma(&self) -> Vec<u8> {
        let mut data = vec![0; WIDTH * HEIGHT];
        for (i, byte) in data.iter_mut().enumerate() {
            let (x, y) = ((i % WIDTH) as f32, (i / WIDTH) as f32);
            let is_person = self
                .person
                .is_some_and(|[l, t, r, b]| x >= l && x < r && y >= t && y < b);
            let value = if is_person {
                if ((y - self.person.unwrap_or_default()[1]) / 12.0) as i32 % 2 == 0 {
                    30.0
                } else {
                    220.0
                }
            } else {
                128.0 + self.contrast * (wall(x - self.shift[0], y - self.shift[1]) - 128.0) + self.brightness
            };
            *byte = (value + noise(i, self.seed)).clamp(0.0, 255.0) as u8;
        }
        data
    }
}

fn look(background: &mut Background, scene: &Scene, told: bool) -> Option<PictureShift> {
    let data = scene.luma();
    let plane = Plane {
        data: &data,
        stride: WIDTH,
    };
    let chroma = Plane {
        data: &data,
        stride: WIDTH / 2,
    };
    let frame = FrameView::new(
        PixelFormat::I420,
        WIDTH,
        HEIGHT,
        [plane, chroma, chroma],
        ColorMatrix::default(),
        ColorRange::default(),
    )
    .expect("a valid frame");
    // somebody stands at the edge who does not matter, so that there is a reason to look
    let person = scene
        .person
        .filter(|_| told)
        .unwrap_or([600.0, 200.0, 639.0, 359.0]);
    background.observe(&frame, [person].into_iter());
    background.shift()
}

fn assert_near(shift: Option<PictureShift>, expected: [f32; 2], within: f32) {
    let found = shift.expect("the wall has texture");
    let error = (found.x - expected[0]).hypot(found.y - expected[1]);
    assert!(error < within, "{found:?} instead of {expected:?}");
}

#[test]
fn a_standing_camera_has_a_shift_of_exactly_zero() {
    let mut background = Background::new();
    look(&mut background, &Scene::default(), true);
    for seed in 2..14 {
        let scene = Scene {
            seed,
            ..Scene::default()
        };
        let shift = look(&mut background, &scene, true).expect("the wall has texture");
        assert_eq!((shift.x, shift.y, shift.course), (0.0, 0.0, 0));
    }
}

#[test]
fn a_pan_is_followed_to_a_fraction_of_a_pixel_however_far_it_goes() {
    let mut background = Background::new();
    look(&mut background, &Scene::default(), true);
    for i in 0..90 {
        let t = i as f32;
        // accelerates to 9 pixels a frame and travels farther than the picture is wide
        let place = [0.05 * t * t, -0.65 * t];
        let shift = look(&mut background, &Scene::at(place[0], place[1]), true);
        assert_near(shift, place, 0.6);
        assert_eq!(shift.map(|s| s.course), Some(0));
    }
}

#[test]
fn a_jerk_of_fifty_pixels_is_found() {
    let mut background = Background::new();
    look(&mut background, &Scene::at(0.0, 0.0), true);
    assert_near(
        look(&mut background, &Scene::at(-51.0, 21.0), true),
        [-51.0, 21.0],
        0.6,
    );
    assert_near(look(&mut background, &Scene::at(5.0, 2.0), true), [5.0, 2.0], 0.3);
}

#[test]
fn people_who_move_are_no_background_told_or_not() {
    for told in [true, false] {
        let mut background = Background::new();
        look(&mut background, &Scene::default(), true);
        for i in 0..40 {
            let x = 150.0 + 4.5 * i as f32;
            let scene = Scene {
                person: Some([x, 60.0, x + 75.0, 340.0]),
                ..Scene::default()
            };
            assert_near(look(&mut background, &scene, told), [0.0, 0.0], 0.01);
        }
    }
}

#[test]
fn somebody_large_who_is_not_followed_and_walks_past_moves_no_camera() {
    let mut background = Background::new();
    look(&mut background, &Scene::default(), false);
    for step in 0..40 {
        let left = -200.0 + 20.0 * step as f32;
        let scene = Scene {
            person: Some([left, 20.0, left + 250.0, 360.0]),
            seed: 2 + step,
            ..Scene::default()
        };
        let shift = look(&mut background, &scene, false);
        assert!(
            shift.is_none_or(|shift| (shift.x, shift.y) == (0.0, 0.0)),
            "{step}: {shift:?}"
        );
    }
}

#[test]
fn a_change_of_light_is_no_movement() {
    let mut background = Background::new();
    look(&mut background, &Scene::default(), true);
    let brighter = Scene {
        brightness: 25.0,
        ..Scene::default()
    };
    assert_near(look(&mut background, &brighter, true), [0.0, 0.0], 0.01);
}

#[test]
fn a_plain_wall_says_nothing_rather_than_zero() {
    let mut background = Background::new();
    for seed in 0..10 {
        let plain = Scene {
            contrast: 0.02,
            seed,
            ..Scene::default()
        };
        assert_eq!(look(&mut background, &plain, true), None);
    }
}

#[test]
fn a_cut_begins_a_new_course_and_a_flash_does_not() {
    let mut background = Background::new();
    for _ in 0..2 {
        look(&mut background, &Scene::at(0.0, 0.0), true);
    }
    let flash = Scene {
        brightness: 200.0,
        ..Scene::default()
    };
    assert_eq!(look(&mut background, &flash, true), None);
    let shift = look(&mut background, &Scene::at(0.0, 0.0), true);
    assert_eq!(shift.map(|s| (s.x, s.course)), Some((0.0, 0)));
    let mut last = None;
    for _ in 0..6 {
        last = look(&mut background, &Scene::at(40_000.0, 9_000.0), true);
    }
    assert_eq!(last.map(|s| (s.x, s.course)), Some((0.0, 1)));
}

#[test]
fn tiny_pictures_are_read_without_harm() {
    let mut background = Background::new();
    for (width, height) in [(1, 1), (2, 3), (9, 9), (40, 17)] {
        let data = vec![90; 4 * width * height];
        let plane = Plane {
            data: &data,
            stride: 4 * width,
        };
        let planes = [plane, Plane::default(), Plane::default()];
        let (matrix, range) = (ColorMatrix::default(), ColorRange::default());
        let frame = FrameView::new(PixelFormat::Rgbx, width, height, planes, matrix, range).expect("valid");
        for _ in 0..7 {
            background.observe(&frame, [[f32::NAN, 0.0, f32::INFINITY, 1e9]].into_iter());
            assert_eq!(background.shift(), None);
        }
    }
}
