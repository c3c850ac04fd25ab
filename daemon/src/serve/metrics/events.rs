//! What analyses say, and to how many. What files say is read from lines that a stranger's video has had a part in, so every label
//! is one of those declared here.

use super::catalogue::{Catalogue, Family, Label};
use super::movements;
use crate::serve::hub::{Draft, EventType};
use crate::serve::sessions::News;
use kinemotion_motion::{Grade, WarningCode};
use kinemotion_pipelines::live::SessionState;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Result};
use serde::Deserialize;
use std::borrow::Cow;

const TYPE: Label = Label::all("type", || EventType::ALL.map(EventType::name).to_vec());
const GRADE: Label = Label::all("grade", || {
    let grades = Grade::ALL.into_iter().map(Grade::name);
    grades.chain([movements::OTHER]).collect()
});
/// Warnings of a session, which have no code.
const SESSION: &str = "session";
const CODE: Label = Label::all("code", || {
    let codes = WarningCode::ALL.into_iter().map(WarningCode::name);
    codes.chain([SESSION, movements::OTHER]).collect()
});
const TRANSPORT: Label = Label::all("transport", || vec!["websocket", "sse", "ndjson"]);

/// See the module.
pub struct Events {
    events: IntCounterVec,
    left_out: IntCounter,
    repetitions: IntCounterVec,
    grades: IntCounterVec,
    warnings: IntCounterVec,
    readers: IntGaugeVec,
    /// Events that were gone before a slow client came to read them.
    pub dropped: IntCounter,
}

/// What is counted of the `data` of a repetition.
#[derive(Deserialize)]
struct Repetition<'a> {
    #[serde(borrow)]
    movement: Cow<'a, str>,
    #[serde(borrow)]
    quality: Quality<'a>,
}

#[derive(Deserialize)]
struct Quality<'a> {
    #[serde(borrow)]
    grade: Cow<'a, str>,
}

/// What is counted of the `data` of a warning.
#[derive(Deserialize)]
struct Warning<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
}

impl Events {
    pub(super) fn register(catalogue: &mut Catalogue) -> Result<Self> {
        Ok(Self {
            events: catalogue.counters(
                &Family::of(
                    "events_total",
                    "Events taken in; a file that is tried again says its events again",
                )
                .labels(&[TYPE]),
            )?,
            left_out: catalogue.counter(&Family::of(
                "events_left_out_total",
                "Poses and interim events left out because too much waited to be stored",
            ))?,
            repetitions: catalogue.counters(
                &Family::of("repetitions_total", "Repetitions measured").labels(&[movements::MOVEMENT]),
            )?,
            grades: catalogue.counters(
                &Family::of(
                    "repetition_grades_total",
                    "Repetitions by how far their numbers can be trusted",
                )
                .labels(&[movements::MOVEMENT, GRADE]),
            )?,
            warnings: catalogue.counters(
                &Family::of(
                    "warnings_total",
                    "Warnings of analyses; session are those about a source, a decoder or an output",
                )
                .labels(&[CODE]),
            )?,
            readers: catalogue
                .gauges(&Family::of("stream_readers", "Clients reading events").labels(&[TRANSPORT]))?,
            dropped: catalogue.counter(&Family::of(
                "stream_dropped_total",
                "Events that were gone before a client came to read them",
            ))?,
        })
    }

    /// Something an analysis says is taken in.
    pub fn taken_in(&self, news: &News) {
        let kind = match news {
            News::Draft(draft) => {
                self.look_into(draft);
                draft.kind
            }
            News::State(state, _) | News::Anew(state, _) => {
                if *state == SessionState::Done {
                    self.count(EventType::AnalysisComplete);
                }
                EventType::State
            }
            News::Service(_) => EventType::Service,
            News::Warning(_) => {
                self.warnings.with_label_values(&[SESSION]).inc();
                EventType::Warning
            }
            News::Failure(_) => EventType::Error,
        };
        self.count(kind);
    }

    fn count(&self, kind: EventType) {
        self.events.with_label_values(&[kind.name()]).inc();
    }

    /// Counts repetitions and warnings by what is in them. What cannot be read is something else.
    fn look_into(&self, draft: &Draft) {
        let data = draft.data.get();
        match draft.kind {
            EventType::Repetition => {
                let (movement, grade) = serde_json::from_str::<Repetition<'_>>(data)
                    .ok()
                    .map_or((None, None), |said| {
                        (movements::known(&said.movement), known_grade(&said.quality.grade))
                    });
                let movement = movement.unwrap_or(movements::OTHER);
                let grade = grade.unwrap_or(movements::OTHER);
                self.repetitions.with_label_values(&[movement]).inc();
                self.grades.with_label_values(&[movement, grade]).inc();
            }
            EventType::Warning => {
                let said = serde_json::from_str::<Warning<'_>>(data).ok();
                let code = said.and_then(|said| known_code(&said.code));
                self.warnings
                    .with_label_values(&[code.unwrap_or(movements::OTHER)])
                    .inc();
            }
            _ => {}
        }
    }

    /// Something is left out because too much waits to be stored.
    pub fn left_out(&self) {
        self.left_out.inc();
    }

    /// Clients that read events by this transport.
    pub fn readers(&self, transport: &'static str) -> IntGauge {
        self.readers.with_label_values(&[transport])
    }
}

fn known_grade(name: &str) -> Option<&'static str> {
    Grade::ALL
        .map(Grade::name)
        .into_iter()
        .find(|known| *known == name)
}

fn known_code(name: &str) -> Option<&'static str> {
    WarningCode::ALL
        .map(WarningCode::name)
        .into_iter()
        .find(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn events() -> Events {
        let mut catalogue = Catalogue::new("test").expect("a prefix");
        Events::register(&mut catalogue).expect("registers")
    }

    fn say(events: &Events, kind: EventType, data: &Value) {
        let draft = Draft::new(kind, 0.0, data).expect("JSON");
        events.taken_in(&News::Draft(draft));
    }

    #[test]
    fn repetitions_are_counted_by_movement_and_grade() {
        let events = events();
        let cmj = json!({ "movement": "cmj", "quality": { "grade": "B", "reasons": [] }, "metrics": {} });
        say(&events, EventType::Repetition, &cmj);
        say(
            &events,
            EventType::Repetition,
            &json!({ "movement": "\u{0}dance", "quality": { "grade": "Z" } }),
        );
        say(&events, EventType::Repetition, &json!([]));
        let count = |movement| events.repetitions.with_label_values(&[movement]).get();
        assert_eq!((count("cmj"), count("other")), (1, 2));
        assert_eq!(events.grades.with_label_values(&["cmj", "B"]).get(), 1);
        assert_eq!(events.grades.with_label_values(&["other", "other"]).get(), 2);
        assert_eq!(events.events.with_label_values(&["repetition"]).get(), 3);
    }

    #[test]
    fn warnings_are_counted_by_their_code_and_never_by_what_a_file_makes_up() {
        let events = events();
        say(
            &events,
            EventType::Warning,
            &json!({ "code": "person_lost", "message": "" }),
        );
        say(
            &events,
            EventType::Warning,
            &json!({ "code": "made up", "message": "" }),
        );
        say(&events, EventType::Warning, &json!({ "message": "" }));
        events.taken_in(&News::Warning("the decoder failed".into()));
        let count = |code| events.warnings.with_label_values(&[code]).get();
        assert_eq!(
            [count("person_lost"), count("other"), count("session")],
            [1, 2, 1]
        );
    }

    #[test]
    fn an_analysis_that_is_done_has_said_what_it_found() {
        let events = events();
        events.taken_in(&News::State(SessionState::Live, None));
        events.taken_in(&News::State(SessionState::Done, None));
        events.taken_in(&News::failed("broken"));
        let count = |kind| events.events.with_label_values(&[kind]).get();
        assert_eq!((count("state"), count("analysis_complete")), (3, 1));
    }
}
