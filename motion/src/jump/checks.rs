//! What must hold before something is called a jump. Each check is wide enough for every real jump and
//! its noise; together they leave nothing of walking, stepping, squatting or a shaking camera.

use super::approach::Countermovement;
use super::live::REBOUND_S;
use super::{Contact, Course, CourseSample, Feet, GravityFit, Noticed, Rejection};
use crate::body::{Joint, Side, centre_of_mass};
use crate::history::History;
use crate::numeric::quantile;
use crate::units::height_from_flight_time;

/// Measured rise of the centre of mass over the rise its flight time implies.
const RISE_RATIO: std::ops::Range<f64> = 0.45..2.2;

/// Distance of the centre of mass from its parabola, in statures, root mean square.
const MAX_RESIDUAL: f64 = 0.02;

/// The highest point lies within the middle part of the flight.
const APEX_MARGIN: f64 = 0.22;

/// A height difference between take-off and landing beyond this, in statures, is a box or a slope.
const MAX_LEVEL_CHANGE: f64 = 0.13;

/// The track is watched from this long before the feet leave, seconds.
pub const TRACK_LEAD_S: f64 = 0.6;

/// A hip that moves faster than this, statures per second, is another hip (no jump is faster than 6 m/s).
const MAX_SPEED: f64 = 6.0;

/// … by at least this much, in statures: at high frame rates noise alone is fast.
const MIN_JUMP: f64 = 0.12;

/// The hip comes nearer to the ankles by at least this, in statures.
const MIN_KNEE_BEND: f64 = 0.025;

/// … in a squat by at least this (a knee bent by 50°), and in standing by at most that, in statures.
const MIN_SQUAT_BEND: f64 = 0.045;
const MAX_STANDING_BEND: f64 = 0.075;

/// A squat is at least this deep, in statures: a quarter squat, and more than bending over moves the centre of mass.
const MIN_SQUAT_DEPTH: f64 = 0.05;

/// Ankles that move up by more than this, in statures, have left the ground: a step or a heel raise.
const MAX_ANKLE_RISE: f64 = 0.05;

/// Somebody whose centre of mass is further than this before the toes or behind the heels, in statures, sits on something.
const MAX_OFF_BALANCE: f64 = 0.06;

/// In a short contact the centre of mass comes nearer to the toes by at least this, in statures (stiff hoppers sink by 7 cm);
/// it is looked at this long on either side, seconds.
const MIN_SPRING: f64 = 0.008;
const SPRING_WINDOW_S: f64 = 0.025;

/// The centre of mass sinks by at least this, in statures.
const MIN_DEPTH: f64 = 0.025;

/// Planted feet move sideways by less than this, in statures: half of the shortest walking step.
const MAX_WANDER: f64 = 0.16;

/// Share of the frames on either side that may show a planted foot elsewhere, and frames that are looked at at most.
const WILD_SHARE: f64 = 0.04;
const MOST_PLACES: usize = 256;

/// A rebound travels sideways by at most this from touch-down to landing, in statures: half of what a running step does.
const MAX_TRAVEL: f64 = 0.2;

/// A foot that counts must rise this much in mid-flight, in statures.
const MIN_FOOT_RISE: f64 = 0.012;

/// A foot counts when its weight is at least this.
const TRUSTED_WEIGHT: f64 = 0.15;

/// The body rises and falls as a thrown body does.
pub fn flight(
    course: &Course,
    fit: &GravityFit,
    (from, to): (f64, f64),
    px_per_m: f64,
) -> Result<(), Rejection> {
    let duration = to - from;
    let ends = [from, to].map(|t| nearest_com(course, t));
    let [Some(first), Some(last)] = ends else {
        return Err(Rejection::TooFewFrames);
    };
    let implied = height_from_flight_time(duration) * px_per_m;
    let rise = fit.apex_px - 0.5 * (first + last);
    let apex = (fit.apex_s - from) / duration;
    let ballistic = RISE_RATIO.contains(&(rise / implied))
        && fit.residual_px < MAX_RESIDUAL * course.stature_px
        && (APEX_MARGIN..1.0 - APEX_MARGIN).contains(&apex);
    if ballistic {
        Ok(())
    } else {
        Err(Rejection::NotBallistic)
    }
}

fn nearest_com(course: &Course, t: f64) -> Option<f64> {
    let near = |s: &&CourseSample| (s.t - t).abs();
    course
        .samples()
        .iter()
        .min_by(|a, b| near(a).total_cmp(&near(b)))
        .map(|s| s.com)
}

/// The same person throughout.
pub fn track(course: &Course, from: f64, to: f64) -> Result<(), Rejection> {
    let jumped = course.between(from, to).windows(2).any(|pair| {
        let moved = (pair[1].hip - pair[0].hip).abs() / course.stature_px;
        moved > MIN_JUMP && moved > MAX_SPEED * (pair[1].t - pair[0].t)
    });
    if jumped {
        Err(Rejection::TrackJumped)
    } else {
        Ok(())
    }
}

/// Not straight from a landing or a fall.
pub fn from_standing(
    approach: &Countermovement,
    flight: &Noticed,
    last_landing_s: f64,
) -> Result<(), Rejection> {
    if flight.left_s - last_landing_s < REBOUND_S && approach.lowest_s > last_landing_s {
        return Err(Rejection::Rebound);
    }
    if flight.fell_s.is_some_and(|fell| approach.onset_s < fell) {
        return Err(Rejection::Drop);
    }
    Ok(())
}

/// The body sinks, and does so by bending its legs: a picture that moves as a whole is no countermovement. Nor is it one
/// when it begins in a squat.
pub fn countermovement(course: &Course, approach: &Countermovement, left_s: f64) -> Result<(), Rejection> {
    let depth = approach.standing_px - approach.lowest_px;
    let around_lowest = (approach.lowest_s - 0.06, approach.lowest_s + 0.06);
    if knee_bend(course, around_lowest, left_s)? < MIN_KNEE_BEND || depth < MIN_DEPTH * course.stature_px {
        return Err(Rejection::NoCountermovement);
    }
    if let Some(standing) = approach.standing_s
        && knee_bend(course, (standing, approach.still_s), left_s)? > MAX_STANDING_BEND
    {
        return Err(Rejection::HeldSquat);
    }
    Ok(())
}

/// The legs give in a contact and stretch again.
pub fn spring(course: &Course, lowest_s: f64, takeoff_s: f64) -> Result<(), Rejection> {
    let above_toes = |t: f64| {
        let samples = course.between(t - SPRING_WINDOW_S, t + SPRING_WINDOW_S);
        let sum: f64 = samples
            .iter()
            .map(|s| s.com - 0.5 * (s.feet[0].toe + s.feet[1].toe))
            .sum();
        (!samples.is_empty()).then(|| sum / samples.len() as f64)
    };
    let (low, long) = above_toes(lowest_s)
        .zip(above_toes(takeoff_s))
        .ok_or(Rejection::TooFewFrames)?;
    if long - low < MIN_SPRING * course.stature_px {
        return Err(Rejection::NotBallistic);
    }
    Ok(())
}

/// The body rests with bent legs.
pub fn squat(course: &Course, rest: (f64, f64), left_s: f64) -> Result<(), Rejection> {
    if knee_bend(course, rest, left_s)? < MIN_SQUAT_BEND {
        return Err(Rejection::NoHold);
    }
    Ok(())
}

/// The body goes down into a squat and up again: deep enough, by bending its legs, on planted feet that carry it. `since_s` is
/// when the descent was noticed.
pub fn squatted(
    course: &mut Course,
    history: &History,
    (since_s, lowest_s, now): (f64, f64, f64),
    depth_px: f64,
) -> Result<(), Rejection> {
    let stature = course.stature_px;
    let high = course.quantile(since_s, now, 0.9, CourseSample::ankle);
    let rise = high.zip(course.quantile(since_s, now, 0.2, CourseSample::ankle));
    let around = (lowest_s - 0.06, lowest_s + 0.06);
    if depth_px < MIN_SQUAT_DEPTH * stature
        || knee_bend(course, around, now)? < MIN_SQUAT_BEND
        || rise.is_none_or(|(high, low)| high - low > MAX_ANKLE_RISE * stature)
        || off_balance(history, around) > MAX_OFF_BALANCE * stature
    {
        return Err(Rejection::NoHold);
    }
    planted(history, (since_s, now), stature)
}

/// By how many pixels the centre of mass lies in front of the toes or behind the heels, as far as the picture shows it.
fn off_balance(history: &History, (from, to): (f64, f64)) -> f64 {
    let off = history.window(from, to).filter_map(|frame| {
        let (com, _) = centre_of_mass(frame)?;
        let (heel, toe) = (frame.mean(Joint::Heel)?.0, frame.mean(Joint::Toe)?.0);
        Some((heel.min(toe) - com).max(com - heel.max(toe)))
    });
    let (sum, n) = off.fold((0.0, 0u32), |(sum, n), off| (sum + off, n + 1));
    sum / f64::from(n.max(1))
}

fn knee_bend(course: &Course, during: (f64, f64), left_s: f64) -> Result<f64, Rejection> {
    course.knee_bend(during, left_s).ok_or(Rejection::TooFewFrames)
}

/// The feet stay where they are: nobody walks or runs. The better seen foot decides; single frames that show it elsewhere do not
/// count.
pub fn planted(history: &History, (from, to): (f64, f64), stature_px: f64) -> Result<(), Rejection> {
    let seen = |side| -> f64 { history.window(from, to).map(|f| f.foot_visibility(side)).sum() };
    let side = if seen(Side::Left) > seen(Side::Right) {
        Side::Left
    } else {
        Side::Right
    };
    let frames = history.window(from, to);
    let step = frames.clone().count().div_ceil(MOST_PLACES).max(1);
    let mut places = [0.0; MOST_PLACES];
    let mut count = 0;
    for ankle in frames.step_by(step).map(|f| f.joint(side, Joint::Ankle)) {
        if ankle.usable() {
            places[count] = f64::from(ankle.x);
            count += 1;
        }
    }
    let places = &mut places[..count];
    let (low, high) = quantile(places, WILD_SHARE)
        .zip(quantile(places, 1.0 - WILD_SHARE))
        .ok_or(Rejection::TooFewFrames)?;
    if high - low > MAX_WANDER * stature_px {
        return Err(Rejection::NotBallistic);
    }
    Ok(())
}

/// The body comes down where it went up: nobody bounds along.
pub fn in_place(history: &History, (from, to): (f64, f64), stature_px: f64) -> Result<(), Rejection> {
    let mut places = history
        .window(from, to)
        .filter_map(|f| f.mean(Joint::Hip))
        .map(|(x, _)| x);
    let first = places.next().ok_or(Rejection::TooFewFrames)?;
    let travelled = places.next_back().map_or(0.0, |last| (last - first).abs());
    if travelled > MAX_TRAVEL * stature_px {
        return Err(Rejection::NotBallistic);
    }
    Ok(())
}

/// Both feet are in the air.
pub fn feet(course: &Course, feet: &Feet, contact: &Contact) -> Result<(), Rejection> {
    let quarter = 0.25 * (contact.landing_s - contact.takeoff_s);
    let middle = course.between(contact.takeoff_s + quarter, contact.landing_s - quarter);
    for side in 0..2 {
        if feet.weights()[side] < TRUSTED_WEIGHT {
            continue;
        }
        let (sum, n) = middle
            .iter()
            .filter_map(|s| feet.height_of(s, side))
            .fold((0.0, 0usize), |(sum, n), height| (sum + height, n + 1));
        if n > 0 && sum / (n as f64) < MIN_FOOT_RISE {
            return Err(Rejection::OneFoot);
        }
    }
    Ok(())
}

/// Take-off and landing on one level.
pub fn levels(course: &Course, contact: &Contact) -> Result<(), Rejection> {
    let (Some(takeoff), Some(landing)) = (
        nearest_com(course, contact.takeoff_s),
        nearest_com(course, contact.landing_s),
    ) else {
        return Err(Rejection::TooFewFrames);
    };
    if (takeoff - landing).abs() > MAX_LEVEL_CHANGE * course.stature_px {
        Err(Rejection::OtherLevel)
    } else {
        Ok(())
    }
}
