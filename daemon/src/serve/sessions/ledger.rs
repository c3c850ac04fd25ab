//! What is stored along with an event: the repetition as it will be looked for, and what is to be delivered because of it.

use super::Order;
use crate::serve::clock::Clock;
use crate::serve::hub::{Draft, EventType, Line};
use crate::serve::store::{NewRepetition, Outbox, Store, StoreError, Webhook, now_ms};
use crate::serve::webhooks::{USUAL, body, can_be_told};
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Names of events are made from the analysis and the number, so that what is told twice has one name. The namespace is ours.
const EVENTS: Uuid = Uuid::from_u128(0x6b69_6e65_6d6f_7469_6f6e_2d65_7665_6e74);

/// Of the `data` of a repetition, what is looked for.
#[derive(Deserialize)]
struct RepetitionData {
    movement: String,
    metrics: BTreeMap<String, Option<f64>>,
    uncertainty: BTreeMap<String, Option<f64>>,
    quality: QualityData,
}

#[derive(Deserialize)]
struct QualityData {
    grade: String,
}

/// The repetition an event tells about.
pub fn repetition(
    id: &str,
    order: &Order,
    line: &Line,
    draft: &Draft,
) -> serde_json::Result<Option<NewRepetition>> {
    if draft.kind != EventType::Repetition {
        return Ok(None);
    }
    let data: RepetitionData = serde_json::from_str(draft.data.get())?;
    let uncertainty = data.uncertainty;
    let measured = data.metrics.into_iter().filter_map(|(metric, value)| {
        let half = uncertainty.get(&metric).copied().flatten();
        Some((metric, value?, half))
    });
    Ok(Some(NewRepetition {
        id: event_id(id, order, line, draft),
        tenant: order.tenant.clone(),
        analysis_id: id.to_owned(),
        sequence: line.sequence,
        athlete_id: order.athlete_id.clone(),
        session_id: order.session_id.clone(),
        sport: data.movement,
        at: now_ms(),
        grade: data.quality.grade,
        metrics: measured.collect(),
    }))
}

/// What is to be delivered because of an event.
pub async fn deliveries(
    store: &Store,
    id: &str,
    order: &Order,
    sport: &str,
    line: &Line,
    draft: &Draft,
) -> Result<Vec<Outbox>, StoreError> {
    if !can_be_told(draft.kind) {
        return Ok(Vec::new());
    }
    let all = store.webhooks().known(&order.tenant).await?;
    let own = order.webhook.iter().filter(|_| USUAL.contains(&draft.kind));
    let wanting: Vec<&str> = all
        .iter()
        .filter(|webhook| wants(webhook, sport, draft.kind))
        .map(|webhook| webhook.id.as_str())
        .chain(own.map(|webhook| webhook.id.as_str()))
        .collect();
    if wanting.is_empty() {
        return Ok(Vec::new());
    }
    let (event_id, at) = (event_id(id, order, line, draft), store.clock().now_ms());
    let body = body(&event_id, at, id, sport, line, draft);
    let outbox = |webhook: &str| Outbox {
        id: Uuid::now_v7().to_string(),
        webhook_id: webhook.to_owned(),
        event_id: event_id.clone(),
        analysis_id: id.to_owned(),
        sequence: line.sequence,
        kind: draft.kind.name(),
        body: body.clone(),
        at,
    };
    Ok(wanting.into_iter().map(outbox).collect())
}

fn wants(webhook: &Webhook, sport: &str, kind: EventType) -> bool {
    let usual = !webhook.events.is_empty() || USUAL.contains(&kind);
    usual && webhook.wants(kind.name(), sport)
}

/// The name of an event. That of a file comes from what it says: another attempt finds the same again under other numbers.
fn event_id(analysis_id: &str, order: &Order, line: &Line, draft: &Draft) -> String {
    let name = if order.is_file() {
        format!(
            "{analysis_id}/{}/{}/{}",
            draft.kind.name(),
            draft.timestamp_ms,
            draft.data.get()
        )
    } else {
        format!("{analysis_id}/{}", line.sequence)
    };
    Uuid::new_v5(&EVENTS, name.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::order::OwnWebhook;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_repetition_is_noted_with_the_numbers_it_has() {
        let data = json!({
            "movement": "cmj", "person": 0,
            "metrics": { "jump_height_m": 0.31, "peak_power_w": null },
            "uncertainty": { "jump_height_m": 0.01, "peak_power_w": null },
            "quality": { "grade": "A", "reasons": [] },
        });
        let draft = Draft::new(EventType::Repetition, 1500.0, &data).expect("JSON");
        let line = Line::stored(7, EventType::Repetition, "{}");
        let noted = repetition("a", &Order::of_a_demo(), &line, &draft)
            .expect("read")
            .expect("one");
        assert_eq!(
            (noted.sport.as_str(), noted.grade.as_str(), noted.sequence),
            ("cmj", "A", 7)
        );
        assert_eq!(noted.metrics, [("jump_height_m".to_owned(), 0.31, Some(0.01))]);
        let order = Order::of_a_demo();
        let next = Line::stored(8, EventType::Repetition, "{}");
        assert_eq!(noted.id, event_id("a", &order, &line, &draft));
        assert_ne!(noted.id, event_id("a", &order, &next, &draft));
        let state = Draft::new(EventType::State, 0.0, &json!({})).expect("JSON");
        assert_eq!(
            repetition("a", &Order::of_a_demo(), &line, &state).expect("read"),
            None
        );
    }

    #[tokio::test]
    async fn the_webhook_of_an_order_hears_what_is_usual_of_that_analysis() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), None).await.expect("opens");
        let order = Order {
            webhook: Some(OwnWebhook {
                id: "own".into(),
                url: "https://coach.example/hook".into(),
                secret: "whsec_".into(),
            }),
            ..Order::of_a_demo()
        };
        let told = async |order: &Order, kind| {
            let draft = Draft::new(kind, 0.0, &json!({})).expect("JSON");
            let line = Line::stored(7, kind, "{}");
            let told = deliveries(&store, "a", order, "cmj", &line, &draft).await;
            let told = told.expect("a database").into_iter();
            told.map(|outbox| outbox.webhook_id).collect::<Vec<_>>()
        };
        for kind in USUAL {
            assert_eq!(told(&order, kind).await, ["own"]);
        }
        assert!(told(&order, EventType::State).await.is_empty());
        assert!(told(&Order::of_a_demo(), EventType::Repetition).await.is_empty());
        let kept = serde_json::to_string(&order).expect("JSON");
        assert!(
            kept.contains("own") && !kept.contains("whsec_") && !kept.contains("coach"),
            "{kept}"
        );
    }

    #[test]
    fn what_another_attempt_finds_again_in_a_file_has_the_same_name() {
        let order = Order {
            file: Some(crate::serve::sessions::FileOrder {
                overlay: true,
                max_persons: 1,
                report: false,
            }),
            ..Order::of_a_demo()
        };
        let said = |timestamp_ms, height| {
            let data = json!({ "metrics": { "jump_height_m": height } });
            Draft::new(EventType::Repetition, timestamp_ms, &data).expect("JSON")
        };
        let name = |sequence, draft: &Draft| {
            event_id(
                "a",
                &order,
                &Line::stored(sequence, EventType::Repetition, "{}"),
                draft,
            )
        };
        assert_eq!(name(7, &said(1500.0, 0.31)), name(90, &said(1500.0, 0.31)));
        assert_ne!(name(7, &said(1500.0, 0.31)), name(7, &said(1500.0, 0.32)));
        assert_ne!(name(7, &said(1500.0, 0.31)), name(7, &said(1501.0, 0.31)));
    }
}
