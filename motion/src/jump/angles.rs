//! Joint angles at the events of a jump.

use crate::body::{Facing, JointAngles, joint_angles};
use crate::history::History;
use crate::numeric::local_fit;

/// Angles are smoothed over this half width, seconds; at low frame rates over two frames.
const HALF_WIDTH_S: f64 = 0.05;

/// Frames either side at low frame rates.
const HALF_WIDTH_FRAMES: f64 = 2.2;

/// The angles at an instant, smoothed without lag; `None` without enough frames around it.
pub fn at(history: &History, t: f64, frame_interval: f64) -> Option<JointAngles> {
    let half = HALF_WIDTH_S.max(HALF_WIDTH_FRAMES * frame_interval);
    let frames = history.window(t - half, t + half);
    let right = frames
        .clone()
        .filter(|f| Facing::of(f) == Some(Facing::Right))
        .count();
    let facing = if 2 * right >= frames.clone().count() {
        Facing::Right
    } else {
        Facing::Left
    };
    let smooth = |of: fn(&JointAngles) -> f64| {
        let samples = frames
            .clone()
            .filter_map(|f| joint_angles(f, facing).map(|a| (f.t, of(&a), 1.0)));
        local_fit(samples, t, half).map(|fit| fit.value)
    };
    Some(JointAngles {
        hip: smooth(|a| a.hip)?,
        knee: smooth(|a| a.knee)?,
        ankle: smooth(|a| a.ankle)?,
        trunk: smooth(|a| a.trunk)?,
    })
}
