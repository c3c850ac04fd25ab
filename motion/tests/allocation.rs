//! A push allocates nothing unless it emits a repetition or a warning, and memory does not grow with the stream.
#![allow(unsafe_code)]

mod support;

use kinemotion_motion::{Analyzer, EventKind};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use support::{config, footage, recording};
use synthetic_athlete::{Clip, Cmj, Rate, Running};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
}

/// The system's allocator, counting what the present thread asks of it.
struct Counting;

// SAFETY: every call is passed to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|n| n.set(n.get() + 1));
        HELD.with(|n| n.set(n.get() + layout.size() as i64));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.with(|n| n.set(n.get() - layout.size() as i64));
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn steps_allocate_nothing_until_a_bout_is_complete() {
    let mut clip = Clip::of(Running {
        seconds: 60.0,
        ..Running::default()
    });
    clip.fps = Rate::from(120);
    let mut analyzer = Analyzer::new(config(Some(1.78)));
    let mut repetitions = 0;
    for (t, pose) in &recording(&footage(&clip)) {
        let before = ALLOCATIONS.with(Cell::get);
        analyzer.push(*t, pose.as_ref());
        let allocated = ALLOCATIONS.with(Cell::get) - before;
        let mut may_allocate = false;
        while let Some(event) = analyzer.poll_event() {
            may_allocate |= matches!(event.kind, EventKind::Repetition(_) | EventKind::Warning { .. });
            repetitions += u32::from(matches!(event.kind, EventKind::Repetition(_)));
        }
        assert!(may_allocate || allocated == 0, "{allocated} allocations at {t} s");
    }
    // one at least every ten seconds
    assert_eq!(repetitions, 6);
}

#[test]
fn frames_allocate_nothing_and_memory_is_flat() {
    let mut clip = Clip::of(Cmj {
        repetitions: 3,
        lead_s: 1.5,
        ..Cmj::default()
    });
    clip.fps = Rate::from(120);
    let frames = recording(&footage(&clip));
    let length = frames.last().expect("frames").0 + 0.01;
    let mut analyzer = Analyzer::new(config(Some(1.78)));
    let (mut repetitions, mut held) = (0, None);
    for round in 0..20 {
        for (t, pose) in &frames {
            let before = ALLOCATIONS.with(Cell::get);
            analyzer.push(t + f64::from(round) * length, pose.as_ref());
            let allocated = ALLOCATIONS.with(Cell::get) - before;
            let mut may_allocate = false;
            while let Some(event) = analyzer.poll_event() {
                may_allocate |= matches!(event.kind, EventKind::Repetition(_) | EventKind::Warning { .. });
                repetitions += u32::from(matches!(event.kind, EventKind::Repetition(_)));
            }
            assert!(
                may_allocate || allocated == 0,
                "{allocated} allocations at {t} s in round {round}"
            );
        }
        let now = HELD.with(Cell::get);
        if round >= 1 {
            assert_eq!(*held.get_or_insert(now), now, "bytes held in round {round}");
        }
    }
    assert_eq!(repetitions, 60);
}
