//! `PoseMeta`: the people `kinepose` saw in a frame.

use super::raw::{Payload, Registration, meta_wrapper};
use kinemotion_models::TrackedPose;
use kinemotion_motion::{PictureShift, Pose};
use serde::Serialize;
use std::ffi::CStr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Size and pixel shape of the picture that landmarks refer to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameGeometry {
    /// Stored columns.
    pub width: u32,
    /// Stored rows.
    pub height: u32,
    /// Width of a pixel divided by its height; 1 for square pixels.
    pub pixel_aspect: f32,
}

impl FrameGeometry {
    /// The geometry of negotiated video.
    pub fn from_info(info: &gst_video::VideoInfo) -> Self {
        let par = info.par();
        let pixel_aspect = par.numer() as f32 / par.denom().max(1) as f32;
        Self {
            width: info.width(),
            height: info.height(),
            pixel_aspect: if pixel_aspect > 0.0 { pixel_aspect } else { 1.0 },
        }
    }

    /// Width of the picture in square pixels, the unit of landmark coordinates.
    pub fn square_width(&self) -> f32 {
        self.width as f32 * self.pixel_aspect
    }
}

/// The people in one frame.
///
/// Landmark coordinates are square pixels: `y` counts stored rows, `x` counts stored columns times
/// [`FrameGeometry::pixel_aspect`], so angles and lengths are true whatever the pixel shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Poses {
    /// The tracked people, in the estimator's order. Empty when nobody was seen.
    pub persons: Arc<[TrackedPose]>,
    /// The picture the landmarks refer to.
    pub frame: FrameGeometry,
    /// Media time of the frame in seconds.
    pub time: f64,
    /// How far the background has moved, in square pixels; `None` when it does not tell or the frame was not looked at.
    pub shift: Option<PictureShift>,
    /// Whether less was measured than is asked for, because the machine is busy: see the limits of `kinepose`.
    pub degraded: bool,
    /// Time this frame spent in inference, waiting for a worker included; `None` when no network was asked.
    pub inference: Option<Duration>,
}

impl Poses {
    /// The person whose numbers count.
    pub fn selected(&self) -> Option<&TrackedPose> {
        self.persons.iter().find(|person| person.selected)
    }

    /// What `pose` events say of the frame.
    pub fn quality(&self) -> FrameQuality {
        FrameQuality {
            degraded: self.degraded,
        }
    }
}

/// How well a frame was measured: `quality` of a `pose` event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FrameQuality {
    /// See [`Poses::degraded`].
    pub degraded: bool,
}

/// Multiplies image coordinates; depth follows the horizontal factor, as it is measured in the same unit.
pub(crate) fn scale_pose(pose: &mut Pose, x: f32, y: f32) {
    for landmark in &mut pose.landmarks {
        landmark.x *= x;
        landmark.y *= y;
        landmark.z *= x;
    }
}

fn scale_person(person: &mut TrackedPose, x: f32, y: f32) {
    scale_pose(&mut person.pose, x, y);
    let [left, top, right, bottom] = person.bounds;
    person.bounds = [left * x, top * y, right * x, bottom * y];
}

/// Brings people from stored pixels to square pixels.
pub(crate) fn into_square_pixels(persons: &[TrackedPose], frame: &FrameGeometry) -> Arc<[TrackedPose]> {
    let mut persons: Arc<[TrackedPose]> = persons.into();
    if frame.pixel_aspect != 1.0 {
        for person in Arc::make_mut(&mut persons) {
            scale_person(person, frame.pixel_aspect, 1.0);
        }
    }
    persons
}

impl Payload for Poses {
    const API_NAME: &'static CStr = c"KinemotionPoseMetaAPI";
    const META_NAME: &'static CStr = c"KinemotionPoseMeta";

    fn registration() -> &'static Registration {
        static REGISTRATION: LazyLock<Registration> = LazyLock::new(Registration::new::<Poses>);
        &REGISTRATION
    }

    fn rescaled(&self, to: &gst_video::VideoInfo) -> Self {
        let frame = FrameGeometry::from_info(to);
        if frame == self.frame || self.frame.width == 0 || self.frame.height == 0 {
            return Self {
                frame,
                ..self.clone()
            };
        }
        let x = frame.square_width() / self.frame.square_width();
        let y = frame.height as f32 / self.frame.height as f32;
        let mut persons = self.persons.clone();
        for person in Arc::make_mut(&mut persons) {
            scale_person(person, x, y);
        }
        Self {
            persons,
            frame,
            time: self.time,
            degraded: self.degraded,
            shift: self.shift.map(|shift| shift.scaled(x, y)),
            inference: self.inference,
        }
    }
}

meta_wrapper! {
    /// The people in a frame, attached by `kinepose`. Follows the picture through copies and scaling.
    PoseMeta, Poses, poses
}
