//! From which side the athlete is seen and how straight the camera stands.
//!
//! **Yaw** is how far the athlete is turned out of the picture plane, positive away from the camera. It shows in the
//! distance between the shoulders: none from the side, growing with the angle. **Roll** is how far the picture is turned
//! clockwise. In flight the centre of mass is accelerated straight down, so what it is accelerated sideways in the
//! picture is the camera's roll; a standing body is a plumb line that is less straight, and the way of somebody who walks is
//! a level. **Pitch** is how far the camera looks down. It shortens heights, the athlete's stature and the fall of a flight
//! alike and so cancels in every height; beside them, lengths along the ground look longer by its cosine, 1.5 % at 10°. It
//! cannot be told from the picture and counts as said, or as none.

use super::{SIZE_PER_STATURE, Setup};
use crate::body::{Facing, Frame, Joint, Side, centre_of_mass};
use crate::history::History;
use crate::numeric::{PolynomialFit, median};

/// Yaw in degrees: a constant, and this much per stature by which the left shoulder is right of the right one. Fitted to
/// 77 rendered clips of jumps, walks and runs at yaw 0, ±15 and ±30°.
const YAW_BASE_DEG: f64 = -2.4;
const YAW_PER_SHOULDERS_DEG: f64 = -232.0;

/// Standard deviation of that yaw, degrees: 4.3 over the same clips, each left out in turn (0 ± 2.4 from the side, 15 ± 4.4,
/// 30 ± 2.5), and 4.4 over 159 other jumps, 96 % of them within two deviations. In all of them the shoulders are the same part
/// of stature; real breadths vary by 6 %.
const YAW_DEVIATION_DEG: f64 = 5.0;

/// A standing body leans forwards by this much, from ankles to shoulders, degrees: the mean before 93 jumps of rendered
/// athletes, 2.0 ± 0.5, all of one posture.
const STANDING_LEAN_DEG: f64 = 2.0;

/// How much people differ in that, degrees. Upright stance holds the centre of mass 4 ± 2 cm before the ankles
/// (Winter 1995, doi:10.1016/0966-6362(96)82849-9), a lean of about 2°.
const STANDING_DEVIATION_DEG: f64 = 2.0;

/// What remains of the error of the roll by gravity when the landmarks are free of noise, degrees. Over 159 rendered flights
/// at roll −5 to 5° and yaw −30 to 30° the medians are −5.3, −1.2, 0.0, 1.5 and 4.9 for −5, −2, 0, 1.5 and 5; half of them are
/// off by less than 0.9, with a standard deviation of 1.8. With the assumption of a level camera it is 1.6.
const GRAVITY_DEVIATION_DEG: f64 = 1.8;

/// How far from level people put a camera who were asked to put it level, degrees: what is assumed before anything is
/// measured.
const LEVEL_DEVIATION_DEG: f64 = 3.0;

/// Somebody who gets this far tells the roll by the way along the ground, statures.
const LEAST_WAY: f64 = 1.0;

/// How far a way that is taken for level is from level in the picture, degrees: grounds slope by a degree or two, and one that
/// leads away from the camera rises in it. Behind seven rendered walkers and runners who were followed, at roll −5 to 5°,
/// the background slid by within 0.3° of the roll.
const WAY_DEVIATION_DEG: f64 = 1.5;

/// How well somebody can say how a camera stands, degrees.
const GIVEN_DEVIATION_DEG: f64 = 1.0;

/// A camera that looks down more than this films no side view, degrees.
const MOST_PITCH_DEG: f64 = 45.0;

/// Part of a flight, centred on its middle, in which the centre of mass is followed.
const FLIGHT_CORE: f64 = 0.84;

/// Frames from which an angle can be had.
const MIN_FRAMES: usize = 5;

/// Frames of a stretch that are looked at; longer stretches are thinned.
const MOST_FRAMES: usize = 256;

/// An angle and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Angle {
    /// Degrees.
    pub deg: f64,
    /// Standard deviation, degrees.
    pub deviation_deg: f64,
}

impl Angle {
    /// An angle of both, each weighted by its certainty.
    fn and(self, other: Self) -> Self {
        let (a, b) = (self.deviation_deg.powi(-2), other.deviation_deg.powi(-2));
        Self {
            deg: (a * self.deg + b * other.deg) / (a + b),
            deviation_deg: (a + b).sqrt().recip(),
        }
    }

    /// What somebody said.
    fn given(deg: f64) -> Self {
        Self {
            deg,
            deviation_deg: GIVEN_DEVIATION_DEG,
        }
    }
}

/// The yaw of the athlete over a stretch of time; `None` when the shoulders were not seen.
pub fn yaw(history: &History, (from, to): (f64, f64)) -> Option<Angle> {
    let apart = |frame: &Frame| {
        let [left, right] = Side::BOTH.map(|side| frame.joint(side, Joint::Shoulder));
        let seen = Side::BOTH.iter().all(|&side| {
            frame.joint(side, Joint::Shoulder).usable() && !frame.is_outside(side, Joint::Shoulder)
        });
        seen.then(|| f64::from(left.x - right.x) * SIZE_PER_STATURE / frame.size)
    };
    let shoulders = median_of(history, (from, to), apart)?;
    Some(Angle {
        deg: YAW_BASE_DEG + YAW_PER_SHOULDERS_DEG * shoulders,
        deviation_deg: YAW_DEVIATION_DEG,
    })
}

/// The roll of the camera by the direction in which the centre of mass falls during a flight.
pub fn roll_by_gravity(history: &History, (takeoff_s, landing_s): (f64, f64)) -> Option<Angle> {
    let middle = f64::midpoint(takeoff_s, landing_s);
    let half = 0.5 * FLIGHT_CORE * (landing_s - takeoff_s);
    let samples = || {
        history
            .window(middle - half, middle + half)
            .filter_map(|frame| Some(((frame.t - middle) / half, centre_of_mass(frame)?)))
    };
    let (_, origin) = samples().next()?;
    let (mut across, mut up) = (PolynomialFit::new(2), PolynomialFit::new(2));
    for (t, (x, y)) in samples() {
        across.add(t, x - origin.0, 1.0);
        up.add(t, y - origin.1, 1.0);
    }
    let n = samples().count();
    let ([x0, x1, x2, _], [_, _, fall, _]) = (across.solve()?, up.solve()?);
    if n < MIN_FRAMES || fall >= 0.0 {
        return None;
    }
    let squares: f64 = samples()
        .map(|(t, (x, _))| (x - origin.0 - x0 - t * (x1 + t * x2)).powi(2))
        .sum();
    let variance = squares / (n as f64 - 3.0).max(1.0);
    // of a quadratic coefficient over evenly spaced times in -1..1
    let noise = (11.25 * variance / n as f64).sqrt() / fall.abs();
    Some(Angle {
        deg: (x2 / fall).atan().to_degrees(),
        deviation_deg: GRAVITY_DEVIATION_DEG.hypot(noise.atan().to_degrees()),
    })
}

/// The roll of the camera by a body that stands.
pub fn roll_by_standing(history: &History, stretch: (f64, f64)) -> Option<Angle> {
    let lean = |frame: &Frame| {
        let facing = Facing::of(frame)?;
        let (foot, shoulder) = (frame.mean(Joint::Ankle)?, frame.mean(Joint::Shoulder)?);
        let lean = (shoulder.0 - foot.0).atan2(shoulder.1 - foot.1).to_degrees();
        Some(lean - facing.sign() * STANDING_LEAN_DEG)
    };
    Some(Angle {
        deg: median_of(history, stretch, lean)?,
        deviation_deg: STANDING_DEVIATION_DEG,
    })
}

/// The roll of the camera by the way somebody gets along a level ground, past the camera or followed by it.
pub fn roll_by_travel(history: &History, (from, to): (f64, f64)) -> Option<Angle> {
    // relative to the background, to the right and upwards
    let place = |frame: &Frame| {
        let (x, y) = frame.mean(Joint::Hip)?;
        let camera = &frame.camera;
        let [dx, dy] = [0, 1].map(|i| f64::from(camera.place[i] - camera.background[i]));
        Some([x + dx, y - dy])
    };
    let part = (to - from) / 4.0;
    let mean_of = |from: f64, to: f64, axis: usize| {
        median_of(history, (from, to), |frame| place(frame).map(|place| place[axis]))
    };
    let mut way = [0.0; 2];
    for (axis, way) in way.iter_mut().enumerate() {
        *way = mean_of(to - part, to, axis)? - mean_of(from, from + part, axis)?;
    }
    let stature_px = median_of(history, (from, to), |frame| Some(frame.size))? / SIZE_PER_STATURE;
    if way[0].abs() < LEAST_WAY * stature_px {
        return None;
    }
    Some(Angle {
        // turned clockwise, a way to the right leads down
        deg: -(way[1] / way[0]).atan().to_degrees(),
        deviation_deg: WAY_DEVIATION_DEG,
    })
}

fn median_of(history: &History, (from, to): (f64, f64), of: impl Fn(&Frame) -> Option<f64>) -> Option<f64> {
    let mut values = [0.0; MOST_FRAMES];
    let frames = history.window(from, to);
    let step = frames.clone().count().div_ceil(MOST_FRAMES).max(1);
    let mut count = 0;
    for value in frames.step_by(step).filter_map(of).filter(|v| v.is_finite()) {
        values[count] = value;
        count += 1;
    }
    if count < MIN_FRAMES {
        None
    } else {
        median(&mut values[..count])
    }
}

/// How the athlete was seen over a repetition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// How far the athlete is turned out of the picture plane, positive away from the camera; `None` when it cannot be told.
    pub yaw: Option<Angle>,
    /// How far the picture is turned clockwise.
    pub roll: Angle,
    /// How far the camera looks down, degrees, as somebody said; 0 when nobody did.
    pub pitch_deg: f64,
}

/// When what can be seen of the view.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// The whole repetition, seconds.
    pub whole: (f64, f64),
    /// Both feet on the ground, upright and still.
    pub standing: Option<(f64, f64)>,
    /// In the air, from take-off to landing.
    pub flight: Option<(f64, f64)>,
}

impl Estimate {
    /// From everything that the picture shows and somebody said.
    pub fn of(history: &History, moments: &Moments, setup: &Setup) -> Self {
        let level = Angle {
            deg: 0.0,
            deviation_deg: LEVEL_DEVIATION_DEG,
        };
        let measured = || {
            let standing = moments
                .standing
                .and_then(|stretch| roll_by_standing(history, stretch));
            let flight = moments
                .flight
                .and_then(|stretch| roll_by_gravity(history, stretch));
            let travel = roll_by_travel(history, moments.whole);
            let found = standing.into_iter().chain(flight).chain(travel);
            found.fold(level, Angle::and)
        };
        Self {
            yaw: setup
                .camera_yaw_deg
                .map(Angle::given)
                .or_else(|| yaw(history, moments.whole)),
            roll: setup.camera_roll_deg.map_or_else(measured, Angle::given),
            pitch_deg: setup.camera_pitch_deg.unwrap_or(0.0),
        }
    }

    /// A vector of the picture, pixels to the right and upwards, as seen by a level camera at a right angle to the athlete's
    /// plane of movement.
    pub fn sagittal(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let (sin, cos) = self.roll.deg.to_radians().sin_cos();
        [(cos * x - sin * y) / self.foreshortening(), sin * x + cos * y]
    }

    /// What is left of a length along the athlete's direction beside one that stands upright: the yaw shortens the one,
    /// the pitch the other.
    pub fn foreshortening(&self) -> f64 {
        let along = self.yaw.map_or(1.0, |yaw| {
            yaw.deg
                .clamp(-super::OBLIQUE_BEYOND_USE_DEG, super::OBLIQUE_BEYOND_USE_DEG)
                .to_radians()
                .cos()
        });
        let upright = self
            .pitch_deg
            .clamp(-MOST_PITCH_DEG, MOST_PITCH_DEG)
            .to_radians()
            .cos();
        along / upright
    }

    /// Relative standard deviation that the yaw gives a length along the athlete's direction.
    pub fn length_deviation(&self) -> f64 {
        self.yaw.map_or(0.0, |yaw| {
            let deviation = yaw.deviation_deg.to_radians();
            yaw.deg.to_radians().tan().abs() * deviation + 0.5 * deviation * deviation
        })
    }

    /// The forward lean of a segment, degrees, from that in the picture of somebody who faces this way: without the
    /// camera's roll, and turned into the athlete's plane.
    pub fn lean_deg(&self, in_picture_deg: f64, facing: Facing) -> f64 {
        let level = (in_picture_deg - facing.sign() * self.roll.deg).to_radians();
        (level.sin() / self.foreshortening())
            .atan2(level.cos())
            .to_degrees()
    }

    /// Standard deviation that the view gives such a lean, degrees.
    pub fn lean_deviation_deg(&self, lean_deg: f64) -> f64 {
        let turned = 0.5 * (2.0 * lean_deg.to_radians()).sin().abs() * self.length_deviation();
        self.roll.deviation_deg.hypot(turned.to_degrees())
    }
}
