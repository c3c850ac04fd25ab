//! Daemons that share a database on a server.

use super::*;
use crate::serve::clock::Clock;
use crate::serve::sessions::FileOrder;

const DAY_MS: i64 = 86_400_000;

/// What two replicas store in, where there is a server.
async fn shared() -> Option<(Place, Store, Store)> {
    for place in Place::all().await {
        let Some(server) = &place.server else { continue };
        let open = |replica| Store::open_shared(place.folder.path(), server, replica);
        let (a, b) = (open("a").await.expect("opens"), open("b").await.expect("opens"));
        return Some((place, a, b));
    }
    None
}

#[tokio::test]
async fn replicas_share_a_place_that_nobody_else_may_have() {
    let Some((place, a, b)) = shared().await else {
        return;
    };
    let server = place.server.as_deref();
    let folder = tempfile::tempdir().expect("a folder");
    for alone in [
        Store::open(place.folder.path(), server).await,
        Store::open(place.folder.path(), None).await,
        Store::open(folder.path(), server).await,
    ] {
        assert!(matches!(alone, Err(StoreError::InUse { .. })), "{alone:?}");
    }
    drop((a, b));
}

#[tokio::test]
async fn who_has_a_place_alone_shares_it_with_nobody() {
    for place in Place::all().await {
        let Some(server) = &place.server else { continue };
        let alone = place.open().await;
        let elsewhere = tempfile::tempdir().expect("a folder");
        for folder in [place.path(), elsewhere.path().to_owned()] {
            let second = Store::open_shared(&folder, server, "a").await;
            assert!(matches!(second, Err(StoreError::InUse { .. })), "{second:?}");
        }
        drop(alone);
    }
}

#[tokio::test]
async fn who_runs_an_analysis_is_known_until_it_has_ended() {
    let Some((_place, a, b)) = shared().await else {
        return;
    };
    let replicas = b.replicas();
    replicas.beat("a", "http://a").await.expect("beats");
    create(&a, ID, &order(false)).await;
    let owner = Owner {
        replica: "a".into(),
        address: Some("http://a".into()),
        tenant: LOCAL.into(),
    };
    assert_eq!(replicas.owner(ID).await.expect("reads"), Some(owner));
    assert_eq!(replicas.left_by(Some("a")).await.expect("reads"), [ID]);
    assert!(replicas.left_by(Some("b")).await.expect("reads").is_empty());
    assert!(replicas.left_by(None).await.expect("reads").is_empty());
    let event = line(0, EventType::State);
    let failed = says(SessionState::Failed, Some("lost"));
    b.append(ID, &event, failed).await.expect("anybody may end it");
    assert_eq!(replicas.owner(ID).await.expect("reads"), None);
    let late = append(&a, ID, 1, EventType::Repetition).await;
    assert!(matches!(late, Err(StoreError::Ended)), "{late:?}");
}

#[tokio::test]
async fn who_is_not_heard_of_is_absent_and_so_is_who_left_something() {
    let Some((_place, a, b)) = shared().await else {
        return;
    };
    let replicas = a.replicas();
    let absent = async |for_ms| replicas.absent(for_ms).await.expect("reads");
    replicas.beat("a", "http://a").await.expect("beats");
    replicas.beat("b", "http://b").await.expect("beats");
    assert!(absent(60_000).await.is_empty());
    assert_eq!(replicas.present(60_000).await.expect("reads"), 2);
    let old = "UPDATE replicas SET seen_at = seen_at - 120000 WHERE id = $1";
    a.pool.execute(statement!(old, "b")).await.expect("ages");
    assert_eq!(absent(60_000).await, ["b"]);
    assert_eq!(replicas.present(60_000).await.expect("reads"), 1);
    create(&b, ID, &order(false)).await;
    replicas.leave("b").await.expect("leaves");
    assert_eq!(absent(60_000).await, ["b"], "it has left an analysis");
    replicas.beat("b", "http://b").await.expect("beats");
    assert!(absent(60_000).await.is_empty());
}

#[tokio::test]
async fn what_others_have_stored_is_read_from_a_number_on() {
    let Some((_place, a, b)) = shared().await else {
        return;
    };
    create(&a, ID, &order(false)).await;
    for n in [0, 3, 7] {
        append(&a, ID, n, EventType::Repetition).await.expect("appends");
    }
    let replicas = b.replicas();
    let numbers = async |from, before| {
        let lines = replicas.events(ID, from, before).await.expect("reads");
        lines.map(|lines| lines.iter().map(|line| line.sequence).collect::<Vec<_>>())
    };
    assert_eq!(numbers(0, None).await, Some(vec![0, 3, 7]));
    assert_eq!(numbers(1, Some(7)).await, Some(vec![3]));
    assert_eq!(numbers(8, None).await, Some(Vec::new()));
    a.remove(ID).await.expect("removes");
    assert_eq!(numbers(0, None).await, None);
}

#[tokio::test]
async fn with_its_heartbeat_a_replica_hears_what_time_it_is() {
    const LONG_AGO: i64 = 1000;
    let Some((_place, a, b)) = shared().await else {
        return;
    };
    for store in [&a, &b] {
        store.clock().hear(Instant::now(), LONG_AGO);
    }
    let ordered = Order {
        file: Some(FileOrder {
            overlay: false,
            max_persons: 1,
            report: false,
        }),
        ..order(false)
    };
    let intake = Intake {
        id: ID,
        order: &ordered,
        task: "{}",
        upload: None,
        once: None,
        most_waiting: 1,
        allowance: Allowance::default(),
    };
    a.orders().take(intake).await.expect("takes");
    let now = b.clock().now_ms();
    let lease = b.jobs().lease("b/0", now + DAY_MS, now + 2 * DAY_MS).await;
    lease.expect("leases").expect("it waits since long ago");
    assert_eq!(
        b.replicas().owner(ID).await.expect("reads"),
        None,
        "by the clock of the database the lease is over"
    );
    b.replicas().beat("b", "http://b").await.expect("beats");
    assert!(b.clock().now_ms() > a.clock().now_ms() + DAY_MS);
    assert!(
        b.jobs()
            .lease("b/0", b.clock().now_ms(), i64::MAX)
            .await
            .expect("leases")
            .is_some()
    );
    let owner = b.replicas().owner(ID).await.expect("reads").expect("somebody");
    assert_eq!(owner.replica, "b");
}
