//! What MediaPipe measured, the frames it saw, and how far a measurement is from it.

mod frames;

use kinemotion_models::{ColorMatrix, ColorRange, FrameView, PixelFormat, Plane};
use kinemotion_motion::{LANDMARK_COUNT, Pose};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A joint counts when MediaPipe gives it at least this visibility, percent.
const VISIBLE_PERCENT: u8 = 50;
/// A pose whose joints lie on average farther away than this part of MediaPipe's region is another person's.
const ELSEWHERE: f32 = 0.15;

/// What MediaPipe measured in one clip.
#[derive(Deserialize)]
pub struct Fixture {
    #[serde(skip)]
    pub name: String,
    source: frames::Source,
    width: usize,
    height: usize,
    crc32: Vec<u32>,
    grey_levels: Vec<Vec<i32>>,
    /// Frames between two single ones.
    pub single_step: usize,
    /// Single frames by quality.
    pub singles: BTreeMap<String, Vec<Option<Measured>>>,
    /// Frames between two stored ones of the video.
    pub video_step: usize,
    video_present: String,
    /// The clip as a video, balanced.
    pub video: Vec<Option<Measured>>,
}

/// A pose as MediaPipe measured it.
#[derive(Deserialize)]
pub struct Measured {
    /// Centre x and y, side in px, rotation in rad.
    pub region: [f32; 4],
    /// 1/100 px.
    xy: Vec<i32>,
    /// Percent.
    visibility: Vec<u8>,
    /// Millimetres; only of single frames.
    #[serde(default)]
    world: Vec<i32>,
}

impl Fixture {
    /// `None`, with a message, when its footage is not on this machine.
    pub fn load(name: &str) -> Option<Self> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mediapipe");
        let text = std::fs::read_to_string(directory.join(format!("{name}.json"))).unwrap();
        let fixture = Fixture {
            name: name.to_owned(),
            ..serde_json::from_str(&text).unwrap()
        };
        fixture.source.is_available().then_some(fixture)
    }

    /// Whether MediaPipe found somebody in a frame of the video.
    pub fn present_in_video(&self, index: usize) -> bool {
        self.video_present.as_bytes()[index] == b'1'
    }

    /// Calls `see` with every frame, having checked that it is the one MediaPipe saw.
    pub fn for_each_frame(&self, mut see: impl FnMut(usize, &FrameView<'_>)) {
        let mut count = 0;
        self.source.for_each_frame(self.width, self.height, |index, rgb| {
            self.check(index, rgb);
            let plane = Plane {
                data: rgb,
                stride: 3 * self.width,
            };
            let planes = [plane, Plane::default(), Plane::default()];
            let (matrix, range) = (ColorMatrix::default(), ColorRange::default());
            let frame = FrameView::new(PixelFormat::Rgb, self.width, self.height, planes, matrix, range);
            see(index, &frame.unwrap());
            count += 1;
        });
        assert_eq!(count, self.crc32.len(), "{}: frames", self.name);
    }

    fn check(&self, index: usize, rgb: &[u8]) {
        let mut crc = flate2::Crc::new();
        crc.update(rgb);
        if crc.sum() == self.crc32[index] || !index.is_multiple_of(self.single_step) {
            return;
        }
        let found = frames::grey_levels(rgb, self.width, self.height);
        let expected = &self.grey_levels[index / self.single_step];
        let nearly = found
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() <= frames::GREY_TOLERANCE);
        assert!(
            nearly,
            "{}, frame {index}: not the picture that MediaPipe saw; if it changed on purpose, make the fixtures \
             again with fixtures/make_mediapipe_reference.py",
            self.name
        );
    }
}

/// How far measurements are from MediaPipe's.
#[derive(Default)]
pub struct Agreement {
    px: Vec<f32>,
    world_m: Vec<f32>,
    sides: Vec<f32>,
    frames: usize,
    /// Frames where one found somebody and the other did not.
    pub other_presence: usize,
    /// Frames where the pose is on another person.
    pub elsewhere: usize,
}

impl Agreement {
    pub fn add(&mut self, found: Option<&Pose>, expected: Option<&Measured>) {
        self.add_presence(found.is_some(), expected.is_some());
        self.add_landmarks(found, expected);
    }

    pub fn add_presence(&mut self, found: bool, expected: bool) {
        self.frames += 1;
        self.other_presence += usize::from(found != expected);
    }

    pub fn add_landmarks(&mut self, found: Option<&Pose>, expected: Option<&Measured>) {
        let (Some(found), Some(expected)) = (found, expected) else {
            return;
        };
        let mut sum = 0.0;
        for (i, landmark) in found.landmarks.iter().enumerate() {
            let [x, y] = [0, 1].map(|axis| expected.xy[2 * i + axis] as f32 / 100.0);
            let distance = (landmark.x - x).hypot(landmark.y - y);
            sum += distance;
            if expected.visibility[i] >= VISIBLE_PERCENT {
                self.px.push(distance);
            }
        }
        let side = expected.region[2];
        self.sides.push(side);
        self.elsewhere += usize::from(sum / LANDMARK_COUNT as f32 > ELSEWHERE * side);
        for (point, expected) in found.world.iter().zip(expected.world.chunks_exact(3)) {
            let [x, y, z] = [0, 1, 2].map(|axis| expected[axis] as f32 / 1000.0);
            self.world_m
                .push((point.x - x).hypot(point.y - y).hypot(point.z - z));
        }
    }

    pub fn median_px(&self) -> f32 {
        quantile(&self.px, 0.5)
    }

    /// Mean distance of the world points; none are stored for video.
    pub fn mean_world_m(&self) -> f32 {
        mean(&self.world_m)
    }

    /// Share of frames with the same presence decision.
    pub fn same_presence(&self) -> f64 {
        1.0 - self.other_presence as f64 / self.frames.max(1) as f64
    }

    pub fn report(&self, what: &str) {
        let Self {
            px,
            frames,
            other_presence,
            elsewhere,
            ..
        } = self;
        let [median, p95, max] = [0.5, 0.95, 1.0].map(|share| quantile(px, share));
        let side = quantile(&self.sides, 0.5);
        println!(
            "{what}: {frames} frames, {other_presence} with other presence, {elsewhere} elsewhere, median region \
             {side:.0} px; px median {median:.3} mean {:.3} p95 {p95:.2} max {max:.1}; world mean {:.4} m",
            mean(px),
            self.mean_world_m()
        );
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |sum, value| sum + value) / values.len().max(1) as f32
}

/// The value that this share of the values does not exceed; infinite when there is none.
fn quantile(values: &[f32], share: f32) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let rank = (share * sorted.len().saturating_sub(1) as f32).round() as usize;
    sorted.get(rank).copied().unwrap_or(f32::INFINITY)
}
