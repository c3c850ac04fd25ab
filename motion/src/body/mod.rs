//! What one frame says about the body, reduced to the landmarks and quantities movement science needs.

mod angles;
mod segments;
mod sides;

pub use angles::{Facing, JointAngles, joint_angles, side_angles};
pub use segments::centre_of_mass;
pub use sides::SideRepair;

use crate::view::CameraMotion;
use crate::{LANDMARK_COUNT, Landmark, LandmarkId, Picture, Pose};

/// Image coordinates beyond this are a broken number, not a place in a picture.
const MAX_COORDINATE: f32 = 1e6;

/// A landmark nearer to the picture's edge than this part of its height may as well lie outside.
const EDGE: f32 = 0.002;

/// What is left of the visibility of a landmark outside the picture: its place is a guess of the pose model, which must
/// not count beside a landmark that was seen.
const OUTSIDE_VISIBILITY: f32 = 0.01;

/// Landmarks kept per frame, in the order of [`Frame::points`].
const KEPT: [LandmarkId; 19] = [
    LandmarkId::Nose,
    LandmarkId::LeftEar,
    LandmarkId::RightEar,
    LandmarkId::LeftShoulder,
    LandmarkId::RightShoulder,
    LandmarkId::LeftElbow,
    LandmarkId::RightElbow,
    LandmarkId::LeftWrist,
    LandmarkId::RightWrist,
    LandmarkId::LeftHip,
    LandmarkId::RightHip,
    LandmarkId::LeftKnee,
    LandmarkId::RightKnee,
    LandmarkId::LeftAnkle,
    LandmarkId::RightAnkle,
    LandmarkId::LeftHeel,
    LandmarkId::RightHeel,
    LandmarkId::LeftFootIndex,
    LandmarkId::RightFootIndex,
];

/// Slot of each landmark in [`Frame::points`]; `KEPT.len()` where it is not kept.
const SLOT: [usize; LANDMARK_COUNT] = {
    let mut slots = [KEPT.len(); LANDMARK_COUNT];
    let mut i = 0;
    while i < KEPT.len() {
        slots[KEPT[i] as usize] = i;
        i += 1;
    }
    slots
};

/// The person's left or right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Side {
    /// The person's left.
    Left = 0,
    /// The person's right.
    Right = 1,
}

impl Side {
    /// Both sides.
    pub const BOTH: [Side; 2] = [Side::Left, Side::Right];
}

/// A joint or point that exists on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[allow(missing_docs)]
pub enum Joint {
    Ear = 1,
    Shoulder = 3,
    Elbow = 5,
    Wrist = 7,
    Hip = 9,
    Knee = 11,
    Ankle = 13,
    Heel = 15,
    Toe = 17,
}

/// A landmark in a right-handed picture plane: `y` points **up**, against the image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Pixels to the right.
    pub x: f32,
    /// Pixels upwards.
    pub y: f32,
    /// 0..1; exactly 0 when the landmark is unusable.
    pub visibility: f32,
}

impl Point {
    fn from_landmark(landmark: &Landmark) -> Self {
        let usable = landmark.x.abs() < MAX_COORDINATE
            && landmark.y.abs() < MAX_COORDINATE
            && landmark.visibility > 0.0
            && landmark.visibility <= 1.0;
        if usable {
            Self {
                x: landmark.x,
                y: -landmark.y,
                visibility: landmark.visibility,
            }
        } else {
            Self::default()
        }
    }

    fn distance(&self, other: &Point) -> f64 {
        f64::from(self.x - other.x).hypot(f64::from(self.y - other.y))
    }

    /// Whether the number may be used at all.
    pub fn usable(&self) -> bool {
        self.visibility > 0.0
    }
}

/// The camera at one frame, compared with the frames before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Camera {
    /// Pixels right and down by which the background has moved since the first frame, as far as that is known.
    pub background: [f32; 2],
    /// As much of it as was taken out of the points.
    pub place: [f32; 2],
    /// What it did since the frame before.
    pub motion: CameraMotion,
}

/// One measured frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Media time, seconds.
    pub t: f64,
    points: [Point; KEPT.len()],
    /// Height of the body's centre of mass in pixels, upwards.
    pub com: f64,
    /// Whether the labels of the legs were exchanged by [`SideRepair`].
    pub exchanged: bool,
    /// What the camera did.
    pub camera: Camera,
    /// One bit per point: outside the picture.
    outside: u32,
    /// Sum of the near-side trunk, thigh and shank lengths in pixels: a size that does not depend on posture.
    pub size: f64,
}

impl Frame {
    /// Reduces a pose in a picture of unknown size. `None` when hips, shoulders or both legs are unusable, or the body has no extent.
    pub fn from_pose(t: f64, pose: &Pose) -> Option<Self> {
        Self::seen_in(t, &Picture::default(), pose)
    }

    /// As [`from_pose`](Self::from_pose); landmarks outside the picture count for next to nothing and are marked.
    pub fn seen_in(t: f64, picture: &Picture, pose: &Pose) -> Option<Self> {
        let mut points = [Point::default(); KEPT.len()];
        let mut outside = 0;
        for (slot, (point, id)) in points.iter_mut().zip(KEPT).enumerate() {
            let landmark = &pose[id];
            *point = Point::from_landmark(landmark);
            if is_outside(landmark, picture) {
                point.visibility *= OUTSIDE_VISIBILITY;
                outside |= 1 << slot;
            }
        }
        let mut frame = Self {
            t,
            points,
            com: 0.0,
            exchanged: false,
            camera: Camera::default(),
            outside,
            size: 0.0,
        };
        frame.update()?;
        Some(frame)
    }

    /// Recomputes what is derived from the points.
    fn update(&mut self) -> Option<()> {
        let complete = [
            Joint::Shoulder,
            Joint::Hip,
            Joint::Knee,
            Joint::Ankle,
            Joint::Heel,
            Joint::Toe,
        ]
        .into_iter()
        .all(|joint| Side::BOTH.iter().any(|&side| self.joint(side, joint).usable()));
        if !complete {
            return None;
        }
        self.com = segments::centre_of_mass_height(self)?;
        self.size = self.segment_sum()?;
        Some(())
    }

    /// Takes a movement of the background, pixels right and down, out of the points.
    pub(crate) fn steady(&mut self, camera: Camera) {
        self.camera = camera;
        let place = camera.place;
        if place == [0.0; 2] {
            return;
        }
        for point in self.points.iter_mut().filter(|point| point.usable()) {
            point.x -= place[0];
            point.y += place[1];
        }
        self.com += f64::from(place[1]);
    }

    /// Whether a joint lies outside the picture, as far as its size is known.
    pub fn is_outside(&self, side: Side, joint: Joint) -> bool {
        self.outside & (1 << (joint as usize + side as usize)) != 0
    }

    /// A landmark of one side.
    pub fn joint(&self, side: Side, joint: Joint) -> &Point {
        &self.points[joint as usize + side as usize]
    }

    /// Exchanges the marks of a joint's two sides.
    fn exchange_marks(&mut self, joint: Joint) {
        let [left, right] = Side::BOTH.map(|side| self.is_outside(side, joint));
        if left != right {
            self.outside ^= 0b11 << joint as usize;
        }
    }

    fn joint_mut(&mut self, side: Side, joint: Joint) -> &mut Point {
        &mut self.points[joint as usize + side as usize]
    }

    /// A landmark by its name, `None` when it is not one of those kept.
    pub fn landmark(&self, id: LandmarkId) -> Option<&Point> {
        self.points.get(SLOT[id as usize])
    }

    /// Visibility-weighted mean of a joint over both sides as (x, y); `None` when neither is usable.
    pub fn mean(&self, joint: Joint) -> Option<(f64, f64)> {
        Some((self.mean_of(joint, |p| p.x)?, self.mean_of(joint, |p| p.y)?))
    }

    /// Visibility-weighted mean over both sides of one coordinate of a joint.
    fn mean_of(&self, joint: Joint, of: impl Fn(&Point) -> f32) -> Option<f64> {
        let (mut sum, mut total) = (0.0, 0.0);
        for side in Side::BOTH {
            let point = self.joint(side, joint);
            let weight = f64::from(point.visibility);
            sum += weight;
            total += weight * f64::from(of(point));
        }
        (sum > 0.0).then(|| total / sum)
    }

    /// Height of the middle between the hips.
    pub fn hip(&self) -> f64 {
        self.mean(Joint::Hip).map_or(self.com, |(_, y)| y)
    }

    /// Mean visibility of ankle, heel and toe of one side.
    pub fn foot_visibility(&self, side: Side) -> f64 {
        [Joint::Ankle, Joint::Heel, Joint::Toe]
            .into_iter()
            .map(|j| f64::from(self.joint(side, j).visibility))
            .sum::<f64>()
            / 3.0
    }

    /// Trunk + thigh + shank, sides weighted by visibility.
    fn segment_sum(&self) -> Option<f64> {
        let (mut sum, mut weights) = (0.0, 0.0);
        for side in Side::BOTH {
            let chain = [Joint::Shoulder, Joint::Hip, Joint::Knee, Joint::Ankle].map(|j| self.joint(side, j));
            let weight = chain
                .iter()
                .map(|p| f64::from(p.visibility))
                .fold(1.0, f64::min)
                .powi(2);
            let length: f64 = chain.windows(2).map(|pair| pair[0].distance(pair[1])).sum();
            sum += weight * length;
            weights += weight;
        }
        let size = sum / weights;
        (weights > 0.0 && size > 1.0).then_some(size)
    }
}

/// Whether a landmark lies outside the picture, or as good as. A broken number lies nowhere.
fn is_outside(landmark: &Landmark, picture: &Picture) -> bool {
    picture.size.is_some_and(|[width, height]| {
        let edge = EDGE * height;
        let beyond = |v: f32, size: f32| v < edge || v > size - edge;
        beyond(landmark.x, width) || beyond(landmark.y, height)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A standing person 200 px tall at (100, 300 px below the top), facing right.
    pub(crate) fn standing() -> Pose {
        let mut pose = Pose {
            score: 1.0,
            ..Pose::default()
        };
        let put = |pose: &mut Pose, id: LandmarkId, x: f32, up: f32| {
            pose.landmarks[id as usize] = Landmark {
                x: 100.0 + x,
                y: 300.0 - up,
                z: 0.0,
                visibility: 0.95,
                presence: 0.99,
            };
        };
        for (left, right, x, up) in [
            (LandmarkId::LeftEar, LandmarkId::RightEar, 0.0, 186.0),
            (LandmarkId::LeftShoulder, LandmarkId::RightShoulder, 0.0, 164.0),
            (LandmarkId::LeftElbow, LandmarkId::RightElbow, -2.0, 126.0),
            (LandmarkId::LeftWrist, LandmarkId::RightWrist, 0.0, 97.0),
            (LandmarkId::LeftHip, LandmarkId::RightHip, 0.0, 106.0),
            (LandmarkId::LeftKnee, LandmarkId::RightKnee, 2.0, 57.0),
            (LandmarkId::LeftAnkle, LandmarkId::RightAnkle, 0.0, 8.0),
            (LandmarkId::LeftHeel, LandmarkId::RightHeel, -8.0, 2.0),
            (LandmarkId::LeftFootIndex, LandmarkId::RightFootIndex, 20.0, 2.0),
        ] {
            put(&mut pose, left, x, up);
            put(&mut pose, right, x, up);
        }
        put(&mut pose, LandmarkId::Nose, 10.0, 184.0);
        pose
    }

    #[test]
    fn heights_point_up_and_the_size_is_the_chain_length() {
        let frame = Frame::from_pose(0.0, &standing()).expect("a whole person");
        assert!(frame.joint(Side::Left, Joint::Shoulder).y > frame.joint(Side::Left, Joint::Ankle).y);
        assert!((frame.size - (58.0 + 2.0 * 49.041)).abs() < 0.1, "{}", frame.size);
        let fraction = (frame.com + 300.0) / 200.0;
        assert!(
            (0.53..0.60).contains(&fraction),
            "centre of mass at {fraction} of stature"
        );
        assert!(
            frame.landmark(LandmarkId::Nose).is_some() && frame.landmark(LandmarkId::LeftThumb).is_none()
        );
    }

    #[test]
    fn broken_numbers_are_no_landmarks() {
        let mut pose = standing();
        pose.landmarks[LandmarkId::LeftHip as usize].x = f32::NAN;
        pose.landmarks[LandmarkId::LeftKnee as usize].y = f32::INFINITY;
        pose.landmarks[LandmarkId::LeftAnkle as usize].visibility = f32::NAN;
        let frame = Frame::from_pose(0.0, &pose).expect("the right side is whole");
        assert!(frame.com.is_finite() && frame.size.is_finite());
        for side in [LandmarkId::LeftHip, LandmarkId::RightHip] {
            pose.landmarks[side as usize].y = f32::NAN;
        }
        assert!(
            Frame::from_pose(0.0, &pose).is_none(),
            "without hips there is no body"
        );
    }
}
