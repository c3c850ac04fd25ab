//! In steady state neither the stream's thread nor a worker's touches the heap, whatever the picture format and however
//! many people are followed. ONNX Runtime's own call is left out: the networks are scripted.

use kinemotion_models::store::Network;
use kinemotion_models::{
    ColorMatrix, ColorRange, Engine, EngineConfig, EngineError, EstimatorConfig, FrameView, LandmarkTensors,
    Outputs, PixelFormat, Plane, PoseEstimator, Provider, Runner,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged; counting touches an atomic only.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `GlobalAlloc::dealloc`.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::realloc`.
        unsafe { System.realloc(ptr, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// Not wide: of a wide picture the detector looks at parts, and the script shows the same people in each of them.
const WIDTH: usize = 640;
const HEIGHT: usize = 520;
const ANCHORS: usize = 2254;
/// Column of each person's mid-hip, pixels.
const PEOPLE: [f32; 3] = [120.0, 320.0, 520.0];

/// Finds three people, and in every crop a person in its middle.
struct Script {
    boxes: Vec<f32>,
    logits: Vec<f32>,
    landmarks: Vec<f32>,
    heatmap: Vec<f32>,
    world: Vec<f32>,
}

impl Script {
    fn new() -> Self {
        let (mut boxes, mut logits) = (vec![0.0; ANCHORS * 12], vec![-20.0; ANCHORS]);
        for (i, x) in PEOPLE.into_iter().enumerate() {
            // The cell in the middle of the coarsest grid, whose anchor is the picture's centre.
            let anchor = 1960 + (3 * 7 + 3) * 6 + i;
            let x = (x / WIDTH as f32 - 0.5) * 224.0;
            let values = [x, 0.0, 20.0, 20.0, x, 0.0, x, -30.0, x, 0.0, x, 0.0];
            boxes[anchor * 12..][..12].copy_from_slice(&values);
            logits[anchor] = 3.0;
        }
        let mut landmarks = Vec::new();
        for i in 0..39 {
            // Point 34 at 1 / 1.25 of half the crop above the middle keeps the region as it is.
            let y = if i == 34 { 128.0 - 102.4 } else { 128.0 };
            landmarks.extend([128.0, y, 0.0, 3.0, 3.0]);
        }
        Self {
            boxes,
            logits,
            landmarks,
            heatmap: vec![1.0; 39 * 64 * 64],
            world: vec![0.0; 39 * 3],
        }
    }
}

struct Scripts;

impl Provider for Scripts {
    fn runner(&self) -> Result<Box<dyn Runner>, EngineError> {
        Ok(Box::new(Script::new()))
    }
}

impl Runner for Script {
    fn run(
        &mut self,
        network: Network,
        _input: &[f32],
        sink: &mut dyn FnMut(Outputs<'_>),
    ) -> Result<(), EngineError> {
        match network {
            Network::Detector => sink(Outputs::Detector {
                boxes: &self.boxes,
                logits: &self.logits,
            }),
            Network::Landmarker(_) => sink(Outputs::Landmarks(LandmarkTensors {
                landmarks: &self.landmarks,
                presence: 0.95,
                heatmap: &self.heatmap,
                world: &self.world,
            })),
        }
        Ok(())
    }
}

#[test]
fn steady_state_does_not_touch_the_heap() {
    // One worker: a second one would open its runner, which allocates, whenever both happen to be busy at once.
    let config = EngineConfig {
        workers: 1,
        ..EngineConfig::default()
    };
    let engine = Engine::with_provider(&config, Scripts).unwrap();
    // Blotches, so that the background has something to hold on to in every layout.
    let blotch = |i: usize| 90 + 60 * u8::from((i / 97 + i / (41 * WIDTH)).is_multiple_of(2));
    let data: Vec<u8> = (0..4 * WIDTH * HEIGHT).map(blotch).collect();
    let plane = |stride| Plane { data: &data, stride };
    let none = Plane::default();
    let layouts = [
        (
            PixelFormat::I420,
            [plane(WIDTH), plane(WIDTH / 2), plane(WIDTH / 2)],
        ),
        (PixelFormat::Nv12, [plane(WIDTH), plane(WIDTH), none]),
        (PixelFormat::Rgbx, [plane(4 * WIDTH), none, none]),
        (PixelFormat::Bgrx, [plane(4 * WIDTH), none, none]),
        (PixelFormat::Rgb, [plane(3 * WIDTH), none, none]),
    ];
    // Room for one more than there is, so that the detector keeps looking; with and without smoothing.
    for (max_persons, smooth) in [(1, false), (4, false), (4, true)] {
        let settings = EstimatorConfig {
            max_persons,
            smooth,
            ..EstimatorConfig::default()
        };
        let mut estimator = PoseEstimator::new(engine.clone(), settings);
        let mut t = 0.0;
        let mut round = |estimator: &mut PoseEstimator| {
            let mut seen = 0;
            for i in 0..30 {
                let (format, planes) = layouts[i % layouts.len()];
                let (matrix, range) = (ColorMatrix::Bt709, ColorRange::Limited);
                let frame =
                    FrameView::new(format, WIDTH, HEIGHT, planes, matrix, range).expect("a valid frame");
                let people = match i % 3 {
                    0 => estimator.process_within(&frame, t, Duration::from_secs(100)),
                    _ => estimator.process(&frame, t),
                };
                seen += people.expect("the script never fails").len();
                estimator.predict(t + 0.01);
                // Slow enough for the detector's looks, one a second, to fall into every round.
                t += 0.1;
            }
            seen
        };
        round(&mut estimator);
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        assert!(before > 0, "allocations are counted");
        let seen = round(&mut estimator);
        let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
        assert_eq!(
            seen,
            30 * max_persons.min(PEOPLE.len()),
            "everybody is followed all the time"
        );
        assert_eq!(allocations, 0, "{max_persons} people, smooth {smooth}");
        let stats = estimator.stats();
        assert_eq!(stats.detector_runs > 3, max_persons > 1, "{stats:?}");
    }
}
