//! The LocoHub layout: one row per sample, angles in radians, sides as ipsi and contra.
//!
//! Cycles: running and walking from a contact to the next of the same foot, each foot in turn; squats with 50 % at the
//! lowest point; jumps with 0 % at the onset (or touch-down before a rebound), 50 % at take-off, 100 % at landing, time
//! stretched evenly on both halves. The ipsi side of a jump or squat is the leg nearer to the camera.

use super::Mover;
use super::columns::{Column, Table, Values};
use crate::measuring::Subject;
use kinemotion_motion::Repetition;
use kinemotion_motion::body::{Facing, Side};
use kinemotion_motion::norms::Sex;
use kinemotion_motion::series::{Angle, Series};

/// Rows of every cycle.
pub const ROWS: usize = 150;
/// Short name of the data set in the names of subjects.
const DATASET: &str = "KM26";
/// A contact follows that of the other foot within this many seconds, or contacts were missed.
const LONGEST_STRIDE_S: f64 = 2.5;

/// Angle columns: the angle, the side (true: ipsi), the names of angle and angular velocity.
const ANGLES: [(Angle, bool, &str, &str); 6] = [
    (
        Angle::Hip,
        true,
        "hip_flexion_angle_ipsi_rad",
        "hip_flexion_angular_velocity_ipsi_rad_s",
    ),
    (
        Angle::Hip,
        false,
        "hip_flexion_angle_contra_rad",
        "hip_flexion_angular_velocity_contra_rad_s",
    ),
    (
        Angle::Knee,
        true,
        "knee_flexion_angle_ipsi_rad",
        "knee_flexion_angular_velocity_ipsi_rad_s",
    ),
    (
        Angle::Knee,
        false,
        "knee_flexion_angle_contra_rad",
        "knee_flexion_angular_velocity_contra_rad_s",
    ),
    (
        Angle::Ankle,
        true,
        "ankle_dorsiflexion_angle_ipsi_rad",
        "ankle_dorsiflexion_angular_velocity_ipsi_rad_s",
    ),
    (
        Angle::Ankle,
        false,
        "ankle_dorsiflexion_angle_contra_rad",
        "ankle_dorsiflexion_angular_velocity_contra_rad_s",
    ),
];

/// A cycle: instants at known phases, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Cycle {
    /// (phase in percent, seconds).
    knots: Vec<(f64, f64)>,
    ipsi: Side,
}

impl Cycle {
    fn through(ipsi: Side, knots: &[(f64, Option<f64>)]) -> Option<Self> {
        let knots: Option<Vec<_>> = knots.iter().map(|(phase, t)| t.map(|t| (*phase, t))).collect();
        let knots = knots.filter(|knots| knots.windows(2).all(|pair| pair[0].1 < pair[1].1))?;
        Some(Self { knots, ipsi })
    }

    /// The instant at a phase in percent.
    fn at(&self, phase: f64) -> f64 {
        let pair = self.knots.windows(2).find(|pair| phase <= pair[1].0);
        pair.map_or(self.knots[self.knots.len() - 1].1, |pair| {
            let part = (phase - pair[0].0) / (pair[1].0 - pair[0].0);
            pair[0].1 + part * (pair[1].1 - pair[0].1)
        })
    }
}

/// The cycles of a repetition in order of time.
pub fn cycles(repetition: &Repetition, near: Side) -> Vec<Cycle> {
    let event = |key| repetition.event(key);
    match repetition.movement {
        "running" | "walking" => strides(repetition),
        "squat" => {
            let knots = [
                (0.0, event("onset_s")),
                (50.0, event("lowest_s")),
                (100.0, Some(repetition.end_s)),
            ];
            Cycle::through(near, &knots).into_iter().collect()
        }
        "dropjump" | "repeatedjumps" => jump(near, event("touchdown_s"), repetition),
        _ => jump(near, event("onset_s"), repetition),
    }
}

fn jump(near: Side, start: Option<f64>, repetition: &Repetition) -> Vec<Cycle> {
    let knots = [
        (0.0, start),
        (50.0, repetition.event("takeoff_s")),
        (100.0, repetition.event("landing_s")),
    ];
    Cycle::through(near, &knots).into_iter().collect()
}

/// From each contact to the next but one, when the feet alternate.
fn strides(repetition: &Repetition) -> Vec<Cycle> {
    let side = |name| match name {
        "left" => Some(Side::Left),
        "right" => Some(Side::Right),
        _ => None,
    };
    let stride = |steps: &[kinemotion_motion::StepSpan]| {
        let [first, other, last] = steps else { return None };
        let alternate = first.side == last.side && first.side != other.side;
        let short = last.contact_s - first.contact_s < LONGEST_STRIDE_S;
        let knots = [(0.0, Some(first.contact_s)), (100.0, Some(last.contact_s))];
        side(first.side)
            .filter(|_| alternate && short)
            .and_then(|ipsi| Cycle::through(ipsi, &knots))
    };
    repetition.steps.windows(3).filter_map(stride).collect()
}

/// LocoHub's names of what was done.
fn task(repetition: &Repetition) -> (&'static str, String) {
    match repetition.movement {
        "running" => {
            let speed = repetition.metric("speed_m_s");
            let id = speed.map_or("run".into(), |v| format!("run_{v:.1}_m_s").replace('.', "_"));
            ("run", id)
        }
        "walking" => ("level_walking", "level".into()),
        "squat" => ("squats", "squats".into()),
        _ => ("jump", "jump_vertical".into()),
    }
}

/// Rows under way.
#[derive(Default)]
struct Rows {
    subject: Vec<String>,
    metadata: Vec<String>,
    task: Vec<String>,
    task_id: Vec<String>,
    task_info: Vec<String>,
    step: Vec<i64>,
    clock: Vec<Option<f64>>,
    angles: [Vec<Option<f64>>; ANGLES.len()],
    velocities: [Vec<Option<f64>>; ANGLES.len()],
    trunk: Vec<Option<f64>>,
}

/// What the rows of one stretch have in common.
struct Stretch<'a> {
    number: usize,
    repetition: &'a Repetition,
    info: String,
    metadata: String,
    series: &'a Series,
    facing: Facing,
    ipsi: Side,
    step: usize,
}

impl<'a> Stretch<'a> {
    fn new(
        mover: &'a Mover,
        number: usize,
        index: usize,
        facing: Facing,
        ipsi: Side,
        subject: &Subject,
    ) -> Self {
        let repetition = &mover.repetitions[index];
        let side = |side| if side == Side::Left { "left" } else { "right" };
        let looks = if facing == Facing::Left { "left" } else { "right" };
        let speed = repetition
            .metric("speed_m_s")
            .map(|v| format!(",speed_m_s:{v:.2}"));
        let info = format!(
            "movement:{},repetition:{},ipsi:{},facing:{looks}{}",
            repetition.movement,
            index + 1,
            side(ipsi),
            speed.unwrap_or_default(),
        );
        Self {
            number,
            repetition,
            info,
            metadata: metadata(subject),
            series: &mover.series,
            facing,
            ipsi,
            step: 0,
        }
    }
}

/// What is known about the subject, in LocoHub's notation.
fn metadata(subject: &Subject) -> String {
    let (profile, athlete) = (&subject.profile, &subject.athlete);
    let sex = profile.sex.map(|sex| if sex == Sex::Female { "F" } else { "M" });
    let known = [
        profile.age_years.map(|age| format!("age:{age}")),
        sex.map(|sex| format!("sex:{sex}")),
        athlete.height_m.map(|height| format!("height_m:{height}")),
        athlete.mass_kg.map(|mass| format!("weight_kg:{mass}")),
    ];
    known.into_iter().flatten().collect::<Vec<_>>().join(",")
}

impl Rows {
    fn add(&mut self, stretch: &Stretch<'_>, clock: f64, at: f64) {
        let (task, task_id) = task(stretch.repetition);
        self.subject.push(format!("{DATASET}_AB{:02}", stretch.number));
        self.metadata.push(stretch.metadata.clone());
        self.task.push(task.into());
        self.task_id.push(task_id);
        self.task_info.push(stretch.info.clone());
        self.step.push(stretch.step as i64);
        self.clock.push(Some(clock));
        let contra = if stretch.ipsi == Side::Left {
            Side::Right
        } else {
            Side::Left
        };
        let fit = |angle, side| stretch.series.angle(angle, side, stretch.facing, at);
        for (i, (angle, is_ipsi, ..)) in ANGLES.iter().enumerate() {
            let fit = fit(*angle, if *is_ipsi { stretch.ipsi } else { contra });
            self.angles[i].push(fit.map(|fit| fit.value.to_radians()));
            self.velocities[i].push(fit.map(|fit| fit.slope.to_radians()));
        }
        let trunk = fit(Angle::Trunk, stretch.ipsi).or_else(|| fit(Angle::Trunk, contra));
        self.trunk.push(trunk.map(|fit| fit.value.to_radians()));
    }

    fn table(self, clock: &'static str) -> Table {
        let column = |name, values| Column { name, values };
        let mut table = vec![
            column("subject", Values::Text(self.subject)),
            column("subject_metadata", Values::Text(self.metadata)),
            column("task", Values::Text(self.task)),
            column("task_id", Values::Text(self.task_id)),
            column("task_info", Values::Text(self.task_info)),
            column("step", Values::Count(self.step)),
            column(clock, Values::Number(self.clock)),
        ];
        for ((_, _, name, _), values) in ANGLES.iter().zip(self.angles) {
            table.push(column(name, Values::Number(values)));
        }
        for ((_, _, _, name), values) in ANGLES.iter().zip(self.velocities) {
            table.push(column(name, Values::Number(values)));
        }
        table.push(column("trunk_sagittal_angle_rad", Values::Number(self.trunk)));
        table
    }
}

/// Every stretch of every person with its cycles, steps numbered per person and task from 0.
fn each(movers: &[Mover], subject: &Subject, mut take: impl FnMut(Stretch<'_>, &[Cycle])) {
    for (number, mover) in movers.iter().enumerate() {
        for (index, repetition) in mover.repetitions.iter().enumerate() {
            let (from, to) = (repetition.start_s, repetition.end_s);
            let Some(facing) = mover.series.facing(from, to) else {
                continue;
            };
            let near = mover.series.near_side(from, to);
            let cycles = cycles(repetition, near);
            let ipsi = cycles.first().map_or(near, |cycle| cycle.ipsi);
            take(
                Stretch::new(mover, number + 1, index, facing, ipsi, subject),
                &cycles,
            );
        }
    }
}

/// The phase-indexed table: exactly [`ROWS`] rows per cycle.
pub fn by_phase(movers: &[Mover], subject: &Subject) -> Table {
    let mut rows = Rows::default();
    let mut steps = std::collections::BTreeMap::new();
    each(movers, subject, |mut stretch, cycles| {
        for cycle in cycles {
            let step = steps
                .entry((stretch.number, task(stretch.repetition)))
                .or_insert(0);
            stretch.step = *step;
            *step += 1;
            let side = |side| {
                if side == Side::Left {
                    "ipsi:left"
                } else {
                    "ipsi:right"
                }
            };
            stretch.info = stretch.info.replace(side(stretch.ipsi), side(cycle.ipsi));
            stretch.ipsi = cycle.ipsi;
            for row in 0..ROWS {
                let phase = 100.0 * row as f64 / (ROWS - 1) as f64;
                rows.add(&stretch, phase, cycle.at(phase));
            }
        }
    });
    rows.table("phase_ipsi")
}

/// The time-indexed table: the measured frames of every repetition, seconds from the start of the clip. `step` counts the
/// repetitions of a person and task.
pub fn by_time(movers: &[Mover], subject: &Subject) -> Table {
    let mut rows = Rows::default();
    let mut steps = std::collections::BTreeMap::new();
    each(movers, subject, |mut stretch, _| {
        let step = steps
            .entry((stretch.number, task(stretch.repetition).0))
            .or_insert(0);
        stretch.step = *step;
        *step += 1;
        let (from, to) = (stretch.repetition.start_s, stretch.repetition.end_s);
        for frame in stretch.series.between(from, to) {
            rows.add(&stretch, frame.t, frame.t);
        }
    });
    rows.table("time_s")
}

#[cfg(test)]
#[path = "locohub_tests.rs"]
mod tests;
