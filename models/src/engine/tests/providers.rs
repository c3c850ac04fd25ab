//! Execution providers on the ONNX Runtime that is there, and the networks that are there.

use super::*;
use crate::{ColorMatrix, ColorRange};
use crate::{EstimatorConfig, FrameView, PixelFormat, Plane, PoseEstimator, Quality};

fn with_providers(providers: &[ExecutionProvider]) -> Result<Arc<Engine>, EngineError> {
    Engine::shared(&EngineConfig {
        providers: providers.to_vec(),
        ..EngineConfig::default()
    })
}

/// One that the runtime in use was built without.
fn absent() -> ExecutionProvider {
    with_providers(&[ExecutionProvider::Cpu]).expect("the CPU is always there");
    let known: Vec<_> = ExecutionProvider::built_in().collect();
    assert!(known.contains(&ExecutionProvider::Cpu) && !known.contains(&ExecutionProvider::Stub));
    let foreign = ExecutionProvider::CoreMl;
    assert!(!known.contains(&foreign), "no Linux library has it");
    foreign
}

#[test]
fn a_provider_that_is_not_there_is_passed_over_and_told() {
    let absent = absent();
    let engine = with_providers(&[absent, ExecutionProvider::Cpu]).unwrap();
    engine.warm_up(Quality::Fast).unwrap();
    assert_eq!(engine.provider(), "cpu");
    let notices = engine.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(
        notices[0].contains(absent.name()) && notices[0].contains("built without it"),
        "{notices:?}"
    );
}

#[test]
fn when_nothing_of_the_list_is_there_the_error_names_it() {
    let absent = absent();
    let error = with_providers(&[absent]).err().unwrap();
    assert!(
        matches!(&error, EngineError::Providers(names) if names.contains(absent.name())),
        "{error}"
    );
}

#[test]
fn the_stub_is_nobodys_second_choice() {
    for list in [
        &[ExecutionProvider::Cuda, ExecutionProvider::Stub][..],
        &[ExecutionProvider::Stub, ExecutionProvider::Cpu],
    ] {
        let error = with_providers(list).err().unwrap().to_string();
        assert!(error.contains("stub"), "{error}");
    }
    assert!(with_providers(&[]).is_err());
}

#[test]
fn the_stub_stands_in_the_middle_of_every_picture_and_says_that_it_is_not_real() {
    const WIDTH: usize = 320;
    const HEIGHT: usize = 240;
    let engine = with_providers(&[ExecutionProvider::Stub]).unwrap();
    assert_eq!(engine.provider(), "stub");
    assert!(engine.notices()[0].contains("NOT REAL"));
    let mut estimator = PoseEstimator::new(engine, EstimatorConfig::default());
    let pixels = vec![0; 3 * WIDTH * HEIGHT];
    let plane = Plane {
        data: &pixels,
        stride: 3 * WIDTH,
    };
    let planes = [plane, Plane::default(), Plane::default()];
    let (matrix, range) = (ColorMatrix::Bt601, ColorRange::Full);
    let frame = FrameView::new(PixelFormat::Rgb, WIDTH, HEIGHT, planes, matrix, range).unwrap();
    let mut first = None;
    for i in 0..60 {
        let people = estimator.process(&frame, f64::from(i) / 30.0).unwrap();
        let [person] = people else {
            panic!("{} people", people.len());
        };
        let [left, top, right, bottom] = *first.get_or_insert(person.bounds);
        assert_eq!(person.id, 0, "the first and only one");
        assert!(
            person
                .bounds
                .iter()
                .zip([left, top, right, bottom])
                .all(|(now, then)| (now - then).abs() < 0.1),
            "{:?}",
            person.bounds
        );
        assert!((left + right - WIDTH as f32).abs() < 1.0, "in the middle");
        assert!(
            top > 0.0 && bottom < HEIGHT as f32 && bottom - top > HEIGHT as f32 / 3.0,
            "{top} {bottom}"
        );
    }
    assert_eq!(estimator.stats().detector_runs, 1);
}

/// Everything a network said about one input.
fn said(outputs: Outputs<'_>) -> Vec<f32> {
    match outputs {
        Outputs::Detector { boxes, logits } => [boxes, logits].concat(),
        Outputs::Landmarks(t) => [t.landmarks, &[t.presence], t.heatmap, t.world].concat(),
    }
}

#[test]
fn the_networks_say_of_an_input_in_a_batch_what_they_say_of_it_alone() {
    let provider = OnnxProvider::new(&EngineConfig::default()).unwrap();
    let mut runner = provider.runner().unwrap();
    for network in [Network::Detector, Network::Landmarker(Quality::Fast)] {
        let side = parcel::input_side(network);
        // Three patterns that have nothing in common.
        let input = |k: usize| {
            (0..3 * side * side)
                .map(|i| ((i * k) % 251) as f32 / 250.0)
                .collect()
        };
        let inputs: Vec<Vec<f32>> = [1, 7, 131].map(input).into();
        let mut alone = Vec::new();
        for input in &inputs {
            runner
                .run(network, input, &mut |outputs| alone.push(said(outputs)))
                .unwrap();
        }
        let mut together = vec![Vec::new(); inputs.len()];
        let mut sink = |i: usize, outputs: Outputs<'_>| together[i] = said(outputs);
        runner.run_batch(network, &inputs, &mut sink).unwrap();
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            assert_ne!(alone[one], alone[other], "the inputs differ");
        }
        for (together, alone) in together.iter().zip(&alone) {
            assert_eq!(together.len(), alone.len());
            let worst = together
                .iter()
                .zip(alone)
                .map(|(a, b)| (a - b).abs() / (1.0 + b.abs()));
            let worst = worst.fold(0.0, f32::max);
            assert!(worst < 1e-4, "{network}: {worst}");
        }
    }
}
