//! Renders a clip as bare RGB frames, for `tests/fixtures/make_mediapipe_reference.py`:
//!
//! ```text
//! cargo run --release -p kinemotion-models --example render_rgb < clip.json > frames.rgb
//! ```
//!
//! The first line of standard error is "WIDTH HEIGHT FRAMES".
#![expect(clippy::print_stderr, reason = "the output of a command-line tool")]

use std::io::{Read, Write};
use synthetic_athlete::Clip;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut json = String::new();
    std::io::stdin().read_to_string(&mut json)?;
    let clip: Clip = serde_json::from_str(&json)?;
    let footage = clip.build()?;
    eprintln!(
        "{} {} {}",
        footage.width(),
        footage.height(),
        footage.frame_count()
    );
    let mut rgb = Vec::new();
    let mut out = std::io::stdout().lock();
    for frame in 0..footage.frame_count() {
        footage.render(frame, &mut rgb);
        out.write_all(&rgb)?;
    }
    Ok(())
}
