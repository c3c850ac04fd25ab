//! What a frame costs: inference and everything around it, side by side, on rendered 1280x720 I420 frames.
//!
//! `cargo run --release -p kinemotion-models --example pose_cost [FRAMES]`

use kinemotion_models::{
    ColorMatrix, ColorRange, Engine, EngineConfig, EngineError, EstimatorConfig, EstimatorError, FrameView,
    PixelFormat, Plane, PoseEstimator, Quality,
};
use std::io::Write;
use std::time::Instant;
use synthetic_athlete::{Camera, Clip, ClipError, Cmj};

const WIDTH: usize = 1280;
const HEIGHT: usize = 720;
/// Rendered frames; they are shown forwards and backwards until enough have been measured.
const RENDERED: usize = 12;
const WARM_UP: usize = 10;

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Clip(#[from] ClipError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Estimator(#[from] EstimatorError),
    #[error(transparent)]
    Output(#[from] std::io::Error),
}

fn main() -> Result<(), Failure> {
    let frames = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(100_usize)
        .max(1);
    let pictures = pictures()?;
    let engine = Engine::shared(&EngineConfig::default())?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{frames} frames of {WIDTH}x{HEIGHT} I420, one person, medians in milliseconds per frame"
    )?;
    writeln!(
        out,
        "quality    inference  hand-over  pre+post  pre+post/inference  frames with a pose"
    )?;
    for quality in [Quality::Fast, Quality::Balanced, Quality::Accurate] {
        engine.warm_up(quality)?;
        let cost = measure(&engine, quality, &pictures, frames)?;
        writeln!(
            out,
            "{:9} {:10.2} {:10.3} {:9.3} {:18.1} % {:>12}/{frames}",
            quality.name(),
            cost.inference,
            cost.hand_over,
            cost.overhead,
            100.0 * cost.overhead / cost.inference,
            cost.with_pose,
        )?;
    }
    Ok(())
}

/// Medians, milliseconds.
struct Cost {
    /// Inside the networks.
    inference: f64,
    /// From the stream to the worker and back.
    hand_over: f64,
    /// Crop, decoding, refinement, tracking.
    overhead: f64,
    with_pose: u64,
}

fn measure(
    engine: &std::sync::Arc<Engine>,
    quality: Quality,
    pictures: &[Vec<u8>],
    frames: usize,
) -> Result<Cost, Failure> {
    let mut estimator = PoseEstimator::new(
        engine.clone(),
        EstimatorConfig {
            quality,
            ..EstimatorConfig::default()
        },
    );
    let there_and_back = (0..pictures.len()).chain((0..pictures.len()).rev()).cycle();
    let (mut inference, mut hand_over, mut overhead) = (Vec::new(), Vec::new(), Vec::new());
    let mut poses_before = 0;
    for (i, picture) in there_and_back.take(WARM_UP + frames).enumerate() {
        let frame = view(&pictures[picture]);
        let (stats, runs) = (estimator.stats(), engine.stats().run_s);
        let start = Instant::now();
        estimator.process(&frame, i as f64 / 30.0)?;
        let total = start.elapsed().as_secs_f64();
        let run = engine.stats().run_s - runs;
        let around = estimator.stats().overhead_s - stats.overhead_s;
        if i < WARM_UP {
            poses_before = estimator.stats().with_pose;
            continue;
        }
        inference.push(1e3 * run);
        overhead.push(1e3 * around);
        hand_over.push(1e3 * (total - run - around).max(0.0));
    }
    Ok(Cost {
        inference: median(&mut inference),
        hand_over: median(&mut hand_over),
        overhead: median(&mut overhead),
        with_pose: estimator.stats().with_pose - poses_before,
    })
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A jump, from start to end, as I420.
fn pictures() -> Result<Vec<Vec<u8>>, Failure> {
    let camera = Camera {
        width: WIDTH as u32,
        height: HEIGHT as u32,
        ..Camera::default()
    };
    let footage = Clip {
        camera,
        ..Clip::of(Cmj::default())
    }
    .build()?;
    let mut rgb = Vec::new();
    let picture = |i: usize| {
        footage.render(i * footage.frame_count() / RENDERED, &mut rgb);
        i420(&rgb)
    };
    Ok((0..RENDERED).map(picture).collect())
}

fn view(i420: &[u8]) -> FrameView<'_> {
    let (luma, chroma) = i420.split_at(WIDTH * HEIGHT);
    let (u, v) = chroma.split_at(WIDTH * HEIGHT / 4);
    let plane = |data, stride| Plane { data, stride };
    let planes = [plane(luma, WIDTH), plane(u, WIDTH / 2), plane(v, WIDTH / 2)];
    FrameView::new(
        PixelFormat::I420,
        WIDTH,
        HEIGHT,
        planes,
        ColorMatrix::Bt601,
        ColorRange::Full,
    )
    .expect("the planes are as long as they must be")
}

/// RGB to full-range BT.601 I420, chroma from the first pixel of each group of four.
fn i420(rgb: &[u8]) -> Vec<u8> {
    let pixel = |x: usize, y: usize| {
        let at = 3 * (y * WIDTH + x);
        [0, 1, 2].map(|c| f32::from(rgb[at + c]))
    };
    let luma = |[r, g, b]: [f32; 3]| 0.299 * r + 0.587 * g + 0.114 * b;
    let all = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    let quarter = (0..HEIGHT / 2).flat_map(|y| (0..WIDTH / 2).map(move |x| (2 * x, 2 * y)));
    let y = all.map(|(x, y)| luma(pixel(x, y)));
    let u = quarter
        .clone()
        .map(|(x, y)| 128.0 + (pixel(x, y)[2] - luma(pixel(x, y))) / 1.772);
    let v = quarter.map(|(x, y)| 128.0 + (pixel(x, y)[0] - luma(pixel(x, y))) / 1.402);
    y.chain(u).chain(v).map(|v| v.round() as u8).collect()
}
