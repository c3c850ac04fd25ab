//! Curves for other programs: Parquet in the LocoHub layout, OpenSim's `.trc` and `.mot`.

use crate::clips;
use crate::program::{DONE, NOT_READY, NOTHING_FOUND, USAGE, analyze, listing, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Python with pyarrow, where there is one: KINEMOTION_PYTHON, otherwise `python3`.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("KINEMOTION_PYTHON").map_or_else(|| "python3".into(), PathBuf::from);
    let tried = Command::new(&python).args(["-c", "import pyarrow"]).output();
    tried.is_ok_and(|ended| ended.status.success()).then_some(python)
}

fn curves(extension: &str, more: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join(format!("out.{extension}"));
    let output = target.to_string_lossy().into_owned();
    analyze(&clips::jump().path, &[&["-o", &output], more].concat()).expect(DONE);
    (folder, target)
}

fn lines(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("written");
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
    text.lines().map(cells).collect()
}

#[test]
fn pyarrow_reads_150_rows_per_cycle_with_their_units() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with pyarrow (KINEMOTION_PYTHON names one)");
        return;
    };
    let (folder, _) = curves("parquet", &["--athlete-height", "1.78"]);
    let script = "
import sys, math, pyarrow.parquet as pq
phase = pq.read_table(sys.argv[1] + '/out_phase.parquet').to_pydict()
time = pq.read_table(sys.argv[1] + '/out_time.parquet').to_pydict()
assert len(phase['step']) == 150, len(phase['step'])
assert phase['phase_ipsi'][0] == 0 and phase['phase_ipsi'][149] == 100
assert abs(phase['phase_ipsi'][1] - 100 / 149) < 1e-12
assert set(phase['task']) == {'jump'} and set(phase['step']) == {0}
assert set(phase['subject_metadata']) == {'height_m:1.78'}
knee = [v for v in phase['knee_flexion_angle_ipsi_rad'] if v is not None]
assert len(knee) > 140 and 1.0 < max(knee) < 2.5 and min(knee) < 0.5, (min(knee), max(knee))
assert 'knee_flexion_angular_velocity_contra_rad_s' in phase
assert time['time_s'] == sorted(time['time_s']) and len(time['time_s']) > 60
";
    let ended = Command::new(python)
        .args(["-c", script])
        .arg(folder.path())
        .output()
        .expect("runs");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

/// Octave, where there is one: KINEMOTION_OCTAVE, otherwise `octave-cli`.
fn octave() -> Option<PathBuf> {
    let octave = std::env::var_os("KINEMOTION_OCTAVE").map_or_else(|| "octave-cli".into(), PathBuf::from);
    let tried = Command::new(&octave).arg("--version").output();
    tried.is_ok_and(|ended| ended.status.success()).then_some(octave)
}

#[test]
fn octave_reads_the_results_and_finds_the_flight_between_its_events() {
    let (_folder, path) = curves("mat", &[]);
    let bytes = std::fs::read(&path).expect("written");
    assert!(bytes.starts_with(b"MATLAB 5.0") && bytes.len() % 8 == 0);
    let Some(octave) = octave() else {
        eprintln!("skipped: no Octave (KINEMOTION_OCTAVE names one)");
        return;
    };
    let script = "
results = load(getenv('RESULTS'));
r = results.repetitions(1);
assert(strcmp(r.movement, 'cmj'));
flight_ms = 1000 * (r.events.landing_s - r.events.takeoff_s);
assert(flight_ms, r.metrics.flight_time_ms, 1e-6);
assert(numel(r.phases) > 2 && ischar(r.phases(1).name));
";
    let ended = Command::new(octave)
        .args(["--norc", "--eval", script])
        .env("RESULTS", &path)
        .output()
        .expect("runs");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[test]
fn markers_stand_in_metres_under_their_names_at_one_rate() {
    let (_folder, path) = curves("trc", &["--athlete-height", "1.78"]);
    let lines = lines(&path);
    assert_eq!(lines[0], ["PathFileType", "4", "(X/Y/Z)", "out.trc"]);
    let value = |name: &str| {
        let column = lines[1].iter().position(|cell| cell == name).expect(name);
        lines[2][column].as_str()
    };
    assert_eq!((value("Units"), value("DataRate")), ("m", "60"));
    let markers: usize = value("NumMarkers").parse().expect("a number");
    assert_eq!(
        lines[3].iter().filter(|cell| !cell.is_empty()).count(),
        markers + 2
    );
    assert_eq!(lines[4][..5], ["", "", "X1", "Y1", "Z1"]);
    assert_eq!(lines[5], [""]);
    let rows = &lines[6..];
    assert_eq!(value("NumFrames"), rows.len().to_string());
    assert!(rows.iter().all(|row| row.len() == 2 + 3 * markers));
    assert!(
        rows.iter().flatten().all(|cell| !cell.is_empty()),
        "OpenSim refuses rows that end in empty cells"
    );
    let column = lines[3].iter().position(|cell| cell == "Nose").expect("the nose");
    let nose: f64 = rows[0][column + 1].parse().expect("seen");
    assert!(
        (1.5..1.8).contains(&nose),
        "somebody of 1.78 m has the nose at {nose} m"
    );
}

#[test]
fn coordinates_have_the_names_and_the_header_of_opensim() {
    let (_folder, path) = curves("mot", &["--athlete-height", "1.78"]);
    let lines = lines(&path);
    assert_eq!(lines[0], ["Coordinates"]);
    assert_eq!(lines[1], ["version=1"]);
    assert_eq!(lines[4], ["inDegrees=yes"]);
    assert_eq!(lines[5], ["endheader"]);
    assert_eq!(lines[2], [format!("nRows={}", lines.len() - 7)]);
    assert_eq!(lines[3], [format!("nColumns={}", lines[6].len())]);
    let knee = lines[6]
        .iter()
        .position(|name| name.starts_with("knee_angle_"))
        .expect("a knee");
    let bent = lines[7..].iter().filter_map(|row| row[knee].parse::<f64>().ok());
    let most = bent.filter(|v| v.is_finite()).fold(0.0, f64::max);
    assert!((60.0..150.0).contains(&most), "the knee bends to {most} degrees");
    assert!(lines[6].iter().any(|name| name == "pelvis_ty"));
    let is_number = |cell: &String| cell.parse::<f64>().is_ok_and(f64::is_finite);
    assert!(
        lines[7..].iter().flatten().all(is_number),
        "a motion without gaps, or OpenSim stops reading"
    );
}

#[test]
fn curves_are_written_beside_any_results() {
    let folder = tempfile::tempdir().expect("a folder");
    let base = folder.path().join("jump.of.today").to_string_lossy().into_owned();
    let ended = analyze(&clips::jump().path, &["--format", "json", "--curves", &base]).expect(DONE);
    assert_eq!(ended.json()["repetitions"].as_array().map(Vec::len), Some(1));
    let names = [
        "jump.of.today.mat",
        "jump.of.today_phase.parquet",
        "jump.of.today_time.parquet",
    ];
    assert_eq!(listing(folder.path()), names);
    let Some(octave) = octave() else {
        eprintln!("skipped: no Octave (KINEMOTION_OCTAVE names one)");
        return;
    };
    let script = "
curves = load(getenv('CURVES'));
assert(numel(curves.phase) == 1 && numel(curves.time) == 1);
assert(curves.phase.phase_ipsi, linspace(0, 100, 150), 1e-9);
assert(strcmp(curves.phase.task, 'jump') && curves.phase.step == 0);
assert(max(curves.phase.knee_flexion_angle_ipsi_rad) > 1);
assert(size(curves.time.time_s) == size(curves.time.trunk_sagittal_angle_rad) && numel(curves.time.time_s) > 60);
";
    let ended = Command::new(octave)
        .args(["--norc", "--eval", script])
        .env("CURVES", format!("{base}.mat"))
        .output()
        .expect("runs");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[test]
fn curves_without_a_place_are_bad_usage_and_without_a_movement_are_not_written() {
    let clip = clips::jump().path.to_string_lossy().into_owned();
    let ended = run(["analyze", &clip, "--format", "trc"]).expect(USAGE);
    assert!(ended.stderr.contains("--output"), "{}", ended.stderr);
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("still.mot");
    analyze(&clips::still().path, &["-o", &target.to_string_lossy()]).expect(NOTHING_FOUND);
    assert!(!target.exists());
    let nowhere = folder.path().join("missing/out.mot");
    analyze(&clips::jump().path, &["-o", &nowhere.to_string_lossy()]).expect(NOT_READY);
}
