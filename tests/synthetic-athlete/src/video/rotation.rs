//! The note in an MP4 file that its picture has to be turned.
//!
//! mp4mux of GStreamer 1.22 has no way to write it, so the matrix of the track header is set afterwards: ISO/IEC
//! 14496-12, boxes `moov` / `trak` / `tkhd`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of a box before its content: size and type.
const BOX_HEADER: u64 = 8;
/// Where the matrix is in the content of `tkhd`, by version of that box.
const MATRIX_AT: [u64; 2] = [40, 52];

/// Notes that the picture has to be turned `quarter_turns` clockwise, after which it is `width` x `height`.
pub(super) fn note(path: &Path, quarter_turns: u8, width: u32, height: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let end = file.metadata()?.len();
    let movie = find(&mut file, 0, end, *b"moov")?;
    let track = find(&mut file, movie.0, movie.1, *b"trak")?;
    let header = find(&mut file, track.0, track.1, *b"tkhd")?;
    file.seek(SeekFrom::Start(header.0))?;
    let mut version = [0u8];
    file.read_exact(&mut version)?;
    let at = MATRIX_AT
        .get(usize::from(version[0]))
        .ok_or_else(|| io::Error::other("unknown track header"))?;
    file.seek(SeekFrom::Start(header.0 + at))?;
    for value in matrix(quarter_turns, width as i32, height as i32) {
        file.write_all(&value.to_be_bytes())?;
    }
    file.sync_all()
}

/// (a b u, c d v, x y w) with x' = a x + c y + tx, y' = b x + d y + ty; 16.16 fixed point, the last column 2.30.
fn matrix(quarter_turns: u8, width: i32, height: i32) -> [i32; 9] {
    const ONE: i32 = 1 << 16;
    const W: i32 = 1 << 30;
    let (x, y) = (width * ONE, height * ONE);
    match quarter_turns {
        1 => [0, ONE, 0, -ONE, 0, 0, x, 0, W],
        2 => [-ONE, 0, 0, 0, -ONE, 0, x, y, W],
        3 => [0, -ONE, 0, ONE, 0, 0, 0, y, W],
        _ => [ONE, 0, 0, 0, ONE, 0, 0, 0, W],
    }
}

/// Start and end of the content of the first box of a kind between two places of a file.
fn find(file: &mut File, from: u64, to: u64, kind: [u8; 4]) -> io::Result<(u64, u64)> {
    let mut at = from;
    while at + BOX_HEADER <= to {
        file.seek(SeekFrom::Start(at))?;
        let mut header = [0u8; BOX_HEADER as usize];
        file.read_exact(&mut header)?;
        let [s0, s1, s2, s3, name @ ..] = header;
        let (mut size, mut content) = (u64::from(u32::from_be_bytes([s0, s1, s2, s3])), at + BOX_HEADER);
        if size == 1 {
            let mut large = [0u8; 8];
            file.read_exact(&mut large)?;
            size = u64::from_be_bytes(large);
            content += 8;
        } else if size == 0 {
            size = to - at; // to the end
        }
        if name == kind {
            return Ok((content, at + size));
        }
        if size < BOX_HEADER {
            break;
        }
        at += size;
    }
    Err(io::Error::other(format!(
        "the file has no `{}` box",
        String::from_utf8_lossy(&kind)
    )))
}
