//! Fits the constants of the contact search to rendered jumps with known instants.

use crate::recording::Recording;
use anyhow::{Context, Result, ensure};
use kinemotion_motion::jump::{Contact, ContactView, Course, Feet};
use kinemotion_motion::units::GRAVITY;
use nalgebra::{DMatrix, DVector};
use synthetic_athlete::RepetitionTruth;

/// The stretch of history around a jump, seconds: as in the analysis.
const LEAD_S: f64 = 4.0;
const SETTLE_S: f64 = 0.27;
/// When the feet stand flat, seconds around the onset.
const STANDING_S: (f64, f64) = (-0.6, 0.1);

/// What one jump says about the height at contact.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Name of the clip.
    pub clip: String,
    /// What the height depends on.
    pub view: ContactView,
    /// The height that makes the take-off right, and that for the landing, in statures.
    pub heights: [f64; 2],
    /// Speed of the feet at contact, statures per second.
    pub speed: f64,
}

/// The jumps of one recording; those whose athlete was not seen are left out.
pub fn samples(recording: &Recording) -> Result<Vec<Sample>> {
    let case = &recording.case;
    let truth = case.clip.build().with_context(|| case.name.clone())?.truth();
    let gravity = GRAVITY / case.clip.stature_m;
    let jumps = truth.repetitions.iter().filter_map(|jump| {
        let (takeoff, landing) = (jump.event("takeoff_s")?, jump.event("landing_s")?);
        let (_, mut course) = recording
            .people()
            .into_iter()
            .filter_map(|person| rising(recording, person, (takeoff, landing)))
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        let (view, heights) = calibrate(&mut course, jump, (takeoff, landing), gravity)?;
        Some(Sample {
            clip: case.name.clone(),
            view: view.limited(),
            heights,
            speed: 0.5 * gravity * (landing - takeoff),
        })
    });
    Ok(jumps.collect())
}

/// The course of one person around a jump, and how far the centre of mass rose meanwhile in statures.
fn rising(recording: &Recording, person: u32, (takeoff, landing): (f64, f64)) -> Option<(f64, Course)> {
    let history = recording.history(person, landing + SETTLE_S);
    let mut course = Course::default();
    course.load(&history, takeoff - LEAD_S, landing + SETTLE_S);
    let quarter = 0.25 * (landing - takeoff);
    let low = course.median(takeoff - quarter, takeoff, |s| Some(s.com))?;
    let high = course.median(takeoff + quarter, landing - quarter, |s| Some(s.com))?;
    Some(((high - low) / course.stature_px, course))
}

fn calibrate(
    course: &mut Course,
    jump: &RepetitionTruth,
    flight: (f64, f64),
    gravity: f64,
) -> Option<(ContactView, [f64; 2])> {
    let onset = jump.event("onset_s")?;
    let feet = Feet::on_ground(course, onset + STANDING_S.0, onset + STANDING_S.1).ok()?;
    Contact::calibration(course, &feet, flight, gravity)
}

/// A linear model of the height at contact: base, lag, stretch, growth.
pub type Coefficients = [f64; 4];

fn terms(view: &ContactView) -> Coefficients {
    [1.0, view.interval_s, view.stretch, view.growth]
}

/// Least squares over both contacts of each jump, weighted by what an error of the height does to the flight time.
pub fn fit(samples: &[&Sample]) -> Result<Coefficients> {
    ensure!(
        samples.len() > 10,
        "{} jumps are too few to fit four constants",
        samples.len()
    );
    let rows = samples.len();
    let matrix = DMatrix::from_fn(rows, 4, |i, k| terms(&samples[i].view)[k] / samples[i].speed);
    let heights = DVector::from_fn(rows, |i, _| {
        f64::midpoint(samples[i].heights[0], samples[i].heights[1]) / samples[i].speed
    });
    let solution = matrix
        .svd(true, true)
        .solve(&heights, 1e-9)
        .map_err(|reason| anyhow::anyhow!(reason))?;
    Ok([solution[0], solution[1], solution[2], solution[3]])
}

/// Height that a model gives for a view.
pub fn height(model: &Coefficients, view: &ContactView) -> f64 {
    terms(view).iter().zip(model).map(|(a, b)| a * b).sum()
}

/// The same fit against outliers: jumps further than three robust deviations from it take no part in a second one.
pub fn robust_fit(samples: &[&Sample]) -> Result<Coefficients> {
    const FAR: f64 = 3.0;
    let model = fit(samples)?;
    let residual = |s: &Sample| flight_error_s(&model, s);
    let mut residuals: Vec<f64> = samples.iter().map(|s| residual(s)).collect();
    let deviation = kinemotion_motion::numeric::robust_deviation(&mut residuals).unwrap_or(f64::INFINITY);
    let kept: Vec<&Sample> = samples
        .iter()
        .copied()
        .filter(|s| residual(s).abs() <= FAR * deviation)
        .collect();
    fit(&kept)
}

/// Error of the flight time that a model makes in one jump, seconds: a contact height too large shortens the flight.
pub fn flight_error_s(model: &Coefficients, sample: &Sample) -> f64 {
    let modelled = height(model, &sample.view);
    sample.heights.iter().map(|h| (h - modelled) / sample.speed).sum()
}
