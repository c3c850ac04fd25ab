//! Metas to JSON lines.

use crate::kinephase::announce::{EventData, LateEvent, timestamp_ms};
use crate::meta::{FrameQuality, Motion, Poses};
use kinemotion_models::TrackedPose;
use kinemotion_motion::{EventKind, PoseSource, WireEvent};
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Serialize)]
struct PoseData {
    width: u32,
    height: u32,
    persons: Vec<PersonData>,
    quality: FrameQuality,
}

#[derive(Serialize)]
struct PersonData {
    id: u32,
    selected: bool,
    predicted: bool,
    score: f64,
    bounds: [f64; 4],
    landmarks: Vec<[f64; 4]>,
}

#[derive(Serialize)]
struct CompleteData {
    frames: u64,
    frames_with_pose: u64,
    frames_predicted: u64,
    persons: usize,
    repetitions: u64,
    duration_s: f64,
}

/// A ten-thousandth of the picture is a fifth of a pixel at 1080p; five decimals stay below what a model resolves.
fn rounded(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}

impl PersonData {
    fn of(person: &TrackedPose, width: f64, height: f64) -> Self {
        let across = |value: f32| rounded(f64::from(value) / width);
        let down = |value: f32| rounded(f64::from(value) / height);
        let [left, top, right, bottom] = person.bounds;
        Self {
            id: person.id,
            selected: person.selected,
            predicted: person.pose.source == PoseSource::Predicted,
            score: rounded(person.pose.score.into()),
            bounds: [across(left), down(top), across(right), down(bottom)],
            landmarks: person
                .pose
                .landmarks
                .iter()
                .map(|l| [across(l.x), down(l.y), across(l.z), rounded(l.visibility.into())])
                .collect(),
        }
    }
}

/// Writes lines and numbers them without gaps.
#[derive(Default)]
pub(super) struct Writer {
    analysis_id: Option<String>,
    sequence: u64,
    frames: u64,
    frames_with_pose: u64,
    frames_predicted: u64,
    persons: BTreeSet<u32>,
    repetitions: u64,
    first_time: Option<f64>,
    last_time: f64,
}

/// Ids remembered for the count of people; a stream in which more come and go is a street, not a session.
const MOST_PERSONS_COUNTED: usize = 1024;

impl Writer {
    /// Starts at sequence 0.
    pub(super) fn new(analysis_id: Option<String>) -> Self {
        Self {
            analysis_id,
            ..Self::default()
        }
    }

    /// Counts a frame and, if wanted, writes its poses.
    pub(super) fn poses(&mut self, poses: &Poses, wanted: bool) -> Option<String> {
        self.frames += 1;
        self.first_time.get_or_insert(poses.time);
        self.last_time = self.last_time.max(poses.time);
        let predicted = poses
            .persons
            .iter()
            .any(|person| person.pose.source == PoseSource::Predicted);
        if predicted {
            self.frames_predicted += 1;
        } else if !poses.persons.is_empty() {
            self.frames_with_pose += 1;
        }
        if self.persons.len() < MOST_PERSONS_COUNTED {
            self.persons.extend(poses.persons.iter().map(|person| person.id));
        }
        if !wanted {
            return None;
        }
        let (width, height) = (
            f64::from(poses.frame.square_width()),
            f64::from(poses.frame.height),
        );
        let data = PoseData {
            width: poses.frame.width,
            height: poses.frame.height,
            persons: poses
                .persons
                .iter()
                .map(|person| PersonData::of(person, width, height))
                .collect(),
            quality: poses.quality(),
        };
        self.line("pose", timestamp_ms(poses.time), data)
    }

    /// Writes the events a frame made known.
    pub(super) fn events(&mut self, motion: &Motion) -> Vec<String> {
        motion
            .events
            .iter()
            .filter_map(|event| {
                self.repetitions += u64::from(matches!(event.kind, EventKind::Repetition(_)));
                self.line(
                    event.kind.type_name(),
                    timestamp_ms(event.t),
                    EventData::of(event),
                )
            })
            .collect()
    }

    /// Writes an event that no frame carries.
    pub(super) fn late(&mut self, event: &LateEvent) -> Option<String> {
        self.repetitions += u64::from(event.type_name == "repetition");
        self.line(&event.type_name, event.timestamp_ms, &event.data)
    }

    /// Writes the last line.
    pub(super) fn complete(&mut self) -> Option<String> {
        let data = CompleteData {
            frames: self.frames,
            frames_with_pose: self.frames_with_pose,
            frames_predicted: self.frames_predicted,
            persons: self.persons.len(),
            repetitions: self.repetitions,
            duration_s: self
                .first_time
                .map_or(0.0, |first| rounded(self.last_time - first)),
        };
        self.line("analysis_complete", timestamp_ms(self.last_time), data)
    }

    fn line(&mut self, type_name: &str, timestamp_ms: f64, data: impl Serialize) -> Option<String> {
        let event = WireEvent {
            type_name,
            analysis_id: self.analysis_id.as_deref(),
            timestamp_ms,
            sequence: self.sequence,
            data,
        };
        // Numbers that are not finite become null, keys are strings: nothing here can fail to serialise, and if it did
        // the number must not be used up.
        let mut text = serde_json::to_string(&event).ok()?;
        text.push('\n');
        self.sequence += 1;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::FrameGeometry;
    use std::sync::Arc;

    fn frame(time: f64, persons: Vec<TrackedPose>) -> Poses {
        let frame = FrameGeometry {
            width: 100,
            height: 50,
            pixel_aspect: 2.0,
        };
        Poses {
            persons: Arc::from(persons),
            frame,
            time,
            shift: None,
            degraded: false,
            inference: None,
        }
    }

    fn person(x: f32, y: f32) -> TrackedPose {
        let mut pose = kinemotion_motion::Pose::default();
        pose.landmarks[0].x = x;
        pose.landmarks[0].y = y;
        TrackedPose {
            id: 3,
            selected: true,
            bounds: [x, y, x, y],
            pose,
        }
    }

    #[test]
    fn landmarks_are_fractions_of_the_picture_whatever_the_pixel_shape() {
        let mut writer = Writer::new(Some("abc".into()));
        let line = writer
            .poses(&frame(0.0333333, vec![person(50.0, 25.0)]), true)
            .expect("a line");
        let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(json["type"], "pose");
        assert_eq!(json["analysis_id"], "abc");
        assert_eq!(json["timestamp_ms"], 33.333);
        assert_eq!(json["data"]["persons"][0]["landmarks"][0][0], 0.25);
        assert_eq!(json["data"]["persons"][0]["landmarks"][0][1], 0.5);
        assert_eq!(
            json["data"]["persons"][0]["landmarks"].as_array().map(Vec::len),
            Some(33)
        );
    }

    #[test]
    fn a_landmark_that_is_no_number_becomes_null() {
        let mut writer = Writer::new(None);
        let line = writer
            .poses(&frame(0.0, vec![person(f32::NAN, 1.0)]), true)
            .expect("a line");
        let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert!(json["data"]["persons"][0]["landmarks"][0][0].is_null());
        assert!(json.get("analysis_id").is_none());
    }

    #[test]
    fn the_last_line_sums_up_and_the_sequence_has_no_gap_when_poses_are_unwanted() {
        let mut writer = Writer::new(None);
        assert_eq!(writer.poses(&frame(1.0, vec![person(1.0, 1.0)]), false), None);
        assert_eq!(writer.poses(&frame(1.5, vec![]), false), None);
        let line = writer.complete().expect("a line");
        let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(json["sequence"], 0);
        assert_eq!(json["data"]["frames"], 2);
        assert_eq!(json["data"]["frames_with_pose"], 1);
        assert_eq!(json["data"]["duration_s"], 0.5);
    }
}
