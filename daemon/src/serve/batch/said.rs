//! From the lines a process writes to news of its analysis.

use crate::serve::hub::{Draft, EventType};
use crate::serve::sessions::{Counts, Doing, News};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// An event as `kinemotion analyze` writes it.
#[derive(Deserialize)]
struct Spoken<'a> {
    #[serde(rename = "type")]
    kind: String,
    timestamp_ms: f64,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// `data` of its poses.
#[derive(Deserialize)]
struct FilePose<'a> {
    width: u32,
    height: u32,
    persons: Vec<FilePerson>,
    #[serde(borrow)]
    quality: &'a RawValue,
}

#[derive(Deserialize)]
struct FilePerson {
    id: u32,
    selected: bool,
    predicted: bool,
    landmarks: Vec<[f64; 4]>,
}

/// `data` of poses as every stream has them.
#[derive(Serialize)]
struct PoseData<'a> {
    persons: Vec<PersonData>,
    width: u32,
    height: u32,
    quality: &'a RawValue,
}

#[derive(Serialize)]
struct PersonData {
    id: u32,
    selected: bool,
    source: &'static str,
    landmarks: Vec<[f64; 3]>,
}

/// `data` of its last line.
#[derive(Deserialize)]
struct Complete {
    frames: u64,
    frames_with_pose: u64,
    frames_predicted: u64,
    duration_s: f64,
}

/// What is heard of a file, line by line.
#[derive(Debug)]
pub struct Hearing {
    /// How it is doing.
    pub doing: Doing,
    /// Whether the last line was heard.
    pub complete: bool,
    /// Bytes of events that are stored.
    stored: u64,
    /// Poses since they were taken: measured, predicted.
    poses: (u64, u64),
}

/// Most bytes of events a file may have stored: a day of repetitions has less.
const MOST_STORED: u64 = 64 << 20;

impl Hearing {
    /// Nothing was heard so far.
    pub fn new() -> Self {
        Self {
            doing: Doing::of_source("file"),
            complete: false,
            stored: 0,
            poses: (0, 0),
        }
    }

    /// Poses that were heard since this was asked last: measured, predicted.
    pub fn take_poses(&mut self) -> (u64, u64) {
        std::mem::take(&mut self.poses)
    }

    /// What a line says; `None` when it is for this value alone. The process has read a stranger's file, so its lines may be
    /// anything.
    ///
    /// # Errors
    /// Why it is no event.
    pub fn hear(&mut self, line: &str) -> Result<Option<News>, String> {
        let spoken: Spoken<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let data = match EventType::named(&spoken.kind) {
            Some(EventType::Pose) => return self.pose(&spoken).map(Some).map_err(|error| error.to_string()),
            Some(EventType::AnalysisComplete) => {
                self.complete(spoken.data).map_err(|error| error.to_string())?;
                return Ok(None);
            }
            Some(
                kind @ (EventType::Phase
                | EventType::MetricUpdate
                | EventType::Repetition
                | EventType::Warning),
            ) => Draft {
                kind,
                timestamp_ms: spoken.timestamp_ms,
                data: spoken.data.to_owned(),
            },
            Some(EventType::Error | EventType::State | EventType::Service) | None => {
                return Err(format!("it says {}", spoken.kind));
            }
        };
        self.stored += line.len() as u64;
        if self.stored > MOST_STORED {
            return Err(format!("it says more than {MOST_STORED} bytes"));
        }
        Ok(Some(News::Draft(data)))
    }

    fn pose(&mut self, spoken: &Spoken<'_>) -> serde_json::Result<News> {
        let pose: FilePose<'_> = serde_json::from_str(spoken.data.get())?;
        (self.doing.source.width, self.doing.source.height) = (pose.width, pose.height);
        let predicted = pose.persons.iter().filter(|person| person.predicted).count() as u64;
        self.poses.0 += pose.persons.len() as u64 - predicted;
        self.poses.1 += predicted;
        let person = |person: FilePerson| PersonData {
            id: person.id,
            selected: person.selected,
            source: if person.predicted { "predicted" } else { "measured" },
            landmarks: person
                .landmarks
                .into_iter()
                .map(|[x, y, _, visibility]| [x, y, visibility])
                .collect(),
        };
        let data = PoseData {
            persons: pose.persons.into_iter().map(person).collect(),
            width: pose.width,
            height: pose.height,
            quality: pose.quality,
        };
        Draft::new(EventType::Pose, spoken.timestamp_ms, &data).map(News::Draft)
    }

    fn complete(&mut self, data: &RawValue) -> serde_json::Result<()> {
        let complete: Complete = serde_json::from_str(data.get())?;
        self.complete = true;
        self.doing.counts = Counts {
            frames: complete.frames,
            poses: complete.frames_with_pose,
            predicted: complete.frames_predicted,
            dropped: 0,
        };
        if complete.duration_s > 0.0 {
            let fps = complete.frames.saturating_sub(1) as f64 / complete.duration_s;
            self.doing.source.fps = (fps * 10.0).round() / 10.0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn draft(news: Option<News>) -> Draft {
        match news {
            Some(News::Draft(draft)) => draft,
            other => panic!("no event: {other:?}"),
        }
    }

    fn line(kind: &str, data: &Value) -> String {
        json!({ "type": kind, "timestamp_ms": 16.7, "sequence": 3, "data": data }).to_string()
    }

    #[test]
    fn a_repetition_is_passed_on_as_it_is() {
        let data = json!({ "movement": "cmj", "metrics": { "jump_height_m": 0.31 } });
        let heard = Hearing::new().hear(&line("repetition", &data)).expect("an event");
        let draft = draft(heard);
        assert_eq!((draft.kind, draft.timestamp_ms), (EventType::Repetition, 16.7));
        assert_eq!(
            serde_json::from_str::<Value>(draft.data.get()).expect("JSON"),
            data
        );
    }

    #[test]
    fn poses_look_like_those_of_live_analyses() {
        let mut hearing = Hearing::new();
        let data = json!({
            "width": 640, "height": 480, "quality": { "usable": true },
            "persons": [{ "id": 1, "selected": true, "predicted": false, "score": 0.9, "bounds": [0, 0, 1, 1],
                          "landmarks": [[0.5, 0.25, -0.1, 0.99]] }],
        });
        let draft = draft(hearing.hear(&line("pose", &data)).expect("an event"));
        assert_eq!(
            serde_json::from_str::<Value>(draft.data.get()).expect("JSON"),
            json!({
                "width": 640, "height": 480, "quality": { "usable": true },
                "persons": [{ "id": 1, "selected": true, "source": "measured", "landmarks": [[0.5, 0.25, 0.99]] }],
            })
        );
        assert_eq!(
            (hearing.doing.source.width, hearing.doing.source.height),
            (640, 480)
        );
        assert_eq!(hearing.take_poses(), (1, 0));
        assert_eq!(hearing.take_poses(), (0, 0), "they are counted once");
    }

    #[test]
    fn the_last_line_says_how_it_went() {
        let mut hearing = Hearing::new();
        let data = json!({
            "frames": 61, "frames_with_pose": 60, "frames_predicted": 1, "persons": 1, "repetitions": 1, "duration_s": 1.0,
        });
        assert!(
            hearing
                .hear(&line("analysis_complete", &data))
                .expect("an event")
                .is_none()
        );
        assert!(hearing.complete);
        assert_eq!(
            (hearing.doing.counts.frames, hearing.doing.counts.poses),
            (61, 60)
        );
        assert_eq!(hearing.doing.source.fps, 60.0);
    }

    #[test]
    fn what_no_analysis_says_is_refused() {
        let mut hearing = Hearing::new();
        for bad in [
            "",
            "hello",
            "{}",
            &line("state", &json!({ "state": "done" })),
            &line("dance", &json!({})),
            &line("pose", &json!({})),
        ] {
            assert!(hearing.hear(bad).is_err(), "{bad}");
        }
        let long = line("warning", &json!({ "message": "x".repeat(1 << 20) }));
        let all = std::iter::repeat_with(|| hearing.hear(&long)).take(65);
        assert!(
            all.into_iter().any(|heard| heard.is_err()),
            "it may not fill the disk"
        );
    }
}
