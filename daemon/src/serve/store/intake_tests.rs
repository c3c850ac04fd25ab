//! Files in the queue: taken once, by one worker at a time, and taken back when it is lost.

use super::statement::statement;
use super::tests::Place;
use super::*;
use crate::serve::hub::EventType;
use crate::serve::sessions::FileOrder;

const ID: &str = "0199d4c0-0000-7000-8000-000000000001";
const OTHER: &str = "0199d4c0-0000-7000-8000-000000000002";

/// A store of each kind there is.
async fn stores() -> Vec<(Place, Store)> {
    let mut stores = Vec::new();
    for place in Place::all().await {
        let store = place.open().await;
        stores.push((place, store));
    }
    stores
}

fn order() -> Order {
    Order {
        file: Some(FileOrder {
            overlay: false,
            max_persons: 1,
            report: false,
        }),
        ..Order::of_a_demo()
    }
}

fn once(fingerprint: u8) -> Once {
    Once {
        key: "k".into(),
        fingerprint: [fingerprint; 32],
    }
}

async fn take(store: &Store, id: &str, once: Option<&Once>, upload: Option<&str>) -> Taken {
    let unlimited = Allowance::default();
    let taken = take_within(store, id, once, upload, unlimited).await;
    taken.expect("a database")
}

async fn take_within(
    store: &Store,
    id: &str,
    once: Option<&Once>,
    upload: Option<&str>,
    allowance: Allowance,
) -> Result<Taken, StoreError> {
    let intake = Intake {
        id,
        order: &order(),
        task: "{}",
        upload,
        once,
        most_waiting: 2,
        allowance,
    };
    store.orders().take(intake).await
}

/// Analyses of the month in which all orders here are given.
async fn counted(store: &Store) -> i64 {
    let used = store.usage().of("local", &order().created_at).await;
    used.expect("reads").analyses
}

async fn lease(store: &Store, now: i64) -> Option<Leased> {
    store.jobs().lease("w", now, now + 30).await.expect("a database")
}

async fn say(store: &Store, lease: &Leased, sequence: u64, along: Along<'_>) -> Result<(), StoreError> {
    let line = Line::stored(
        sequence,
        EventType::State,
        format!(r#"{{"sequence":{sequence}}}"#),
    );
    let along = Along {
        fence: Some(lease.fence),
        ..along
    };
    store.append(&lease.analysis_id, &line, along).await
}

fn ended(state: SessionState) -> Along<'static> {
    Along {
        state: Some((state, None)),
        ..Along::default()
    }
}

/// A moment after every job was added.
fn later() -> i64 {
    now_ms() + 1000
}

#[tokio::test]
async fn what_waits_is_counted_with_the_moment_since_when() {
    for (_place, store) in stores().await {
        let backlog = || async { store.backlog().await.expect("a database") };
        assert_eq!(backlog().await, Backlog::default());
        let before = now_ms();
        take(&store, ID, None, None).await;
        take(&store, OTHER, None, None).await;
        let waiting = backlog().await;
        assert_eq!((waiting.files_waiting, waiting.files_running), (2, 0));
        let since = waiting.waiting_since.expect("two wait");
        assert!((before..=now_ms()).contains(&since), "{since}");
        let now = later();
        let first = lease(&store, now).await.expect("a job");
        let second = lease(&store, now).await.expect("another");
        let running = backlog().await;
        assert_eq!((running.files_waiting, running.files_running), (0, 2));
        assert_eq!(running.waiting_since, None);
        say(&store, &first, 0, ended(SessionState::Done))
            .await
            .expect("it has the lease");
        let back = store.jobs().give_back(&second, 7, None, true).await;
        assert!(back.expect("a database"));
        let left = backlog().await;
        assert_eq!(
            (left.files_waiting, left.files_running, left.waiting_since),
            (1, 0, Some(7))
        );
    }
}

#[tokio::test]
async fn a_job_is_taken_by_one_worker_and_by_another_when_that_is_lost() {
    for (_place, store) in stores().await {
        assert_eq!(take(&store, ID, None, None).await, Taken::Queued);
        let now = later();
        let first = lease(&store, now).await.expect("a job");
        assert_eq!(
            (first.analysis_id.as_str(), first.attempts, first.task.as_str()),
            (ID, 1, "{}")
        );
        assert_eq!(lease(&store, now).await, None, "it has a worker");
        assert!(store.jobs().renew(&first, now + 60).await.expect("a database"));
        assert_eq!(lease(&store, now + 59).await, None, "it is heard of");
        let second = lease(&store, now + 60).await.expect("it is lost");
        assert_eq!(second.attempts, 2);
        assert!(second.fence > first.fence);
        assert!(!store.jobs().renew(&first, now + 90).await.expect("a database"));
        let late = say(&store, &first, 0, Along::default()).await;
        assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
        say(&store, &second, 0, Along::default())
            .await
            .expect("it has the lease");
        assert!(
            !store
                .jobs()
                .give_back(&first, now, None, true)
                .await
                .expect("a database")
        );
        say(&store, &second, 1, ended(SessionState::Done))
            .await
            .expect("it has the lease");
        assert_eq!(lease(&store, i64::MAX - 30).await, None, "it is done");
        let after = say(&store, &second, 2, Along::default()).await;
        assert!(
            matches!(after, Err(StoreError::LeaseLost)),
            "with the last state the lease is over: {after:?}"
        );
    }
}

#[tokio::test]
async fn what_a_lost_attempt_stored_goes_with_the_first_event_of_the_next() {
    for (_place, store) in stores().await {
        take(&store, ID, None, None).await;
        let first = lease(&store, later()).await.expect("a job");
        let repetition = NewRepetition {
            id: "r".into(),
            tenant: "local".into(),
            analysis_id: ID.into(),
            sequence: 1,
            athlete_id: None,
            session_id: None,
            sport: "cmj".into(),
            at: 0,
            grade: "A".into(),
            metrics: vec![("jump_height_m".into(), 0.3, None)],
        };
        let with = Along {
            repetition: Some(repetition),
            ..Along::default()
        };
        say(&store, &first, 0, Along::default()).await.expect("stored");
        say(&store, &first, 1, with).await.expect("stored");
        let anew = Along {
            anew: true,
            ..ended(SessionState::Waiting)
        };
        say(&store, &first, 7, anew).await.expect("stored");
        let stored = store.read(ID).await.expect("reads").expect("is there");
        let sequences: Vec<u64> = stored.lines.iter().map(|line| line.sequence).collect();
        assert_eq!(sequences, [7], "numbers go on");
        for table in [
            "SELECT COUNT(*) FROM repetitions",
            "SELECT COUNT(*) FROM metric_values",
        ] {
            let left: Option<(i64,)> = store.pool.one(statement!(table)).await.expect("counts");
            assert_eq!(left, Some((0,)), "{table}");
        }
        assert!(
            store
                .jobs()
                .give_back(&first, 0, Some("it crashed"), true)
                .await
                .expect("a database")
        );
        let second = lease(&store, later()).await.expect("it waits again");
        assert_eq!(
            (second.attempts, second.last_error.as_deref()),
            (2, Some("it crashed"))
        );
        assert!(
            store
                .jobs()
                .give_back(&second, 0, None, false)
                .await
                .expect("a database")
        );
        let third = lease(&store, later()).await.expect("it waits again");
        assert_eq!(third.attempts, 2, "the end of the daemon is no attempt");
    }
}

#[tokio::test]
async fn an_order_that_is_sent_twice_is_carried_out_once() {
    for (_place, store) in stores().await {
        let (order, another) = (once(1), once(2));
        assert_eq!(
            store.orders().before("local", &order).await.expect("a database"),
            None
        );
        assert_eq!(take(&store, ID, Some(&order), None).await, Taken::Queued);
        let before = |same| Before {
            analysis_id: ID.into(),
            same,
        };
        assert_eq!(
            take(&store, OTHER, Some(&order), None).await,
            Taken::Before(before(true))
        );
        assert_eq!(
            take(&store, OTHER, Some(&another), None).await,
            Taken::Before(before(false))
        );
        assert!(
            store.read(OTHER).await.expect("reads").is_none(),
            "nothing of it is left"
        );
        assert_eq!(counted(&store).await, 1, "nor is it counted");
        assert_eq!(
            store.orders().before("other", &order).await.expect("a database"),
            None
        );
        store.remove(ID).await.expect("removes");
        assert_eq!(
            take(&store, OTHER, Some(&another), None).await,
            Taken::Queued,
            "the key went with it"
        );
    }
}

#[tokio::test]
async fn an_upload_is_used_up_once_and_only_when_it_is_complete_and_ones_own() {
    for (_place, store) in stores().await {
        let upload = |id: &str, tenant: &str, received| Upload {
            id: id.into(),
            tenant: tenant.into(),
            name: None,
            bytes: 9,
            received,
            created_at: 0,
            expires_at: i64::MAX,
        };
        assert!(
            store
                .uploads()
                .add(&upload("whole", "local", 9), 9)
                .await
                .expect("adds")
        );
        assert!(
            store
                .uploads()
                .add(&upload("half", "local", 5), 9)
                .await
                .expect("adds")
        );
        assert_eq!(take(&store, ID, None, Some("half")).await, Taken::NoUpload);
        assert_eq!(take(&store, ID, None, Some("none")).await, Taken::NoUpload);
        assert_eq!(take(&store, ID, None, Some("whole")).await, Taken::Queued);
        assert_eq!(take(&store, OTHER, None, Some("whole")).await, Taken::NoUpload);
    }
}

#[tokio::test]
async fn a_month_has_so_many_files_and_what_is_refused_leaves_nothing() {
    for (_place, store) in stores().await {
        let one = Allowance {
            analyses_per_month: 1,
            live_streams: 1,
        };
        let first = take_within(&store, ID, None, None, one).await;
        assert_eq!(first.expect("there is one"), Taken::Queued);
        let second = take_within(&store, OTHER, None, None, one).await;
        assert!(
            matches!(second, Err(StoreError::Exhausted(Exhausted::AnalysesPerMonth))),
            "{second:?}"
        );
        assert!(store.read(OTHER).await.expect("reads").is_none());
        assert_eq!(counted(&store).await, 1);
        let running = store.usage().of("local", &order().created_at).await;
        assert_eq!(
            running.expect("reads").live_streams,
            0,
            "a file is no live stream"
        );
    }
}

#[tokio::test]
async fn no_more_wait_than_may() {
    for (_place, store) in stores().await {
        assert_eq!(take(&store, "a", None, None).await, Taken::Queued);
        assert_eq!(take(&store, "b", None, None).await, Taken::Queued);
        assert_eq!(take(&store, "c", None, None).await, Taken::Full);
        lease(&store, later()).await.expect("a job");
        assert_eq!(take(&store, "c", None, None).await, Taken::Queued);
    }
}

#[tokio::test]
async fn a_job_goes_with_its_analysis() {
    for (_place, store) in stores().await {
        take(&store, ID, None, None).await;
        let held = lease(&store, later()).await.expect("a job");
        assert!(store.jobs().is_open(ID).await.expect("a database"));
        store.remove(ID).await.expect("removes");
        assert!(!store.jobs().is_open(ID).await.expect("a database"));
        assert!(!store.jobs().renew(&held, i64::MAX).await.expect("a database"));
        let late = say(&store, &held, 0, Along::default()).await;
        assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    }
}

#[tokio::test]
async fn a_job_of_a_daemon_that_is_gone_waits_again_at_once() {
    for (place, store) in stores().await {
        take(&store, ID, None, None).await;
        assert!(store.interrupted().await.expect("reads").is_empty());
        let held = lease(&store, later()).await.expect("a job");
        let live = Along {
            state: Some((SessionState::Live, None)),
            ..Along::default()
        };
        say(&store, &held, 0, live).await.expect("it has the lease");
        assert!(store.interrupted().await.expect("reads").is_empty(), "it runs");
        drop(store);
        let store = place.open().await;
        assert_eq!(store.interrupted().await.expect("reads"), [ID]);
        let again = lease(&store, later()).await.expect("nobody has it");
        assert_eq!(again.attempts, 2, "that was one");
        assert!(
            again
                .last_error
                .is_some_and(|reason| reason.contains("daemon ended"))
        );
    }
}
