//! The arguments of `kinemotion analyze`.

use crate::exit::UsageError;
use clap::{Args, ValueEnum};
use kinemotion_models::{PersonSelection, Quality};
use kinemotion_motion::{Athlete, MovementChoice, Setup, movements};
use kinemotion_pipelines::{AnalysisSpec, Cancellation, People};
use std::path::{Path, PathBuf};

/// Statures that can be meant: metres, not centimetres or feet. Kinephase has the same upper limit.
pub const STATURE_M: (f64, f64) = (0.5, 2.72);
/// Masses that can be meant, kilograms.
pub const MASS_KG: (f64, f64) = (10.0, 635.0);
/// Boxes of drop jumps, metres.
pub const BOX_M: (f64, f64) = (0.05, 2.0);
/// Angles by which a camera may stand askew, degrees.
pub const CAMERA_DEG: (f64, f64) = (-45.0, 45.0);
/// Capture rates of cameras, frames per second.
const CAPTURE_FPS: (f64, f64) = (1.0, 10_000.0);

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for people
    Table,
    /// One JSON document per file (an array for several files)
    Json,
    /// The event stream, one JSON object per line
    Ndjson,
    /// One line per repetition
    Csv,
    /// Joint angles in the LocoHub layout: OUT_phase.parquet (150 rows per cycle) and OUT_time.parquet
    Parquet,
    /// Markers for OpenSim in metres; one file per person who moved
    Trc,
    /// Joint coordinates for OpenSim in degrees; one file per person who moved
    Mot,
}

impl Format {
    /// The format a file name stands for.
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            "parquet" => Some(Self::Parquet),
            "trc" => Some(Self::Trc),
            "mot" => Some(Self::Mot),
            "txt" => Some(Self::Table),
            _ => None,
        }
    }

    /// The extension a file of this format gets.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Table => "txt",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Trc => "trc",
            Self::Mot => "mot",
        }
    }

    /// Whether it holds curves, in files of its own for each input.
    pub fn is_curves(self) -> bool {
        matches!(self, Self::Parquet | Self::Trc | Self::Mot)
    }
}

/// Which landmark model runs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum QualityArg {
    /// Lite landmark model
    Fast,
    /// Full landmark model
    Balanced,
    /// Heavy landmark model
    Accurate,
}

impl From<QualityArg> for Quality {
    fn from(quality: QualityArg) -> Self {
        match quality {
            QualityArg::Fast => Self::Fast,
            QualityArg::Balanced => Self::Balanced,
            QualityArg::Accurate => Self::Accurate,
        }
    }
}

/// Measure the movements in video files.
#[derive(Args, Debug)]
pub struct AnalyzeArgs {
    /// Video files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Movement to look for, auto to recognise it
    #[arg(long, default_value = "auto", value_parser = movement)]
    movement: MovementChoice,

    /// Landmark model: more exact costs more time
    #[arg(long, value_enum, default_value_t = QualityArg::Balanced)]
    quality: QualityArg,

    /// Stature of the athlete in metres; gives lengths and speeds their scale
    #[arg(long, value_name = "M", value_parser = within(STATURE_M, "metres"))]
    athlete_height: Option<f64>,

    /// Body mass of the athlete in kilograms; needed for power
    #[arg(long, value_name = "KG", value_parser = within(MASS_KG, "kilograms"))]
    athlete_mass: Option<f64>,

    /// Height of the box of drop jumps in metres; measured when it is not given
    #[arg(long, value_name = "M", value_parser = within(BOX_M, "metres"))]
    box_height: Option<f64>,

    /// Degrees by which the picture is turned clockwise; estimated when it is not given
    #[arg(long, value_name = "DEG", value_parser = within(CAMERA_DEG, "degrees"), allow_negative_numbers = true)]
    camera_roll: Option<f64>,

    /// Degrees by which the camera is off the right angle to the movement; estimated when it is not given
    #[arg(long, value_name = "DEG", value_parser = within(CAMERA_DEG, "degrees"), allow_negative_numbers = true)]
    camera_yaw: Option<f64>,

    /// Frames per second at which a slow-motion file was filmed
    #[arg(long, value_name = "FPS", value_parser = within(CAPTURE_FPS, "frames per second"))]
    capture_fps: Option<f64>,

    /// Whose movement is measured: everybody, largest, nearest-centre, most-moving or id=NUMBER
    #[arg(long, value_name = "WHO", default_value = "everybody", value_parser = people)]
    person: People,

    /// People followed at once
    #[arg(long, value_name = "N", default_value_t = AnalysisSpec::FOLLOWED, value_parser = clap::value_parser!(u32).range(1..=16))]
    max_persons: u32,

    /// How results are written
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    pub format: Format,

    /// Write results to a file, or for several files into a folder; without --format the extension decides, and the
    /// table still goes to standard output
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,

    /// Write the video with skeleton and numbers: an MP4 file, or for several files a folder
    #[arg(long, value_name = "OUT")]
    pub overlay: Option<PathBuf>,

    /// Files analysed at once [default: one per core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

/// Where formatted results go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard output.
    Stdout,
    /// One file for everything.
    File(PathBuf),
    /// One file per input.
    Folder(PathBuf),
}

/// What is written where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The format asked for.
    pub format: Format,
    /// Where it goes.
    pub destination: Destination,
    /// Also print the table.
    pub table_on_stdout: bool,
}

impl AnalyzeArgs {
    /// What is written where, or why the arguments do not fit together.
    pub fn delivery(&self) -> Result<Delivery, UsageError> {
        let Some(output) = &self.output else {
            if self.format.is_curves() {
                return Err(UsageError(format!(
                    "{} goes into files: say where with --output",
                    self.format.extension()
                )));
            }
            return Ok(Delivery {
                format: self.format,
                destination: Destination::Stdout,
                table_on_stdout: false,
            });
        };
        self.keep_inputs("--output", output)?;
        let table_on_stdout = self.format == Format::Table;
        let is_folder = is_folder(output) || (self.is_batch() && output.extension().is_none());
        let format = match (self.format, is_folder) {
            (Format::Table, true) => Format::Json,
            (Format::Table, false) => Format::of(output).ok_or_else(|| {
                UsageError(format!(
                    "the name {} does not tell a format: end it in .json, .ndjson, .csv, .parquet, .trc, .mot or .txt, or give --format",
                    output.display()
                ))
            })?,
            (format, _) => format,
        };
        if format.is_curves() && self.is_batch() && !is_folder {
            return Err(UsageError(format!(
                "{} takes a folder as --output when several files are given",
                format.extension()
            )));
        }
        let destination = if is_folder {
            Destination::Folder(output.clone())
        } else {
            Destination::File(output.clone())
        };
        Ok(Delivery {
            format,
            destination,
            table_on_stdout,
        })
    }

    /// The folder that overlay videos go into, if it is one.
    pub fn overlay_folder(&self) -> Option<&Path> {
        self.overlay
            .as_deref()
            .filter(|target| self.is_batch() || is_folder(target))
    }

    /// Where the overlay video of each input goes.
    pub fn overlays(&self) -> Result<Vec<Option<PathBuf>>, UsageError> {
        let Some(target) = &self.overlay else {
            return Ok(vec![None; self.files.len()]);
        };
        let overlays = match self.overlay_folder() {
            Some(folder)
                if folder
                    .extension()
                    .is_some_and(|extension| extension.eq_ignore_ascii_case("mp4")) =>
            {
                return Err(UsageError(
                    "--overlay takes a folder when several files are given".into(),
                ));
            }
            Some(folder) => names_in(folder, &self.files, "-overlay.mp4"),
            None => vec![target.clone()],
        };
        overlays
            .iter()
            .try_for_each(|overlay| self.keep_inputs("--overlay", overlay))?;
        Ok(overlays.into_iter().map(Some).collect())
    }

    /// Refuses an output that would replace an input.
    fn keep_inputs(&self, option: &str, output: &Path) -> Result<(), UsageError> {
        if self.files.iter().any(|input| same_file(input, output)) {
            return Err(UsageError(format!(
                "{option} would replace the input {}",
                output.display()
            )));
        }
        Ok(())
    }

    /// The specification of each input, in order.
    pub fn specs(&self, cancellation: &Cancellation) -> Result<Vec<AnalysisSpec>, UsageError> {
        let keep_poses = self.delivery()?.format.is_curves();
        let spec = |(input, overlay): (&PathBuf, Option<PathBuf>)| AnalysisSpec {
            movement: self.movement,
            quality: self.quality.into(),
            athlete: self.athlete(),
            setup: Setup {
                camera_roll_deg: self.camera_roll,
                camera_yaw_deg: self.camera_yaw,
                box_height_m: self.box_height,
            },
            capture_fps: self.capture_fps,
            people: self.person,
            max_persons: self.max_persons,
            overlay,
            keep_poses,
            analysis_id: self.is_batch().then(|| input.display().to_string()),
            cancellation: cancellation.clone(),
            ..AnalysisSpec::new(input)
        };
        Ok(self.files.iter().zip(self.overlays()?).map(spec).collect())
    }

    /// What is known about the athlete.
    pub fn athlete(&self) -> Athlete {
        Athlete {
            height_m: self.athlete_height,
            mass_kg: self.athlete_mass,
        }
    }

    /// Files analysed at once.
    pub fn jobs(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.map_or_else(cores, usize::from).min(self.files.len())
    }

    /// Whether there are several files.
    pub fn is_batch(&self) -> bool {
        self.files.len() > 1
    }
}

/// A name for each input inside a folder. Inputs of the same name get numbers, so that none replaces another.
pub fn names_in(folder: &Path, inputs: &[PathBuf], suffix: &str) -> Vec<PathBuf> {
    let mut taken = std::collections::BTreeSet::new();
    let name = |input: &PathBuf| {
        let stem = input
            .file_stem()
            .unwrap_or(input.as_os_str())
            .to_string_lossy()
            .into_owned();
        let numbered = (2..).map(|n| format!("{stem}-{n}{suffix}"));
        let free = std::iter::once(format!("{stem}{suffix}"))
            .chain(numbered)
            .find(|name| taken.insert(name.clone()));
        folder.join(free.expect("there is always a next number"))
    };
    inputs.iter().map(name).collect()
}

fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// A movement by its name, or auto.
pub fn movement(text: &str) -> Result<MovementChoice, String> {
    if text == "auto" {
        return Ok(MovementChoice::Auto);
    }
    movements::find(text)
        .map(|movement| MovementChoice::Named(movement.name))
        .ok_or_else(|| {
            let names = movements::all().iter().map(|movement| movement.name);
            let known: Vec<&str> = std::iter::once("auto").chain(names).collect();
            format!("known movements: {}", known.join(", "))
        })
}

fn people(text: &str) -> Result<People, String> {
    let one = match text {
        "everybody" => return Ok(People::Everybody),
        "largest" => PersonSelection::Largest,
        "nearest-centre" => PersonSelection::NearestCentre,
        "most-moving" => PersonSelection::MostMoving,
        other => {
            let id = other.strip_prefix("id=").and_then(|id| id.parse().ok());
            PersonSelection::Id(
                id.ok_or("give everybody, largest, nearest-centre, most-moving or id=NUMBER")?,
            )
        }
    };
    Ok(People::One(one))
}

/// A parser of numbers inside limits.
pub fn within((least, most): (f64, f64), unit: &'static str) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| {
        let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
        let fits = (least..=most).contains(&value);
        fits.then_some(value)
            .ok_or_else(|| format!("give {unit} between {least} and {most}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Wrapper {
        #[command(flatten)]
        args: AnalyzeArgs,
    }

    fn parse(line: &str) -> AnalyzeArgs {
        Wrapper::try_parse_from(std::iter::once("analyze").chain(line.split(' ')))
            .expect(line)
            .args
    }

    #[test]
    fn without_an_output_results_go_to_standard_output() {
        let delivery = parse("a.mp4 --format json").delivery().expect("fits");
        assert_eq!(delivery.destination, Destination::Stdout);
        assert!(!delivery.table_on_stdout);
    }

    #[test]
    fn the_table_is_printed_beside_a_file_in_another_format() {
        let delivery = parse("a.mp4 -o out.json").delivery().expect("fits");
        assert_eq!(delivery.format, Format::Json);
        assert_eq!(delivery.destination, Destination::File("out.json".into()));
        assert!(delivery.table_on_stdout);
        let quiet = parse("a.mp4 --format json -o out.bin").delivery().expect("fits");
        assert!(!quiet.table_on_stdout);
        assert!(parse("a.mp4 -o out.bin").delivery().is_err());
    }

    #[test]
    fn several_files_go_into_a_folder_or_into_one_named_file() {
        let folder = parse("a.mp4 b.mp4 -o results").delivery().expect("fits");
        assert_eq!(folder.destination, Destination::Folder("results".into()));
        let file = parse("a.mp4 b.mp4 -o all.csv").delivery().expect("fits");
        assert_eq!(
            (file.format, file.destination),
            (Format::Csv, Destination::File("all.csv".into()))
        );
        assert!(parse("a.mp4 b.mp4 --overlay out.mp4").overlays().is_err());
    }

    #[test]
    fn curves_go_into_files_of_their_own() {
        assert!(parse("a.mp4 --format trc").delivery().is_err());
        assert!(parse("a.mp4 b.mp4 -o all.parquet").delivery().is_err());
        let delivery = parse("a.mp4 -o out.mot").delivery().expect("fits");
        assert_eq!((delivery.format, delivery.table_on_stdout), (Format::Mot, true));
    }

    #[test]
    fn inputs_of_the_same_name_do_not_replace_each_other() {
        let inputs = ["x/jump.mp4".into(), "y/jump.mov".into(), "jump-2.mp4".into()];
        let names = names_in(Path::new("out"), &inputs, ".json");
        assert_eq!(
            names,
            [
                Path::new("out/jump.json"),
                Path::new("out/jump-2.json"),
                Path::new("out/jump-2-2.json")
            ]
        );
    }

    #[test]
    fn implausible_numbers_are_refused() {
        for line in [
            "a.mp4 --athlete-height 178",
            "a.mp4 --athlete-height NaN",
            "a.mp4 --athlete-mass 0",
            "a.mp4 --capture-fps -240",
            "a.mp4 --camera-roll 90",
            "a.mp4 --box-height 0",
            "a.mp4 --max-persons 17",
            "a.mp4 --jobs 0",
            "a.mp4 --movement flying",
            "a.mp4 --person tallest",
        ] {
            assert!(
                Wrapper::try_parse_from(std::iter::once("analyze").chain(line.split(' '))).is_err(),
                "{line}"
            );
        }
    }

    #[test]
    fn everybody_is_measured_unless_somebody_is_chosen() {
        let cancellation = Cancellation::default();
        let spec = |line| parse(line).specs(&cancellation).expect("fits").remove(0);
        let default = spec("a.mp4");
        assert_eq!(
            (default.people, default.max_persons),
            (People::Everybody, AnalysisSpec::FOLLOWED)
        );
        let chosen = spec("a.mp4 --person id=7 --max-persons 2");
        assert_eq!(
            (chosen.people, chosen.max_persons),
            (People::One(PersonSelection::Id(7)), 2)
        );
    }
}
