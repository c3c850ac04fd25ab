//! What a session keeps for whoever has to find out why something went wrong: its recent messages and, after a failure, the
//! graph of its pipeline.

use super::graph::without_addresses;
use super::{EventSink, LiveEvent, SessionState};
use crate::sync::lock;
use gst::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Notes that are kept; the oldest goes first.
const MOST_NOTES: usize = 200;

/// Drawing a graph takes some milliseconds; it is waited for so long.
const DRAWING: Duration = Duration::from_secs(5);

/// What has been noted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveDiagnostics {
    /// The youngest notes, the oldest of them first.
    pub notes: Vec<Note>,
    /// Notes before them that are gone.
    pub forgotten: u64,
    /// What pose estimation did.
    pub engine: EngineInfo,
    /// The pipeline when the session failed, in Graphviz's language, without what may be secret.
    pub graph: Option<String>,
}

/// What pose estimation did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EngineInfo {
    /// Looks of the detector, which finds people.
    pub detector_runs: u64,
    /// Looks of the landmark model, one per person and frame.
    pub landmarker_runs: u64,
    /// Frames whose pose was predicted because they were late.
    pub skipped_late: u64,
    /// Seconds in models.
    pub inference_s: f64,
    /// Seconds beside them.
    pub overhead_s: f64,
}

impl EngineInfo {
    /// What `kinepose` counts.
    pub(crate) fn of(pose: &gst::Element) -> Self {
        let stats: gst::Structure = pose.property("stats");
        let count = |name| stats.get(name).unwrap_or_default();
        let seconds = |name| stats.get(name).unwrap_or_default();
        Self {
            detector_runs: count("detector-runs"),
            landmarker_runs: count("landmarker-runs"),
            skipped_late: count("skipped-late"),
            inference_s: seconds("inference-seconds"),
            overhead_s: seconds("overhead-seconds"),
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: SystemTime,
    /// What kind of thing.
    pub kind: NoteKind,
    /// The element it is about, or `session`.
    pub from: String,
    /// What is said, without addresses' credentials and queries.
    pub text: String,
}

/// What kind of thing was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteKind {
    /// A state was entered, by the session or by an element.
    State,
    /// Something a person should know.
    Warning,
    /// Something broke.
    Error,
    /// Something else an element said.
    Message,
}

/// The name of the session itself among elements.
const SESSION: &str = "session";

/// Takes notes. Nothing here waits for anybody but [`Diagnostics::wait_for_graph`].
#[derive(Default)]
pub(crate) struct Diagnostics {
    present: Mutex<Present>,
    drawn: Condvar,
}

#[derive(Default)]
struct Present {
    notes: VecDeque<Note>,
    forgotten: u64,
    graph: Option<String>,
    /// Whether the watch is done: nothing will be added to the graph.
    concluded: bool,
}

impl Diagnostics {
    /// A sink that notes states, warnings and errors and hands everything on.
    pub fn beside(self: &Arc<Self>, events: EventSink) -> EventSink {
        let own = self.clone();
        Arc::new(move |event| {
            match &event {
                LiveEvent::State { state, reason } => own.note_state(*state, reason.as_deref()),
                LiveEvent::Warning(text) => own.note(NoteKind::Warning, SESSION, text),
                LiveEvent::Error(error) => own.note(NoteKind::Error, SESSION, &error.to_string()),
                LiveEvent::Service(service) => own.note(NoteKind::Message, SESSION, &service.to_string()),
                LiveEvent::Pose(_) | LiveEvent::Motion(_) | LiveEvent::Frame(_) | LiveEvent::Dropped(_) => {}
            }
            events(event);
        })
    }

    fn note_state(&self, state: SessionState, reason: Option<&str>) {
        let text = match reason {
            Some(reason) => format!("{state:?}: {reason}"),
            None => format!("{state:?}"),
        };
        self.note(NoteKind::State, SESSION, &text);
    }

    /// Notes a message of the pipeline; those that only keep it going are left out, as are the states elements pass through.
    pub fn message(&self, pipeline: &gst::Pipeline, message: &gst::Message) {
        let from = message.src().map(|from| from.path_string().to_string());
        let from = from.as_deref().unwrap_or("nobody");
        match message.view() {
            gst::MessageView::Error(error) => {
                self.note(NoteKind::Error, from, &told(&error.error(), error.debug()));
            }
            gst::MessageView::Warning(warning) => {
                self.note(NoteKind::Warning, from, &told(&warning.error(), warning.debug()));
            }
            gst::MessageView::Info(info) => {
                self.note(NoteKind::Message, from, &told(&info.error(), info.debug()));
            }
            gst::MessageView::StateChanged(changed) => {
                let object = message.src();
                let close = object.is_some_and(|object| {
                    object == pipeline.upcast_ref::<gst::Object>()
                        || object.parent().as_ref() == Some(pipeline.upcast_ref())
                });
                if close && changed.pending() == gst::State::VoidPending {
                    self.note(NoteKind::State, from, &format!("{:?}", changed.current()));
                }
            }
            gst::MessageView::Eos(_) => self.note(NoteKind::Message, from, "end of the stream"),
            gst::MessageView::ClockLost(_) => self.note(NoteKind::Message, from, "the clock is lost"),
            gst::MessageView::StreamStart(_) => self.note(NoteKind::Message, from, "a stream starts"),
            _ => {}
        }
    }

    fn note(&self, kind: NoteKind, from: &str, text: &str) {
        let note = Note {
            at: SystemTime::now(),
            kind,
            from: from.to_owned(),
            text: without_addresses(text),
        };
        let mut present = lock(&self.present);
        if present.notes.len() == MOST_NOTES {
            present.notes.pop_front();
            present.forgotten += 1;
        }
        present.notes.push_back(note);
    }

    /// Nothing more will be noted; `graph` is that of a failure.
    pub fn conclude(&self, graph: Option<String>) {
        let mut present = lock(&self.present);
        present.graph = graph;
        present.concluded = true;
        self.drawn.notify_all();
    }

    /// Waits until the graph of a failure is there.
    pub fn wait_for_graph(&self) {
        let waited = self
            .drawn
            .wait_timeout_while(lock(&self.present), DRAWING, |present| !present.concluded);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// What has been noted so far; figures are for others to add.
    pub fn present(&self) -> LiveDiagnostics {
        let present = lock(&self.present);
        LiveDiagnostics {
            notes: present.notes.iter().cloned().collect(),
            forgotten: present.forgotten,
            graph: present.graph.clone(),
            ..LiveDiagnostics::default()
        }
    }
}

fn told(error: &gst::glib::Error, debug: Option<gst::glib::GString>) -> String {
    match debug {
        Some(debug) => format!("{}: {debug}", error.message()),
        None => error.message().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_youngest_notes_are_kept_and_the_others_counted() {
        let diagnostics = Arc::new(Diagnostics::default());
        let events = diagnostics.beside(Arc::new(|_| {}));
        for n in 0..MOST_NOTES + 3 {
            events(LiveEvent::Warning(format!("number {n}")));
        }
        let present = diagnostics.present();
        assert_eq!((present.notes.len(), present.forgotten), (MOST_NOTES, 3));
        assert_eq!(present.notes[0].text, "number 3");
        assert_eq!(present.notes[0].kind, NoteKind::Warning);
    }

    #[test]
    fn what_elements_say_is_noted_without_credentials() {
        gst::init().expect("GStreamer");
        let diagnostics = Diagnostics::default();
        let pipeline = gst::Pipeline::new();
        let message = gst::message::Error::builder(gst::ResourceError::NotFound, "no such camera")
            .debug("tried rtsp://user:secret@camera.local/stream?token=secret twice")
            .src(&pipeline)
            .build();
        diagnostics.message(&pipeline, &message);
        let [note] = &diagnostics.present().notes[..] else {
            panic!("one note")
        };
        assert_eq!(note.kind, NoteKind::Error);
        assert!(note.text.contains("no such camera"), "{note:?}");
        assert!(note.text.contains("rtsp://camera.local/stream twice"), "{note:?}");
    }
}
