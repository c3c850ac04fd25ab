//! Events as GStreamer messages and custom events, and their JSON.

use kinemotion_motion::{Event, EventKind};
use serde::Serialize;

/// Name of the structure of element messages and custom downstream events.
pub const STRUCTURE_NAME: &str = "kinemotion";

/// The `data` object of an event's envelope. Every kind names its person.
#[derive(Serialize)]
#[serde(untagged)]
pub enum EventData<'a> {
    /// A repetition already names it.
    Complete(&'a EventKind),
    /// Others get it added.
    WithPerson {
        /// Track id.
        person: u32,
        /// What happened.
        #[serde(flatten)]
        kind: &'a EventKind,
    },
}

impl<'a> EventData<'a> {
    /// The data of an event.
    pub fn of(event: &'a Event) -> Self {
        match &event.kind {
            kind @ EventKind::Repetition(_) => EventData::Complete(kind),
            kind => EventData::WithPerson {
                person: event.person,
                kind,
            },
        }
    }
}

/// Media time in seconds to the unit of the envelope.
pub fn timestamp_ms(time: f64) -> f64 {
    // A microsecond is far below any timing precision and keeps the text short.
    (time * 1e6).round() / 1e3
}

/// Whether an event is rare enough for the bus.
pub(super) fn belongs_on_the_bus(event: &Event) -> bool {
    !matches!(event.kind, EventKind::MetricUpdate { .. })
}

/// The structure of a bus message.
pub(super) fn message_structure(event: &Event) -> Option<gst::Structure> {
    let data = serde_json::to_string(&EventData::of(event)).ok()?;
    Some(
        gst::Structure::builder(STRUCTURE_NAME)
            .field("type", event.kind.type_name())
            .field("person", event.person)
            .field("timestamp-ms", timestamp_ms(event.t))
            .field("data", data)
            .build(),
    )
}

/// The structure of a custom downstream event.
pub(super) fn downstream_structure(event: &Event, late: bool) -> Option<gst::Structure> {
    let mut structure = message_structure(event)?;
    structure.set("late", late);
    if late {
        super::late::attach(&mut structure, event);
    }
    Some(structure)
}

/// An event that no buffer carries, read back from a custom downstream event.
pub(crate) struct LateEvent {
    /// `type` of the envelope.
    pub type_name: String,
    /// `timestamp_ms` of the envelope.
    pub timestamp_ms: f64,
    /// `data` of the envelope.
    pub data: serde_json::Value,
}

impl LateEvent {
    /// Reads a custom downstream event; `None` for other people's events and those a buffer carries.
    pub(crate) fn read(structure: &gst::StructureRef) -> Option<Self> {
        if structure.name() != STRUCTURE_NAME || !structure.get::<bool>("late").ok()? {
            return None;
        }
        Some(Self {
            type_name: structure.get("type").ok()?,
            timestamp_ms: structure.get("timestamp-ms").ok()?,
            data: serde_json::from_str(structure.get::<&str>("data").ok()?).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinemotion_motion::WarningCode;

    fn warning() -> Event {
        let kind = EventKind::Warning {
            code: WarningCode::PersonLost,
            message: "gone".into(),
        };
        Event {
            t: 1.2345678,
            person: 4,
            kind,
        }
    }

    #[test]
    fn every_kind_of_event_names_its_person_once() {
        let text = serde_json::to_string(&EventData::of(&warning())).expect("JSON");
        assert_eq!(text, r#"{"person":4,"code":"person_lost","message":"gone"}"#);
    }

    #[test]
    fn a_late_event_survives_the_trip_through_a_structure() {
        gst::init().expect("GStreamer");
        let structure = downstream_structure(&warning(), true).expect("a structure");
        let late = LateEvent::read(&structure).expect("a late event");
        assert_eq!(late.type_name, "warning");
        assert_eq!(late.timestamp_ms, 1234.568);
        assert_eq!(late.data["code"], "person_lost");
    }

    #[test]
    fn an_event_that_a_buffer_carries_is_not_late() {
        gst::init().expect("GStreamer");
        let structure = downstream_structure(&warning(), false).expect("a structure");
        assert!(LateEvent::read(&structure).is_none());
        assert!(LateEvent::read(&gst::Structure::new_empty("somebody-else")).is_none());
    }
}
