//! Events as text.

use kinemotion_motion::WireEvent;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// The `type` of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// Where everybody's landmarks are in one frame.
    Pose,
    /// A phase began; interim.
    Phase,
    /// A number that may still change.
    MetricUpdate,
    /// A repetition is complete and final.
    Repetition,
    /// The analysis ended; what it found in sum.
    AnalysisComplete,
    /// Something a person should know; the analysis goes on.
    Warning,
    /// Something failed.
    Error,
    /// The state of the session changed.
    State,
    /// What the session gets of the machine changed.
    Service,
}

/// How long an event is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// As long as the analysis is.
    Kept,
    /// While there is room: the oldest goes first.
    Interim,
    /// For a moment.
    Pose,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 3] = [Class::Kept, Class::Interim, Class::Pose];
}

impl EventType {
    /// Every type.
    pub const ALL: [EventType; 9] = [
        EventType::Pose,
        EventType::Phase,
        EventType::MetricUpdate,
        EventType::Repetition,
        EventType::AnalysisComplete,
        EventType::Warning,
        EventType::Error,
        EventType::State,
        EventType::Service,
    ];

    /// As written in the envelope.
    pub fn name(self) -> &'static str {
        match self {
            EventType::Pose => "pose",
            EventType::Phase => "phase",
            EventType::MetricUpdate => "metric_update",
            EventType::Repetition => "repetition",
            EventType::AnalysisComplete => "analysis_complete",
            EventType::Warning => "warning",
            EventType::Error => "error",
            EventType::State => "state",
            EventType::Service => "service",
        }
    }

    /// The type of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// How long such events are kept.
    pub fn class(self) -> Class {
        match self {
            EventType::Pose => Class::Pose,
            EventType::Phase | EventType::MetricUpdate | EventType::Warning | EventType::Service => {
                Class::Interim
            }
            EventType::Repetition | EventType::AnalysisComplete | EventType::Error | EventType::State => {
                Class::Kept
            }
        }
    }
}

/// A set of event types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Types(u16);

impl Types {
    /// All of them.
    pub const ALL: Types = Types(u16::MAX);

    /// Whether a type is in the set.
    pub fn contains(self, kind: EventType) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// Whether any type of a class is in the set.
    pub fn touches(self, class: Class) -> bool {
        EventType::ALL
            .into_iter()
            .any(|kind| kind.class() == class && self.contains(kind))
    }
}

impl FromIterator<EventType> for Types {
    fn from_iter<I: IntoIterator<Item = EventType>>(kinds: I) -> Self {
        Types(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u8))
    }
}

/// An event that has no number yet.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its type.
    pub kind: EventType,
    /// Media time, milliseconds.
    pub timestamp_ms: f64,
    /// The `data` of the envelope.
    pub data: Box<RawValue>,
}

impl Draft {
    /// An event with this data.
    ///
    /// # Errors
    /// When the data cannot be written as JSON, as a map whose keys are no strings.
    pub fn new(kind: EventType, timestamp_ms: f64, data: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Self {
            kind,
            timestamp_ms,
            data: serde_json::value::to_raw_value(data)?,
        })
    }
}

/// An event as every transport sends it, numbered for good. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the analysis.
    pub sequence: u64,
    /// Its type.
    pub kind: EventType,
    text: Arc<str>,
}

impl Line {
    pub(super) fn new(analysis_id: &str, sequence: u64, draft: &Draft) -> Self {
        let event = WireEvent {
            type_name: draft.kind.name(),
            analysis_id: Some(analysis_id),
            timestamp_ms: draft.timestamp_ms,
            sequence,
            data: &draft.data,
        };
        let text = serde_json::to_string(&event).expect("strings, numbers and JSON can be written as JSON");
        Self {
            sequence,
            kind: draft.kind,
            text: text.into(),
        }
    }

    /// An event read back from where it was stored.
    pub fn stored(sequence: u64, kind: EventType, text: impl Into<Arc<str>>) -> Self {
        Self {
            sequence,
            kind,
            text: text.into(),
        }
    }

    /// The event as one JSON object without a line break.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// An event for one reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The event.
    pub line: Line,
    /// Events this reader asked for that were gone before it came to read them, since the last one it got.
    pub dropped: u64,
}

impl Delivery {
    /// The event as one JSON object, with `dropped` where something was.
    pub fn text(&self) -> Cow<'_, str> {
        match (self.dropped, self.line.text().strip_suffix('}')) {
            (1.., Some(open)) => Cow::Owned(format!("{open},\"dropped\":{}}}", self.dropped)),
            _ => Cow::Borrowed(self.line.text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_type_is_found_by_its_name() {
        for kind in EventType::ALL {
            assert_eq!(EventType::named(kind.name()), Some(kind));
            assert!(Types::ALL.contains(kind));
            assert!(Types::from_iter([kind]).contains(kind));
        }
        assert_eq!(EventType::named("poses"), None);
        let types = Types::from_iter([EventType::Phase, EventType::State]);
        assert!(!types.contains(EventType::Pose) && !types.touches(Class::Pose));
        assert!(types.touches(Class::Interim) && types.touches(Class::Kept));
    }

    #[test]
    fn dropped_is_said_inside_the_envelope_and_only_when_something_was() {
        let draft = Draft::new(EventType::State, 1.5, &json!({ "state": "live" })).expect("JSON");
        let line = Line::new("abc", 7, &draft);
        let read = |dropped| {
            let delivery = Delivery {
                line: line.clone(),
                dropped,
            };
            serde_json::from_str::<serde_json::Value>(&delivery.text()).expect("JSON")
        };
        assert_eq!(
            read(0),
            json!({ "type": "state", "analysis_id": "abc", "timestamp_ms": 1.5, "sequence": 7, "data": { "state": "live" } })
        );
        assert_eq!(read(3)["dropped"], 3);
    }
}
