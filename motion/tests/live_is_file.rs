//! Live equals file: whatever the rhythm in which frames arrive and events are taken, and whatever is pushed between the
//! measured poses, a repetition is the same to the last digit, and once it is out nothing that follows changes it.

mod support;

use kinemotion_motion::{
    Analyzer, Cohort, Event, EventKind, LANDMARK_COUNT, Pose, PoseSource, Seen, movements,
};
use proptest::prelude::*;
use std::sync::LazyLock;
use support::{RECORDINGS, config, events, repetitions};

/// The events of every recording, in their order.
static EVENTS: LazyLock<[Vec<Event>; 7]> = LazyLock::new(|| {
    RECORDINGS
        .each_ref()
        .map(|recording| events(recording, config(Some(1.78))))
});

#[test]
fn every_movement_is_among_the_recordings() {
    for movement in movements::all() {
        let found = |events: &Vec<Event>| repetitions(events).iter().any(|r| r.movement == movement.name);
        assert!(EVENTS.iter().any(found), "{}", movement.name);
    }
}

/// A pose nobody measured, somewhere else.
fn predicted() -> Pose {
    let mut pose = Pose {
        score: 1.0,
        source: PoseSource::Predicted,
        ..Pose::default()
    };
    for i in 0..LANDMARK_COUNT {
        (pose.landmarks[i].x, pose.landmarks[i].visibility) = (50.0 + 3.0 * i as f32, 0.9);
    }
    pose
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunks_and_poses_between_do_not_matter(
        which in 0..RECORDINGS.len(),
        drains in proptest::collection::vec(0usize..40, 1..20),
        between in proptest::collection::vec(0u8..4, 1..30),
    ) {
        let (recording, expected) = (&RECORDINGS[which], &EVENTS[which]);
        let mut analyzer = Analyzer::new(config(Some(1.78)));
        let mut found = Vec::new();
        let (mut wait, mut drain) = (0, drains.iter().cycle());
        for (i, (t, pose)) in recording.iter().enumerate() {
            analyzer.push(*t, pose.as_ref());
            let next = recording.get(i + 1).map_or(t + 0.02, |next| next.0);
            match between[i % between.len()] {
                1 => analyzer.push(f64::midpoint(*t, next), Some(&predicted())),
                2 => analyzer.push(f64::midpoint(*t, next), None),
                _ => {}
            }
            if wait == 0 {
                found.extend(std::iter::from_fn(|| analyzer.poll_event()));
                wait = *drain.next().expect("cycles");
            } else {
                wait -= 1;
            }
        }
        analyzer.finish();
        found.extend(std::iter::from_fn(|| analyzer.poll_event()));
        prop_assert_eq!(repetitions(&found), repetitions(expected));
    }

    #[test]
    fn what_follows_changes_nothing_that_is_out(which in 0..RECORDINGS.len(), part in 0.2f64..1.0) {
        let (recording, expected) = (&RECORDINGS[which], &EVENTS[which]);
        let frames = (part * recording.len() as f64) as usize;
        let mut analyzer = Analyzer::new(config(Some(1.78)));
        for (t, pose) in &recording[..frames] {
            analyzer.push(*t, pose.as_ref());
        }
        let live: Vec<Event> = std::iter::from_fn(|| analyzer.poll_event()).collect();
        let last = recording[frames - 1].0;
        let of_file: Vec<Event> = expected.iter().filter(|e| e.t <= last).cloned().collect();
        prop_assert_eq!(repetitions(&live), repetitions(&of_file));
    }
}

#[test]
fn a_cohort_finds_what_an_analyzer_finds() {
    for (recording, expected) in RECORDINGS.iter().zip(EVENTS.iter()) {
        let mut cohort = Cohort::new(config(Some(1.78)));
        let mut heard = Vec::new();
        for (t, pose) in recording {
            let pose = pose.as_ref().expect("every frame shows somebody");
            let seen = Seen {
                person: 7,
                pose,
                wanted: true,
            };
            cohort.push(*t, &[seen], &mut heard);
        }
        cohort.finish(&mut heard);
        assert_eq!(repetitions(&heard), repetitions(expected));
    }
}

/// A jump is final within 300 ms of its landing, a squat of the body being up again, and a frame.
#[test]
fn every_jump_and_squat_is_final_in_time() {
    for events in EVENTS.iter() {
        for event in events {
            if let EventKind::Repetition(repetition) = &event.kind
                && repetition.steps.is_empty()
            {
                let delay = event.t - repetition.event("landing_s").unwrap_or(repetition.end_s);
                assert!(delay < 0.305, "{}: {delay} s after its end", repetition.movement);
            }
        }
    }
}
