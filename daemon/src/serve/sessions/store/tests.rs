//! What was stored is found again, and nothing else.

use super::*;
use crate::serve::hub::EventType;

const ID: &str = "0199d4c0-0000-7000-8000-000000000001";
const YOUNGER: &str = "0199d4c0-0000-7000-8000-000000000002";

fn order(record: bool) -> Order {
    Order {
        record,
        ..Order::of_a_demo()
    }
}

fn line(sequence: u64, kind: EventType) -> Line {
    Line::stored(sequence, kind, format!(r#"{{"sequence":{sequence}}}"#))
}

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("new")).await.expect("opens");
    (folder, store)
}

async fn create(store: &Store, id: &str, record: bool) {
    let created = store.create(id, &order(record), SessionState::Waiting).await;
    created.expect("creates");
}

async fn append(store: &Store, id: &str, sequence: u64, kind: EventType) -> Result<(), StoreError> {
    store.append(id, &line(sequence, kind), None).await
}

/// What an operator sees who opens the file.
async fn row(store: &Store, id: &str) -> (String, Option<String>, bool) {
    sqlx::query_as("SELECT state, reason, ended_at IS NOT NULL FROM analyses WHERE id = ?")
        .bind(id)
        .fetch_one(store.database.pool())
        .await
        .expect("a row")
}

#[tokio::test]
async fn what_was_written_is_read_back_after_opening_again() {
    let (folder, store) = store().await;
    create(&store, ID, false).await;
    append(&store, ID, 0, EventType::State).await.expect("appends");
    append(&store, ID, 5, EventType::Repetition)
        .await
        .expect("appends");
    drop(store);
    let store = Store::open(&folder.path().join("new"))
        .await
        .expect("opens again");
    let stored = store.read(ID).await.expect("reads").expect("is there");
    assert_eq!(stored.order, order(false));
    assert_eq!(
        stored.lines,
        [line(0, EventType::State), line(5, EventType::Repetition)]
    );
    assert!(store.read(YOUNGER).await.expect("reads").is_none());
}

#[tokio::test]
async fn a_state_is_noted_with_the_event_that_says_it_or_not_at_all() {
    let (_folder, store) = store().await;
    create(&store, ID, false).await;
    assert_eq!(row(&store, ID).await, ("waiting".into(), None, false));
    assert_eq!(store.unfinished().await.expect("reads"), [ID]);
    let failed = Some((SessionState::Failed, Some("silence")));
    let event = line(3, EventType::State);
    store.append(ID, &event, failed).await.expect("appends");
    assert_eq!(
        row(&store, ID).await,
        ("failed".into(), Some("silence".into()), true)
    );
    assert!(store.unfinished().await.expect("reads").is_empty());
    let twice = store.append(ID, &event, Some((SessionState::Live, None))).await;
    assert!(twice.is_err(), "the number is taken");
    assert_eq!(row(&store, ID).await.0, "failed");
    let unknown = append(&store, YOUNGER, 0, EventType::State).await;
    assert!(unknown.is_err(), "no such analysis");
}

#[tokio::test]
async fn the_youngest_come_first_and_what_is_removed_is_gone() {
    let (folder, store) = store().await;
    create(&store, ID, true).await;
    create(&store, YOUNGER, false).await;
    append(&store, ID, 0, EventType::State).await.expect("appends");
    assert_eq!(store.youngest(9).await.expect("reads"), [YOUNGER, ID]);
    assert_eq!(store.youngest(1).await.expect("reads"), [YOUNGER]);
    assert!(folder.path().join("new").join(ID).is_dir(), "for the recording");
    store.remove(ID).await.expect("removes");
    store.remove(ID).await.expect("removes what is gone");
    assert_eq!(store.youngest(9).await.expect("reads"), [YOUNGER]);
    assert!(!folder.path().join("new").join(ID).exists());
    let events: i64 = sqlx::query_scalar("SELECT count(*) FROM events")
        .fetch_one(store.database.pool())
        .await
        .expect("a number");
    assert_eq!(events, 0);
}

#[tokio::test]
async fn the_events_of_a_recording_lie_beside_it() {
    let (_folder, store) = store().await;
    create(&store, ID, true).await;
    append(&store, ID, 0, EventType::State).await.expect("appends");
    append(&store, ID, 7, EventType::Repetition)
        .await
        .expect("appends");
    let written = store.lay_beside_recording(ID, &order(true)).await;
    written.expect("writes");
    let beside = store.recording(ID).with_file_name("events.ndjson");
    let text = std::fs::read_to_string(beside).expect("is there");
    assert_eq!(text, "{\"sequence\":0}\n{\"sequence\":7}\n");
}

#[tokio::test]
async fn a_folder_of_another_daemon_or_that_is_none_is_refused() {
    let (folder, store) = store().await;
    let second = Store::open(&folder.path().join("new")).await;
    assert!(matches!(second, Err(StoreError::InUse { .. })), "{second:?}");
    drop(store);
    let file = tempfile::NamedTempFile::new().expect("a file");
    let refused = Store::open(file.path()).await.expect_err("no folder").to_string();
    assert!(refused.contains(&file.path().display().to_string()), "{refused}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let (folder, store) = store().await;
    sqlx::query("INSERT INTO _sqlx_migrations VALUES (99, 'newer', '2030-01-01', TRUE, x'00', 0)")
        .execute(store.database.pool())
        .await
        .expect("a migration");
    drop(store);
    let refused = Store::open(&folder.path().join("new")).await;
    assert!(matches!(refused, Err(StoreError::Migration(_))), "{refused:?}");
}
