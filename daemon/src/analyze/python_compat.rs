//! The JSON layout of the Python tool of the same name, for scripts that read it.
//!
//! Its four blocks with its keys and units, and only those whose meaning is the same here; `docs/formats.md` lists what
//! differs. The tool knows one jump per clip, so `data` is the highest one, and `repetitions` has all of them.

use crate::measuring::Subject;
use kinemotion_motion::norms::{Sex, TrainingLevel};
use kinemotion_motion::{Grade, Repetition, registry};
use kinemotion_pipelines::{Analysis, SourceInfo};
use serde_json::{Map, Value, json};

/// The layout of a movement: its name, the keys of its metrics and, as the tool's names for frames, of its events.
type Layout = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

/// Movements it has a layout for.
const LAYOUTS: [Layout; 3] = [
    (
        "cmj",
        &[
            "jump_height_m",
            "flight_time_ms",
            "countermovement_depth_m",
            "eccentric_duration_ms",
            "concentric_duration_ms",
            "total_movement_time_ms",
            "peak_eccentric_velocity_m_s",
            "peak_concentric_velocity_m_s",
        ],
        &[
            ("lowest_point_frame", "lowest_s"),
            ("takeoff_frame", "takeoff_s"),
            ("landing_frame", "landing_s"),
        ],
    ),
    (
        "dropjump",
        &[
            "ground_contact_time_ms",
            "flight_time_ms",
            "jump_height_m",
            "reactive_strength_index",
        ],
        &[
            ("contact_start_frame", "touchdown_s"),
            ("contact_end_frame", "takeoff_s"),
            ("flight_start_frame", "takeoff_s"),
            ("flight_end_frame", "landing_s"),
            ("peak_height_frame", "apex_s"),
        ],
    ),
    (
        "squatjump",
        &[
            "jump_height_m",
            "flight_time_ms",
            "squat_hold_duration_ms",
            "concentric_duration_ms",
            "peak_concentric_velocity_m_s",
            "peak_power_w",
        ],
        &[("takeoff_frame", "takeoff_s"), ("landing_frame", "landing_s")],
    ),
];

/// The document about one clip.
pub fn document(analysis: &Analysis, subject: &Subject) -> Value {
    let jumps: Vec<(&Repetition, Value)> = analysis
        .repetitions
        .iter()
        .filter_map(|r| Some((r.as_ref(), data(r, &analysis.source, subject)?)))
        .collect();
    let height = |r: &Repetition| r.metric("jump_height_m").unwrap_or(f64::NEG_INFINITY);
    let best = jumps.iter().max_by(|a, b| height(a.0).total_cmp(&height(b.0)));
    json!({
        "data": best.map(|(_, data)| data),
        "repetitions": jumps.iter().map(|(_, data)| data).collect::<Vec<_>>(),
        "metadata": metadata(analysis, best.map(|(r, _)| *r)),
        "validation": best.map(|(r, _)| validation(r)),
        "demographics": demographics(subject),
    })
}

/// The numbers of a repetition; `None` for a movement the tool does not know.
fn data(repetition: &Repetition, source: &SourceInfo, subject: &Subject) -> Option<Value> {
    let (movement, metrics, frames) = LAYOUTS.iter().find(|(name, ..)| *name == repetition.movement)?;
    let mut data = Map::new();
    for key in *metrics {
        data.insert((*key).to_owned(), json!(rounded(key, repetition.metric(key))));
    }
    // frame numbers mean nothing where the distance between frames changes
    let fps = source.average_fps.filter(|_| !source.variable_frame_rate);
    for (name, event) in *frames {
        if let Some(exact) = fps.zip(repetition.event(event)).map(|(fps, t)| t * fps) {
            data.insert((*name).to_owned(), json!(exact.round()));
            if *movement == "dropjump" && *name != "peak_height_frame" {
                data.insert(format!("{name}_precise"), json!(exact));
            }
        }
    }
    if let Some(mass) = subject.athlete.mass_kg.filter(|_| *movement == "squatjump") {
        data.insert("mass_kg".into(), json!(mass));
    }
    Some(Value::Object(data))
}

/// As the tool rounds: milliseconds to 2 decimals, metres to 3, speeds to 4.
fn rounded(key: &str, value: Option<f64>) -> Option<f64> {
    let decimals = match registry::find(key).map(|definition| definition.unit) {
        Some("m/s") => 4,
        Some("m") => 3,
        _ => 2,
    };
    let power = 10f64.powi(decimals);
    value.map(|value| (value * power).round() / power)
}

fn metadata(analysis: &Analysis, best: Option<&Repetition>) -> Value {
    let (source, quality) = (&analysis.source, &analysis.quality);
    json!({
        "quality": {
            "confidence": best.map(|r| match r.quality.grade {
                Grade::A => "high",
                Grade::B => "medium",
                Grade::C | Grade::F => "low",
            }),
            "indicators": { "avg_visibility": quality.mean_visibility, "fps": source.average_fps },
            "warnings": quality.warnings,
        },
        "video": {
            "source_path": source.path,
            "fps": source.average_fps,
            "resolution": { "width": source.width, "height": source.height },
            "duration_s": source.duration_s,
            "frame_count": source.frames,
            "codec": source.codec,
        },
        "processing": {
            "version": env!("CARGO_PKG_VERSION"),
            "quality_preset": analysis.model.quality,
            "processing_time_s": analysis.timing.wall_s,
        },
        "algorithm": { "pose_model": analysis.model.landmarker.name },
    })
}

fn validation(repetition: &Repetition) -> Value {
    let status = match repetition.quality.grade {
        Grade::A => "PASS",
        Grade::B | Grade::C => "PASS_WITH_WARNINGS",
        Grade::F => "FAIL",
    };
    let sentences = repetition.quality.reasons.iter().chain(&repetition.warnings);
    let issues: Vec<Value> = sentences
        .map(|message| json!({ "severity": "WARNING", "message": message }))
        .collect();
    json!({ "status": status, "issues": issues })
}

fn demographics(subject: &Subject) -> Value {
    let profile = &subject.profile;
    json!({
        "age": profile.age_years,
        "sex": profile.sex.map(|sex| match sex {
            Sex::Female => "female",
            Sex::Male => "male",
        }),
        "training_level": profile.level.map(|level| match level {
            TrainingLevel::Sedentary => "sedentary",
            TrainingLevel::Recreational => "recreational",
            TrainingLevel::Trained => "trained",
            TrainingLevel::National => "national",
            TrainingLevel::Elite => "elite",
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinemotion_motion::movements;

    #[test]
    fn every_key_is_a_metric_or_event_of_its_movement() {
        for (movement, metrics, frames) in LAYOUTS {
            let known = movements::find(movement).expect(movement);
            for key in metrics {
                assert!(known.metrics.contains(key), "{movement}: {key}");
            }
            for (_, event) in frames {
                assert!(known.events.contains(event), "{movement}: {event}");
            }
        }
    }

    #[test]
    fn numbers_are_rounded_as_the_tool_does() {
        assert_eq!(rounded("flight_time_ms", Some(512.3456)), Some(512.35));
        assert_eq!(rounded("jump_height_m", Some(0.351_96)), Some(0.352));
        assert_eq!(
            rounded("peak_concentric_velocity_m_s", Some(2.712_345)),
            Some(2.7123)
        );
        assert_eq!(rounded("jump_height_m", None), None);
    }
}
