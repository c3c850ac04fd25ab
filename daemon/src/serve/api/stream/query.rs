//! What of a stream is wanted.

use crate::serve::hub::{EventType, Types};
use crate::serve::problem::Problem;
use axum::http::HeaderMap;
use serde::Deserialize;
use utoipa::IntoParams;

/// What of a stream is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// Number of the first event wanted; 0 when absent.
    pub from_sequence: Option<u64>,
    /// Types of event wanted, separated by commas; all when absent.
    #[param(example = "repetition,phase")]
    types: Option<String>,
}

impl StreamQuery {
    /// The types wanted.
    ///
    /// # Errors
    /// A name that is no type.
    pub fn types(&self) -> Result<Types, Problem> {
        let Some(names) = &self.types else {
            return Ok(Types::ALL);
        };
        let named = |name: &str| {
            let known = EventType::ALL.map(EventType::name).join(", ");
            EventType::named(name.trim())
                .ok_or_else(|| Problem::invalid(format!("known types: {known}")).field("types"))
        };
        names.split(',').map(named).collect()
    }
}

/// The number behind the one in `Last-Event-ID`.
///
/// # Errors
/// A header that is no number.
pub fn resume(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let last: Option<u64> = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    last.and_then(|last| last.checked_add(1))
        .map(Some)
        .ok_or_else(|| Problem::malformed("Last-Event-ID is a sequence number").field("Last-Event-ID"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_and_unknown_ones_refused() {
        let types = |names: &str| {
            let query = StreamQuery {
                from_sequence: None,
                types: Some(names.into()),
            };
            query.types()
        };
        let some = types("phase, repetition").expect("known");
        assert!(some.contains(EventType::Phase) && !some.contains(EventType::Pose));
        for unknown in ["", "poses", "phase,,pose"] {
            assert_eq!(
                types(unknown).expect_err("unknown").field.as_deref(),
                Some("types")
            );
        }
    }

    #[test]
    fn resuming_begins_behind_the_last_event_seen() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("last-event-id", text.parse().expect("a header"));
            resume(&headers)
        };
        assert_eq!(read("41"), Ok(Some(42)));
        assert_eq!(resume(&HeaderMap::new()), Ok(None));
        for wrong in ["", "-1", "x", "18446744073709551615"] {
            assert_eq!(read(wrong).expect_err("no number").status, 400, "{wrong}");
        }
    }
}
