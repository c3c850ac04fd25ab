//! OpenSim's text files: markers (`.trc`) and coordinates (`.mot`) of one person.
//!
//! Both have one constant rate, so landmarks are read on straight lines between frames and angles from the local fit.
//! X points forward for the person, Y up from the ground, Z is 0: a camera from the side measures no width.

use super::Mover;
use anyhow::{Context, Result};
use kinemotion_motion::body::{Facing, Side};
use kinemotion_motion::series::{Angle, Series};
use kinemotion_motion::{Athlete, LandmarkId};
use std::fmt::Write;

/// Marker names of HALPE-26 and Pose2Sim, with the landmarks in whose middle they lie.
const MARKERS: [(&str, &[LandmarkId]); 21] = {
    use LandmarkId as L;
    [
        ("Hip", &[L::LeftHip, L::RightHip]),
        ("RHip", &[L::RightHip]),
        ("RKnee", &[L::RightKnee]),
        ("RAnkle", &[L::RightAnkle]),
        ("RBigToe", &[L::RightFootIndex]),
        ("RHeel", &[L::RightHeel]),
        ("LHip", &[L::LeftHip]),
        ("LKnee", &[L::LeftKnee]),
        ("LAnkle", &[L::LeftAnkle]),
        ("LBigToe", &[L::LeftFootIndex]),
        ("LHeel", &[L::LeftHeel]),
        ("Neck", &[L::LeftShoulder, L::RightShoulder]),
        ("Nose", &[L::Nose]),
        ("RShoulder", &[L::RightShoulder]),
        ("RElbow", &[L::RightElbow]),
        ("RWrist", &[L::RightWrist]),
        ("LShoulder", &[L::LeftShoulder]),
        ("LElbow", &[L::LeftElbow]),
        ("LWrist", &[L::LeftWrist]),
        ("REar", &[L::RightEar]),
        ("LEar", &[L::LeftEar]),
    ]
};

/// Joint coordinates with the names of OpenSim's models.
const COORDINATES: [(&str, Angle, Side); 6] = [
    ("hip_flexion_r", Angle::Hip, Side::Right),
    ("knee_angle_r", Angle::Knee, Side::Right),
    ("ankle_angle_r", Angle::Ankle, Side::Right),
    ("hip_flexion_l", Angle::Hip, Side::Left),
    ("knee_angle_l", Angle::Knee, Side::Left),
    ("ankle_angle_l", Angle::Ankle, Side::Left),
];

/// Longest gap of a coordinate that is bridged, seconds: a step of a foot behind the other leg.
const BRIDGED_S: f64 = 0.25;

/// What turns places in the picture into metres.
struct Metres {
    px_per_m: f64,
    forward: f64,
    origin: (f64, f64),
}

impl Metres {
    /// X from the first place of the hips, Y from the ground.
    fn of(mover: &Mover, px_per_m: f64, facing: Facing) -> Option<Self> {
        let first = mover.series.frames().first()?.t;
        let (x, _) = middle(&mover.series, MARKERS[0].1, first)?;
        Some(Self {
            px_per_m,
            forward: facing.sign(),
            origin: (x, mover.series.ground()?),
        })
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (x0, y0) = self.origin;
        (self.forward * (x - x0) / self.px_per_m, (y - y0) / self.px_per_m)
    }
}

/// Middle of some landmarks at an instant, pixels.
fn middle(series: &Series, landmarks: &[LandmarkId], at: f64) -> Option<(f64, f64)> {
    let mut sum = (0.0, 0.0);
    for landmark in landmarks {
        let (x, y) = series.place(*landmark, at)?;
        sum = (sum.0 + x, sum.1 + y);
    }
    let n = landmarks.len() as f64;
    Some((sum.0 / n, sum.1 / n))
}

fn whole_facing(mover: &Mover) -> Result<Facing> {
    mover
        .series
        .facing(f64::NEG_INFINITY, f64::INFINITY)
        .context("there are no measured frames of this person")
}

/// The markers as a `.trc` file of this name, in metres. Fails without a scale.
pub fn trc(mover: &Mover, athlete: &Athlete, name: &str) -> Result<String> {
    let px_per_m = mover.px_per_m(athlete).context(
        "markers need metres and this clip gives no scale: give the stature with --athlete-height",
    )?;
    let metres = Metres::of(mover, px_per_m, whole_facing(mover)?)
        .context("the feet are never seen, so there is no ground")?;
    let (rate, times) = mover.constant_rate().context("one frame makes no rate")?;
    let mut text = format!("PathFileType\t4\t(X/Y/Z)\t{name}\n");
    text.push_str("DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n");
    let frames = times.len();
    let _ = writeln!(
        text,
        "{rate}\t{rate}\t{frames}\t{}\tm\t{rate}\t1\t{frames}",
        MARKERS.len()
    );
    text.push_str("Frame#\tTime");
    MARKERS.iter().for_each(|(marker, _)| {
        let _ = write!(text, "\t{marker}\t\t");
    });
    text.push_str("\n\t");
    (1..=MARKERS.len()).for_each(|n| {
        let _ = write!(text, "\tX{n}\tY{n}\tZ{n}");
    });
    text.push_str("\n\n");
    for (n, at) in times.iter().enumerate() {
        let _ = write!(text, "{}\t{at:.6}", n + 1);
        for (_, landmarks) in MARKERS {
            match middle(&mover.series, landmarks, *at) {
                Some(place) => {
                    let (x, y) = metres.place(place);
                    let _ = write!(text, "\t{x:.6}\t{y:.6}\t0.000000");
                }
                // a word, because OpenSim refuses rows that end in empty cells
                None => text.push_str("\tnan\tnan\tnan"),
            }
        }
        text.push('\n');
    }
    Ok(text)
}

/// The coordinates as a `.mot` file in degrees. Pelvis and trunk are one body, so `pelvis_tilt` is the lean of the trunk,
/// negative forwards as in OpenSim. `pelvis_tx` and `pelvis_ty` are there when there is a scale.
///
/// Every cell has a number, because OpenSim's reader of motions stops at the first that is none: gaps of up to
/// [`BRIDGED_S`] are bridged by straight lines, a coordinate with a longer one is left out.
pub fn mot(mover: &Mover, athlete: &Athlete) -> Result<String> {
    let facing = whole_facing(mover)?;
    let (rate, times) = mover.constant_rate().context("one frame makes no rate")?;
    let series = &mover.series;
    let angle = |angle, side, at| series.angle(angle, side, facing, at).map(|fit| fit.value);
    let near = series.near_side(f64::NEG_INFINITY, f64::INFINITY);
    let curve = |of: &dyn Fn(f64) -> Option<f64>| times.iter().map(|t| of(*t)).collect::<Vec<_>>();
    let mut columns = vec![(
        "pelvis_tilt",
        curve(&|t| angle(Angle::Trunk, near, t).map(|lean| -lean)),
    )];
    let metres = mover
        .px_per_m(athlete)
        .and_then(|scale| Metres::of(mover, scale, facing));
    if let Some(metres) = metres {
        let hips = |t| middle(series, MARKERS[0].1, t).map(|place| metres.place(place));
        columns.push(("pelvis_tx", curve(&|t| hips(t).map(|(x, _)| x))));
        columns.push(("pelvis_ty", curve(&|t| hips(t).map(|(_, y)| y))));
    }
    for (name, joint, side) in COORDINATES {
        columns.push((name, curve(&|t| angle(joint, side, t))));
    }
    let longest = (BRIDGED_S * rate).floor() as usize;
    let columns: Vec<(&str, Vec<f64>)> = columns
        .into_iter()
        .filter_map(|(name, values)| Some((name, bridged(&values, longest)?)))
        .collect();
    anyhow::ensure!(
        !columns.is_empty(),
        "no joint was seen throughout: a motion for OpenSim cannot have gaps"
    );
    Ok(mot_text(&times, &columns))
}

fn mot_text(times: &[f64], columns: &[(&str, Vec<f64>)]) -> String {
    let mut text = format!(
        "Coordinates\nversion=1\nnRows={}\nnColumns={}\ninDegrees=yes\nendheader\ntime",
        times.len(),
        columns.len() + 1
    );
    columns.iter().for_each(|(name, _)| {
        let _ = write!(text, "\t{name}");
    });
    for (row, at) in times.iter().enumerate() {
        let _ = write!(text, "\n{at:.6}");
        for (_, values) in columns {
            let _ = write!(text, "\t{:.6}", values[row]);
        }
    }
    text.push('\n');
    text
}

/// The values with a straight line through every gap, and the nearest value before the first and after the last. `None`
/// when a gap is longer than so many values.
fn bridged(values: &[Option<f64>], longest: usize) -> Option<Vec<f64>> {
    let mut filled = Vec::with_capacity(values.len());
    let mut before: Option<f64> = None;
    while filled.len() < values.len() {
        let rest = &values[filled.len()..];
        let gap = rest.iter().take_while(|value| value.is_none()).count();
        let after = rest.get(gap).copied().flatten();
        if gap > longest {
            return None;
        }
        let (from, to) = (before.or(after)?, after.or(before)?);
        let at = |n: usize| from + (to - from) * (n + 1) as f64 / (gap + 1) as f64;
        filled.extend((0..gap).map(at));
        filled.extend(after);
        before = after;
    }
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_gaps_are_bridged_and_long_ones_leave_the_coordinate_out() {
        let values = [None, Some(1.0), None, None, Some(4.0), None];
        assert_eq!(bridged(&values, 2), Some(vec![1.0, 1.0, 2.0, 3.0, 4.0, 4.0]));
        assert_eq!(bridged(&values, 1), None);
        assert_eq!(bridged(&[None, None], 2), None);
        assert_eq!(bridged(&[Some(1.0), Some(2.0)], 0), Some(vec![1.0, 2.0]));
    }
}
