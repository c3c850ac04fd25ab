//! What the daemon says over the data channel, as far as a load needs it.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Where the landmarks of a pose come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The frame was looked at.
    Measured,
    /// The frame was skipped; the pose goes on from earlier ones.
    Predicted,
    /// Nobody is in the picture.
    Nobody,
}

/// A `pose` event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// Media time of its frame, ms.
    pub timestamp_ms: f64,
    /// Where it comes from.
    pub source: Source,
    /// `quality.degraded`; `None` where the daemon does not say.
    pub degraded: Option<bool>,
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// People in a frame.
    Pose(Pose),
    /// A finished repetition.
    Repetition,
    /// The session failed, in words.
    Error(String),
    /// Anything else.
    Other,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp_ms: f64,
    #[serde(borrow, default)]
    data: Option<&'a serde_json::value::RawValue>,
}

#[derive(Deserialize)]
struct PoseData {
    persons: Vec<Person>,
    #[serde(default)]
    quality: Option<Quality>,
}

#[derive(Deserialize)]
struct Person {
    #[serde(default)]
    selected: bool,
    source: SourceName,
    #[serde(default, rename = "landmarks")]
    _landmarks: IgnoredAny,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SourceName {
    Measured,
    Predicted,
}

#[derive(Deserialize)]
struct Quality {
    degraded: bool,
}

#[derive(Deserialize)]
struct ErrorData {
    message: String,
}

impl Event {
    /// Reads a message.
    ///
    /// # Errors
    /// Says what is not as the daemon's event schema has it.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let envelope: Envelope<'_> = serde_json::from_str(text)?;
        let data = envelope.data.map_or("{}", |data| data.get());
        match envelope.kind {
            "pose" => {
                let data: PoseData = serde_json::from_str(data)?;
                Ok(Self::Pose(Pose {
                    timestamp_ms: envelope.timestamp_ms,
                    source: source(&data.persons),
                    degraded: data.quality.map(|quality| quality.degraded),
                }))
            }
            "repetition" => Ok(Self::Repetition),
            "error" => serde_json::from_str(data).map(|data: ErrorData| Self::Error(data.message)),
            _ => Ok(Self::Other),
        }
    }
}

/// Of the person whose numbers count, else of the first.
fn source(persons: &[Person]) -> Source {
    let counts = persons.iter().find(|person| person.selected);
    match counts.or(persons.first()).map(|person| person.source) {
        Some(SourceName::Measured) => Source::Measured,
        Some(SourceName::Predicted) => Source::Predicted,
        None => Source::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pose_says_when_it_was_and_where_it_comes_from() {
        let text = r#"{"type":"pose","analysis_id":"a","timestamp_ms":33.333,"sequence":4,"data":{"persons":[
            {"id":2,"selected":false,"source":"measured","landmarks":[[0.1,0.2,0.9]]},
            {"id":1,"selected":true,"source":"predicted","landmarks":[[0.1,0.2,0.9]]}],"width":640,"height":480}}"#;
        let pose = Pose {
            timestamp_ms: 33.333,
            source: Source::Predicted,
            degraded: None,
        };
        assert_eq!(Event::parse(text).expect("an event"), Event::Pose(pose));
    }

    #[test]
    fn an_empty_picture_and_a_degraded_one_are_told_apart() {
        let text = r#"{"type":"pose","timestamp_ms":1,"data":{"persons":[],"quality":{"degraded":true}}}"#;
        let pose = Pose {
            timestamp_ms: 1.0,
            source: Source::Nobody,
            degraded: Some(true),
        };
        assert_eq!(Event::parse(text).expect("an event"), Event::Pose(pose));
    }

    #[test]
    fn failures_are_told_and_nonsense_is_an_error() {
        let failure = r#"{"type":"error","timestamp_ms":1,"data":{"code":"x","message":"no decoder"}}"#;
        assert_eq!(
            Event::parse(failure).expect("an event"),
            Event::Error("no decoder".into())
        );
        let state = r#"{"type":"state","timestamp_ms":1,"data":{"state":"live"}}"#;
        assert_eq!(Event::parse(state).expect("an event"), Event::Other);
        assert!(Event::parse(r#"{"type":"pose","timestamp_ms":1,"data":{}}"#).is_err());
        assert!(Event::parse("hello").is_err());
    }
}
