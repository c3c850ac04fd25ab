//! The converted networks compute what the TFLite interpreter computes on the originals.
//!
//! `fixtures/make_tflite_reference.py` says how the reference was made. Tolerances are five times the largest
//! difference seen or more; it comes from the order of additions and so from the processor.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail and report"
)]

use flate2::read::GzDecoder;
use kinemotion_models::Quality;
use kinemotion_models::store::{Network, model_path, runtime_library};
use ort::session::Session;
use ort::value::TensorRef;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const HEATMAP_SIDE: usize = 64;
const HEAT_STEP: usize = 8;
/// Values per anchor of the detector: box and four keypoints.
const BOX_VALUES: usize = 12;
/// Side of the stored picture.
const PICTURE_SIDE: usize = 128;

const LANDMARK_TOLERANCE_PX: f32 = 5e-3;
const PRESENCE_TOLERANCE: f32 = 5e-5;
const HEATMAP_TOLERANCE: f32 = 3e-3;
const WORLD_TOLERANCE_M: f32 = 3e-5;
const BOX_TOLERANCE_PX: f32 = 3e-3;
const SCORE_TOLERANCE: f32 = 1e-3;

#[derive(Deserialize)]
struct Landmarks {
    landmarks: Vec<f32>,
    presence: Vec<f32>,
    heatmap: Vec<f32>,
    world: Vec<f32>,
}

#[derive(Deserialize)]
struct Detections {
    anchors: Vec<usize>,
    scores: Vec<f32>,
    boxes: Vec<f32>,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/tflite")
        .join(name)
}

/// Reference values by input name.
fn reference<T: for<'de> Deserialize<'de>>(network: Network) -> BTreeMap<String, T> {
    let text = std::fs::read_to_string(fixture(&format!("{network}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// 8-bit pixels of an input of the reference, row by row, red green blue.
fn pixels(input: &str, side: usize) -> Vec<u8> {
    let formula = |y: usize, x: usize, c: usize| ((x * (c + 3) + y * 7 + x * y / 16) % 256) as u8;
    let mut picture = Vec::new();
    let file = std::fs::File::open(fixture("person_128.rgb.gz")).unwrap();
    GzDecoder::new(file).read_to_end(&mut picture).unwrap();
    let person = |y: usize, x: usize, c: usize| {
        let (y, x) = (y * PICTURE_SIDE / side, x * PICTURE_SIDE / side);
        picture[(y * PICTURE_SIDE + x) * 3 + c]
    };
    let coordinates = (0..side * side * 3).map(|i| (i / 3 / side, i / 3 % side, i % 3));
    match input {
        "formula" => coordinates.map(|(y, x, c)| formula(y, x, c)).collect(),
        "person" => coordinates.map(|(y, x, c)| person(y, x, c)).collect(),
        other => panic!("unknown input {other}"),
    }
}

/// Runs a network on 8-bit pixels mapped to `low..=high`. Outputs by name.
fn run(network: Network, side: usize, input: &str, [low, high]: [f32; 2]) -> BTreeMap<String, Vec<f32>> {
    static RUNTIME: OnceLock<ort::environment::Environment> = OnceLock::new();
    let environment = RUNTIME.get_or_init(|| {
        let library = runtime_library().expect("ONNX Runtime is missing; run `kinemotion models pull`");
        ort::init_from(library).unwrap().build().unwrap()
    });
    let path = model_path(network, None).unwrap_or_else(|error| panic!("{error}"));
    let mut session = Session::builder(environment)
        .unwrap()
        .commit_from_file(path)
        .unwrap();

    let bytes = pixels(input, side);
    let value = |byte: u8| f32::from(byte) / 255.0 * (high - low) + low;
    let planes = (0..3).flat_map(|c| bytes.iter().skip(c).step_by(3));
    let tensor: Vec<f32> = planes.map(|&byte| value(byte)).collect();
    let tensor = TensorRef::from_array_view(([1, 3, side, side], tensor.as_slice())).unwrap();
    let outputs = session.run(ort::inputs!["input" => tensor]).unwrap();
    let values = |(name, value): (&str, ort::value::ValueRef<'_>)| {
        (
            name.to_owned(),
            value.try_extract_tensor::<f32>().unwrap().1.to_vec(),
        )
    };
    outputs.iter().map(values).collect()
}

fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    println!("{what}: largest difference {largest:.2e}");
    assert!(largest <= tolerance, "{what}: {largest} > {tolerance}");
}

fn landmarker_agrees(quality: Quality) {
    let network = Network::Landmarker(quality);
    for (input, expected) in reference::<Landmarks>(network) {
        let found = run(network, 256, &input, [0.0, 1.0]);
        let names: Vec<_> = found.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["heatmap", "landmarks", "presence", "world"],
            "segmentation is left out"
        );
        let what = |output: &str| format!("{network}, {input}, {output}");
        assert_close(
            &what("landmarks"),
            &found["landmarks"],
            &expected.landmarks,
            LANDMARK_TOLERANCE_PX,
        );
        assert_close(
            &what("presence"),
            &found["presence"],
            &expected.presence,
            PRESENCE_TOLERANCE,
        );
        assert_close(
            &what("world"),
            &found["world"],
            &expected.world,
            WORLD_TOLERANCE_M,
        );
        let rows = found["heatmap"].chunks_exact(HEATMAP_SIDE).step_by(HEAT_STEP);
        let heat: Vec<f32> = rows
            .flat_map(|row| row.iter().copied().step_by(HEAT_STEP))
            .collect();
        assert_close(&what("heatmap"), &heat, &expected.heatmap, HEATMAP_TOLERANCE);
    }
}

#[test]
fn the_fast_landmarker_computes_what_tflite_computes() {
    landmarker_agrees(Quality::Fast);
}

#[test]
fn the_balanced_landmarker_computes_what_tflite_computes() {
    landmarker_agrees(Quality::Balanced);
}

#[test]
fn the_accurate_landmarker_computes_what_tflite_computes() {
    landmarker_agrees(Quality::Accurate);
}

#[test]
fn the_detector_computes_what_tflite_computes() {
    for (input, expected) in reference::<Detections>(Network::Detector) {
        let found = run(Network::Detector, 224, &input, [-1.0, 1.0]);
        let what = |output: &str| format!("detector, {input}, {output}");
        let scores: Vec<f32> = expected
            .anchors
            .iter()
            .map(|&anchor| found["scores"][anchor])
            .collect();
        assert_close(&what("scores"), &scores, &expected.scores, SCORE_TOLERANCE);
        let of_anchor = |&anchor: &usize| &found["boxes"][anchor * BOX_VALUES..][..BOX_VALUES];
        let boxes: Vec<f32> = expected.anchors.iter().flat_map(of_anchor).copied().collect();
        assert_close(&what("boxes"), &boxes, &expected.boxes, BOX_TOLERANCE_PX);
        let best = |scores: &[f32]| scores.iter().copied().fold(f32::MIN, f32::max);
        assert!(
            (best(&found["scores"]) - best(&expected.scores)).abs() <= SCORE_TOLERANCE,
            "the best anchor"
        );
    }
}
