//! The archive: written, and read with suspicion.

use super::DATABASE;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tar::{Archive, Builder, EntryType, Header};
use tempfile::TempDir;

/// Name of the entry that says what this is; the first one.
const MANIFEST: &str = "kinemotion-backup.json";
/// Name of the last entry, which is empty: without it the archive has been cut off.
const END: &str = "kinemotion-backup-end";
/// Name and version of the layout.
const SCHEMA: &str = "kinemotion.backup/1";
/// Longest manifest that is read.
const MANIFEST_BYTES: u64 = 65_536;

/// What an archive says of itself.
#[derive(Debug, Deserialize, Serialize)]
struct Manifest {
    schema: String,
    /// Version of the program.
    version: String,
    /// RFC 3339.
    created_at: String,
}

/// A copy of the database.
pub struct Snapshot {
    /// Where it is.
    pub path: PathBuf,
    /// Names of the analyses in it.
    pub analyses: BTreeSet<String>,
    /// The folder it is in, which goes with the value.
    pub _place: TempDir,
}

/// Writes an archive of a copy of the database, if there is one, and of a folder: of analyses, those that are in the copy.
///
/// # Errors
/// What cannot be read or written.
pub fn write(out: &mut File, folder: &Path, copy: Option<&Snapshot>) -> io::Result<()> {
    let mut archive = Builder::new(BufWriter::new(out));
    let manifest = Manifest {
        schema: SCHEMA.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        created_at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
    };
    let manifest = serde_json::to_vec_pretty(&manifest)?;
    let mut header = header(manifest.len() as u64, SystemTime::now());
    archive.append_data(&mut header, MANIFEST, manifest.as_slice())?;
    if let Some(copy) = copy {
        add_file(&mut archive, Path::new(DATABASE), &copy.path)?;
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        // An analysis that began after the copy was made.
        let late = |copy: &Snapshot| is_analysis(&text) && !copy.analyses.contains(&*text);
        if entry.file_type()?.is_dir() && !text.starts_with('.') && !copy.is_some_and(late) {
            add_folder(&mut archive, Path::new(&name), &entry.path())?;
        }
    }
    archive.append_data(&mut self::header(0, SystemTime::now()), END, io::empty())?;
    archive.into_inner()?.flush()
}

fn is_analysis(name: &str) -> bool {
    uuid::Uuid::parse_str(name).is_ok()
}

fn add_folder(archive: &mut Builder<impl Write>, name: &Path, folder: &Path) -> io::Result<()> {
    let Some(entries) = unless_gone(std::fs::read_dir(folder))? else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        let name = name.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            add_folder(archive, &name, &entry.path())?;
        } else if kind.is_file() {
            add_file(archive, &name, &entry.path())?;
        }
    }
    Ok(())
}

/// Adds a file as long as it is at this moment, however it grows or shrinks while it is read; one that is gone is left out.
fn add_file(archive: &mut Builder<impl Write>, name: &Path, path: &Path) -> io::Result<()> {
    let Some(file) = unless_gone(File::open(path))? else {
        return Ok(());
    };
    let metadata = file.metadata()?;
    let mut header = header(metadata.len(), metadata.modified()?);
    let content = file.chain(io::repeat(0)).take(metadata.len());
    archive.append_data(&mut header, name, content)
}

fn header(size: u64, modified: SystemTime) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
    header
}

fn unless_gone<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
    match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// Reads an archive into an empty folder. Its entries are files, none of which leads out of it.
///
/// # Errors
/// It is no backup, or one of a newer version, or not all of one; what cannot be read or written.
pub fn read(archive: impl Read, folder: &Path) -> io::Result<()> {
    let mut archive = Archive::new(archive);
    let mut entries = archive.entries()?;
    let first = entries.next().ok_or_else(|| wrong("it is empty"))??;
    check_manifest(first)?;
    let mut whole = false;
    for entry in entries {
        let mut entry = entry?;
        let name = entry.path()?.into_owned();
        if name == Path::new(END) {
            whole = true;
            continue;
        }
        let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
        if !plain || entry.header().entry_type() != EntryType::Regular {
            return Err(wrong(&format!("{} is no plain file within it", name.display())));
        }
        let path = folder.join(&name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mut file = File::create_new(&path)?;
        io::copy(&mut entry, &mut file)?;
        file.sync_all()?;
    }
    if whole {
        Ok(())
    } else {
        Err(wrong("its end is missing"))
    }
}

fn check_manifest(entry: tar::Entry<'_, impl Read>) -> io::Result<()> {
    if *entry.path()? != *Path::new(MANIFEST) {
        return Err(wrong("it is no backup of kinemotion"));
    }
    let manifest: Manifest = serde_json::from_reader(entry.take(MANIFEST_BYTES))?;
    if manifest.schema != SCHEMA {
        let Manifest { schema, version, .. } = manifest;
        return Err(wrong(&format!(
            "it is of version {version}, whose layout is {schema}"
        )));
    }
    Ok(())
}

fn wrong(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive with these entries behind the manifest.
    fn archive(schema: &str, names: &[&str], kind: EntryType) -> Vec<u8> {
        let mut archive = Builder::new(Vec::new());
        let manifest = format!(r#"{{"schema":"{schema}","version":"9","created_at":""}}"#);
        let mut add = |name: &str, kind, content: &[u8]| {
            let mut header = header(content.len() as u64, UNIX_EPOCH);
            header.set_entry_type(kind);
            // The name as it is: the library would refuse some of these.
            let bytes = &mut header.as_old_mut().name;
            bytes[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            archive
                .append(&header, content)
                .expect("a vector takes everything");
        };
        add(MANIFEST, EntryType::Regular, manifest.as_bytes());
        names.iter().for_each(|name| add(name, kind, b"x"));
        archive.into_inner().expect("a vector takes everything")
    }

    fn refusal(archive: &[u8]) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("inside");
        std::fs::create_dir(&inside).expect("a folder");
        let refused = read(archive, &inside).expect_err("refused").to_string();
        let outside = std::fs::read_dir(folder.path()).expect("readable").count();
        assert_eq!(outside, 1, "nothing is written elsewhere");
        refused
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        for name in ["../outside", "/tmp/kinemotion-outside", "a/../../outside"] {
            let refused = refusal(&archive(SCHEMA, &[name], EntryType::Regular));
            assert!(refused.contains("no plain file"), "{name}: {refused}");
        }
        let refused = refusal(&archive(SCHEMA, &["link"], EntryType::Symlink));
        assert!(refused.contains("no plain file"), "{refused}");
    }

    #[test]
    fn what_is_no_backup_or_a_newer_one_is_refused() {
        assert!(
            refusal(&archive("kinemotion.backup/2", &[], EntryType::Regular)).contains("kinemotion.backup/2")
        );
        assert!(refusal(b"").contains("empty"));
        refusal(&[b'x'; 2048]);
        let cut_off = refusal(&archive(SCHEMA, &["a"], EntryType::Regular));
        assert!(cut_off.contains("end is missing"), "{cut_off}");
    }

    #[test]
    fn a_folder_comes_back_without_analyses_that_came_later() {
        let [from, to, place] = [(); 3].map(|()| tempfile::tempdir().expect("a folder"));
        let (early, late) = (
            "0199d4c0-0000-7000-8000-000000000001",
            "0199d4c0-0000-7000-8000-000000000002",
        );
        for name in [early, late, "uploads"] {
            std::fs::create_dir_all(from.path().join(name).join("hls")).expect("a folder");
            std::fs::write(from.path().join(name).join("hls/a.ts"), name).expect("written");
        }
        let copy = Snapshot {
            path: place.path().join("copy"),
            analyses: BTreeSet::from([early.to_owned()]),
            _place: place,
        };
        std::fs::write(&copy.path, "database").expect("written");
        let mut file = tempfile::tempfile().expect("a file");
        write(&mut file, from.path(), Some(&copy)).expect("writes");
        io::Seek::rewind(&mut file).expect("rewinds");
        read(&file, to.path()).expect("reads");
        let back = |name: &str| std::fs::read_to_string(to.path().join(name)).ok();
        assert_eq!(back(DATABASE).as_deref(), Some("database"));
        assert_eq!(back(&format!("{early}/hls/a.ts")).as_deref(), Some(early));
        assert_eq!(back("uploads/hls/a.ts").as_deref(), Some("uploads"));
        assert_eq!(back(&format!("{late}/hls/a.ts")), None);
        assert_eq!(back(MANIFEST), None);
    }
}
