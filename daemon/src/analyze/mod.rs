//! `kinemotion analyze`: measures the movements in video files.
//!
//! Results are delivered in the order of the arguments, each as soon as its turn has come, so a bad file costs a line on
//! standard error and nothing else.

mod args;
mod batch;
pub mod csv;
mod document;
pub mod export;
mod progress;
mod python_compat;
mod table;

pub use args::AnalyzeArgs;
pub use export::{Mover, movers};
pub use progress::SAID as SAID_PROGRESS;

use crate::exit::Exit;
use crate::interrupt;
use crate::measuring::Subject;
use crate::report::Page;
use anyhow::Context;
use args::{Delivery, Destination, Format, names_in};
use batch::{Events, Outcome};
use document::Document;
use kinemotion_pipelines::{Analysis, AnalysisError, AtomicFile};
use progress::Bars;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Runs the command.
pub fn run(args: &AnalyzeArgs) -> anyhow::Result<Exit> {
    let delivery = args.delivery()?;
    let cancellation = interrupt::cancellation()?;
    let mut specs = args.specs(&cancellation)?;
    let page = args.page()?;
    let page = page.map(|target| Page::begin(target, args.measuring.subject(), &mut specs[0]));
    let page = page.transpose()?;
    let jobs = args.jobs();
    let events = match (delivery.format, &delivery.destination) {
        (Format::Ndjson, Destination::Stdout) if jobs == 1 => Events::Stream,
        (Format::Ndjson, _) => Events::Spool,
        _ => Events::Ignore,
    };
    for folder in [args.overlay_folder(), args.curves_folder()]
        .into_iter()
        .flatten()
    {
        make_folder(folder)?;
    }
    let mut results = Results::open(&delivery, args)?;
    let mut tally = Tally::default();
    let bars = if args.say_progress {
        Bars::Said
    } else {
        Bars::on_terminal()
    };
    batch::run(&specs, jobs, events, &bars, &mut |mut outcome| {
        tally.count(&outcome.result)?;
        if let (Some(page), Ok(analysis)) = (&page, &outcome.result) {
            page.write(analysis)?;
        }
        bars.suspend(|| {
            if let Err(error) = &outcome.result
                && !matches!(error, AnalysisError::Cancelled)
            {
                eprintln!("error: {error}");
            }
            results.add(&mut outcome)
        })
    })?;
    if cancellation.is_cancelled() {
        return Ok(Exit::Interrupted);
    }
    results.finish()?;
    Ok(tally.exit())
}

/// What has been seen, for the exit code.
#[derive(Default)]
struct Tally {
    repetitions: usize,
    unreadable: usize,
    failed: usize,
}

impl Tally {
    fn count(&mut self, result: &Result<Analysis, AnalysisError>) -> io::Result<()> {
        match result {
            Ok(analysis) => self.repetitions += analysis.repetitions.len(),
            Err(AnalysisError::EventStream { kind, reason }) => {
                return Err(io::Error::new(*kind, reason.clone()));
            }
            Err(error) if error.is_input() => self.unreadable += 1,
            Err(_) => self.failed += 1,
        }
        Ok(())
    }

    /// The most serious thing that happened decides.
    fn exit(&self) -> Exit {
        match self {
            Self { failed: 1.., .. } => Exit::NotReady,
            Self { unreadable: 1.., .. } => Exit::Unreadable,
            Self { repetitions: 0, .. } => Exit::NothingFound,
            _ => Exit::Done,
        }
    }
}

/// Every place results go to.
struct Results {
    table: Option<Document<io::Stdout>>,
    formatted: Formatted,
    curves: Curves,
}

/// Curves beside the results of each input, where they are wanted.
struct Curves {
    bases: std::vec::IntoIter<Option<PathBuf>>,
    subject: Subject,
}

impl Curves {
    fn add(&mut self, outcome: &Outcome) -> anyhow::Result<()> {
        let base = self.bases.next().expect("one entry per input");
        match (base, &outcome.result) {
            (Some(base), Ok(analysis)) => export::write_curves(&base, analysis, &self.subject),
            _ => Ok(()),
        }
    }
}

enum Formatted {
    Stdout(Document<io::Stdout>),
    File {
        target: PathBuf,
        document: Document<Part>,
    },
    Folder {
        format: Format,
        subject: Subject,
        names: std::vec::IntoIter<PathBuf>,
    },
    /// Files for each input, named after a base without an extension.
    PerInput {
        format: Format,
        bases: std::vec::IntoIter<PathBuf>,
        subject: Subject,
    },
}

/// A file being written, as a writer.
struct Part(AtomicFile);

impl Write for Part {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.file().write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.file().flush()
    }
}

impl Results {
    fn open(delivery: &Delivery, args: &AnalyzeArgs) -> anyhow::Result<Self> {
        let inputs = &args.files;
        let Delivery {
            format,
            destination,
            table_on_stdout,
        } = delivery;
        let several = inputs.len() > 1;
        let subject = args.measuring.subject();
        let table = table_on_stdout.then(|| Document::new(Format::Table, several, subject, io::stdout()));
        let formatted = match destination {
            destination if format.is_per_input() => Formatted::PerInput {
                format: *format,
                bases: bases(destination, inputs)?.into_iter(),
                subject,
            },
            Destination::Stdout => Formatted::Stdout(Document::new(*format, several, subject, io::stdout())),
            Destination::File(target) => {
                let document = Document::new(*format, several, subject, part(target)?);
                Formatted::File {
                    target: target.clone(),
                    document,
                }
            }
            Destination::Folder(folder) => {
                make_folder(folder)?;
                let names = names_in(folder, inputs, &format!(".{}", format.extension()));
                Formatted::Folder {
                    format: *format,
                    subject,
                    names: names.into_iter(),
                }
            }
        };
        let curves = Curves {
            bases: args.curves().into_iter(),
            subject,
        };
        Ok(Self {
            table,
            formatted,
            curves,
        })
    }

    fn add(&mut self, outcome: &mut Outcome) -> anyhow::Result<()> {
        self.curves.add(outcome)?;
        match &mut self.formatted {
            Formatted::Stdout(document) => document.add(outcome)?,
            Formatted::File { target, document } => {
                document.add(outcome).with_context(|| unwritable(target))?;
            }
            Formatted::Folder {
                format,
                subject,
                names,
            } => {
                let target = names.next().expect("one name per input");
                if outcome.result.is_ok() {
                    let mut document = Document::new(*format, false, *subject, part(&target)?);
                    let written = document.add(outcome).and_then(|()| document.finish());
                    written
                        .and_then(|part| part.0.commit())
                        .with_context(|| unwritable(&target))?;
                }
            }
            Formatted::PerInput { .. } => {}
        }
        if let Formatted::PerInput {
            format,
            bases,
            subject,
        } = &mut self.formatted
        {
            let base = bases.next().expect("one base per input");
            if let Ok(analysis) = &outcome.result {
                export::write(*format, &base, analysis, subject)?;
            }
        }
        match &mut self.table {
            Some(table) => table.add(outcome).map_err(Into::into),
            None => Ok(()),
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        match self.formatted {
            Formatted::Stdout(document) => document.finish().map(drop)?,
            Formatted::File { target, document } => {
                let written = document.finish().and_then(|part| part.0.commit());
                written.with_context(|| unwritable(&target))?;
            }
            Formatted::Folder { .. } | Formatted::PerInput { .. } => {}
        }
        self.table.map(Document::finish).transpose()?;
        Ok(())
    }
}

/// What the files of each input are named after.
fn bases(destination: &Destination, inputs: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    match destination {
        Destination::Folder(folder) => {
            make_folder(folder)?;
            Ok(names_in(folder, inputs, ""))
        }
        Destination::File(target) => Ok(vec![target.with_extension("")]),
        Destination::Stdout => Ok(Vec::new()),
    }
}

fn part(target: &Path) -> anyhow::Result<Part> {
    AtomicFile::create(target)
        .map(Part)
        .with_context(|| unwritable(target))
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| unwritable(folder))
}

/// What is said of a place that cannot be written to.
pub fn unwritable(target: &Path) -> String {
    format!("cannot write {}", target.display())
}
