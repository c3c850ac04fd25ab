//! What is plotted of a repetition, and of several.

use super::Shown;
use super::plot::{Curve, Plot, Point, row};
use super::section::{event_label, unit};
use kinemotion_motion::body::Side;
use kinemotion_motion::registry::MetricDefinition;
use kinemotion_motion::series::Angle;
use kinemotion_motion::{Athlete, Repetition};

/// Samples of a curve.
const SAMPLES: usize = 240;
/// Shown before and after the repetition, as a part of its length.
const MARGIN: f64 = 0.06;
/// Steps of a gait that are shown: more would be too narrow to read.
const STEPS: usize = 6;

/// Height of the centre of mass over the ground, centimetres with a scale, otherwise pixels.
pub fn height(shown: &Shown<'_>, athlete: &Athlete) -> String {
    let series = &shown.mover.series;
    let scale = shown.mover.px_per_m(athlete);
    let ground = series.ground().unwrap_or(0.0);
    let per_unit = scale.map_or(1.0, |scale| scale / 100.0);
    let curve = curve(shown, "c1", "centre of mass", |t| {
        series.com(t).map(|fit| (fit.value - ground) / per_unit)
    });
    let unit = if scale.is_some() { "cm" } else { "px" };
    plot(shown, "Height of the centre of mass", unit, vec![curve])
}

/// Hip, knee, ankle and trunk of the leg nearer to the camera, degrees.
pub fn angles(shown: &Shown<'_>) -> String {
    let (series, r) = (&shown.mover.series, shown.repetition);
    let Some(facing) = series.facing(r.start_s, r.end_s) else {
        return String::new();
    };
    let side = series.near_side(r.start_s, r.end_s);
    let of = |angle| move |t| series.angle(angle, side, facing, t).map(|fit| fit.value);
    let curves = vec![
        curve(shown, "c1", "knee", of(Angle::Knee)),
        curve(shown, "c2", "hip", of(Angle::Hip)),
        curve(shown, "c3", "ankle", of(Angle::Ankle)),
        curve(shown, "c4", "trunk", of(Angle::Trunk)),
    ];
    let title = if side == Side::Left {
        "Joint angles, left side"
    } else {
        "Joint angles, right side"
    };
    plot(shown, title, "°", curves)
}

/// A metric over several repetitions of a movement.
pub fn over_repetitions(definition: &MetricDefinition, repetitions: &[(usize, &Repetition)]) -> String {
    let points: Vec<Point> = repetitions
        .iter()
        .map(|(number, repetition)| {
            let metric = repetition.metrics.iter().find(|m| m.key == definition.key);
            Point {
                name: number.to_string(),
                value: metric.and_then(|m| Some((m.value?, m.uncertainty.unwrap_or_default()))),
            }
        })
        .collect();
    row(definition.label, unit(definition.unit), &points)
}

fn plot(shown: &Shown<'_>, title: &str, unit: &str, curves: Vec<Curve>) -> String {
    let r = shown.repetition;
    let is_gait = !r.steps.is_empty();
    let span = span(r);
    let mut events: Vec<(&str, f64)> = if is_gait {
        let contacts = r.steps.iter().map(|step| (step.side, step.contact_s));
        contacts.filter(|(_, t)| *t >= span.0 && *t <= span.1).collect()
    } else {
        r.events.iter().map(|(key, t)| (event_label(key), *t)).collect()
    };
    events.sort_by(|a, b| a.1.total_cmp(&b.1));
    let phases = r
        .phases
        .iter()
        .map(|phase| (phase.name, phase.start_s, phase.end_s));
    let title = if is_gait {
        format!("{title}, with the contacts of the feet")
    } else {
        title.to_owned()
    };
    Plot {
        title: &title,
        unit,
        span,
        phases: phases.filter(|_| !is_gait).collect(),
        events,
        curves,
    }
    .figure()
}

/// The time that is shown: the repetition with a margin, or some steps of a gait.
fn span(r: &Repetition) -> (f64, f64) {
    let (start, end) = match (r.steps.first(), r.steps.get(STEPS).or(r.steps.last())) {
        (Some(first), Some(last)) => (first.contact_s, last.contact_s),
        _ => (r.start_s, r.end_s),
    };
    let margin = MARGIN * (end - start).max(0.1);
    (start - margin, end + margin)
}

fn curve(
    shown: &Shown<'_>,
    class: &'static str,
    label: &'static str,
    of: impl Fn(f64) -> Option<f64>,
) -> Curve {
    let (from, to) = span(shown.repetition);
    let time = |i| from + (to - from) * i as f64 / (SAMPLES - 1) as f64;
    Curve {
        class,
        label,
        points: (0..SAMPLES).map(time).map(|t| (t, of(t))).collect(),
    }
}
