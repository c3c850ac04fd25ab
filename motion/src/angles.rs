//! Joint angles at the events of a repetition.

use crate::body::{Facing, JointAngles, joint_angles};
use crate::history::History;
use crate::measure::Measurements;
use crate::numeric::local_fit;
use crate::view::{Estimate, OBLIQUE_BEYOND_USE_DEG};

/// Standard deviation of a joint angle in the picture plane, degrees (single-camera trackers: 4–7°).
pub const ANGLE_DEVIATION_DEG: f64 = 5.0;

/// The ankle's is larger: the pose model under-follows plantar flexion.
pub const ANKLE_DEVIATION_DEG: f64 = 9.0;

/// Angles are smoothed over this half width, seconds; at low frame rates over two frames.
const HALF_WIDTH_S: f64 = 0.05;

/// Frames either side at low frame rates.
const HALF_WIDTH_FRAMES: f64 = 2.2;

/// The angles at an instant, smoothed without lag, and which way the body faces; `None` without enough frames around it.
pub fn at(history: &History, t: f64, frame_interval: f64) -> Option<(JointAngles, Facing)> {
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
    let angles = JointAngles {
        hip: smooth(|a| a.hip)?,
        knee: smooth(|a| a.knee)?,
        ankle: smooth(|a| a.ankle)?,
        trunk: smooth(|a| a.trunk)?,
    };
    Some((angles, facing))
}

/// Records the angles at `event`, which happened at `t`, as far as they are among `keys`. The lean of the trunk is freed of
/// the camera's roll.
pub fn record(
    (event, t): (&str, f64),
    (history, view): (&History, &Estimate),
    frame_interval: f64,
    keys: &[&'static str],
    m: &mut Measurements,
) {
    const METHOD: &str = "picture_plane";
    let found = at(history, t, frame_interval);
    let of_event = |key: &&&'static str| key.ends_with("_deg") && key.contains(event);
    for &key in keys.iter().filter(of_event) {
        if view.yaw.is_some_and(|yaw| yaw.deg.abs() > OBLIQUE_BEYOND_USE_DEG) {
            m.withhold(
                key,
                METHOD,
                "the view is too oblique: place the camera at a right angle",
            );
            continue;
        }
        match found {
            Some((a, _)) if key.starts_with("hip") => m.record(key, METHOD, a.hip, ANGLE_DEVIATION_DEG),
            Some((a, _)) if key.starts_with("knee") => m.record(key, METHOD, a.knee, ANGLE_DEVIATION_DEG),
            Some((a, _)) if key.starts_with("ankle") => m.record(key, METHOD, a.ankle, ANKLE_DEVIATION_DEG),
            Some((a, facing)) => {
                let lean = view.lean_deg(a.trunk, facing);
                let deviation = ANGLE_DEVIATION_DEG.hypot(view.lean_deviation_deg(lean));
                m.record(key, METHOD, lean, deviation);
            }
            None => m.withhold(key, METHOD, "the joints were not seen well enough"),
        }
    }
}
