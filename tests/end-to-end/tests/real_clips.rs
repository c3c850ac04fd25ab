//! Real clips through the whole chain. They contain no clean jump, so none may be reported.

use end_to_end::footage;
use kinemotion_motion::MovementChoice;
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

#[test]
fn a_sprint_start_holds_no_jump() {
    let Some(analysis) = analysed("hato72-sprint-b1.mp4") else {
        return;
    };
    assert_eq!(analysis.source.frames, 245);
    assert!(analysis.repetitions.is_empty(), "{:?}", analysis.repetitions);
}

#[test]
fn a_somersault_from_a_roof_is_not_a_countermovement_jump() {
    let Some(analysis) = analysed("sports2d-walk-and-roof-jump.mp4") else {
        return;
    };
    assert_eq!(analysis.source.frames, 230);
    assert!(analysis.quality.pose_share > 0.9, "{:?}", analysis.quality);
    assert!(analysis.repetitions.is_empty(), "{:?}", analysis.repetitions);
}
