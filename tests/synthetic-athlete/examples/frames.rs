//! Draws frames of a clip as PPM pictures and tells how long a frame takes.
//!
//! `cargo run --release -p synthetic-athlete --example frames -- OUT_DIR EVERY < clip.json`; an empty input is the
//! default clip.

use std::io::Read;
use std::time::Instant;
use synthetic_athlete::Clip;

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| ".".into());
    let every: usize = arguments.next().map_or(Ok(10), |n| n.parse())?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let clip: Clip = if text.trim().is_empty() {
        Clip::default()
    } else {
        serde_json::from_str(&text)?
    };
    let start = Instant::now();
    let footage = clip.build()?;
    println!(
        "build {:.1} ms, {} frames",
        start.elapsed().as_secs_f64() * 1e3,
        footage.frame_count()
    );
    let mut rgb = Vec::new();
    let (mut busy, mut drawn) = (0.0, 0);
    for i in (0..footage.frame_count()).step_by(every.max(1)) {
        let start = Instant::now();
        footage.render(i, &mut rgb);
        busy += start.elapsed().as_secs_f64();
        drawn += 1;
        let mut ppm = format!("P6 {} {} 255\n", footage.width(), footage.height()).into_bytes();
        ppm.extend_from_slice(&rgb);
        std::fs::write(format!("{folder}/{i:05}.ppm"), ppm)?;
    }
    println!("{:.2} ms per frame on one core", 1e3 * busy / f64::from(drawn));
    Ok(())
}
