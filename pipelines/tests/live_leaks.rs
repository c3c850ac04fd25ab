//! Sessions opened and closed in sequence leave threads, descriptors and memory where they were.

mod support;

use kinemotion_pipelines::live::SessionState;
use support::peer::Offerer;
use support::{PICTURE, VP8, start, waiting};

/// What breathes: GLib keeps up to eight threads that have nothing to do, for fifteen seconds each (`gthreadpool.c`).
const THREADS_MORE: usize = 8;
/// Each of those may have a descriptor.
const DESCRIPTORS_MORE: usize = 8;
/// Memory a process may gain in the second half of a long series, MiB.
const MEMORY_MORE_MIB: u64 = 16;

/// What this process uses.
#[derive(Clone, Copy, Debug)]
struct Used {
    threads: usize,
    descriptors: usize,
    memory_mib: u64,
}

fn used() -> Used {
    let entries = |folder| std::fs::read_dir(folder).expect("procfs").count();
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = resident.and_then(|text| text.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    Used {
        threads: entries("/proc/self/task"),
        descriptors: entries("/proc/self/fd"),
        memory_mib: kib.expect("resident memory") / 1024,
    }
}

/// Ways in which a session ends.
const WAYS: usize = 5;

/// One session with a publisher, ended in one of these ways.
fn session(round: usize) {
    let publisher = Offerer::publisher(&format!("{PICTURE} ! {VP8}"));
    let started = start(waiting());
    let answer = started.session.answer(&publisher.offer()).expect("an answer");
    match round % WAYS {
        // Dropped before the connection is there.
        0 => {}
        // Dropped under way.
        1 => {
            publisher.accept(&answer);
            started.wait_for_frame();
        }
        // The publisher vanishes first.
        2 => {
            publisher.accept(&answer);
            started.wait_for_frame();
            drop(publisher);
        }
        // The publisher leaves, and another takes the place.
        3 => {
            publisher.accept(&answer);
            started.wait_for_frame();
            publisher.close_association();
            started.wait_for_state(SessionState::Stalled);
            let second = Offerer::publisher(&format!("{PICTURE} ! {VP8}"));
            second.accept(&started.session.answer(&second.offer()).expect("an answer"));
            started.wait_for_state(SessionState::Live);
            started.wait_for_frame();
        }
        // Ended in good order.
        _ => {
            publisher.accept(&answer);
            started.wait_for_frame();
            started.session.finish();
            started.wait_for_end();
        }
    }
}

/// Runs so many sessions after one of each kind, which load what stays for the life of the process; returns what was used
/// before, half way and after.
fn series(rounds: usize) -> [Used; 3] {
    (0..WAYS).for_each(session);
    let before = used();
    (0..rounds / 2).for_each(session);
    let half_way = used();
    (rounds / 2..rounds).for_each(session);
    let all = [before, half_way, used()];
    let [before, _, after] = all;
    assert!(after.threads <= before.threads + THREADS_MORE, "{all:?}");
    assert!(
        after.descriptors <= before.descriptors + DESCRIPTORS_MORE,
        "{all:?}"
    );
    all
}

#[test]
fn sessions_in_sequence_leave_nothing_behind() {
    series(4 * WAYS);
}

/// Takes about ten minutes. Memory is looked at with the settings of the allocator a service runs with:
/// `MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=65536 cargo test --release -p kinemotion-pipelines --test live_leaks -- --ignored --nocapture`
#[test]
#[ignore = "takes ten minutes"]
fn two_hundred_sessions_in_sequence_leave_nothing_behind() {
    let all = series(200);
    eprintln!("{all:?}");
    let [_, half_way, after] = all;
    assert!(
        after.memory_mib <= half_way.memory_mib + MEMORY_MORE_MIB,
        "{all:?}"
    );
}
