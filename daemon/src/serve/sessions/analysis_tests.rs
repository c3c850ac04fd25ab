//! What is announced is stored, and what is stored is found again.

use super::*;
use crate::serve::hub::Types;
use crate::serve::sessions::FileOrder;
use crate::serve::store::{Allowance, Intake, Taken, now_ms};
use serde_json::{Value, json};

const ID: &str = "0199d4c0-0000-7000-8000-000000000001";
const OTHER: &str = "0199d4c0-0000-7000-8000-00000000000f";
const CAPACITY: Capacity = Capacity {
    interim: 100,
    poses: 10,
};

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), None).await.expect("opens");
    (folder, store)
}

async fn analysis(store: &Store) -> Analysis {
    let analysis = Analysis::new(ID.into(), Order::of_a_demo(), store.clone(), CAPACITY);
    let created = store
        .create(ID, &analysis.order, analysis.state(), Allowance::default())
        .await;
    created.expect("creates");
    analysis
}

async fn stored(store: &Store) -> Stored {
    store.read(ID).await.expect("reads").expect("is there")
}

async fn restored(store: &Store) -> Analysis {
    Analysis::restored(ID.into(), stored(store).await, store.clone(), CAPACITY).expect("an analysis")
}

fn said(kind: EventType, timestamp_ms: f64, data: &Value) -> News {
    News::Draft(Draft::new(kind, timestamp_ms, data).expect("JSON"))
}

fn repetition(n: u32) -> News {
    said(
        EventType::Repetition,
        1000.0 * f64::from(n),
        &json!({
            "movement": "cmj", "number": n, "metrics": { "jump_height_m": 0.3 },
            "uncertainty": { "jump_height_m": 0.01 }, "quality": { "grade": "A" },
        }),
    )
}

fn pose() -> News {
    said(EventType::Pose, 500.0, &json!({}))
}

async fn events(analysis: &Analysis, from: u64) -> Vec<Value> {
    let mut reader = analysis.hub.read(from, Types::ALL);
    let mut events = Vec::new();
    while let Some(deliveries) = reader.next().await {
        events.extend(
            deliveries
                .iter()
                .map(|delivery| serde_json::from_str::<Value>(&delivery.text()).expect("JSON")),
        );
    }
    events
}

async fn live(analysis: &Analysis) {
    analysis.take_in(&News::State(SessionState::Live, None)).await;
}

async fn end(analysis: &Analysis) {
    let done = News::State(SessionState::Done, Some("the source ended".into()));
    analysis.take_in(&done).await;
}

#[tokio::test]
async fn an_ended_analysis_is_the_same_after_a_restart_but_for_its_poses() {
    let (_folder, store) = store().await;
    let before = analysis(&store).await;
    live(&before).await;
    before.take_in(&pose()).await;
    before.take_in(&repetition(1)).await;
    before.take_in(&pose()).await;
    before.take_in(&repetition(2)).await;
    end(&before).await;
    let after = restored(&store).await;
    let without_poses = |events: Vec<Value>| -> Vec<Value> {
        let mut events: Vec<Value> = events
            .into_iter()
            .filter(|event| event["type"] != "pose")
            .collect();
        for event in &mut events {
            event.as_object_mut().expect("an object").remove("dropped");
        }
        events
    };
    let (first, second) = (events(&before, 0).await, events(&after, 0).await);
    assert_eq!(without_poses(first.clone()), without_poses(second.clone()));
    assert_eq!(first.len(), 7);
    let dropped: u64 = second.iter().filter_map(|event| event["dropped"].as_u64()).sum();
    assert_eq!(dropped, 2, "the poses");
    assert_eq!(after.state(), SessionState::Done);
    assert_eq!(after.record().reason.as_deref(), Some("the source ended"));
    assert_eq!(after.record().results().len(), 2);
    assert_eq!(after.order, before.order);
    assert_eq!(after.doing(), before.doing());
    assert_eq!(after.hub.next_sequence(), before.hub.next_sequence());
}

#[tokio::test]
async fn the_last_events_say_what_was_found_and_that_it_ended() {
    let (_folder, store) = store().await;
    let analysis = analysis(&store).await;
    live(&analysis).await;
    analysis.take_in(&repetition(1)).await;
    analysis.take_in(&repetition(3)).await;
    end(&analysis).await;
    let events = events(&analysis, 2).await;
    let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["repetition", "analysis_complete", "state"]);
    assert_eq!(events[1]["data"]["repetitions"], 2);
    assert_eq!(events[1]["data"]["duration_s"], 2.0);
    assert_eq!(
        events[2]["data"],
        json!({ "state": "done", "reason": "the source ended" })
    );
}

#[tokio::test]
async fn what_is_announced_is_stored_already() {
    let (_folder, store) = store().await;
    let analysis = analysis(&store).await;
    live(&analysis).await;
    for n in 1..20 {
        analysis.take_in(&repetition(n)).await;
        let stored = stored(&store).await;
        assert_eq!(
            stored.lines.last().map(|line| line.sequence + 1),
            Some(analysis.hub.next_sequence())
        );
        assert_eq!(analysis.record().results().len(), n as usize);
    }
}

#[tokio::test]
async fn an_analysis_the_daemon_did_not_survive_has_failed_and_says_why() {
    let (_folder, store) = store().await;
    let before = analysis(&store).await;
    live(&before).await;
    before.take_in(&repetition(1)).await;
    for _ in 0..50 {
        before.take_in(&pose()).await;
    }
    let seen = before.hub.next_sequence();
    drop(before);
    let after = restored(&store).await;
    after.take_in(&News::failed("the daemon ended")).await;
    assert_eq!(after.state(), SessionState::Failed);
    assert!(
        after
            .record()
            .reason
            .is_some_and(|reason| reason.contains("daemon ended"))
    );
    // whoever resumes behind the last pose still learns how it ended
    let rest = events(&after, seen).await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0]["data"]["state"], "failed");
    // and it is told only once
    let again = restored(&store).await;
    assert_eq!(again.hub.next_sequence(), after.hub.next_sequence());
    assert_eq!(again.record().results().len(), 1);
}

#[tokio::test]
async fn an_ended_analysis_says_no_more() {
    let (_folder, store) = store().await;
    let analysis = analysis(&store).await;
    end(&analysis).await;
    let count = events(&analysis, 0).await.len();
    analysis.take_in(&repetition(1)).await;
    live(&analysis).await;
    assert_eq!(events(&analysis, 0).await.len(), count);
    assert_eq!(analysis.state(), SessionState::Done);
    assert!(analysis.record().results().is_empty());
}

#[tokio::test]
async fn results_that_cannot_be_stored_are_announced_and_end_the_analysis() {
    let (_folder, store) = store().await;
    let analysis = analysis(&store).await;
    live(&analysis).await;
    store.fill().await;
    analysis.take_in(&repetition(1)).await;
    let events = events(&analysis, 1).await;
    let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["repetition", "error", "state"]);
    assert_eq!(events[1]["data"]["code"], "storage");
    assert_eq!(analysis.state(), SessionState::Failed);
    assert_eq!(analysis.record().results().len(), 1);
}

#[tokio::test]
async fn only_the_first_reason_to_end_counts() {
    let (_folder, store) = store().await;
    let analysis = analysis(&store).await;
    analysis.ask_to_end("first");
    analysis.ask_to_end("second");
    assert_eq!(analysis.asked_to_end().await, "first");
    analysis.take_in(&News::State(SessionState::Done, None)).await;
    assert_eq!(analysis.record().reason.as_deref(), Some("first"));
}

/// The analysis of a file, and the lease a worker holds on it.
async fn leased(store: &Store) -> (Analysis, i64) {
    let order = Order {
        file: Some(FileOrder {
            overlay: false,
            max_persons: 1,
            report: false,
        }),
        ..Order::of_a_demo()
    };
    let intake = Intake {
        id: ID,
        order: &order,
        task: "{}",
        upload: None,
        once: None,
        most_waiting: 1,
        allowance: Allowance::default(),
    };
    let taken = store.orders().take(intake).await;
    assert_eq!(taken.expect("a database"), Taken::Queued);
    let now = now_ms() + 1000;
    let lease = store.jobs().lease("w", now, now + 30_000).await;
    let lease = lease.expect("a database").expect("a job");
    (
        Analysis::new(ID.into(), order, store.clone(), CAPACITY),
        lease.fence,
    )
}

#[tokio::test]
async fn another_attempt_takes_back_what_the_one_before_said() {
    let (_folder, store) = store().await;
    let (analysis, fence) = leased(&store).await;
    assert_eq!(
        (analysis.state(), analysis.progress()),
        (SessionState::Waiting, Some(0.0))
    );
    let say = async |news: News| {
        analysis
            .take_in_under(Some(fence), &news)
            .await
            .expect("the lease is held");
    };
    say(News::State(SessionState::Live, None)).await;
    say(repetition(1)).await;
    analysis.set_progress(0.5);
    assert_eq!((analysis.record().count(), analysis.progress()), (1, Some(0.5)));
    say(News::Anew(
        SessionState::Connecting,
        Some("its worker was lost".into()),
    ))
    .await;
    assert_eq!(analysis.record().count(), 0);
    say(repetition(1)).await;
    say(News::State(SessionState::Done, None)).await;
    let heard = events(&analysis, 0).await;
    let types: Vec<&Value> = heard.iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["state", "repetition", "analysis_complete", "state"]);
    assert_eq!(heard[0]["sequence"], 2, "numbers go on");
    assert_eq!(heard[2]["data"]["repetitions"], 1);
    assert_eq!(analysis.progress(), Some(1.0));
    let after = restored(&store).await;
    assert_eq!(after.record().results().len(), 1);
    assert_eq!(after.state(), SessionState::Done);
}

#[tokio::test]
async fn what_a_worker_without_a_lease_says_has_never_been() {
    let (_folder, store) = store().await;
    let (analysis, fence) = leased(&store).await;
    let late = analysis.take_in_under(Some(fence - 1), &repetition(1)).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    assert_eq!((analysis.hub.next_sequence(), analysis.record().count()), (0, 0));
    store.fill().await;
    let full = analysis.take_in_under(Some(fence), &repetition(1)).await;
    assert!(full.is_err(), "another attempt may find room");
    assert!(!analysis.has_ended());
    assert_eq!(analysis.record().count(), 0);
}

#[tokio::test]
async fn an_outage_that_was_waited_for_long_enough_is_waited_for_by_nobody_else() {
    let (_folder, store) = store().await;
    let analysis = analysis(&store).await;
    live(&analysis).await;
    store.outage().begin_long_ago();
    analysis.take_in(&pose()).await;
    assert!(!analysis.has_ended(), "poses need no database");
    analysis.take_in(&repetition(1)).await;
    assert_eq!(analysis.state(), SessionState::Failed);
    let heard = events(&analysis, 0).await;
    let types: Vec<&Value> = heard.iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["state", "pose", "repetition", "error", "state"]);
    assert_eq!(stored(&store).await.lines.len(), 1, "nothing was written since");
    let other = store.create(OTHER, &analysis.order, analysis.state(), Allowance::default());
    other.await.expect("the database is there");
    let again = restored(&store).await;
    again.take_in(&repetition(1)).await;
    assert_eq!(stored(&store).await.lines.len(), 2);
    assert!(!again.has_ended());
}
