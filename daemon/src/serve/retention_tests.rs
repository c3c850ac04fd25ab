//! What is old goes, and nothing else.

use super::*;
use crate::serve::clock::HeldClock;
use crate::serve::config::Config;
use crate::serve::hub::{EventType, Line};
use crate::serve::metrics::Metrics;
use crate::serve::sessions::Order;
use crate::serve::store::{Allowance, Along, Store, Webhook, now_ms};
use kinemotion_pipelines::live::SessionState;
use std::path::Path;

const ID: &str = "0199d4c0-0000-7000-8000-000000000001";
const RUNS: &str = "0199d4c0-0000-7000-8000-000000000002";
const DAY: Duration = Duration::from_secs(86_400);

/// A sweep at this moment.
async fn sweep(folder: &Path, retention: Retention) -> Sweep<HeldClock> {
    let mut config = Config::default();
    config.storage.folder = folder.into();
    config.retention = retention;
    let config = SharedConfig::new(config);
    let sessions = Sessions::open(config.clone(), Metrics::new().expect("metrics")).await;
    Sweep {
        sessions: sessions.expect("sessions"),
        config,
        clock: HeldClock::at(now_ms()),
    }
}

/// Stores an analysis with a recording; one that ends has ended at this moment.
async fn store_one(store: &Store, id: &str, ends: bool) {
    let order = Order {
        record: true,
        ..Order::of_a_demo()
    };
    store
        .create(id, &order, SessionState::Live, Allowance::default())
        .await
        .expect("creates");
    std::fs::write(store.recording(id), "video").expect("writes");
    let state = if ends {
        SessionState::Done
    } else {
        SessionState::Live
    };
    let along = Along {
        state: Some((state, None)),
        ..Along::default()
    };
    let line = Line::stored(
        0,
        EventType::State,
        r#"{"timestamp_ms":0,"data":{"state":"done","reason":null}}"#,
    );
    store.append(id, &line, along).await.expect("appends");
}

#[tokio::test]
async fn files_go_first_then_the_analysis_and_what_runs_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let retention = Retention {
        recordings_days: 7,
        analyses_days: 30,
        ..Retention::default()
    };
    let sweep = sweep(folder.path(), retention).await;
    let store = sweep.sessions.store().clone();
    store_one(&store, ID, true).await;
    store_one(&store, RUNS, false).await;
    assert_eq!(sweep.once().await.expect("sweeps"), Swept::default());
    assert!(store.recording(ID).exists());

    sweep.clock.forward(8 * DAY);
    let swept = sweep.once().await.expect("sweeps");
    assert_eq!((swept.files, swept.analyses), (1, 0));
    assert!(!store.recording(ID).exists());
    assert!(
        store.read(ID).await.expect("reads").is_some(),
        "what was measured is still there"
    );
    assert_eq!(
        sweep.once().await.expect("sweeps"),
        Swept::default(),
        "they are not looked for again"
    );

    sweep.clock.forward(23 * DAY);
    assert_eq!(sweep.once().await.expect("sweeps").analyses, 1);
    assert!(store.read(ID).await.expect("reads").is_none());
    assert!(store.recording(RUNS).exists() && store.read(RUNS).await.expect("reads").is_some());
}

#[tokio::test]
async fn what_cannot_be_removed_holds_up_nothing_and_is_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    for (recordings_days, analyses_days) in [(7, 0), (0, 7)] {
        let folder = folder.path().join(format!("{recordings_days}"));
        let retention = Retention {
            recordings_days,
            analyses_days,
            ..Retention::default()
        };
        let sweep = sweep(&folder, retention).await;
        let store = sweep.sessions.store().clone();
        store_one(&store, ID, true).await;
        store_one(&store, RUNS, true).await;
        // Where its folder was there is something else.
        let stubborn = folder.join(ID);
        std::fs::remove_dir_all(&stubborn).expect("removed");
        std::fs::write(&stubborn, "no folder").expect("written");
        sweep.clock.forward(8 * DAY);
        let swept = sweep.once().await.expect("sweeps");
        assert_eq!((swept.files + swept.analyses, swept.left), (1, 1), "{swept:?}");
        assert!(!store.recording(RUNS).exists());
        assert!(store.read(ID).await.expect("reads").is_some());
        std::fs::remove_file(&stubborn).expect("removed");
        let swept = sweep.once().await.expect("sweeps");
        assert_eq!((swept.files + swept.analyses, swept.left), (1, 0), "{swept:?}");
    }
}

#[tokio::test]
async fn what_is_kept_for_ever_stays_and_a_change_of_the_settings_is_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let sweep = sweep(folder.path(), Retention::default()).await;
    let store = sweep.sessions.store().clone();
    store_one(&store, ID, true).await;
    sweep.clock.forward(10_000 * DAY);
    assert_eq!(sweep.once().await.expect("sweeps"), Swept::default());
    let mut new = Config::clone(&sweep.config.get());
    new.retention.analyses_days = 9_999;
    assert!(sweep.config.update(&new).is_empty());
    assert_eq!(sweep.once().await.expect("sweeps").analyses, 1);
}

#[tokio::test]
async fn what_was_delivered_goes_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let sweep = sweep(folder.path(), Retention::default()).await;
    let store = sweep.sessions.store();
    let webhook = Webhook {
        id: "w".into(),
        tenant: "local".into(),
        url: "https://coach.example/".into(),
        secret: String::new(),
        events: Vec::new(),
        sports: Vec::new(),
        analysis_id: None,
        created_at: 0,
        failing_since: None,
        disabled_at: None,
        reason: None,
    };
    store.webhooks().add(&webhook, 0).await.expect("adds");
    let delivery = crate::serve::store::Outbox {
        id: "d".into(),
        webhook_id: "w".into(),
        event_id: "e".into(),
        analysis_id: ID.into(),
        sequence: 0,
        kind: "repetition",
        body: "{}".into(),
        at: sweep.clock.now_ms(),
    };
    store.deliveries().add(vec![delivery]).await.expect("adds");
    sweep.clock.forward(29 * DAY);
    assert_eq!(sweep.once().await.expect("sweeps").deliveries, 0);
    sweep.clock.forward(2 * DAY);
    assert_eq!(sweep.once().await.expect("sweeps").deliveries, 1);
}
