//! What was stored is found again, and nothing else; in a file, and on a server where `KINEMOTION_TEST_POSTGRES` names one.

use super::statement::{Builder, statement};
use super::*;
use crate::serve::history::Cursor;
use crate::serve::hub::EventType;

const ID: &str = "0199d4c0-0000-7000-8000-000000000001";
const YOUNGER: &str = "0199d4c0-0000-7000-8000-000000000002";
const LOCAL: &str = "local";

/// Where a test stores: a folder, and a database of its own.
struct Place {
    folder: tempfile::TempDir,
    server: Option<String>,
}

impl Place {
    /// One of each kind there is.
    async fn all() -> Vec<Self> {
        let mut places = vec![Self::with(None)];
        match std::env::var("KINEMOTION_TEST_POSTGRES") {
            Ok(server) => places.push(Self::with(Some(database_of_its_own(&server).await))),
            Err(_) => eprintln!("KINEMOTION_TEST_POSTGRES names no server: only the file is tested"),
        }
        places
    }

    fn with(server: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, server }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("new")
    }

    async fn try_open(&self) -> Result<Store, StoreError> {
        Store::open(&self.path(), self.server.as_deref()).await
    }

    async fn open(&self) -> Store {
        self.try_open().await.expect("opens")
    }
}

async fn database_of_its_own(server: &str) -> String {
    let name = format!("t{}", uuid::Uuid::now_v7().simple());
    let any = sqlx::PgPool::connect(&format!("{server}/postgres"))
        .await
        .expect("the server answers");
    let make = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(make).execute(&any).await.expect("a database");
    format!("{server}/{name}")
}

fn order(record: bool) -> Order {
    Order {
        record,
        ..Order::of_a_demo()
    }
}

fn line(sequence: u64, kind: EventType) -> Line {
    Line::stored(sequence, kind, format!(r#"{{"sequence":{sequence}}}"#))
}

async fn create(store: &Store, id: &str, order: &Order) {
    let created = store.create(id, order, SessionState::Waiting).await;
    created.expect("creates");
}

async fn append(store: &Store, id: &str, sequence: u64, kind: EventType) -> Result<(), StoreError> {
    store.append(id, &line(sequence, kind), Along::default()).await
}

/// A state that an event says.
fn says(state: SessionState, reason: Option<&str>) -> Along<'_> {
    Along {
        state: Some((state, reason)),
        ..Along::default()
    }
}

/// What an operator sees who opens the database.
async fn row(store: &Store, id: &str) -> (String, Option<String>, bool) {
    let row = statement!("SELECT state, reason, ended_at FROM analyses WHERE id = $1", id);
    let row: Option<(String, Option<String>, Option<String>)> = store.pool.one(row).await.expect("reads");
    let (state, reason, ended_at) = row.expect("a row");
    (state, reason, ended_at.is_some())
}

/// How many rows a table has.
async fn count(store: &Store, table: &'static str) -> i64 {
    let mut query = Builder::default();
    query.push("SELECT COUNT(*) FROM ").push(table);
    let (count,) = store
        .pool
        .one::<(i64,)>(query.build())
        .await
        .expect("reads")
        .expect("a row");
    count
}

#[tokio::test]
async fn what_was_written_is_read_back_after_opening_again() {
    for place in Place::all().await {
        let store = place.open().await;
        create(&store, ID, &order(false)).await;
        append(&store, ID, 0, EventType::State).await.expect("appends");
        append(&store, ID, 5, EventType::Repetition)
            .await
            .expect("appends");
        drop(store);
        let store = place.open().await;
        let stored = store.read(ID).await.expect("reads").expect("is there");
        assert_eq!(stored.order, order(false));
        assert_eq!(
            stored.lines,
            [line(0, EventType::State), line(5, EventType::Repetition)]
        );
        assert!(store.read(YOUNGER).await.expect("reads").is_none());
    }
}

#[tokio::test]
async fn a_state_is_noted_with_the_event_that_says_it_or_not_at_all() {
    for place in Place::all().await {
        let store = place.open().await;
        create(&store, ID, &order(false)).await;
        assert_eq!(row(&store, ID).await, ("waiting".into(), None, false));
        assert_eq!(store.unfinished().await.expect("reads"), [ID]);
        let event = line(3, EventType::State);
        let failed = says(SessionState::Failed, Some("silence"));
        store.append(ID, &event, failed).await.expect("appends");
        assert_eq!(
            row(&store, ID).await,
            ("failed".into(), Some("silence".into()), true)
        );
        assert!(store.unfinished().await.expect("reads").is_empty());
        let twice = store.append(ID, &event, says(SessionState::Live, None)).await;
        assert!(twice.is_err(), "the number is taken");
        assert_eq!(row(&store, ID).await.0, "failed");
        let unknown = append(&store, YOUNGER, 0, EventType::State).await;
        assert!(unknown.is_err(), "no such analysis");
    }
}

#[tokio::test]
async fn the_youngest_come_first_and_what_is_removed_is_gone() {
    for place in Place::all().await {
        let store = place.open().await;
        create(&store, ID, &order(true)).await;
        create(&store, YOUNGER, &order(false)).await;
        store
            .append(ID, &line(0, EventType::Repetition), measured(ID, 0))
            .await
            .expect("appends");
        assert_eq!(store.youngest(9).await.expect("reads"), [YOUNGER, ID]);
        assert_eq!(store.youngest(1).await.expect("reads"), [YOUNGER]);
        assert!(place.path().join(ID).is_dir(), "for the recording");
        store.remove(ID).await.expect("removes");
        store.remove(ID).await.expect("removes what is gone");
        assert_eq!(store.youngest(9).await.expect("reads"), [YOUNGER]);
        assert!(!place.path().join(ID).exists());
        for table in ["events", "repetitions", "metric_values"] {
            assert_eq!(count(&store, table).await, 0, "{table}");
        }
    }
}

#[tokio::test]
async fn the_events_of_a_recording_lie_beside_it() {
    for place in Place::all().await {
        let store = place.open().await;
        create(&store, ID, &order(true)).await;
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
}

#[tokio::test]
async fn a_place_of_another_daemon_or_that_is_none_is_refused() {
    for place in Place::all().await {
        let store = place.open().await;
        let second = place.try_open().await;
        assert!(matches!(second, Err(StoreError::InUse { .. })), "{second:?}");
        // The same database, from the folder of another machine.
        let elsewhere = tempfile::tempdir().expect("a folder");
        let third = Store::open(elsewhere.path(), place.server.as_deref()).await;
        assert_eq!(third.is_err(), place.server.is_some(), "{third:?}");
        drop(store);
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    let refused = Store::open(file.path(), None)
        .await
        .expect_err("no folder")
        .to_string();
    assert!(refused.contains(&file.path().display().to_string()), "{refused}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    for place in Place::all().await {
        let store = place.open().await;
        let newer = store.pool.either(
            "INSERT INTO _sqlx_migrations VALUES (99, 'newer', '2030-01-01', TRUE, x'00', 0)",
            "INSERT INTO _sqlx_migrations VALUES (99, 'newer', '2030-01-01', TRUE, '\\x00', 0)",
        );
        store.pool.execute(statement!(newer)).await.expect("a migration");
        drop(store);
        let refused = place.try_open().await;
        assert!(matches!(refused, Err(StoreError::Migration(_))), "{refused:?}");
    }
}

/// A repetition that is stored along with its event.
fn measured(id: &str, n: u64) -> Along<'static> {
    Along {
        repetition: Some(NewRepetition {
            id: format!("{id}/{n}"),
            tenant: LOCAL.into(),
            analysis_id: id.into(),
            sequence: n,
            athlete_id: None,
            sport: "cmj".into(),
            at: 1000 * n.cast_signed(),
            grade: "A".into(),
            metrics: vec![
                ("jump_height_m".into(), 0.3, Some(0.01)),
                ("flight_time_ms".into(), 500.0, None),
            ],
        }),
        ..Along::default()
    }
}

#[tokio::test]
async fn repetitions_are_found_page_by_page_and_their_numbers_in_order() {
    for place in Place::all().await {
        let store = place.open().await;
        create(&store, ID, &order(false)).await;
        for n in 0..5 {
            let event = line(n, EventType::Repetition);
            store.append(ID, &event, measured(ID, n)).await.expect("appends");
        }
        let (history, mut behind, mut found) = (store.history(), None::<Cursor>, Vec::new());
        let wanted = Wanted {
            tenant: LOCAL.into(),
            from: Some(1000),
            ..Wanted::default()
        };
        loop {
            let page = history
                .repetitions(&wanted, behind.as_ref(), 3)
                .await
                .expect("reads");
            let Some(last) = page.last() else { break };
            behind = Some(Cursor {
                at: last.at,
                id: last.id.clone(),
            });
            found.extend(page.into_iter().map(|repetition| repetition.sequence));
        }
        assert_eq!(found, [4, 3, 2, 1]);
        let series = history.series(&wanted, "jump_height_m", 2).await.expect("reads");
        let series: Vec<_> = series
            .iter()
            .map(|seen| (seen.at, seen.value, seen.uncertainty))
            .collect();
        assert_eq!(series, [(3000, 0.3, Some(0.01)), (4000, 0.3, Some(0.01))]);
        let others = Wanted {
            tenant: "other".into(),
            ..Wanted::default()
        };
        assert!(
            history
                .repetitions(&others, None, 9)
                .await
                .expect("reads")
                .is_empty()
        );
    }
}

/// A delivery of an event to a webhook.
fn outbox(webhook: &str, sequence: u64) -> Outbox {
    Outbox {
        id: format!("{webhook}-{sequence}"),
        webhook_id: webhook.into(),
        event_id: format!("e{sequence}"),
        analysis_id: ID.into(),
        sequence,
        kind: "repetition",
        body: "{}".into(),
        at: 1000,
    }
}

async fn deliver(store: &Store, webhook: &str, sequence: u64) {
    let along = Along {
        deliveries: vec![outbox(webhook, sequence)],
        ..Along::default()
    };
    let event = line(sequence, EventType::Repetition);
    store.append(ID, &event, along).await.expect("appends");
}

#[tokio::test]
async fn a_webhook_that_was_removed_meanwhile_costs_no_event() {
    for place in Place::all().await {
        let store = place.open().await;
        create(&store, ID, &order(false)).await;
        deliver(&store, "gone", 1).await;
        assert_eq!(count(&store, "events").await, 1);
        assert_eq!(count(&store, "deliveries").await, 0);
    }
}

#[tokio::test]
async fn a_webhook_gets_an_analysis_in_order_and_nothing_is_taken_twice() {
    for place in Place::all().await {
        let store = place.open().await;
        create(&store, ID, &order(false)).await;
        store.webhooks().add(&webhook("w")).await.expect("adds");
        deliver(&store, "w", 1).await;
        deliver(&store, "w", 2).await;
        let taken = async |now| {
            let taken = store
                .deliveries()
                .take(now, now + 60_000, 9)
                .await
                .expect("takes");
            taken.into_iter().map(|due| due.event_id).collect::<Vec<_>>()
        };
        assert_eq!(taken(2000).await, ["e1"], "the first alone");
        assert!(taken(2001).await.is_empty(), "it is held");
        let refused = Attempt {
            status: Some(500),
            answer: None,
            error: Some("it answered 500".into()),
        };
        let noted = store.deliveries().note("w-1", &refused, Some(5000), 2002).await;
        noted.expect("notes");
        assert!(
            taken(3000).await.is_empty(),
            "not before it is due, nor the one behind it"
        );
        assert_eq!(taken(5000).await, ["e1"]);
        let accepted = Attempt {
            status: Some(204),
            answer: None,
            error: None,
        };
        let noted = store.deliveries().note("w-1", &accepted, None, 5001).await;
        noted.expect("notes");
        assert_eq!(taken(5002).await, ["e2"]);
    }
}

fn webhook(id: &str) -> Webhook {
    Webhook {
        id: id.into(),
        tenant: LOCAL.into(),
        url: "https://a.example/".into(),
        secret: "whsec_".into(),
        events: Vec::new(),
        sports: Vec::new(),
        created_at: 0,
        failing_since: None,
        disabled_at: None,
        reason: None,
    }
}

#[tokio::test]
async fn a_webhook_that_takes_nothing_for_days_is_disabled_and_can_be_enabled() {
    for place in Place::all().await {
        let store = place.open().await;
        let webhooks = store.webhooks();
        webhooks.add(&webhook("w")).await.expect("adds");
        let fail = async |now: i64| {
            webhooks
                .note_failure("w", now, now - 1000, "refused")
                .await
                .expect("notes")
        };
        assert!(!fail(5000).await && !fail(5999).await);
        webhooks.note_success("w").await.expect("notes");
        assert!(!fail(6500).await, "it had taken something since");
        assert!(fail(7500).await && !fail(7600).await, "disabled once");
        let disabled = webhooks.find(LOCAL, "w").await.expect("reads").expect("is there");
        assert_eq!(
            (disabled.disabled_at, disabled.reason.as_deref()),
            (Some(7500), Some("refused"))
        );
        assert!(webhooks.enable(LOCAL, "w").await.expect("writes"));
        let enabled = webhooks.find(LOCAL, "w").await.expect("reads").expect("is there");
        assert_eq!(enabled, webhook("w"));
        assert!(
            !webhooks.remove("other", "w").await.expect("removes"),
            "it is not theirs"
        );
        assert!(webhooks.remove(LOCAL, "w").await.expect("removes"));
    }
}
