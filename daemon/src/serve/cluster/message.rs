//! Events on their way from the replica that runs an analysis to the others.

use crate::serve::hub::{EventType, Line, Turn};
use crate::serve::sessions::states;
use serde::Deserialize;
use std::str::from_utf8;

/// The channel on which an analysis is told.
pub fn channel(analysis_id: &str) -> String {
    format!("km:events:{analysis_id}")
}

/// Some events of an analysis, in their order. The text is a line with the number behind the message before, then a line with number,
/// type and text of each event.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// The number behind the last event of the message before: whoever has not come so far has missed something.
    pub after: u64,
    /// The events.
    pub lines: Vec<Line>,
}

impl Message {
    /// As it is sent.
    pub fn write<'a>(after: u64, lines: impl Iterator<Item = &'a Line>) -> String {
        let mut text = after.to_string();
        for line in lines {
            text.push_str(&format!(
                "\n{} {} {}",
                line.sequence,
                line.kind.name(),
                line.text()
            ));
        }
        text
    }

    /// What was sent; `None` when it is of another version.
    pub fn read(message: &[u8]) -> Option<Self> {
        let mut lines = from_utf8(message).ok()?.split('\n');
        let after = lines.next()?.parse().ok()?;
        let lines = lines.map(|line| {
            let mut parts = line.splitn(3, ' ');
            let sequence = parts.next()?.parse().ok()?;
            let kind = EventType::named(parts.next()?)?;
            Some(Line::stored(sequence, kind, parts.next()?))
        });
        Some(Self {
            after,
            lines: lines.collect::<Option<_>>()?,
        })
    }
}

/// The state in a `state` event.
#[derive(Deserialize)]
struct StateEvent {
    data: StateData,
}

#[derive(Deserialize)]
struct StateData {
    state: String,
}

/// What an event does to those before and after it. Only a file whose analysis begins again says after its first event that it waits
/// or begins.
pub fn turn(line: &Line, of_file: bool) -> Turn {
    if line.kind != EventType::State {
        return Turn::None;
    }
    let event: Option<StateEvent> = serde_json::from_str(line.text()).ok();
    match event.and_then(|event| states::named(&event.data.state)) {
        Some(state) if state.is_final() => Turn::Last,
        Some(state) if of_file && line.sequence > 0 && states::is_beginning(state) => Turn::Anew,
        _ => Turn::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(sequence: u64, state: &str) -> Line {
        let text = format!(r#"{{"type":"state","data":{{"state":"{state}","reason":null}}}}"#);
        Line::stored(sequence, EventType::State, text)
    }

    #[test]
    fn a_message_is_read_back() {
        let lines = vec![
            state(3, "live"),
            Line::stored(5, EventType::Pose, r#"{"data":{"a": 1}}"#),
        ];
        let text = Message::write(2, lines.iter());
        assert_eq!(Message::read(text.as_bytes()), Some(Message { after: 2, lines }));
        let empty = Message {
            after: 9,
            lines: Vec::new(),
        };
        assert_eq!(Message::read(b"9"), Some(empty));
        for wrong in ["", "x", "1\n2 pose", "1\n2 nothing {}", "1\n-2 pose {}", "1\n"] {
            assert_eq!(Message::read(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(Message::read(b"\xff"), None);
    }

    #[test]
    fn a_state_may_be_the_last_or_take_back_what_came_before() {
        assert_eq!(turn(&state(9, "done"), false), Turn::Last);
        assert_eq!(turn(&state(9, "failed"), true), Turn::Last);
        assert_eq!(turn(&state(9, "connecting"), true), Turn::Anew);
        assert_eq!(turn(&state(9, "waiting"), true), Turn::Anew);
        assert_eq!(turn(&state(0, "connecting"), true), Turn::None);
        assert_eq!(turn(&state(9, "connecting"), false), Turn::None);
        assert_eq!(turn(&state(9, "live"), true), Turn::None);
        assert_eq!(turn(&Line::stored(9, EventType::Pose, "{}"), true), Turn::None);
    }
}
