//! What a live session says, as events for the hub.

use super::doing::ServiceView;
use crate::serve::hub::{Draft, EventType};
use gstkinemotion::{EventData, FrameQuality, PersonMotion, timestamp_ms};
use kinemotion_models::TrackedPose;
use kinemotion_motion::{Event, EventKind, PoseSource};
use kinemotion_pipelines::live::load::Service;
use kinemotion_pipelines::live::{LiveError, LivePose, SessionState};
use serde::Serialize;

#[derive(Serialize)]
struct PoseData<'a> {
    persons: Vec<PersonData>,
    width: u32,
    height: u32,
    quality: FrameQuality,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<LiveData<'a>>,
}

#[derive(Serialize)]
struct PersonData {
    id: u32,
    selected: bool,
    source: &'static str,
    landmarks: Vec<[f64; 3]>,
}

/// What the person whose numbers count is doing.
#[derive(Serialize)]
struct LiveData<'a> {
    movement: Option<&'static str>,
    phase: Option<&'static str>,
    values: &'a [(&'static str, f64)],
    repetitions: u32,
}

/// A ten-thousandth of the picture is a fifth of a pixel at 1080p.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

impl PersonData {
    fn of(person: &TrackedPose, width: f64, height: f64) -> Self {
        let landmark = |l: &kinemotion_motion::Landmark| {
            [
                rounded(f64::from(l.x) / width),
                rounded(f64::from(l.y) / height),
                rounded(l.visibility.into()),
            ]
        };
        Self {
            id: person.id,
            selected: person.selected,
            source: match person.pose.source {
                PoseSource::Measured => "measured",
                PoseSource::Predicted => "predicted",
            },
            landmarks: person.pose.landmarks.iter().map(landmark).collect(),
        }
    }
}

impl<'a> LiveData<'a> {
    fn of(motion: &'a [PersonMotion]) -> Option<Self> {
        let live = &motion.iter().find(|person| person.selected)?.live;
        Some(Self {
            movement: live.movement,
            phase: live.phase,
            values: &live.values,
            repetitions: live.repetitions,
        })
    }
}

/// The people in a frame: coordinates are fractions of the picture, whatever its pixels look like.
pub fn pose(pose: &LivePose) -> serde_json::Result<Draft> {
    let frame = &pose.poses.frame;
    let (width, height) = (f64::from(frame.square_width()), f64::from(frame.height));
    let persons = pose.poses.persons.iter();
    let data = PoseData {
        persons: persons
            .map(|person| PersonData::of(person, width, height))
            .collect(),
        width: frame.width,
        height: frame.height,
        quality: pose.poses.quality(),
        live: LiveData::of(&pose.motion),
    };
    Draft::new(EventType::Pose, timestamp_ms(pose.poses.time), &data)
}

/// What the science says.
pub fn motion(event: &Event) -> serde_json::Result<Draft> {
    let kind = match event.kind {
        EventKind::Phase { .. } => EventType::Phase,
        EventKind::MetricUpdate { .. } => EventType::MetricUpdate,
        EventKind::Repetition(_) => EventType::Repetition,
        EventKind::Warning { .. } => EventType::Warning,
    };
    Draft::new(kind, timestamp_ms(event.t), &EventData::of(event))
}

/// `data` of a `state` event.
#[derive(Serialize)]
struct StateData<'a> {
    state: SessionState,
    reason: Option<&'a str>,
}

/// The session entered a state.
pub fn state(timestamp_ms: f64, state: SessionState, reason: Option<&str>) -> serde_json::Result<Draft> {
    Draft::new(EventType::State, timestamp_ms, &StateData { state, reason })
}

/// What the session gets of the machine.
pub fn service(timestamp_ms: f64, service: &Service) -> serde_json::Result<Draft> {
    Draft::new(EventType::Service, timestamp_ms, &ServiceView::from(service))
}

/// `data` of `warning` and `error` events that do not come from the science.
#[derive(Serialize)]
struct MessageData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    message: &'a str,
}

/// Something a person should know.
pub fn warning(timestamp_ms: f64, message: &str) -> serde_json::Result<Draft> {
    Draft::new(
        EventType::Warning,
        timestamp_ms,
        &MessageData { code: None, message },
    )
}

/// Something failed.
pub fn error(timestamp_ms: f64, code: &str, message: &str) -> serde_json::Result<Draft> {
    let code = Some(code);
    Draft::new(EventType::Error, timestamp_ms, &MessageData { code, message })
}

/// A session failed.
pub fn failure(timestamp_ms: f64, failure: &LiveError) -> serde_json::Result<Draft> {
    error(timestamp_ms, failure.code(), &failure.to_string())
}
