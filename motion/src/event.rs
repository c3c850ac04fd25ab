//! Events the analyzer emits, and the one envelope in which every transport carries them.

use crate::Repetition;
use serde::Serialize;
use std::sync::Arc;

/// Something the analyzer has to say, stamped with media time.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Media time in seconds of the frame that made it known.
    pub t: f64,
    /// Track id of the person it is about.
    pub person: u32,
    /// What happened.
    pub kind: EventKind,
}

/// The kinds of event. Serialises to the `data` object of a [`WireEvent`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum EventKind {
    /// A phase began. Interim: the final boundaries are in the repetition.
    Phase {
        /// Movement name.
        movement: &'static str,
        /// The phase that began.
        phase: &'static str,
        /// When it began, seconds of media time.
        start_s: f64,
    },
    /// A number that may still change, for display.
    MetricUpdate {
        /// Movement name.
        movement: &'static str,
        /// Registry key.
        key: &'static str,
        /// Present value.
        value: f64,
    },
    /// A repetition is complete and final.
    Repetition(Arc<Repetition>),
    /// Something a person should know; analysis goes on.
    Warning {
        /// Stable code.
        code: WarningCode,
        /// One sentence.
        message: String,
    },
}

/// Stable codes of warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum WarningCode {
    PersonLost,
    TimestampsNotIncreasing,
    FrameRateLow,
    NotMeasured,
}

impl WarningCode {
    /// Every code.
    pub const ALL: [Self; 4] = [
        Self::PersonLost,
        Self::TimestampsNotIncreasing,
        Self::FrameRateLow,
        Self::NotMeasured,
    ];

    /// As it serialises.
    pub fn name(self) -> &'static str {
        match self {
            Self::PersonLost => "person_lost",
            Self::TimestampsNotIncreasing => "timestamps_not_increasing",
            Self::FrameRateLow => "frame_rate_low",
            Self::NotMeasured => "not_measured",
        }
    }
}

impl EventKind {
    /// The `type` of the envelope.
    pub fn type_name(&self) -> &'static str {
        match self {
            EventKind::Phase { .. } => "phase",
            EventKind::MetricUpdate { .. } => "metric_update",
            EventKind::Repetition(_) => "repetition",
            EventKind::Warning { .. } => "warning",
        }
    }
}

/// The envelope every transport uses: data channel, WebSocket, SSE, NDJSON, webhook body.
#[derive(Clone, Debug, Serialize)]
pub struct WireEvent<'a, D: Serialize> {
    /// `pose`, `phase`, `metric_update`, `repetition`, `analysis_complete`, `warning` or `error`.
    #[serde(rename = "type")]
    pub type_name: &'a str,
    /// The analysis this belongs to, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis_id: Option<&'a str>,
    /// Media time of the frame, milliseconds.
    pub timestamp_ms: f64,
    /// Without gaps, from 0.
    pub sequence: u64,
    /// The event itself.
    pub data: D,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Grade;

    #[test]
    fn codes_and_grades_are_called_as_they_serialise() {
        let named = WarningCode::ALL
            .map(|code| (serde_json::to_value(code), code.name()))
            .into_iter()
            .chain(Grade::ALL.map(|grade| (serde_json::to_value(grade), grade.name())));
        for (written, name) in named {
            assert_eq!(written.expect("JSON"), name);
        }
    }
}
