//! Repetitions as comma-separated values (RFC 4180): one line each, one column per event and
//! two per metric of the registry.

use kinemotion_motion::registry::{self, MetricDefinition};
use kinemotion_motion::{Repetition, movements};
use kinemotion_pipelines::Analysis;
use std::io::{self, Write};

/// Columns before the metrics.
const LEADING: [&str; 7] = [
    "file",
    "movement",
    "person",
    "repetition",
    "start_s",
    "end_s",
    "grade",
];
/// Columns after the metrics: why the grade is not better, and what else to know.
const TRAILING: [&str; 2] = ["reasons", "warnings"];
/// Suffix of the column with the half width of the 95 % interval.
const UNCERTAINTY: &str = "_uncertainty";

/// Metrics that some movement measures, in registry order.
fn metrics() -> impl Iterator<Item = &'static MetricDefinition> {
    let measured =
        |metric: &&MetricDefinition| movements::all().iter().any(|m| m.metrics.contains(&metric.key));
    registry::METRICS.iter().filter(measured)
}

/// Events of every movement, each once.
fn events() -> Vec<&'static str> {
    let mut events: Vec<&str> = Vec::new();
    for event in movements::all().iter().flat_map(|movement| movement.events) {
        if !events.contains(event) {
            events.push(event);
        }
    }
    events
}

/// Writes the names of the columns.
pub fn write_header(out: &mut dyn Write) -> io::Result<()> {
    let names = LEADING.into_iter().chain(events()).map(str::to_owned);
    let metrics =
        metrics().flat_map(|metric| [metric.key.to_owned(), format!("{}{UNCERTAINTY}", metric.key)]);
    write_line(out, names.chain(metrics).chain(TRAILING.map(str::to_owned)))
}

/// Writes one line per repetition.
pub fn write_rows(out: &mut dyn Write, analysis: &Analysis) -> io::Result<()> {
    let file = analysis.source.path.to_string_lossy();
    for (index, repetition) in analysis.repetitions.iter().enumerate() {
        write_line(out, row(&file, index + 1, repetition).into_iter())?;
    }
    Ok(())
}

/// A field for each column of the header; what was not measured is empty.
fn row(file: &str, number: usize, repetition: &Repetition) -> Vec<String> {
    let field = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let mut fields = vec![
        file.to_owned(),
        repetition.movement.to_owned(),
        repetition.person.to_string(),
        number.to_string(),
        repetition.start_s.to_string(),
        repetition.end_s.to_string(),
        format!("{:?}", repetition.quality.grade),
    ];
    fields.extend(events().into_iter().map(|event| field(repetition.event(event))));
    for definition in metrics() {
        let metric = repetition
            .metrics
            .iter()
            .find(|metric| metric.key == definition.key);
        fields.push(field(metric.and_then(|metric| metric.value)));
        fields.push(field(metric.and_then(|metric| metric.uncertainty)));
    }
    fields.push(repetition.quality.reasons.join("; "));
    fields.push(repetition.warnings.join("; "));
    fields
}

fn write_line(out: &mut dyn Write, fields: impl Iterator<Item = String>) -> io::Result<()> {
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
    use kinemotion_motion::{Grade, Metric, Quality};

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
            },
        };
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
