//! The figures of a run.

use super::load::Run;
use super::record::{Outcome, Record, Refusal};
use std::collections::BTreeMap;
use whip_load::event::Source;
use whip_load::statistics::quantile;

/// Figures of a run. Lists are in rising order.
#[derive(Debug, Default)]
pub struct Report {
    /// Sessions that were to be.
    pub sessions: usize,
    /// Those the daemon had no room for.
    pub refused: usize,
    /// Those that failed.
    pub failed: usize,
    /// How often each reason for either was given.
    pub reasons: BTreeMap<String, usize>,
    /// From frame sent to pose heard, ms; where the frame is not known, the longest it can have been.
    pub latencies: Vec<f64>,
    /// The same of poses that were measured.
    pub measured_latencies: Vec<f64>,
    /// The same by the whole minute in which the pose was heard.
    pub minutes: BTreeMap<u64, Vec<f64>>,
    /// From POST to the first pose, ms.
    pub setups: Vec<f64>,
    /// From POST to the refusal, ms.
    pub refusals: Vec<f64>,
    /// Refusals that did not say when to come again.
    pub refusals_without_when: usize,
    /// How late frames were sent, ms: this program's own fault.
    pub behind: Vec<f64>,
    /// How far media times were off the clock of their stretch, ms.
    pub residuals: Vec<f64>,
    /// Measured poses per second of each session from the frame of its first pose on.
    pub rates: Vec<f64>,
    /// The longest time without a pose of each session that was connected, seconds.
    pub silences: Vec<f64>,
    /// Frames that were sent.
    pub frames: usize,
    /// Of these, from the frame of each session's first pose on.
    pub frames_since_first_pose: usize,
    /// Steps that went by without a frame, because this program got no processor in time.
    pub skipped: u64,
    /// Poses that were heard: measured, predicted, and of an empty picture.
    pub poses: [usize; 3],
    /// Poses whose frame is not known.
    pub unmatched: usize,
    /// Share of the poses that are degraded; `None` when the daemon says of none whether it is.
    pub degraded: Option<f64>,
    /// Repetitions that were heard.
    pub repetitions: u64,
    /// How often key frames were asked for.
    pub key_frames_asked: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
    /// How long it took, seconds.
    pub seconds: f64,
    /// Processor time of this program, seconds.
    pub cpu_s: f64,
    /// How long media flowed in all sessions together, seconds.
    pub published_s: f64,
}

impl Report {
    /// The figures of a run.
    pub fn of(run: &Run) -> Self {
        let mut report = Self {
            sessions: run.records.len(),
            seconds: run.seconds,
            cpu_s: run.cpu_s,
            ..Self::default()
        };
        for record in &run.records {
            report.add(record, run.turn_s);
        }
        report.degraded = degraded(&run.records);
        for values in [
            &mut report.latencies,
            &mut report.measured_latencies,
            &mut report.setups,
            &mut report.refusals,
            &mut report.behind,
            &mut report.residuals,
            &mut report.rates,
            &mut report.silences,
        ]
        .into_iter()
        .chain(report.minutes.values_mut())
        {
            values.sort_by(f64::total_cmp);
        }
        report
    }

    fn add(&mut self, record: &Record, turn_s: f64) {
        match &record.outcome {
            Outcome::Published => {}
            Outcome::Refused(Refusal {
                reason,
                after_ms,
                says_when,
            }) => {
                self.refused += 1;
                self.refusals.push(*after_ms);
                self.refusals_without_when += usize::from(!says_when);
                *self.reasons.entry(reason.clone()).or_default() += 1;
            }
            Outcome::Failed(reason) => {
                self.failed += 1;
                *self.reasons.entry(reason.clone()).or_default() += 1;
            }
        }
        let latencies = record.latencies(turn_s);
        let first = latencies.first().map_or(0, |(found, _)| found.frame);
        self.frames_since_first_pose += record.frames.len() - first;
        self.rates.extend(record.measured_per_s(first));
        for (heard, (found, latency)) in record.poses.iter().zip(latencies) {
            self.latencies.push(latency);
            self.minutes
                .entry(heard.at_s as u64 / 60)
                .or_default()
                .push(latency);
            self.unmatched += usize::from(found.residual_ms.is_none());
            self.residuals.extend(found.residual_ms.map(f64::abs));
            let column = match heard.pose.source {
                Source::Measured => 0,
                Source::Predicted => 1,
                Source::Nobody => 2,
            };
            self.poses[column] += 1;
            if heard.pose.source == Source::Measured {
                self.measured_latencies.push(latency);
            }
        }
        self.setups.extend(record.setup_s().map(|seconds| 1e3 * seconds));
        self.silences.extend(record.silence_s());
        self.behind.extend(&record.behind_ms);
        self.frames += record.frames.len();
        self.skipped += record.skipped;
        self.repetitions += record.repetitions;
        self.key_frames_asked += record.key_frames_asked;
        self.unreadable += record.unreadable;
        self.published_s += record.live_s();
    }

    /// A quantile of the time from frame sent to pose heard, ms.
    pub fn latency(&self, share: f64) -> Option<f64> {
        quantile(&self.latencies, share)
    }

    /// A quantile of the time from POST to the first pose, ms.
    pub fn setup(&self, share: f64) -> Option<f64> {
        quantile(&self.setups, share)
    }

    /// Sessions that failed, of those that were not refused.
    pub fn errors_share(&self) -> f64 {
        share(self.failed, self.sessions - self.refused).unwrap_or(0.0)
    }

    /// Sessions that were refused, of all.
    pub fn refused_share(&self) -> f64 {
        share(self.refused, self.sessions).unwrap_or(0.0)
    }

    /// Steps without a frame, of all.
    pub fn skipped_share(&self) -> Option<f64> {
        share(self.skipped as usize, self.frames + self.skipped as usize)
    }

    /// Poses whose frame is not known, of all.
    pub fn unmatched_share(&self) -> Option<f64> {
        share(self.unmatched, self.poses.iter().sum())
    }
}

fn share(part: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

/// Share of the degraded among the poses of which the daemon says whether they are.
fn degraded(records: &[Record]) -> Option<f64> {
    let told = || {
        let poses = records.iter().flat_map(|record| &record.poses);
        poses.filter_map(|heard| heard.pose.degraded)
    };
    share(told().filter(|degraded| *degraded).count(), told().count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::record::HeardPose;
    use whip_load::event::Pose;
    use whip_load::matching::SentFrame;

    /// A client whose frames become numbers after 50 ms, every other one predicted.
    fn record() -> Record {
        let frames: Vec<SentFrame> = (0..120u64)
            .map(|index| {
                let ticks = index * 3000 + (index * index * index) % 751;
                let at_s = 1.0 + ticks as f64 / 90_000.0;
                SentFrame { ticks, at_s }
            })
            .collect();
        let poses = frames.iter().enumerate().map(|(index, frame)| HeardPose {
            pose: Pose {
                timestamp_ms: frame.ticks as f64 / 90.0 - 7.0,
                source: [Source::Measured, Source::Predicted][index % 2],
                degraded: Some(index % 4 == 0),
            },
            at_s: frame.at_s + 0.050,
        });
        Record {
            posted_s: 0.5,
            connected_s: Some(1.0),
            over_s: 5.0,
            poses: poses.collect(),
            behind_ms: vec![0.5; frames.len()],
            frames,
            ..Record::default()
        }
    }

    fn report(records: Vec<Record>) -> Report {
        Report::of(&Run {
            records,
            turn_s: 4.0,
            seconds: 5.0,
            cpu_s: 0.5,
        })
    }

    #[test]
    fn figures_are_those_of_the_records() {
        let refused = Record {
            outcome: Outcome::Refused(Refusal {
                reason: "refused: full".into(),
                after_ms: 3.0,
                says_when: false,
            }),
            ..Record::default()
        };
        let report = report(vec![record(), refused]);
        assert_eq!((report.sessions, report.refused, report.failed), (2, 1, 0));
        assert_eq!((report.poses, report.unmatched), ([60, 60, 0], 0));
        assert_eq!((report.frames, report.frames_since_first_pose), (120, 120));
        assert!(
            report
                .latencies
                .iter()
                .all(|latency| (latency - 50.0).abs() < 1e-6)
        );
        assert!(report.setup(0.5).is_some_and(|setup| (setup - 550.0).abs() < 9.0));
        // 60 in the 3.97 s from the first pose's frame to the last.
        assert!(matches!(report.rates[..], [rate] if (rate - 15.1).abs() < 0.1));
        assert!(
            matches!(report.silences[..], [longest] if (longest - 0.042).abs() < 0.01),
            "{:?}",
            report.silences
        );
        assert_eq!(
            (&report.refusals[..], report.refusals_without_when),
            (&[3.0][..], 1)
        );
        assert_eq!(report.degraded, Some(0.25));
        let text = report.to_string();
        assert!(
            text.contains("1 × refused: full") && text.contains("50.0"),
            "{text}"
        );
    }

    #[test]
    fn what_nobody_measured_is_a_dash() {
        let failed = Record {
            outcome: Outcome::Failed("no connection".into()),
            ..Record::default()
        };
        let report = report(vec![failed]);
        assert_eq!(
            (report.latency(0.5), report.degraded, report.unmatched_share()),
            (None, None, None)
        );
        assert!((report.errors_share() - 1.0).abs() < 1e-9);
        assert!(report.to_string().contains("degraded –"));
    }
}
