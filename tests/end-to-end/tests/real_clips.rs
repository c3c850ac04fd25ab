//! Real clips through the whole chain. They contain no clean jump, so none may be reported; one holds a sprint and one a walk.

use end_to_end::footage;
use kinemotion_motion::{Grade, MovementChoice, Repetition};
use kinemotion_pipelines::{Analysis, AnalysisSpec, analyze_file};

fn analysed(name: &str) -> Option<Analysis> {
    let path = footage::clip(name)?;
    let spec = AnalysisSpec {
        movement: MovementChoice::Auto,
        ..AnalysisSpec::new(path)
    };
    Some(analyze_file(&spec, &mut |_| {}).expect("the clip can be analysed"))
}

#[test]
fn a_balance_walk_is_followed_throughout_and_holds_no_jump() {
    let Some(analysis) = analysed("pose2sim-balance-walk.mp4") else {
        return;
    };
    assert_eq!((analysis.source.width, analysis.source.height), (1088, 1920));
    assert_eq!(analysis.source.frames, 100);
    assert!(analysis.quality.pose_share > 0.99, "{:?}", analysis.quality);
    assert!(analysis.repetitions.is_empty(), "{:?}", analysis.repetitions);
}

/// Touch-downs and toe-offs of the sprint clip as a person marked them, frames (each ± 1).
const SPRINT_CONTACTS: [f64; 5] = [174.5, 181.5, 188.0, 195.0, 202.0];
const SPRINT_TOE_OFFS: [f64; 4] = [179.5, 186.5, 193.5, 200.5];
const SPRINT_CADENCE_SPM: f64 = 261.0;

#[test]
fn a_sprint_start_holds_no_jump_and_its_steps_are_where_a_person_marked_them() {
    let Some(analysis) = analysed("hato72-sprint-b1.mp4") else {
        return;
    };
    assert_eq!(analysis.source.frames, 245);
    let found = &analysis.repetitions;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].movement, "running");
    let off = |marked: &[f64], t: f64| {
        let frame = t * 30_000.0 / 1001.0;
        marked
            .iter()
            .map(|m| (m - frame).abs())
            .fold(f64::INFINITY, f64::min)
    };
    assert!(found[0].steps.len() >= 3, "{found:?}");
    for step in &found[0].steps {
        assert!(off(&SPRINT_CONTACTS, step.contact_s) <= 1.5, "{step:?}");
        assert!(off(&SPRINT_TOE_OFFS, step.toe_off_s) <= 1.5, "{step:?}");
    }
    let cadence = found[0].metric("cadence_spm").expect("a cadence");
    assert!((cadence / SPRINT_CADENCE_SPM - 1.0).abs() < 0.03, "{cadence}");
}

/// When the somersault begins, seconds.
const SOMERSAULT_S: f64 = 4.5;

#[test]
fn a_somersault_from_a_roof_is_no_clean_jump() {
    let Some(analysis) = analysed("sports2d-walk-and-roof-jump.mp4") else {
        return;
    };
    assert_eq!(analysis.source.frames, 230);
    assert!(analysis.quality.pose_share > 0.9, "{:?}", analysis.quality);
    // jumping jacks before the somersault are rebounds, seen from the front; somebody else walks past below
    let jack = |r: &Repetition| {
        r.movement == "repeatedjumps" && r.end_s < SOMERSAULT_S && r.quality.grade == Grade::C
    };
    let expected = |r: &&Repetition| r.movement == "walking" || jack(r);
    let others: Vec<_> = analysis
        .repetitions
        .iter()
        .map(|r| &**r)
        .filter(|r| !expected(r))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}
