//! MediaPipe's landmark smoothing, for display only: it lags and damps fast movement.

use crate::one_euro::{OneEuro, OneEuroSettings};
use kinemotion_motion::{LANDMARK_COUNT, Pose};

// Constants of MediaPipe's `pose_landmark_filtering` graph.
const IMAGE: OneEuroSettings = OneEuroSettings {
    min_cutoff: 0.05,
    beta: 80.0,
    speed_cutoff: 1.0,
};
const WORLD: OneEuroSettings = OneEuroSettings {
    min_cutoff: 0.1,
    beta: 40.0,
    speed_cutoff: 1.0,
};
/// Weight of the new visibility in its low-pass.
const VISIBILITY_ALPHA: f32 = 0.1;

const VALUES: usize = 3 * LANDMARK_COUNT;

/// Smooths the poses of one track.
pub(crate) struct Smoothing {
    image: OneEuro<VALUES>,
    world: OneEuro<VALUES>,
    visibility: Option<[f32; LANDMARK_COUNT]>,
}

impl Smoothing {
    pub fn new() -> Self {
        Self {
            image: OneEuro::new(IMAGE),
            world: OneEuro::new(WORLD),
            visibility: None,
        }
    }

    /// Smooths `pose`, measured at `t` seconds, in place. `scale` is one over the person's size in pixels.
    pub fn apply(&mut self, t: f64, pose: &mut Pose, scale: f32) {
        let mut image = [0.0; VALUES];
        let mut world = [0.0; VALUES];
        for (v, p) in image.chunks_exact_mut(3).zip(&pose.landmarks) {
            v.copy_from_slice(&[p.x, p.y, p.z]);
        }
        for (v, p) in world.chunks_exact_mut(3).zip(&pose.world) {
            v.copy_from_slice(&[p.x, p.y, p.z]);
        }
        self.image.filter(t, &mut image, scale);
        self.world.filter(t, &mut world, 1.0);
        let raw = pose.landmarks.map(|p| p.visibility);
        let visibility = self.visibility.get_or_insert(raw);
        for (i, p) in pose.landmarks.iter_mut().enumerate() {
            visibility[i] += VISIBILITY_ALPHA * (raw[i] - visibility[i]);
            [p.x, p.y, p.z] = [image[3 * i], image[3 * i + 1], image[3 * i + 2]];
            p.visibility = visibility[i];
        }
        for (i, p) in pose.world.iter_mut().enumerate() {
            [p.x, p.y, p.z] = [world[3 * i], world[3 * i + 1], world[3 * i + 2]];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_damped_in_image_world_and_visibility() {
        let mut s = Smoothing::new();
        let mut pose = Pose::default();
        s.apply(0.0, &mut pose, 1e-3);
        pose.landmarks[3].x = 1.0;
        pose.landmarks[3].visibility = 1.0;
        pose.world[3].y = 0.01;
        s.apply(1.0 / 30.0, &mut pose, 1e-3);
        assert!(
            pose.landmarks[3].x > 0.0 && pose.landmarks[3].x < 0.5,
            "{:?}",
            pose.landmarks[3]
        );
        assert!((pose.landmarks[3].visibility - 0.1).abs() < 1e-6);
        assert!(
            pose.world[3].y > 0.0 && pose.world[3].y < 0.005,
            "{:?}",
            pose.world[3]
        );
        assert_eq!(pose.landmarks[4].x, 0.0);
    }
}
