//! One thing that happened.

use super::redact;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::{Debug, Write};
use std::time::SystemTime;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// What a line says; the order is that of the JSON object. Members that do not apply are null.
#[derive(Debug, Serialize)]
pub struct Line {
    /// When, RFC 3339 in UTC, microseconds.
    timestamp: String,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    level: &'static str,
    /// For people.
    message: String,
    /// What happened, for machines.
    event: Option<String>,
    /// Movement looked for.
    sport: Option<String>,
    /// The tenant.
    user_id: Option<String>,
    /// How long it took, milliseconds.
    latency_ms: Option<f64>,
    /// The part of the program.
    target: String,
    /// What else is known, by name.
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl Line {
    /// What happened at this moment. What looks like a secret is left out.
    pub fn of(event: &Event<'_>, now: SystemTime) -> Self {
        let metadata = event.metadata();
        let mut line = Self {
            timestamp: humantime::format_rfc3339_micros(now).to_string(),
            level: name(*metadata.level()),
            message: String::new(),
            event: None,
            sport: None,
            user_id: None,
            latency_ms: None,
            target: metadata.target().to_owned(),
            more: Map::new(),
        };
        event.record(&mut line);
        line
    }

    /// As one JSON object.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("names are texts, and values are JSON")
    }

    /// As people read it.
    pub fn text(&self, coloured: bool) -> String {
        let (colour, end) = match (coloured, self.level) {
            (false, _) => ("", ""),
            (true, "ERROR") => ("\u{1b}[31m", "\u{1b}[0m"),
            (true, "WARN") => ("\u{1b}[33m", "\u{1b}[0m"),
            (true, "INFO") => ("\u{1b}[32m", "\u{1b}[0m"),
            (true, _) => ("\u{1b}[2m", "\u{1b}[0m"),
        };
        let mut text = format!(
            "{} {colour}{:>5}{end} {}",
            self.timestamp, self.level, self.message
        );
        let known = [("sport", &self.sport), ("user_id", &self.user_id)];
        let known = known
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?.into())));
        let latency = self.latency_ms.map(|latency| ("latency_ms", latency.into()));
        let more = self
            .more
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()));
        for (name, value) in known.chain(latency).chain(more) {
            // Writing to a String cannot fail.
            let _ = match value {
                Value::String(value) => write!(text, " {name}={}", value.escape_debug()),
                value => write!(text, " {name}={value}"),
            };
        }
        text
    }

    fn note(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(value)) => self.message = value,
            ("event", Value::String(value)) => self.event = Some(value),
            ("sport", Value::String(value)) => self.sport = Some(value),
            ("user_id", Value::String(value)) => self.user_id = Some(value),
            ("latency_ms", Value::Number(value)) => self.latency_ms = value.as_f64(),
            // What libraries say by the `log` crate.
            ("log.target", Value::String(value)) => self.target = value,
            ("log.module_path" | "log.file" | "log.line", _) => {}
            (name, value) => {
                self.more.insert(name.to_owned(), value);
            }
        }
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.note(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.note(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.note(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.note(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.note(field, redact(value).into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}
