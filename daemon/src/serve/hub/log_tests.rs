//! What holds for every log and every reader.

use super::*;
use crate::serve::hub::EventType;
use proptest::prelude::*;

const CAPACITY: Capacity = Capacity { interim: 5, poses: 3 };

fn log() -> Log {
    Log::new(CAPACITY)
}

fn push(log: &mut Log, kind: EventType) {
    let sequence = log.next_sequence();
    log.push(Line::stored(
        sequence,
        kind,
        format!("{{\"sequence\":{sequence}}}"),
    ));
}

fn read_all(log: &Log, position: &mut Position, types: Types) -> Vec<(u64, u64)> {
    let deliveries = log.read(position, types, usize::MAX);
    let pair = |delivery: &Delivery| (delivery.line.sequence, delivery.dropped);
    deliveries.iter().map(pair).collect()
}

#[test]
fn events_come_in_order_of_their_numbers_across_classes() {
    let mut log = log();
    for kind in [
        EventType::State,
        EventType::Pose,
        EventType::Phase,
        EventType::Pose,
        EventType::Repetition,
    ] {
        push(&mut log, kind);
    }
    let mut position = log.position(0);
    assert_eq!(
        read_all(&log, &mut position, Types::ALL),
        [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0)]
    );
    assert!(read_all(&log, &mut position, Types::ALL).is_empty());
    assert_eq!(read_all(&log, &mut log.position(3), Types::ALL), [(3, 0), (4, 0)]);
}

#[test]
fn what_fell_out_is_said_once_to_those_who_asked_for_it() {
    let mut log = log();
    let (mut all, mut durable) = (log.position(0), log.position(0));
    push(&mut log, EventType::State);
    for _ in 0..10 {
        push(&mut log, EventType::Pose);
    }
    push(&mut log, EventType::Repetition);
    assert_eq!(
        read_all(&log, &mut all, Types::ALL),
        [(0, 7), (8, 0), (9, 0), (10, 0), (11, 0)]
    );
    let types = Types::from_iter([EventType::State, EventType::Repetition]);
    assert_eq!(read_all(&log, &mut durable, types), [(0, 0), (11, 0)]);
}

#[test]
fn resuming_behind_what_fell_out_says_how_much_is_missing() {
    let mut log = log();
    push(&mut log, EventType::State);
    for _ in 0..10 {
        push(&mut log, EventType::Pose);
    }
    // 4, 5, 6 and 7 are gone
    assert_eq!(
        read_all(&log, &mut log.position(4), Types::ALL),
        [(8, 4), (9, 0), (10, 0)]
    );
    assert_eq!(
        read_all(&log, &mut log.position(9), Types::ALL),
        [(9, 0), (10, 0)]
    );
}

#[test]
fn a_number_from_the_future_is_waited_for() {
    let mut log = log();
    let mut position = log.position(2);
    for _ in 0..4 {
        push(&mut log, EventType::State);
    }
    assert_eq!(read_all(&log, &mut position, Types::ALL), [(2, 0), (3, 0)]);
}

#[test]
fn a_restored_log_keeps_its_numbers_and_counts_the_poses_that_were_not_stored() {
    let line = |sequence, kind| Line::stored(sequence, kind, "{}");
    let stored = [line(0, EventType::State), line(7, EventType::Repetition)];
    let mut log = Log::restored(CAPACITY, stored, 20);
    assert_eq!(log.next_sequence(), 20);
    push(&mut log, EventType::State);
    assert_eq!(
        read_all(&log, &mut log.position(0), Types::ALL),
        [(0, 18), (7, 0), (20, 0)]
    );
    assert_eq!(read_all(&log, &mut log.position(8), Types::ALL), [(20, 12)]);
}

#[test]
fn what_is_taken_back_is_not_read_any_more_and_its_numbers_are_not_given_again() {
    let mut log = log();
    let (mut before, mut late) = (log.position(0), log.position(0));
    for kind in [EventType::State, EventType::Repetition] {
        push(&mut log, kind);
    }
    assert_eq!(read_all(&log, &mut before, Types::ALL), [(0, 0), (1, 0)]);
    log.forget();
    assert_eq!(log.next_sequence(), 2);
    push(&mut log, EventType::State);
    assert_eq!(read_all(&log, &mut before, Types::ALL), [(2, 0)]);
    assert_eq!(read_all(&log, &mut late, Types::ALL), [(2, 2)]);
    assert_eq!(read_all(&log, &mut log.position(0), Types::ALL), [(2, 0)]);
}

fn any_type() -> impl Strategy<Value = EventType> {
    prop_oneof![
        6 => Just(EventType::Pose),
        3 => Just(EventType::Phase),
        1 => Just(EventType::Repetition),
        1 => Just(EventType::Error),
    ]
}

/// What happens next: something is said, or one of the readers reads so many.
#[derive(Clone, Debug)]
enum Step {
    Say(EventType),
    Read { reader: usize, most: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => any_type().prop_map(Step::Say),
        1 => (0..3_usize, 1..8_usize).prop_map(|(reader, most)| Step::Read { reader, most }),
    ];
    prop::collection::vec(step, 0..200)
}

#[test]
fn poses_that_are_let_go_of_count_as_dropped() {
    let mut log = log();
    for kind in [EventType::Pose, EventType::Repetition, EventType::Pose] {
        push(&mut log, kind);
    }
    let mut early = log.position(0);
    log.forget_poses();
    assert_eq!(read_all(&log, &mut early, Types::ALL), [(1, 2)]);
    push(&mut log, EventType::Pose);
    assert_eq!(read_all(&log, &mut early, Types::ALL), [(3, 0)]);
}

proptest! {
    #[test]
    fn whatever_their_speed_readers_get_every_kept_event_once_and_in_order(steps in steps()) {
        let mut log = log();
        let mut positions = [0, 1, 2].map(|_| log.position(0));
        let mut got: [Vec<Delivery>; 3] = Default::default();
        let mut said = Vec::new();
        for step in steps {
            match step {
                Step::Say(kind) => {
                    said.push(kind);
                    push(&mut log, kind);
                }
                Step::Read { reader, most } => got[reader].extend(log.read(&mut positions[reader], Types::ALL, most)),
            }
            prop_assert!(log.shelf(Class::Pose).lines.len() <= CAPACITY.poses);
            prop_assert!(log.shelf(Class::Interim).lines.len() <= CAPACITY.interim);
        }
        let kept = |kind: EventType| kind.class() == Class::Kept;
        let expected: Vec<u64> = (0..).zip(&said).filter(|(_, kind)| kept(**kind)).map(|(n, _)| n).collect();
        for (position, got) in positions.iter_mut().zip(&mut got) {
            got.extend(log.read(position, Types::ALL, usize::MAX));
            prop_assert!(got.windows(2).all(|pair| pair[0].line.sequence < pair[1].line.sequence));
            let arrived: Vec<u64> = got.iter().filter(|d| kept(d.line.kind)).map(|d| d.line.sequence).collect();
            prop_assert_eq!(&arrived, &expected);
            let dropped = got.iter().map(|delivery| delivery.dropped).sum::<u64>() + position.dropped;
            prop_assert_eq!(got.len() as u64 + dropped, said.len() as u64);
        }
    }

    #[test]
    fn resuming_where_one_stopped_gives_what_reading_on_would(kinds in prop::collection::vec(any_type(), 0..60), at in 0..60_u64) {
        let mut log = log();
        for kind in kinds {
            push(&mut log, kind);
        }
        let sequences = |position: &mut Position| -> Vec<u64> {
            read_all(&log, position, Types::ALL).into_iter().map(|(sequence, _)| sequence).collect()
        };
        let whole = sequences(&mut log.position(0));
        let resumed = sequences(&mut log.position(at));
        prop_assert_eq!(resumed, whole.into_iter().filter(|sequence| *sequence >= at).collect::<Vec<_>>());
    }
}
