//! Movement as curves: joint angles, the centre of mass and markers of one person over time.
//!
//! Built from the same repaired and steadied frames the movements see, so that a chart, a file and a live view agree.
//! Values between frames come from a local fit that delays nothing; where a limb was not seen there is no value.

use crate::body::{Facing, Frame, Joint, Side, centre_of_mass, side_angles};
use crate::numeric::{LocalFit, PolynomialFit, local_fit, quantile};
use crate::units::GRAVITY;
use crate::view::{Footing, SIZE_PER_STATURE};
use crate::{LandmarkId, Picture, Pose, PoseSource, Repetition};

/// A limb whose worst landmark is less visible than this was not seen: the threshold BlazePose's documentation gives for
/// a landmark that is likely in view.
const SEEN: f64 = 0.5;

/// Half width of the local fit in seconds: well below the 0.2–0.3 s in which legs extend in a jump.
const HALF_WIDTH_S: f64 = 0.06;

/// …and never below this many frames, so that a fit has samples on both sides.
const HALF_WIDTH_FRAMES: f64 = 2.5;

/// Nothing is read across a longer gap between frames, seconds.
const LONGEST_GAP_S: f64 = 0.15;

/// Quantile of the size taken for the whole body, as where jumps are measured: bent and shortened limbs make it smaller.
const SIZE_QUANTILE: f64 = 0.6;

/// Part of a flight, centred, in which the parabola is fitted: near the ground the feet still touch.
const FLIGHT_CORE: f64 = 0.84;

/// A joint with an angle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Angle {
    Hip,
    Knee,
    Ankle,
    Trunk,
}

/// The measured frames of one person in order of time.
#[derive(Clone, Debug, Default)]
pub struct Series {
    frames: Vec<Frame>,
    interval_s: f64,
}

impl Series {
    /// From the poses of one person as `(seconds, picture, pose)`. Predicted poses, poses that say nothing and times that
    /// do not increase are left out.
    pub fn new<'a>(poses: impl Iterator<Item = (f64, Picture, &'a Pose)>) -> Self {
        let mut footing = Footing::default();
        let mut frames: Vec<Frame> = Vec::new();
        for (t, picture, pose) in poses.filter(|(_, _, pose)| pose.source == PoseSource::Measured) {
            let last = frames.last().map(|frame| frame.t);
            if !t.is_finite() || last.is_some_and(|last| t <= last) {
                continue;
            }
            if let Some(mut frame) = Frame::seen_in(t, &picture, pose) {
                footing.settle(&mut frame, &picture);
                frames.push(frame);
            }
        }
        let mut intervals: Vec<f64> = frames.windows(2).map(|pair| pair[1].t - pair[0].t).collect();
        let interval_s = quantile(&mut intervals, 0.5).unwrap_or(0.0);
        Self { frames, interval_s }
    }

    /// The frames.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The frames of `from..=to` seconds.
    pub fn between(&self, from: f64, to: f64) -> &[Frame] {
        let start = self.frames.partition_point(|frame| frame.t < from);
        let end = self.frames.partition_point(|frame| frame.t <= to);
        &self.frames[start..end.max(start)]
    }

    /// Median time between frames, seconds; 0 with fewer than two.
    pub fn interval_s(&self) -> f64 {
        self.interval_s
    }

    /// Which way the person looks in most frames of a stretch.
    pub fn facing(&self, from: f64, to: f64) -> Option<Facing> {
        let sum: f64 = self
            .between(from, to)
            .iter()
            .filter_map(Facing::of)
            .map(Facing::sign)
            .sum();
        let any = !self.between(from, to).is_empty();
        any.then_some(if sum < 0.0 { Facing::Left } else { Facing::Right })
    }

    /// The side whose leg is seen better in a stretch.
    pub fn near_side(&self, from: f64, to: f64) -> Side {
        let seen = |side| -> f64 {
            let frames = self.between(from, to).iter();
            frames
                .map(|frame| side_angles(frame, side, Facing::Right).1)
                .sum()
        };
        if seen(Side::Left) > seen(Side::Right) {
            Side::Left
        } else {
            Side::Right
        }
    }

    /// An angle in degrees and its first two derivatives at an instant; `None` where the side was not seen.
    pub fn angle(&self, angle: Angle, side: Side, facing: Facing, at: f64) -> Option<LocalFit> {
        self.fit(at, |frame| {
            let (angles, visibility) = side_angles(frame, side, facing);
            let value = match angle {
                Angle::Hip => angles.hip,
                Angle::Knee => angles.knee,
                Angle::Ankle => angles.ankle,
                Angle::Trunk => angles.trunk,
            };
            (visibility >= SEEN).then_some((value, visibility * visibility))
        })
    }

    /// Height of the centre of mass in pixels upwards, with its derivatives, at an instant.
    pub fn com(&self, at: f64) -> Option<LocalFit> {
        self.fit(at, |frame| Some((frame.com, 1.0)))
    }

    /// The centre of mass of a frame in pixels, to the right and upwards.
    pub fn centre(frame: &Frame) -> Option<(f64, f64)> {
        centre_of_mass(frame)
    }

    /// Place of a landmark in pixels, to the right and upwards, on the line between the two frames around an instant;
    /// `None` where it was not usable in both.
    pub fn place(&self, landmark: LandmarkId, at: f64) -> Option<(f64, f64)> {
        let (before, after, part) = self.around(at)?;
        let (a, b) = (before.landmark(landmark)?, after.landmark(landmark)?);
        let between = |a: f32, b: f32| f64::from(a) + part * f64::from(b - a);
        (a.usable() && b.usable()).then(|| (between(a.x, b.x), between(a.y, b.y)))
    }

    /// Pixels per metre from the stature of the person, metres.
    pub fn px_per_m_of_stature(&self, stature_m: f64) -> Option<f64> {
        let mut sizes: Vec<f64> = self.frames.iter().map(|frame| frame.size).collect();
        let size = quantile(&mut sizes, SIZE_QUANTILE)?;
        Some(size / SIZE_PER_STATURE / stature_m)
    }

    /// Pixels per metre that make the flight of a repetition fall with gravity; `None` without a flight of five frames.
    pub fn px_per_m_of_flight(&self, repetition: &Repetition) -> Option<f64> {
        let (takeoff, landing) = (repetition.event("takeoff_s")?, repetition.event("landing_s")?);
        let middle = takeoff.midpoint(landing);
        let half = 0.5 * FLIGHT_CORE * (landing - takeoff);
        let frames = self.between(middle - half, middle + half);
        let origin = frames.first().filter(|_| frames.len() >= 5)?.com;
        let mut fit = PolynomialFit::new(2);
        for frame in frames {
            fit.add((frame.t - middle) / half, frame.com - origin, 1.0);
        }
        let [_, _, bend, _] = fit.solve()?;
        let scale = -2.0 * bend / (half * half) / GRAVITY;
        (scale > 0.0).then_some(scale)
    }

    /// Height of the ground in pixels upwards: where the feet are lowest.
    pub fn ground(&self) -> Option<f64> {
        const LOWEST: f64 = 0.05;
        let feet = |frame: &Frame| {
            let points = [Joint::Heel, Joint::Toe].into_iter().flat_map(|joint| {
                Side::BOTH
                    .map(|side| *frame.joint(side, joint))
                    .into_iter()
                    .filter(|p| f64::from(p.visibility) >= SEEN)
            });
            points.map(|p| f64::from(p.y)).reduce(f64::min)
        };
        let mut lows: Vec<f64> = self.frames.iter().filter_map(feet).collect();
        quantile(&mut lows, LOWEST)
    }

    /// The frames before and after an instant and how far it is between them, 0..=1; `None` outside and in gaps.
    fn around(&self, at: f64) -> Option<(&Frame, &Frame, f64)> {
        let next = self.frames.partition_point(|frame| frame.t < at);
        let after = self.frames.get(next)?;
        let before = match next.checked_sub(1) {
            Some(index) => &self.frames[index],
            None if after.t == at => after,
            None => return None,
        };
        let gap = after.t - before.t;
        let part = if gap > 0.0 { (at - before.t) / gap } else { 0.0 };
        (gap <= LONGEST_GAP_S.max(self.interval_s * 1.5)).then_some((before, after, part))
    }

    fn fit(&self, at: f64, of: impl Fn(&Frame) -> Option<(f64, f64)>) -> Option<LocalFit> {
        let (before, after, _) = self.around(at)?;
        // the value belongs to this instant, not to one where the limb could still be seen
        if of(before).is_none() && of(after).is_none() {
            return None;
        }
        let half_width = HALF_WIDTH_S.max(HALF_WIDTH_FRAMES * self.interval_s);
        let frames = self.between(at - half_width, at + half_width).iter();
        let samples = frames.filter_map(|frame| of(frame).map(|(value, weight)| (frame.t, value, weight)));
        local_fit(samples, at, half_width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::tests::standing;

    /// Somebody whose knees and hips sink and bend at a constant rate, seen from the left side only.
    fn sinking() -> Vec<(f64, Pose)> {
        let pose = |i: u16| {
            let mut pose = standing();
            for landmark in &mut pose.landmarks {
                landmark.y += f32::from(i);
            }
            pose.landmarks[LandmarkId::RightKnee as usize].visibility = 0.1;
            (f64::from(i) * 0.02, pose)
        };
        (0..50).map(pose).collect()
    }

    fn series(poses: &[(f64, Pose)]) -> Series {
        Series::new(poses.iter().map(|(t, pose)| (*t, Picture::default(), pose)))
    }

    #[test]
    fn the_centre_of_mass_has_the_speed_of_the_body_between_frames_too() {
        let series = series(&sinking());
        let fit = series.com(0.511).expect("inside");
        assert!((fit.slope + 50.0).abs() < 0.01, "{fit:?}");
        assert_eq!(series.com(1.5), None);
    }

    #[test]
    fn a_leg_that_is_not_seen_has_no_angle() {
        let series = series(&sinking());
        let facing = series.facing(0.0, 1.0).expect("frames");
        assert!(series.angle(Angle::Knee, Side::Left, facing, 0.5).is_some());
        assert_eq!(series.angle(Angle::Knee, Side::Right, facing, 0.5), None);
        assert_eq!(series.near_side(0.0, 1.0), Side::Left);
    }

    #[test]
    fn a_gap_is_not_bridged_and_times_that_go_backwards_are_left_out() {
        let mut poses = sinking();
        poses.drain(20..35);
        poses.push((0.1, standing()));
        let series = series(&poses);
        assert_eq!(series.frames().len(), 35);
        assert_eq!(series.com(0.55), None);
        assert_eq!(series.place(LandmarkId::LeftHip, 0.55), None);
        assert!(series.place(LandmarkId::LeftHip, 0.31).is_some());
    }

    #[test]
    fn a_series_of_nothing_says_nothing() {
        let series = series(&[]);
        assert_eq!(series.com(0.0), None);
        assert_eq!(series.ground(), None);
        assert_eq!(series.facing(0.0, 1.0), None);
        assert_eq!(series.px_per_m_of_stature(1.8), None);
    }
}
