//! `kinemotion analyze`: measures the movements in video files.
//!
//! Results are delivered in the order of the arguments, each as soon as its turn has come, so a bad file costs a line on
//! standard error and nothing else.

mod args;
mod batch;
pub mod csv;
mod document;
mod export;
mod progress;
mod python_compat;
mod table;

pub use args::AnalyzeArgs;
pub use export::{Mover, movers};

use crate::exit::Exit;
use crate::interrupt;
use crate::measuring::Subject;
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
    let specs = args.specs(&cancellation)?;
    let jobs = args.jobs();
    let events = match (delivery.format, &delivery.destination) {
        (Format::Ndjson, Destination::Stdout) if jobs == 1 => Events::Stream,
        (Format::Ndjson, _) => Events::Spool,
        _ => Events::Ignore,
    };
    if let Some(folder) = args.overlay_folder() {
        make_folder(folder)?;
    }
    let mut results = Results::open(&delivery, args)?;
    let mut tally = Tally::default();
    let bars = Bars::on_terminal();
    batch::run(&specs, jobs, events, &bars, &mut |mut outcome| {
        tally.count(&outcome.result)?;
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
    Curves {
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
            destination if format.is_curves() => Formatted::Curves {
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
        Ok(Self { table, formatted })
    }

    fn add(&mut self, outcome: &mut Outcome) -> anyhow::Result<()> {
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
            Formatted::Curves { .. } => {}
        }
        if let Formatted::Curves {
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
            Formatted::Folder { .. } | Formatted::Curves { .. } => {}
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

fn unwritable(target: &Path) -> String {
    format!("cannot write {}", target.display())
}
