//! Replays recorded landmarks through the analyzer and prints what it finds.
//!
//! `cargo run -p kinemotion-motion --release --example replay -- [--height M] FILE…`
//!
//! A file holds one JSON object per line and frame: `{"t": seconds, "landmarks": [[x, y, z, visibility, presence], …]}`
//! with 33 landmarks in pixels, or `"landmarks": null` when nobody was seen. Each repetition and warning is printed as
//! one JSON object per line, then the time the analyzer took per frame.

use kinemotion_motion::{Analyzer, AnalyzerConfig, Athlete, EventKind, LANDMARK_COUNT, Landmark, Pose};
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

#[derive(serde::Deserialize)]
struct Line {
    t: f64,
    landmarks: Option<Vec<[f32; 5]>>,
}

fn pose(points: &[[f32; 5]]) -> Option<Pose> {
    let mut pose = Pose {
        score: 1.0,
        ..Pose::default()
    };
    if points.len() != LANDMARK_COUNT {
        return None;
    }
    for (landmark, &[x, y, z, visibility, presence]) in pose.landmarks.iter_mut().zip(points) {
        *landmark = Landmark {
            x,
            y,
            z,
            visibility,
            presence,
        };
    }
    Some(pose)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let mut athlete = Athlete::default();
    if arguments.next_if(|a| a == "--height").is_some() {
        athlete.height_m = Some(arguments.next().ok_or("--height needs metres")?.parse()?);
    }
    let mut output = std::io::stdout().lock();
    let (mut spent, mut frames) = (Duration::ZERO, 0u32);
    for file in arguments {
        let mut analyzer = Analyzer::new(AnalyzerConfig {
            athlete,
            ..AnalyzerConfig::default()
        });
        for line in std::io::BufReader::new(std::fs::File::open(&file)?).lines() {
            let line: Line = serde_json::from_str(&line?)?;
            let pose = line.landmarks.as_deref().and_then(pose);
            let begin = Instant::now();
            analyzer.push(line.t, pose.as_ref());
            spent += begin.elapsed();
            frames += 1;
        }
        analyzer.finish();
        while let Some(event) = analyzer.poll_event() {
            if matches!(event.kind, EventKind::Repetition(_) | EventKind::Warning { .. }) {
                let data = serde_json::to_value(&event.kind)?;
                let kind = event.kind.type_name();
                let line = serde_json::json!({"file": file, "t": event.t, "type": kind, "data": data});
                writeln!(output, "{line}")?;
            }
        }
    }
    eprintln!(
        "{frames} frames, {:.2} µs per frame",
        spent.as_secs_f64() * 1e6 / f64::from(frames.max(1))
    );
    Ok(())
}
