//! Fits the lags of the marks of running and walking (`motion/src/gait/lags.rs`) on perfect landmarks and on what the pose
//! stage saw of rendered clips, and prints them as the tables of `docs/gait-calibration.md`.

#![allow(clippy::print_stdout)] // the tables are the purpose

use anyhow::{Context, Result};
use clap::Parser;
use end_to_end::matrix::{self, Case};
use end_to_end::parallel::on_all_cores;
use end_to_end::recording::Recording;
use kinemotion_motion::body::{Frame, Joint, SideRepair};
use kinemotion_motion::gait::Gait;
use kinemotion_motion::gait::landing::Descent;
use kinemotion_motion::gait::marks::Interval;
use kinemotion_motion::gait::step::{self, Step};
use kinemotion_motion::gait::watch::{Passed, PassingWatch};
use kinemotion_motion::history::History;
use std::path::PathBuf;
use synthetic_athlete::{GaitTruth, MovementKind};

/// A mark further from every true event is a mistake, not a lag, seconds.
const SAME_EVENT_S: f64 = 0.08;

/// A true angle of the foot from which a runner lands on the heel, degrees.
const ON_HEEL_DEG: f64 = 8.0;

#[derive(Parser)]
#[command(about = "Lags of gait marks over rendered clips with known truth")]
struct Arguments {
    /// Clips of running
    #[arg(long, default_value_t = 40)]
    running: usize,
    /// Clips of walking
    #[arg(long, default_value_t = 24)]
    walking: usize,
    /// Only every so many clips of the matrix, so that others remain to measure what was fitted
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// Seed of the matrix
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where recorded poses are kept; without it every clip is rendered anew
    #[arg(long)]
    recordings: Option<PathBuf>,
    /// Only clips that are recorded already
    #[arg(long, requires = "recordings")]
    recorded: bool,
}

impl Arguments {
    /// The recording of a case; `None` when only those made before are wanted and this was not.
    fn recording(&self, case: &Case) -> Result<Option<Recording>> {
        match self.recordings.as_deref() {
            Some(folder) if self.recorded => Ok(Recording::load(case, folder)),
            folder => Recording::kept_or_made(case, folder).map(Some),
        }
    }
}

/// One mark of one step.
struct Lag {
    mark: &'static str,
    clip: usize,
    lag_s: f64,
    /// Speed of the ground, statures per second.
    speed: f64,
    frame_s: f64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    for (kind, gait, count) in [
        (MovementKind::Running, Gait::Running, arguments.running),
        (MovementKind::Walking, Gait::Walking, arguments.walking),
    ] {
        let cases: Vec<_> = matrix::gaits(kind, arguments.seed, count)
            .into_iter()
            .step_by(arguments.every.max(1))
            .collect();
        if cases.is_empty() {
            continue;
        }
        let perfect = cases.iter().map(Recording::perfect).collect::<Result<Vec<_>>>()?;
        table(&format!("{}, perfect landmarks", kind.name()), gait, &perfect)?;
        let seen = on_all_cores(&cases, |case| arguments.recording(case))?;
        let seen: Vec<Recording> = seen.into_iter().flatten().collect();
        table(&format!("{}, pose stage", kind.name()), gait, &seen)?;
        if gait == Gait::Running {
            falls(&seen)?;
        }
    }
    Ok(())
}

fn table(title: &str, gait: Gait, recordings: &[Recording]) -> Result<()> {
    let mut lags = Vec::new();
    for (clip, recording) in recordings.iter().enumerate() {
        let truth = truth(recording)?;
        lags.extend(
            steps(recording, gait)
                .1
                .iter()
                .flat_map(|step| step_lags(step, &truth, clip)),
        );
    }
    println!("### {title}\n");
    println!(
        "| mark | n | mean, ms | SD over clips, ms | SD within clips, ms | at rest, ms | per stature/s, ms | per frame |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for mark in ["contact", "toe-off", "centre", "between"] {
        let of_mark: Vec<&Lag> = lags.iter().filter(|l| l.mark == mark).collect();
        if !of_mark.is_empty() {
            println!("{}", row(mark, &of_mark));
        }
    }
    println!();
    Ok(())
}

/// The steps of a recording, and the frames they were read from.
fn steps(recording: &Recording, gait: Gait) -> (History, Vec<Step>) {
    let (mut history, mut sides, mut watch) =
        (History::default(), SideRepair::default(), PassingWatch::default());
    let mut steps = Vec::new();
    let mut last: Option<Interval> = None;
    for (t, pose) in recording.main_person() {
        let Some(mut frame) = Frame::from_pose(t, &pose) else {
            continue;
        };
        sides.repair(&mut frame);
        history.push(frame);
        match watch.observe(&history, gait) {
            Some(Passed::Step(interval)) => {
                if let Some(last) = last.filter(|last| last.to_s == interval.from_s) {
                    steps.push(Step::measure(&history, gait, &last, &interval));
                }
                last = Some(interval);
            }
            Some(Passed::Ended) => last = None,
            None => {}
        }
    }
    if gait == Gait::Running {
        step::level(&history, &mut steps);
    }
    (history, steps)
}

/// How late heel and toes fall past the height at which `motion/src/gait/landing.rs` times them, by the way runners land.
fn falls(recordings: &[Recording]) -> Result<()> {
    println!("### running, pose stage: when heel and toes come down after the true contact\n");
    println!("| landing | n | heel, ms | SD | toes, ms | SD | toes after heel, ms | SD |");
    println!("|---|---|---|---|---|---|---|---|");
    for (title, lands) in [("flat", false), ("on the heel", true)] {
        let mut found = Vec::new();
        for recording in recordings {
            let truth = truth(recording)?;
            if (truth.metric("foot_angle_at_contact_deg").unwrap_or(0.0) > ON_HEEL_DEG) != lands {
                continue;
            }
            let (history, steps) = steps(recording, Gait::Running);
            let slope = step::slope_of_ground(&steps);
            found.extend(steps.iter().filter_map(|step| {
                let descent = |joint| Descent {
                    history: &history,
                    view: step.view,
                    span: step.landing_s(),
                    slope,
                    joint,
                };
                let (heel, toes) = (descent(Joint::Heel).fall()?, descent(Joint::Toe).fall()?);
                let contacts = [&truth.left, &truth.right].map(|foot| foot.initial_contact_s.iter());
                let off = contacts.into_iter().flatten().map(|t| heel - t);
                let off = off.min_by(|a, b| a.abs().total_cmp(&b.abs()))?;
                (off.abs() < SAME_EVENT_S).then_some([off, off + toes - heel, toes - heel])
            }));
        }
        let numbers: Vec<String> = (0..3)
            .map(|i| {
                let values = found.iter().map(|f| 1e3 * f[i]);
                format!("{:+.1} | {:.1}", mean(values.clone()), deviation(values))
            })
            .collect();
        println!("| {title} | {} | {} |", found.len(), numbers.join(" | "));
    }
    println!();
    Ok(())
}

/// What is true of a clip of a gait.
fn truth(recording: &Recording) -> Result<GaitTruth> {
    let truth = recording.case.clip.build()?.truth();
    truth.gait.context("a clip of a gait")
}

/// The lags of a step's marks against the nearest true events.
fn step_lags(step: &Step, truth: &GaitTruth, clip: usize) -> Vec<Lag> {
    let events = |of: fn(&synthetic_athlete::FootTruth) -> &Vec<f64>| {
        let mut all: Vec<f64> = [&truth.left, &truth.right]
            .into_iter()
            .flat_map(of)
            .copied()
            .collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let (contacts, toe_offs) = (events(|f| &f.initial_contact_s), events(|f| &f.toe_off_s));
    let middles = |a: &[f64], b: &[f64]| -> Vec<f64> {
        a.iter()
            .filter_map(|a| Some(0.5 * (a + b.iter().find(|b| **b > *a)?)))
            .collect()
    };
    let walking = truth.metric("double_support_ms").is_some();
    let between = if walking {
        middles(&contacts, &toe_offs)
    } else {
        middles(&toe_offs, &contacts)
    };
    let marks = step.marks;
    [
        ("contact", marks.contact_s, &contacts),
        ("toe-off", marks.toe_off_s, &toe_offs),
        ("centre", marks.centre_s, &middles(&contacts, &toe_offs)),
        ("between", marks.between_s, &between),
    ]
    .into_iter()
    .filter_map(|(mark, found, truth)| {
        let found = found?;
        let lag_s = truth
            .iter()
            .map(|t| found - t)
            .min_by(|a, b| a.abs().total_cmp(&b.abs()))?;
        (lag_s.abs() < SAME_EVENT_S).then_some(Lag {
            mark,
            clip,
            lag_s,
            speed: step.speed?,
            frame_s: step.frame_s,
        })
    })
    .collect()
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    values.clone().sum::<f64>() / values.count() as f64
}

fn deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let centre = mean(values.clone());
    mean(values.map(|v| (v - centre).powi(2))).sqrt()
}

/// Slope of `y` over `x` and the value at `x = 0`.
fn line(points: impl Iterator<Item = (f64, f64)> + Clone) -> (f64, f64) {
    let (x, y) = (
        mean(points.clone().map(|p| p.0)),
        mean(points.clone().map(|p| p.1)),
    );
    let slope = mean(points.clone().map(|p| (p.0 - x) * (p.1 - y))) / mean(points.map(|p| (p.0 - x).powi(2)));
    (slope, y - slope * x)
}

fn row(mark: &str, lags: &[&Lag]) -> String {
    let values = lags.iter().map(|l| l.lag_s);
    let clips: std::collections::BTreeSet<usize> = lags.iter().map(|l| l.clip).collect();
    let clip = |i: usize| lags.iter().filter(move |l| l.clip == i).map(|l| l.lag_s);
    let over = deviation(clips.iter().map(|i| mean(clip(*i))));
    let within = mean(clips.iter().map(|i| deviation(clip(*i))));
    let (speed, rest) = line(lags.iter().map(|l| (l.speed, l.lag_s)));
    let (frame, _) = line(lags.iter().map(|l| (l.frame_s, l.lag_s)));
    format!(
        "| {mark} | {} | {:+.1} | {:.1} | {:.1} | {:+.1} | {:+.1} | {frame:+.2} |",
        lags.len(),
        1e3 * mean(values),
        1e3 * over,
        1e3 * within,
        1e3 * rest,
        1e3 * speed,
    )
}
