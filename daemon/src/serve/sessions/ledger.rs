//! What is stored along with an event: the repetition as it will be looked for, and what is to be delivered because of it.

use super::Order;
use crate::serve::hub::{Draft, EventType, Line};
use crate::serve::store::{NewRepetition, Outbox, StoreError, Webhook, Webhooks, now_ms};
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
        id: event_id(id, line.sequence),
        tenant: order.tenant.clone(),
        analysis_id: id.to_owned(),
        sequence: line.sequence,
        athlete_id: order.athlete_id.clone(),
        sport: data.movement,
        at: now_ms(),
        grade: data.quality.grade,
        metrics: measured.collect(),
    }))
}

/// What is to be delivered because of an event.
pub async fn deliveries(
    webhooks: &Webhooks,
    id: &str,
    order: &Order,
    sport: &str,
    line: &Line,
    draft: &Draft,
) -> Result<Vec<Outbox>, StoreError> {
    if !can_be_told(draft.kind) {
        return Ok(Vec::new());
    }
    let all = webhooks.known(&order.tenant).await?;
    let wanting: Vec<_> = all
        .iter()
        .filter(|webhook| wants(webhook, sport, draft.kind))
        .collect();
    if wanting.is_empty() {
        return Ok(Vec::new());
    }
    let (event_id, at) = (event_id(id, line.sequence), now_ms());
    let body = body(&event_id, at, id, sport, line, draft);
    let outbox = |webhook: &Webhook| Outbox {
        id: Uuid::now_v7().to_string(),
        webhook_id: webhook.id.clone(),
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

/// The name of an event.
fn event_id(analysis_id: &str, sequence: u64) -> String {
    Uuid::new_v5(&EVENTS, format!("{analysis_id}/{sequence}").as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
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
        assert_eq!(noted.id, event_id("a", 7));
        assert_ne!(noted.id, event_id("a", 8));
        let state = Draft::new(EventType::State, 0.0, &json!({})).expect("JSON");
        assert_eq!(
            repetition("a", &Order::of_a_demo(), &line, &state).expect("read"),
            None
        );
    }
}
