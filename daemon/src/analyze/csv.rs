//! Repetitions as comma-separated values (RFC 4180): one line each, one column per event and
//! two per metric of the registry.

use kinemotion_motion::movements;
use kinemotion_motion::registry::{self, MetricDefinition};
use serde_json::Value;
use std::io::{self, Write};

/// Columns before events and metrics, but for where a repetition comes from.
const LEADING: [&str; 5] = ["movement", "person", "start_s", "end_s", "grade"];
/// Place of the number of a repetition among them.
const NUMBER: usize = 2;
/// Columns after the metrics: why the grade is not better, and what else to know.
const TRAILING: [&str; 2] = ["reasons", "warnings"];
/// Suffix of the column with the half width of the 95 % interval.
pub const UNCERTAINTY: &str = "_uncertainty";

/// Metrics that some movement measures, in registry order.
pub fn metrics() -> impl Iterator<Item = &'static MetricDefinition> {
    let measured =
        |metric: &&MetricDefinition| movements::all().iter().any(|m| m.metrics.contains(&metric.key));
    registry::METRICS.iter().filter(measured)
}

/// Events of every movement, each once.
pub fn events() -> Vec<&'static str> {
    let mut events: Vec<&str> = Vec::new();
    for event in movements::all().iter().flat_map(|movement| movement.events) {
        if !events.contains(event) {
            events.push(event);
        }
    }
    events
}

/// Names of the columns of what was measured.
pub fn names() -> Vec<String> {
    let names = LEADING.into_iter().chain(events()).map(str::to_owned);
    let metrics =
        metrics().flat_map(|metric| [metric.key.to_owned(), format!("{}{UNCERTAINTY}", metric.key)]);
    names.chain(metrics).chain(TRAILING.map(str::to_owned)).collect()
}

/// Writes the names of the columns.
pub fn write_header(out: &mut dyn Write) -> io::Result<()> {
    write_line(
        out,
        numbered("file".into(), "repetition".into(), names()).into_iter(),
    )
}

/// Writes one line per repetition, each given in its public JSON shape. `source` says where they come from.
pub fn write_rows(out: &mut dyn Write, source: &str, repetitions: &[Value]) -> io::Result<()> {
    for (index, repetition) in repetitions.iter().enumerate() {
        write_line(out, row(source, index + 1, repetition).into_iter())?;
    }
    Ok(())
}

/// A field for each column of the header.
fn row(source: &str, number: usize, repetition: &Value) -> Vec<String> {
    numbered(source.to_owned(), number.to_string(), fields(repetition))
}

/// Fields with those around that say which repetition it is.
fn numbered(source: String, number: String, mut fields: Vec<String>) -> Vec<String> {
    fields.insert(NUMBER, number);
    fields.insert(0, source);
    fields
}

/// A field for each of the [`names`] of a repetition, given in its public JSON shape; what was not measured is empty.
pub fn fields(repetition: &Value) -> Vec<String> {
    let mut fields = vec![
        field(&repetition["movement"]),
        field(&repetition["person"]),
        field(&repetition["start_s"]),
        field(&repetition["end_s"]),
        field(&repetition["quality"]["grade"]),
    ];
    fields.extend(
        events()
            .into_iter()
            .map(|event| field(&repetition["events"][event])),
    );
    for definition in metrics() {
        fields.push(field(&repetition["metrics"][definition.key]));
        fields.push(field(&repetition["uncertainty"][definition.key]));
    }
    for texts in [&repetition["quality"]["reasons"], &repetition["warnings"]] {
        let texts = texts.as_array().into_iter().flatten();
        fields.push(texts.map(field).collect::<Vec<_>>().join("; "));
    }
    fields
}

/// A number or text; what is absent or null is empty.
fn field(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number
            .as_f64()
            .map(|number| number.to_string())
            .unwrap_or_default(),
        _ => String::new(),
    }
}

/// Writes a line of fields, quoted where they need it.
pub fn write_line(out: &mut dyn Write, fields: impl Iterator<Item = String>) -> io::Result<()> {
    let line: Vec<String> = fields.map(|field| quoted(&field)).collect();
    writeln!(out, "{}", line.join(","))
}

fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinemotion_motion::{Grade, Metric, Quality, Repetition};

    fn header() -> Vec<String> {
        let mut out = Vec::new();
        write_header(&mut out).expect("a vector takes everything");
        String::from_utf8(out)
            .expect("text")
            .trim_end()
            .split(',')
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn fields_with_commas_quotes_or_breaks_are_quoted() {
        let mut out = Vec::new();
        let fields = ["plain", "a,b", "say \"hi\"", "two\nlines"].map(String::from);
        write_line(&mut out, fields.into_iter()).expect("a vector takes everything");
        assert_eq!(out, b"plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n");
    }

    #[test]
    fn the_header_names_every_event_and_metric_of_every_movement() {
        let header = header();
        for movement in movements::all() {
            for name in movement.events.iter().chain(movement.metrics) {
                assert_eq!(header.iter().filter(|column| column == name).count(), 1, "{name}");
            }
        }
    }

    #[test]
    fn values_stand_under_their_names() {
        let key = movements::all()[0].metrics[0];
        let event = movements::all()[0].events[0];
        let repetition = Repetition {
            movement: "cmj",
            person: 0,
            start_s: 0.5,
            end_s: 2.0,
            phases: vec![],
            events: vec![(event, 1.25)],
            steps: vec![],
            metrics: vec![Metric {
                key,
                value: Some(0.35),
                uncertainty: None,
                method: "test",
            }],
            warnings: vec!["first".into(), "second".into()],
            quality: Quality {
                grade: Grade::B,
                reasons: vec!["30 frames per second: use 60 or more".into()],
                degraded: false,
            },
        };
        let repetition = serde_json::to_value(repetition).expect("JSON");
        let fields = row("a.mp4", 1, &repetition);
        let header = header();
        assert_eq!(fields.len(), header.len());
        let under = |name: &str| &fields[header.iter().position(|column| column == name).expect(name)];
        assert_eq!(under(key), "0.35");
        assert_eq!(under(&format!("{key}_uncertainty")), "");
        assert_eq!(under(event), "1.25");
        assert_eq!(under("grade"), "B");
        assert_eq!(under("reasons"), "30 frames per second: use 60 or more");
        assert_eq!(under("warnings"), "first; second");
    }
}
