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
