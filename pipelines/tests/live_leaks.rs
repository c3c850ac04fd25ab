//! Sessions opened and closed in sequence leave threads and descriptors where they were.

mod support;

use support::peer::Offerer;
use support::{PICTURE, VP8, start, waiting};

fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).expect("procfs").count()
}

/// Threads and descriptors of this process.
fn used() -> (usize, usize) {
    (entries("/proc/self/task"), entries("/proc/self/fd"))
}

/// One session with a publisher, ended in one of three ways.
fn session(round: usize) {
    let publisher = Offerer::publisher(&format!("{PICTURE} ! {VP8}"));
    let started = start(waiting());
    let answer = started.session.answer(&publisher.offer()).expect("an answer");
    match round % 3 {
        // Before the connection is there.
        0 => {}
        1 => {
            publisher.accept(&answer);
            started.wait_for_frame();
        }
        _ => {
            publisher.accept(&answer);
            started.wait_for_frame();
            drop(publisher);
        }
    }
}

#[test]
fn sessions_in_sequence_leave_nothing_behind() {
    // The first of each kind loads what stays for the life of the process.
    (0..3).for_each(session);
    let before = used();
    (0..9).for_each(session);
    let after = used();
    // Pools of GLib's threads breathe by a few.
    assert!(
        after.0 <= before.0 + 4 && after.1 <= before.1 + 8,
        "{before:?} became {after:?}"
    );
}
