//! The page about a clip.

use crate::clips;
use crate::program::{DONE, UNREADABLE, run};

#[test]
fn a_report_is_one_page_with_pictures_curves_and_intervals_and_nothing_from_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("jump.html").to_string_lossy().into_owned();
    let clip = clips::jump().path.to_string_lossy().into_owned();
    let arguments = [
        "report",
        &clip,
        "--quality",
        "fast",
        "--athlete-height",
        "1.78",
        "-o",
        &target,
    ];
    run(arguments).expect(DONE);
    let page = std::fs::read_to_string(&target).expect("written");
    for part in [
        "take-off ·",
        "landing ·",
        "data:image/jpeg;base64,/9j/",
        "Height over the ground, cm",
        "knee flexion",
        "Jump height",
        " ± ",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for foreign in ["<script", "http-equiv", "src=\"http", "href="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn a_report_of_no_video_is_refused_and_leaves_no_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("page.html");
    let output = target.to_string_lossy().into_owned();
    run(["report", "/nonexistent.mp4", "-o", &output]).expect(UNREADABLE);
    assert!(!target.exists());
}
