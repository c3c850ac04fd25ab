//! A clip ready to be watched: frames, their times, and what is true in them.

use crate::body::cones::{Cone, cones};
use crate::body::landmarks::{LANDMARK_COUNT, landmarks};
use crate::body::{Side, Skeleton};
use crate::bystanders::Bystanders;
use crate::camera::View;
use crate::clip::{Clip, Facing};
use crate::error::ClipError;
use crate::kinematics::Motion;
use crate::random::Random;
use crate::render::{Renderer, Stage};
use crate::truth::Truth;
use crate::vec3::Vec3;
use crate::yuv::{self, Colorimetry};
use std::f64::consts::PI;
use std::fmt;

/// Instants over which an open shutter is averaged.
const SHUTTER_MOMENTS: usize = 5;
/// Purpose number of the frame jitter stream.
const JITTER_STREAM: u64 = 0x6A69_7474_6572;

/// A clip whose movement is worked out. Frames are drawn on demand; the same clip always gives the same bytes.
///
/// Time is media time in seconds: the first frame is at 0.
pub struct Footage {
    clip: Clip,
    motion: Motion,
    bystanders: Bystanders,
    view: View,
    renderer: Renderer,
    frames: usize,
    /// Angle from the picture's x axis to where the athlete looks.
    turn: f64,
}

impl fmt::Debug for Footage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Footage")
            .field("clip", &self.clip)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

impl Footage {
    pub(crate) fn new(clip: &Clip) -> Result<Self, ClipError> {
        let motion = Motion::new(&clip.movement, clip.stature_m, clip.mass_kg)?;
        let bystanders = Bystanders::new(clip)?;
        let view = View::new(&clip.camera);
        let yaw = clip.camera.yaw_deg.to_radians();
        let turn = match clip.facing {
            Facing::Right => yaw,
            Facing::Left => yaw + PI,
        };
        let stage = Stage {
            background: clip.background,
            drop_box: motion.drop_box.as_ref(),
            turn,
            seed: clip.seed,
            scrolls: motion.scrolls(),
        };
        let renderer = Renderer::new(&view, &clip.image, &stage);
        let frames = ((motion.duration * clip.fps.as_f64() - clip.sampling_phase).floor() as usize).max(1);
        Ok(Self {
            clip: clip.clone(),
            motion,
            bystanders,
            view,
            renderer,
            frames,
            turn,
        })
    }

    /// The description it was made from.
    pub fn clip(&self) -> &Clip {
        &self.clip
    }

    /// Picture width, px.
    pub fn width(&self) -> u32 {
        self.clip.camera.width
    }

    /// Picture height, px.
    pub fn height(&self) -> u32 {
        self.clip.camera.height
    }

    /// Number of frames.
    pub fn frame_count(&self) -> usize {
        self.frames
    }

    /// When frame `i` is taken and shown, s.
    pub fn time(&self, i: usize) -> f64 {
        let frame_s = 1.0 / self.clip.fps.as_f64();
        let late = if self.clip.frame_jitter > 0.0 && i > 0 {
            self.clip.frame_jitter * Random::stream(self.clip.seed, JITTER_STREAM, i as u64).unit()
        } else {
            0.0
        };
        (i as f64 + late) * frame_s
    }

    /// How long frame `i` is shown, s.
    pub fn frame_duration(&self, i: usize) -> f64 {
        self.time(i + 1) - self.time(i)
    }

    /// Media time of the start of the movement (not positive).
    fn start(&self) -> f64 {
        -self.clip.sampling_phase / self.clip.fps.as_f64()
    }

    fn movement_time(&self, t: f64) -> f64 {
        t - self.start()
    }

    fn skeleton(&self, t: f64) -> Skeleton {
        self.motion
            .skeleton(self.movement_time(t))
            .placed(self.turn, Vec3::default())
    }

    /// Cones of everybody at media time `t`: the athlete first, then how many are theirs.
    fn people(&self, t: f64) -> (Vec<Cone>, usize) {
        let mut out = Vec::with_capacity(140);
        let scale = self.motion.body.scale();
        cones(
            &self.skeleton(t),
            scale,
            self.clip.body,
            &self.clip.look,
            &mut out,
        );
        let own = out.len();
        let across_m = 0.5 * f64::from(self.width()) / self.view.px_per_m(&self.clip.camera);
        let distance_m = self.clip.camera.distance_m;
        let half_width_m = |behind_m: f64| across_m * (distance_m + behind_m) / distance_m;
        self.bystanders.draw(t, self.clip.body, half_width_m, &mut out);
        (out, own)
    }

    /// Draws frame `i` into `rgb`: `width * height * 3` bytes, red green blue, rows from the top without padding.
    pub fn render(&self, i: usize, rgb: &mut Vec<u8>) {
        let t = self.time(i);
        let open = self.clip.image.shutter / self.clip.fps.as_f64();
        let moments: Vec<Vec<Cone>> = if open > 0.0 {
            (0..SHUTTER_MOMENTS)
                .map(|m| t + open * ((m as f64 + 0.5) / SHUTTER_MOMENTS as f64 - 0.5))
                .map(|t| self.people(t).0)
                .collect()
        } else {
            vec![self.people(t).0]
        };
        self.renderer
            .draw(&moments, self.motion.scroll(self.movement_time(t)), i as u64, rgb);
    }

    /// Draws frame `i` as planar YUV 4:2:0, limited range: luma, then Cb and Cr of half the size (rounded up), no padding.
    pub fn render_i420(&self, i: usize, colorimetry: Colorimetry, planes: &mut Vec<u8>) {
        let mut rgb = Vec::new();
        self.render(i, &mut rgb);
        yuv::to_i420(
            &rgb,
            self.width() as usize,
            self.height() as usize,
            colorimetry,
            planes,
        );
    }

    /// Like [`Footage::render_i420`] with the chroma samples interleaved: Cb Cr Cb Cr …
    pub fn render_nv12(&self, i: usize, colorimetry: Colorimetry, planes: &mut Vec<u8>) {
        self.render_i420(i, colorimetry, planes);
        yuv::i420_to_nv12(planes, self.width() as usize, self.height() as usize);
    }

    /// Where the athlete is in frame `i`: one byte per pixel, 255 inside, without blur.
    pub fn render_mask(&self, i: usize, mask: &mut Vec<u8>) {
        let (mut people, own) = self.people(self.time(i));
        people.truncate(own);
        self.renderer.mask(&people, mask);
    }

    /// Draws all frames on up to `threads` threads and hands them over in order.
    ///
    /// # Errors
    /// The first error of `each` ends the work and is returned.
    pub fn for_each_frame<E>(
        &self,
        threads: usize,
        mut each: impl FnMut(usize, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let threads = threads.clamp(1, 64);
        let mut pictures = vec![Vec::new(); threads];
        for first in (0..self.frames).step_by(threads) {
            let batch = threads.min(self.frames - first);
            std::thread::scope(|scope| {
                for (offset, picture) in pictures[1..batch].iter_mut().enumerate() {
                    scope.spawn(move || self.render(first + 1 + offset, picture));
                }
            });
            // The first of a batch is drawn here, so that one thread means none is started.
            self.render(first, &mut pictures[0]);
            for (offset, picture) in pictures[..batch].iter().enumerate() {
                each(first + offset, picture)?;
            }
        }
        Ok(())
    }

    /// True places of the 33 BlazePose landmarks in frame `i`; see [`Footage::landmarks_at`].
    pub fn landmarks(&self, i: usize) -> [[f64; 3]; LANDMARK_COUNT] {
        self.landmarks_at(self.time(i))
    }

    /// True places of the 33 BlazePose landmarks at any media time: pixels from the left and the top edge (also
    /// outside the picture, also when hidden), and the depth behind the mid-hip in pixels.
    pub fn landmarks_at(&self, t: f64) -> [[f64; 3]; LANDMARK_COUNT] {
        let skeleton = self.skeleton(t);
        let hip_depth = self.view.project(skeleton.pelvis)[2];
        let focal = self.view.px_per_m(&self.clip.camera) * self.clip.camera.distance_m;
        landmarks(&skeleton, self.motion.body.scale()).map(|p| {
            let [x, y, depth] = self.view.project(p);
            [x, y, (depth - hip_depth) * focal / hip_depth]
        })
    }

    /// The same points in metres from the mid-hip: right, down, away from the camera.
    pub fn world_landmarks_at(&self, t: f64) -> [[f64; 3]; LANDMARK_COUNT] {
        let skeleton = self.skeleton(t);
        landmarks(&skeleton, self.motion.body.scale()).map(|p| {
            let v = self.view.in_picture_axes(p - skeleton.pelvis);
            [v.x, v.y, v.z]
        })
    }

    /// Centre of mass of the athlete at media time `t`, metres: right of the picture, away, up; floor at 0.
    pub fn centre_of_mass_at(&self, t: f64) -> [f64; 3] {
        let c = self.skeleton(t).centre_of_mass();
        [c.x, c.y, c.z]
    }

    /// Middle of the hip joints at media time `t`, same axes.
    pub fn mid_hip_at(&self, t: f64) -> [f64; 3] {
        let p = self.skeleton(t).pelvis;
        [p.x, p.y, p.z]
    }

    /// Height of the lowest point of each sole above the floor at media time `t`, m: right, left.
    pub fn sole_heights_at(&self, t: f64) -> [f64; 2] {
        let skeleton = self.skeleton(t);
        Side::BOTH.map(|side| skeleton.sole_height(side))
    }

    /// Whether the right and the left foot carry at media time `t`.
    pub fn contact_at(&self, t: f64) -> [bool; 2] {
        self.motion.contact(self.movement_time(t)).feet
    }

    /// Name of the phase at media time `t`.
    pub fn phase_at(&self, t: f64) -> &'static str {
        self.motion.phase(self.movement_time(t))
    }

    /// Everything that is true about the clip.
    pub fn truth(&self) -> Truth {
        let shift = self.start();
        let end = self.time(self.frames - 1);
        Truth {
            movement: self.clip.movement.kind().name().to_owned(),
            fps: self.clip.fps.as_f64(),
            frames: self.frames,
            width: self.width(),
            height: self.height(),
            duration_s: self.motion.duration,
            stature_m: self.clip.stature_m,
            mass_kg: self.clip.mass_kg,
            facing: self.clip.facing,
            px_per_m: self.view.px_per_m(&self.clip.camera),
            camera: self.clip.camera,
            repetitions: self
                .motion
                .repetitions()
                .into_iter()
                .map(|r| r.shifted(shift))
                .collect(),
            gait: self.motion.gait().map(|g| g.shifted(shift, end)),
        }
    }
}
