//! Repetitions as a table: one row each.

use super::Cursor;
use crate::analyze::csv;
use crate::analyze::export::columns::{Column, Table, Values};
use crate::serve::clock::moment;
use crate::serve::store::{Direction, History, Repetition, StoreError, Wanted};
use serde::Deserialize;
use serde_json::Value;
use std::io::{self, Write};
use std::sync::LazyLock;

/// Repetitions read at once.
const PAGE: u32 = 500;

/// Names of the columns that say which repetition a row is.
const WHICH: [&str; 6] = [
    "repetition_id",
    "analysis_id",
    "sequence",
    "athlete_id",
    "training_session_id",
    "at",
];

/// Columns of numbers: the key in the repetition, the group of keys it is in, and its name.
static NUMBERS: LazyLock<Vec<(&'static str, &'static str, String)>> = LazyLock::new(|| {
    let events = csv::events()
        .into_iter()
        .map(|event| (event, "events", event.to_owned()));
    let metrics = csv::metrics().flat_map(|metric| {
        let uncertainty = format!("{}{}", metric.key, csv::UNCERTAINTY);
        [
            (metric.key, "metrics", metric.key.to_owned()),
            (metric.key, "uncertainty", uncertainty),
        ]
    });
    events.chain(metrics).collect()
});

/// A repetition with what was measured.
pub struct Row {
    repetition: Repetition,
    data: Value,
}

impl Row {
    fn of(repetition: Repetition) -> io::Result<Self> {
        #[derive(Deserialize)]
        struct Envelope {
            data: Value,
        }
        let event: Envelope = serde_json::from_str(&repetition.line)?;
        Ok(Self {
            repetition,
            data: event.data,
        })
    }
}

/// Reads every repetition that is wanted, the oldest first, a page at a time.
pub struct Pages {
    history: History,
    wanted: Wanted,
    behind: Option<Cursor>,
    ended: bool,
}

impl Pages {
    /// Begins with the oldest.
    pub fn new(history: History, wanted: Wanted) -> Self {
        Self {
            history,
            wanted,
            behind: None,
            ended: false,
        }
    }

    /// The next ones; none at the end.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn next(&mut self) -> io::Result<Vec<Row>> {
        if self.ended {
            return Ok(Vec::new());
        }
        let behind = self.behind.as_ref();
        let found = self
            .history
            .repetitions(&self.wanted, Direction::Up, behind, PAGE)
            .await;
        let found = found.map_err(|error: StoreError| io::Error::other(error))?;
        self.ended = found.len() < PAGE as usize;
        self.behind = found.last().map(|last| Cursor {
            at: last.at,
            id: last.id.clone(),
        });
        found.into_iter().map(Row::of).collect()
    }
}

/// Writes the names of the columns.
///
/// # Errors
/// Those of the writer.
pub fn write_csv_header(out: &mut dyn Write) -> io::Result<()> {
    csv::write_line(out, WHICH.into_iter().map(str::to_owned).chain(csv::names()))
}

/// Writes one line per repetition.
///
/// # Errors
/// Those of the writer.
pub fn write_csv(out: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    rows.iter().try_for_each(|row| {
        let repetition = &row.repetition;
        let which = [
            repetition.id.clone(),
            repetition.analysis_id.clone(),
            repetition.sequence.to_string(),
            repetition.athlete_id.clone().unwrap_or_default(),
            repetition.session_id.clone().unwrap_or_default(),
            moment(repetition.at),
        ];
        csv::write_line(out, which.into_iter().chain(csv::fields(&row.data)))
    })
}

/// The rows by columns. Without rows, the columns.
pub fn table(rows: &[Row]) -> Table {
    let text = |of: fn(&Row) -> &str| Values::Text(rows.iter().map(|row| of(row).to_owned()).collect());
    let maybe =
        |of: fn(&Row) -> &Option<String>| Values::MaybeText(rows.iter().map(|row| of(row).clone()).collect());
    let whole = |of: fn(&Row) -> i64| rows.iter().map(of).collect::<Vec<i64>>();
    let number = |group: &str, key: &str| {
        let value = |row: &Row| {
            if group.is_empty() {
                row.data[key].as_f64()
            } else {
                row.data[group][key].as_f64()
            }
        };
        Values::Number(rows.iter().map(value).collect())
    };
    let [id, analysis, sequence, athlete, session, at] = WHICH;
    let mut columns = vec![
        (id, text(|row| &row.repetition.id)),
        (analysis, text(|row| &row.repetition.analysis_id)),
        (sequence, Values::Count(whole(|row| row.repetition.sequence))),
        (athlete, maybe(|row| &row.repetition.athlete_id)),
        (session, maybe(|row| &row.repetition.session_id)),
        (at, Values::Moment(whole(|row| row.repetition.at))),
        ("sport_type", text(|row| &row.repetition.sport)),
        ("grade", text(|row| &row.repetition.grade)),
        ("start_s", number("", "start_s")),
        ("end_s", number("", "end_s")),
    ];
    columns.extend(
        NUMBERS
            .iter()
            .map(|(key, group, name)| (name.as_str(), number(group, key))),
    );
    columns
        .into_iter()
        .map(|(name, values)| Column { name, values })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(metric: &str, value: f64) -> Row {
        let line = serde_json::json!({ "data": {
            "movement": "cmj", "person": 0, "start_s": 1.0, "end_s": 2.5,
            "events": { "takeoff_s": 1.5 }, "metrics": { metric: value }, "uncertainty": { metric: null },
            "quality": { "grade": "A", "reasons": [] }, "warnings": [],
        } });
        let repetition = Repetition {
            id: "r".into(),
            analysis_id: "a".into(),
            sequence: 7,
            athlete_id: Some("robin".into()),
            session_id: None,
            sport: "cmj".into(),
            at: 1_764_000_000_123,
            grade: "A".into(),
            line: line.to_string(),
        };
        Row::of(repetition).expect("an event")
    }

    #[test]
    fn both_tables_say_the_same() {
        let rows = [row("jump_height_m", 0.31)];
        let mut text = Vec::new();
        write_csv_header(&mut text).expect("a vector takes everything");
        write_csv(&mut text, &rows).expect("a vector takes everything");
        let text = String::from_utf8(text).expect("text");
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        let [names, fields] = &lines[..] else {
            panic!("{text}")
        };
        let under = |name: &str| fields[names.iter().position(|n| *n == name).expect(name)];
        assert_eq!(fields.len(), names.len());
        assert_eq!(
            [under("repetition_id"), under("at")],
            ["r", "2025-11-24T16:00:00.123Z"]
        );
        assert_eq!(
            [under("jump_height_m"), under("takeoff_s"), under("grade")],
            ["0.31", "1.5", "A"]
        );

        let table = table(&rows);
        let column = |name: &str| {
            &table
                .iter()
                .find(|column| column.name == name)
                .expect(name)
                .values
        };
        assert_eq!(column("jump_height_m"), &Values::Number(vec![Some(0.31)]));
        assert_eq!(column("jump_height_m_uncertainty"), &Values::Number(vec![None]));
        assert_eq!(column("takeoff_s"), &Values::Number(vec![Some(1.5)]));
        assert_eq!(column("start_s"), &Values::Number(vec![Some(1.0)]));
        assert_eq!(
            column("athlete_id"),
            &Values::MaybeText(vec![Some("robin".into())])
        );
        assert_eq!(column("at"), &Values::Moment(vec![1_764_000_000_123]));
        let names = |table: &Table| table.iter().map(|column| column.name).collect::<Vec<_>>();
        assert_eq!(
            names(&super::table(&[])),
            names(&table),
            "without rows there are the same columns"
        );
    }
}
