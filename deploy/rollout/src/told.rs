//! What is decided, and why: one JSON object a line on standard output.

use crate::backend::Order;
use crate::judge::{Measured, Verdict};
use serde::Serialize;
use std::io::Write;
use std::time::SystemTime;

/// Something that is told.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Told<'a> {
    /// A rollout begins, or goes on from the share that was found.
    Started {
        /// What the new version has, percent.
        share: u8,
        /// What it is to get.
        steps: &'a [u8],
    },
    /// The new version is thought of differently than before.
    Judged {
        /// What the new version has, percent.
        share: u8,
        /// What is thought of it.
        #[serde(flatten)]
        verdict: &'a Verdict,
        /// What was measured; None: nothing.
        measured: Option<Measured>,
    },
    /// The new version has another share.
    Step {
        /// Percent.
        share: u8,
        /// What led to it.
        measured: Option<Measured>,
    },
    /// Something failed that is tried again.
    Trouble {
        /// What.
        why: &'a str,
    },
    /// A signal came.
    Interrupted {
        /// Its name.
        signal: &'a str,
    },
    /// The old version has everything again.
    RolledBack {
        /// Why.
        why: &'a str,
        /// What the new version had, percent.
        share: u8,
        /// What was measured last.
        measured: Option<Measured>,
        /// From the decision until it was done, seconds.
        took_s: f64,
    },
    /// The new version has everything, and stays.
    Promoted {
        /// What was measured last.
        measured: Option<Measured>,
    },
    /// Everything stays as it is.
    Left {
        /// What the new version has, percent.
        share: u8,
    },
    /// Sessions end on the version that gets nothing new any more.
    Draining {
        /// Its servers.
        servers: &'a [String],
        /// Analyses that run, and with haproxy requests that are open; None: nobody knows.
        sessions: Option<f64>,
    },
    /// The version that was taken back has no sessions any more, and gets nothing whatever.
    PutAway {
        /// Its servers.
        servers: &'a [String],
    },
    /// What would be sent for a share.
    WouldSend {
        /// Percent.
        share: u8,
        /// The commands.
        orders: Vec<String>,
    },
    /// How it stands.
    Status {
        /// What the new version has, percent.
        share: u8,
        /// Whether it could answer.
        ready: bool,
        /// Why not.
        trouble: Option<&'a str>,
        /// What is thought of it.
        #[serde(flatten)]
        verdict: &'a Verdict,
        /// What was measured; None: nothing.
        measured: Option<Measured>,
        /// As of `draining`, on the old version.
        old_sessions: Option<f64>,
        /// As of `draining`, on the new version.
        new_sessions: Option<f64>,
    },
}

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    #[serde(flatten)]
    told: &'a Told<'a>,
}

/// Tells.
pub fn tell(told: &Told<'_>) {
    let mut out = std::io::stdout().lock();
    // A rollout does not stop half way because nobody listens any more.
    let _ = writeln!(out, "{}", line(told, SystemTime::now())).and_then(|()| out.flush());
}

fn line(told: &Told<'_>, now: SystemTime) -> String {
    let timestamp = humantime::format_rfc3339_millis(now).to_string();
    serde_json::to_string(&Line { timestamp, told }).expect("strings and numbers are JSON")
}

/// Commands as a person would type them.
pub fn texts(orders: &[Order]) -> Vec<String> {
    orders.iter().map(Order::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_when_what_and_why() {
        let verdict = Verdict::Bad("it is slow".into());
        let measured = Some(Measured {
            requests: 100.0,
            errors: 0.0,
            p95_s: Some(0.5),
        });
        let told = Told::Judged {
            share: 10,
            verdict: &verdict,
            measured,
        };
        assert_eq!(
            line(&told, SystemTime::UNIX_EPOCH),
            r#"{"timestamp":"1970-01-01T00:00:00.000Z","event":"judged","share":10,"verdict":"bad","why":"it is slow","measured":{"requests":100.0,"errors":0.0,"p95_s":0.5}}"#
        );
    }
}
