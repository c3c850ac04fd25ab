//! The frames MediaPipe saw: rendered again, or decoded again.

use serde::Deserialize;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use synthetic_athlete::Clip;

/// Rows and columns of the grid of mean grey levels.
const GRID: [usize; 2] = [3, 4];
/// How much a mean grey level may differ where the CRC does, 1/100 of a level.
pub const GREY_TOLERANCE: i32 = 5;

/// Where frames come from.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// Rendered.
    Rendered { clip: Box<Clip> },
    /// A clip of somebody else, which the repository does not hold.
    Footage { footage: String },
}

/// The directory with other people's clips.
fn footage_directory() -> PathBuf {
    match std::env::var_os("KINEMOTION_FOOTAGE") {
        Some(directory) => directory.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/footage"),
    }
}

impl Source {
    /// Whether it can be played here; says so when not.
    pub fn is_available(&self) -> bool {
        let Source::Footage { footage } = self else {
            return true;
        };
        let path = footage_directory().join(footage);
        let available = path.is_file();
        if !available {
            println!(
                "skipped: {} is not there; KINEMOTION_FOOTAGE names its directory",
                path.display()
            );
        }
        available
    }

    /// Calls `see` with every frame as RGB rows without padding.
    pub fn for_each_frame(&self, width: usize, height: usize, see: impl FnMut(usize, &[u8])) {
        match self {
            Source::Rendered { clip } => render(clip, see),
            Source::Footage { footage } => decode(&footage_directory().join(footage), width, height, see),
        }
    }
}

fn render(clip: &Clip, mut see: impl FnMut(usize, &[u8])) {
    let footage = clip.build().unwrap();
    let mut rgb = Vec::new();
    for index in 0..footage.frame_count() {
        footage.render(index, &mut rgb);
        see(index, &rgb);
    }
}

/// The pipeline that `fixtures/make_mediapipe_reference.py` used.
fn decode(path: &Path, width: usize, height: usize, mut see: impl FnMut(usize, &[u8])) {
    let pipeline = format!(
        "decodebin ! videoconvert n-threads=1 ! videoscale n-threads=1 \
         ! video/x-raw,format=RGB,width={width},height={height} ! fdsink fd=1 sync=false"
    );
    let mut player = Command::new("gst-launch-1.0")
        .args(["-q", "filesrc"])
        .arg(format!("location={}", path.display()))
        .arg("!")
        .args(pipeline.split_whitespace())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gst-launch-1.0 of GStreamer's tools decodes the footage");
    let mut pipe = player.stdout.take().expect("it is piped");
    let mut rgb = vec![0; width * height * 3];
    for index in 0.. {
        match pipe.read_exact(&mut rgb) {
            Ok(()) => see(index, &rgb),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
    assert!(player.wait().unwrap().success(), "{}", path.display());
}

/// Mean of all channels in each cell of a grid, 1/100 of a level.
pub fn grey_levels(rgb: &[u8], width: usize, height: usize) -> Vec<i32> {
    let [rows, columns] = GRID;
    let (cell_height, cell_width) = (height / rows, width / columns);
    let cell = |row: usize, column: usize| {
        let lines =
            (row * cell_height..(row + 1) * cell_height).map(|y| 3 * (y * width + column * cell_width));
        let sum: u64 = lines
            .flat_map(|start| &rgb[start..start + 3 * cell_width])
            .map(|&v| u64::from(v))
            .sum();
        (100.0 * sum as f64 / (3 * cell_width * cell_height) as f64).round() as i32
    };
    (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (row, column)))
        .map(|(r, c)| cell(r, c))
        .collect()
}
