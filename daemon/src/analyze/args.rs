//! The arguments of `kinemotion analyze`.

use crate::exit::UsageError;
use crate::measuring::MeasuringArgs;
use clap::{Args, ValueEnum};
use kinemotion_pipelines::{AnalysisSpec, Cancellation};
use std::path::{Path, PathBuf};

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
    /// The JSON layout of the Python tool, with the keys that mean the same
    PythonCompat,
    /// Joint angles in the LocoHub layout: OUT_phase.parquet (150 rows per cycle) and OUT_time.parquet
    Parquet,
    /// Markers for OpenSim in metres; one file per person who moved
    Trc,
    /// Joint coordinates for OpenSim in degrees; one file per person who moved
    Mot,
    /// The JSON document as variables for MATLAB and Octave (version 5)
    Mat,
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
            "mat" => Some(Self::Mat),
            "txt" => Some(Self::Table),
            _ => None,
        }
    }

    /// The extension a file of this format gets.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Table => "txt",
            Self::Json | Self::PythonCompat => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Trc => "trc",
            Self::Mot => "mot",
            Self::Mat => "mat",
        }
    }

    /// Whether it holds curves, which need the poses.
    pub fn is_curves(self) -> bool {
        matches!(self, Self::Parquet | Self::Trc | Self::Mot)
    }

    /// Whether each input has files of its own: this is no text that others could be added to.
    pub fn is_per_input(self) -> bool {
        self.is_curves() || self == Self::Mat
    }
}

/// Measure the movements in video files.
#[derive(Args, Debug)]
pub struct AnalyzeArgs {
    /// Video files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    #[command(flatten)]
    pub measuring: MeasuringArgs,

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

    /// Make a page of the file, as `kinemotion report` does; the video of --overlay then carries the skeleton alone
    #[arg(long, value_name = "OUT.html")]
    report: Option<PathBuf>,

    /// Write joint angles in the LocoHub layout beside the results: OUT_phase.parquet, OUT_time.parquet and both as OUT.mat, or for
    /// several files into a folder
    #[arg(long, value_name = "OUT")]
    pub curves: Option<PathBuf>,

    /// Files analysed at once [default: one per core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,

    /// Say on standard error how much is done, for a program that reads it
    #[arg(long, hide = true)]
    pub say_progress: bool,
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
            if self.format.is_per_input() {
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
                    "the name {} does not tell a format: end it in .json, .ndjson, .csv, .parquet, .trc, .mot, .mat or .txt, or give --format",
                    output.display()
                ))
            })?,
            (format, _) => format,
        };
        if format.is_per_input() && self.is_batch() && !is_folder {
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

    /// The folder that curves go into, if it is one.
    pub fn curves_folder(&self) -> Option<&Path> {
        self.curves
            .as_deref()
            .filter(|target| self.is_batch() || is_folder(target))
    }

    /// What the files with the curves of each input are named after, where they are wanted.
    pub fn curves(&self) -> Vec<Option<PathBuf>> {
        match self.curves_folder() {
            Some(folder) => names_in(folder, &self.files, "").into_iter().map(Some).collect(),
            None => vec![self.curves.clone(); self.files.len()],
        }
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

    /// Where the page of the file goes, if one is wanted.
    pub fn page(&self) -> Result<Option<&Path>, UsageError> {
        let Some(target) = self.report.as_deref() else {
            return Ok(None);
        };
        if self.is_batch() {
            return Err(UsageError("--report takes one file at a time".into()));
        }
        self.keep_inputs("--report", target)?;
        Ok(Some(target))
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
        let keep_poses = self.delivery()?.format.is_curves() || self.curves.is_some();
        let spec = |(input, overlay): (&PathBuf, Option<PathBuf>)| AnalysisSpec {
            overlay,
            keep_poses,
            analysis_id: self.is_batch().then(|| input.display().to_string()),
            ..self.measuring.spec(input, cancellation)
        };
        Ok(self.files.iter().zip(self.overlays()?).map(spec).collect())
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
    fn curves_are_named_after_the_option_or_after_each_input() {
        assert_eq!(parse("a.mp4 b.mp4").curves(), [None::<PathBuf>, None]);
        assert_eq!(
            parse("a.mp4 --curves x/of.a").curves(),
            [Some(PathBuf::from("x/of.a"))]
        );
        let several = parse("a.mp4 b.mp4 --curves x");
        assert_eq!(
            several.curves(),
            ["x/a", "x/b"].map(|base| Some(PathBuf::from(base)))
        );
        assert_eq!(several.curves_folder(), Some(Path::new("x")));
    }

    #[test]
    fn curves_go_into_files_of_their_own() {
        for format in ["trc", "mat"] {
            assert!(parse(&format!("a.mp4 --format {format}")).delivery().is_err());
        }
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
    fn at_least_one_file_is_analysed_at_once() {
        let words = ["analyze", "a.mp4", "--jobs", "0"];
        assert!(Wrapper::try_parse_from(words).is_err());
    }
}
