//! Fits the constants of the contact search to rendered jumps with known instants.

use crate::recording::Recording;
use anyhow::{Context, Result, ensure};
use kinemotion_motion::jump::{Contact, ContactView, Course, Feet, Touchdown};
use kinemotion_motion::numeric::robust_deviation;
use kinemotion_motion::units::GRAVITY;
use nalgebra::{DMatrix, DVector};
use synthetic_athlete::{MovementKind, RepetitionTruth};

/// The stretch of history before a jump and after its landing, seconds: as in the analysis.
const LEAD_S: f64 = 4.0;
const SETTLE_S: f64 = 0.27;

/// When the feet stand flat, seconds around the onset of a countermovement.
const STANDING_S: (f64, f64) = (-0.6, 0.1);

/// … and seconds before a drop.
const ON_BOX_S: (f64, f64) = (-0.75, -0.1);

/// From the onset of the jump that opens a series to its landing, seconds: the synthetic athlete's.
const OPENING_S: f64 = 1.3;

/// An athlete who seems to fall slower than this part of the true speed was taken up on the way.
const SEEN_TO_FALL: f64 = 0.5;

/// A term of the height at contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// 1.
    Base,
    /// Time between frames.
    Lag,
    /// Stretch of the leg.
    Stretch,
    /// Growth of the body.
    Growth,
}

impl Term {
    /// Every term, in the order of [`Coefficients`].
    pub const ALL: [Term; 4] = [Term::Base, Term::Lag, Term::Stretch, Term::Growth];

    fn of(self, view: &ContactView) -> f64 {
        match self {
            Term::Base => 1.0,
            Term::Lag => view.interval_s,
            Term::Stretch => view.stretch,
            Term::Growth => view.growth,
        }
    }
}

/// Factors of [`Term::ALL`].
pub type Coefficients = [f64; 4];

/// A constant of `motion::jump::ContactHeight` and what it is fitted to.
#[derive(Clone, Copy, Debug)]
pub struct Constant {
    /// Its name.
    pub name: &'static str,
    /// The movement whose clips tell.
    pub kind: MovementKind,
    /// What is timed with it.
    pub times: &'static str,
    /// The terms that it has.
    pub terms: &'static [Term],
    of: fn(&Recording, &[RepetitionTruth]) -> Vec<Measured>,
}

/// The constants, each with its movement.
pub const CONSTANTS: [Constant; 4] = [
    Constant {
        name: "CALIBRATED",
        kind: MovementKind::Cmj,
        times: "flight time",
        terms: &Term::ALL,
        of: from_standing,
    },
    Constant {
        name: "AFTER_DROP",
        kind: MovementKind::DropJump,
        times: "flight time",
        terms: &[Term::Base],
        of: after_drop,
    },
    Constant {
        name: "DROP_TOUCHDOWN",
        kind: MovementKind::DropJump,
        times: "touch-down",
        terms: &[Term::Base],
        of: touchdown,
    },
    Constant {
        name: "REBOUND",
        kind: MovementKind::RepeatedJumps,
        times: "flight time",
        terms: &[Term::Base, Term::Growth],
        of: rebounds,
    },
];

/// What one flight or fall says about the height at contact.
#[derive(Clone, Debug)]
struct Measured {
    view: ContactView,
    heights: Vec<f64>,
    speed: f64,
}

/// The same with where it comes from.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Name of the clip.
    pub clip: String,
    /// What the height depends on.
    pub view: ContactView,
    /// The heights that make take-off and landing, or the touch-down alone, right, in statures.
    pub heights: Vec<f64>,
    /// Speed of the feet at contact, statures per second.
    pub speed: f64,
}

impl Constant {
    /// What the jumps of one recording say; those whose athlete was not seen are left out.
    pub fn samples(&self, recording: &Recording) -> Result<Vec<Sample>> {
        let case = &recording.case;
        let truth = case.clip.build().with_context(|| case.name.clone())?.truth();
        let measured = (self.of)(recording, &truth.repetitions).into_iter();
        Ok(measured
            .map(|m| Sample {
                clip: case.name.clone(),
                view: m.view.limited(),
                heights: m.heights,
                speed: m.speed,
            })
            .collect())
    }

    /// Least squares over the contacts, weighted by what an error of the height does to the time.
    pub fn fit(&self, samples: &[&Sample]) -> Result<Coefficients> {
        ensure!(
            samples.len() > 10,
            "{}: {} jumps are too few",
            self.name,
            samples.len()
        );
        let matrix = DMatrix::from_fn(samples.len(), self.terms.len(), |i, k| {
            self.terms[k].of(&samples[i].view) / samples[i].speed
        });
        let heights = DVector::from_fn(samples.len(), |i, _| mean(&samples[i].heights) / samples[i].speed);
        let solution = matrix
            .svd(true, true)
            .solve(&heights, 1e-9)
            .map_err(|reason| anyhow::anyhow!(reason))?;
        let mut model = Coefficients::default();
        for (term, factor) in self.terms.iter().zip(solution.iter()) {
            model[*term as usize] = *factor;
        }
        Ok(model)
    }

    /// The same fit against outliers: jumps further than three robust deviations from it take no part in a second one.
    pub fn robust_fit(&self, samples: &[&Sample]) -> Result<Coefficients> {
        const FAR: f64 = 3.0;
        let model = self.fit(samples)?;
        let mut errors: Vec<f64> = samples.iter().map(|s| time_error_s(&model, s)).collect();
        let deviation = robust_deviation(&mut errors).unwrap_or(f64::INFINITY);
        let near = |s: &&&Sample| time_error_s(&model, s).abs() <= FAR * deviation;
        let kept: Vec<&Sample> = samples.iter().filter(near).copied().collect();
        self.fit(&kept)
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Height that a model gives for a view.
pub fn height(model: &Coefficients, view: &ContactView) -> f64 {
    Term::ALL
        .iter()
        .zip(model)
        .map(|(term, a)| a * term.of(view))
        .sum()
}

/// Error of the flight time, or of the touch-down, that a model makes, seconds: a contact height too large shortens the
/// flight.
pub fn time_error_s(model: &Coefficients, sample: &Sample) -> f64 {
    let modelled = height(model, &sample.view);
    sample.heights.iter().map(|h| (h - modelled) / sample.speed).sum()
}

/// Gravity in statures per second squared.
fn gravity(recording: &Recording) -> f64 {
    GRAVITY / recording.case.clip.stature_m
}

fn flight_of(jump: &RepetitionTruth) -> Option<(f64, f64)> {
    jump.event("takeoff_s").zip(jump.event("landing_s"))
}

/// The course of whoever rises most in a flight, from `from_s` until `until_s`.
fn course_of(
    recording: &Recording,
    (takeoff, landing): (f64, f64),
    from_s: f64,
    until_s: f64,
) -> Option<Course> {
    let quarter = 0.25 * (landing - takeoff);
    let rising = |person| {
        let mut course = Course::default();
        course.load(&recording.history(person, until_s), from_s, until_s);
        let low = course.median(takeoff - quarter, takeoff, |s| Some(s.com))?;
        let high = course.median(takeoff + quarter, landing - quarter, |s| Some(s.com))?;
        Some(((high - low) / course.stature_px, course))
    };
    let courses = recording.people().into_iter().filter_map(rising);
    courses
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, course)| course)
}

/// What take-off and landing of a flight say over known ground.
fn of_flight(course: &mut Course, feet: &Feet, flight: (f64, f64), gravity: f64) -> Option<Measured> {
    let (view, heights) = Contact::calibration(course, feet, flight, gravity)?;
    Some(Measured {
        view,
        heights: heights.to_vec(),
        speed: 0.5 * gravity * (flight.1 - flight.0),
    })
}

fn from_standing(recording: &Recording, jumps: &[RepetitionTruth]) -> Vec<Measured> {
    let measured = jumps.iter().filter_map(|jump| {
        let (flight, onset) = flight_of(jump).zip(jump.event("onset_s"))?;
        let mut course = course_of(recording, flight, flight.0 - LEAD_S, flight.1 + SETTLE_S)?;
        let feet = Feet::on_ground(&mut course, onset + STANDING_S.0, onset + STANDING_S.1).ok()?;
        let feet = feet.after_landing(&mut course, flight.1);
        of_flight(&mut course, &feet, flight, gravity(recording))
    });
    measured.collect()
}

/// The course of a drop jump and the feet on its floor.
fn on_floor(recording: &Recording, jump: &RepetitionTruth) -> Option<(Course, Feet)> {
    let (flight, dropoff) = flight_of(jump).zip(jump.event("dropoff_s"))?;
    let mut course = course_of(recording, flight, flight.0 - LEAD_S, flight.1 + SETTLE_S)?;
    let on_box = Feet::on_ground(&mut course, dropoff + ON_BOX_S.0, dropoff + ON_BOX_S.1).ok()?;
    let low_s = course.lowest_s(jump.event("touchdown_s")?, flight.0)?;
    let feet = on_box.on_floor(&mut course, low_s, flight.1)?;
    let feet = feet.after_landing(&mut course, flight.1);
    Some((course, feet))
}

fn after_drop(recording: &Recording, jumps: &[RepetitionTruth]) -> Vec<Measured> {
    let measured = jumps.iter().filter_map(|jump| {
        let (mut course, feet) = on_floor(recording, jump)?;
        of_flight(&mut course, &feet, flight_of(jump)?, gravity(recording))
    });
    measured.collect()
}

fn touchdown(recording: &Recording, jumps: &[RepetitionTruth]) -> Vec<Measured> {
    let measured = jumps.iter().filter_map(|jump| {
        let (course, feet) = on_floor(recording, jump)?;
        let at_s = jump.event("touchdown_s")?;
        let (height, speed) = Touchdown::calibration(&course, &feet, at_s, gravity(recording))?;
        let true_speed = jump.metric("touchdown_velocity_m_s")? / recording.case.clip.stature_m;
        if speed < SEEN_TO_FALL * true_speed {
            return None;
        }
        Some(Measured {
            view: ContactView::default(),
            heights: vec![height],
            speed,
        })
    });
    measured.collect()
}

fn rebounds(recording: &Recording, jumps: &[RepetitionTruth]) -> Vec<Measured> {
    let series = || {
        let (first, last) = jumps.first().zip(jumps.last())?;
        let onset = first.event("touchdown_s")? - OPENING_S;
        let until = flight_of(last)?.1 + SETTLE_S;
        let mut course = course_of(recording, flight_of(first)?, onset + STANDING_S.0, until)?;
        let mut feet = Feet::on_ground(&mut course, onset + STANDING_S.0, onset + STANDING_S.1).ok()?;
        let measured = jumps.iter().filter_map(|jump| {
            let flight = flight_of(jump)?;
            let low_s = course.lowest_s(jump.event("touchdown_s")?, flight.0)?;
            feet = feet.rebounding(&mut course, low_s);
            of_flight(&mut course, &feet, flight, gravity(recording))
        });
        Some(measured.collect())
    };
    series().unwrap_or_default()
}
