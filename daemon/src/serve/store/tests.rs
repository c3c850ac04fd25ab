//! What was stored is found again, and nothing else; in a file, and on a server where `KINEMOTION_TEST_POSTGRES` names one.

mod accounts;
mod replicas;
mod webhooks;

use super::statement::{Builder, statement};
use super::*;
use crate::serve::history::Cursor;
use crate::serve::hub::EventType;

const ID: &str = "0199d4c0-0000-7000-8000-000000000001";
const YOUNGER: &str = "0199d4c0-0000-7000-8000-000000000002";
const LOCAL: &str = "local";

/// Where a test stores: a folder, and a database of its own.
pub(super) struct Place {
    pub(super) folder: tempfile::TempDir,
    pub(super) server: Option<String>,
}

impl Place {
    /// One of each kind there is.
    pub(super) async fn all() -> Vec<Self> {
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

    /// Address of the database, where it is on a server.
    pub(super) fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("new")
    }

    async fn try_open(&self) -> Result<Store, StoreError> {
        Store::open(&self.path(), self.server.as_deref()).await
    }

    pub(super) async fn open(&self) -> Store {
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
    let created = store
        .create(id, order, SessionState::Waiting, Allowance::default())
        .await;
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
async fn what_was_ordered_is_read_without_a_look_at_the_events() {
    for place in Place::all().await {
        let store = place.open().await;
        create(&store, ID, &order(true)).await;
        let unreadable =
            "INSERT INTO events (analysis_id, sequence, type, line) VALUES ($1, 0, 'nobody knows', '')";
        store
            .pool
            .execute(statement!(unreadable, ID))
            .await
            .expect("adds");
        assert!(matches!(store.read(ID).await, Err(StoreError::Broken(_))));
        assert_eq!(store.order(ID).await.expect("reads"), Some(order(true)));
        assert_eq!(store.order(YOUNGER).await.expect("reads"), None);
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
        twice.expect("it is stored already, with what came along");
        let other = Line::stored(event.sequence, event.kind, "{}");
        let other = store.append(ID, &other, Along::default()).await;
        assert!(matches!(other, Err(StoreError::Ended)), "{other:?}");
        let late = append(&store, ID, 4, EventType::Repetition).await;
        assert!(matches!(late, Err(StoreError::Ended)), "{late:?}");
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
            session_id: None,
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
                .repetitions(&wanted, Direction::Down, behind.as_ref(), 3)
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
        let ranked = async |direction, behind: Option<&Cursor<f64>>| {
            let found = history
                .ranked(&wanted, "jump_height_m", direction, behind, 9)
                .await
                .expect("reads");
            found
                .into_iter()
                .map(|number| (number.value, number.repetition.sequence))
                .collect::<Vec<_>>()
        };
        let last = Cursor {
            at: 0.3,
            id: format!("{ID}/3"),
        };
        assert_eq!(
            ranked(Direction::Up, None).await,
            [(0.3, 1), (0.3, 2), (0.3, 3), (0.3, 4)]
        );
        assert_eq!(
            ranked(Direction::Up, Some(&last)).await,
            [(0.3, 4)],
            "equals go on by name"
        );
        assert_eq!(ranked(Direction::Down, Some(&last)).await, [(0.3, 2), (0.3, 1)]);
        let timed = async |direction, behind: Option<&Cursor>| {
            let found = history
                .timed(&wanted, "flight_time_ms", direction, behind, 2)
                .await;
            let numbers = found.expect("reads").into_iter();
            numbers
                .map(|number| (number.repetition.at, number.value, number.uncertainty))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            timed(Direction::Down, None).await,
            [(4000, 500.0, None), (3000, 500.0, None)]
        );
        let last = Cursor {
            at: 3000,
            id: format!("{ID}/3"),
        };
        assert_eq!(
            timed(Direction::Down, Some(&last)).await,
            [(2000, 500.0, None), (1000, 500.0, None)]
        );
        assert_eq!(timed(Direction::Up, Some(&last)).await, [(4000, 500.0, None)]);
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
                .repetitions(&others, Direction::Down, None, 9)
                .await
                .expect("reads")
                .is_empty()
        );
    }
}

#[tokio::test]
async fn what_was_measured_for_somebody_who_is_gone_is_kept() {
    for place in Place::all().await {
        let store = place.open().await;
        create(&store, ID, &order(false)).await;
        let mut along = measured(ID, 0);
        if let Some(repetition) = &mut along.repetition {
            repetition.athlete_id = Some("gone".into());
            repetition.session_id = Some("gone".into());
        }
        let event = line(0, EventType::Repetition);
        store.append(ID, &event, along).await.expect("appends");
        let wanted = Wanted {
            tenant: LOCAL.into(),
            ..Wanted::default()
        };
        let found = store.history().repetitions(&wanted, Direction::Up, None, 9).await;
        let found: Vec<_> = found
            .expect("reads")
            .into_iter()
            .map(|repetition| (repetition.athlete_id, repetition.session_id))
            .collect();
        assert_eq!(found, [(None, None)]);
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
        analysis_id: None,
        created_at: 0,
        failing_since: None,
        disabled_at: None,
        reason: None,
    }
}

#[tokio::test]
async fn what_is_old_in_the_audit_log_and_among_orders_goes() {
    for place in Place::all().await {
        let store = place.open().await;
        create(&store, ID, &order(false)).await;
        for at in [1000_i64, 3000] {
            let audit = "INSERT INTO audit (id, tenant, at, actor, action, subject)
                         VALUES ($1, 'local', $2, 'anybody', 'x', 'y')";
            store
                .pool
                .execute(statement!(audit, at.to_string(), at))
                .await
                .expect("adds");
            let sent = "INSERT INTO idempotency (tenant, key, fingerprint, analysis_id, created_at)
                        VALUES ('local', $1, $2, $3, $4)";
            store
                .pool
                .execute(statement!(sent, at.to_string(), [0_u8; 32], ID, at))
                .await
                .expect("adds");
        }
        let aged = store.aged();
        assert_eq!(aged.remove_audit(2000).await.expect("removes"), 1);
        assert_eq!(aged.remove_idempotency(2000).await.expect("removes"), 1);
        assert_eq!(aged.remove_audit(2000).await.expect("removes"), 0);
    }
}

/// A file full of what was erased would be no erasure.
#[tokio::test]
async fn what_is_removed_is_not_on_the_disk_either() {
    let place = Place::with(None);
    let store = place.open().await;
    create(&store, ID, &order(true)).await;
    let said = Line::stored(0, EventType::Warning, r#"{"message":"seen-by-nobody-else"}"#);
    store.append(ID, &said, Along::default()).await.expect("appends");
    store.wipe().await.expect("wipes");
    let on_disk = || {
        let files = std::fs::read_dir(place.path()).expect("readable");
        let files = files
            .map(|file| file.expect("readable").path())
            .filter(|path| path.is_file());
        let found = files.filter(|path| {
            let bytes = std::fs::read(path).expect("readable");
            bytes.windows(19).any(|window| window == b"seen-by-nobody-else")
        });
        found.count()
    };
    assert_eq!(on_disk(), 1, "in the database");
    store.remove(ID).await.expect("removes");
    store.wipe().await.expect("wipes");
    assert_eq!(on_disk(), 0);
}

#[tokio::test]
async fn analyses_are_listed_by_whatever_is_known_of_them() {
    for place in Place::all().await {
        let store = place.open().await;
        let [older, younger] = [
            ("cmj", "2026-11-24T18:00:00.000Z"),
            ("squat", "2026-11-25T18:00:00.000Z"),
        ]
        .map(|(sport, at)| Order {
            sport_type: sport.into(),
            created_at: at.into(),
            ..order(false)
        });
        create(&store, ID, &older).await;
        create(&store, YOUNGER, &younger).await;
        let event = line(3, EventType::Repetition);
        store.append(ID, &event, measured(ID, 3)).await.expect("appends");
        let all = WantedAnalyses {
            tenant: LOCAL.into(),
            ..WantedAnalyses::default()
        };
        let list = async |wanted: WantedAnalyses, behind: Option<&Cursor<String>>, limit| {
            let found = store.listing().page(&wanted, behind, limit).await.expect("reads");
            found.into_iter().map(|listed| listed.id).collect::<Vec<_>>()
        };
        assert_eq!(list(all.clone(), None, 9).await, [YOUNGER, ID]);
        let behind = Cursor {
            at: younger.created_at.clone(),
            id: YOUNGER.into(),
        };
        assert_eq!(list(all.clone(), Some(&behind), 9).await, [ID]);
        let states = |names: &[&'static str]| WantedAnalyses {
            states: names.to_vec(),
            ..all.clone()
        };
        assert_eq!(list(states(&["waiting", "done"]), None, 9).await.len(), 2);
        assert!(list(states(&["done"]), None, 9).await.is_empty());
        let until = WantedAnalyses {
            until: Some(younger.created_at.clone()),
            sport: Some("cmj".into()),
            ..all.clone()
        };
        assert_eq!(list(until, None, 9).await, [ID]);
        let other = WantedAnalyses {
            tenant: "other".into(),
            ..all.clone()
        };
        assert!(list(other, None, 9).await.is_empty());
        let found = store.listing().page(&all, None, 9).await.expect("reads");
        let known: Vec<_> = found
            .iter()
            .map(|listed| (listed.sport.as_str(), listed.repetitions))
            .collect();
        assert_eq!(known, [("squat", 0), ("cmj", 1)]);
    }
}

#[tokio::test]
async fn what_older_versions_have_stored_is_found_as_well() {
    let event = r#"{"type":"repetition","sequence":7,"timestamp_ms":1500.5,"data":{"movement":"cmj",
        "metrics":{"jump_height_m":0.31,"peak_power_w":null},"uncertainty":{"jump_height_m":0.01,"peak_power_w":null},
        "quality":{"grade":"B","reasons":[]}}}"#;
    let mut spec = serde_json::to_value(order(false)).expect("JSON");
    spec.as_object_mut().expect("an object").remove("tenant");
    for steps in [1, 2] {
        let place = Place::with(None);
        std::fs::create_dir(place.path()).expect("a folder");
        let old = Pool::of_an_older_version(&place.path().join(DATABASE), steps)
            .await
            .expect("makes");
        let analysis = "INSERT INTO analyses (id, spec, state, created_at, ended_at)
                        VALUES (?, ?, 'done', '2026-11-24T18:00:00.000Z', '2026-11-24T18:01:00.000Z')";
        sqlx::query(analysis)
            .bind(ID)
            .bind(spec.to_string())
            .execute(&old)
            .await
            .expect("adds");
        let add = "INSERT INTO events (analysis_id, sequence, type, line) VALUES (?, 7, 'repetition', ?)";
        sqlx::query(add)
            .bind(ID)
            .bind(event)
            .execute(&old)
            .await
            .expect("adds");
        old.close().await;

        let store = place.open().await;
        let stored = store.read(ID).await.expect("reads").expect("is there");
        assert_eq!((stored.order, stored.lines.len()), (order(false), 1));
        let wanted = Wanted {
            tenant: LOCAL.into(),
            ..Wanted::default()
        };
        let history = store.history();
        let found = history
            .repetitions(&wanted, Direction::Down, None, 9)
            .await
            .expect("reads");
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.sport.as_str(), one.grade.as_str(), one.at, one.sequence))
            .collect();
        // 2026-11-24 18:00 UTC and a second and a half
        assert_eq!(found, [("cmj", "B", 1_795_543_201_500, 7)]);
        let series = history.series(&wanted, "jump_height_m", 9).await.expect("reads");
        assert_eq!(
            series
                .iter()
                .map(|seen| (seen.value, seen.uncertainty))
                .collect::<Vec<_>>(),
            [(0.31, Some(0.01))]
        );
        assert!(
            history
                .series(&wanted, "peak_power_w", 9)
                .await
                .expect("reads")
                .is_empty()
        );
        let all = WantedAnalyses {
            tenant: LOCAL.into(),
            ..WantedAnalyses::default()
        };
        let listed = store.listing().page(&all, None, 9).await.expect("reads");
        assert_eq!((listed[0].sport.as_str(), listed[0].repetitions), ("cmj", 1));
    }
}
