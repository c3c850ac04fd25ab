//! Files for other programs: curves for LocoHub (Parquet) and OpenSim (`.trc`, `.mot`), results for MATLAB and Octave (`.mat`).
//!
//! Each analysis gives one or more files named after a base path: two Parquet files for everybody, one `.trc` or `.mot`
//! per person who moved, one `.mat`. Curves that are wanted beside results are two Parquet files and one `.mat`.

pub mod columns;
mod locohub;
pub mod mat;
mod opensim;
pub mod parquet;

use super::args::Format;
use crate::measuring::Subject;
use anyhow::Context;
use columns::{Table, stretches};
use kinemotion_motion::series::Series;
use kinemotion_motion::{Athlete, Repetition};
use kinemotion_pipelines::{Analysis, AtomicFile};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Somebody who moved, with their curves.
pub struct Mover {
    /// Track id.
    pub id: u32,
    /// Their curves.
    pub series: Series,
    /// Their repetitions in order of completion.
    pub repetitions: Vec<Arc<Repetition>>,
}

/// Everybody with a repetition, in order of their ids.
pub fn movers(analysis: &Analysis) -> Vec<Mover> {
    let mut ids: Vec<u32> = analysis.repetitions.iter().map(|r| r.person).collect();
    ids.sort_unstable();
    ids.dedup();
    let mover = |id| {
        let poses = analysis.poses.iter().filter_map(|frame| {
            let person = frame.persons.iter().find(|person| person.id == id)?;
            Some((frame.time_s, frame.picture, &person.pose))
        });
        Mover {
            id,
            series: Series::new(poses),
            repetitions: analysis
                .repetitions
                .iter()
                .filter(|r| r.person == id)
                .cloned()
                .collect(),
        }
    };
    ids.into_iter().map(mover).collect()
}

impl Mover {
    /// Pixels per metre: from the stature when it is given, otherwise from gravity in the flights.
    pub fn px_per_m(&self, athlete: &Athlete) -> Option<f64> {
        if let Some(stature) = athlete.height_m {
            return self.series.px_per_m_of_stature(stature);
        }
        let flights = self.repetitions.iter();
        let mut scales: Vec<f64> = flights
            .filter_map(|r| self.series.px_per_m_of_flight(r))
            .collect();
        kinemotion_motion::numeric::median(&mut scales)
    }

    /// Times of a constant rate that cover the frames: the frame rate of the file, rounded to a whole number where it
    /// is nearly one.
    pub fn constant_rate(&self) -> Option<(f64, Vec<f64>)> {
        const NEARLY: f64 = 0.02;
        let frames = self.series.frames();
        let (first, last) = (frames.first()?.t, frames.last()?.t);
        let interval = self.series.interval_s();
        if interval <= 0.0 {
            return None;
        }
        let rate = 1.0 / interval;
        let whole = rate.round();
        let rate = if (rate - whole).abs() < NEARLY * rate && whole >= 1.0 {
            whole
        } else {
            rate
        };
        let count = ((last - first) * rate + 1e-6).floor() as usize;
        Some((rate, (0..=count).map(|n| first + n as f64 / rate).collect()))
    }
}

/// Writes the files of one analysis beside each other and says which. There are no curves when nobody moved.
pub fn write(
    format: Format,
    base: &Path,
    analysis: &Analysis,
    subject: &Subject,
) -> anyhow::Result<Vec<PathBuf>> {
    if format == Format::Mat {
        let target = named(base, ".mat");
        let document = serde_json::to_value(analysis).with_context(|| unwritable(&target))?;
        put(&target, &mat::encode(&document))?;
        return Ok(vec![target]);
    }
    let movers = movers(analysis);
    if movers.is_empty() {
        return Ok(Vec::new());
    }
    if format == Format::Parquet {
        return write_parquet(base, &tables(&movers, subject));
    }
    let several = movers.len() > 1;
    let mut written = Vec::new();
    for mover in &movers {
        let person = if several {
            format!("_person{}", mover.id)
        } else {
            String::new()
        };
        let target = named(base, &format!("{person}.{}", format.extension()));
        let name = target.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let text = match format {
            Format::Trc => opensim::trc(mover, &subject.athlete, &name),
            _ => opensim::mot(mover, &subject.athlete),
        };
        let text = text.with_context(|| format!("cannot write {}", target.display()))?;
        put(&target, text.as_bytes())?;
        written.push(target);
    }
    Ok(written)
}

/// Writes the curves of one analysis for everybody: as Parquet, and the same tables as variables of a `.mat`. There are none when nobody
/// moved.
pub fn write_curves(base: &Path, analysis: &Analysis, subject: &Subject) -> anyhow::Result<()> {
    let movers = movers(analysis);
    if movers.is_empty() {
        return Ok(());
    }
    let tables = tables(&movers, subject);
    write_parquet(base, &tables)?;
    let variables = tables
        .iter()
        .map(|(name, table)| ((*name).to_owned(), stretches(table)));
    let document = serde_json::Value::Object(variables.collect());
    put(&named(base, ".mat"), &mat::encode(&document))
}

/// The tables of the LocoHub layout, by their names.
fn tables(movers: &[Mover], subject: &Subject) -> [(&'static str, Table); 2] {
    [
        ("phase", locohub::by_phase(movers, subject)),
        ("time", locohub::by_time(movers, subject)),
    ]
}

fn write_parquet(base: &Path, tables: &[(&str, Table)]) -> anyhow::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for (name, table) in tables {
        let target = named(base, &format!("_{name}.parquet"));
        put(
            &target,
            &parquet::encode(table).with_context(|| unwritable(&target))?,
        )?;
        written.push(target);
    }
    Ok(written)
}

/// A file name made of a base and a suffix.
fn named(base: &Path, suffix: &str) -> PathBuf {
    let mut name = base.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn put(target: &Path, content: &[u8]) -> anyhow::Result<()> {
    let write = || {
        let mut file = AtomicFile::create(target)?;
        file.file().write_all(content)?;
        file.commit()
    };
    write().with_context(|| unwritable(target))
}

fn unwritable(target: &Path) -> String {
    format!("cannot write {}", target.display())
}
