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
                None => text.push_str("\t\t\t"),
            }
        }
        text.push('\n');
    }
    Ok(text)
}

/// The coordinates as a `.mot` file in degrees. Pelvis and trunk are one body, so `pelvis_tilt` is the lean of the trunk,
/// negative forwards as in OpenSim. `pelvis_tx` and `pelvis_ty` are there when there is a scale; a side that was never
/// seen has no columns, a moment without a value is `nan`.
pub fn mot(mover: &Mover, athlete: &Athlete) -> Result<String> {
    let facing = whole_facing(mover)?;
    let (_, times) = mover.constant_rate().context("one frame makes no rate")?;
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
    columns.retain(|(_, values)| values.iter().any(Option::is_some));
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
        for (_, values) in &columns {
            let _ = match values[row] {
                Some(value) => write!(text, "\t{value:.6}"),
                None => write!(text, "\tnan"),
            };
        }
    }
    text.push('\n');
    Ok(text)
}
