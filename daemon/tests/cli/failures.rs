//! Inputs and command lines that cannot work.

use crate::clips;
use crate::media;
use crate::program::{DONE, Ended, NOTHING_FOUND, UNREADABLE, USAGE, analyze, program, run};
use std::path::Path;

/// The file is refused with exit code 3 and one sentence that names it.
fn refused(path: &Path, because: &str) {
    let ended = analyze(path, &[]).expect(UNREADABLE);
    assert!(ended.stdout.is_empty(), "{ended:?}");
    assert_eq!(ended.stderr.trim_end().lines().count(), 1, "{ended:?}");
    let name = path.file_name().expect("a name").to_string_lossy();
    assert!(
        ended.stderr.contains(&*name) && ended.stderr.contains(because),
        "{ended:?}"
    );
}

#[test]
fn a_missing_file_is_named() {
    refused(Path::new("/nonexistent/clip.mp4"), "no such file");
}

#[test]
fn a_folder_is_not_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    refused(folder.path(), "directory");
}

#[test]
fn files_without_a_readable_video_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("written");
        path
    };
    refused(&file("empty.mp4", b""), "empty");
    refused(
        &file(
            "text.mp4",
            b"not a video, but a shopping list\n".repeat(50).as_slice(),
        ),
        "not a video",
    );
    refused(
        &file(
            "noise.mp4",
            &(0..20_000u32).map(|n| ((n * n) >> 7) as u8).collect::<Vec<_>>(),
        ),
        "not a video",
    );
    let program = std::fs::read("/bin/sh").expect("a program");
    refused(&file("program.mp4", &program), "not a video");

    let sound = folder.path().join("sound.mp4");
    media::launch(&format!(
        "audiotestsrc num-buffers=50 ! audioconvert ! avenc_aac ! mp4mux ! filesink location={}",
        sound.display()
    ));
    refused(&sound, "no video stream");

    // The renderer writes the index last, so half a file has none.
    let whole = std::fs::read(&clips::jump().path).expect("the clip");
    refused(
        &file("half.mp4", &whole[..whole.len() / 2]),
        "damaged or truncated",
    );
}

#[test]
fn a_missing_decoder_is_named_with_its_cure() {
    let ended: Ended = program()
        .arg("analyze")
        .arg(&clips::still().path)
        // Nothing of rank NONE is chosen, as if it were not installed.
        .env(
            "GST_PLUGIN_FEATURE_RANK",
            "avdec_h264:NONE,openh264dec:NONE,vah264dec:NONE,nvh264dec:NONE",
        )
        .output()
        .expect("the program starts")
        .into();
    let ended = ended.expect(UNREADABLE);
    assert!(
        ended
            .stderr
            .contains("needs a decoder that is not installed: H.264"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("install gstreamer1.0-libav"),
        "{}",
        ended.stderr
    );
}

#[test]
fn half_a_file_with_its_index_is_analysed_as_far_as_it_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("half.mp4");
    media::with_index_first(&clips::jump().path, &path);
    let whole = std::fs::read(&path).expect("the clip");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("written");

    let result = analyze(&path, &["--format", "json"]);
    assert!([DONE, NOTHING_FOUND].contains(&result.code), "{result:?}");
    let json = result.json();
    assert!(
        json["source"]["frames"].as_u64().expect("a number") > 30,
        "{json}"
    );
    let warnings = json["quality"]["warnings"].to_string();
    assert!(warnings.contains("truncated"), "{warnings}");
}

#[test]
fn a_damaged_middle_costs_frames_and_not_the_analysis() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("damaged.mp4");
    let mut data = std::fs::read(&clips::jump().path).expect("the clip");
    let middle = data.len() / 2;
    data[middle..middle + 4000].fill(0xA5);
    std::fs::write(&path, data).expect("written");

    let result = analyze(&path, &["--format", "json"]);
    assert!([DONE, NOTHING_FOUND].contains(&result.code), "{result:?}");
    let frames = result.json()["source"]["frames"].as_u64().expect("a number");
    assert!(frames > clips::jump().truth.frames as u64 / 2, "{frames} frames");
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused_before_anything_runs() {
    let clip = clips::still().path.to_string_lossy().into_owned();
    let clip = clip.as_str();
    for arguments in [
        &["analyze"][..],
        &["analyze", clip, "--athlete-height", "178"],
        &["analyze", clip, "--quality", "best"],
        &["analyze", clip, "--movement", "flying"],
        &["analyze", clip, "--capture-fps", "0"],
        &["analyze", clip, "-o", "results.xlsx"],
        &["analyze", clip, "--overlay", clip],
        &["analyze", clip, "--format", "json", "-o", clip],
        &["analyze", clip, clip, "--overlay", "one.mp4"],
        &["models"],
        &["fly"],
    ] {
        let ended = run(arguments).expect(USAGE);
        assert!(
            ended.stderr.contains("error") || ended.stderr.contains("Usage"),
            "{arguments:?}: {ended:?}"
        );
    }
}
