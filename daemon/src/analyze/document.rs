//! Results as text: one writer for every format, fed one outcome at a time.

use super::args::Format;
use super::batch::Outcome;
use super::{csv, python_compat, table};
use crate::measuring::Subject;
use serde_json::json;
use std::io::{self, Seek, Write};

/// Name and version of the JSON object that stands for a file that could not be analysed.
const ERROR_SCHEMA: &str = "kinemotion.error/1";

/// A document under way: [`Document::add`] each outcome in order, then [`Document::finish`].
///
/// For several files JSON becomes an array with one element per file, an unreadable one included; the other formats are
/// concatenated. An unreadable single file leaves the document empty.
pub struct Document<W> {
    format: Format,
    several: bool,
    subject: Subject,
    entries: usize,
    out: W,
}

impl<W: Write> Document<W> {
    /// Starts a document for one or several files.
    pub fn new(format: Format, several: bool, subject: Subject, out: W) -> Self {
        Self {
            format,
            several,
            subject,
            entries: 0,
            out,
        }
    }

    /// Adds how one analysis ended.
    pub fn add(&mut self, outcome: &mut Outcome) -> io::Result<()> {
        match self.format {
            Format::Table => self.add_table(outcome)?,
            Format::Json | Format::PythonCompat => self.add_json(outcome)?,
            Format::Ndjson => self.add_events(outcome)?,
            Format::Csv => self.add_csv(outcome)?,
            // these are files, not text: see `export`
            Format::Parquet | Format::Trc | Format::Mot | Format::Mat => {}
        }
        self.entries += 1;
        self.out.flush()
    }

    /// Ends the document and gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        if matches!(self.format, Format::Json | Format::PythonCompat) && self.several {
            writeln!(self.out, "{}]", if self.entries == 0 { "[" } else { "\n" })?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    fn add_table(&mut self, outcome: &Outcome) -> io::Result<()> {
        if self.entries > 0 {
            writeln!(self.out)?;
        }
        match &outcome.result {
            Ok(analysis) => self.out.write_all(table::render(analysis).as_bytes()),
            Err(error) if self.several => writeln!(self.out, "{}: {error}", outcome.input.display()),
            Err(_) => Ok(()),
        }
    }

    fn add_json(&mut self, outcome: &Outcome) -> io::Result<()> {
        let text = match &outcome.result {
            Ok(analysis) if self.format == Format::PythonCompat => {
                serde_json::to_string_pretty(&python_compat::document(analysis, &self.subject))?
            }
            Ok(analysis) => serde_json::to_string_pretty(analysis)?,
            Err(_) if !self.several => return Ok(()),
            Err(error) => serde_json::to_string_pretty(&json!({
                "schema": ERROR_SCHEMA,
                "source": { "path": outcome.input },
                "error": { "code": error.code(), "message": error.to_string() },
            }))?,
        };
        if !self.several {
            return writeln!(self.out, "{text}");
        }
        write!(
            self.out,
            "{}{text}",
            if self.entries == 0 { "[\n" } else { ",\n" }
        )
    }

    fn add_events(&mut self, outcome: &mut Outcome) -> io::Result<()> {
        let Some(events) = &mut outcome.events else {
            return Ok(());
        };
        events.rewind()?;
        io::copy(events, &mut self.out).map(drop)
    }

    fn add_csv(&mut self, outcome: &Outcome) -> io::Result<()> {
        if self.entries == 0 {
            csv::write_header(&mut self.out)?;
        }
        match &outcome.result {
            Ok(analysis) => {
                let repetitions: Vec<serde_json::Value> = analysis
                    .repetitions
                    .iter()
                    .map(serde_json::to_value)
                    .collect::<Result<_, _>>()?;
                csv::write_rows(
                    &mut self.out,
                    &analysis.source.path.to_string_lossy(),
                    &repetitions,
                )
            }
            Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinemotion_pipelines::AnalysisError;

    fn failed(name: &str) -> Outcome {
        let error = AnalysisError::NoVideoStream { path: name.into() };
        Outcome {
            input: name.into(),
            result: Err(error),
            events: None,
        }
    }

    fn json_of(count: usize) -> serde_json::Value {
        let mut document = Document::new(Format::Json, true, Subject::default(), Vec::new());
        for n in 0..count {
            document
                .add(&mut failed(&format!("{n}.mp4")))
                .expect("a vector takes everything");
        }
        let text = document.finish().expect("a vector takes everything");
        serde_json::from_slice(&text).expect("valid JSON")
    }

    #[test]
    fn a_batch_is_a_valid_json_array_with_one_element_per_file() {
        assert_eq!(json_of(0), json!([]));
        let two = json_of(2);
        assert_eq!(two[1]["schema"], ERROR_SCHEMA);
        assert_eq!(two[1]["source"]["path"], "1.mp4");
        assert_eq!(two[1]["error"]["code"], "no_video_stream");
    }

    #[test]
    fn an_unreadable_single_file_leaves_no_document() {
        for format in [Format::Json, Format::Table, Format::Ndjson] {
            let mut document = Document::new(format, false, Subject::default(), Vec::new());
            document
                .add(&mut failed("x.mp4"))
                .expect("a vector takes everything");
            assert!(
                document.finish().expect("a vector takes everything").is_empty(),
                "{format:?}"
            );
        }
    }
}
