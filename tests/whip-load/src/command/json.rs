//! The figures of a run for programs.
//!
//! | member | |
//! |---|---|
//! | `sessions`, `refused`, `failed`, `reasons` | sessions that were to be; of these, refused and failed; how often each reason was given |
//! | `seconds`, `cpu_s`, `published_s` | how long it took; processor time of this program; sum of the times sessions lived |
//! | `frames`, `frames_since_first_pose`, `skipped` | frames sent; of these, from that of each session's first pose on; steps without a frame, this program's own fault |
//! | `measured`, `predicted`, `nobody` | poses heard, by where they come from |
//! | `unmatched`, `degraded` | poses without a known frame; share of the degraded, null where the daemon does not say |
//! | `repetitions`, `key_frames_asked`, `unreadable`, `refusals_without_when` | counts |
//! | `latency_ms`, `measured_latency_ms` | frame sent → pose heard, of all and of measured poses |
//! | `setup_ms`, `refusal_ms` | WHIP POST → first pose, → refused |
//! | `behind_ms`, `off_clock_ms` | frame due → frame sent; media time off its frame's clock |
//! | `poses_per_s`, `silence_s` | of each session: measured poses per second, longest time without a pose |
//! | `minutes` | `latency_ms` by the minute in which the pose was heard, from the first |
//!
//! Each of the last five rows holds `{least, p50, p95, p99, most, n}`, without figures where `n` is 0.

use super::report::Report;
use serde::Serialize;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use whip_load::statistics::quantile;

/// Figures of values in rising order.
#[derive(Serialize)]
struct Spread {
    least: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    most: Option<f64>,
    n: usize,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        Self {
            least: values.first().copied(),
            p50: quantile(values, 0.5),
            p95: quantile(values, 0.95),
            p99: quantile(values, 0.99),
            most: values.last().copied(),
            n: values.len(),
        }
    }
}

/// Writes the figures.
pub fn write(path: &Path, report: &Report) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    serde_json::to_writer_pretty(&mut out, &value(report))?;
    writeln!(out)?;
    out.flush()
}

fn value(report: &Report) -> Value {
    let [measured, predicted, nobody] = report.poses;
    let last = report.minutes.keys().last().map_or(0, |last| last + 1);
    let none = Vec::new();
    let minutes = (0..last).map(|minute| Spread::of(report.minutes.get(&minute).unwrap_or(&none)));
    json!({
        "sessions": report.sessions,
        "refused": report.refused,
        "failed": report.failed,
        "reasons": report.reasons,
        "seconds": report.seconds,
        "cpu_s": report.cpu_s,
        "published_s": report.published_s,
        "frames": report.frames,
        "frames_since_first_pose": report.frames_since_first_pose,
        "skipped": report.skipped,
        "measured": measured,
        "predicted": predicted,
        "nobody": nobody,
        "unmatched": report.unmatched,
        "degraded": report.degraded,
        "repetitions": report.repetitions,
        "key_frames_asked": report.key_frames_asked,
        "unreadable": report.unreadable,
        "refusals_without_when": report.refusals_without_when,
        "latency_ms": Spread::of(&report.latencies),
        "measured_latency_ms": Spread::of(&report.measured_latencies),
        "setup_ms": Spread::of(&report.setups),
        "refusal_ms": Spread::of(&report.refusals),
        "behind_ms": Spread::of(&report.behind),
        "off_clock_ms": Spread::of(&report.residuals),
        "silence_s": Spread::of(&report.silences),
        "poses_per_s": Spread::of(&report.rates),
        "minutes": minutes.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_there_and_what_nobody_measured_is_null() {
        let report = Report {
            sessions: 2,
            latencies: vec![10.0, 20.0],
            minutes: [(1, vec![20.0])].into(),
            ..Report::default()
        };
        let value = value(&report);
        assert_eq!(value["latency_ms"]["p95"], 20.0);
        assert_eq!(
            (&value["setup_ms"]["p95"], &value["degraded"]),
            (&Value::Null, &Value::Null)
        );
        // A minute without a pose is there too.
        assert_eq!(
            (&value["minutes"][0]["n"], &value["minutes"][1]["n"]),
            (&json!(0), &json!(1))
        );
    }
}
