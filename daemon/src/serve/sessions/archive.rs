//! Analyses on disk: a folder each, with the events as NDJSON.
//!
//! ```text
//! FOLDER/ID/events.ndjson   the order on the first line, then every event but poses, as announced
//!          /recording.mp4   when a recording was asked for
//!          /hls/            while HLS is sent
//! ```
//!
//! A line is handed to the operating system before anybody hears of the event, so an end of the process loses nothing
//! that was announced ([ADR 11](../../../../docs/adr/0011-stored-before-announced.md)).

use crate::serve::hub::{EventType, Line};
use serde::Deserialize;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const EVENTS: &str = "events.ndjson";

/// The folder of all analyses.
#[derive(Clone, Debug)]
pub struct Archive(PathBuf);

/// The events of one analysis, open for more.
#[derive(Debug)]
pub struct EventFile(File);

/// An analysis as it was stored.
#[derive(Debug)]
pub struct Stored {
    /// The first line.
    pub order: String,
    /// The events in their order.
    pub lines: Vec<Line>,
    /// The file, open for more.
    pub file: EventFile,
}

impl Archive {
    /// Opens a folder and makes it if there is none.
    ///
    /// # Errors
    /// A folder that cannot be made or written to.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        tempfile::tempfile_in(folder)?;
        Ok(Self(folder.into()))
    }

    /// Whether something can be written.
    ///
    /// # Errors
    /// Why not.
    pub fn probe(&self) -> io::Result<()> {
        tempfile::tempfile_in(&self.0).map(drop)
    }

    /// The folder of an analysis.
    pub fn folder(&self, id: &str) -> PathBuf {
        self.0.join(id)
    }

    /// The recording of an analysis.
    pub fn recording(&self, id: &str) -> PathBuf {
        self.folder(id).join("recording.mp4")
    }

    /// The playlist and segments of an analysis.
    pub fn hls(&self, id: &str) -> PathBuf {
        self.folder(id).join("hls")
    }

    /// Begins to store an analysis.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn create(&self, id: &str, order: &str) -> io::Result<EventFile> {
        let folder = self.folder(id);
        std::fs::create_dir(&folder)?;
        let path = folder.join(EVENTS);
        let mut file = EventFile(OpenOptions::new().append(true).create_new(true).open(path)?);
        file.write(order)?;
        Ok(file)
    }

    /// Names of stored analyses, the youngest first: names rise with time.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn ids(&self) -> io::Result<Vec<String>> {
        let mut ids: Vec<String> = std::fs::read_dir(&self.0)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| uuid::Uuid::try_parse(name).is_ok())
            .collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ids)
    }

    /// Reads an analysis back. A last line that was cut off is taken away.
    ///
    /// # Errors
    /// A file that cannot be read, or whose lines are no events in rising order.
    pub fn read(&self, id: &str) -> io::Result<Stored> {
        let path = self.folder(id).join(EVENTS);
        let mut file = OpenOptions::new().read(true).append(true).open(path)?;
        let mut reader = BufReader::new(&file);
        let (mut bytes, mut whole, mut order, mut lines) = (Vec::new(), 0, None, Vec::<Line>::new());
        while reader.read_until(b'\n', &mut bytes)? > 0 {
            let Some(line) = bytes.strip_suffix(b"\n") else {
                break;
            };
            let line = std::str::from_utf8(line).map_err(|_| invalid("a line is not UTF-8"))?;
            match &order {
                None => order = Some(line.to_owned()),
                Some(_) => {
                    let line = event(line)?;
                    if lines.last().is_some_and(|last| line.sequence <= last.sequence) {
                        return Err(invalid("sequence numbers do not rise"));
                    }
                    lines.push(line);
                }
            }
            whole += bytes.len() as u64;
            bytes.clear();
        }
        drop(reader);
        let order = order.ok_or_else(|| invalid("the first line is missing"))?;
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        let file = EventFile(file);
        Ok(Stored { order, lines, file })
    }

    /// Removes everything of an analysis.
    ///
    /// # Errors
    /// Files that cannot be removed.
    pub fn remove(&self, id: &str) -> io::Result<()> {
        match std::fs::remove_dir_all(self.folder(id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }
}

impl EventFile {
    /// Adds a line in one piece and hands it to the operating system.
    ///
    /// # Errors
    /// A disk that is full or gone. What was written of the line is taken away again.
    pub fn write(&mut self, line: &str) -> io::Result<()> {
        let mut text = String::with_capacity(line.len() + 1);
        text.push_str(line);
        text.push('\n');
        let before = self.0.metadata()?.len();
        self.0.write_all(text.as_bytes()).inspect_err(|_| {
            // The error of writing is the one to tell; a line that is cut off is repaired when the file is read.
            let _ = self.0.set_len(before);
        })
    }

    /// A file on a disk that is full.
    #[cfg(test)]
    pub fn full() -> Self {
        let file = OpenOptions::new().append(true).open("/dev/full");
        Self(file.expect("Linux has /dev/full"))
    }

    /// Has everything on the disk itself, so that it outlives the machine.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// What of a stored event must be known to number and announce it.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    type_name: &'a str,
    sequence: u64,
}

fn event(line: &str) -> io::Result<Line> {
    let envelope: Envelope<'_> = serde_json::from_str(line)?;
    let kind = EventType::named(envelope.type_name).ok_or_else(|| invalid("an event of an unknown type"))?;
    Ok(Line::stored(envelope.sequence, kind, line))
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0199d4c0-0000-7000-8000-000000000001";

    fn archive() -> (tempfile::TempDir, Archive) {
        let folder = tempfile::tempdir().expect("a folder");
        let archive = Archive::open(&folder.path().join("new")).expect("opens");
        (folder, archive)
    }

    fn line(sequence: u64, kind: &str) -> String {
        format!(r#"{{"type":"{kind}","sequence":{sequence},"data":{{}}}}"#)
    }

    #[test]
    fn what_was_written_is_read_back_and_goes_on() {
        let (_folder, archive) = archive();
        let mut file = archive.create(ID, "order").expect("creates");
        file.write(&line(0, "state")).expect("writes");
        file.write(&line(5, "repetition")).expect("writes");
        let mut stored = archive.read(ID).expect("reads");
        assert_eq!(stored.order, "order");
        stored.file.write(&line(6, "state")).expect("writes");
        let sequences = |stored: Stored| stored.lines.iter().map(|l| l.sequence).collect::<Vec<_>>();
        assert_eq!(sequences(archive.read(ID).expect("reads")), [0, 5, 6]);
        assert_eq!(archive.ids().expect("reads"), [ID]);
        archive.remove(ID).expect("removes");
        assert!(archive.ids().expect("reads").is_empty());
    }

    #[test]
    fn a_line_that_was_cut_off_is_taken_away() {
        let (_folder, archive) = archive();
        let mut file = archive.create(ID, "order").expect("creates");
        file.write(&line(0, "state")).expect("writes");
        file.0
            .write_all(br#"{"type":"repetition","sequ"#)
            .expect("writes");
        let mut stored = archive.read(ID).expect("reads");
        assert_eq!(stored.lines.len(), 1);
        stored.file.write(&line(1, "state")).expect("writes");
        assert_eq!(archive.read(ID).expect("reads").lines.len(), 2);
    }

    #[test]
    fn what_are_no_events_in_order_is_refused() {
        let (_folder, archive) = archive();
        let mut file = archive.create(ID, "order").expect("creates");
        file.write(&line(3, "state")).expect("writes");
        file.write(&line(3, "state")).expect("writes");
        assert!(
            archive
                .read(ID)
                .expect_err("refused")
                .to_string()
                .contains("rise")
        );
        archive.remove(ID).expect("removes");
        let mut file = archive.create(ID, "order").expect("creates");
        file.write("nonsense").expect("writes");
        assert!(archive.read(ID).is_err());
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_no_archive() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert!(Archive::open(file.path()).is_err());
    }
}
