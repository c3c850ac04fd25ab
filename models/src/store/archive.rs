//! Files out of packages: npm hands out gzipped tar archives, wheels are zip archives.

use super::Client;
use flate2::read::GzDecoder;
use std::io::{self, Cursor, Read};
use std::path::Path;

/// The file `path` of a package as downloaded by `client`.
pub(super) fn read_member(client: Client, archive: &[u8], path: &str) -> io::Result<Vec<u8>> {
    match client {
        Client::Npm => read_tar_gz(archive, path),
        Client::Pip => read_zip(archive, path),
    }
}

fn read_tar_gz(archive: &[u8], path: &str) -> io::Result<Vec<u8>> {
    for entry in tar::Archive::new(GzDecoder::new(archive)).entries()? {
        let mut entry = entry?;
        if entry.path()? == Path::new(path) && entry.header().entry_type().is_file() {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "no such file"))
}

fn read_zip(archive: &[u8], path: &str) -> io::Result<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive))?;
    let mut bytes = Vec::new();
    archive.by_name(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}
