//! The page about a clip.

use crate::clips;
use crate::media;
use crate::program::{DONE, NOTHING_FOUND, UNREADABLE, analyze, listing, run};
use std::path::Path;

/// The page about a clip, made with the quickest model.
fn page(clip: &Path, more: &[&str], code: i32) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("page.html").to_string_lossy().into_owned();
    let clip = clip.to_string_lossy().into_owned();
    let arguments = ["report", &clip, "--quality", "fast", "-o", &target];
    run([&arguments[..], more].concat()).expect(code);
    std::fs::read_to_string(&target).expect("written")
}

#[test]
fn a_report_is_one_page_with_pictures_curves_and_intervals_and_nothing_from_elsewhere() {
    let page = page(&clips::jump().path, &["--athlete-height", "1.78"], DONE);
    for part in [
        "<b>take-off</b>",
        "<b>landing</b>",
        "data:image/jpeg;base64,/9j/",
        "Height of the centre of mass, cm",
        "Joint angles",
        "95 % interval",
        "Definitions and sources",
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
fn an_analysis_can_leave_the_same_page_and_nothing_else() {
    let clip = &clips::jump().path;
    let alone = page(clip, &[], DONE);
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("page.html").to_string_lossy().into_owned();
    let options = ["--format", "ndjson", "--report", &target];
    let ended = analyze(clip, &options).expect(DONE);
    assert!(ended.stdout.contains("\"repetition\""), "{}", ended.stdout);
    assert_eq!(
        listing(folder.path()),
        ["page.html"],
        "the video that its pictures are from is gone"
    );
    let beside = std::fs::read_to_string(&target).expect("written");
    let pictures = |page: &str| page.matches("data:image/jpeg").count();
    assert_eq!(pictures(&beside), pictures(&alone));
    assert!(beside.contains("<b>take-off</b>"));
}

#[test]
fn values_stand_beside_norms_only_where_somebody_said_who_jumps() {
    let clip = &clips::jump().path;
    let elite = ["--sex", "male", "--training-level", "elite"];
    let compared = page(clip, &elite, DONE);
    for part in [
        "Compared with others",
        "national sprint teams",
        "doi:10.1123/ijspp.2019-0964",
    ] {
        assert!(compared.contains(part), "{part}");
    }
    assert!(!page(clip, &[], DONE).contains("Compared with others"));
    let unknown = page(clip, &["--sex", "male", "--training-level", "sedentary"], DONE);
    assert!(
        unknown.contains("No published reference values"),
        "and it says so where there are none"
    );
}

#[test]
fn slow_motion_is_reported_in_the_time_of_the_movement_with_all_its_pictures() {
    let folder = tempfile::tempdir().expect("a folder");
    let slow = folder.path().join("slow.mp4");
    let mut data = std::fs::read(&clips::jump().path).expect("the clip");
    media::slow_down(&mut data, 2);
    std::fs::write(&slow, data).expect("written");
    let usual = page(&clips::jump().path, &[], DONE);
    let slow = page(&slow, &["--capture-fps", "60"], DONE);
    let pictures = |page: &str| page.matches("data:image/jpeg").count();
    assert_eq!(pictures(&slow), pictures(&usual));
    assert!(slow.contains("slow motion filmed at 60 frames/s"));
}

#[test]
fn a_clip_without_a_movement_gives_a_page_that_says_so() {
    let page = page(&clips::still().path, &[], NOTHING_FOUND);
    assert!(page.contains("No movement found"), "{page}");
}

#[test]
fn a_report_of_no_video_is_refused_and_leaves_no_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("page.html");
    let output = target.to_string_lossy().into_owned();
    run(["report", "/nonexistent.mp4", "-o", &output]).expect(UNREADABLE);
    assert!(!target.exists());
}
