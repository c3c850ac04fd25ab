//! Webhooks and what they are told.

use super::*;
use crate::serve::sessions::OwnWebhook;
use crate::serve::webhooks::Places;

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
async fn a_webhook_gets_an_analysis_in_order_and_nothing_is_taken_twice() {
    for place in Place::all().await {
        let store = place.open().await;
        create(&store, ID, &order(false)).await;
        store.webhooks().add(&webhook("w"), 0).await.expect("adds");
        deliver(&store, "w", 1).await;
        deliver(&store, "w", 2).await;
        let taken = async |now| {
            let taken = store
                .deliveries()
                .take(now, now + 60_000, &mut Places::default())
                .await;
            taken.expect("takes")
        };
        let names = |taken: &[Due]| taken.iter().map(|due| due.event_id.clone()).collect::<Vec<_>>();
        let first = taken(2000).await;
        assert_eq!(names(&first), ["e1"], "the first alone");
        assert!(taken(2001).await.is_empty(), "it is held");
        let refused = Attempt {
            status: Some(500),
            answer: None,
            error: Some("it answered 500".into()),
        };
        let noted = store
            .deliveries()
            .note(&first[0], &refused, Some(5000), 2002)
            .await;
        assert!(noted.expect("notes"));
        assert!(
            taken(3000).await.is_empty(),
            "not before it is due, nor the one behind it"
        );
        let again = taken(5000).await;
        assert_eq!(names(&again), ["e1"]);
        let accepted = Attempt {
            status: Some(204),
            answer: None,
            error: None,
        };
        let noted = store.deliveries().note(&again[0], &accepted, None, 5001).await;
        assert!(noted.expect("notes"));
        assert_eq!(names(&taken(5002).await), ["e2"]);
    }
}

#[tokio::test]
async fn old_deliveries_go_however_many_they_are() {
    for place in Place::all().await {
        let store = place.open().await;
        store.webhooks().add(&webhook("w"), 0).await.expect("adds");
        let many = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2503)
                    INSERT INTO deliveries (id, webhook_id, event_id, analysis_id, sequence, type, body, state, first_at, due_at)
                    SELECT CAST(n AS TEXT), 'w', CAST(n AS TEXT), 'a', n, 'repetition', '{}', 'delivered', n, n FROM numbers";
        store.pool.execute(statement!(many)).await.expect("adds");
        let aged = store.aged();
        assert_eq!(aged.remove_deliveries(2501).await.expect("removes"), 2500);
        assert_eq!(count(&store, "deliveries").await, 3);
        assert_eq!(aged.remove_deliveries(2501).await.expect("removes"), 0);
    }
}

#[tokio::test]
async fn who_has_lost_a_delivery_notes_nothing_of_it() {
    for place in Place::all().await {
        let store = place.open().await;
        create(&store, ID, &order(false)).await;
        store.webhooks().add(&webhook("w"), 0).await.expect("adds");
        deliver(&store, "w", 1).await;
        let deliveries = store.deliveries();
        let take = async |now, until| {
            let taken = deliveries.take(now, until, &mut Places::default()).await;
            taken.expect("takes").pop()
        };
        let attempt = |error: Option<&str>| Attempt {
            status: None,
            answer: None,
            error: error.map(str::to_owned),
        };
        let state = async || {
            let log = deliveries.log("w", None, None, 1).await.expect("reads");
            (log[0].state.clone(), log[0].attempts, log[0].due_at)
        };
        let slow = take(1000, 2000).await.expect("it is due");
        let next = take(2000, 3000).await.expect("its lease is over");
        let late = deliveries
            .note(&slow, &attempt(Some("no answer")), None, 2001)
            .await;
        assert!(!late.expect("writes"), "it is another's");
        assert_eq!(state().await, ("waiting".into(), 0, 3000));
        assert!(deliveries.resend("w", &next.id, 2500).await.expect("writes"));
        let late = deliveries.note(&next, &attempt(None), None, 2501).await;
        assert!(!late.expect("writes"), "it is wanted once more");
        let last = take(2502, 3502).await.expect("it is due again");
        assert!(
            deliveries
                .note(&last, &attempt(None), None, 2503)
                .await
                .expect("writes")
        );
        assert_eq!(state().await, ("delivered".into(), 1, 3502));
        let twice = deliveries.note(&last, &attempt(Some("late")), None, 2504).await;
        assert!(!twice.expect("writes"), "that is known already");
    }
}

#[tokio::test]
async fn a_webhook_that_takes_nothing_for_days_is_disabled_and_can_be_enabled() {
    for place in Place::all().await {
        let store = place.open().await;
        let webhooks = store.webhooks();
        webhooks.add(&webhook("w"), 0).await.expect("adds");
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
async fn a_webhook_that_is_ordered_with_an_analysis_is_not_counted_and_goes_with_it() {
    for place in Place::all().await {
        let store = place.open().await;
        let own = OwnWebhook {
            id: "own".into(),
            url: "https://a.example/".into(),
            secret: "whsec_".into(),
        };
        let order = Order {
            webhook: Some(own),
            ..order(false)
        };
        create(&store, ID, &order).await;
        store
            .webhooks()
            .add(&webhook("w"), 1)
            .await
            .expect("the first that counts");
        let registered = store.webhooks().of(LOCAL).await.expect("reads");
        assert_eq!(registered, [webhook("w")]);
        let found = store
            .webhooks()
            .find(LOCAL, "own")
            .await
            .expect("reads")
            .expect("is there");
        assert_eq!(
            (found.analysis_id.as_deref(), found.secret.as_str()),
            (Some(ID), "whsec_")
        );
        deliver(&store, "own", 1).await;
        store.remove(ID).await.expect("removes");
        assert_eq!(store.webhooks().find(LOCAL, "own").await.expect("reads"), None);
        assert!(
            store
                .deliveries()
                .take(2000, 3000, &mut Places::default())
                .await
                .expect("takes")
                .is_empty()
        );
    }
}
