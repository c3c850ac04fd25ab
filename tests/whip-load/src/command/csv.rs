//! One row per publisher and second.
//!
//! | column | |
//! |---|---|
//! | `client` | number of the publisher, from 0 in the order they began |
//! | `second` | since the load began, whole; everything else in the row happened in it |
//! | `frames_sent` | frames sent |
//! | `poses_measured`, `poses_predicted`, `poses_nobody` | `pose` events heard, by where they come from |
//! | `degraded` | of these, said to be degraded |
//! | `unmatched` | of these, without a known frame: their latency is the longest it can have been |
//! | `latency_p50_ms`, `latency_p95_ms`, `latency_most_ms` | from frame sent to pose heard, of the poses heard in this second; empty without any |
//! | `behind_most_ms` | how late this program sent a frame, at most; empty without any |

use super::load::Run;
use super::record::Record;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use whip_load::event::Source;
use whip_load::statistics::{quantile, sorted};

const HEADER: &str = "client,second,frames_sent,poses_measured,poses_predicted,poses_nobody,degraded,unmatched,\
                      latency_p50_ms,latency_p95_ms,latency_most_ms,behind_most_ms";

/// What one publisher did and heard in one second.
#[derive(Default)]
struct Second {
    frames: usize,
    measured: usize,
    predicted: usize,
    nobody: usize,
    degraded: usize,
    unmatched: usize,
    latencies: Vec<f64>,
    behind: Vec<f64>,
}

/// Writes the whole run.
pub fn write(path: &Path, run: &Run) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    write_to(&mut out, run)?;
    out.flush()
}

fn write_to(out: &mut impl Write, run: &Run) -> io::Result<()> {
    writeln!(out, "{HEADER}")?;
    for (client, record) in run.records.iter().enumerate() {
        for (second, row) in seconds(record, run.turn_s) {
            write_row(out, client, second, &row)?;
        }
    }
    Ok(())
}

fn seconds(record: &Record, turn_s: f64) -> BTreeMap<u64, Second> {
    let mut seconds: BTreeMap<u64, Second> = BTreeMap::new();
    let mut of = |at_s: f64, add: &mut dyn FnMut(&mut Second)| add(seconds.entry(at_s as u64).or_default());
    for (frame, behind) in record.frames.iter().zip(&record.behind_ms) {
        of(frame.at_s, &mut |second| {
            second.frames += 1;
            second.behind.push(*behind);
        });
    }
    for (heard, (found, latency)) in record.poses.iter().zip(record.latencies(turn_s)) {
        of(heard.at_s, &mut |second| {
            match heard.pose.source {
                Source::Measured => second.measured += 1,
                Source::Predicted => second.predicted += 1,
                Source::Nobody => second.nobody += 1,
            }
            second.degraded += usize::from(heard.pose.degraded == Some(true));
            second.unmatched += usize::from(found.residual_ms.is_none());
            second.latencies.push(latency);
        });
    }
    seconds
}

fn write_row(out: &mut impl Write, client: usize, second: u64, row: &Second) -> io::Result<()> {
    let figure = |values: &[f64], share| {
        quantile(&sorted(values.iter().copied()), share)
            .map_or_else(String::new, |value| format!("{value:.2}"))
    };
    writeln!(
        out,
        "{client},{second},{},{},{},{},{},{},{},{},{},{}",
        row.frames,
        row.measured,
        row.predicted,
        row.nobody,
        row.degraded,
        row.unmatched,
        figure(&row.latencies, 0.5),
        figure(&row.latencies, 0.95),
        figure(&row.latencies, 1.0),
        figure(&row.behind, 1.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::record::HeardPose;
    use whip_load::event::Pose;
    use whip_load::matching::SentFrame;

    #[test]
    fn a_row_tells_one_second_of_one_client() {
        let pose = Pose {
            timestamp_ms: 0.0,
            source: Source::Measured,
            degraded: Some(true),
        };
        let record = Record {
            frames: vec![
                SentFrame { ticks: 0, at_s: 1.2 },
                SentFrame {
                    ticks: 3000,
                    at_s: 1.3,
                },
            ],
            behind_ms: vec![0.5, 2.0],
            poses: vec![HeardPose { pose, at_s: 2.1 }],
            ..Record::default()
        };
        let run = Run {
            records: vec![Record::default(), record],
            turn_s: 4.0,
            seconds: 3.0,
            cpu_s: 0.0,
        };
        let mut out = Vec::new();
        write_to(&mut out, &run).expect("memory takes everything");
        let text = String::from_utf8(out).expect("text");
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            rows,
            ["1,1,2,0,0,0,0,0,,,,2.00", "1,2,0,1,0,0,1,1,900.00,900.00,900.00,"]
        );
        assert!(text.lines().all(|row| row.split(',').count() == 12), "{text}");
    }
}
