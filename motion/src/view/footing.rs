//! Puts the frames of one person on a common footing: the same labels for the same legs, and one frame of reference
//! however the camera moves.

use super::{CameraMotion, Picture, PictureShift, SIZE_PER_STATURE};
use crate::body::{Camera, Frame, SideRepair};

/// A camera that moves on faster than this follows somebody, statures per second: its movement is no error to be taken
/// out, and when it travels along, what is behind moves less than what is beside the athlete.
const FOLLOWS: f32 = 0.2;

/// Time constant of the speed that this is judged by, seconds: longer than the shaking of a hand.
const SPEED_TIME_S: f64 = 0.4;

/// Repairs and steadies frames in order of time.
#[derive(Debug, Default)]
pub struct Footing {
    sides: SideRepair,
    path: CameraPath,
}

impl Footing {
    /// Exchanges the legs back where the pose model swapped them and takes the camera's movement out.
    pub fn settle(&mut self, frame: &mut Frame, picture: &Picture) {
        // first the legs, in the picture: where a camera follows a runner they move least there
        self.sides.repair(frame);
        let stature_px = (frame.size / SIZE_PER_STATURE) as f32;
        let motion = self.path.follow(frame.t, picture.shift, stature_px);
        frame.steady(Camera {
            background: self.path.background,
            place: self.path.place,
            motion,
        });
    }

    /// Forgets everything, as after a gap.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Where the camera looks compared with the first frame, across losses of the background.
#[derive(Debug, Default)]
struct CameraPath {
    last: Option<(f64, PictureShift)>,
    /// Pixels right and down by which the background has moved.
    background: [f32; 2],
    /// As much of it as is to be taken out.
    place: [f32; 2],
    /// Mean speed of the background, pixels per second; unknown before it was seen to move or stand.
    speed: Option<[f32; 2]>,
}

impl CameraPath {
    /// Goes on to the next shift. While it is unknown the camera is taken to stand still.
    fn follow(&mut self, t: f64, shift: Option<PictureShift>, stature_px: f32) -> CameraMotion {
        let shift = shift.filter(|s| s.x.is_finite() && s.y.is_finite());
        let last = std::mem::replace(&mut self.last, shift.map(|shift| (t, shift)));
        let (Some(shift), Some((before, last))) = (shift, last) else {
            return CameraMotion::Unknown;
        };
        if shift.course != last.course {
            return CameraMotion::Unknown;
        }
        let step = [shift.x - last.x, shift.y - last.y];
        self.background = [self.background[0] + step[0], self.background[1] + step[1]];
        let seconds = (t - before).max(f64::EPSILON);
        let part = (1.0 - (-seconds / SPEED_TIME_S).exp()) as f32;
        let now = step.map(|v| v / seconds as f32);
        let mean = self.speed.unwrap_or(now);
        let mean = [0, 1].map(|i| mean[i] + part * (now[i] - mean[i]));
        self.speed = Some(mean);
        if mean[0].hypot(mean[1]) > FOLLOWS * stature_px {
            return CameraMotion::Follows;
        }
        self.place = [self.place[0] + step[0], self.place[1] + step[1]];
        if step == [0.0; 2] {
            CameraMotion::Stands
        } else {
            CameraMotion::Drifts
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::tests::standing;
    use crate::body::{Joint, Side};

    fn shifted(x: f32, y: f32, course: u32) -> Picture {
        Picture {
            size: None,
            shift: Some(PictureShift { x, y, course }),
            degraded: false,
        }
    }

    /// Where the left hip of somebody who stands on the ground ends up when the picture has moved by (x, y).
    fn hip(footing: &mut Footing, t: f64, picture: Picture, seen: [f32; 2]) -> ([f32; 2], CameraMotion) {
        let mut pose = standing();
        for landmark in &mut pose.landmarks {
            landmark.x += seen[0];
            landmark.y += seen[1];
        }
        let mut frame = Frame::from_pose(t, &pose).expect("whole");
        footing.settle(&mut frame, &picture);
        let hip = frame.joint(Side::Left, Joint::Hip);
        ([hip.x, hip.y], frame.camera.motion)
    }

    #[test]
    fn a_small_pan_leaves_a_standing_person_where_she_stands() {
        let mut footing = Footing::default();
        let (first, _) = hip(&mut footing, 0.0, shifted(0.0, 0.0, 0), [0.0, 0.0]);
        for i in 1..50 {
            let (x, y) = (0.6 * i as f32, -0.2 * i as f32);
            let (place, motion) = hip(&mut footing, 0.02 * f64::from(i), shifted(x, y, 0), [x, y]);
            assert_eq!(motion, CameraMotion::Drifts);
            assert!((place[0] - first[0]).abs() < 1e-3 && (place[1] - first[1]).abs() < 1e-3);
        }
    }

    #[test]
    fn a_camera_that_follows_a_runner_is_left_alone() {
        let mut footing = Footing::default();
        let (first, _) = hip(&mut footing, 0.0, shifted(0.0, 0.0, 0), [0.0, 0.0]);
        for i in 1..50 {
            let (place, motion) = hip(
                &mut footing,
                0.02 * f64::from(i),
                shifted(-5.0 * i as f32, 0.0, 0),
                [0.0, 0.0],
            );
            assert_eq!((place, motion), (first, CameraMotion::Follows));
        }
    }

    #[test]
    fn a_camera_that_stands_still_or_is_unknown_changes_no_digit() {
        let plain = Frame::from_pose(0.0, &standing()).expect("whole");
        let mut footing = Footing::default();
        for picture in [Picture::default(), shifted(0.0, 0.0, 0), shifted(0.0, 0.0, 1)] {
            let mut frame = plain;
            footing.settle(&mut frame, &picture);
            for side in Side::BOTH {
                assert_eq!(frame.joint(side, Joint::Toe), plain.joint(side, Joint::Toe));
            }
            assert_eq!(frame.com, plain.com);
        }
    }

    #[test]
    fn after_the_background_was_lost_the_person_goes_on_from_there() {
        let mut footing = Footing::default();
        hip(&mut footing, 0.0, shifted(0.0, 0.0, 0), [0.0, 0.0]);
        let (before, _) = hip(&mut footing, 0.02, shifted(0.5, 0.0, 0), [0.5, 0.0]);
        let (unseen, motion) = hip(&mut footing, 0.04, Picture::default(), [0.5, 0.0]);
        assert_eq!((unseen, motion), (before, CameraMotion::Unknown));
        let (after, motion) = hip(&mut footing, 0.06, shifted(500.0, 0.0, 1), [0.5, 0.0]);
        assert_eq!((after, motion), (before, CameraMotion::Unknown));
        let (later, motion) = hip(&mut footing, 0.08, shifted(500.5, 0.0, 1), [1.0, 0.0]);
        assert_eq!(motion, CameraMotion::Drifts);
        assert!((later[0] - before[0]).abs() < 1e-3);
    }
}
