//! A result as a table for people.

use crate::{layout, wording};
use comfy_table::{Cell, CellAlignment};
use kinemotion_motion::registry::{self, MetricDefinition};
use kinemotion_motion::{Metric, Repetition};
use kinemotion_pipelines::{Analysis, SourceInfo};
use std::fmt::Write;

/// Repetitions side by side in one table; more follow below.
const COLUMNS: usize = 4;

/// One file: what it is, its repetitions side by side, and what to know about them.
pub fn render(analysis: &Analysis) -> String {
    let mut text = headline(&analysis.source, analysis.model.quality);
    if analysis.repetitions.is_empty() {
        text.push_str("no repetition found\n");
    }
    let numbered: Vec<(usize, &Repetition)> = analysis
        .repetitions
        .iter()
        .enumerate()
        .map(|(index, r)| (index + 1, r.as_ref()))
        .collect();
    for group in numbered.chunks(COLUMNS) {
        text.push_str(&repetition_table(group));
        text.push('\n');
    }
    for (number, repetition) in &numbered {
        let grade = repetition.quality.grade;
        for reason in &repetition.quality.reasons {
            line(
                &mut text,
                format_args!("repetition {number}, grade {grade:?}: {reason}"),
            );
        }
        for warning in &repetition.warnings {
            let warning = wording::for_people(warning);
            line(&mut text, format_args!("repetition {number}: {warning}"));
        }
    }
    for warning in &analysis.quality.warnings {
        line(&mut text, format_args!("note: {warning}"));
    }
    text.push_str(&footer(analysis));
    text
}

fn headline(source: &SourceInfo, quality: &str) -> String {
    let mut parts = vec![source.path.display().to_string()];
    parts.extend(source.codec.clone());
    parts.push(format!("{}x{}", source.width, source.height));
    if source.rotation_deg != 0 {
        parts.push(format!("turned by {} degrees", source.rotation_deg));
    }
    if let Some(fps) = source.average_fps {
        let kind = if source.variable_frame_rate {
            " variable"
        } else {
            ""
        };
        parts.push(format!("{} frames/s{kind}", short(fps, 2)));
    }
    if let Some(fps) = source.capture_fps {
        parts.push(format!("filmed at {} frames/s", short(fps, 2)));
    }
    if let Some(duration) = source.duration_s {
        parts.push(format!("{duration:.1} s"));
    }
    parts.push(quality.to_owned());
    parts.join(" · ") + "\n"
}

fn repetition_table(group: &[(usize, &Repetition)]) -> String {
    let mut table = layout::table();
    table.set_header(
        std::iter::once(Cell::new("")).chain(
            group
                .iter()
                .map(|(number, repetition)| number_cell(format!("{} {number}", repetition.movement))),
        ),
    );
    table.add_row(row("Time (s)", group, |r| {
        format!("{:.2} – {:.2}", r.start_s, r.end_s)
    }));
    table.add_row(row("Grade", group, |r| format!("{:?}", r.quality.grade)));
    let measured = |definition: &&MetricDefinition| {
        group
            .iter()
            .any(|(_, repetition)| metric(repetition, definition.key).is_some())
    };
    for definition in registry::METRICS.iter().filter(measured) {
        let label = match definition.unit {
            "1" => definition.label.to_owned(),
            unit => format!("{} ({unit})", definition.label),
        };
        table.add_row(row(&label, group, |r| {
            value_text(definition, metric(r, definition.key))
        }));
    }
    table.to_string()
}

fn row(label: &str, group: &[(usize, &Repetition)], text: impl Fn(&Repetition) -> String) -> Vec<Cell> {
    let values = group.iter().map(|(_, repetition)| number_cell(text(repetition)));
    std::iter::once(Cell::new(label)).chain(values).collect()
}

fn number_cell(text: String) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

fn metric<'a>(repetition: &'a Repetition, key: &str) -> Option<&'a Metric> {
    repetition.metrics.iter().find(|metric| metric.key == key)
}

/// `0.352 ± 0.008`, or a dash for a metric that was withheld.
fn value_text(definition: &MetricDefinition, metric: Option<&Metric>) -> String {
    let decimals = definition.decimals;
    match metric.map(|metric| (metric.value, metric.uncertainty)) {
        Some((Some(value), Some(uncertainty))) => format!("{value:.decimals$} ± {uncertainty:.decimals$}"),
        Some((Some(value), None)) => format!("{value:.decimals$}"),
        _ => "–".into(),
    }
}

fn footer(analysis: &Analysis) -> String {
    let (quality, timing) = (&analysis.quality, &analysis.timing);
    let mut parts = vec![format!(
        "{} frames, {:.0} % with a pose",
        analysis.source.frames,
        100.0 * quality.pose_share
    )];
    if let Some(visibility) = quality.mean_visibility {
        parts.push(format!("legs {:.0} % visible", 100.0 * visibility));
    }
    parts.push(format!(
        "{:.1} s ({:.0} frames/s)",
        timing.wall_s, timing.frames_per_s
    ));
    parts.join(" · ") + "\n"
}

/// A number without trailing zeros.
fn short(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{arguments}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_with_its_uncertainty_and_the_decimals_of_the_registry() {
        let definition = registry::find("jump_height_m").expect("defined");
        let metric = |value, uncertainty| Metric {
            key: "jump_height_m",
            value,
            uncertainty,
            method: "test",
        };
        let decimals = definition.decimals;
        let expected = format!("{:.decimals$} ± {:.decimals$}", 0.352_4, 0.008_1);
        assert_eq!(
            value_text(definition, Some(&metric(Some(0.352_4), Some(0.008_1)))),
            expected
        );
        assert_eq!(value_text(definition, Some(&metric(None, None))), "–");
        assert_eq!(value_text(definition, None), "–");
    }

    #[test]
    fn numbers_lose_their_trailing_zeros() {
        assert_eq!(short(30.0, 2), "30");
        assert_eq!(short(29.97, 2), "29.97");
        assert_eq!(short(100.0, 0), "100");
    }
}
