//! Notices when the hidden leg of a person seen from the side is somebody else's.
//!
//! When somebody walks past behind an athlete, the landmark model puts the half hidden far leg onto the leg it can see
//! there, and calls it visible. The detector seldom finds the small second person, so nobody can be asked whose leg that
//! is. But bones keep their length: two legs of one person filmed from the side keep the ratio of their thighs, of their
//! shanks and of their feet, in whatever posture and size. While the far leg breaks that ratio it counts as hidden.
//!
//! Only visibility is lowered; positions stay as measured. See docs/adr/0007-stray-legs-count-as-hidden.md.

use kinemotion_motion::{LandmarkId, Pose};

/// Hip, knee, ankle, heel and toe, left and right.
const LEGS: [[LandmarkId; 5]; 2] = [
    [
        LandmarkId::LeftHip,
        LandmarkId::LeftKnee,
        LandmarkId::LeftAnkle,
        LandmarkId::LeftHeel,
        LandmarkId::LeftFootIndex,
    ],
    [
        LandmarkId::RightHip,
        LandmarkId::RightKnee,
        LandmarkId::RightAnkle,
        LandmarkId::RightHeel,
        LandmarkId::RightFootIndex,
    ],
];
/// Thigh, shank and foot as indices into a leg.
const SEGMENTS: [(usize, usize); 3] = [(0, 1), (1, 2), (3, 4)];
/// Largest change of the ratio of the left to the right thigh, shank and foot that is measurement error or perspective, as
/// natural logarithm. On nine rendered clips with somebody walking past (3 909 frames) these notice 91 % of the frames
/// whose far leg is off by more than 4 % of stature and mark 6 % of the others, most of them just before or after.
const TOLERANCE: [f32; 3] = [0.25, 0.2, 0.4];
/// A leg stays marked for this long after the last frame that gave it away, seconds: a stray leg fits by chance now and
/// then.
const HOLD_S: f64 = 0.1;
/// Visibility of a marked leg: as of a leg the model itself calls hidden.
const HIDDEN: f32 = 0.05;
/// A leg usually this visible is the near one…
const NEAR: f32 = 0.85;
/// …and one usually less visible than the other by this much the far one. Seen from the front both are equal.
const FARTHER_BY: f32 = 0.1;
/// Time constant of what is usual, seconds: slower than a step.
const USUAL_TIME_S: f64 = 0.5;
/// The same while a leg is marked: a person who has turned is not marked for long.
const MARKED_TIME_S: f64 = 3.0;
/// Nothing is marked before the person has been seen so long, seconds.
const LEARNING_S: f64 = 0.25;

/// What is usual for the legs of one person.
#[derive(Clone, Debug, Default)]
pub(super) struct Legs {
    /// Mean visibility below the hip, left and right.
    visibility: [f32; 2],
    /// Logarithm of left over right length of each segment.
    ratio: [f32; SEGMENTS.len()],
    /// First and last measurement, seconds.
    seen: Option<(f64, f64)>,
    /// Until when the far leg is marked, seconds.
    marked_until: f64,
}

impl Legs {
    /// Learns from a measurement at `t` seconds and marks the far leg in it if it is not this person's.
    pub fn mark(&mut self, pose: &mut Pose, t: f64) {
        let visibility = LEGS.map(|leg| leg[1..].iter().map(|&id| pose[id].visibility).sum::<f32>() / 4.0);
        let Some(ratio) = ratios(pose) else { return };
        let Some((first, last)) = self.seen else {
            (self.visibility, self.ratio, self.seen) = (visibility, ratio, Some((t, t)));
            return;
        };
        self.seen = Some((first, t));
        let far = self.far().filter(|_| t - first >= LEARNING_S);
        if far.is_some() && self.breaks(&ratio) {
            self.marked_until = t + HOLD_S;
        }
        let marked = far.filter(|_| t < self.marked_until);
        let time = if marked.is_some() {
            MARKED_TIME_S
        } else {
            USUAL_TIME_S
        };
        let alpha = (1.0 - (-(t - last).max(0.0) / time).exp()) as f32;
        for (usual, now) in self.ratio.iter_mut().zip(ratio) {
            *usual += alpha * (now - *usual);
        }
        for (usual, now) in self.visibility.iter_mut().zip(visibility) {
            *usual += alpha * (now - *usual);
        }
        for id in marked.into_iter().flat_map(|side| &LEGS[side][1..]) {
            let point = &mut pose.landmarks[*id as usize];
            point.visibility = point.visibility.min(HIDDEN);
        }
    }

    /// The leg that is usually hidden by the other one.
    fn far(&self) -> Option<usize> {
        let far = usize::from(self.visibility[1] < self.visibility[0]);
        let near = self.visibility[1 - far];
        (near >= NEAR && near - self.visibility[far] >= FARTHER_BY).then_some(far)
    }

    fn breaks(&self, ratio: &[f32; SEGMENTS.len()]) -> bool {
        let changes = ratio
            .iter()
            .zip(&self.ratio)
            .map(|(now, usual)| (now - usual).abs());
        changes
            .zip(TOLERANCE)
            .any(|(change, tolerance)| change > tolerance)
    }
}

/// Logarithm of left over right length of each segment; `None` when one has no length.
fn ratios(pose: &Pose) -> Option<[f32; SEGMENTS.len()]> {
    let length = |side: usize, (a, b): (usize, usize)| {
        let (a, b) = (&pose[LEGS[side][a]], &pose[LEGS[side][b]]);
        (a.x - b.x).hypot(a.y - b.y)
    };
    let ratio = SEGMENTS.map(|segment| (length(0, segment) / length(1, segment)).ln());
    ratio.iter().all(|r| r.is_finite()).then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_S: f64 = 1.0 / 60.0;

    /// A person seen from the side: legs a little apart, the right one nearer. `size` is a leg's length in pixels, `bend`
    /// how far the knees are forward.
    fn aside(size: f32, bend: f32, visibility: [f32; 2]) -> Pose {
        let mut pose = Pose::default();
        let places = [[0.0, 0.0], [bend, 0.5], [0.0, 1.0], [-0.05, 1.05], [0.15, 1.08]];
        for (side, leg) in LEGS.iter().enumerate() {
            for (id, [x, y]) in leg.iter().zip(places) {
                let point = &mut pose.landmarks[*id as usize];
                (point.x, point.y) = (300.0 + 3.0 * side as f32 + size * x, 200.0 + size * y);
                point.visibility = visibility[side];
            }
        }
        pose
    }

    const FROM_THE_SIDE: [f32; 2] = [0.6, 0.97];

    /// The left shank and foot on somebody smaller.
    fn stray(mut pose: Pose) -> Pose {
        let [hip, .., toe] = LEGS[0].map(|id| pose[id]);
        for &id in &LEGS[0][2..] {
            let point = &mut pose.landmarks[id as usize];
            point.y -= 0.25 * (toe.y - hip.y);
            point.visibility = 0.9;
        }
        pose
    }

    fn usual(legs: &mut Legs, frames: usize, visibility: [f32; 2]) -> f64 {
        for i in 0..frames {
            let bend = (i as f32 * 0.1).sin().abs() * 0.3;
            let mut pose = aside(100.0 + i as f32 * 0.2, bend, visibility);
            let before = pose.clone();
            legs.mark(&mut pose, i as f64 * FRAME_S);
            assert_eq!(pose, before, "frame {i}");
        }
        frames as f64 * FRAME_S
    }

    fn hidden(pose: &Pose) -> [bool; 2] {
        LEGS.map(|leg| leg[1..].iter().all(|&id| pose[id].visibility <= HIDDEN))
    }

    #[test]
    fn a_far_leg_of_another_length_counts_as_hidden_and_stays_in_place() {
        let mut legs = Legs::default();
        let t = usual(&mut legs, 60, FROM_THE_SIDE);
        let mut pose = stray(aside(112.0, 0.1, FROM_THE_SIDE));
        let before = pose.clone();
        legs.mark(&mut pose, t);
        assert_eq!(hidden(&pose), [true, false]);
        assert!(
            pose.landmarks
                .iter()
                .zip(&before.landmarks)
                .all(|(a, b)| (a.x, a.y) == (b.x, b.y))
        );
    }

    #[test]
    fn the_mark_goes_when_the_leg_is_back() {
        let mut legs = Legs::default();
        let t = usual(&mut legs, 60, FROM_THE_SIDE);
        legs.mark(&mut stray(aside(112.0, 0.1, FROM_THE_SIDE)), t);
        let mut pose = aside(112.0, 0.1, FROM_THE_SIDE);
        legs.mark(&mut pose, t + 2.0 * HOLD_S);
        assert_eq!(hidden(&pose), [false, false]);
    }

    #[test]
    fn legs_seen_equally_well_are_never_marked() {
        let mut legs = Legs::default();
        let t = usual(&mut legs, 60, [0.97, 0.97]);
        let mut pose = stray(aside(112.0, 0.1, [0.97, 0.97]));
        legs.mark(&mut pose, t);
        assert_eq!(hidden(&pose), [false, false]);
    }

    #[test]
    fn a_lasting_change_becomes_the_usual() {
        let mut legs = Legs::default();
        let mut t = usual(&mut legs, 60, FROM_THE_SIDE);
        let mut last = Pose::default();
        for _ in 0..(8.0 / FRAME_S) as usize {
            last = stray(aside(112.0, 0.1, FROM_THE_SIDE));
            for &id in &LEGS[0][2..] {
                last.landmarks[id as usize].visibility = FROM_THE_SIDE[0];
            }
            legs.mark(&mut last, t);
            t += FRAME_S;
        }
        assert_eq!(hidden(&last), [false, false]);
    }

    #[test]
    fn points_in_one_place_mark_nothing() {
        let mut legs = Legs::default();
        let t = usual(&mut legs, 60, FROM_THE_SIDE);
        let mut pose = Pose::default();
        legs.mark(&mut pose, t);
        assert_eq!(pose, Pose::default());
    }
}
