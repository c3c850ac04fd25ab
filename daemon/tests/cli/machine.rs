//! Whether the machine is ready, and what the program says when it is not.

use crate::clips;
use crate::program::{DONE, Ended, NOT_READY, analyze, program, run};

fn with_empty_cache(arguments: &[&str]) -> Ended {
    let cache = tempfile::tempdir().expect("a folder");
    let mut command = program();
    command.args(arguments).env("KINEMOTION_CACHE", cache.path());
    command.env_remove("KINEMOTION_ORT").env_remove("ORT_DYLIB_PATH");
    command.output().expect("the program starts").into()
}

#[test]
fn the_version_is_the_crates() {
    assert_eq!(
        run(["--version"]).expect(DONE).stdout,
        format!("kinemotion {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_registry_is_printed_whole_as_json() {
    let movements = run(["movements", "--json"]).expect(DONE).json();
    let cmj = movements
        .as_array()
        .and_then(|all| all.iter().find(|movement| movement["name"] == "cmj"))
        .expect("the countermovement jump");
    let metric = cmj["metrics"]
        .as_array()
        .and_then(|all| all.iter().find(|metric| metric["key"] == "jump_height_m"))
        .expect("the jump height");
    assert_eq!(metric["unit"], "m");
    for text in ["label", "definition", "source"] {
        assert!(
            metric[text].as_str().is_some_and(|text| !text.is_empty()),
            "{metric}"
        );
    }
    assert!(
        metric["bounds"][0].as_f64() < metric["bounds"][1].as_f64(),
        "{metric}"
    );
    for list in ["phases", "events", "headline"] {
        assert!(
            cmj[list].as_array().is_some_and(|list| !list.is_empty()),
            "{list}"
        );
    }
    let table = run(["movements"]).expect(DONE).stdout;
    assert!(table.contains("Countermovement jump"), "{table}");
}

#[test]
fn a_ready_machine_passes_every_check() {
    let ended = run(["doctor", "--live"]).expect(DONE);
    for subject in [
        "GStreamer",
        "webrtcbin",
        "kinepose",
        "video decoders",
        "landmarker-balanced",
        "ONNX Runtime",
        "inference",
    ] {
        assert!(ended.stdout.contains(subject), "{subject}: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("MISS"), "{}", ended.stdout);
}

#[test]
fn the_models_of_a_ready_machine_are_listed_and_whole() {
    for action in ["list", "verify"] {
        let ended = run(["models", action]).expect(DONE);
        assert!(ended.stdout.contains("landmarker-balanced"), "{}", ended.stdout);
    }
}

#[test]
fn without_models_the_cure_is_named() {
    let clip = clips::still().path.to_string_lossy().into_owned();
    for arguments in [
        &["analyze", &clip][..],
        &["models", "list"],
        &["models", "verify"],
    ] {
        let ended = with_empty_cache(arguments).expect(NOT_READY);
        assert!(
            ended.stderr.contains("kinemotion models pull"),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
    let doctor = with_empty_cache(&["doctor"]).expect(NOT_READY);
    assert!(
        doctor.stdout.contains("MISS  landmarker-balanced"),
        "{}",
        doctor.stdout
    );
    assert!(
        doctor.stdout.contains("fix: kinemotion models pull"),
        "{}",
        doctor.stdout
    );
}

#[test]
fn a_program_is_told_how_much_is_done() {
    let ended = analyze(&clips::jump().path, &["--say-progress", "--format", "ndjson"]).expect(DONE);
    let lines = ended.stderr.lines();
    let shares: Vec<f64> = lines
        .filter_map(|line| line.strip_prefix("progress ")?.parse().ok())
        .collect();
    assert!(!shares.is_empty(), "{}", ended.stderr);
    assert!(shares.windows(2).all(|pair| pair[0] < pair[1]), "{shares:?}");
    assert!(
        shares.iter().all(|share| (0.0..=1.0).contains(share)),
        "{shares:?}"
    );
}
