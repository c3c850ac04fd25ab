//! Everything about one repetition.

use super::html::{escaped, fixed, list, picture};
use super::{Report, Shown, charts, comparison};
use crate::wording;
use kinemotion_motion::{Grade, Metric, Repetition, movements, registry};
use std::fmt::Write;

/// The section of a repetition. With `folded` everything but the numbers at its head is opened on demand.
pub fn render(report: &Report<'_>, number: usize, shown: &Shown<'_>, folded: bool) -> String {
    let r = shown.repetition;
    let mut html = format!("<section>{}", head(report, number, r));
    html.push_str(&list(&r.quality.reasons));
    html.push_str(&tiles(r));
    if folded {
        html.push_str("<details><summary>Pictures, curves and all numbers</summary>");
    }
    html.push_str(&pictures(shown));
    let _ = write!(
        html,
        "<div class=\"plots\">{}{}</div>",
        charts::height(shown, &report.subject.athlete),
        charts::angles(shown)
    );
    html.push_str(&comparison::section(r, &report.subject.profile));
    html.push_str(&numbers(r));
    if folded {
        html.push_str("</details>");
    }
    html + "</section>"
}

fn head(report: &Report<'_>, number: usize, r: &Repetition) -> String {
    let person = if report.several_people() {
        format!("person {}, ", r.person)
    } else {
        String::new()
    };
    format!(
        "<div class=\"head\"><h2>{number}. {} <small>{person}{:.2}–{:.2} s</small></h2>{}</div>",
        escaped(label(r.movement)),
        r.start_s,
        r.end_s,
        grade(r.quality.grade)
    )
}

/// The grade with what it means.
pub fn grade(grade: Grade) -> String {
    let meaning = match grade {
        Grade::A => "measured well",
        Grade::B => "usable, with limits",
        Grade::C => "use with care",
        Grade::F => "do not use",
    };
    format!("<p class=\"grade g{grade:?}\"><b>{grade:?}</b> {meaning}</p>")
}

/// The English name of a movement.
pub fn label(movement: &str) -> &str {
    movements::find(movement).map_or(movement, |movement| movement.label)
}

/// The metrics to show first, measured or not.
fn tiles(r: &Repetition) -> String {
    let headline = movements::find(r.movement).map_or(&[][..], |movement| movement.headline);
    let tiles: String = headline
        .iter()
        .filter_map(|key| r.metrics.iter().find(|metric| metric.key == *key))
        .filter_map(tile)
        .collect();
    format!("<dl class=\"tiles\">{tiles}</dl>")
}

fn tile(metric: &Metric) -> Option<String> {
    let definition = registry::find(metric.key)?;
    let decimals = definition.decimals;
    let value = match (metric.value, metric.uncertainty) {
        (Some(value), Some(half)) => format!(
            "{value:.decimals$} <span>± {half:.decimals$} {}</span>",
            unit(definition.unit)
        ),
        (Some(value), None) => format!("{value:.decimals$} <span>{}</span>", unit(definition.unit)),
        (None, _) => "<span>not measured</span>".into(),
    };
    Some(format!(
        "<div><dt>{}</dt><dd>{value}</dd></div>",
        escaped(definition.label)
    ))
}

fn pictures(shown: &Shown<'_>) -> String {
    let figures: String = shown
        .frames
        .iter()
        .map(|frame| {
            let alt = format!("The athlete with the recognised skeleton: {}", frame.name);
            format!(
                "<figure>{}<figcaption><b>{}</b> <span>{:.3} s</span></figcaption></figure>",
                picture(&frame.jpeg, &alt),
                frame.name,
                frame.time_s
            )
        })
        .collect();
    format!("<div class=\"frames\">{figures}</div>")
}

fn numbers(r: &Repetition) -> String {
    let is_at_event = |metric: &&Metric| angle_at(metric.key).is_some();
    let rows: String = r
        .metrics
        .iter()
        .filter(|m| !is_at_event(m))
        .filter_map(row)
        .collect();
    let warnings: Vec<String> = r.warnings.iter().map(|w| wording::for_people(w)).collect();
    let missing = match warnings.is_empty() {
        true => String::new(),
        false => format!("<h3>Not measured, and other remarks</h3>{}", list(&warnings)),
    };
    format!(
        "<h3>All numbers</h3><div class=\"scroll\"><table class=\"numbers\"><thead><tr><th scope=\"col\">Metric</th><th scope=\"col\" class=\"value\">Value</th>\
         <th scope=\"col\" class=\"value\">95 % interval</th><th scope=\"col\" class=\"method\">Method</th></tr></thead>\
         <tbody>{rows}</tbody></table></div>{}{missing}",
        angles(r)
    )
}

/// Joint and event of a metric like `knee_angle_at_takeoff_deg`.
pub fn angle_at(key: &str) -> Option<(&str, &str)> {
    key.strip_suffix("_deg")?.split_once("_angle_at_")
}

/// The angles at the events: a row per joint, a column per event.
fn angles(r: &Repetition) -> String {
    let measured = |m: &Metric| angle_at(m.key).filter(|_| m.value.is_some());
    let mut events: Vec<&str> = Vec::new();
    let mut joints: Vec<&str> = Vec::new();
    for (joint, event) in r.metrics.iter().filter_map(measured) {
        for (name, names) in [(joint, &mut joints), (event, &mut events)] {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if events.is_empty() {
        return String::new();
    }
    let time = |event: &str| r.event(&format!("{event}_s")).unwrap_or(f64::INFINITY);
    events.sort_by(|a, b| time(a).total_cmp(&time(b)));
    let heads: String = events
        .iter()
        .map(|event| format!("<th scope=\"col\" class=\"value\">{}</th>", spelled(event)))
        .collect();
    let cell = |joint: &str, event: &str| {
        let metric = r.metrics.iter().find(|m| angle_at(m.key) == Some((joint, event)));
        match metric.and_then(|m| Some((m.value?, m.uncertainty?))) {
            Some((value, half)) => format!("<td class=\"value\">{} ± {half:.0}</td>", fixed(value, 0)),
            None => "<td class=\"value\">–</td>".into(),
        }
    };
    let rows: String = joints
        .iter()
        .map(|joint| {
            let cells: String = events.iter().map(|event| cell(joint, event)).collect();
            format!("<tr><th scope=\"row\">{}</th>{cells}</tr>", joint_label(joint))
        })
        .collect();
    format!(
        "<h3>Joint angles at the events, °</h3><div class=\"scroll\"><table class=\"angles\"><thead><tr><th scope=\"col\">Joint</th>\
         {heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

fn joint_label(joint: &str) -> &str {
    match joint {
        "hip" => "Hip flexion",
        "knee" => "Knee flexion",
        "ankle" => "Ankle dorsiflexion",
        "trunk" => "Trunk lean",
        other => other,
    }
}

/// A measured metric; those that were withheld are among the remarks.
fn row(metric: &Metric) -> Option<String> {
    let definition = registry::find(metric.key)?;
    let decimals = definition.decimals;
    let value = metric.value?;
    let interval = metric.uncertainty.map_or(String::new(), |half| {
        format!(
            "{} to {}",
            fixed(value - half, decimals),
            fixed(value + half, decimals)
        )
    });
    Some(format!(
        "<tr><th scope=\"row\">{}</th><td class=\"value\">{} {}</td><td class=\"value\">{interval}</td>\
         <td class=\"method\">{}</td></tr>",
        escaped(definition.label),
        fixed(value, decimals),
        unit(definition.unit),
        escaped(&metric.method.replace('_', " "))
    ))
}

/// The unit to print; a pure number has none, degrees and steps per minute have their usual signs.
pub fn unit(unit: &'static str) -> &'static str {
    match unit {
        "1" => "",
        "deg" => "°",
        "spm" => "steps/min",
        other => other,
    }
}

/// An event's name for people.
pub fn event_label(key: &'static str) -> &'static str {
    spelled(key.strip_suffix("_s").unwrap_or(key))
}

/// The name of an event without its unit, spelled for people.
fn spelled(event: &str) -> &str {
    match event {
        "takeoff" => "take-off",
        "touchdown" => "touch-down",
        "dropoff" => "step-off",
        "first_contact" => "first contact",
        "last_toe_off" => "last toe-off",
        other => other,
    }
}
