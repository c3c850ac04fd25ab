//! What is told.

use crate::serve::clock::moment;
use crate::serve::hub::{Draft, EventType, Line};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// The body of a request to a webhook.
#[derive(Serialize)]
struct Body<'a> {
    /// The same when it is told again: what has been seen can be left aside.
    event_id: &'a str,
    timestamp_iso: String,
    event_type: &'static str,
    analysis_id: &'a str,
    sport_type: &'a str,
    /// The number of the event in its analysis.
    sequence: u64,
    /// Media time, milliseconds.
    timestamp_ms: f64,
    /// Numbers of a repetition or of a moment, where the event has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<&'a RawValue>,
    data: &'a RawValue,
}

/// What is told of a webhook itself.
#[derive(Clone, Copy, Serialize)]
pub struct About<'a> {
    /// Its name.
    pub webhook_id: &'a str,
    /// Where it leads.
    pub url: &'a str,
    /// Why it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
}

/// The body of a request about a webhook.
#[derive(Serialize)]
struct AboutBody<'a> {
    event_id: &'a str,
    timestamp_iso: String,
    event_type: &'static str,
    data: About<'a>,
}

/// What is told of a webhook at this moment, milliseconds since 1970.
pub fn about_webhook(event_id: &str, now_ms: i64, event_type: &'static str, data: About<'_>) -> String {
    let body = AboutBody {
        event_id,
        timestamp_iso: moment(now_ms),
        event_type,
        data,
    };
    serde_json::to_string(&body).expect("strings can be written as JSON")
}

/// What is told of an event of an analysis at this moment, milliseconds since 1970.
pub fn body(
    event_id: &str,
    now_ms: i64,
    analysis_id: &str,
    sport: &str,
    line: &Line,
    draft: &Draft,
) -> String {
    let members: HashMap<&str, &RawValue> = serde_json::from_str(draft.data.get()).unwrap_or_default();
    let has_metrics = matches!(draft.kind, EventType::Repetition | EventType::MetricUpdate);
    let body = Body {
        event_id,
        timestamp_iso: moment(now_ms),
        event_type: draft.kind.name(),
        analysis_id,
        sport_type: sport,
        sequence: line.sequence,
        timestamp_ms: draft.timestamp_ms,
        metrics: members.get("metrics").copied().filter(|_| has_metrics),
        data: &draft.data,
    };
    serde_json::to_string(&body).expect("strings, numbers and JSON can be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_repetition_is_told_with_its_numbers_in_front() {
        let data = json!({ "movement": "cmj", "metrics": { "jump_height_m": 0.31 } });
        let draft = Draft::new(EventType::Repetition, 1500.0, &data).expect("JSON");
        let line = Line::stored(7, EventType::Repetition, "{}");
        let told = body("e", 1_764_000_000_123, "a", "cmj", &line, &draft);
        let told: Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(
            told,
            json!({
                "event_id": "e", "timestamp_iso": "2025-11-24T16:00:00.123Z", "event_type": "repetition",
                "analysis_id": "a", "sport_type": "cmj", "sequence": 7, "timestamp_ms": 1500.0,
                "metrics": { "jump_height_m": 0.31 }, "data": data,
            })
        );
    }
}
