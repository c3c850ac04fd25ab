//! One followed person.

use super::legs::Legs;
use super::smoothing::Smoothing;
use crate::Region;
use crate::landmarks::Measured;
use crate::one_euro::{OneEuro, OneEuroSettings};
use crate::shirt::Shirt;
use kinemotion_motion::{LANDMARK_COUNT, Landmark, LandmarkId, Pose, PoseSource};

/// Smoothing of the points that make the next region, always on. MediaPipe's `pose_landmark_filtering`, auxiliary points.
const AUXILIARY: OneEuroSettings = OneEuroSettings {
    min_cutoff: 0.01,
    beta: 10.0,
    speed_cutoff: 1.0,
};

/// A pose is extrapolated at most so far, seconds. Beyond, limbs of a moving athlete have turned round.
pub(crate) const MAX_PREDICTION_S: f64 = 0.3;
/// Time constant of the landmark velocities used for prediction, seconds: two frames at 60 per second, enough to halve the
/// landmark noise and short against any phase of a jump.
const VELOCITY_TIME_S: f64 = 0.03;
/// Time constant of the measure of movement that selects a person, seconds.
const MOVEMENT_TIME_S: f64 = 2.0;
/// Time constant of the pace, seconds: of a step.
const PACE_TIME_S: f64 = 0.5;
/// Time constant of the usual colour of the shirt, seconds: of a swing of the arms across it.
const SHIRT_TIME_S: f64 = 0.25;
/// Landmarks less visible than this say nothing about movement or bounds.
const VISIBLE: f32 = 0.5;

/// Joints compared when two tracks may follow the same person.
const BODY: [LandmarkId; 12] = [
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
];

/// Where a person was last seen and how the hips moved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub region: Region,
    /// Pixels per second.
    velocity: [f32; 2],
    /// When the person was last seen, seconds.
    pub t: f64,
}

impl Course {
    /// The region expected at `t`.
    pub fn at(&self, t: f64) -> Region {
        let ahead = (t - self.t).clamp(0.0, MAX_PREDICTION_S) as f32;
        Region {
            center_x: self.region.center_x + ahead * self.velocity[0],
            center_y: self.region.center_y + ahead * self.velocity[1],
            ..self.region
        }
    }
}

/// One followed person: where to look next and what was seen last.
pub(crate) struct Track {
    pub id: u32,
    /// Where the landmark model looks next.
    pub region: Region,
    /// The last measurement, unsmoothed; a leg that is not this person's counts as hidden.
    pub pose: Pose,
    /// The last measurement for display, if smoothing is on.
    pub smoothed: Option<Pose>,
    /// Media time of the last measurement, seconds.
    pub t: f64,
    /// How much the person moves, in regions per second.
    pub movement: f32,
    /// Mean speed to the right, pixels per second.
    pub pace: f32,
    /// As it usually looks while nobody is near.
    pub shirt: Option<Shirt>,
    /// As it looked in the last measurement.
    pub shirt_now: Option<Shirt>,
    velocity: [[f32; 2]; LANDMARK_COUNT],
    has_velocity: bool,
    auxiliary: OneEuro<4>,
    smoothing: Option<Smoothing>,
    legs: Legs,
}

impl Track {
    /// Starts from a first measurement.
    pub fn new(id: u32, measured: &Measured, t: f64, smooth: bool) -> Self {
        let mut track = Self {
            id,
            region: Region::from_points(measured.auxiliary[0], measured.auxiliary[1]),
            pose: measured.pose.clone(),
            smoothed: None,
            t,
            movement: 0.0,
            pace: 0.0,
            shirt: measured.shirt,
            shirt_now: measured.shirt,
            velocity: [[0.0; 2]; LANDMARK_COUNT],
            has_velocity: false,
            auxiliary: OneEuro::new(AUXILIARY),
            smoothing: None,
            legs: Legs::default(),
        };
        track.legs.mark(&mut track.pose, t);
        track.filter(measured, t, smooth);
        track
    }

    /// Takes a new measurement. While somebody is near, the shirt may be theirs and is not learned from.
    pub fn update(&mut self, measured: &Measured, t: f64, smooth: bool, apart: bool) {
        if apart {
            self.learn_shirt(measured.shirt, t);
        }
        self.shirt_now = measured.shirt;
        self.learn_motion(&measured.pose, t);
        self.pose = measured.pose.clone();
        self.legs.mark(&mut self.pose, t);
        self.filter(measured, t, smooth);
        self.t = t;
    }

    fn filter(&mut self, measured: &Measured, t: f64, smooth: bool) {
        let [center, circle] = measured.auxiliary;
        // One over the person's size in pixels, of this frame, unsmoothed and without the region's margin.
        let scale = 1.0 / (2.0 * (circle[0] - center[0]).hypot(circle[1] - center[1]));
        let mut points = [center[0], center[1], circle[0], circle[1]];
        self.auxiliary.filter(t, &mut points, scale);
        self.region = Region::from_points([points[0], points[1]], [points[2], points[3]]);
        if smooth {
            let mut pose = self.pose.clone();
            self.smoothing
                .get_or_insert_with(Smoothing::new)
                .apply(t, &mut pose, scale);
            self.smoothed = Some(pose);
        } else {
            (self.smoothing, self.smoothed) = (None, None);
        }
    }

    fn learn_shirt(&mut self, seen: Option<Shirt>, t: f64) {
        let Some(now) = seen else { return };
        let alpha = (1.0 - (-(t - self.t).max(0.0) / SHIRT_TIME_S).exp()) as f32;
        self.shirt.get_or_insert(now).learn(&now, alpha);
    }

    fn learn_motion(&mut self, pose: &Pose, t: f64) {
        let elapsed = t - self.t;
        if elapsed <= 0.0 {
            return;
        }
        let weight = |time: f64| (1.0 - (-elapsed / time).exp()) as f32;
        let alpha = if self.has_velocity {
            weight(VELOCITY_TIME_S)
        } else {
            1.0
        };
        let (mut speed, mut seen) = (0.0, 0.0);
        for ((v, new), old) in self
            .velocity
            .iter_mut()
            .zip(&pose.landmarks)
            .zip(&self.pose.landmarks)
        {
            let now = [(new.x - old.x) / elapsed as f32, (new.y - old.y) / elapsed as f32];
            v[0] += alpha * (now[0] - v[0]);
            v[1] += alpha * (now[1] - v[1]);
            if new.visibility >= VISIBLE {
                speed += now[0].hypot(now[1]);
                seen += 1.0;
            }
        }
        self.has_velocity = true;
        let hips = [LandmarkId::LeftHip, LandmarkId::RightHip];
        let step: f32 = hips.map(|id| pose[id].x - self.pose[id].x).iter().sum::<f32>() / 2.0;
        self.pace += weight(PACE_TIME_S) * (step / elapsed as f32 - self.pace);
        let movement = speed / f32::max(seen, 1.0) / self.region.side;
        self.movement += weight(MOVEMENT_TIME_S) * (movement - self.movement);
    }

    /// The pose at `t`, each point moving on at its speed. `None` before the last measurement or too long after it.
    pub fn predict(&self, t: f64) -> Option<Pose> {
        let ahead = t - self.t;
        if !(0.0..=MAX_PREDICTION_S).contains(&ahead) {
            return None;
        }
        let mut pose = Pose {
            source: PoseSource::Predicted,
            ..self.shown().clone()
        };
        for (p, v) in pose.landmarks.iter_mut().zip(&self.velocity) {
            p.x += v[0] * ahead as f32;
            p.y += v[1] * ahead as f32;
        }
        Some(pose)
    }

    /// Where the person is going.
    pub fn course(&self) -> Course {
        let hips = [LandmarkId::LeftHip as usize, LandmarkId::RightHip as usize].map(|i| self.velocity[i]);
        let velocity = [0, 1].map(|k| (hips[0][k] + hips[1][k]) / 2.0);
        Course {
            region: self.region,
            velocity,
            t: self.t,
        }
    }

    /// The last pose as the user wants it.
    pub fn shown(&self) -> &Pose {
        self.smoothed.as_ref().unwrap_or(&self.pose)
    }

    /// Mean distance of the joints in multiples of the larger region.
    pub fn pose_distance(&self, other: &Pose, other_region: &Region) -> f32 {
        let distance = |id: LandmarkId| {
            let (a, b) = (&self.pose[id], &other[id]);
            (a.x - b.x).hypot(a.y - b.y)
        };
        let mean = BODY.into_iter().map(distance).sum::<f32>() / BODY.len() as f32;
        mean / self.region.side.max(other_region.side)
    }
}

/// Left, top, right, bottom of the visible landmarks; of all when none is visible.
pub(crate) fn bounds(pose: &Pose) -> [f32; 4] {
    const NOTHING: [f32; 4] = [f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY];
    let grow = |b: [f32; 4], p: &Landmark| [b[0].min(p.x), b[1].min(p.y), b[2].max(p.x), b[3].max(p.y)];
    let visible = pose
        .landmarks
        .iter()
        .filter(|p| p.visibility >= VISIBLE)
        .fold(NOTHING, grow);
    if visible[0] <= visible[2] {
        visible
    } else {
        pose.landmarks.iter().fold(NOTHING, grow)
    }
}
