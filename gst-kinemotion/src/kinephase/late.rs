//! Events that no buffer carries, for Rust programs: the event itself, so that nothing has to be read back from JSON.

use super::announce::STRUCTURE_NAME;
use gst::glib;
use kinemotion_motion::Event;

/// Field of the custom downstream event that holds the value.
const FIELD: &str = "event";

/// An event as a GObject value.
#[derive(Clone, Debug, glib::Boxed)]
#[boxed_type(name = "GstKinemotionEvent")]
struct BoxedEvent(Event);

/// Adds the event to the structure of a custom downstream event.
pub(super) fn attach(structure: &mut gst::Structure, event: &Event) {
    structure.set(FIELD, BoxedEvent(event.clone()));
}

/// Reads a custom downstream event of `kinephase` that is `late`; `None` for other people's events and for those that a
/// buffer carries in its [`MotionMeta`](crate::MotionMeta).
pub fn late_event(structure: &gst::StructureRef) -> Option<Event> {
    if structure.name() != STRUCTURE_NAME {
        return None;
    }
    structure.get::<BoxedEvent>(FIELD).ok().map(|boxed| boxed.0)
}

#[cfg(test)]
mod tests {
    use super::super::announce::downstream_structure;
    use super::*;
    use kinemotion_motion::{EventKind, WarningCode};

    #[test]
    fn only_an_event_that_no_buffer_carries_is_late() {
        gst::init().expect("GStreamer");
        let kind = EventKind::Warning {
            code: WarningCode::PersonLost,
            message: "gone".into(),
        };
        let event = Event {
            t: 1.5,
            person: 2,
            kind,
        };
        let late = downstream_structure(&event, true).expect("a structure");
        assert_eq!(late_event(&late), Some(event.clone()));
        let carried = downstream_structure(&event, false).expect("a structure");
        assert_eq!(late_event(&carried), None);
        assert_eq!(late_event(&gst::Structure::new_empty("somebody-else")), None);
    }
}
