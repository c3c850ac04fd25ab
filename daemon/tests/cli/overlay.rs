//! The overlay video, and that nothing is left where it could not be finished.

use crate::clips;
use crate::media::{decode, launch};
use crate::program::{DONE, INTERRUPTED, NOT_READY, NOTHING_FOUND, UNREADABLE, analyze, listing, program};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

fn overlay_of(clip: &Path, folder: &Path, code: i32) -> std::path::PathBuf {
    let target = folder.join("overlay.mp4");
    analyze(clip, &["--overlay", &target.to_string_lossy()]).expect(code);
    assert_eq!(listing(folder), ["overlay.mp4"]);
    target
}

#[test]
fn the_overlay_plays_everywhere_and_shows_more_than_the_clip() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = overlay_of(&clips::jump().path, folder.path(), DONE);
    let (clip, overlay) = (decode(&clips::jump().path), decode(&target));
    assert_eq!(
        (overlay.width, overlay.height, overlay.frames),
        (clip.width, clip.height, clip.frames)
    );
    assert_eq!(overlay.format, "I420");
    let changed = clip
        .first
        .iter()
        .zip(&overlay.first)
        .filter(|(a, b)| a.abs_diff(**b) > 64)
        .count();
    assert!(changed > 200, "only {changed} samples differ");
    let data = std::fs::read(&target).expect("the overlay");
    let place = |name: &[u8]| data.windows(4).position(|bytes| bytes == name).expect("a box");
    assert!(
        place(b"moov") < place(b"mdat"),
        "players can start before the download ends"
    );
}

#[test]
fn the_overlay_of_a_turned_clip_is_stored_upright() {
    let folder = tempfile::tempdir().expect("a folder");
    let overlay = decode(&overlay_of(&clips::turned_jump().path, folder.path(), DONE));
    assert_eq!((overlay.width, overlay.height), (426, 240));
    let again = analyze(&folder.path().join("overlay.mp4"), &["--format", "json"]).json();
    assert_eq!(
        again["source"]["rotation_deg"], 0,
        "a player must not turn it again"
    );
}

#[test]
fn odd_sizes_and_ten_bit_colour_become_something_that_plays() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = folder.path().join("odd.mkv");
    launch(&format!(
        "videotestsrc num-buffers=10 ! video/x-raw,format=Y444_10LE,width=321,height=181,framerate=30/1 \
         ! x264enc ! matroskamux ! filesink location={}",
        clip.display()
    ));
    let out = tempfile::tempdir().expect("a folder");
    let overlay = decode(&overlay_of(&clip, out.path(), NOTHING_FOUND));
    assert_eq!(
        (overlay.width % 2, overlay.height % 2, overlay.format.as_str()),
        (0, 0, "I420")
    );
    assert_eq!(overlay.frames, 10);
}

#[test]
fn an_unreadable_input_leaves_no_output() {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let whole = std::fs::read(&clips::jump().path).expect("the clip");
    let half = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(half.path(), &whole[..whole.len() / 2]).expect("written");
    let arguments = ["--overlay", &inside("overlay.mp4"), "-o", &inside("out.csv")];
    analyze(half.path(), &arguments).expect(UNREADABLE);
    // What could be analysed of the batch is written, here a header without lines.
    assert_eq!(listing(folder.path()), ["out.csv"]);
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("overlay.mp4").to_string_lossy().into_owned();
    analyze(half.path(), &["--overlay", &target]).expect(UNREADABLE);
    assert!(listing(folder.path()).is_empty());
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let clip = &clips::still().path;
    for target in ["/nonexistent/folder/overlay.mp4", "/proc/overlay.mp4"] {
        let ended = analyze(clip, &["--overlay", target]).expect(NOT_READY);
        assert!(
            ended.stderr.contains(&format!("cannot write {target}")),
            "{}",
            ended.stderr
        );
    }
    let ended = analyze(clip, &["-o", "/nonexistent/out.json"]).expect(NOT_READY);
    assert!(
        ended.stderr.contains("cannot write /nonexistent/out.json"),
        "{}",
        ended.stderr
    );
}

#[test]
fn an_interrupted_analysis_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = program()
        .arg("analyze")
        .arg(&clips::jump().path)
        .args(["--format", "ndjson", "--overlay"])
        .arg(folder.path().join("overlay.mp4"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut events = BufReader::new(child.stdout.take().expect("piped"));
    let mut first = String::new();
    events.read_line(&mut first).expect("the first event");
    assert!(!listing(folder.path()).is_empty(), "the overlay is under way");
    let interrupted = Command::new("sh")
        .args(["-c", &format!("kill -INT {}", child.id())])
        .status();
    assert!(interrupted.expect("a shell").success());
    // The stream is read to its end, so that the program never waits for its reader.
    std::io::copy(&mut events, &mut std::io::sink()).expect("the rest");
    assert_eq!(child.wait().expect("the program ends").code(), Some(INTERRUPTED));
    assert_eq!(listing(folder.path()), Vec::<String>::new());
}
