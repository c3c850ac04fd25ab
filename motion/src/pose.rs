//! Landmarks of one person in one frame, in the order and with the meaning of BlazePose's 33 body points.

use serde::{Deserialize, Serialize};

/// Number of body landmarks in a [`Pose`].
pub const LANDMARK_COUNT: usize = 33;

macro_rules! landmark_ids {
    ($($name:ident = $index:literal),* $(,)?) => {
        /// Anatomical name of a landmark; the number is its index in [`Pose::landmarks`]. Left and right are the person's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(usize)]
        #[allow(missing_docs)]
        pub enum LandmarkId { $($name = $index),* }

        impl LandmarkId {
            /// All landmarks in index order.
            pub const ALL: [LandmarkId; LANDMARK_COUNT] = [$(LandmarkId::$name),*];
        }
    };
}

landmark_ids! {
    Nose = 0, LeftEyeInner = 1, LeftEye = 2, LeftEyeOuter = 3, RightEyeInner = 4, RightEye = 5, RightEyeOuter = 6,
    LeftEar = 7, RightEar = 8, MouthLeft = 9, MouthRight = 10, LeftShoulder = 11, RightShoulder = 12, LeftElbow = 13,
    RightElbow = 14, LeftWrist = 15, RightWrist = 16, LeftPinky = 17, RightPinky = 18, LeftIndex = 19, RightIndex = 20,
    LeftThumb = 21, RightThumb = 22, LeftHip = 23, RightHip = 24, LeftKnee = 25, RightKnee = 26, LeftAnkle = 27,
    RightAnkle = 28, LeftHeel = 29, RightHeel = 30, LeftFootIndex = 31, RightFootIndex = 32,
}

/// One landmark in the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Landmark {
    /// Pixels from the left edge. Pixels are square: aspect and rotation are applied before a pose is made.
    pub x: f32,
    /// Pixels from the top edge, downwards.
    pub y: f32,
    /// Depth in the same unit relative to the mid-hip, smaller is nearer to the camera. Rough.
    pub z: f32,
    /// Probability that the point is in the picture and not hidden, 0..1.
    pub visibility: f32,
    /// Probability that the point is inside the picture, 0..1.
    pub presence: f32,
}

/// One landmark in metres relative to the mid-hip, as the pose model believes it; axes as in the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WorldPoint {
    pub x: f32,
    pub y: f32,
    pub z: f32,
}

/// Where a pose comes from. A prediction is never treated as a measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PoseSource {
    /// The model looked at this frame.
    #[default]
    Measured,
    /// The frame was skipped and the pose extrapolated from earlier ones.
    Predicted,
}

/// All landmarks of one person in one frame. Unsmoothed unless somebody asked for smoothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Pose {
    /// Image landmarks, indexed by [`LandmarkId`].
    pub landmarks: [Landmark; LANDMARK_COUNT],
    /// The same points in metres.
    pub world: [WorldPoint; LANDMARK_COUNT],
    /// Probability that this is a person, 0..1.
    pub score: f32,
    /// Measured or predicted.
    pub source: PoseSource,
}

impl Default for Pose {
    fn default() -> Self {
        Self {
            landmarks: [Landmark::default(); LANDMARK_COUNT],
            world: [WorldPoint::default(); LANDMARK_COUNT],
            score: 0.0,
            source: PoseSource::Measured,
        }
    }
}

impl std::ops::Index<LandmarkId> for Pose {
    type Output = Landmark;

    fn index(&self, id: LandmarkId) -> &Landmark {
        &self.landmarks[id as usize]
    }
}
